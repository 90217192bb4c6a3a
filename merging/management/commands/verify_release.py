from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from ai4mars_site.toolkit.arguments import place
from ai4mars_site.toolkit.bulk import each
from ai4mars_site.toolkit.commands import BulkCommand
from merging.formats.verification.findings import Problem
from merging.formats.verification.images import CheckImage
from merging.formats.verification.plan import SAMPLE, plan
from merging.formats.verification.sums import CheckSum

#: The number of problems that are listed. More are counted for each folder.
SHOWN = 20


class Command(BulkCommand):
    help = (
        "Verify a release in its folder, zip or tar: regular files only, all with checksums; sizes "
        "and values of the masks, nesting of the gold set, splits, no labels under the rover and "
        "range masks. The masks of some images are merged again from their labels. All problems "
        "are reported. With any problem the exit status is 1."
    )
    needs_database = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "release", type=place, metavar="RELEASE", help="the folder, zip or tar of a release"
        )
        parser.add_argument(
            "--all",
            action="store_true",
            help=f"merge the masks of all images again, not only of {SAMPLE}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        release = plan(options["release"], recompute_all=options["all"])
        self.found: dict[str, int] = {}
        self.count = 0
        self.report(release.problems)
        workers = options["workers"]
        sums = sorted(release.sums.items())
        summed = each(CheckSum(release.tree), sums, workers)
        for problems in self.progress(summed, len(sums), "Sums"):
            self.report(problems)
        check = CheckImage(release.tree, release.codes, release.method)
        checked = each(check, release.subjects, workers)
        for problems in self.progress(checked, len(release.subjects), "Images"):
            self.report(problems)
        for sentence in release.unchecked:
            self.stdout.write(sentence)
        for folder, count in sorted(self.found.items()):
            self.stderr.write(f"{folder}: {count:,} more")
        if self.count:
            raise CommandError(f"{self.count:,} problem{'s' * (self.count > 1)} with the release.")
        self.stdout.write(
            f"{len(release.sums):,} checksums and {len(release.subjects):,} images are correct. "
            f"The masks of {release.recomputed:,} images were merged again from their labels."
        )

    def report(self, problems: list[Problem]) -> None:
        for problem in problems:
            self.count += 1
            if self.count <= SHOWN:
                self.stderr.write(str(problem))
            else:
                folder = str(Path(problem.path).parent)
                self.found[folder] = self.found.get(folder, 0) + 1
