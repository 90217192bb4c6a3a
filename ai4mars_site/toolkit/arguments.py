"""What is typed on a command line, as values: what cannot be one is told in a sentence."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from datetime import date
from pathlib import Path


def whole(text: str) -> int:
    """A whole number, such as -3 or 12."""
    try:
        return int(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is not a whole number. Write one such as 12.") from error


def positive(text: str) -> int:
    """A whole number of at least 1."""
    number = whole(text)
    if number < 1:
        raise ArgumentTypeError(f"{text} is too small. Write a whole number of at least 1.")
    return number


def port(text: str) -> int:
    """A number of a TCP port; 0 is any that is free."""
    number = whole(text)
    if not 0 <= number <= 65535:
        raise ArgumentTypeError(f"{text} is not a port. Write a number from 0 to 65535.")
    return number


def finite(text: str) -> float:
    """A number that is neither infinite nor NaN, with a point before its decimals."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ArgumentTypeError(f"{text!r} is not a number. Write one such as 0.05.")
    return number


def day(text: str) -> date:
    """A day of the calendar as YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"{text!r} is not a day of the calendar. Write it as YYYY-MM-DD, such as 2026-11-30."
        ) from error


def filled(text: str) -> str:
    """A text that is not empty, as one of a shell's variable that is not set would be."""
    if not text.strip():
        raise ArgumentTypeError("it is empty. Write a path; . is the current folder.")
    return text


def place(text: str) -> Path:
    """The path of a file or folder. An empty one is refused: Path("") is the current folder."""
    return Path(filled(text))
