from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.management.base import CommandError

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.arguments import filled
from ai4mars_site.toolkit.commands import BulkCommand
from labeling.annotation.services import label_imports
from labeling.images.ingest.mask_folders import skipped_files
from labeling.images.ingest.places import Place
from labeling.images.ingest.sources import open_place
from labeling.management.arguments import campaign_of
from labeling.management.report import report
from labeling.models import LABEL_ROLES, Campaign, Role
from merging.formats.tree.found_masks import FoundMasks, unused
from merging.masks.services import imported_masks

MASKS, RELEASE = "masks", "release"


class Command(BulkCommand):
    help = (
        "Import finished masks. From a release tree (a folder, a zip or tar archive, or "
        "s3://bucket/prefix), import its train and gold masks, which are used instead of merged "
        "masks and are not labels. From SOURCE/<labeler>/<image id>.png, or with --role, import "
        "each mask as one label; images of experts become gold. Masks are 8-bit class codes, 255 "
        "for no label."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "source",
            type=filled,
            help="a release tree, or a folder with one folder for each labeler",
        )
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument(
            "--format",
            choices=(MASKS, RELEASE),
            help="the kind of SOURCE (default: found by its file names)",
        )
        parser.add_argument(
            "--role",
            choices=[role.value for role in LABEL_ROLES],
            help=f"the role of the labelers of a folder of masks (default: {Role.CROWD})",
        )
        parser.add_argument(
            "--source-name",
            default="",
            metavar="NAME",
            help="the name of the source in releases (default: the name of SOURCE)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_of(options["campaign"])
        where = options["source"]
        name = (options["source_name"] or name_of(where))[: imported_masks.LONGEST_SOURCE]
        kind = options["format"] or (MASKS if options["role"] else "")
        if kind != MASKS:
            place, above = open_place(where)
            found = imported_masks.find(place, above)
            if found:
                self.import_release(campaign, place, found, name, options)
                return
            if kind == RELEASE:
                raise CommandError(
                    f"There are no masks of a release in {where}: no folder such as labels/train "
                    "or labels/test/masked-gold-min1-100agree has any."
                )
        self.import_labels(campaign, Path(where), name, options)

    def import_release(
        self,
        campaign: Campaign,
        place: Place,
        found: list[FoundMasks],
        name: str,
        options: dict[str, Any],
    ) -> None:
        if options["role"]:
            raise CommandError("A release tree has separate gold masks. Leave --role out.")
        facts = imported_masks.read_manifest(place)
        for sentence in unused(place.names(), found):
            self.stdout.write(sentence)
        for sentence in imported_masks.other_classes(campaign, facts):
            self.stdout.write(sentence)
        outcomes = imported_masks.import_masks(
            Actor.of_command(self), campaign, place, found, name, facts, options["workers"]
        )
        report(self.progress(outcomes, len(found), "Masks"), "images with masks", self.stdout)

    def import_labels(
        self, campaign: Campaign, source: Path, name: str, options: dict[str, Any]
    ) -> None:
        files = label_imports.find_masks(source)
        for stray in skipped_files(source):
            self.stdout.write(f"skipped {stray}: it is not a PNG in the folder of a labeler")
        role = options["role"] or Role.CROWD
        outcomes = label_imports.import_masks(
            Actor.of_command(self), campaign, files, role, options["workers"], name
        )
        report(self.progress(outcomes, len(files), "Labels"), "labels", self.stdout)


def name_of(where: str) -> str:
    """Return the default name of a source: its folder or archive, without the path."""
    path = PurePosixPath(where) if "://" in where else PurePosixPath(Path(where).resolve())
    for suffix in (".zip", ".tar", ".tgz", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz"):
        if path.name.lower().endswith(suffix):
            return path.name[: -len(suffix)]
    return path.name or where
