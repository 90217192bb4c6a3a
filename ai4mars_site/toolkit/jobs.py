"""Jobs that one process at a time works on: claim, heartbeat, takeover.

A process claims a row by writing a token into it, with a conditional update that only one process
can win, and renews the claim by a heartbeat. Another process may take over a row whose heartbeat is
older than `silence`. A process that was only slow finds its token replaced at its next write.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

from django.db import DatabaseError, connection, models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.errors import Conflict

logger = logging.getLogger(__name__)

#: How often `keep_alive` writes.
KEEP_ALIVE_EVERY = timedelta(seconds=1)


class ClaimLost(Conflict):
    """Another process has taken over the job, or a person has stopped it."""

    code = "claim_lost"
    message = _("Another process has taken over %(job)s, or it was stopped.")


class ClaimableJob(models.Model):
    """A row that one process at a time works on. The model also has a `status` field."""

    status: models.CharField[Any, str]
    #: Token of the process that works on it.
    claim = models.UUIDField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)

    #: Status of an unclaimed and of a claimed row. They may be the same. Empty: the status has
    #: another meaning, and any row may be claimed.
    waits_as: ClassVar[str] = ""
    worked_on_as: ClassVar[str] = ""
    #: Status of a row that a person has stopped; empty if jobs cannot be stopped.
    stopped_as: ClassVar[str] = ""
    #: A process without a heartbeat for this long is assumed dead.
    silence: ClassVar[timedelta] = timedelta(minutes=2)

    class Meta:
        abstract = True

    @classmethod
    def silent(cls) -> Q:
        """Return the condition for rows without a recent heartbeat."""
        return Q(heartbeat_at__lt=timezone.now() - cls.silence)

    @classmethod
    def claimable(cls) -> Q:
        """Return the condition for rows that wait for a process, or whose process has died."""
        if cls.waits_as != cls.worked_on_as:
            return Q(status=cls.waits_as) | (Q(status=cls.worked_on_as) & cls.silent())
        free = Q(claim=None) | cls.silent()
        return free & Q(status=cls.waits_as) if cls.waits_as else free


Job = TypeVar("Job", bound=ClaimableJob)


def claim(rows: QuerySet[Job], token: uuid.UUID | None = None, **fields: object) -> int:
    """Claim rows; return how many of them were free.

    Args:
        rows: The rows to claim. Those that another process works on are skipped.
        token: Token of a process that claims rows repeatedly. None: a new token.
        fields: Further column values to write.
    """
    model = rows.model
    changes: dict[str, Any] = {
        "claim": token or uuid.uuid4(),
        "heartbeat_at": timezone.now(),
        **fields,
    }
    if model.worked_on_as:
        changes["status"] = model.worked_on_as
    return rows.filter(model.claimable()).update(**changes)


def claim_one(rows: QuerySet[Job], **fields: object) -> Job | None:
    """Claim the only row of a query and return it.

    Returns None if another process works on it, the job has ended, or the row is deleted.
    """
    token = uuid.uuid4()
    claim(rows, token, **fields)
    return claimed(rows, token).first()


def claim_batch(rows: QuerySet[Job], token: uuid.UUID, size: int) -> list[Job]:
    """Claim up to `size` free rows, in the order of their primary keys, and return them.

    Returns fewer if other processes were faster, and none if no row is free.
    """
    free = rows.filter(rows.model.claimable()).order_by("pk")
    chosen = rows.filter(pk__in=list(free.values_list("pk", flat=True)[:size]))
    claim(chosen, token)
    return list(claimed(chosen, token).order_by("pk"))


def claimed(rows: QuerySet[Job], token: uuid.UUID | None) -> QuerySet[Job]:
    """Return the rows that the process with this token works on; none without a token."""
    if token is None:
        return rows.none()
    ours: dict[str, Any] = {"claim": token}
    if rows.model.worked_on_as:
        ours["status"] = rows.model.worked_on_as
    return rows.filter(**ours)


def held(job: Job) -> QuerySet[Job]:
    """Return the row of the job; no row if our claim is lost."""
    return claimed(type(job)._default_manager.filter(pk=job.pk), job.claim)


def change(job: ClaimableJob, **fields: object) -> None:
    """Change a job that we have claimed, in the database and in memory. Raises ClaimLost."""
    changes: dict[str, Any] = fields
    if not held(job).update(**changes):
        raise lost(job)
    # Not read again: the row may already have the token of another process.
    for name, value in changes.items():
        setattr(job, name, value)


def hold(job: ClaimableJob) -> None:
    """Lock the row of a claimed job until the transaction ends. Raises ClaimLost.

    Use it to write other rows of the job: a slow process must not overwrite those of the process
    that took over.
    """
    if not held(job).select_for_update().values_list("pk", flat=True).first():
        raise lost(job)


def lost(job: ClaimableJob) -> ClaimLost:
    return ClaimLost(job=job)


def keep_alive(job: ClaimableJob, **progress: object) -> None:
    """Renew the heartbeat of a job and store its progress, at most once a second.

    Call it after each piece of work, because this is how a process learns that the job was stopped.
    For a job that has ended, such as a release that is only written to disk again, nothing is
    written. Raises ClaimLost.
    """
    is_ours = not job.worked_on_as or job.status == job.worked_on_as
    now = timezone.now()
    if is_ours and (job.heartbeat_at is None or now - job.heartbeat_at >= KEEP_ALIVE_EVERY):
        change(job, heartbeat_at=now, **progress)


def give_up(job: ClaimableJob) -> None:
    """Release our claim of a job, so that another process can take it."""
    changes: dict[str, Any] = {"claim": None, "heartbeat_at": None}
    if job.waits_as:
        changes["status"] = job.waits_as
    held(job).update(**changes)


def stop(rows: QuerySet[Job]) -> int:
    """Stop jobs that are waiting or being worked on; return how many.

    A process that works on one loses its claim.
    """
    model = rows.model
    unfinished: dict[str, Any] = {"status__in": (model.waits_as, model.worked_on_as)}
    stopped: dict[str, Any] = {"status": model.stopped_as, "claim": None, "heartbeat_at": None}
    return rows.filter(**unfinished).update(**stopped)


@contextmanager
def working(job: ClaimableJob) -> Iterator[None]:
    """Renew the claim of a job while the block runs; release it if the job has not ended."""
    try:
        with Heartbeat(held(job)):
            yield
    finally:
        give_up(job)


class Heartbeat:
    """A context manager whose thread renews the heartbeat of claimed rows.

    The thread ends with its process.

    Args:
        rows: The rows with our token.
    """

    EVERY_SECONDS = 3.0

    def __init__(self, rows: QuerySet[Any]) -> None:
        self.rows = rows
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._ended.wait(self.EVERY_SECONDS):
                try:
                    self.rows.all().update(heartbeat_at=timezone.now())
                except DatabaseError as error:
                    # One missed heartbeat does no harm.
                    logger.warning("A heartbeat was not written: %s", error)
        finally:
            connection.close()
