"""What the project's bulk commands share: worker processes, progress, a migrated database."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ai4mars_site.toolkit.arguments import positive
from ai4mars_site.toolkit.errors import DomainError

Item = TypeVar("Item")


class SiteCommand(BaseCommand):
    """A command whose services may refuse: their sentence is what it ends with."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal


class BulkCommand(SiteCommand):
    """A command that works through many rows in the foreground, without broker or worker.

    It calls the same service that a worker task calls. Running it twice does no harm.
    """

    #: False for a command that reads and writes files alone: it runs where no database is.
    needs_database = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--workers",
            type=positive,
            default=1,
            metavar="N",
            help="processes to share the work (default: this one alone)",
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        if self.needs_database:
            bring_database_up_to_date()
        return super().execute(*args, **options)

    def progress(
        self, items: Iterable[Item], total: int | None, description: str
    ) -> Iterator[Item]:
        """Pass `items` through while a bar on stderr counts them, with rate and time left.

        total: None where it is not known.
        """
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            yield from bar.track(items, total=total, description=description)


def is_behind() -> bool:
    """Return whether the database lacks migrations of the code."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def bring_database_up_to_date() -> None:
    """Create or update the tables of the embedded database; a server's are the operator's to run.

    Somebody who imports images into a fresh folder should not have to know what a migration is.
    """
    if not is_behind():
        return
    if connection.vendor != "sqlite":
        raise CommandError("The database is behind the code. Run `manage.py migrate` first.")
    call_command("migrate", verbosity=0)


def why(error: Exception) -> str:
    """Why a file could not be read or written, in words without numbers of errors or codecs."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, UnicodeDecodeError):
        return "It is not text in UTF-8"
    return str(error)
