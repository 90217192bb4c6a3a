from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from ai4mars_site.toolkit.bulk import each
from ai4mars_site.toolkit.commands import BulkCommand
from labeling.management.arguments import campaign_of
from merging.masks.services import merges


def merge(image_id: int) -> int:
    """Merge one image and return the number of its masks."""
    return len(merges.merge_image(image_id))


class Command(BulkCommand):
    help = (
        "Merge the labels of a campaign's images, pixel by pixel: the crowd's into train masks, "
        "the experts' into the three gold masks. Only changed images are merged again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--campaign", required=True, metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_of(options["campaign"])
        images = list(merges.mergeable(campaign).values_list("pk", flat=True))
        counts = self.progress(each(merge, images, options["workers"]), len(images), "Images")
        self.stdout.write(f"{len(images)} images have {sum(counts)} merged masks")
