"""Releases: immutable, checksummed trees, built by a command or by a worker."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import IO, Any

from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from ai4mars_site.bulk import each
from labeling.models import Campaign, Image, Role
from merging.methods import MergeMethod
from merging.models import Publishing, Release, ReleasePart
from merging.release import ai4mars_tree, archive, checksums, manifest
from merging.release.contents import FileFact, Fragment, ReleaseFacts
from merging.release.documents import DOCUMENTS
from merging.release.exports import EXPORTS
from merging.release.statistics import Statistics
from merging.services import (
    alternatives,
    claims,
    gathering,
    pseudonyms,
    release_parts,
    statistics,
)
from merging.services.claims import ClaimLost
from merging.services.release_parts import make_part, store

#: A builder that has not been heard of for this long is taken to be dead, and its work is redone.
HEARTBEAT_LIMIT = timedelta(minutes=2)
#: How often a builder says that it is alive, and how far it is.
HEARTBEAT_EVERY = timedelta(seconds=1)
#: Parts written down together; a builder that is killed loses no more than these.
PARTS_AT_ONCE = 20
#: Labels that change while a release is built are taken in; not for ever.
PASSES = 5


class ReleaseRefused(Exception):
    """A release that cannot be built; the sentence says why and what to do.

    `about` is what has to be chosen otherwise, "version" or a field of `Wanted`; "" where nothing.
    """

    def __init__(self, sentence: str, about: str = "") -> None:
        super().__init__(sentence)
        self.about = about


Track = Callable[[Iterable[dict[str, Any]], int], Iterator[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody chooses of a release; the rest is what the campaign's `Publishing` says."""

    layout: str = Release.Layout.V0_1.value
    method: MergeMethod | None = None
    formats: tuple[str, ...] = ()
    released_on: date | None = None


def announce(
    campaign: Campaign, version: str, wanted: Wanted | None = None, user_id: int | None = None
) -> Release:
    """Write down that a release is wanted; a worker or command then builds it.

    A failed or stopped release may be asked for again under its version: what was made of it is
    kept, and used where it is still true. Raises ReleaseRefused when the version is taken, the
    campaign has images the layout has no place for, or labels cannot be merged as wanted.
    """
    wanted = wanted or Wanted()
    check_layout(campaign, wanted.layout)
    terms = _terms(campaign, wanted)
    try:
        with transaction.atomic():
            release, created = Release.objects.get_or_create(
                campaign=campaign, version=version, defaults={**terms, "created_by_id": user_id}
            )
    except IntegrityError as error:
        raise ReleaseRefused(f"Version {version!r} cannot be used as a name.", "version") from error
    again = Release.objects.filter(
        pk=release.pk, status__in=(Release.Status.FAILED, Release.Status.STOPPED)
    )
    if not created and not again.update(status=Release.Status.QUEUED, message="", **terms):
        if release.status == Release.Status.BUILDING:
            raise ReleaseRefused(
                f"Version {version} is being built right now. Wait for it, or choose another.",
                "version",
            )
        raise ReleaseRefused(
            f"Version {version} of this campaign exists already, and a release never changes. "
            "Choose a new version.",
            "version",
        )
    release.refresh_from_db()
    return release


def _terms(campaign: Campaign, wanted: Wanted) -> dict[str, Any]:
    """The columns that say what a release will be."""
    publishing, _ = Publishing.objects.get_or_create(campaign=campaign)
    unknown = sorted(set(wanted.formats) - set(EXPORTS))
    if unknown:
        raise ReleaseRefused(
            f"There is no format {', '.join(unknown)}: choose of {', '.join(EXPORTS)}.", "formats"
        )
    method = wanted.method or alternatives.standing(campaign)
    try:
        method = alternatives.pinned(campaign, method)
    except alternatives.MergeRefused as refused:
        raise ReleaseRefused(str(refused), "method") from refused
    finished = campaign.releases.filter(status=Release.Status.COMPLETE)
    return {
        "layout": wanted.layout,
        "method": method.to_json(),
        "formats": sorted(set(wanted.formats)),
        "released_on": wanted.released_on or timezone.localdate(),
        "title": publishing.title or campaign.name,
        "description": campaign.description,
        "classes": [
            list(known)
            for known in campaign.terrain_classes.order_by("code").values_list(
                "code", "name", "color"
            )
        ],
        "licence": publishing.licence,
        "creators": [line.strip() for line in publishing.creators.splitlines() if line.strip()],
        "credits": publishing.credits,
        "homepage": publishing.homepage,
        "pseudonym_key": pseudonyms.key_of(campaign),
        "previous": finished.order_by("-completed_at", "-pk").first(),
    }


