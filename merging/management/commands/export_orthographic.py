from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from ai4mars_site.toolkit.arguments import finite, place
from ai4mars_site.toolkit.bulk import each
from ai4mars_site.toolkit.commands import BulkCommand, why
from labeling.management.arguments import campaign_of
from labeling.models import Campaign, Image
from merging.formats.contents.facts import GOLD_VARIANTS
from merging.formats.tree import tree_files, trees
from merging.releases.services.orthographic import (
    PRESENT,
    SKIPPED,
    WRITTEN,
    Job,
    Outcome,
    ViewSettings,
    export_image,
)
from terrain.projection.orthographic import Grid


class Command(BulkCommand):
    help = (
        "Export orthographic views of a campaign's images and labels, with the geometry as JSON, "
        "and tiles by range. Only changed images are written again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument("--out", required=True, type=place, metavar="DIR")
        parser.add_argument(
            "--release",
            type=place,
            metavar="TREE",
            help="export the labels and images of this release (folder, zip or tar); by default "
            "the labels are merged now",
        )
        grid = Grid()
        for name, default, what in (
            ("meters-per-pixel", grid.meters_per_pixel, "meters per pixel of the view"),
            (
                "nearest",
                grid.nearest_m,
                "distance from the camera to the near edge of the view, meters",
            ),
            (
                "farthest",
                grid.farthest_m,
                "distance from the camera to the far edge of the view, meters",
            ),
            ("half-width", grid.half_width_m, "extent to the left and to the right, meters"),
            ("tile", 2.0, "length and width of a tile, meters"),
        ):
            help_text = f"{what} (default: {default})"
            parser.add_argument(
                f"--{name}", type=finite, default=default, metavar="M", help=help_text
            )
        parser.add_argument(
            "--cut-tiles", action="store_true", help="also write the tiles as image files"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_of(options["campaign"])
        settings = settings_of(campaign, options)
        released = None if options["release"] is None else Released(options["release"])
        jobs = list(jobs_of(campaign, options["out"], released, settings))
        if not jobs:
            raise CommandError("Nothing to export: the campaign has none of these images.")
        done = each(export_image, jobs, options["workers"])
        try:
            outcomes = list(self.progress(done, len(jobs), "Images"))
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written to: {why(error)}.") from error
        self.report(outcomes)
        if released is not None and len(released.labels) > len(jobs):
            self.stdout.write(
                f"{len(released.labels) - len(jobs)} labels of the release were not exported, "
                "because the campaign does not have their images"
            )

    def report(self, outcomes: list[Outcome]) -> None:
        counts = Counter(outcome.status for outcome in outcomes)
        for outcome in outcomes:
            if outcome.status == SKIPPED:
                self.stdout.write(f"skipped {outcome.product_id}: {outcome.reason}")
        self.stdout.write(
            f"{counts[WRITTEN]} images exported, {counts[PRESENT]} already there, "
            f"{counts[SKIPPED]} skipped"
        )


def settings_of(campaign: Campaign, options: dict[str, Any]) -> ViewSettings:
    """Return the settings from the options.

    Raises:
        CommandError: The options are invalid.
    """
    try:
        grid = Grid(
            options["meters_per_pixel"],
            options["nearest"],
            options["farthest"],
            options["half_width"],
        )
    except ValueError as error:
        raise CommandError(str(error)) from error
    if not options["tile"] > 0.0:
        raise CommandError("A tile needs a length in meters, such as --tile 2.")
    return ViewSettings(grid, options["tile"], campaign.range_limit_m, options["cut_tiles"])


class Released:
    """The label files of a release, by image and variant."""

    def __init__(self, path: Path) -> None:
        self.tree = tree_files.open_tree(path)
        found = trees.listing(self.tree.names())
        self.labels: dict[str, dict[str, str]] = {
            product_id: {"train": name} for product_id, name in found.train.items()
        }
        for gold in found.gold:
            self.labels[gold.product_id] = dict(zip(GOLD_VARIANTS, gold.paths, strict=True))
        if not self.labels:
            raise CommandError(f"There are no labels in {path}. Give the folder of a release.")


def jobs_of(
    campaign: Campaign, out: Path, released: Released | None, settings: ViewSettings
) -> Iterator[Job]:
    """Yield a job for each image of the dataset, or of the given release."""
    images = Image.objects.filter(campaign=campaign).order_by("product_id")
    if released is None:
        for pk in images.in_dataset().values_list("pk", flat=True):
            yield Job(pk, out, settings)
        return
    for pk, product_id in images.values_list("pk", "product_id"):
        if product_id in released.labels:
            yield Job(pk, out, settings, (released.tree, released.labels[product_id]))
