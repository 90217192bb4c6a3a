"""Licenses of data by their SPDX names. Pure."""

from __future__ import annotations

#: What people know a license by, and where its whole text is.
_KNOWN = {
    "CC0-1.0": (
        "Creative Commons Zero v1.0 Universal",
        "https://creativecommons.org/publicdomain/zero/1.0/legalcode",
    ),
    "CC-BY-4.0": (
        "Creative Commons Attribution 4.0 International",
        "https://creativecommons.org/licenses/by/4.0/legalcode",
    ),
    "CC-BY-SA-4.0": (
        "Creative Commons Attribution Share Alike 4.0 International",
        "https://creativecommons.org/licenses/by-sa/4.0/legalcode",
    ),
}

#: Their SPDX names, to choose from.
KNOWN = tuple(_KNOWN)


def license_title(spdx: str) -> str:
    """The license's full name; for one that is not known here the SPDX name itself."""
    return _KNOWN[spdx][0] if spdx in _KNOWN else spdx


def license_url(spdx: str) -> str:
    """Where the license can be read."""
    return _KNOWN[spdx][1] if spdx in _KNOWN else f"https://spdx.org/licenses/{spdx}.html"
