"""The parts of a release: one image each, made by workers, and made again only where needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.bulk import chunks
from ai4mars_site.toolkit.jobs import hold
from labeling.models import Campaign, Image
from merging.formats import raw_labels
from merging.formats.exports import EXPORTS
from merging.formats.statistics.counts import CountedImage, counted
from merging.formats.storage.objects import Objects
from merging.formats.tree import ai4mars_tree
from merging.masks.services.weighing import MergeRefused
from merging.models import Release, ReleasePart
from merging.releases.services import snapshots
from merging.releases.services.requests import ReleaseRefused
from merging.releases.services.snapshots import Gathered, State, Terms
from review.scores.services import scores

#: Images whose states are read at once.
CHUNK = 500
#: Images whose states are read together for the workers: not so many that they have to wait.
JOBS_AT_ONCE = 50
#: Labels arrive while an image's part is made; after this many overtakings it is left for the end.
ATTEMPTS = 3
#: Pieces are made before the part that is made of them is written down. None waits this long.
KEPT_ANYWAY = timedelta(days=1)


class Overtaken(ReleaseRefused):
    """An image's labels changed again and again while it was being released."""


def store() -> Objects:
    """Where pieces of releases are kept on this machine."""
    return Objects(Path(settings.AI4MARS_HOME) / "release-objects")


def sweep() -> int:
    """Delete the pieces that no release is made of any more; how many files went."""
    older_than = timezone.now() - KEPT_ANYWAY
    parts = ReleasePart.objects.order_by().only("files", "fragments").iterator(chunk_size=CHUNK)
    wanted = {digest for part in parts for digest, _size in pieces(part)}
    return store().sweep(wanted, older_than)


@dataclass(frozen=True, slots=True)
class Job:
    """One image to be made a part of, small enough to send to another process."""

    state: State
    terms: Terms


def jobs(image_ids: Sequence[int], terms: Terms) -> Iterator[Job]:
    """Work for `make_part`, with the states of images as they are when it is asked for."""
    for chunk in chunks(image_ids, JOBS_AT_ONCE):
        states = snapshots.states(chunk)
        yield from (Job(states[image_id], terms) for image_id in chunk)


def make_part(job: Job) -> dict[str, Any]:
    """Make an image's files and fragments, and put them into the store.

    Returns the columns of its `ReleasePart`. Labels that wait for post-processing or for their
    agreement score get it first. Raises ReleaseRefused, and Overtaken of it.
    """
    state, terms = job.state, job.terms
    image_id = state.image["pk"]
    for _attempt in range(ATTEMPTS):
        if state.waiting:
            scores.bring_up_to_date([image_id])
            state = snapshots.states([image_id])[image_id]
        gathered = _gathered(state, terms)
        again = snapshots.states([image_id])[image_id]
        inputs = state.inputs(terms)
        if inputs == again.inputs(terms) and not again.waiting:
            return _written(gathered, state, terms, inputs)
        state = again
    raise Overtaken(
        _(
            "The labels of %(picture)s change all the time. Build again when fewer people are "
            "drawing."
        ),
        picture=state.image["product_id"],
    )


def _gathered(state: State, terms: Terms) -> Gathered:
    try:
        return snapshots.gather(state, terms)
    except FileNotFoundError as error:
        raise ReleaseRefused(
            _(
                "A file of %(picture)s is gone: %(file)s. Bring it back from a backup, or retire "
                "the image; then build again."
            ),
            picture=state.image["product_id"],
            file=error.filename,
        ) from error
    except MergeRefused as refused:
        raise ReleaseRefused(str(refused), "method") from refused


def _written(gathered: Gathered, state: State, terms: Terms, inputs: str) -> dict[str, Any]:
    objects, image = store(), gathered.image
    contents = {"frame": image.frame, **gathered.pngs, "raw": raw_labels.to_bytes(image)}
    home = ai4mars_tree.home_of(terms.layout, state.image["rover"], state.image["camera"])
    assert home is not None, "gathered from it"
    stem = terms.stem_of(image.product_id)
    # A gold frame of MER is in the tree twice.
    places = {key: [path] for key, path in image.paths.items()}
    if image.split == "test":
        places["frame"] += [path.format(id=stem) for path in home.gold_frames]
    places["raw"] = [raw_labels.path_of(stem)]
    files = []
    for key, content in contents.items():
        for path in places.get(key, []):
            files.append([key, path, objects.add(content), len(content)])
    labelers: dict[str, set[str]] = {}
    for label in image.labels:
        if label.source:
            continue
        labelers.setdefault(label.role, set()).add(label.labeler)
    return {
        "product_id": image.product_id,
        "split": image.split,
        "inputs": inputs,
        "files": files,
        "fragments": {
            name: _added(objects, EXPORTS[name].fragment(image, terms.classes))
            for name in terms.formats
        },
        "counted": as_plain(counted(image)),
        "labels": [f"{label[0]}:{label[1]}" for label in state.labels],
        "labelers": {role: sorted(names) for role, names in sorted(labelers.items())},
        "merged_labels": image.merged_labels,
        "imports": [asdict(each) for each in image.imports],
    }