def check_layout(campaign: Campaign, layout: str) -> None:
    """Raise ReleaseRefused where a layout has no place for the campaign's images."""
    images = Image.objects.filter(campaign=campaign).in_dataset()
    cameras = images.order_by().values_list("rover", "camera").distinct()
    if not cameras:
        raise ReleaseRefused(
            "This campaign has no images yet, so there is nothing to release. Import some first."
        )
    homeless = Q(pk__in=())
    for rover, camera in cameras:
        if ai4mars_tree.home_of(layout, rover, camera) is None:
            homeless |= Q(rover=rover, camera=camera)
    others = images.filter(homeless)
    count = others.count()
    if count:
        places = sorted({f"{rover} {camera}" for rover, camera in ai4mars_tree.HOMES[layout]})
        raise ReleaseRefused(
            f"Layout {layout} has a place for {', '.join(places)} only; {count} of this "
            f"campaign's images are of another camera (such as {others[0].product_id}). "
            f"{_instead(cameras)}",
            "layout",
        )


def _instead(cameras: Iterable[tuple[str, str]]) -> str:
    """What to do about images of these rovers and cameras, for which a layout has no place."""
    for layout in Release.Layout.values:
        if all(ai4mars_tree.home_of(layout, rover, camera) for rover, camera in cameras):
            return f"Choose layout {layout}."
    return "Retire them, or import them into a campaign of their own."


def fitting_layout(campaign: Campaign) -> str:
    """The first layout that has a place for all images of a campaign.

    Raises ReleaseRefused where none has, and where there is no image.
    """
    *older, newest = Release.Layout.values
    for layout in older:
        with suppress(ReleaseRefused):
            check_layout(campaign, layout)
            return str(layout)
    check_layout(campaign, newest)
    return str(newest)


def claimable() -> Q:
    """Releases that want a builder: queued, or left by one that died."""
    silent = timezone.now() - HEARTBEAT_LIMIT
    return Q(status=Release.Status.QUEUED) | Q(
        status=Release.Status.BUILDING, heartbeat_at__lt=silent
    )


def claim(release_id: int) -> Release | None:
    """Become the one builder of a release; None when somebody else is, or it is settled."""
    token = uuid.uuid4()
    claimed = Release.objects.filter(claimable(), pk=release_id).update(
        status=Release.Status.BUILDING, claim=token, heartbeat_at=timezone.now(), done=0, message=""
    )
    return Release.objects.select_related("campaign").get(pk=release_id) if claimed else None


def stop(release: Release) -> bool:
    """Stop a release that is waiting or being built; False when it is neither.

    Its builder finds its claim gone with its next image. What was made is kept for `announce`.
    """
    under_way = Release.objects.filter(
        pk=release.pk, status__in=(Release.Status.QUEUED, Release.Status.BUILDING)
    )
    return bool(under_way.update(status=Release.Status.STOPPED, claim=None, heartbeat_at=None))


def resume(release: Release) -> bool:
    """Go on with a release that was stopped or has failed; False for any other.

    Whoever was erased in between has another pseudonym in it than in the releases before.
    """
    unfinished = Release.objects.filter(
        pk=release.pk, status__in=(Release.Status.FAILED, Release.Status.STOPPED)
    )
    key = pseudonyms.key_of(release.campaign)
    return bool(unfinished.update(status=Release.Status.QUEUED, message="", pseudonym_key=key))


