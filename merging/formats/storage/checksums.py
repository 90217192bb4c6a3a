"""`SHA256SUMS`, in the form that `sha256sum -c` reads. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

NAME = "SHA256SUMS"


def sha256(content: bytes) -> str:
    """Return the SHA-256 of content, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sums_text(sums: Mapping[str, str]) -> str:
    """Return one `<sha256>  <path>` line for each file, sorted by path.

    `sums` maps paths relative to the release folder to SHA-256. Without files the text is empty.
    """
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items()))
