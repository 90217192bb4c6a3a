from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.management.base import CommandError

from ai4mars_site.toolkit.commands import BulkCommand
from labeling.management.arguments import campaign_of
from review.models import CampaignSkill
from review.skill import services


class Command(BulkCommand):
    help = (
        "Estimate the skill of each labeler of a campaign and the quality of each label, if labels "
        "have changed since the last estimate, or always with --all. An interrupted run changes "
        "nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument(
            "--all", action="store_true", help="estimate again even if no label has changed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_of(options["campaign"])
        if services.is_current(campaign) and not options["all"]:
            self.stdout.write("No label has changed since the last estimate")
            return
        found = services.estimate_campaign(campaign, options["workers"], self.track)
        if found is None:
            raise CommandError(
                "Another process is estimating the skill of this campaign. Run the command again "
                "in a few minutes."
            )
        if found.status == CampaignSkill.Status.NO_OVERLAP:
            self.stdout.write("No two labels overlap: there is nothing to estimate from")
            return
        labelers = campaign.labeler_skills.count()
        self.stdout.write(
            f"{labelers} labelers estimated from {found.labels} labels on {found.images} images"
        )

    def track(self, items: Iterable[Any], total: int) -> Iterator[Any]:
        return self.progress(items, total, "Images")
