"""The form of a log line, and what of visitors' mistakes goes into it."""

from __future__ import annotations

import logging

#: A visitor chooses the text; a header may be thousands of characters long.
LONGEST_MISTAKE = 200


class OneLineFormatter(logging.Formatter):
    """One record, one line, so that a line of the log cannot be forged by what a visitor sends.

    A traceback follows on lines of its own.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return super().formatMessage(record)


def shorten_mistakes(record: logging.LogRecord) -> bool:
    """Turn what Django says of a suspicious request into one short warning without a traceback.

    An unknown `Host` header, too many fields, a forged session: the visitor's mistake, not the
    program's, and anybody can make it as often as they like. Keeps every record.
    """
    if record.name.startswith("django.security."):
        record.msg, record.args = record.getMessage()[:LONGEST_MISTAKE], ()
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True
