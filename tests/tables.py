"""Reading tables with cells of any length."""

from __future__ import annotations

import csv
from typing import TextIO


def rows_of(file: TextIO) -> list[dict[str, str]]:
    """Return all rows of a CSV file; the process-wide limit of a cell is restored afterwards."""
    before = csv.field_size_limit(10**8)
    try:
        return list(csv.DictReader(file))
    finally:
        csv.field_size_limit(before)
