"""Comparison of the merge methods on a sample of a campaign's images."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from heapq import nsmallest

from django.db.models import F
from django.utils import timezone

from labeling.images.preparation.pictures import read_mask
from labeling.models import Campaign, Image
from merging.masks.services import merges, methods
from merging.masks.services.weighing import MergeRefused
from merging.models import MethodComparison, StoredMerge
from terrain.aggregation.methods import Kind, MergeMethod, methods_to_compare
from terrain.metrics.differences import Difference, difference, sum_differences
from terrain.postprocess import Mask

#: The number of images that are compared: enough to see differences, few enough to look at.
SAMPLE = 24
#: The methods by which images are sorted. A random label nearly always differs most, so it is not
#: among them.
SORTED_BY = (Kind.SKILL, Kind.RATINGS, Kind.EM)


@dataclass(frozen=True, slots=True)
class MethodResult:
    """The result of one merge method compared with the campaign's rule, on one or more images.

    Attributes:
        kind: The kind of the method.
        counts: The labeled pixels by class code.
        difference: The comparison of the rule's mask (first) with the method's mask (second).
    """

    kind: Kind
    counts: Mapping[int, int]
    difference: Difference

    @property
    def labeled(self) -> float:
        """The share of the pixels that this method labels, 0 to 1."""
        return self.difference.second / self.difference.pixels if self.difference.pixels else 0.0

    def share(self, code: int) -> float:
        """Return the share of a class among the pixels that this method labels, 0 to 1."""
        total = sum(self.counts.values())
        return self.counts.get(code, 0) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class ComparedImage:
    """One image of the sample, merged by each method that was available."""

    image: Image
    results: Mapping[Kind, MethodResult]

    def lowest_match(self, kinds: Collection[Kind]) -> float:
        """Return the lowest match of these methods with the rule, 0 to 1; 1 without methods."""
        found = [result.difference.match for kind, result in self.results.items() if kind in kinds]
        return min(found, default=1.0)


def campaign_methods(campaign: Campaign) -> dict[Kind, MergeMethod]:
    """Return a merge method of each kind, with the campaign's minimum and percentage."""
    return methods_to_compare(merges.rule_of(campaign))


def sample(campaign: Campaign) -> list[int]:
    """Return the ids of up to `SAMPLE` random crowd images that have enough labels to merge.

    The choice depends only on the ids, so it does not change between calls. Images with an imported
    mask are excluded, since no method changes that mask.
    """
    images = campaign.images.in_dataset().filter(
        pool=Image.Pool.CROWD,
        crowd_label_count__gte=campaign.merge_minimum,
        imported_masks=None,
    )
    return nsmallest(SAMPLE, images.values_list("pk", flat=True), key=_random_order)


def _random_order(image_id: int) -> bytes:
    return hashlib.sha256(str(image_id).encode()).digest()


def compare_stale_images(campaign: Campaign, most: int) -> int:
    """Compare up to `most` images whose labels or rule changed. Return how many remain."""
    chosen = sample(campaign)
    current = MethodComparison.objects.filter(
        image__in=chosen,
        labels_version=F("image__labels_version"),
        rule=str(merges.rule_of(campaign)),
    )
    done = set(current.values_list("pk", flat=True))
    due = [image_id for image_id in chosen if image_id not in done]
    for image_id in due[:most]:
        compare(image_id)
    return len(due[most:])


def delete_comparisons(campaign: Campaign) -> None:
    """Delete a campaign's comparisons, so that all of its images are compared again.

    This is needed when ratings or the labelers' skill changed and the labels did not.
    """
    MethodComparison.objects.filter(image__campaign=campaign).delete()


def compare(image_id: int) -> None:
    """Merge one image by each method and store the differences.

    Methods that are not available are skipped.
    """
    image = merges.post_processed_image(image_id)
    compared = campaign_methods(image.campaign)
    paper = methods.merge_image(image_id, compared[Kind.VOTES]).get(methods.TRAIN)
    if paper is None:
        return
    rule = _mask(paper)
    figures = {}
    for kind, method in compared.items():
        try:
            stored = methods.merge_image(image_id, method)[methods.TRAIN]
        except MergeRefused:
            continue
        figures[kind.value] = {
            "counts": stored.pixel_counts,
            **asdict(difference(rule, _mask(stored))),
        }
    MethodComparison.objects.update_or_create(
        image=image,
        defaults={
            "labels_version": image.labels_version,
            "rule": str(merges.rule_of(image.campaign)),
            "figures": figures,
            "compared_at": timezone.now(),
        },
    )


def _mask(stored: StoredMerge) -> Mask:
    with stored.mask.open("rb") as file:
        return read_mask(file)


def by_lowest_match(campaign: Campaign, kinds: Collection[Kind] = SORTED_BY) -> list[ComparedImage]:
    """Return the compared images of the sample, those with the lowest match first."""
    rows = MethodComparison.objects.filter(
        image__in=sample(campaign), rule=str(merges.rule_of(campaign))
    ).select_related("image")
    found = [ComparedImage(row.image, _results(row.figures)) for row in rows]
    return sorted(found, key=lambda each: (each.lowest_match(kinds), each.image.product_id))


def _results(figures: Mapping[str, Mapping[str, object]]) -> dict[Kind, MethodResult]:
    results = {}
    for kind in Kind:
        if kind.value in figures:
            stored = dict(figures[kind.value])
            counts: Mapping[str, int] = stored.pop("counts")  # type: ignore[assignment]
            of_class = {int(code): pixels for code, pixels in counts.items()}
            results[kind] = MethodResult(kind, of_class, Difference(**stored))  # type: ignore[arg-type]
    return results


def total_results(compared: Sequence[ComparedImage]) -> dict[Kind, MethodResult]:
    """Return the total result of each method over the images for which it was available."""
    results = {}
    for kind in Kind:
        found = [each.results[kind] for each in compared if kind in each.results]
        if found:
            counts: Counter[int] = Counter()
            for result in found:
                counts.update(result.counts)
            results[kind] = MethodResult(
                kind, counts, sum_differences(result.difference for result in found)
            )
    return results


def stored_mask(image: Image, kind: Kind) -> StoredMerge | None:
    """Return the image's latest stored mask by a kind of method, or None."""
    method = campaign_methods(image.campaign)[kind]
    if kind == Kind.VOTES:
        return image.merged_masks.filter(variant=methods.TRAIN).first()
    return image.alternative_masks.filter(method=methods.method_key(method)).first()
