"""Log formatting: one line per record, and short warnings for malformed requests."""

from __future__ import annotations

import logging

#: The visitor chooses the text; a header may be thousands of characters long.
LONGEST_MISTAKE = 200


class OneLineFormatter(logging.Formatter):
    """A formatter that writes each record on one line, so that visitors cannot forge log lines.

    A traceback follows on the next lines.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return super().formatMessage(record)


def shorten_mistakes(record: logging.LogRecord) -> bool:
    """Shorten the record of a suspicious request to a warning without a traceback.

    Examples are an unknown `Host` header, too many fields, a forged session. They are the client's
    errors, and anybody can cause many of them. Every record is kept.
    """
    if record.name.startswith("django.security."):
        record.msg, record.args = record.getMessage()[:LONGEST_MISTAKE], ()
        record.exc_info = record.exc_text = None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True
