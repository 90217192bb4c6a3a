from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from functools import partial
from typing import Any

from django.core.management.base import CommandError

from ai4mars_site.toolkit.arguments import place, positive, whole
from ai4mars_site.toolkit.bulk import each
from ai4mars_site.toolkit.commands import BulkCommand
from simulation.studies.merge_report import NoPlace, placed, tables
from simulation.studies.merge_study import Plan, label_scene, study


class Command(BulkCommand):
    help = (
        "Simulate a crowd, merge its labels with each method, and compare the masks with the "
        "truth. The same arguments give the same figures."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        usual = Plan()
        parser.add_argument("--scenes", type=positive, default=usual.scenes, metavar="N")
        parser.add_argument("--size", type=positive, default=usual.size, metavar="PIXELS")
        parser.add_argument("--crowd", type=positive, default=usual.crowd, metavar="PEOPLE")
        parser.add_argument(
            "--labels",
            type=positive,
            nargs="+",
            default=[usual.labels],
            metavar="N",
            help="labels per image; one table for each number",
        )
        parser.add_argument("--seed", type=whole, default=usual.seed)
        parser.add_argument(
            "--write",
            type=place,
            metavar="FILE",
            help="write the tables into this document instead of printing them",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if max(options["labels"]) > options["crowd"]:
            raise CommandError("Nobody draws twice on an image: ask for a larger crowd.")
        plan = Plan(options["scenes"], options["size"], options["crowd"], seed=options["seed"])
        studies = []
        for labels in options["labels"]:
            drawing = replace(plan, labels=labels)
            drawn = each(partial(label_scene, drawing), range(plan.scenes), options["workers"])
            bar = self.progress(drawn, plan.scenes, f"Scenes with {labels} labels")
            studies.append(study(drawing, list(bar)))
        text = tables(studies)
        if options["write"] is None:
            self.stdout.write(text)
            return
        try:
            document = placed(options["write"].read_text(), text)
        except (OSError, NoPlace) as error:
            raise CommandError(str(error)) from error
        options["write"].write_text(document)
        self.stdout.write(f"The tables are in {options['write']}.")
