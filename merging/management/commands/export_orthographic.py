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
        "Export a campaign's images and labels as seen from straight above, with the geometry as "
        "JSON, and their tiles by range. Only what has changed is written again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument("--out", required=True, type=place, metavar="DIR")
        parser.add_argument(
            "--release",
            type=place,
            metavar="TREE",
            help="take the labels of this release (its folder, zip or tar), and its images only; "
            "by default labels are taken as they are merged now",
        )
        grid = Grid()
        for name, default, what in (
            ("meters-per-pixel", grid.meters_per_pixel, "side of a pixel seen from above"),
            ("nearest", grid.nearest_m, "meters ahead of the camera where the view begins"),
            ("farthest", grid.farthest_m, "meters ahead of the camera where it ends"),
            ("half-width", grid.half_width_m, "meters it reaches to the left and to the right"),
            ("tile", 2.0, "meters of ground that a tile is long and wide"),
        ):
            help_text = f"{what} (default: {default})"
            parser.add_argument(
                f"--{name}", type=finite, default=default, metavar="M", help=help_text
            )
        parser.add_argument(
            "--cut-tiles", action="store_true", help="write the tiles as pictures, too"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_of(options["campaign"])
        settings = settings_of(campaign, options)
        released = None if options["release"] is None else Released(options["release"])
        jobs = list(jobs_of(campaign, options["out"], released, settings))
        if not jobs:
            raise CommandError("There is nothing to export: the campaign has none of these images.")
        done = each(export_image, jobs, options["workers"])
        try:
            outcomes = list(self.progress(done, len(jobs), "Images"))
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written to: {why(error)}.") from error
        self.report(outcomes)
        if released is not None and len(released.labels) > len(jobs):
            self.stdout.write(
                f"{len(released.labels) - len(jobs)} labels of the release are of images that the "
                "campaign does not have, so nobody knows where they lie"
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
    """What the options ask for; CommandError where they make no sense."""
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
    """The labels of a release: which files they are, by image and variant."""

    def __init__(self, path: Path) -> None:
        self.tree = tree_files.tree_at(path)
        found = trees.listing(self.tree.names())
        self.labels: dict[str, dict[str, str]] = {
            product_id: {"train": name} for product_id, name in found.train.items()
        }
        for gold in found.gold:
            self.labels[gold.product_id] = dict(zip(GOLD_VARIANTS, gold.paths, strict=True))
        if not self.labels:
            raise CommandError(f"There are no labels in {path}. Name the folder of a release.")


def jobs_of(
    campaign: Campaign, out: Path, released: Released | None, settings: ViewSettings
) -> Iterator[Job]:
    """One job for each image: of the dataset, or of the release whose labels are given."""
    images = Image.objects.filter(campaign=campaign).order_by("product_id")
    if released is None:
        for pk in images.in_dataset().values_list("pk", flat=True):
            yield Job(pk, out, settings)
        return
    for pk, product_id in images.values_list("pk", "product_id"):
        if product_id in released.labels:
            yield Job(pk, out, settings, (released.tree, released.labels[product_id]))
