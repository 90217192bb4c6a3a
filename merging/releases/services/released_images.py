"""The content of a release for one image: its labels, masks, and frame."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.db.models.fields.files import FieldFile

from labeling.annotation.services import postprocessing
from labeling.annotation.services.postprocessing import StoredMask
from labeling.images.preparation.pictures import png_bytes
from labeling.models import Image, Label
from merging.formats.contents.facts import Import, ReleasedImage, ReleasedLabel
from merging.formats.contents.raw_labels import pseudonym
from merging.formats.exports import layers
from merging.formats.tree import ai4mars_tree
from merging.masks.services import methods
from merging.masks.services.rasterized import Rasterized
from merging.models import ImportedMask
from merging.releases.services import empty_masks
from merging.releases.services.build_settings import BuildSettings
from merging.releases.services.snapshots import ImageSnapshot, LabelSnapshot, utc_text
from terrain.aggregation.methods import MergeMethod
from terrain.postprocess import Mask


@dataclass(frozen=True, slots=True)
class ImageContent:
    """The content of a release for one image.

    `pngs` are its mask files by `ReleasedImage.paths` key.
    """

    image: ReleasedImage
    pngs: Mapping[str, bytes]


@dataclass(slots=True)
class _MergedMasks:
    """The merged masks of an image by variant, and their PNG files.

    Attributes:
        masks: The masks, uint8 (height, width).
        pngs: The masks as PNG.
        labelers: The number of labels they were merged from; None if unknown.
        imported: The variants that were imported and not merged.
        source: The last imported mask.
    """

    masks: dict[str, Mask] = field(default_factory=dict)
    pngs: dict[str, bytes] = field(default_factory=dict)
    labelers: int | None = 0
    imported: list[str] = field(default_factory=list)
    source: ImportedMask | None = None


def content_of(snapshot: ImageSnapshot, settings: BuildSettings) -> ImageContent:
    """Return the content of a release for an image whose labels are post-processed and scored.

    Masks are merged first if their labels changed.

    Raises:
        FileNotFoundError: A file of the image is missing.
        MergeRefused: The labels cannot be merged by this method.
        LookupError: The layout has no place for the image.
    """
    image = Image.objects.select_related("campaign").get(pk=snapshot.id)
    home = ai4mars_tree.camera_paths(settings.layout, image.rover, image.camera)
    if home is None:
        raise LookupError(f"Layout {settings.layout} has no place for {image.product_id}.")
    # Rejected labels too: one may have been rejected after the snapshot.
    read = list(image.labels.order_by("pk"))
    rover, beyond = _mask_or_zeros(image, image.rover_mask), _mask_or_zeros(image, image.range_mask)
    codes = tuple(each.code for each in settings.classes)
    rasterized = Rasterized(image, read, rover.removes | beyond.removes, codes)
    merged = _merged(rasterized, settings.method) if snapshot.split else _MergedMasks()
    pngs = {"rover_mask": rover.png, "range_mask": beyond.png, **merged.pngs}
    paths = ai4mars_tree.paths(
        home,
        settings.stem_of(image.product_id),
        is_gold=image.pool == Image.Pool.GOLD,
        labelers=merged.labelers,
    )
    by_id = {label.pk: label for label in read}
    # The labels of an imported mask are not stored here.
    has_layers = snapshot.split and layers.NAME in settings.formats and merged.source is None
    released = ReleasedImage(
        product_id=image.product_id,
        split=snapshot.split,
        width=image.width,
        height=image.height,
        frame=_frame_of(image),
        masks=merged.masks,
        rover_mask=rover.removes.view(np.uint8),
        range_mask=beyond.removes.view(np.uint8),
        labels=tuple(_label(each, by_id, settings.pseudonym_key) for each in snapshot.labels),
        paths={key: where[0] for key, where in paths.items() if key in pngs or key == "frame"},
        metadata={name: _plain(value) for name, value in snapshot.metadata.items()},
        layers=methods.rasterized_layers(rasterized, settings.method) if has_layers else None,
        merged_labels=merged.labelers if snapshot.split else None,
        imports=(*_imported_labels(snapshot), *_imported_mask(merged.source)),
        empty=empty_masks.reasons(rasterized, merged.masks, settings.method, read, merged.imported),
    )
    return ImageContent(released, pngs)


def _merged(rasterized: Rasterized, method: MergeMethod) -> _MergedMasks:
    found = _MergedMasks()
    for variant, merged in methods.merge(rasterized, method).items():
        found.labelers = merged.stored.labelers
        found.source = merged.imported
        if merged.imported is not None:
            found.imported.append(variant)
        found.masks[variant], found.pngs[variant] = merged.content()
    return found


def _plain(value: Any) -> Any:
    return utc_text(value) if isinstance(value, datetime) else value


def _imported_labels(snapshot: ImageSnapshot) -> Iterator[Import]:
    """Yield the imported labels of the image, counted by source and day."""
    counts = Counter(
        (label.source, label.sent_at[: len("2026-11-30")]) for label in snapshot.labels
    )
    for (source, day), count in sorted(counts.items()):
        if source:
            yield Import("labels", source, day, count)


def _imported_mask(mask: ImportedMask | None) -> Iterator[Import]:
    if mask is not None:
        day = mask.imported_at.astimezone(UTC).date().isoformat()
        yield Import("mask", mask.source, day, mask.labels)


def _label(label: LabelSnapshot, by_id: Mapping[uuid.UUID, Label], key: str) -> ReleasedLabel:
    row = by_id[label.id]
    return ReleasedLabel(
        labeler=pseudonym(key, label.labeler_id),
        role=label.role,
        version=label.version,
        started_at=label.started_at,
        sent_at=label.sent_at,
        score=label.score,
        pairs=label.pairs or 0,
        ratings=label.ratings,
        polygons=row.polygons,
        source=label.source,
        independent=label.independent,
        is_empty=row.status == Label.Status.EMPTY,
    )


def _frame_of(image: Image) -> bytes:
    try:
        with image.original.open("rb") as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"The frame of {image.product_id} is missing: {image.original.name}. Restore it from a "
            "backup. check_files lists all missing files."
        ) from error


def _mask_or_zeros(image: Image, file: FieldFile) -> StoredMask:
    """Return a mask of an image. A missing mask is all zeros: loaders need one for every image."""
    stored = postprocessing.stored_mask(file)
    if stored is not None:
        return stored
    nothing = np.zeros((image.height, image.width), dtype=np.bool_)
    return StoredMask(nothing, png_bytes(nothing))
