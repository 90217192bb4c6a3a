"""Importing masks as labels; importing them again changes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.db import transaction

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.bulk import each
from ai4mars_site.toolkit.errors import DomainError
from labeling.annotation.services import assignments, labels
from labeling.images.ingest.mask_folders import ImageIds, MaskFile, mask_candidates, read_mask
from labeling.images.ingest.products import Refused
from labeling.images.services.imports import Outcome
from labeling.models import Campaign, Image, Label, Labeler, Role
from labeling.people.services.labelers import imported_labeler
from terrain.geometry.regions import regions_to_json
from terrain.masks import mask_to_regions

#: Namespace of imported labels' ids, so that a second import finds the label stored.
LABEL_NAMESPACE = uuid.UUID("6ba9f5c4-2f0e-5a86-9f5b-3f3c0a9f0a2e")

LONGEST_LABELER_NAME = 100
LONGEST_SOURCE = 200


@dataclass(frozen=True, slots=True)
class _MaskJob:
    campaign_id: int
    labeler_id: int
    role: str
    file: MaskFile
    product_id: str | None
    source: str


def import_masks(
    actor: Actor,
    campaign: Campaign,
    files: list[MaskFile],
    role: str,
    workers: int = 1,
    source: str = "",
) -> Iterator[Outcome]:
    """Import masks as labels, in `workers` processes; yield the outcome of each.

    Args:
        actor: In whose name the labels are stored.
        campaign: The campaign of their images.
        files: The masks.
        role: The labels' role. With `expert` their images become gold (paper 3.1).
        workers: Number of processes.
        source: The origin of the labels, as named in releases; by default the folder's name.
    """
    for file in files:
        if len(file.labeler) > LONGEST_LABELER_NAME:
            reason = f"A labeler's name may have at most {LONGEST_LABELER_NAME} characters."
            yield Outcome(f"{file.labeler}/{file.path.name}", Outcome.REFUSED, reason)
    taken = [file for file in files if len(file.labeler) <= LONGEST_LABELER_NAME]
    people = {
        name: imported_labeler(campaign, name).pk for name in {file.labeler for file in taken}
    }
    known = ImageIds(campaign.images.values_list("product_id", flat=True))
    jobs = (
        _MaskJob(
            campaign.pk,
            people[file.labeler],
            role,
            file,
            known.find_by_mask_name(file.path.stem),
            (source or file.path.parent.parent.name or "masks")[:LONGEST_SOURCE],
        )
        for file in taken
    )
    yield from each(partial(import_mask, actor), jobs, workers)


def find_masks(source: Path) -> list[MaskFile]:
    """Return the masks of `SOURCE/<labeler>/<image id>.png`. Raise UnknownSource for none."""
    return list(mask_candidates(source))


def import_mask(actor: Actor, job: _MaskJob) -> Outcome:
    """Store a mask as a label whose polygons rasterize back to exactly the same pixels."""
    name = f"{job.file.labeler}/{job.file.path.name}"
    try:
        created = _store_mask(actor, job)
    except DomainError as refused:
        return Outcome(name, Outcome.REFUSED, str(refused))
    return Outcome(name, Outcome.IMPORTED if created else Outcome.PRESENT)


def _store_mask(actor: Actor, job: _MaskJob) -> bool:
    campaign = Campaign.objects.get(pk=job.campaign_id)
    labeler = Labeler.objects.get(pk=job.labeler_id)
    image = campaign.images.filter(product_id=job.product_id).first()
    if image is None:
        raise Refused(f"The campaign has no image {job.file.image_id}. Import the images first.")
    if image.retired_at is not None:
        raise Refused(f"The image {image.product_id} was retired from the campaign.")
    if job.role == Role.CROWD and image.pool == Image.Pool.GOLD:
        raise Refused(f"The image {image.product_id} is gold, so the crowd does not label it.")
    if image.pool == Image.Pool.PRACTICE:
        raise Refused(f"The image {image.product_id} is a practice image, so it takes no labels.")
    mask = read_mask(
        job.file.path,
        image.width,
        image.height,
        campaign.class_codes(),
        is_mastcam=image.camera.startswith("mastcam"),
    )
    regions = mask_to_regions(mask)
    stored = Label.objects.filter(image=image, labeler=labeler).first()
    if stored is not None:
        if stored.role == job.role and stored.polygons == regions_to_json(regions):
            return False
        raise Refused(
            f"{labeler} already has another label on {image.product_id}; it was not changed."
        )
    label_id = uuid.uuid5(LABEL_NAMESPACE, f"{campaign.pk}/{labeler.pk}/{image.product_id}")
    with transaction.atomic():
        if job.role == Role.EXPERT:
            assignments.assign_gold(actor, image, [labeler])
        labels.store(actor, image, labeler, job.role, regions, label_id, import_source=job.source)
    labels.process_image(image.pk)
    return True
