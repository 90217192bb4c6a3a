"""Import jobs: listed once, shared by several workers, stopped and resumed.

The items of a job are its queue. A worker or a command claims a few waiting items
(`ai4mars_site.toolkit.jobs`), imports them and stores their outcomes. Items claimed by a process
that died go to others. Importing an item twice does no harm, because the image's row is unique.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.db.models import Count, QuerySet
from django.utils import timezone

from ai4mars_site.toolkit import jobs
from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.bulk import each
from ai4mars_site.toolkit.csv_files import safe_cell
from ai4mars_site.toolkit.jobs import Heartbeat
from labeling.images.ingest.archives import Bounds
from labeling.images.ingest.products import Candidate, Refused, Source, UnknownSource
from labeling.images.ingest.sources import open_source
from labeling.images.services import imports, quality
from labeling.images.services.import_folders import FolderRefused, permitted, permitted_folders
from labeling.models import Campaign, ImportItem, ImportJob

#: Items of one worker task: seconds of work, so that labels do not have to wait for it.
BATCH = 16
#: Seconds between a command's checks whether other processes have finished their items.
WAIT_SECONDS = 0.5
#: Rows written at once while a source is listed.
LISTED_AT_ONCE = 2000

_open_sources: dict[tuple[int, str], Source] = {}


def start(
    actor: Actor, campaign: Campaign, source: str, upload: File[bytes] | None = None
) -> ImportJob:
    """Create an import job; a command or workers then run it."""
    job = ImportJob(campaign=campaign, source=source, created_by_id=actor.user_id)
    if upload is not None:
        job.source = source or upload.name or ""
        # The file's name on the visitor's computer may not be a valid name here.
        job.upload.save(str(uuid.uuid4()), upload, save=False)
    job.save()
    return job


def unfinished(campaign: Campaign, source: str) -> ImportJob | None:
    """Return the last unfinished import of this source, to resume it; None if there is none."""
    return (
        campaign.imports.filter(source=source)
        .exclude(status=ImportJob.Status.COMPLETE)
        .order_by("-pk")
        .first()
    )


def begin(job: ImportJob) -> bool:
    """Start a job from the queue, or after a stop or failure.

    Returns False if it is complete, or if another process is listing its files.
    """
    began = jobs.claim(ImportJob.objects.filter(pk=job.pk), message="")
    job.refresh_from_db()
    return bool(began)


def resume(actor: Actor, job: ImportJob) -> bool:
    """Put a stopped or failed job back into the queue; return False for any other."""
    return bool(
        ImportJob.objects.filter(
            pk=job.pk, status__in=(ImportJob.Status.STOPPED, ImportJob.Status.FAILED)
        ).update(status=ImportJob.Status.QUEUED, message="")
    )


def stop(actor: Actor, job: ImportJob) -> bool:
    """Stop a job after the items being imported; return False if it has already ended."""
    return bool(jobs.stop(ImportJob.objects.filter(pk=job.pk)))


def source_of(job: ImportJob) -> Source:
    """Open the job's source; an archive or bucket has a scratch folder of its own.

    Raises UnknownSource, Refused or ArchiveRefused.
    """
    where = job.upload.path if job.upload.name else job.source
    if (job.pk, where) not in _open_sources:
        _open_sources.clear()
        bounds = Bounds(
            members=settings.ARCHIVE_MAX_MEMBERS, total_bytes=settings.ARCHIVE_MAX_BYTES
        )
        # Started from a page: files outside the permitted folders are not read through links
        # either.
        is_server_folder = job.created_by_id is not None and not job.upload.name
        _open_sources[job.pk, where] = open_source(
            where,
            scratch_of(job),
            bounds,
            shown=job.source,
            within=permitted_folders() if is_server_folder else None,
        )
    return _open_sources[job.pk, where]


def scratch_of(job: ImportJob) -> Path:
    return Path(settings.AI4MARS_HOME) / "scratch" / f"import-{job.pk}"


def items_of(source: Source) -> Iterator[ImportItem]:
    """Yield every file of a source as an unsaved item, with the reason if it is not a frame.

    No file is read yet.
    """
    first_name: dict[str, str] = {}
    for candidate in source.candidates():
        first = first_name.setdefault(candidate.product_id, candidate.name)
        item = ImportItem(name=candidate.name, product_id=candidate.product_id)
        if first != candidate.name:
            item.status = ImportItem.Status.REFUSED
            item.reason = f"It has the product id of {first}."
        try:
            imports.check_name(candidate.product_id)
        except Refused as refused:
            # Some databases cannot store such an id.
            item.product_id = ""
            item.status, item.reason = ImportItem.Status.REFUSED, str(refused)
        yield item
    for each_unused in source.unused():
        status, reason = ImportItem.Status.UNUSED, each_unused.reason
        yield ImportItem(name=each_unused.name, status=status, reason=reason)


def list_items(job: ImportJob, source: Source) -> None:
    """Store every file of a source as an item.

    Listing again adds only new files, so that an interrupted listing is completed.
    """
    rows = list(items_of(source))
    for row in rows:
        row.job = job
    ImportItem.objects.bulk_create(rows, batch_size=LISTED_AT_ONCE, ignore_conflicts=True)
    ImportJob.objects.filter(pk=job.pk).update(is_listed=True)
    job.is_listed = True


def prepare(job: ImportJob) -> bool:
    """Open and list a job; on failure store the reason and return False."""
    try:
        with Heartbeat(jobs.held(job)):
            if job.created_by_id is not None and not job.upload.name:
                # Started from a page: the permission may have been withdrawn since.
                permitted(job.source)
            source = source_of(job)
            if not job.is_listed:
                list_items(job, source)
    except (UnknownSource, Refused, FolderRefused) as error:
        fail(job, str(error))
        return False
    return True


def fail(job: ImportJob, reason: str) -> None:
    ImportJob.objects.filter(pk=job.pk).update(status=ImportJob.Status.FAILED, message=reason)
    job.refresh_from_db()


def claim_batch(job: ImportJob, token: uuid.UUID, size: int = BATCH) -> list[ImportItem]:
    """Claim up to `size` free items of a job."""
    return jobs.claim_batch(job.items.all(), token, size)


def work_on_batch(actor: Actor, job: ImportJob) -> bool:
    """Import one batch of a running job; return False if nothing remains to do for now."""
    if not (is_running(job) and job.is_listed and prepare(job)):
        return False
    token = uuid.uuid4()
    with Heartbeat(jobs.claimed(job.items.all(), token)):
        batch = claim_batch(job, token)
        source = source_of(job)
        for item in batch:
            record(item, import_item(actor, job.campaign_id, source, item))
    if batch:
        return True
    finish(job)
    return False


def import_here(actor: Actor, job: ImportJob, workers: int) -> Iterator[imports.Outcome]:
    """Import a job's open items with `workers` processes; yield the outcomes.

    It waits for items that other processes have claimed, and takes them over if those processes
    died. It ends early if the job is stopped.
    """
    source = source_of(job)
    token = uuid.uuid4()
    with Heartbeat(jobs.claimed(job.items.all(), token)):
        while is_running(job):
            if job.items.filter(ImportItem.claimable()).exists():
                yield from _share(actor, job, source, token, workers)
            elif not finish(job) and is_running(job):
                time.sleep(WAIT_SECONDS)


def _share(
    actor: Actor, job: ImportJob, source: Source, token: uuid.UUID, workers: int
) -> Iterator[imports.Outcome]:
    """Import unclaimed items of the job, batch by batch; yield the outcomes."""
    taken: deque[ImportItem] = deque()

    def items() -> Iterator[ImportItem]:
        while is_running(job) and (batch := claim_batch(job, token)):
            taken.extend(batch)
            yield from batch

    for outcome in each(partial(import_item, actor, job.campaign_id, source), items(), workers):
        record(taken.popleft(), outcome)
        yield outcome


def is_active_job(job: ImportJob) -> bool:
    """Return whether a job is waiting for a worker, or a live process is working on it."""
    if job.status != ImportJob.Status.RUNNING:
        return job.status == ImportJob.Status.QUEUED
    is_silent = ImportJob.objects.filter(ImportJob.silent(), pk=job.pk).exists()
    return has_live_claims(job) if job.is_listed else not is_silent


def has_live_claims(job: ImportJob) -> bool:
    """Return whether a live process has claimed open items."""
    taken = job.items.filter(status=ImportItem.Status.WAITING).exclude(claim=None)
    return taken.exclude(ImportItem.silent()).exists()


def is_running(job: ImportJob) -> bool:
    """Return whether the job is still running: others may have stopped or finished it."""
    return ImportJob.objects.filter(pk=job.pk, status=ImportJob.Status.RUNNING).exists()


def import_item(
    actor: Actor, campaign_id: int, source: Source, item: ImportItem
) -> imports.Outcome:
    """Import one item's file, in any process."""
    candidate = Candidate(item.product_id, item.name)
    return imports.import_candidate(actor, campaign_id, source, candidate, item.pk)


