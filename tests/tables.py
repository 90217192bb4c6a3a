"""Reading tables with cells of any length."""

from __future__ import annotations

import csv
from typing import TextIO


def rows_of(file: TextIO) -> list[dict[str, str]]:
    """All rows of a CSV file. The limit of a cell is the process's: it is put back for others."""
    before = csv.field_size_limit(10**8)
    try:
        return list(csv.DictReader(file))
    finally:
        csv.field_size_limit(before)
