"""Work that one process at a time does: a row is claimed, kept by a heartbeat, and taken over.

A process claims a row by writing a token into it, with a conditional update that one of several
rivals wins, and keeps it by a heartbeat. A row whose heartbeat is older than `silence` may be taken
over; a process that was only slow finds its token gone at its next write.
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
    """Another process has taken this work over, or it was stopped."""

    code = "claim_lost"
    message = _("Another process has taken over %(job)s, or it was stopped.")


class ClaimableJob(models.Model):
    """A row that one process at a time works on. The model has a `status` beside these fields."""

    status: models.CharField[Any, str]
    #: Who works on it.
    claim = models.UUIDField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)

    #: The status of a row that nobody has claimed, and of one that somebody has. They may be the
    #: same. Empty: the status tells something else, and any row may be claimed.
    waits_as: ClassVar[str] = ""
    worked_on_as: ClassVar[str] = ""
    #: The status of a row that a person has stopped; empty where nobody can.
    stopped_as: ClassVar[str] = ""
    #: A process that has not been heard of for so long is taken to be dead.
    silence: ClassVar[timedelta] = timedelta(minutes=2)

    class Meta:
        abstract = True

    @classmethod
    def silent(cls) -> Q:
        """Rows whose process has not been heard of."""
        return Q(heartbeat_at__lt=timezone.now() - cls.silence)

    @classmethod
    def claimable(cls) -> Q:
        """Rows that wait for a process, or were left by one that died."""
        if cls.waits_as != cls.worked_on_as:
            return Q(status=cls.waits_as) | (Q(status=cls.worked_on_as) & cls.silent())
        free = Q(claim=None) | cls.silent()
        return free & Q(status=cls.waits_as) if cls.waits_as else free


Job = TypeVar("Job", bound=ClaimableJob)


def claim(rows: QuerySet[Job], token: uuid.UUID | None = None, **fields: object) -> int:
    """Claim rows; return how many of them were free.

    Args:
        rows: The rows that are wanted. Those that another process works on are left out.
        token: That of a process that claims rows again and again. None: a new one.
        fields: What else is written into the rows.
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
    """Claim the row that a query selects by its key, and return it as the query reads it.

    Returns None where another process works on it, it is over, or it is gone.
    """
    token = uuid.uuid4()
    claim(rows, token, **fields)
    return claimed(rows, token).first()


def claim_batch(rows: QuerySet[Job], token: uuid.UUID, size: int) -> list[Job]:
    """Claim up to `size` free rows, in the order of their keys, and return them.

    Fewer come where rivals were faster; none where nothing is free.
    """
    free = rows.filter(rows.model.claimable()).order_by("pk")
    wanted = rows.filter(pk__in=list(free.values_list("pk", flat=True)[:size]))
    claim(wanted, token)
    return list(claimed(wanted, token).order_by("pk"))


def claimed(rows: QuerySet[Job], token: uuid.UUID | None) -> QuerySet[Job]:
    """Return the rows that the process with this token works on; none without a token."""
    if token is None:
        return rows.none()
    ours: dict[str, Any] = {"claim": token}
    if rows.model.worked_on_as:
        ours["status"] = rows.model.worked_on_as
    return rows.filter(**ours)


def held(job: Job) -> QuerySet[Job]:
    """Return the job's row, as long as it is ours."""
    return claimed(type(job)._default_manager.filter(pk=job.pk), job.claim)


def change(job: ClaimableJob, **fields: object) -> None:
    """Change a job that is still ours, in the database and in memory. Raises ClaimLost."""
    changes: dict[str, Any] = fields
    if not held(job).update(**changes):
        raise lost(job)
    # Not read again: by now the row may have the token of a successor.
    for name, value in changes.items():
        setattr(job, name, value)


def hold(job: ClaimableJob) -> None:
    """Keep a job ours until the current transaction ends. Raises ClaimLost.

    What is written beside the job's own row is written while the job is held: a process that was
    only slow must not write into what its successor has made.
    """
    if not held(job).select_for_update().values_list("pk", flat=True).first():
        raise lost(job)


def lost(job: ClaimableJob) -> ClaimLost:
    return ClaimLost(job=job)


def keep_alive(job: ClaimableJob, **progress: object) -> None:
    """Write that the work on a job goes on, and how far it is, at most once a second.

    Call it after each piece of work: it is how a process learns that a person has stopped the job.
    Nothing is written for a job that has ended, such as a release that is only written once more.
    Raises ClaimLost.
    """
    is_ours = not job.worked_on_as or job.status == job.worked_on_as
    now = timezone.now()
    if is_ours and (job.heartbeat_at is None or now - job.heartbeat_at >= KEEP_ALIVE_EVERY):
        change(job, heartbeat_at=now, **progress)


def give_up(job: ClaimableJob) -> None:
    """Leave a job that is still ours to others."""
    changes: dict[str, Any] = {"claim": None, "heartbeat_at": None}
    if job.waits_as:
        changes["status"] = job.waits_as
    held(job).update(**changes)


def stop(rows: QuerySet[Job]) -> int:
    """Stop jobs that wait or are worked on; return how many.

    Whoever works on one finds its claim gone.
    """
    model = rows.model
    under_way: dict[str, Any] = {"status__in": (model.waits_as, model.worked_on_as)}
    stopped: dict[str, Any] = {"status": model.stopped_as, "claim": None, "heartbeat_at": None}
    return rows.filter(**under_way).update(**stopped)


@contextmanager
def working(job: ClaimableJob) -> Iterator[None]:
    """Keep a claimed job ours while it is worked on, and give it up where it did not end."""
    try:
        with Heartbeat(held(job)):
            yield
    finally:
        give_up(job)


class Heartbeat:
    """While it is entered, a thread keeps claimed rows alive every few seconds.

    It stops with its process, however long the work in hand takes. rows: those with our token.
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
                    # One beat that is missed does no harm.
                    logger.warning("A heartbeat was not written: %s", error)
        finally:
            connection.close()
