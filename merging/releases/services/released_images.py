"""Everything that a release holds of one image: its labels, its masks, its frame."""

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
    """Everything a release holds of an image, and the PNGs of its masks.

    `pngs` are by the keys of `ReleasedImage.paths`.
    """

    image: ReleasedImage
    pngs: Mapping[str, bytes]


@dataclass(slots=True)
class _MergedMasks:
    """The merged masks of an image by variant, and their PNGs.

    `labelers` is how many labels they were merged from, None where that is not known; `imported`
    are the variants that were imported and not merged, `source` the last of their masks.
    """

    masks: dict[str, Mask] = field(default_factory=dict)
    pngs: dict[str, bytes] = field(default_factory=dict)
    labelers: int | None = 0
    imported: list[str] = field(default_factory=list)
    source: ImportedMask | None = None


def content_of(snapshot: ImageSnapshot, settings: BuildSettings) -> ImageContent:
    """Return what a release holds of an image whose labels are post-processed and scored.

    The masks are merged now where their labels have changed.

    Raises:
        FileNotFoundError: A file of the image is gone.
        MergeRefused: The labels cannot be merged by this method.
        LookupError: The layout has no place for the image.
    """
    image = Image.objects.select_related("campaign").get(pk=snapshot.id)
    home = ai4mars_tree.home_of(settings.layout, image.rover, image.camera)
    if home is None:
        raise LookupError(f"Layout {settings.layout} has no place for {image.product_id}.")
    # Rejected ones too: one may have become so since the snapshot.
    read = list(image.labels.order_by("pk"))
    rover, beyond = _removing(image, image.rover_mask), _removing(image, image.range_mask)
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
    # An imported mask rests on labels that are not here.
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
        layers=methods.layers_from(rasterized, settings.method) if has_layers else None,
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
    """Yield the image's labels that were imported, counted by source and day."""
    counts = Counter(
        (label.source, label.sent_at[: len("2026-11-30")]) for label in snapshot.labels
    )
    for (source, day), count in sorted(counts.items()):
        if source:
            yield Import("labels", source, day, count)


def _imported_mask(given: ImportedMask | None) -> Iterator[Import]:
    if given is not None:
        day = given.imported_at.astimezone(UTC).date().isoformat()
        yield Import("mask", given.source, day, given.labels)


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
            f"The picture of {image.product_id} is not there: {image.original.name}. Bring it back "
            "from a backup; check_files lists all that is missing."
        ) from error


def _removing(image: Image, file: FieldFile) -> StoredMask:
    """Return a mask of an image: loaders rely on one for every image, so none is one of zeros."""
    stored = postprocessing.stored_mask(file)
    if stored is not None:
        return stored
    nothing = np.zeros((image.height, image.width), dtype=np.bool_)
    return StoredMask(nothing, png_bytes(nothing))
