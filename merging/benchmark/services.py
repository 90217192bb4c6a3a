"""Submissions to the model leaderboard of a release, and their scoring by a worker."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.utils import timezone

from ai4mars_site.toolkit import jobs
from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.jobs import ClaimLost
from labeling.images.ingest.archives import ArchiveRefused, Bounds, unpack
from merging.formats import predictions
from merging.formats.tree import tree_files
from merging.models import Release, Submission
from terrain.metrics.contingency import Counts

#: The maximum number of stored problems. More are only counted.
MAX_PROBLEMS = 1000


def takes_predictions(release: Release) -> bool:
    """Return whether a release accepts predictions: it is complete and has its archive."""
    return release.status == Release.Status.COMPLETE and bool(release.archive)


def submit(
    actor: Actor,
    release: Release,
    name: str,
    upload: File[bytes],
    paper_url: str = "",
    code_url: str = "",
) -> Submission:
    """Store predictions, a zip of PNG masks. A worker then compares them."""
    submission = Submission(
        release=release,
        name=name,
        paper_url=paper_url,
        code_url=code_url,
        created_by_id=actor.user_id,
    )
    # The uploaded file name is not used, since it may be invalid.
    submission.upload.save(f"{uuid.uuid4()}.zip", upload, save=False)
    submission.save()
    return submission


def claim(submission_id: int) -> Submission | None:
    """Claim a submission for comparison. Return None if another worker has it, or it is over."""
    rows = Submission.objects.select_related("release__campaign").filter(pk=submission_id)
    return jobs.claim_one(rows, done=0, message="")


def compare(submission: Submission, scratch: Path) -> None:
    """Compare a claimed submission with the gold masks in its release's archive.

    The submission becomes complete; or refused, with its problems; or failed, if the release is
    damaged. Its upload is then deleted.
    """
    folder = scratch / f"submission-{submission.pk}"
    # Files of a worker that was killed.
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        report = _report(submission, folder)
    except ArchiveRefused as refused:
        _end(submission, Submission.Status.REFUSED, message=str(refused))
    except tree_files.Unreadable as error:
        _end(submission, Submission.Status.FAILED, message=str(error))
    except ClaimLost:
        raise
    except Exception as error:
        _end(submission, Submission.Status.FAILED, message=str(error) or type(error).__name__)
        raise
    else:
        _store_report(submission, report)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    submission.upload.delete(save=False)
    Submission.objects.filter(pk=submission.pk).update(upload="")


def _report(submission: Submission, folder: Path) -> predictions.Report:
    bounds = Bounds(
        members=settings.PREDICTIONS_MAX_MEMBERS,
        total_bytes=settings.PREDICTIONS_MAX_BYTES,
        member_bytes=settings.PREDICTIONS_MAX_FILE_BYTES,
    )
    with submission.upload.open("rb") as upload:
        place = unpack(upload, folder / "predictions", bounds)
    release = submission.release
    if not release.archive:
        raise tree_files.Unreadable("The archive of this release is missing.")
    classes = {each.code: each.name for each in release.campaign.terrain_classes.all()}

    def run(
        compare: predictions.Comparison, pairs: Sequence[predictions.Pair]
    ) -> Iterator[Counts | predictions.Problem]:
        jobs.change(submission, done=0, total=len(pairs))
        for done, outcome in enumerate(map(compare, pairs), start=1):
            yield outcome
            jobs.keep_alive(submission, done=done)

    tree = tree_files.TreeZip(Path(release.archive.path))
    return predictions.compare(tree, place, run, classes)


def _store_report(submission: Submission, report: predictions.Report) -> None:
    """Store the result, or the problems."""
    if report.problems:
        _end(
            submission,
            Submission.Status.REFUSED,
            problems=[asdict(problem) for problem in report.problems[:MAX_PROBLEMS]],
            problem_count=len(report.problems),
        )
        return
    plain = report.to_json()
    del plain["problems"]
    strictest = report.evaluations["min3"]
    accuracy, miou = strictest.accuracy, strictest.miou
    _end(
        submission,
        Submission.Status.COMPLETE,
        result=plain,
        done=report.images,
        total=report.gold_images,
        accuracy=accuracy and accuracy.value,
        miou=miou and miou.value,
        miou_low=miou and miou.low,
        miou_high=miou and miou.high,
    )


def show_leaderboard(actor: Actor, release: Release, *, is_public: bool) -> None:
    """Show the leaderboard of a release to everybody, or to managers only."""
    Release.objects.filter(pk=release.pk).update(has_public_leaderboard=is_public)


def remove(actor: Actor, submission: Submission) -> None:
    """Remove a submission from the leaderboard permanently, with its upload."""
    if submission.upload:
        submission.upload.delete(save=False)
    submission.delete()


def _end(submission: Submission, status: str, **fields: object) -> None:
    jobs.change(submission, status=status, ended_at=timezone.now(), **fields)
