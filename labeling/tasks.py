"""The worker's side of labeling. Tasks take ids; what they do is in the services."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from ai4mars_site.toolkit.tasks import long_task, nudge, task
from labeling.annotation.services import drafts, labels
from labeling.campaigns.services import figures
from labeling.images import files
from labeling.images.services import import_jobs
from labeling.models import ImportJob, Label
from labeling.people.services import sweeping
from labeling.reports import services

#: A label younger than this has a message of its own under way.
SWEEP_AFTER = timedelta(seconds=10)
SWEEP_BATCH = 1000
#: Of guests, a night.
GUEST_BATCHES = 100
#: A file that is still being written after this long never will be whole.
UNFINISHED_KEPT = timedelta(days=1)


@task
def process_image(image_id: int) -> None:
    """Post-process an image's new labels, then wake whatever the site computes from them."""
    if labels.process_image(image_id):
        for name in settings.AFTER_LABELS_PROCESSED:
            nudge(name, image_id)


@task
def sweep_labels() -> None:
    """Find labels whose message was lost: the database is the queue, messages are nudges."""
    waiting = (
        Label.objects.received()
        .filter(sent_at__lt=timezone.now() - SWEEP_AFTER)
        .order_by("sent_at")
        .values_list("image_id", flat=True)[:SWEEP_BATCH]
    )
    for image_id in dict.fromkeys(waiting):
        nudge(process_image, image_id)


@task
def sweep_drafts() -> None:
    """Delete drawings nobody went on with."""
    drafts.sweep()


@task
def sweep_files() -> None:
    """Delete files that killed processes did not finish writing."""
    files.sweep_unfinished(timezone.now() - UNFINISHED_KEPT)


@task
def sweep_reports() -> None:
    """Set images aside by the rule that their campaign has now."""
    services.sweep()


@task
def sweep_guests() -> None:
    """Delete guests who have nothing any more, some thousands a night."""
    for _ in range(GUEST_BATCHES):
        if not sweeping.sweep_guests():
            break


@task
def sweep_sessions() -> None:
    """Delete sessions that have expired."""
    sweeping.sweep_sessions()


@long_task
def sweep_figures() -> None:
    """Count large campaigns, so that nobody who looks at one waits for it."""
    figures.sweep()


#: How many batches of one import are worked on at a time, by as many workers.
IMPORT_SHARES = 2


@long_task
def start_import(job_id: int) -> None:
    """List an import's files, then let workers share them."""
    job = ImportJob.objects.select_related("campaign").get(pk=job_id)
    if import_jobs.begin(job) and import_jobs.prepare(job):
        for _ in range(IMPORT_SHARES):
            nudge(import_batch, job_id)


@long_task
def import_batch(job_id: int) -> None:
    """Import some of a job's files, and ask for the next batch: labels get their turn between."""
    job = ImportJob.objects.select_related("campaign").get(pk=job_id)
    if import_jobs.work_on_batch(job):
        nudge(import_batch, job_id)


@task
def sweep_imports() -> None:
    """Find imports whose message or worker was lost."""
    under_way = (ImportJob.Status.QUEUED, ImportJob.Status.RUNNING)
    for job in ImportJob.objects.filter(ImportJob.claimable(), status__in=under_way):
        if job.status == ImportJob.Status.QUEUED or not job.is_listed:
            nudge(start_import, job.pk)
        elif not import_jobs.is_worked_on(job):
            for _ in range(IMPORT_SHARES):
                nudge(import_batch, job.pk)
