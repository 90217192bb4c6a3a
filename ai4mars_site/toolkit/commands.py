"""Base classes of management commands: worker processes, progress, migrated database."""

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
    """A command that shows a refusal as its error message."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal


class BulkCommand(SiteCommand):
    """A command that processes many rows in the foreground, without broker or worker.

    It calls the same service as the worker task. Running it twice does no harm.
    """

    #: False for a command that only reads and writes files and needs no database.
    needs_database = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--workers",
            type=positive,
            default=1,
            metavar="N",
            help="number of processes (default: 1)",
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        if self.needs_database:
            bring_database_up_to_date()
        return super().execute(*args, **options)

    def progress(
        self, items: Iterable[Item], total: int | None, description: str
    ) -> Iterator[Item]:
        """Yield `items` and show a progress bar on stderr, with the remaining time.

        Args:
            total: Number of items; None if unknown.
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
    """Return whether the database lacks migrations."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def bring_database_up_to_date() -> None:
    """Migrate the embedded database. On a database server, ask the operator to do it.

    So a new user can import images without knowing about migrations.
    """
    if not is_behind():
        return
    if connection.vendor != "sqlite":
        raise CommandError("The database is behind the code. Run `manage.py migrate` first.")
    call_command("migrate", verbosity=0)


def why(error: Exception) -> str:
    """Return why a file could not be read or written, without error numbers or codec names."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, UnicodeDecodeError):
        return "It is not text in UTF-8"
    return str(error)
