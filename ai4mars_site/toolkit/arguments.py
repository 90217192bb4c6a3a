"""Types of command line arguments, with clear errors for invalid values."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path


def whole(text: str) -> int:
    """Return the text as an integer, such as -3 or 12."""
    try:
        return int(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a whole number. Write one such as 12.") from error


def positive(text: str) -> int:
    """Return the text as an integer of at least 1."""
    number = whole(text)
    if number < 1:
        raise ArgumentTypeError(f"{text} is too small. Write a whole number of at least 1.")
    return number


def port(text: str) -> int:
    """Return the text as a TCP port number; 0 stands for any free port."""
    number = whole(text)
    if not 0 <= number <= 65535:
        raise ArgumentTypeError(f"{text} is not a port. Write a number from 0 to 65535.")
    return number


def finite(text: str) -> float:
    """Return the text as a number that is neither infinite nor NaN."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ArgumentTypeError(f"{text!r} is not a number. Write one such as 0.05.")
    return number


def day(text: str) -> date:
    """Return the text as a date, for example 2026-11-30."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"{text!r} is not a date. Write it as YYYY-MM-DD, such as 2026-11-30."
        ) from error


def filled(text: str) -> str:
    """Return the text, which must not be empty. An unset shell variable gives an empty one."""
    if not text.strip():
        raise ArgumentTypeError("It is empty. Give a path; . is the current folder.")
    return text


def place(text: str) -> Path:
    """Return the path of a file or folder. Refuse an empty one: Path("") is the current folder."""
    return Path(filled(text))
