"""Reading of CSV tables with commas, semicolons or tabs, from any spreadsheet. Pure."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator

_DELIMITERS = (",", ";", "\t")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode_table(content: bytes) -> str:
    """Return the text of a table in UTF-8 or UTF-16. Raises UnicodeDecodeError otherwise.

    >>> decode_table(b"\\xef\\xbb\\xbfsol"), decode_table("sol".encode("utf-16"))
    ('sol', 'sol')
    """
    if content.startswith(_UTF_16):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def detect_delimiter(text: str) -> str:
    """Return the most frequent of comma, semicolon and tab in the first line.

    >>> detect_delimiter("sol;name, in full;x\\n1;2;3")
    ';'
    """
    first_line = text.lstrip("\r\n").partition("\n")[0]
    return max(_DELIMITERS, key=first_line.count)


def read_rows(text: str) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    r"""Return a table's column names, and its rows with the lines on which they end.

    Names are in lower case; values are stripped, and "" where a row is too short. Empty rows are
    skipped. Iterating raises csv.Error at a line that is not valid CSV.

    >>> names, rows = read_rows("Site;Drive\n5;100\n")
    >>> names, list(rows)
    (['site', 'drive'], [(2, {'site': '5', 'drive': '100'})])
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    lines = [f"{line}\n" for line in text.split("\n")]
    reader = csv.DictReader(lines, restkey="", restval="", delimiter=detect_delimiter(text))
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    reader.fieldnames = names

    def read() -> Iterator[tuple[int, dict[str, str]]]:
        for raw in reader:
            row = {name: (raw[name] or "").strip() for name in names if name}
            if any(row.values()):
                yield reader.line_num, row

    return names, read()
