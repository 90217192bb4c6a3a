"""What the site refuses: one exception with a code, a status and a sentence for a person.

A service raises a subclass, defined where the rule lives. `refusals` answers it, on pages and in
the API; commands and tasks print or log it in one place each.
"""

from __future__ import annotations

import copyreg
from typing import Any


class DomainError(Exception):
    """Something that was asked for and is refused.

    `code` names the refusal for programs, and never changes; `status` is that of HTTP. `message` is
    the sentence: what happened, then what to do. It may be lazy, and is put into the reader's
    language when it is shown. It has `%(name)s` places for `values`.
    """

    code: str = "error"
    status: int = 400
    message: object = ""

    def __init__(self, message: object = None, **values: object) -> None:
        super().__init__()
        if message is not None:
            self.message = message
        self.values = values
        #: JSON that an answer of the API has beside `code` and `detail`.
        self.more: dict[str, Any] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        # Whatever a subclass is made of: it may come from another process.
        return copyreg.__newobj__, (type(self),), self.__dict__  # type: ignore[attr-defined]

    def __str__(self) -> str:
        return str(self.message) % self.values if self.values else str(self.message)


class Invalid(DomainError):
    """400: it cannot be understood, or is not possible."""

    code = "invalid"


class Forbidden(DomainError):
    """403: not for this visitor, or not now."""

    code = "permission_denied"
    status = 403


class NotFound(DomainError):
    """404: there is no such thing, or none that this visitor may know of."""

    code = "not_found"
    status = 404


class Conflict(DomainError):
    """409: what is stored already speaks against it."""

    code = "conflict"
    status = 409


class Gone(DomainError):
    """410: it was there, and an admin has taken it away."""

    code = "gone"
    status = 410


class TooLarge(DomainError):
    """413: more than anybody can have drawn."""

    code = "too_large"
    status = 413


class TooMany(DomainError):
    """429: too often; the same may be welcome after `wait` seconds."""

    code = "throttled"
    status = 429

    def __init__(self, message: object = None, *, wait: float, **values: object) -> None:
        super().__init__(message, **values)
        self.wait = wait
