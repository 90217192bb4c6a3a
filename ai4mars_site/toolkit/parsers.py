"""Reading what a client sent, without trusting that it is simple."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from ai4mars_site.toolkit.errors import TooLarge

#: Lists and objects in one body. The points of the largest drawing and of its draft's steps are
#: 80,000, and their rings some thousands.
MAX_LISTS = 120_000


class BoundedJSONParser(JSONParser):
    """JSON as its standard says, in UTF-8, nested a thousand deep at most and not of endless parts.

    Parts are counted in the text, because a million empty lists take a second to make. orjson is
    several times as quick as Python's own parser. Numbers that are none (NaN, Infinity) or that no
    float holds are refused, and whole numbers of more than 64 bits become floats.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        text = stream.read()
        if text.count(b"[") + text.count(b"{") > MAX_LISTS:
            raise TooLarge(
                _("This has more points than the site takes at once: simplify the outlines.")
            )
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ParseError(_("This is not JSON: %(error)s.") % {"error": error}) from error
