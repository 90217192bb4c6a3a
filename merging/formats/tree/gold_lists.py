"""`test.csv`: the lists of the gold images of Spirit and Opportunity. Pure.

    mer/labels/test/masked-gold-min{1,2,3}-100agree/test.csv

There are two columns without a header: the id of an image, which is the start of its mask's name,
and the name of its JPEG in `mer/images/test`. Loaders of the original dataset use them to pair
masks and images (docs/DATA_FORMATS.md).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping

NAME = "test.csv"

_MASK = re.compile(r"(mer/labels/test/masked-gold-min[123]-100agree)/([^/]+)_16165_T0_merged\.png")


def of(paths: Iterable[str]) -> dict[str, bytes]:
    """Return the lists of a release with these files, by path; none without gold images of MER."""
    ids: dict[str, list[str]] = {}
    for path in paths:
        if match := _MASK.fullmatch(path):
            ids.setdefault(f"{match[1]}/{NAME}", []).append(match[2])
    return {path: _list(sorted(listed)) for path, listed in sorted(ids.items())}


def _list(product_ids: Iterable[str]) -> bytes:
    lines = io.StringIO()
    csv.writer(lines, lineterminator="\n").writerows((each, f"{each}.JPG") for each in product_ids)
    return lines.getvalue().encode()


def problems(paths: Iterable[str], found: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """Return the problems of the lists of a release, as (path, sentence).

    Args:
        paths: All files of the release.
        found: The content of the lists that exist, by path.
    """
    wrong = []
    for path, content in of(paths).items():
        if path not in found:
            wrong.append((path, "It is missing. Loaders need it to find the gold images of MER."))
        elif found[path] != content:
            wrong.append((path, "It does not list the gold images of the release."))
    return wrong
