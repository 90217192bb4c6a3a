"""Import of the finished masks of a release tree. Importing twice changes nothing.

These masks were merged elsewhere. They are stored unchanged and do not count as labels (see
`merges.imported_substitute`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.bulk import each
from ai4mars_site.toolkit.errors import DomainError
from labeling.annotation.services import assignments
from labeling.images.files import keep
from labeling.images.ingest.mask_folders import ImageIds, checked_mask, drop_code_4
from labeling.images.ingest.places import Place
from labeling.images.ingest.products import Refused, UnknownSource
from labeling.images.ingest.rasters import decode_gray, is_bare_gray_png, read_bytes
from labeling.images.preparation.pictures import png_bytes
from labeling.images.services.imports import Outcome
from labeling.models import Campaign, Image
from merging.formats.contents import manifest
from merging.formats.contents.facts import GOLD_VARIANTS
from merging.formats.storage.checksums import sha256
from merging.formats.tree.found_masks import FoundMasks, masks_in
from merging.masks.services import merges
from merging.models import ImportedMask
from terrain.postprocess import pixels_per_class

#: The maximum length of `ImportedMask.source`.
LONGEST_SOURCE = 200

_MASTCAM = "mastcam"


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """Facts from the manifest of a release of this site; empty for any other tree.

    Attributes:
        labels: The number of labels that the masks of an image were merged from, by product id.
        classes: The names of the classes by code.
    """

    labels: Mapping[str, int | None] = field(default_factory=dict)
    classes: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MaskJob:
    """The masks of one image to import, small enough to send to another process."""

    campaign_id: int
    product_id: str | None
    masks: FoundMasks
    labels: int | None
    source: str
    place: Place


def find(place: Place, above: Sequence[str] = ()) -> list[FoundMasks]:
    """Return the finished masks in a place; [] if it is not a release tree.

    Raises:
        UnknownSource: The place cannot be read as a source.
    """
    return masks_in(place.names(), above)


def read_manifest(place: Place) -> ReleaseFacts:
    """Return the facts in the manifest of a place; empty facts without a manifest.

    Raises:
        UnknownSource: The manifest is damaged.
    """
    name = next((name for name in place.names() if name.split("/")[-1] == manifest.NAME), None)
    if name is None:
        return ReleaseFacts()
    try:
        content = json.loads(read_bytes(place.fetch(name)))
        if not {"images", "classes"} <= content.keys():  # a manifest of another tool
            return ReleaseFacts()
        return ReleaseFacts(
            {entry["id"]: entry.get("merged_labels") for entry in content["images"]},
            {int(entry["code"]): entry["name"] for entry in content["classes"]},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnknownSource(f"{name} is damaged: {error}. Download the release again.") from error


def other_classes(campaign: Campaign, facts: ReleaseFacts) -> list[str]:
    """Return a sentence for each class code that has another name in the release than here."""
    names = dict(campaign.terrain_classes.values_list("code", "name"))
    return [
        f"Code {code} is {name} in the release, and {names[code]} in the campaign."
        for code, name in sorted(facts.classes.items())
        if code in names and names[code].casefold() != name.casefold()
    ]


def import_masks(
    actor: Actor,
    campaign: Campaign,
    place: Place,
    found: Sequence[FoundMasks],
    source: str,
    facts: ReleaseFacts | None = None,
    workers: int = 1,
) -> Iterator[Outcome]:
    """Import the masks that were found in a place and yield the outcome for each image.

    Gold images leave the crowd's pool.

    Args:
        actor: In whose name the masks are imported.
        campaign: The campaign whose images the masks belong to.
        place: Where the masks are.
        found: The masks, from `find`.
        source: The display name of the release.
        facts: The facts from the manifest, from `read_manifest`.
        workers: The number of processes.
    """
    facts = facts or ReleaseFacts()
    known = ImageIds(campaign.images.values_list("product_id", flat=True))
    in_manifest = ImageIds(facts.labels)
    jobs = []
    for masks in found:
        listed = in_manifest.find_by_mask_name(masks.stem)
        labels = masks.labels if listed is None else facts.labels[listed]
        product_id = known.find_by_mask_name(masks.stem)
        jobs.append(MaskJob(campaign.pk, product_id, masks, labels, source[:LONGEST_SOURCE], place))
    yield from each(partial(import_image_masks, actor), jobs, workers)


def import_image_masks(actor: Actor, job: MaskJob) -> Outcome:
    """Store all masks of one image, or none, and merge the image again."""
    try:
        image = _image_of(job)
        contents = {
            variant: _content(job.place, path, image) for variant, path in job.masks.paths.items()
        }
        is_new = _store(actor, job, image, contents)
    except DomainError as refused:
        return Outcome(job.masks.name, Outcome.REFUSED, str(refused))
    merges.merge_image(image.pk)
    return Outcome(job.masks.name, Outcome.IMPORTED if is_new else Outcome.PRESENT)


def _image_of(job: MaskJob) -> Image:
    """Return the image that the masks belong to.

    Raises:
        Refused: The campaign has no such image, or the image cannot have these masks.
    """
    if job.product_id is None:
        raise Refused("The campaign has no image of this name. Import the images first.")
    images = Image.objects.select_related("campaign").filter(campaign=job.campaign_id)
    image = images.get(product_id=job.product_id)
    if image.retired_at is not None:
        raise Refused(
            f"The image {image.product_id} was retired from the campaign. Restore it first."
        )
    if image.pool == Image.Pool.PRACTICE:
        raise Refused(
            f"The image {image.product_id} is a practice image, and practice images take no masks."
        )
    if not job.masks.is_gold and image.pool == Image.Pool.GOLD:
        raise Refused(f"The image {image.product_id} is gold, and has no train mask.")
    missing = [name for name in GOLD_VARIANTS if name not in job.masks.paths]
    if job.masks.is_gold and missing:
        raise Refused(f"The masks {', '.join(missing)} of {image.product_id} are missing.")
    return image


@dataclass(frozen=True, slots=True)
class _Content:
    png: bytes
    pixel_counts: dict[str, int]


def _content(place: Place, path: str, image: Image) -> _Content:
    """Read a mask and return the content to store: the file itself if it is a plain gray PNG."""
    content, name = read_bytes(place.fetch(path)), path.rpartition("/")[2]
    delivered = decode_gray(content, name, "PNG", (image.width, image.height))
    codes = image.campaign.class_codes()
    mask = drop_code_4(delivered, codes) if image.camera.startswith(_MASTCAM) else delivered
    checked_mask(mask, name, codes)
    is_plain = mask is delivered and is_bare_gray_png(content)
    counts = {str(code): count for code, count in pixels_per_class(mask).items()}
    return _Content(content if is_plain else png_bytes(mask), counts)


def _store(actor: Actor, job: MaskJob, image: Image, contents: Mapping[str, _Content]) -> bool:
    """Store the masks that are not there yet, files first, rows last.

    Returns:
        False if all masks are there already.

    Raises:
        Refused: The image has another imported mask.
    """
    if _is_present(image, contents, job.labels):
        return False
    columns: list[dict[str, Any]] = []
    for variant, content in contents.items():
        columns.append(
            {
                "variant": variant,
                "mask": keep(image.campaign_id, "imported", content.png, ".png"),
                "sha256": sha256(content.png),
                "labels": job.labels,
                "pixel_counts": content.pixel_counts,
                "source": job.source,
                "imported_at": timezone.now(),
            }
        )
    try:
        with transaction.atomic():
            if job.masks.is_gold:
                assignments.assign_gold(actor, image, [])
            ImportedMask.objects.bulk_create(
                ImportedMask(image=image, **values) for values in columns
            )
    except IntegrityError:
        # Another import stored them at the same time.
        if _is_present(image, contents, job.labels):
            return False
        raise
    return True


def _is_present(image: Image, contents: Mapping[str, _Content], labels: int | None) -> bool:
    present = {
        imported.variant: imported
        for imported in image.imported_masks.filter(variant__in=list(contents))
    }
    for variant, imported in present.items():
        if (imported.sha256, imported.labels) != (sha256(contents[variant].png), labels):
            raise Refused(
                f"{image.product_id} already has another imported mask, from {imported.source}. "
                "It was kept. To import this one, delete the other on the admin pages."
            )
    return len(present) == len(contents)


def remove(actor: Actor, masks: QuerySet[ImportedMask]) -> int:
    """Delete imported masks and return how many there were.

    Their images are merged from labels again.
    """
    return masks.delete()[1].get(ImportedMask._meta.label, 0)
