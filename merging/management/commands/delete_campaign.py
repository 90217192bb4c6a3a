from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ai4mars_site.toolkit.actors import Actor
from labeling.management.arguments import campaign_of
from merging.dashboard import services


class Command(BaseCommand):
    help = (
        "Delete a campaign permanently, with its images, labels and files. If it has labels, its "
        "slug must be given again (--confirm, or typed when asked). A campaign with releases "
        "cannot be deleted: a release never changes, and its labels are kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("campaign", metavar="SLUG")
        parser.add_argument("--confirm", metavar="SLUG", help="the slug again, if there are labels")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_of(options["campaign"])
        typed = options["confirm"] or ""
        labels = services.contents_of(campaign).labels
        try:
            services.check(campaign)
            if labels and not typed and sys.stdin.isatty():
                typed = input(
                    f"{campaign.name} has {labels} labels. Type {campaign.slug} to delete it: "
                ).strip()
            deleted = services.delete(Actor.of_command(self), campaign, typed)
        except services.DeleteRefused as refused:
            raise CommandError(f"{refused} Nothing was deleted.") from refused
        self.stdout.write(
            f"Deleted {options['campaign']}: {deleted.images} images, {deleted.labels} labels."
        )
