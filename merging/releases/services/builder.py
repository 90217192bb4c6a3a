"""Releases: immutable, checksummed trees, built by a command or by a worker from their parts."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO

from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.bulk import Track, chunks, each
from ai4mars_site.toolkit.jobs import ClaimLost, change, claim_one, keep_alive
from labeling.models import Image
from merging.formats.storage import archive, checksums
from merging.formats.tree import ai4mars_tree
from merging.models import Release, ReleasePart
from merging.releases.services import parts as release_parts
from merging.releases.services.assembly import Built, assemble
from merging.releases.services.build_settings import BuildSettings
from merging.releases.services.part_records import PartRecord
from merging.releases.services.parts import make_part, store
from merging.releases.services.requests import ReleaseRefused
from merging.statistics import services
from review.scores.services import scores

#: Parts written down together; a builder that is killed loses no more than these.
PARTS_AT_ONCE = 20
#: Labels that change while a release is built are taken in; not for ever.
PASSES = 5


def claim(release_id: int) -> Release | None:
    """Become the one builder of a release; None when somebody else is, or it is settled."""
    rows = Release.objects.select_related("campaign").filter(pk=release_id)
    return claim_one(rows, done=0, message="")


def build_archive(release: Release, scratch: Path, workers: int = 1) -> None:
    """Build a claimed release for download: tree, sums and zip, visible only when complete."""
    folder = scratch / f"release-{release.pk}"
    # What a builder that was killed has left.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        make_parts(release, workers, None)
        tree = folder / ai4mars_tree.root(release.version)
        built = assemble(release, tree, link=True)
        packed = folder / "release.zip"
        for _packed in archive.pack(tree, packed):
            keep_alive(release)
        # The claim is in the path: a builder that was taken over cannot write over the file of its
        # successor.
        name = f"releases/{release.pk}/{release.claim}/{tree.name}.zip"
        with packed.open("rb") as content:
            stored = release.archive.storage.save(name, _Stored(content, release))
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
                raise ReleaseRefused(
                    _("%(folder)s exists already. Choose another folder, or move it."),
                    folder=target,
                )
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
            _(
                "%(folder)s is in the way: it is not this release, or it was changed. "
                "Move it first."
            ),
            folder=target,
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
    jobs = release_parts.jobs(list(found.values()), BuildSettings.of(release))
    made = each(make_part, jobs, workers)
    remade = list(track(made, len(found)) if track else made)
    changed = [part for part in remade if part.inputs != names[part.product_id].inputs]
    if changed or len(found) < len(names):
        raise ReleaseRefused(
            _(
                "Version %(version)s was released before, and its labels or images have changed "
                "since. A release never changes: choose a new version."
            ),
            version=release.version,
        )
    if lost_parts(release):
        raise _another_program(release)


def _another_program(release: Release) -> ReleaseRefused:
    return ReleaseRefused(
        _(
            "Version %(version)s would come out other than it was released, because this is "
            "another version of the program. Use the archive that was built then."
        ),
        version=release.version,
    )


def make_parts(release: Release, workers: int, track: Track | None) -> None:
    """Make what a claimed release is missing, image by image, until nothing is out of date.

    Scores come first, where labels have none. A label that comes, or is thrown out, while others
    are worked on is taken in at the end.
    """
    total = Image.objects.filter(campaign=release.campaign).in_dataset().count()
    change(release, done=0, total=total)
    settings = BuildSettings.of(release)
    for _pass in range(PASSES):
        scored = _bring_scores_up_to_date(release, total, workers, track)
        todo = release_parts.stale(release)
        if not todo:
            break
        ready = total - len(todo)
        made = each(make_part, release_parts.jobs(todo, settings), workers)
        waiting: list[PartRecord] = []
        try:
            for done, part in enumerate(track(made, len(todo)) if track else made, start=1):
                waiting.append(part)
                if len(waiting) >= PARTS_AT_ONCE:
                    release_parts.save(release, waiting)
                    waiting = []
                keep_alive(release, done=scored + ready + done, total=scored + total)
        finally:
            release_parts.save(release, waiting)
    else:
        raise ReleaseRefused(
            _(
                "Labels of this campaign change faster than they are released. Close the campaign, "
                "or build again when fewer people are drawing."
            )
        )
    change(release, done=total, total=total)


def _bring_scores_up_to_date(
    release: Release, images: int, workers: int, track: Track | None
) -> int:
    """Post-process and score labels that wait for it; of how many images.

    Each is work like an image of the release, of which there are `images`.
    """
    behind = scores.images_behind(release.campaign)
    together = chunks(behind, scores.IMAGES_AT_ONCE)
    done = chain.from_iterable(each(scores.bring_up_to_date, together, workers))
    for count, _done in enumerate(track(done, len(behind)) if track and behind else done, start=1):
        keep_alive(release, done=count, total=len(behind) + images)
    return len(behind)


class _Stored(File):  # type: ignore[type-arg]  # not when it runs
    """A file that is being written to where archives are kept, which can take minutes."""

    def __init__(self, content: IO[bytes], release: Release) -> None:
        super().__init__(content)
        self.release = release

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        for chunk in super().chunks(chunk_size):
            keep_alive(self.release)
            yield chunk


@transaction.atomic
def _finish(release: Release, built: Built, archive: str = "", size: int | None = None) -> None:
    change(
        release,
        status=Release.Status.COMPLETE,
        sums_sha256=built.sums,
        changes=built.changes,
        software_version=built.software_version,
        archive=archive,
        size=size,
        message="",
        completed_at=timezone.now(),
    )
    services.store(release, built.statistics)


def _fail(release: Release, error: BaseException) -> None:
    said = str(error) or type(error).__name__
    change(release, status=Release.Status.FAILED, message=said)
