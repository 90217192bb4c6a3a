"""Tables as people save them: CSV with commas, semicolons or tabs, from any spreadsheet. Pure."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator

_DELIMITERS = (",", ";", "\t")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decode_table(content: bytes) -> str:
    """The text of a table: UTF-8, or UTF-16 with its mark. Raises UnicodeDecodeError for another.

    >>> decoded(b"\\xef\\xbb\\xbfsol"), decoded("sol".encode("utf-16"))
    ('sol', 'sol')
    """
    if content.startswith(_UTF_16):
        return content.decode("utf-16")
    return content.decode("utf-8-sig")


def detect_delimiter(text: str) -> str:
    """What separates the columns: of comma, semicolon and tab the most frequent in the first line.

    >>> delimiter_of("sol;name, in full;x\\n1;2;3")
    ';'
    """
    first_line = text.lstrip("\r\n").partition("\n")[0]
    return max(_DELIMITERS, key=first_line.count)


def read_rows(text: str) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """The names of a table's columns, and its rows with the lines on which they end.

    Names are in lower case; values are without spaces around, "" for what a row lacks. Empty rows
    are left out. The rows raise csv.Error where a line is no CSV.
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
