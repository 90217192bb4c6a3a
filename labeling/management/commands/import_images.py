from __future__ import annotations

import csv
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import connection
from django.db.models import QuerySet

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.arguments import filled, place
from ai4mars_site.toolkit.commands import BulkCommand, is_behind
from labeling.campaigns.presets.missions import PRESETS
from labeling.campaigns.services.creation import campaign_from_preset, new_campaign
from labeling.images.ingest.products import Source
from labeling.images.ingest.sources import open_source
from labeling.images.services import import_jobs, import_trials
from labeling.models import Campaign, FormerSlug, ImportItem, ImportJob

#: Refused and unused files that are printed.
LISTED = 50
#: Statuses whose items are printed with their reasons, and the word for each.
LISTED_STATUSES = {"imported": "imported", "refused": "refused", "unused": "not used"}


class Command(BulkCommand):
    help = (
        "Import images into a campaign: from a released AI4Mars tree, PDS products, a folder of "
        "pictures (JPEG, PNG, TIFF, WebP, GIF, BMP), a zip or tar archive of these, or "
        "s3://bucket/prefix. Every file is imported, refused, or listed as not used with the "
        "reason. A campaign that does not exist is created from the preset that fits, when "
        "there is an image for it. Running the command again imports what is new; an import "
        "that was stopped or killed is resumed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "source", type=filled, help="a folder, a product, an archive, or s3://bucket/prefix"
        )
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument(
            "--preset",
            choices=sorted(PRESETS),
            help="for a new campaign (default: the one that fits)",
        )
        parser.add_argument(
            "--name", metavar="TITLE", help="for a new campaign (default: that of its preset)"
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="report what would be imported, and change nothing",
        )
        parser.add_argument(
            "--report",
            type=place,
            metavar="CSV",
            help="write the outcome of every file, with reasons",
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        # A dry run changes nothing, and creates no tables of the database.
        self.needs_database = not options["dry_run"]
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        where = options["source"]
        if "://" not in where:
            where = str(Path(where).resolve())
        if options["report"] is not None:
            check_report(options["report"])
        if options["dry_run"]:
            self.try_import(where, options)
            return
        actor = Actor.of_command(self)
        campaign = self.campaign_of(actor, where, options)
        job = import_jobs.unfinished(campaign, where)
        job = job or import_jobs.start(actor, campaign, where)
        self.run_job(job)
        if not import_jobs.prepare(job):
            raise CommandError(job.message)
        before = import_jobs.counts(job)
        done = import_jobs.import_here(actor, job, options["workers"])
        for _ in self.progress(done, before["waiting"], "Images"):
            pass
        report = Report(job.items.order_by("name"), import_jobs.counts(job))
        self.print_report(report, options)
        job.refresh_from_db()
        if job.status == ImportJob.Status.STOPPED:
            self.stdout.write("The import was stopped. Run the command again to continue it.")

    def run_job(self, job: ImportJob) -> None:
        """Run the job; while another process lists its files, wait for it."""
        is_told = False
        while not import_jobs.begin(job) and job.status != ImportJob.Status.COMPLETE:
            if not is_told:
                self.stdout.write("Another process is listing these files. Waiting for it.")
                is_told = True
            time.sleep(import_jobs.WAIT_SECONDS)

    def try_import(self, where: str, options: dict[str, Any]) -> None:
        """Report what an import would do; nothing is written."""
        campaign = find_existing_campaign(options["campaign"])
        self.warn_unused_options(campaign, options)
        source = open_source(where)
        tried = campaign or self.planned(source, options)
        found = import_trials.examine(tried, source, options["workers"])
        items = list(self.progress(found, None, "Files"))
        self.stdout.write("Dry run: nothing was changed. An import would report:")
        self.print_report(report_of(items), options)

    def campaign_of(self, actor: Actor, where: str, options: dict[str, Any]) -> Campaign:
        """Return the campaign to import into; create a missing one if an image can be imported.

        Raises CommandError if there is no campaign and none can be created.
        """
        slug = options["campaign"]
        campaign = Campaign.objects.filter(slug=slug).first()
        self.warn_unused_options(campaign, options)
        if campaign is not None:
            return campaign
        source = open_source(where)
        planned = self.planned(source, options)
        items = []
        for item in import_trials.examine(planned, source):
            items.append(item)
            if item.status == ImportItem.Status.IMPORTED:
                break
        else:
            self.print_report(report_of(items), options)
            raise CommandError("No image could be imported, so no campaign was created.")
        preset = options["preset"] or source.preset
        renamed = FormerSlug.campaign_of(slug)
        campaign, _ = campaign_from_preset(actor, slug, preset, planned.name)
        self.stdout.write(f"Created the campaign {campaign.slug} ({campaign.name}).")
        if renamed is not None:
            self.stdout.write(
                f"The campaign {renamed.slug} ({renamed.name}) was called {slug} before: its old "
                f"addresses now belong to the new campaign. To import into the renamed one: "
                f"--campaign {renamed.slug}."
            )
        return campaign

    def warn_unused_options(self, campaign: Campaign | None, options: dict[str, Any]) -> None:
        """Warn about options for a new campaign if the campaign already exists."""
        for option in ("preset", "name"):
            value = options[option]
            if campaign is not None and value and value != getattr(campaign, option, ""):
                self.stdout.write(
                    f"--{option} {value} is not used: it is for a new campaign, and "
                    f"{campaign.slug} already exists."
                )

    def planned(self, source: Source, options: dict[str, Any]) -> Campaign:
        """Return the campaign that would be created, unsaved.

        Raise CommandError if it is invalid.
        """
        slug, name = options["campaign"], options["name"]
        try:
            Campaign._meta.get_field("slug").clean(slug, None)
        except ValidationError as error:
            raise CommandError(
                f"{slug!r} cannot name a campaign: use letters, digits, - and _, and not the name "
                "of another page."
            ) from error
        longest = Campaign._meta.get_field("name").max_length or 0
        if name is not None and not 0 < len(name.strip()) <= longest:
            raise CommandError(f"--name takes a title of 1 to {longest} characters.")
        planned = new_campaign(slug, options["preset"] or source.preset, (name or "").strip())
        is_taken = has_tables() and Campaign.objects.filter(name=planned.name).exists()
        if is_taken and name is None:
            # Two campaigns with one title could not be distinguished.
            planned.name = f"{planned.name} ({slug})"[:longest]
        return planned

    def print_report(self, report: Report, options: dict[str, Any]) -> None:
        """Print refused and unused files, each with its reason, then the counts."""
        counts = report.counts
        for status, word in LISTED_STATUSES.items():
            items = report.with_reason(status)
            for item in items[:LISTED]:
                self.stdout.write(f"{word} {item.name}: {item.reason}")
            if len(items) > LISTED:
                # A dry run has no page.
                page = (
                    "" if options["dry_run"] else ", and in the report on the page of this import"
                )
                self.stdout.write(
                    f"... and {len(items) - LISTED:,} more {word}. All are listed by --report "
                    f"FILE{page}."
                )
        self.stdout.write(
            f"{counts['imported']} images imported, {counts['present']} already there, "
            f"{counts['refused']} refused, {counts['unused']} not used"
        )
        if options["report"] is not None:
            write_report(report, options["report"])


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of each file: rows of a job, or of a dry run."""

    items: QuerySet[ImportItem] | list[ImportItem]
    counts: Mapping[str, int]

    def with_reason(self, status: str) -> list[ImportItem]:
        """Return the items with this status and a reason, sorted by name."""
        if isinstance(self.items, list):
            return [item for item in self.items if item.status == status and item.reason]
        return list(self.items.filter(status=status).exclude(reason=""))


def report_of(items: list[ImportItem]) -> Report:
    return Report(sorted(items, key=lambda item: item.name), Counter(i.status for i in items))


def check_report(path: Path) -> None:
    """Raise CommandError if a report cannot be written, before the import starts."""
    if path.is_dir():
        raise CommandError(f"The report {path} cannot be written: it is a folder. Name a file.")
    if not path.parent.is_dir():
        raise CommandError(f"The report {path} cannot be written: its folder does not exist.")


def write_report(report: Report, path: Path) -> None:
    """Write the outcome of every file. Raise CommandError if the report cannot be written."""
    items = report.items if isinstance(report.items, list) else report.items.iterator()
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(import_jobs.report_rows(items))
    except OSError as error:
        raise CommandError(f"The report {path} cannot be written: {error.strerror}.") from error


def has_tables() -> bool:
    """Return whether there is a database with tables, without creating one."""
    name = str(connection.settings_dict["NAME"])
    is_file = connection.vendor == "sqlite" and "memory" not in name
    if is_file and not (Path(name).exists() and Path(name).stat().st_size):
        return False
    return Campaign._meta.db_table in connection.introspection.table_names()


def find_existing_campaign(slug: str) -> Campaign | None:
    """Return the campaign of a dry run, if it exists. Raise CommandError for old tables."""
    if not has_tables():
        return None
    if is_behind():
        raise CommandError(
            "The database is older than the code, and a dry run changes nothing. Run `manage.py "
            "migrate` first."
        )
    return Campaign.objects.filter(slug=slug).first()