def build_archive(release: Release, scratch: Path, workers: int = 1) -> None:
    """Build a claimed release for download: tree, sums and zip, visible only when complete."""
    folder = scratch / f"release-{release.pk}"
    # What a builder that was killed has left.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pulse = _Pulse(release)
    try:
        make_parts(release, workers, None)
        tree = folder / ai4mars_tree.root(release.version)
        built = assemble(release, tree, link=True)
        packed = folder / "release.zip"
        for _ in archive.pack(tree, packed):
            pulse.go_on()
        # The claim is in the path: a builder that was taken over cannot write over its heir's file.
        name = f"releases/{release.campaign.slug}/{release.claim}/{tree.name}.zip"
        with packed.open("rb") as content:
            stored = release.archive.storage.save(name, _Stored(content, pulse))
        _finish(release, built, archive=stored, size=packed.stat().st_size)
    except ClaimLost:
        raise
    except Exception as error:
        _fail(release, error)
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build_folder(
    release: Release, out: Path, workers: int, track: Track | None, *, link: bool = False
) -> Path:
    """Build a claimed release into the folder `out`; returns the tree's path.

    `link` is for a tree that nobody changes and that is thrown away: it shares the store's files.
    The tree appears under its name only when it is whole, and after the release is complete: a
    builder that is killed in between leaves one that `rebuild_folder` writes again. Raises
    ReleaseRefused when something else is there already.
    """
    target = out / ai4mars_tree.root(release.version)
    folder = out / f".building-{target.name}-{uuid.uuid4().hex}"
    try:
        try:
            if target.exists():
                raise ReleaseRefused(f"{target} exists already. Choose another folder, or move it.")
            make_parts(release, workers, track)
            # What a builder that was killed has left.
            for left in out.glob(f".building-{target.name}-{'?' * 32}"):
                shutil.rmtree(left, ignore_errors=True)
            folder.mkdir(parents=True)
            # Else copies: people may change what is in their folder.
            built = assemble(release, folder / target.name, link=link)
            os.sync()
        except BaseException as error:
            _fail(release, error)
            raise
        _finish(release, built)
        (folder / target.name).rename(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return target


def rebuild_folder(
    release: Release, out: Path, workers: int, track: Track | None, *, link: bool = False
) -> Path:
    """Write a complete release once more, into `out`, the same to the byte.

    From the pieces that were kept of it, whatever has happened to its labels since. Where they are
    gone they are made again; raises ReleaseRefused where that would give another content.
    """
    target = out / ai4mars_tree.root(release.version)
    if target.exists():
        if checksums.sha256(archive.sums_of(target)) == release.sums_sha256:
            return target
        raise ReleaseRefused(
            f"{target} is in the way: it is not this release, or it was changed. Move it first."
        )
    lost = lost_parts(release)
    if lost:
        _remake(release, lost, workers, track)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".building-") as folder:
        tree = Path(folder) / target.name
        if assemble(release, tree, link=link).sums != release.sums_sha256:
            raise _another_program(release)
        os.sync()
        tree.rename(target)
    return target


def lost_parts(release: Release) -> list[ReleasePart]:
    """The parts of a release of which something is missing in the store, or is damaged."""
    parts, objects = release_parts.in_order(release), store()
    return [part for part in parts if not release_parts.is_whole(part, objects)]


def _remake(release: Release, lost: list[ReleasePart], workers: int, track: Track | None) -> None:
    """Put lost pieces of a complete release back into the store."""
    campaign = release.campaign
    names = {part.product_id: part for part in lost}
    images = Image.objects.filter(campaign=campaign).values_list("product_id", "pk")
    found = {name: pk for name, pk in images if name in names}
    jobs = release_parts.jobs(list(found.values()), gathering.Terms.of(release))
    made = each(make_part, jobs, workers)
    remade = list(track(made, len(found)) if track else made)
    changed = [part for part in remade if part["inputs"] != names[part["product_id"]].inputs]
    if changed or len(found) < len(names):
        raise ReleaseRefused(
            f"Version {release.version} was released before, and its labels or images have "
            "changed since. A release never changes: choose a new version."
        )
    if lost_parts(release):
        raise _another_program(release)


def _another_program(release: Release) -> ReleaseRefused:
    return ReleaseRefused(
        f"Version {release.version} would come out other than it was released, because "
        "this is another version of the program. Use the archive that was built then."
    )


