"""Percentages in the reader's language, in one form on all pages."""

from __future__ import annotations

from django.template.defaultfilters import floatformat
from django.utils.translation import gettext


def percentage(number: float, digits: int = -1) -> str:
    """Return `number` with its percent sign: "84%" in English, "84 %" in Spanish.

    Args:
        number: The percentage, 0 to 100.
        digits: The number of digits after the decimal point. If negative, they are left out when
            all of them are zero.
    """
    return gettext("%(number)s%%") % {"number": floatformat(number, digits)}
