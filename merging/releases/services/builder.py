"""Building releases from their parts: immutable, checksummed trees."""

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

#: The number of parts saved together. A builder that is killed loses at most these.
PARTS_AT_ONCE = 20
#: The maximum number of passes to include labels that change during the build.
PASSES = 5


def claim(release_id: int) -> Release | None:
    """Claim a release for building. Return None if another builder has it, or it is not waiting."""
    rows = Release.objects.select_related("campaign").filter(pk=release_id)
    return claim_one(rows, done=0, message="")


def build_archive(release: Release, scratch: Path, workers: int = 1) -> None:
    """Build a claimed release for download: tree, checksums and zip.

    The release is visible once it is complete.
    """
    folder = scratch / f"release-{release.pk}"
    # Files of a builder that was killed.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        make_parts(release, workers, None)
        tree = folder / ai4mars_tree.root(release.version)
        built = assemble(release, tree, link=True)
        packed = folder / "release.zip"
        for _packed in archive.pack(tree, packed):
            keep_alive(release)
        # The path contains the claim, so that a builder that lost its claim cannot overwrite the
        # file of its successor.
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
    """Build a claimed release into the folder `out` and return the path of the tree.

    The tree gets its final name only after the release is complete. If the builder is killed in
    between, `rebuild_folder` writes the tree.

    Args:
        release: The release, claimed.
        out: The folder to build in.
        workers: The number of processes.
        track: Called to show the progress.
        link: Share files with the store, for a temporary tree that nobody changes.

    Raises:
        ReleaseRefused: The tree cannot be built, or its folder exists already.
    """
    target = out / ai4mars_tree.root(release.version)
    folder = out / f".building-{target.name}-{uuid.uuid4().hex}"
    try:
        try:
            if target.exists():
                raise ReleaseRefused(
                    _("%(folder)s already exists. Choose another folder, or move it."),
                    folder=target,
                )
            make_parts(release, workers, track)
            # Files of a builder that was killed.
            for leftover in out.glob(f".building-{target.name}-{'?' * 32}"):
                shutil.rmtree(leftover, ignore_errors=True)
            folder.mkdir(parents=True)
            # Without `link` these are copies: people may change files in their folder.
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
    """Write a complete release again into `out`, with the same bytes.

    It is written from the stored pieces, even if its labels changed since. Lost pieces are made
    again.

    Raises:
        ReleaseRefused: The folder has other files, or the lost pieces would have other content.
    """
    target = out / ai4mars_tree.root(release.version)
    if target.exists():
        if checksums.sha256(archive.sums_of(target)) == release.sums_sha256:
            return target
        raise ReleaseRefused(
            _(
                "%(folder)s already exists, and either it is not this release or it was changed. "
                "Move it first."
            ),
            folder=target,
        )
    lost = parts_with_lost_pieces(release)
    if lost:
        _remake(release, lost, workers, track)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".building-") as folder:
        tree = Path(folder) / target.name
        if assemble(release, tree, link=link).sums != release.sums_sha256:
            raise _other_version(release)
        os.sync()
        tree.rename(target)
    return target


def parts_with_lost_pieces(release: Release) -> list[ReleasePart]:
    """Return the parts of a release that have a missing or damaged piece in the store."""
    parts, objects = release_parts.in_order(release), store()
    return [part for part in parts if not release_parts.is_complete(part, objects)]


def _remake(release: Release, lost: list[ReleasePart], workers: int, track: Track | None) -> None:
    """Make lost pieces of a complete release again."""
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
                "Version %(version)s is complete, but its labels or images have changed since. A "
                "release never changes: choose a new version."
            ),
            version=release.version,
        )
    if parts_with_lost_pieces(release):
        raise _other_version(release)


def _other_version(release: Release) -> ReleaseRefused:
    return ReleaseRefused(
        _(
            "Version %(version)s would differ from the released files, because it was built by "
            "another version of AI4Mars. Use the archive that was built then."
        ),
        version=release.version,
    )


def make_parts(release: Release, workers: int, track: Track | None) -> None:
    """Make the missing and stale parts of a claimed release, until nothing is out of date.

    Labels without scores are scored first. Labels that change during the build are included in
    another pass.

    Raises:
        ReleaseRefused: A part cannot be made, or labels change faster than they are released.
    """
    total = Image.objects.filter(campaign=release.campaign).in_dataset().count()
    change(release, done=0, total=total)
    settings = BuildSettings.of(release)
    for _pass in range(PASSES):
        scored = _update_scores(release, total, workers, track)
        stale = release_parts.update_stale_parts(release)
        if not stale:
            break
        ready = total - len(stale)
        made = each(make_part, release_parts.jobs(stale, settings), workers)
        waiting: list[PartRecord] = []
        try:
            for done, part in enumerate(track(made, len(stale)) if track else made, start=1):
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
                "Labels of this campaign change faster than they can be released. Close the "
                "campaign, or build again when fewer people are labeling."
            )
        )
    change(release, done=total, total=total)


def _update_scores(release: Release, images: int, workers: int, track: Track | None) -> int:
    """Post-process and score waiting labels. Return the number of their images.

    In the progress, each of these images counts like one of the release's `images`.
    """
    behind = scores.images_behind(release.campaign)
    together = chunks(behind, scores.IMAGES_AT_ONCE)
    done = chain.from_iterable(each(scores.update_images, together, workers))
    for count, _done in enumerate(track(done, len(behind)) if track and behind else done, start=1):
        keep_alive(release, done=count, total=len(behind) + images)
    return len(behind)


class _Stored(File):  # type: ignore[type-arg]  # not when it runs
    """A file that reports progress while it is written to storage, which can take minutes."""

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
    text = str(error) or type(error).__name__
    change(release, status=Release.Status.FAILED, message=text)
