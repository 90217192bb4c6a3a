"""Work that one process at a time does: a row is claimed, kept by a heartbeat, and taken over.

A process takes up a row by writing a token into it, with a conditional update that one of several
rivals wins, and keeps it by a heartbeat. A row whose heartbeat is older than `silence` may be taken
over; a process that was only slow finds its token gone at its next write.
"""

from __future__ import annotations

import logging
import threading
import uuid
from datetime import timedelta
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

from django.db import DatabaseError, connection, models
from django.db.models import Q, QuerySet
from django.utils import timezone

logger = logging.getLogger(__name__)


class ClaimLost(Exception):
    """Another process has taken this work over, or it was stopped."""


class ClaimableJob(models.Model):
    """A row that one process at a time works on. The model has a `status` beside these fields."""

    #: Who works on it.
    claim = models.UUIDField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)

    #: The status of a row that nobody has taken up, and of one that somebody has; may be the same.
    waits_as: ClassVar[str]
    worked_on_as: ClassVar[str]
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
        if cls.waits_as == cls.worked_on_as:
            return Q(status=cls.waits_as) & (Q(claim=None) | cls.silent())
        return Q(status=cls.waits_as) | (Q(status=cls.worked_on_as) & cls.silent())


Job = TypeVar("Job", bound=ClaimableJob)


def claim(rows: QuerySet[Job], token: uuid.UUID | None = None, **fields: object) -> int:
    """Become the one who works on these rows; how many of them could be had.

    token: of a process that takes up rows again and again. fields: what else is written into them.
    """
    model = rows.model
    changes: dict[str, Any] = {
        "status": model.worked_on_as,
        "claim": token or uuid.uuid4(),
        "heartbeat_at": timezone.now(),
        **fields,
    }
    return rows.filter(model.claimable()).update(**changes)


def held(job: Job) -> QuerySet[Job]:
    """The job's row, as long as it is ours."""
    model = type(job)
    ours: dict[str, Any] = {"pk": job.pk, "claim": job.claim, "status": model.worked_on_as}
    return model._default_manager.filter(**ours)


def change(job: ClaimableJob, **fields: object) -> None:
    """Change a job that is still ours. Raises ClaimLost."""
    changes: dict[str, Any] = fields
    if not held(job).update(**changes):
        raise lost(job)
    job.refresh_from_db()


def hold(job: ClaimableJob) -> None:
    """Keep a job ours until the current transaction ends. Raises ClaimLost.

    What is written beside the job's own row is written while the job is held: a process that was
    only slow must not write into what its successor has made.
    """
    if not held(job).select_for_update().values_list("pk", flat=True).first():
        raise lost(job)


def lost(job: ClaimableJob) -> ClaimLost:
    return ClaimLost(f"Another process has taken over {job}, or it was stopped.")


class Heartbeat:
    """While it is entered, a thread says every few seconds that the work on some rows goes on.

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
