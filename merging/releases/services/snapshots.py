"""What a release takes from the database, image by image."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.db.models.fields.files import FieldFile

from labeling.annotation.services import postprocessing
from labeling.annotation.services.postprocessing import StoredMask
from labeling.images.ingest.product_ids import file_stem, file_stems
from labeling.images.pictures import png_bytes
from labeling.models import Image, Label, Role
from merging.formats.contents import Import, ReleasedClass, ReleasedImage, ReleasedLabel
from merging.formats.exports import layers
from merging.formats.raw_labels import pseudonym
from merging.formats.storage.checksums import sha256
from merging.formats.tree import ai4mars_tree
from merging.masks.services import merges, methods
from merging.masks.services.rasterized import Rasterized
from merging.models import MERGE_METHOD, RELEASE_CODE, ImportedMask, MergedMask, Release
from merging.releases.services import empty_masks, requests
from review.models import Rating, images_to_score
from terrain.aggregation.methods import MergeMethod
from terrain.postprocess import Mask

#: Of an image, what a release tells of it.
METADATA = (
    "rover",
    "camera",
    "eye",
    "sol",
    "start_time",
    "site",
    "drive",
    "sequence",
    "orbital_class",
    "range_source",
    "range_map_source",
    "camera_model",
    "scale_bar",
)


@dataclass(frozen=True, slots=True)
class Terms:
    """What all images of a release have in common, small enough to send to other processes."""

    layout: str
    method: MergeMethod
    formats: tuple[str, ...]
    classes: tuple[ReleasedClass, ...]
    pseudonym_key: str
    #: Of the images whose files cannot be named by their ids alone, see `product_ids.file_stems`.
    stems: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(release: Release) -> Terms:
        images = Image.objects.filter(campaign=release.campaign_id).in_dataset()
        return Terms(
            release.layout,
            requests.method_of(release),
            tuple(release.formats),
            classes_of(release),
            release.pseudonym_key,
            file_stems(images.order_by().values_list("product_id", flat=True)),
        )

    def stem_of(self, product_id: str) -> str:
        """How the files of an image are named."""
        return self.stems.get(product_id) or file_stem(product_id)

    def plain(self) -> list[Any]:
        """All that decides on bytes, without the secret itself."""
        classes = [[c.code, c.name, c.color] for c in self.classes]
        key = sha256(self.pseudonym_key.encode())
        return [self.layout, self.method.to_json(), sorted(self.formats), classes, key]


def classes_of(release: Release) -> tuple[ReleasedClass, ...]:
    """The taxonomy of a release, by code."""
    return tuple(ReleasedClass(*row) for row in release.classes)


@dataclass(slots=True)
class State:
    """An image and its labels as the database has them now, without polygons and pixels.

    `labels` are [id, version, role, labeler id, started, sent, source, independent, score, pairs,
    ratings];
    `imported` are [variant, SHA-256, labels, source, when, the number of labels that replaces it]
    of its imported masks. `waiting` says that some labels are not post-processed or scored yet, so
    that nothing can be said of them.
    """

    image: dict[str, Any]
    labels: list[list[Any]] = field(default_factory=list)
    imported: list[list[Any]] = field(default_factory=list)
    waiting: bool = False

    @property
    def split(self) -> str:
        """ "test" for gold; "train" for a crowd image with a label or an imported mask; else "".

        A label that is empty is one.
        """
        if self.image["pool"] == Image.Pool.GOLD:
            return "test"
        has_label = any(label[2] == Role.CROWD for label in self.labels)
        has_mask = any(each[0] == MergedMask.Variant.TRAIN for each in self.imported)
        return "train" if has_label or has_mask else ""

    def inputs(self, terms: Terms) -> str:
        """SHA-256 of all that decides on the bytes of the image's files in a release."""
        image = {name: value for name, value in self.image.items() if name != "pk"}
        said = [image, self.labels, self.imported]
        if (stem := terms.stems.get(self.image["product_id"])) is not None:
            said.append(stem)
        made_from = [RELEASE_CODE, MERGE_METHOD, terms.plain(), *said]
        return sha256(json.dumps(made_from, sort_keys=True, default=str).encode())


_COLUMNS = (
    "pk",
    "product_id",
    "pool",
    "width",
    "height",
    "original",
    "content_sha256",
    "rover_mask",
    "range_mask",
    *METADATA,
)


def states(image_ids: Collection[int]) -> dict[int, State]:
    """The states of some images: five queries, however many they are."""
    rows_of_images = Image.objects.filter(pk__in=image_ids).values(*_COLUMNS)
    found = {row["pk"]: State(as_everywhere(row)) for row in rows_of_images}
    for image_id in images_to_score().filter(pk__in=image_ids).values_list("pk", flat=True):
        found[image_id].waiting = True
    labels: dict[uuid.UUID, list[Any]] = {}
    said: list[Any]
    rows = Label.objects.filter(image__in=image_ids).exclude(status=Label.Status.REJECTED)
    for image_id, status, *said in rows.order_by("pk").values_list(
        "image",
        "status",
        "pk",
        "version",
        "role",
        "labeler",
        "started_at",
        "sent_at",
        "import_source",
        "independent",
        "agreement__score",
        "agreement__pairs",
    ):
        if status == Label.Status.RECEIVED:
            found[image_id].waiting = True
        name, version, role, labeler, started_at, sent_at, *known = said
        label = [str(name), version, role, labeler, _time(started_at), _time(sent_at), *known]
        labels[name] = [*label, []]
        found[image_id].labels.append(labels[name])
    ratings = Rating.objects.standing().filter(label__image__in=image_ids)
    for label_id, value in ratings.order_by("value").values_list("label", "value"):
        if label_id in labels:
            labels[label_id][-1].append(value)
    masks = ImportedMask.objects.filter(image__in=image_ids).select_related("image__campaign")
    for mask in masks.order_by("image", "variant"):
        role = Role.CROWD if mask.variant == MergedMask.Variant.TRAIN else Role.EXPERT
        told = [mask.variant, mask.sha256, mask.labels, mask.source, _time(mask.imported_at)]
        found[mask.image_id].imported.append([*told, merges.wanted_labels(mask.image, role)])
    return found