def make_parts(release: Release, workers: int, track: Track | None) -> None:
    """Make what a claimed release is missing, image by image, until nothing is out of date.

    A label that comes, or is thrown out, while others are worked on is taken in at the end.
    """
    total = Image.objects.filter(campaign=release.campaign).in_dataset().count()
    pulse = _Pulse(release)
    pulse.beat(0, total)
    terms = gathering.Terms.of(release)
    for _ in range(PASSES):
        todo = release_parts.stale(release)
        if not todo:
            break
        ready = total - len(todo)
        made = each(make_part, release_parts.jobs(todo, terms), workers)
        waiting: list[dict[str, Any]] = []
        try:
            for done, part in enumerate(track(made, len(todo)) if track else made, start=1):
                waiting.append(part)
                if len(waiting) >= PARTS_AT_ONCE:
                    release_parts.save(release, waiting)
                    waiting = []
                pulse.beat(ready + done, total)
        finally:
            release_parts.save(release, waiting)
    else:
        raise ReleaseRefused(
            "Labels of this campaign change faster than they are released. Close the campaign, or "
            "build again when fewer people are drawing."
        )
    pulse.beat(total, total)


@dataclass(slots=True)
class Built:
    """A tree that was assembled: the SHA-256 of its SHA256SUMS, and what was counted."""

    sums: str
    changes: list[str]
    statistics: Statistics


def assemble(release: Release, tree: Path, *, link: bool) -> Built:
    """Write every file of a release under `tree` from its parts."""
    tree.mkdir()
    pulse = _Pulse(release)
    writer = _Writer(tree, pulse)
    objects = store()
    for part in release_parts.in_order(release, "files"):
        for _, path, digest, size in part.files:
            objects.place(digest, tree / path, link=link)
            writer.files[path] = FileFact(path, digest, size)
        pulse.go_on()
    facts, totals = facts_of(release)
    for name in release.formats:
        fragments = _Fragments(release, name, pulse)
        for path, pieces in EXPORTS[name].files(facts, fragments, writer.read):
            writer.write(path, pieces)
    entries = (
        manifest.Entry(
            part.product_id,
            part.split,
            len(part.labels),
            part.inputs,
            {key: path for key, path, _, _ in reversed(part.files)},
        )
        for part in release_parts.in_order(release)
    )
    writer.write(manifest.NAME, manifest.pieces(facts, release.formats, entries))
    described = sorted(writer.files.values(), key=lambda file: file.path)
    for path, document in DOCUMENTS.items():
        writer.write(path, [document(facts, described)])
    text = checksums.sums_text({file.path: file.sha256 for file in writer.files.values()}).encode()
    (tree / checksums.NAME).write_bytes(text)
    return Built(checksums.sha256(text), list(facts.changes), totals)


@dataclass(slots=True)
class _Writer:
    """Writes files of a tree that are not pieces of the store, and sums them on the way."""

    tree: Path
    pulse: _Pulse
    files: dict[str, FileFact] = field(default_factory=dict)

    def read(self, path: str) -> bytes:
        return (self.tree / path).read_bytes()

    def write(self, path: str, pieces: Iterable[bytes]) -> None:
        target = self.tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with target.open("xb") as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size += len(piece)
                self.pulse.go_on()
        self.files[path] = FileFact(path, digest.hexdigest(), size)


@dataclass(frozen=True, slots=True)
class _Fragments(Collection[Fragment]):
    """What one export keeps of the images of a release, read from the store one by one."""

    release: Release
    name: str
    pulse: _Pulse

    def __len__(self) -> int:
        return self.release.parts.count()

    def __contains__(self, fragment: object) -> bool:
        return any(fragment == known for known in self)

    def __iter__(self) -> Iterator[Fragment]:
        objects = store()
        for part in release_parts.in_order(self.release, "product_id", "split", "fragments"):
            digest, _ = part.fragments[self.name]
            yield Fragment(part.product_id, part.split, objects.read(digest))
            self.pulse.go_on()


