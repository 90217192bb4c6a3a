"""Celery tasks for submissions."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from ai4mars_site.toolkit.jobs import working
from ai4mars_site.toolkit.tasks import enqueue, long_task, task
from merging.benchmark import services as submissions
from merging.models import Submission


@long_task
def compare_submission(submission_id: int) -> None:
    """Compare the predictions of a submission, unless it is claimed already."""
    submission = submissions.claim(submission_id)
    if submission is not None:
        with working(submission):
            submissions.compare(submission, Path(settings.AI4MARS_HOME) / "scratch")


@task
def sweep_submissions() -> None:
    """Find submissions whose task or worker was lost, and start their tasks again."""
    waiting = Submission.objects.filter(Submission.claimable())
    for submission_id in waiting.values_list("pk", flat=True):
        enqueue(compare_submission, submission_id)
