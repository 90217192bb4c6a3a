from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from ai4mars_site.commands import BulkCommand
from labeling.ingest.mask_folders import passed_over
from labeling.ingest.products import UnknownSource
from labeling.management.arguments import campaign_of
from labeling.management.report import report
from labeling.models import LABEL_ROLES, Role
from labeling.services import label_imports


class Command(BulkCommand):
    help = (
        "Import finished masks as labels: SOURCE/<labeler>/<image id>.png, 8-bit class codes, 255 "
        "for no label; a _merged suffix is trimmed. With --role expert the images become gold."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("source", type=Path, help="a folder with one folder per labeler")
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument("--format", choices=("masks",), default="masks")
        parser.add_argument(
            "--role", choices=[role.value for role in LABEL_ROLES], default=Role.CROWD
        )

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_of(options["campaign"])
        try:
            files = label_imports.find_masks(options["source"])
        except UnknownSource as error:
            raise CommandError(str(error)) from error
        for name in passed_over(options["source"]):
            self.stdout.write(f"passed over {name}: it is no PNG in a labeler's folder")
        outcomes = label_imports.import_masks(campaign, files, options["role"], options["workers"])
        report(self.progress(outcomes, len(files), "Labels"), "labels", self.stdout)
