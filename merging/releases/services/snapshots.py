"""Snapshots: the database rows of an image and its labels, as read at one time."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from labeling.models import Image, Label, Role
from merging.formats.storage.checksums import sha256
from merging.masks.services import merges
from merging.models import MERGE_METHOD, RELEASE_CODE, ImportedMask, MergedMask
from merging.releases.services.build_settings import BuildSettings
from review.models import Rating, images_to_score

#: The columns of an image that a release publishes.
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
    "rover_mask_source",
    "camera_model",
    "scale_bar",
)
#: The other columns that determine the files of an image.
_CONTENT = (
    "product_id",
    "pool",
    "width",
    "height",
    "original",
    "content_sha256",
    "rover_mask",
    "range_mask",
)


@dataclass(frozen=True, slots=True)
class LabelSnapshot:
    """One label that was not rejected, without its polygons.

    Attributes:
        started_at: ISO 8601 in UTC, like `sent_at`; None if unknown.
        source: The source of an imported label; "" if it was drawn here.
        score: Its agreement score, 0..1, from `pairs` of labels; both None without a score.
        ratings: The active ratings of reviewers, 1..5, in ascending order.
    """

    id: uuid.UUID
    version: int
    role: str
    labeler_id: int
    started_at: str | None
    sent_at: str
    source: str
    independent: bool
    score: float | None
    pairs: int | None
    ratings: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """The id and version of the label, as a part stores it."""
        return f"{self.id}:{self.version}"

    def to_json(self) -> list[Any]:
        """Return the form that goes into `ImageSnapshot.inputs`."""
        return [
            str(self.id),
            self.version,
            self.role,
            self.labeler_id,
            self.started_at,
            self.sent_at,
            self.source,
            self.independent,
            self.score,
            self.pairs,
            list(self.ratings),
        ]


@dataclass(frozen=True, slots=True)
class ImportedMaskSnapshot:
    """An imported mask. It is replaced once `replaced_at` labels were drawn here."""

    variant: str
    sha256: str
    labels: int | None
    source: str
    imported_at: str
    replaced_at: int

    def to_json(self) -> list[Any]:
        """Return the form that goes into `ImageSnapshot.inputs`."""
        return [
            self.variant,
            self.sha256,
            self.labels,
            self.source,
            self.imported_at,
            self.replaced_at,
        ]


@dataclass(frozen=True, slots=True)
class ImageSnapshot:
    """One image and its labels, without polygons and pixels.

    Attributes:
        id: Its primary key, which no release contains.
        original: The stored file of the frame, "" for none; likewise for the masks.
        metadata: The published columns: METADATA by column.
        is_waiting: Whether some labels are not post-processed or scored yet.
    """

    id: int
    product_id: str
    pool: str
    width: int
    height: int
    original: str
    content_sha256: str
    rover_mask: str
    range_mask: str
    metadata: Mapping[str, Any]
    labels: tuple[LabelSnapshot, ...] = ()
    imported: tuple[ImportedMaskSnapshot, ...] = ()
    is_waiting: bool = False

    @property
    def split(self) -> str:
        """The split: "test" for gold, "train" for labeled or imported crowd images, else "".

        An empty label counts as a label.
        """
        if self.pool == Image.Pool.GOLD:
            return "test"
        has_label = any(label.role == Role.CROWD for label in self.labels)
        has_mask = any(each.variant == MergedMask.Variant.TRAIN for each in self.imported)
        return "train" if has_label or has_mask else ""

    def to_json(self) -> list[Any]:
        """Return everything that goes into `inputs`: the image, its labels, its imported masks."""
        content = {name: getattr(self, name) for name in _CONTENT}
        return [
            {**content, **self.metadata},
            [label.to_json() for label in self.labels],
            [mask.to_json() for mask in self.imported],
        ]

    def inputs(self, settings: BuildSettings) -> str:
        """Return the SHA-256 of everything that determines the image's files in a release."""
        content = self.to_json()
        if (stem := settings.stems.get(self.product_id)) is not None:
            content.append(stem)
        made_from = [RELEASE_CODE, MERGE_METHOD, settings.to_json(), *content]
        return sha256(json.dumps(made_from, sort_keys=True, default=str).encode())