def as_everywhere(value: Any) -> Any:
    """JSON as every database gives it back: PostgreSQL knows no -0.0, SQLite keeps it.

    Polygons need it not: they are stored without (`terrain.geometry.regions.regions_to_json`).
    """
    if isinstance(value, dict):
        return {key: as_everywhere(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_everywhere(each) for each in value]
    # Added to 0, -0.0 is 0.0, and all else is what it was.
    return value + 0 if isinstance(value, float) else value


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything a release holds of an image, and the PNGs of its masks.

    `pngs` are by the keys of `ReleasedImage.paths`.
    """

    image: ReleasedImage
    pngs: Mapping[str, bytes]


def gather(state: State, terms: Terms) -> Gathered:
    """What a release holds of an image whose labels are post-processed and scored.

    The masks are merged now where their labels have changed. Raises FileNotFoundError, and
    MergeRefused.
    """
    image = Image.objects.select_related("campaign").get(pk=state.image["pk"])
    home = ai4mars_tree.home_of(terms.layout, image.rover, image.camera)
    if home is None:
        raise LookupError(f"Layout {terms.layout} has no place for {image.product_id}.")
    # Rejected ones too: one may have become so since the state was read.
    read = list(image.labels.order_by("pk"))
    rover, beyond = _removing(image, image.rover_mask), _removing(image, image.range_mask)
    pngs = {"rover_mask": rover.png, "range_mask": beyond.png}
    masks: dict[str, Mask] = {}
    labelers: int | None = 0
    given: ImportedMask | None = None
    imported: list[str] = []
    codes = tuple(each.code for each in terms.classes)
    rasterized = Rasterized(image, read, rover.removes | beyond.removes, codes)
    if state.split:
        for variant, merged in methods.merge(rasterized, terms.method).items():
            labelers = merged.stored.labelers
            given = getattr(merged.stored, "imported", None)
            imported += [variant] if given is not None else []
            masks[variant], pngs[variant] = merged.content()
    paths = ai4mars_tree.paths(
        home,
        terms.stem_of(image.product_id),
        is_gold=image.pool == Image.Pool.GOLD,
        labelers=labelers,
    )
    by_id = {label.pk: label for label in read}
    frame = _frame_of(image)
    released = ReleasedImage(
        product_id=image.product_id,
        split=state.split,
        width=image.width,
        height=image.height,
        frame=frame,
        masks=masks,
        rover_mask=rover.removes.view(np.uint8),
        range_mask=beyond.removes.view(np.uint8),
        labels=tuple(_label(label, by_id, terms.pseudonym_key) for label in state.labels),
        paths={key: where[0] for key, where in paths.items() if key in pngs or key == "frame"},
        metadata={
            name: _time(value) if isinstance(value, datetime) else value
            for name, value in state.image.items()
            if name in METADATA
        },
        layers=(
            methods.layers_from(rasterized, terms.method)
            # An imported mask rests on labels that are not here.
            if state.split and layers.NAME in terms.formats and given is None
            else None
        ),
        merged_labels=labelers if state.split else None,
        imports=(*_imported_labels(state), *_imported_mask(given)),
        empty=empty_masks.reasons(rasterized, masks, terms.method, read, imported),
    )
    return Gathered(released, pngs)


def _imported_labels(state: State) -> Iterator[Import]:
    """The image's labels that were imported, counted by source and day."""
    counts = Counter((label[6], str(label[5])[: len("2026-11-30")]) for label in state.labels)
    for (source, day), count in sorted(counts.items()):
        if source:
            yield Import("labels", source, day, count)


def _imported_mask(given: ImportedMask | None) -> Iterator[Import]:
    if given is not None:
        day = given.imported_at.astimezone(UTC).date().isoformat()
        yield Import("mask", given.source, day, given.labels)


def _label(label: list[Any], by_id: Mapping[uuid.UUID, Label], key: str) -> ReleasedLabel:
    name, version, role, labeler, started_at, sent_at, source, alone, score, pairs, ratings = label
    return ReleasedLabel(
        labeler=pseudonym(key, labeler),
        role=role,
        version=version,
        started_at=started_at,
        sent_at=sent_at,
        score=score,
        pairs=pairs or 0,
        ratings=tuple(ratings),
        polygons=by_id[uuid.UUID(name)].polygons,
        source=source,
        independent=alone,
        is_empty=by_id[uuid.UUID(name)].status == Label.Status.EMPTY,
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
    """A mask of an image; loaders rely on one for every image, so none is one of zeros."""
    stored = postprocessing.stored_mask(file)
    if stored is not None:
        return stored
    nothing = np.zeros((image.height, image.width), dtype=np.bool_)
    return StoredMask(nothing, png_bytes(nothing))
