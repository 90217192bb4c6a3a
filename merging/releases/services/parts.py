"""The parts of a release, one for each image. Workers make them, and remake stale ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.bulk import chunks
from ai4mars_site.toolkit.jobs import hold
from labeling.models import Campaign, Image
from merging.formats.contents import raw_labels
from merging.formats.contents.facts import ReleasedImage
from merging.formats.exports import EXPORTS
from merging.formats.statistics.counts import counted
from merging.formats.storage.objects import Objects
from merging.formats.tree import ai4mars_tree
from merging.masks.services.weighing import MergeRefused
from merging.models import Release, ReleasePart
from merging.releases.services import snapshots
from merging.releases.services.build_settings import BuildSettings
from merging.releases.services.part_records import COLUMNS, PartFile, PartRecord, Piece, pieces_of
from merging.releases.services.released_images import ImageContent, content_of
from merging.releases.services.requests import ReleaseRefused
from merging.releases.services.snapshots import ImageSnapshot
from review.scores.services import scores

#: The number of images whose snapshots are taken at once.
CHUNK = 500
#: The number of images whose snapshots are taken at once for workers, so that they need not wait.
JOBS_AT_ONCE = 50
#: How often a part is made if labels arrive meanwhile. Then the build of the release fails.
ATTEMPTS = 3
#: Pieces are stored before their part is saved. Unused pieces are kept for this time.
MIN_AGE = timedelta(days=1)


class Overtaken(ReleaseRefused):
    """The labels of an image changed repeatedly while its part was made."""


def store() -> Objects:
    """Return this machine's store of the pieces of releases."""
    return Objects(Path(settings.AI4MARS_HOME) / "release-objects")


def delete_unused_pieces() -> int:
    """Delete the pieces that no release uses. Return how many files were deleted."""
    older_than = timezone.now() - MIN_AGE
    parts = ReleasePart.objects.order_by().only("files", "fragments").iterator(chunk_size=CHUNK)
    used = {piece.sha256 for part in parts for piece in pieces_of(part)}
    return store().sweep(used, older_than)


@dataclass(frozen=True, slots=True)
class Job:
    """The input for making the part of one image; small enough to send to another process."""

    snapshot: ImageSnapshot
    settings: BuildSettings


def jobs(image_ids: Sequence[int], settings: BuildSettings) -> Iterator[Job]:
    """Yield jobs for `make_part`.

    The snapshots of images are taken when their jobs are requested.
    """
    for chunk in chunks(image_ids, JOBS_AT_ONCE):
        found = snapshots.take(chunk)
        yield from (Job(found[image_id], settings) for image_id in chunk)


def make_part(job: Job) -> PartRecord:
    """Make the files and fragments of an image and put them into the store.

    Labels that await post-processing or scoring are processed and scored first.

    Raises:
        ReleaseRefused: A file is missing, or the labels cannot be merged by this method.
        Overtaken: The labels changed repeatedly while the part was made.
    """
    snapshot, settings = job.snapshot, job.settings
    for _attempt in range(ATTEMPTS):
        if snapshot.is_waiting:
            scores.update_images([snapshot.id])
            snapshot = snapshots.take([snapshot.id])[snapshot.id]
        content = _content_of(snapshot, settings)
        again = snapshots.take([snapshot.id])[snapshot.id]
        inputs = snapshot.inputs(settings)
        if inputs == again.inputs(settings) and not again.is_waiting:
            return _stored(content, snapshot, settings, inputs)
        snapshot = again
    raise Overtaken(
        _(
            "The labels of %(picture)s changed repeatedly during the build. Build again when "
            "fewer people are labeling."
        ),
        picture=snapshot.product_id,
    )


def _content_of(snapshot: ImageSnapshot, settings: BuildSettings) -> ImageContent:
    try:
        return content_of(snapshot, settings)
    except FileNotFoundError as error:
        raise ReleaseRefused(
            _(
                "A file of %(picture)s is missing: %(file)s. Restore it from a backup, or retire "
                "the image. Then build again."
            ),
            picture=snapshot.product_id,
            file=error.filename,
        ) from error
    except MergeRefused as refused:
        raise ReleaseRefused(str(refused), "method") from refused


def _stored(
    content: ImageContent, snapshot: ImageSnapshot, settings: BuildSettings, inputs: str
) -> PartRecord:
    """Put the files and fragments of an image into the store and return their record."""
    objects, image = store(), content.image
    return PartRecord(
        product_id=image.product_id,
        split=image.split,
        inputs=inputs,
        files=tuple(_stored_files(objects, content, settings)),
        fragments={
            name: _added(objects, EXPORTS[name].fragment(image, settings.classes))
            for name in settings.formats
        },
        counted=counted(image),
        labels=tuple(label.key for label in snapshot.labels),
        labelers=_labelers_of(image),
        merged_labels=image.merged_labels,
        imports=image.imports,
    )


