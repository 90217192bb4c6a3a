"""The ways to merge side by side, on a sample of a campaign's images."""

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

#: Images that are compared: enough to see what differs, few enough to look at.
SAMPLE = 24
#: What is put in order by how much it differs; a label drawn by lot nearly always differs most.
WEIGHED = (Kind.SKILL, Kind.RATINGS, Kind.EM)


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One way to merge beside the campaign's rule, on one image or on several.

    ``counts`` are its pixels by class code, ``difference`` compares it (second) with the rule's
    mask (first).
    """

    kind: Kind
    counts: Mapping[int, int]
    difference: Difference

    @property
    def labeled(self) -> float:
        """The share of the pixels that it labels."""
        return self.difference.second / self.difference.pixels if self.difference.pixels else 0.0

    def share(self, code: int) -> float:
        """The share of a class among the pixels that it labels."""
        total = sum(self.counts.values())
        return self.counts.get(code, 0) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Compared:
    """One image of the sample, merged each way that could be used."""

    image: Image
    results: Mapping[Kind, MethodResult]

    def lowest_match(self, kinds: Collection[Kind]) -> float:
        """How much the way of these that differs most has in common with the rule: 0 to 1."""
        found = [result.difference.match for kind, result in self.results.items() if kind in kinds]
        return min(found, default=1.0)


def compared_methods(campaign: Campaign) -> dict[Kind, MergeMethod]:
    """Each kind once, with the campaign's own minimum and percent."""
    return methods_to_compare(merges.rule_of(campaign))


def sample(campaign: Campaign) -> list[int]:
    """Crowd images with labels enough to merge, chosen by chance once for all.

    Without those that have an imported mask, which no method changes.
    """
    images = campaign.images.in_dataset().filter(
        pool=Image.Pool.CROWD,
        crowd_label_count__gte=campaign.merge_minimum,
        imported_masks=None,
    )
    return nsmallest(SAMPLE, images.values_list("pk", flat=True), key=_random_order)


def _random_order(image_id: int) -> bytes:
    return hashlib.sha256(str(image_id).encode()).digest()


def bring_up_to_date(campaign: Campaign, most: int) -> int:
    """Compare up to ``most`` images of the sample that are not compared as they are now.

    Their labels have changed since, or the campaign's rule. Returns how many are left.
    """
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


def forget(campaign: Campaign) -> None:
    """Compare all anew: ratings or the labelers' skill may have changed, and labels not."""
    MethodComparison.objects.filter(image__campaign=campaign).delete()


def compare(image_id: int) -> None:
    """Merge one image each way, and store how they differ; what cannot be used is left out."""
    image = merges.processed(image_id)
    compared = compared_methods(image.campaign)
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


def worst_first(campaign: Campaign, kinds: Collection[Kind] = WEIGHED) -> list[Compared]:
    """The images of the sample that are compared, those on which the ways differ most first."""
    rows = MethodComparison.objects.filter(
        image__in=sample(campaign), rule=str(merges.rule_of(campaign))
    ).select_related("image")
    found = [Compared(row.image, _results(row.figures)) for row in rows]
    return sorted(found, key=lambda each: (each.lowest_match(kinds), each.image.product_id))


def _results(figures: Mapping[str, Mapping[str, object]]) -> dict[Kind, MethodResult]:
    results = {}
    for kind in Kind:
        if kind.value in figures:
            known = dict(figures[kind.value])
            counts: Mapping[str, int] = known.pop("counts")  # type: ignore[assignment]
            of_class = {int(code): pixels for code, pixels in counts.items()}
            results[kind] = MethodResult(kind, of_class, Difference(**known))  # type: ignore[arg-type]
    return results


def over_all(compared: Sequence[Compared]) -> dict[Kind, MethodResult]:
    """Each way over all these images; only on those where it could be used."""
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
    """The image's mask by this way, as it was last made; None where it never was."""
    method = compared_methods(image.campaign)[kind]
    if kind == Kind.VOTES:
        return image.merged_masks.filter(variant=methods.TRAIN).first()
    return image.alternative_masks.filter(method=methods.name_of(method)).first()
