from __future__ import annotations

import csv
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_slug

from ai4mars_site.commands import BulkCommand
from labeling.files import safe_cell
from labeling.ingest.products import UnknownSource
from labeling.ingest.sources import open_source
from labeling.models import Campaign, ImportItem, ImportJob
from labeling.presets import PRESETS
from labeling.services import import_jobs
from labeling.services.campaigns import campaign_from_preset

#: Refusals, and files that are not used, that are printed.
LISTED = 50


class Command(BulkCommand):
    help = (
        "Import images into a campaign: from a released AI4Mars tree, PDS products, a folder of "
        "pictures (JPEG, PNG, TIFF, WebP, GIF, BMP), a zip or tar archive of these, or "
        "s3://bucket/prefix. Every file that is found is imported, refused, or named as not used "
        "with the reason. A campaign that "
        "does not exist is made from the preset that fits. Running it again imports what is new; "
        "an import that was stopped or killed is gone on with."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("source", help="a folder, a product, an archive, or s3://bucket/prefix")
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument(
            "--preset", choices=sorted(PRESETS), help="for a new campaign (default: what fits)"
        )
        parser.add_argument(
            "--report",
            type=Path,
            metavar="CSV",
            help="write what became of every file that was found, with the reasons",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        where = options["source"]
        if "://" not in where:
            where = str(Path(where).resolve())
        campaign = self.campaign_of(where, options)
        job = import_jobs.unfinished(campaign, where) or import_jobs.start(campaign, where)
        self.take_up(job)
        if not import_jobs.prepare(job):
            raise CommandError(job.message)
        before = import_jobs.counts(job)
        done = import_jobs.work_here(job, options["workers"])
        for _ in self.progress(done, before["waiting"], "Images"):
            pass
        self.report(job)
        job.refresh_from_db()
        if job.status == ImportJob.Status.STOPPED:
            self.stdout.write("The import was stopped. Run the command again to go on with it.")
        if options["report"] is not None:
            self.write_report(job, options["report"])

    def take_up(self, job: ImportJob) -> None:
        """Make the job run; while another process lists its files, wait for it."""
        is_told = False
        while not import_jobs.begin(job) and job.status != ImportJob.Status.COMPLETE:
            if not is_told:
                self.stdout.write("Another process is listing these files. Waiting for it.")
                is_told = True
            time.sleep(import_jobs.WAIT_SECONDS)

    def campaign_of(self, where: str, options: dict[str, Any]) -> Campaign:
        """The campaign to import into, made where it is not there; CommandError where it cannot."""
        slug = options["campaign"]
        campaign = Campaign.objects.filter(slug=slug).first()
        if campaign is not None:
            if options["preset"]:
                self.stdout.write(
                    f"--preset {options['preset']} is not used: it is for a new campaign, and "
                    f"{slug} is there already."
                )
            return campaign
        try:
            validate_slug(slug)
            preset = options["preset"] or open_source(where).preset
        except ValidationError as error:
            raise CommandError(
                f"{slug!r} cannot name a campaign: use letters, digits, - and _."
            ) from error
        except UnknownSource as error:
            raise CommandError(str(error)) from error
        campaign, _ = campaign_from_preset(slug, preset)
        self.stdout.write(f"Made the campaign {campaign.slug} ({campaign.name}).")
        return campaign

    def report(self, job: ImportJob) -> None:
        """Print what was refused and what was not used, each with its reason, then the counts."""
        counts = import_jobs.counts(job)
        self.list_reasons(job, ImportItem.Status.IMPORTED, "imported")
        self.list_reasons(job, ImportItem.Status.REFUSED, "refused")
        self.list_reasons(job, ImportItem.Status.UNUSED, "not used")
        self.stdout.write(
            f"{counts['imported']} images imported, {counts['present']} already there, "
            f"{counts['refused']} refused, {counts['unused']} not used"
        )

    def list_reasons(self, job: ImportJob, status: ImportItem.Status, word: str) -> None:
        """Print the first items of a status that have a reason; all of them are in the report."""
        items = import_jobs.with_reason(job, status)
        for item in items[:LISTED]:
            self.stdout.write(f"{word} {item.name}: {item.reason}")
        more = items.count() - LISTED
        if more > 0:
            self.stdout.write(
                f"... and {more:,} more {word}. All are listed by --report FILE, and in the report "
                "on the page of this import."
            )

    def write_report(self, job: ImportJob, path: Path) -> None:
        """Write what became of every file; CommandError where the file cannot be written."""
        try:
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                for row in import_jobs.report_rows(job):
                    writer.writerow([safe_cell(cell) for cell in row])
        except OSError as error:
            raise CommandError(f"The report {path} cannot be written: {error.strerror}.") from error
