"""The actor of a change. Services that change people's work take it as their first argument."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from celery.app.task import Task
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.management.base import BaseCommand
from django.http import HttpRequest
from rest_framework.request import Request


class ActorKind(StrEnum):
    """The kinds of actors."""

    ACCOUNT = "account"
    #: A guest, or a labeler of an import: someone who labels without an account.
    LABELER = "labeler"
    #: Someone without an account who has saved nothing yet.
    VISITOR = "visitor"
    COMMAND = "command"
    TASK = "task"


class NoAccount(Exception):
    """The action needs an account, and the actor has none."""


@dataclass(frozen=True, slots=True)
class Actor:
    """An account, a labeler without one, a visitor, a command, or a task of a worker.

    It holds no database rows, so it can be sent to other processes.

    Attributes:
        id: Primary key of the account or labeler; None for all others.
    """

    kind: ActorKind
    name: str
    id: int | None = None

    @classmethod
    def of_user(cls, user: AbstractBaseUser) -> Self:
        return cls(ActorKind.ACCOUNT, user.get_username(), user.pk)

    @classmethod
    def of_labeler(cls, labeler_id: int, name: str) -> Self:
        """Return the actor for a labeler without an account (see `Labeler.actor`)."""
        return cls(ActorKind.LABELER, name, labeler_id)

    @classmethod
    def of_request(cls, request: HttpRequest | Request) -> Self:
        """Return the account that is logged in, or a visitor."""
        user = request.user
        if isinstance(user, AbstractBaseUser):
            return cls.of_user(user)
        return cls(ActorKind.VISITOR, "")

    @classmethod
    def of_command(cls, command: BaseCommand) -> Self:
        """Return the actor for a management command."""
        return cls(ActorKind.COMMAND, type(command).__module__.rpartition(".")[2])

    @classmethod
    def of_task(cls, task: Task[..., Any]) -> Self:
        """Return the actor for a worker that runs a task."""
        return cls(ActorKind.TASK, task.name)

    @property
    def user_id(self) -> int | None:
        """Primary key of the account; None for other kinds of actors."""
        return self.id if self.kind == ActorKind.ACCOUNT else None

    @property
    def account_id(self) -> int:
        """Primary key of the account.

        Raises:
            NoAccount: The actor is not an account.
        """
        if self.user_id is None:
            raise NoAccount(f"An account has to do this, not a {self}. Sign in first.")
        return self.user_id

    def __str__(self) -> str:
        """Return the kind, id and name, where present, for messages and logs."""
        name = f"({self.name})" if self.id is not None else self.name
        return " ".join(str(part) for part in (self.kind, self.id, name) if part not in (None, ""))
