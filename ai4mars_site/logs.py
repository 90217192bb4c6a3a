"""The form of a log line."""

from __future__ import annotations

import logging


class OneLineFormatter(logging.Formatter):
    """One record, one line, so that a line of the log cannot be forged by what a visitor sends.

    A traceback follows on lines of its own.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return super().formatMessage(record)
