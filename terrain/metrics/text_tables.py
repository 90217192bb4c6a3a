"""Tables with aligned columns for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def align_columns(lines: Sequence[Sequence[str]], words: int = 1) -> list[str]:
    """Return lines of aligned cells: the first `words` columns left, the others right.

    >>> align_columns([["class", "pixels"], ["sand", "12"]])
    ['class  pixels', 'sand       12']
    """
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place < words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
