"""`SHA256SUMS`, in the form that `sha256sum -c` reads. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

NAME = "SHA256SUMS"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def sums_text(sums: Mapping[str, str]) -> str:
    """One `<sha256>  <path>` line per file, ordered by path, so that equal trees give equal text.

    `sums` maps a path relative to the release's folder to its SHA-256. Empty: an empty text.
    """
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items()))
