"""Who acts. A service that changes what people have made or decided takes the actor first."""

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
    """What an actor's id and name are those of."""

    ACCOUNT = "account"
    #: A guest, or a name from an import: somebody who labels without an account.
    LABELER = "labeler"
    #: Somebody without an account who has saved nothing yet.
    VISITOR = "visitor"
    COMMAND = "command"
    TASK = "task"


class NoAccount(Exception):
    """Only an account can do this, and the actor is none."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account, a labeler without one, a visitor, a command, or a worker's task.

    Holds no rows of the database, so that it can be sent to other processes.

    Attributes:
        kind: What acts.
        name: What people call it at the time of the action; of a command or task its own name.
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
        """Return a labeler without an account. `Labeler.actor` knows which of both a row is."""
        return cls(ActorKind.LABELER, name, labeler_id)

    @classmethod
    def of_request(cls, request: HttpRequest | Request) -> Self:
        """Return the account that is signed in, or a visitor."""
        user = request.user
        if isinstance(user, AbstractBaseUser):
            return cls.of_user(user)
        return cls(ActorKind.VISITOR, "")

    @classmethod
    def of_command(cls, command: BaseCommand) -> Self:
        """Return a management command, whoever of the operators runs it."""
        return cls(ActorKind.COMMAND, type(command).__module__.rpartition(".")[2])

    @classmethod
    def of_task(cls, task: Task[..., Any]) -> Self:
        """Return a worker that carries out a task."""
        return cls(ActorKind.TASK, task.name)

    @property
    def user_id(self) -> int | None:
        """Primary key of the account that acts; None for all others."""
        return self.id if self.kind == ActorKind.ACCOUNT else None

    @property
    def account_id(self) -> int:
        """Primary key of the account that acts.

        Raises:
            NoAccount: The actor is none.
        """
        if self.user_id is None:
            raise NoAccount(f"An account has to do this, not a {self}. Sign in first.")
        return self.user_id

    def __str__(self) -> str:
        """Return kind, id and name, as far as there are any: for messages and logs."""
        name = f"({self.name})" if self.id is not None else self.name
        return " ".join(str(part) for part in (self.kind, self.id, name) if part not in (None, ""))
