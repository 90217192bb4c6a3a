from __future__ import annotations

import csv
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from ai4mars_site.toolkit.arguments import place
from ai4mars_site.toolkit.bulk import each
from ai4mars_site.toolkit.commands import BulkCommand, why
from merging.formats.statistics import of_tree
from merging.formats.statistics import tables as statistics_tables
from merging.formats.tree import tree_files, trees


class Command(BulkCommand):
    help = (
        "Count a release: images and labels by camera, gold images by terrain, composition by "
        "class with class weights, and how many experts agreed (paper, Tables 1 and 2, Figures 3 "
        "and 6). Agreement scores (Figure 5) are not in a released tree."
    )
    needs_database = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "release", type=place, metavar="DIR", help="the folder, zip or tar of a release"
        )
        parser.add_argument(
            "--csv", type=place, metavar="DIR", help="also write CSV files to this folder"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        def run(
            count: of_tree.CountPixels, masks: Sequence[of_tree.MaskFile]
        ) -> Iterator[dict[int, int]]:
            return self.progress(each(count, masks, options["workers"]), len(masks), "Masks")

        tree = tree_files.open_tree(options["release"])
        totals = of_tree.count_tree(tree, run)
        classes = trees.classes_of(tree, tree.names())
        tables = [
            table
            for table in statistics_tables.tables(totals, classes)
            if table.name != "scores" or totals.scores
        ]
        for table in tables:
            self.stdout.write(f"{table.title}\n{statistics_tables.text(table)}\n")
        if options["csv"] is not None:
            self.write_files(options["csv"], tables)

    def write_files(self, folder: Path, tables: Sequence[statistics_tables.Table]) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for table in tables:
                with (folder / f"{table.name}.csv").open("w", newline="") as file:
                    writer = csv.writer(file)
                    writer.writerow(table.columns)
                    writer.writerows(table.rows)
        except OSError as error:
            raise CommandError(f"{folder} cannot be written to: {why(error)}.") from error
