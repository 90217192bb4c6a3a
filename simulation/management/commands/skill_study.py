from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings

from ai4mars_site.toolkit.arguments import place
from ai4mars_site.toolkit.bulk import each
from ai4mars_site.toolkit.commands import BulkCommand
from simulation.studies import skill_report
from simulation.studies.skill_study import CROWDS, study


class Command(BulkCommand):
    help = (
        "Simulate crowds of known skill, and write how well scores and skill estimates find bad "
        "labels: FIGURES.md, found.svg, labelers.svg. The result is reproducible."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        folder = settings.BASE_DIR / "docs" / "skill"
        parser.add_argument("--to", type=place, default=folder, metavar="FOLDER")

    def handle(self, *args: Any, **options: Any) -> None:
        done = each(study, CROWDS, options["workers"])
        found = list(self.progress(done, len(CROWDS), "Crowds"))
        folder = options["to"]
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in skill_report.files(found).items():
            (folder / name).write_text(text)
            self.stdout.write(f"{folder / name}")
