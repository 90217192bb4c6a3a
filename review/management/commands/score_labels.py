from __future__ import annotations

from argparse import ArgumentParser
from itertools import chain
from typing import Any

from ai4mars_site.toolkit.bulk import chunks, each
from ai4mars_site.toolkit.commands import BulkCommand
from labeling.management.arguments import campaign_of
from review.models import AgreementScore
from review.scores.services import distribution, scores


class Command(BulkCommand):
    help = (
        "Compute the agreement scores of a campaign's images whose labels have changed, or of all "
        "images with --all. To continue an interrupted run, start the command again without "
        "--all."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument(
            "--all",
            action="store_true",
            help="delete all stored overlaps and compute every score again",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_of(options["campaign"])
        if options["all"]:
            scores.mark_stale(campaign)
        images = scores.images_behind(campaign)
        together = chunks(images, scores.IMAGES_AT_ONCE)
        done = chain.from_iterable(each(scores.update_images, together, options["workers"]))
        scored = sum(self.progress(done, len(images), "Images"))
        distribution.recount(campaign)
        total = AgreementScore.objects.filter(campaign=campaign).count()
        self.stdout.write(f"{scored} images scored; the campaign has {total} scores")
