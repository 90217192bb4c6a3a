"""Celery tasks for images."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.tasks import enqueue, long_task, task
from labeling.images import files
from labeling.images.services import import_jobs
from labeling.models import ImportJob

#: A file that is still unfinished after this long was abandoned.
UNFINISHED_KEPT = timedelta(days=1)


@task
def sweep_files() -> None:
    """Delete files that killed processes did not finish writing."""
    files.sweep_unfinished(timezone.now() - UNFINISHED_KEPT)


#: Number of batches of one import that workers process at a time.
IMPORT_SHARES = 2


@long_task
def start_import(job_id: int) -> None:
    """List an import's files, then start workers on them."""
    job = ImportJob.objects.select_related("campaign").get(pk=job_id)
    if import_jobs.begin(job) and import_jobs.prepare(job):
        for _ in range(IMPORT_SHARES):
            enqueue(import_batch, job_id)


@long_task
def import_batch(job_id: int) -> None:
    """Import some of a job's files, then queue the next batch, so that labels are processed in
    between.
    """
    job = ImportJob.objects.select_related("campaign").get(pk=job_id)
    if import_jobs.work_on_batch(Actor.of_task(import_batch), job):
        enqueue(import_batch, job_id)


@task
def sweep_imports() -> None:
    """Continue imports whose message or worker was lost."""
    under_way = (ImportJob.Status.QUEUED, ImportJob.Status.RUNNING)
    for job in ImportJob.objects.filter(ImportJob.claimable(), status__in=under_way):
        if job.status == ImportJob.Status.QUEUED or not job.is_listed:
            enqueue(start_import, job.pk)
        elif not import_jobs.has_live_claims(job):
            for _ in range(IMPORT_SHARES):
                enqueue(import_batch, job.pk)