def take(image_ids: Collection[int]) -> dict[int, ImageSnapshot]:
    """Return snapshots of images by primary key, with five queries for any number of images."""
    images = Image.objects.filter(pk__in=image_ids).with_rover_mask_source()
    rows = list(images.values("pk", *_CONTENT, *METADATA))
    waiting = set(images_to_score().filter(pk__in=image_ids).values_list("pk", flat=True))
    labels: dict[int, list[LabelSnapshot]] = {}
    for image_id, is_received, label in _labels_of(image_ids):
        labels.setdefault(image_id, []).append(label)
        if is_received:
            waiting.add(image_id)
    imported = _imported_masks_of(image_ids)
    return {
        row["pk"]: ImageSnapshot(
            id=row["pk"],
            **{name: row[name] for name in _CONTENT},
            metadata={name: without_negative_zeros(row[name]) for name in METADATA},
            labels=tuple(labels.get(row["pk"], ())),
            imported=tuple(imported.get(row["pk"], ())),
            is_waiting=row["pk"] in waiting,
        )
        for row in rows
    }


def _labels_of(image_ids: Collection[int]) -> Iterator[tuple[int, bool, LabelSnapshot]]:
    """Yield the labels of images, in order, as (image id, whether the label is waiting, label)."""
    rows = Label.objects.filter(image__in=image_ids).exclude(status=Label.Status.REJECTED)
    found = list(
        rows.order_by("pk").values(
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
        )
    )
    active = Rating.objects.active().filter(label__image__in=image_ids)
    ratings: dict[uuid.UUID, list[int]] = {}
    for label_id, value in active.order_by("value").values_list("label", "value"):
        ratings.setdefault(label_id, []).append(value)
    for row in found:
        label = LabelSnapshot(
            id=row["pk"],
            version=row["version"],
            role=row["role"],
            labeler_id=row["labeler"],
            started_at=None if row["started_at"] is None else utc_text(row["started_at"]),
            sent_at=utc_text(row["sent_at"]),
            source=row["import_source"],
            independent=row["independent"],
            score=row["agreement__score"],
            pairs=row["agreement__pairs"],
            ratings=tuple(ratings.get(row["pk"], ())),
        )
        yield row["image"], row["status"] == Label.Status.RECEIVED, label


def _imported_masks_of(image_ids: Collection[int]) -> dict[int, list[ImportedMaskSnapshot]]:
    """Return the imported masks of images, by the image's primary key."""
    found: dict[int, list[ImportedMaskSnapshot]] = {}
    masks = ImportedMask.objects.filter(image__in=image_ids).select_related("image__campaign")
    for mask in masks.order_by("image", "variant"):
        role = Role.CROWD if mask.variant == MergedMask.Variant.TRAIN else Role.EXPERT
        snapshot = ImportedMaskSnapshot(
            variant=mask.variant,
            sha256=mask.sha256,
            labels=mask.labels,
            source=mask.source,
            imported_at=utc_text(mask.imported_at),
            replaced_at=merges.required_labels(mask.image, role),
        )
        found.setdefault(mask.image_id, []).append(snapshot)
    return found


def without_negative_zeros(value: Any) -> Any:
    """Return JSON without -0.0, which SQLite keeps and PostgreSQL does not.

    Polygons are stored without it already (`terrain.geometry.regions.regions_to_json`).
    """
    if isinstance(value, dict):
        return {key: without_negative_zeros(each) for key, each in value.items()}
    if isinstance(value, list):
        return [without_negative_zeros(each) for each in value]
    # Adding 0 makes 0.0 of -0.0 and changes no other number.
    return value + 0 if isinstance(value, float) else value


def utc_text(moment: datetime) -> str:
    """Return a time as releases write it: ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat()
