from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections import Counter
from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.template.defaultfilters import filesizeformat

from ai4mars_site.toolkit.bulk import each
from ai4mars_site.toolkit.commands import BulkCommand
from labeling.images.services import stored_files

#: A younger file may belong to a row that is about to be written.
YOUNG = timedelta(days=1)
#: Number of orphan files that are listed; more are only counted.
LISTED = 50
ONLY_ORPHANS = 3


class Command(BulkCommand):
    help = (
        "Compare the files in storage with the database: files that are missing, differ from their "
        "checksum, or were overwritten by those of another row, and files that no row names. Exits "
        f"with 1 if a row's file is wrong, with {ONLY_ORPHANS} if there are only files that no row "
        "names, and with 0 otherwise. Changes nothing without --delete-orphans."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--delete-orphans",
            action="store_true",
            help="delete files that no row names and that are older than a day",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        named = list(stored_files.named_files())
        found: Counter[str] = Counter()
        without_sum = 0
        checked = each(stored_files.check, named, options["workers"])
        for result in self.progress(checked, len(named), "Files"):
            self.tell(result, found)
            without_sum += not result.has_sum
        for result in stored_files.overwritten(named):
            self.tell(result, found)
        orphans = self.orphans({file.name for file in named}, options["delete_orphans"])
        self.stdout.write(
            f"{len(named)} files checked: {found[stored_files.MISSING]} missing, "
            f"{found[stored_files.CHANGED]} changed, "
            f"{found[stored_files.OVERWRITTEN]} overwritten."
        )
        if without_sum:
            self.stdout.write(
                f"Files without a checksum: {without_sum} (archives, uploads, and some that an "
                "earlier version stored). Only their existence was checked."
            )
        if found:
            sys.exit(1)
        if orphans:
            sys.exit(ONLY_ORPHANS)

    def tell(self, result: stored_files.Checked, found: Counter[str]) -> None:
        if result.kind:
            found[result.kind] += 1
            file = result.file
            self.stdout.write(f"{result.kind} {file.name} ({file.row}): {result.reason}")

    def orphans(self, named: set[str], is_deleted: bool) -> int:
        """List files that no row names, and delete old ones if asked; return how many remain."""
        left = size = gone = 0
        old = time.time() - YOUNG.total_seconds()
        for name, status in stored_files.orphans(named):
            if is_deleted and status.st_mtime < old:
                default_storage.delete(name)
                gone += 1
                continue
            if stored_files.is_unfinished(name) and status.st_mtime >= old:
                continue
            left += 1
            size += status.st_size
            if left <= LISTED:
                self.stdout.write(f"orphan {name}")
        if left > LISTED:
            self.stdout.write(f"... and {left - LISTED} more.")
        if gone:
            self.stdout.write(f"{gone} files that no row names were deleted.")
        if left:
            young = " Those of the last day were kept." if is_deleted else ""
            self.stdout.write(f"{left} files ({filesizeformat(size)}) belong to no row.{young}")
        return left
