from __future__ import annotations

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.arguments import place
from ai4mars_site.toolkit.commands import BulkCommand
from labeling.management.arguments import campaign_of
from labeling.management.report import report
from labeling.training.services import reference_answers


class Command(BulkCommand):
    help = (
        "Set reference answers from masks: SOURCE/<image id>.png, 8-bit class codes, 255 where "
        "the answer is not known. Their images leave the crowd's pool and become practice "
        "images."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("source", type=place, help="a folder of masks")
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument(
            "--lesson",
            action=BooleanOptionalAction,
            default=None,
            help="practice before the first real image, or (--no-lesson) between real "
            "images; by default new ones are lessons, and others keep their setting",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_of(options["campaign"])
        paths = reference_answers.find_answers(options["source"])
        outcomes = reference_answers.import_answers(
            Actor.of_command(self), campaign, paths, options["lesson"], options["workers"]
        )
        report(self.progress(outcomes, len(paths), "Answers"), "answers", self.stdout)
