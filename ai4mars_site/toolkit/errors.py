"""Errors of the domain: exceptions with a code, an HTTP status and a message for people.

A service raises a subclass, defined next to the rule. `refusals` turns it into a page or an API
response; commands print it, and tasks log it.
"""

from __future__ import annotations

import copyreg
from typing import Any


class DomainError(Exception):
    """A request that is refused.

    Attributes:
        code: The stable name of the refusal, for programs.
        status: HTTP status.
        message: What happened, then what to do. It may be a lazy translation, and has `%(name)s`
            placeholders for `values`.
    """

    code: str = "error"
    status: int = 400
    message: object = ""

    def __init__(self, message: object = None, **values: object) -> None:
        super().__init__()
        if message is not None:
            self.message = message
        self.values = values
        #: Further JSON of the API response, beside `code` and `detail`.
        self.more: dict[str, Any] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickled by its attributes, since subclasses have their own constructors.
        return copyreg.__newobj__, (type(self),), self.__dict__  # type: ignore[attr-defined]

    def __str__(self) -> str:
        return str(self.message) % self.values if self.values else str(self.message)


class Invalid(DomainError):
    """400: the request is malformed or impossible."""

    code = "invalid"


class Forbidden(DomainError):
    """403: not permitted for this visitor, or not now."""

    code = "permission_denied"
    status = 403


class NotFound(DomainError):
    """404: the object does not exist, or is hidden from this visitor."""

    code = "not_found"
    status = 404


class Conflict(DomainError):
    """409: the request conflicts with stored data."""

    code = "conflict"
    status = 409


class Gone(DomainError):
    """410: a manager has removed the object."""

    code = "gone"
    status = 410


class TooLarge(DomainError):
    """413: the content is larger than permitted."""

    code = "too_large"
    status = 413


class TooMany(DomainError):
    """429: too many requests; try again after `wait` seconds."""

    code = "throttled"
    status = 429

    def __init__(self, message: object = None, *, wait: float, **values: object) -> None:
        super().__init__(message, **values)
        self.wait = wait
