from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from itertools import chain
from typing import Any

from ai4mars_site.bulk import chunks, each
from ai4mars_site.commands import BulkCommand
from labeling.management.arguments import campaign_of
from labeling.models import Label
from labeling.services import labels
from review.models import AgreementScore, images_to_score
from review.services import distribution, scores

#: Read and written together. A run that is killed does no more than these again.
IMAGES_AT_ONCE = 10


def process_and_score(image_ids: Sequence[int]) -> list[bool]:
    """Bring some images up to date: post-process what is waiting, then score."""
    waiting = Label.objects.received().filter(image__in=image_ids)
    for image_id in waiting.order_by("image").values_list("image", flat=True).distinct():
        labels.process_image(image_id)
    done = scores.score_images(image_ids)
    return [image_id in done or scores.score_image(image_id) for image_id in image_ids]


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
        images = sorted(stale)
        together = chunks(images, IMAGES_AT_ONCE)
        done = chain.from_iterable(each(process_and_score, together, options["workers"]))
        scored = sum(self.progress(done, len(images), "Images"))
        distribution.recount(campaign)
        total = AgreementScore.objects.filter(campaign=campaign).count()
        self.stdout.write(f"{scored} images scored; the campaign has {total} scores")
