from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from ai4mars_site.toolkit.arguments import place, positive
from ai4mars_site.toolkit.commands import BulkCommand, why
from simulation import training_trees


class Command(BulkCommand):
    help = (
        "Write released trees of simulated scenes for training: with merged labels, with one label "
        "of the crowd for each image, and with the true classes. The result is reproducible."
    )
    needs_database = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--out", required=True, type=place, metavar="DIR")
        parser.add_argument("--train", type=positive, default=60, metavar="N")
        parser.add_argument("--test", type=positive, default=20, metavar="N")
        parser.add_argument("--size", type=positive, default=256, metavar="PIXELS")
        parser.add_argument(
            "--labels", type=positive, default=10, metavar="N", help="crowd labels per image"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        out, train, test, labels = (options[name] for name in ("out", "train", "test", "labels"))
        if labels > training_trees.CROWD:
            raise CommandError(
                f"The simulated crowd has {training_trees.CROWD} people, and nobody draws twice on "
                f"an image: --labels {labels} is too many."
            )
        made = training_trees.make_trees(
            out, train, test, options["size"], labels, options["workers"]
        )
        try:
            for _ in self.progress(made, train + test, "Simulated scenes"):
                pass
        except OSError as error:
            raise CommandError(f"{out} cannot be written to: {why(error)}.") from error
        for kind in training_trees.KINDS:
            self.stdout.write(str(training_trees.tree_of(out, kind)))