def facts_of(release: Release) -> tuple[ReleaseFacts, Statistics]:
    """What a release says of itself, from its parts."""
    totals = Statistics()
    counts: dict[tuple[str, str, str], int] = {}
    people: dict[str, set[str]] = {}
    labels = 0
    for part in release_parts.in_order(release):
        image = release_parts.as_counted(part.counted)
        totals.add(image)
        key = (image.rover, image.camera, part.split)
        counts[key] = counts.get(key, 0) + 1
        labels += len(part.labels)
        for role, names in part.labelers.items():
            people.setdefault(role, set()).update(names)
    method = gathering.method_of(release)
    facts = ReleaseFacts(
        slug=release.campaign.slug,
        title=release.title or release.campaign.name,
        description=release.description,
        version=release.version,
        layout=release.layout,
        released_on=release.released_on,
        licence=release.licence,
        creators=tuple(release.creators),
        credits=release.credits,
        homepage=release.homepage,
        classes=gathering.classes_of(release),
        rule=str(method),
        parameters=method.to_json(),
        counts=counts,
        pixels={variant: dict(pixels) for variant, pixels in totals.pixels.items()},
        labels=labels,
        labelers=len(people.get(Role.CROWD, ())),
        experts=len(people.get(Role.EXPERT, ())),
        previous=release.previous.version if release.previous else "",
        changes=tuple(changes_of(release)),
    )
    return facts, totals


def changes_of(release: Release) -> list[str]:
    """Sentences on what is different from the version before; [] in the first."""
    if release.status == Release.Status.COMPLETE:
        return list(release.changes)
    if release.previous is None:
        return []
    before, now = _labels_by_image(release.previous), _labels_by_image(release)
    both = before.keys() & now.keys()
    added = sum(len(now[name][1] - before[name][1]) for name in both)
    gone = sum(len(before[name][1] - now[name][1]) for name in both)
    said = [
        (len(now.keys() - before.keys()), "images are new"),
        (len(before.keys() - now.keys()), "images are no longer in it"),
        (sum(now[name][0] != before[name][0] for name in both), "images changed between splits"),
        (added, "labels of images that were in it before are new or were corrected"),
        (gone, "labels of these were thrown out, or replaced by their corrections"),
    ]
    changed = [f"{count} {what}." for count, what in said if count]
    if release.previous.method != release.method:
        changed.append(f"Labels are merged another way: {gathering.method_of(release)}.")
    return changed or ["Nothing has changed but what the release says of itself."]


def _labels_by_image(release: Release) -> dict[str, tuple[str, set[str]]]:
    rows = release.parts.values_list("product_id", "split", "labels")
    return {name: (split, set(labels)) for name, split, labels in rows.iterator()}


class _Pulse:
    """Says now and then that a builder is alive, and how far it is.

    A release that is only written once more, complete as it is, has no heartbeat.
    """

    def __init__(self, release: Release) -> None:
        self.release = release
        self.last = timezone.now() - HEARTBEAT_EVERY

    def beat(self, done: int, total: int) -> None:
        """Call it after each piece of work; it writes at most once a second, and at the end."""
        now = timezone.now()
        is_due = now - self.last >= HEARTBEAT_EVERY or done == total != self.release.done
        if self.release.status == Release.Status.BUILDING and is_due:
            claims.change(self.release, done=done, total=total, heartbeat_at=now)
            self.last = now

    def go_on(self) -> None:
        """Call it where no image is made, but time goes by."""
        self.beat(self.release.done, self.release.total)


class _Stored(File):  # type: ignore[type-arg]  # not when it runs
    """A file that is being written to where archives are kept, which can take minutes."""

    def __init__(self, content: IO[bytes], pulse: _Pulse) -> None:
        super().__init__(content)
        self.pulse = pulse

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        for chunk in super().chunks(chunk_size):
            self.pulse.go_on()
            yield chunk


@transaction.atomic
def _finish(release: Release, built: Built, archive: str = "", size: int | None = None) -> None:
    claims.change(
        release,
        status=Release.Status.COMPLETE,
        sums_sha256=built.sums,
        changes=built.changes,
        archive=archive,
        size=size,
        message="",
        completed_at=timezone.now(),
    )
    statistics.store(release, built.statistics)


def _fail(release: Release, error: BaseException) -> None:
    said = str(error) or type(error).__name__
    claims.change(release, status=Release.Status.FAILED, message=said)
