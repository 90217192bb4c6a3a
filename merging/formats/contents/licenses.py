"""Licenses for data by SPDX identifier. Pure."""

from __future__ import annotations

#: The full name and the URL of the text of each license.
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

#: Their SPDX identifiers.
KNOWN = tuple(_KNOWN)


def license_title(spdx: str) -> str:
    """Return the full name of a license, or the SPDX identifier if it is unknown."""
    return _KNOWN[spdx][0] if spdx in _KNOWN else spdx


def license_url(spdx: str) -> str:
    """Return the URL of the text of a license."""
    return _KNOWN[spdx][1] if spdx in _KNOWN else f"https://spdx.org/licenses/{spdx}.html"
