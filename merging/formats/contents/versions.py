"""The suggested next version of a release. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

FIRST = "0.1"

_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?")
_LAST_NUMBER = re.compile(r"(.*?)(\d+)(\D*)", re.DOTALL)


def next_version(taken: Sequence[str], today: str) -> str:
    """Return the version to suggest after the versions in `taken`, which has the latest first.

    The last number increases: 0.1 -> 0.2, 1.9 -> 1.10, v2-rc1 -> v2-rc2. If the latest version is a
    date, the result is `today` (YYYY-MM-DD) with the same precision. Taken versions are skipped.
    """
    if not taken:
        return FIRST
    latest = taken[0]
    if _DATE.fullmatch(latest):
        proposed = today[: len(latest)]
        if proposed in taken:
            proposed += ".2"
    else:
        proposed = _after(latest)
    while proposed in taken:
        proposed = _after(proposed)
    return proposed


def _after(version: str) -> str:
    match = _LAST_NUMBER.fullmatch(version)
    # The first group is lazy, but \D* has no digits, so the second group is the last number.
    if match is None:
        return f"{version}.2"
    before, number, behind = match.groups()
    return f"{before}{int(number) + 1:0{len(number)}}{behind}"