def _stored_files(
    objects: Objects, content: ImageContent, settings: BuildSettings
) -> Iterator[PartFile]:
    image = content.image
    files = {"frame": image.frame, **content.pngs, "raw": raw_labels.to_bytes(image)}
    metadata = image.metadata
    home = ai4mars_tree.camera_paths(settings.layout, metadata["rover"], metadata["camera"])
    assert home is not None, "the image has a place in the layout"
    stem = settings.stem_of(image.product_id)
    # The tree has two copies of a gold frame of MER.
    places = {key: [path] for key, path in image.paths.items()}
    if image.split == "test":
        places["frame"] += [path.format(id=stem) for path in home.gold_frames]
    places["raw"] = [raw_labels.path_of(stem)]
    for key, file in files.items():
        for path in places.get(key, []):
            yield PartFile(key, path, objects.add(file), len(file))


def _labelers_of(image: ReleasedImage) -> dict[str, tuple[str, ...]]:
    """Return the pseudonyms of the people who labeled an image here, by role."""
    found: dict[str, set[str]] = {}
    for label in image.labels:
        if not label.source:
            found.setdefault(label.role, set()).add(label.labeler)
    return {role: tuple(sorted(names)) for role, names in sorted(found.items())}


def _added(objects: Objects, content: bytes) -> Piece:
    return Piece(objects.add(content), len(content))


def update_stale_parts(release: Release) -> list[int]:
    """Return the images whose part is missing or stale and must be made.

    Parts of other releases with the same inputs are copied first. Parts of images that are no
    longer in the dataset are deleted.
    """
    campaign, settings, objects = release.campaign, BuildSettings.of(release), store()
    missing: list[int] = []
    seen: set[str] = set()
    for chunk in _chunks(campaign):
        found = snapshots.take(chunk)
        names = {snapshot.product_id: pk for pk, snapshot in found.items()}
        seen |= names.keys()
        inputs = {
            name: "" if found[pk].is_waiting else found[pk].inputs(settings)
            for name, pk in names.items()
        }
        parts = release.parts.filter(product_id__in=names)
        own = {
            part.product_id: part
            for part in parts.only("release", "product_id", "inputs", "files", "fragments")
        }
        needed = [
            name
            for name, part_inputs in inputs.items()
            if name not in own
            or own[name].inputs != part_inputs
            or not is_complete(own[name], objects)
        ]
        others = ReleasePart.objects.filter(
            release__campaign=campaign, inputs__in=[inputs[name] for name in needed]
        ).exclude(release=release)
        reusable = {part.product_id: part for part in others if is_complete(part, objects)}
        save(release, [PartRecord.of(reusable[name]) for name in needed if name in reusable])
        missing += [names[name] for name in needed if name not in reusable]
    _delete_parts(release, set(release.parts.values_list("product_id", flat=True)) - seen)
    return missing


@transaction.atomic
def _delete_parts(release: Release, product_ids: set[str]) -> None:
    hold(release)
    for name in product_ids:
        release.parts.filter(product_id=name).delete()


def _chunks(campaign: Campaign) -> Iterator[list[int]]:
    images = Image.objects.filter(campaign=campaign).in_dataset().order_by("product_id")
    return chunks(images.values_list("pk", flat=True).iterator(chunk_size=CHUNK), CHUNK)


def is_complete(part: ReleasePart, objects: Objects) -> bool:
    """Return whether the store has all pieces of the part, with the right sizes."""
    return all(objects.has(piece.sha256, piece.size) for piece in pieces_of(part))


def in_order(release: Release, *columns: str) -> Iterator[ReleasePart]:
    """Yield the parts of a release by product id, with these columns, or with all.

    Python sorts them, since databases differ in how they sort text. A release must have the same
    bytes with each of them.
    """
    ids = [pk for _product, pk in sorted(release.parts.order_by().values_list("product_id", "pk"))]
    for chunk in chunks(ids, CHUNK):
        parts = ReleasePart.objects.only(*columns).in_bulk(chunk)
        yield from (parts[pk] for pk in chunk)


@transaction.atomic
def save(release: Release, made: Sequence[PartRecord]) -> None:
    """Save finished parts of a claimed release, replacing older ones of the same images.

    Raises:
        ClaimLost: Another builder has the claim. Nothing is saved.
    """
    if not made:
        return
    hold(release)
    ReleasePart.objects.bulk_create(
        [ReleasePart(release=release, **record.to_json()) for record in made],
        update_conflicts=True,
        unique_fields=("release", "product_id"),
        update_fields=[name for name in COLUMNS if name != "product_id"],
    )
