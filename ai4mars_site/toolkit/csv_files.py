"""Tables as CSV files."""

from __future__ import annotations


def safe_cell(text: str) -> str:
    """A file's name must not become a formula where a table is opened as a spreadsheet."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


class Echo:
    """A file that hands back what is written: `csv` then makes lines one at a time."""

    def write(self, line: str) -> str:
        return line
