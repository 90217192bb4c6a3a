from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from ai4mars_site.bulk import each
from ai4mars_site.commands import BulkCommand
from labeling.management.arguments import campaign_of
from labeling.models import Label
from labeling.services import labels
from review.models import AgreementScore, images_to_score
from review.services import distribution, scores


def process_and_score(image_id: int) -> bool:
    """Bring one image up to date: post-process what is waiting, then score."""
    labels.process_image(image_id)
    return scores.score_image(image_id)


class Command(BulkCommand):
    help = (
        "Compute the agreement scores of a campaign's images whose labels have changed, or, with "
        "--all, of every image anew. A run that was stopped goes on when it is started again "
        "without --all."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--campaign", required=True, metavar="SLUG")
        parser.add_argument(
            "--all", action="store_true", help="forget what is known and compute every score anew"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_of(options["campaign"])
        if options["all"]:
            scores.forget(campaign)
        stale = set(images_to_score().filter(campaign=campaign).values_list("pk", flat=True))
        waiting = Label.objects.received().filter(image__campaign=campaign)
        stale.update(waiting.values_list("image_id", flat=True))
        done = each(process_and_score, sorted(stale), options["workers"])
        scored = sum(self.progress(done, len(stale), "Images"))
        distribution.recount(campaign)
        total = AgreementScore.objects.filter(campaign=campaign).count()
        self.stdout.write(f"{scored} images scored; the campaign has {total} scores")
