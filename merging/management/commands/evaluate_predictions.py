from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import CommandError

from ai4mars_site.toolkit.arguments import place
from ai4mars_site.toolkit.bulk import each
from ai4mars_site.toolkit.commands import BulkCommand, why
from labeling.images.ingest.places import Folder
from merging.formats import predictions
from merging.formats.tree import tree_files
from terrain.metrics import confusion_tables
from terrain.metrics.contingency import Counts


class Command(BulkCommand):
    help = (
        "Compare predicted masks with the gold masks of a release: confusion matrices in the form "
        "of the paper's Tables 3 and 4, overall accuracy, IoU and mIoU, with 95 % intervals over "
        "images, for gold min1, min2 and min3. Predictions are 8-bit gray PNG masks of class "
        "codes, named <ID>.png or like the gold masks. Predictions with problems are listed. Then "
        "there is no table, and the exit status is 1."
    )
    needs_database = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--release",
            required=True,
            type=place,
            metavar="DIR",
            help="the folder, zip or tar of a release",
        )
        parser.add_argument("--predictions", required=True, type=place, metavar="DIR")
        parser.add_argument("--name", default="", help="the name of the predictions")
        parser.add_argument(
            "--json", type=place, metavar="FILE", help="also write the figures to this file"
        )
        parser.add_argument(
            "--allow-missing",
            action="store_true",
            help="show the table of predictions without problems",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["predictions"]
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder of predictions.")

        def run(
            compare: predictions.Comparison, pairs: Sequence[predictions.Pair]
        ) -> Iterator[Counts | predictions.Problem]:
            found = each(compare, pairs, options["workers"])
            return self.progress(found, len(pairs), "Images")

        tree = tree_files.open_tree(options["release"])
        report = predictions.compare(tree, Folder(folder), run)
        for problem in report.problems:
            self.stderr.write(str(problem))
        if not report.problems or options["allow_missing"]:
            self.show(report, options["name"])
            self.write_json(report, options)
        if report.problems:
            rest = (
                ""
                if options["allow_missing"]
                else " Use --allow-missing to show the table of the other predictions."
            )
            if rest and options["json"] is not None:
                rest += f" {options['json']} was not written."
            count = len(report.problems)
            raise CommandError(f"{count} problem{'s' * (count > 1)} with the predictions.{rest}")

    def show(self, report: predictions.Report, name: str) -> None:
        if name:
            self.stdout.write(name)
        self.stdout.write(f"{report.images:,} of {report.gold_images:,} gold images were compared")
        for minimum, evaluation in report.evaluations.items():
            self.stdout.write(f"\n{minimum}: {evaluation.pixels:,} pixels")
            self.stdout.write(confusion_tables.format_confusion(evaluation, report.classes))

    def write_json(self, report: predictions.Report, options: dict[str, Any]) -> None:
        if options["json"] is None:
            return
        plain = {"name": options["name"], **report.to_json()}
        try:
            options["json"].write_text(json.dumps(plain, indent=1) + "\n")
        except OSError as error:
            raise CommandError(f"{options['json']} cannot be written: {why(error)}.") from error