def record(item: ImportItem, outcome: imports.Outcome) -> None:
    """Store the outcome of an item, once, and only while this process holds its claim."""
    jobs.held(item).update(status=outcome.status, reason=outcome.reason)


def finish(job: ImportJob) -> bool:
    """End a job without open items, and find near-duplicates; return False if items are open."""
    if job.items.filter(status=ImportItem.Status.WAITING).exists():
        return False
    ended = ImportJob.objects.filter(pk=job.pk, status=ImportJob.Status.RUNNING).update(
        status=ImportJob.Status.COMPLETE, completed_at=timezone.now()
    )
    job.refresh_from_db()
    if ended:
        quality.mark_near_duplicates(job.campaign)
        shutil.rmtree(scratch_of(job), ignore_errors=True)
        if job.upload.name:
            job.upload.delete(save=False)
            ImportJob.objects.filter(pk=job.pk).update(upload="")
    return bool(ended)


def with_reason(job: ImportJob, status: ImportItem.Status) -> QuerySet[ImportItem]:
    """Return the items of a status that have a reason, sorted by name.

    For imported items, the reason names companion files that were not used.
    """
    return job.items.filter(status=status).exclude(reason="").order_by("name")


REPORT_COLUMNS = ("file", "product_id", "result", "reason")


def report_rows(items: Iterable[ImportItem]) -> Iterator[list[str]]:
    """Yield the outcomes of items as table rows, the column names first. Works for jobs and dry
    runs.
    """
    yield list(REPORT_COLUMNS)
    for item in items:
        row = (item.name, item.product_id, item.status, item.reason)
        yield [safe_cell(cell) for cell in row]


def counts(job: ImportJob) -> dict[str, int]:
    """Return the number of items by status, plus `total` and `done`. Unused files do not count."""
    by_status = dict.fromkeys(ImportItem.Status.values, 0)
    for row in job.items.order_by().values("status").annotate(items=Count("pk")):
        by_status[row["status"]] = row["items"]
    total = sum(by_status.values()) - by_status[ImportItem.Status.UNUSED]
    return {**by_status, "total": total, "done": total - by_status[ImportItem.Status.WAITING]}