def _added(objects: Objects, content: bytes) -> list[Any]:
    return [objects.add(content), len(content)]


def as_plain(image: CountedImage) -> dict[str, Any]:
    return asdict(image)


def as_counted(plain: dict[str, Any]) -> CountedImage:
    """The inverse of `as_plain`, also after JSON has made all keys strings."""
    pixels = {
        variant: {int(code): count for code, count in counts.items()}
        for variant, counts in plain["pixels"].items()
    }
    return CountedImage(**{**plain, "pixels": pixels})


def stale(release: Release) -> list[int]:
    """The images whose part is missing or no longer true, once others' parts are taken over.

    Parts of images that are no longer in the dataset are taken out.
    """
    campaign, terms, objects = release.campaign, Terms.of(release), store()
    missing: list[int] = []
    seen: set[str] = set()
    for chunk in _chunks(campaign):
        states = snapshots.states(chunk)
        names = {state.image["product_id"]: pk for pk, state in states.items()}
        seen |= names.keys()
        inputs = {
            name: "" if states[pk].waiting else states[pk].inputs(terms)
            for name, pk in names.items()
        }
        parts = release.parts.filter(product_id__in=names)
        own = {
            part.product_id: part
            for part in parts.only("release", "product_id", "inputs", "files", "fragments")
        }
        wanted = [
            name
            for name, part_inputs in inputs.items()
            if name not in own
            or own[name].inputs != part_inputs
            or not is_whole(own[name], objects)
        ]
        others = ReleasePart.objects.filter(
            release__campaign=campaign, inputs__in=[inputs[name] for name in wanted]
        ).exclude(release=release)
        known = {part.product_id: part for part in others if is_whole(part, objects)}
        save(release, [_copied(known[name]) for name in wanted if name in known])
        missing += [names[name] for name in wanted if name not in known]
    _take_out(release, set(release.parts.values_list("product_id", flat=True)) - seen)
    return missing


@transaction.atomic
def _take_out(release: Release, product_ids: set[str]) -> None:
    hold(release)
    for name in product_ids:
        release.parts.filter(product_id=name).delete()


def _chunks(campaign: Campaign) -> Iterator[list[int]]:
    images = Image.objects.filter(campaign=campaign).in_dataset().order_by("product_id")
    return chunks(images.values_list("pk", flat=True).iterator(chunk_size=CHUNK), CHUNK)


def is_whole(part: ReleasePart, objects: Objects) -> bool:
    """Whether all that the part is made of is in the store, and undamaged as far as sizes tell."""
    return all(objects.has(digest, size) for digest, size in pieces(part))


def pieces(part: ReleasePart) -> Iterator[tuple[str, int | None]]:
    """SHA-256 and bytes of all that a part is made of; None where the bytes are not known."""
    for _kind, _path, digest, size in part.files:
        yield digest, size
    for digest, size in part.fragments.values():
        yield digest, size


def in_order(release: Release, *columns: str) -> Iterator[ReleasePart]:
    """A release's parts by product id, with these columns, or with all.

    Sorted here and not by the database: each has its own idea of the order of texts, and a
    release must be the same to the byte on all of them.
    """
    ids = [pk for _product, pk in sorted(release.parts.order_by().values_list("product_id", "pk"))]
    for chunk in chunks(ids, CHUNK):
        parts = ReleasePart.objects.only(*columns).in_bulk(chunk)
        yield from (parts[pk] for pk in chunk)


_COLUMNS = (
    *("split", "inputs", "files", "fragments", "counted"),
    *("labels", "labelers", "merged_labels", "imports"),
)


def _copied(part: ReleasePart) -> dict[str, Any]:
    return {name: getattr(part, name) for name in ("product_id", *_COLUMNS)}


@transaction.atomic
def save(release: Release, made: list[dict[str, Any]]) -> None:
    """Write finished parts of a claimed release down, in place of older ones of the same images.

    Raises ClaimLost; then none is written.
    """
    if not made:
        return
    hold(release)
    ReleasePart.objects.bulk_create(
        [ReleasePart(release=release, **columns) for columns in made],
        update_conflicts=True,
        unique_fields=("release", "product_id"),
        update_fields=_COLUMNS,
    )
