"""The one way to write a background task, and the one way to ask for it.

The database is the queue: a row's state says what is still to be done, and a periodic sweep finds
it. A message to a worker is only a nudge that makes it happen sooner, so a broker that is down,
a message that is lost and a message that is delivered twice are all harmless.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from celery import current_app, shared_task
from celery.app.task import Task
from django.db import OperationalError, transaction
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from ai4mars_site.toolkit.errors import DomainError

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., None])

# After a failed nudge the broker is left alone for a moment: otherwise a request that saves many
# labels would wait for the same dead broker once for each of them.
BROKER_REST_SECONDS = 5.0

# Only against a task that hangs for ever.
LONG_TASK_SECONDS = 24 * 3600
_rest_until = 0.0


def task(function: Callable[..., None]) -> Task[..., None]:
    """Make `function` a background task, named `module.function`, that takes minutes at most."""
    return _task(function)


def long_task(function: Callable[..., None]) -> Task[..., None]:
    """A task that may take hours, and that tells by a heartbeat of its own that it is alive.

    Its message comes back to another worker while it runs (`visibility_timeout`); the claim it
    holds in the database must make that harmless.
    """
    return _task(function, time_limit=LONG_TASK_SECONDS, soft_time_limit=None)


def _task(function: Callable[..., None], **options: Any) -> Task[..., None]:
    """A Celery task that is safe to lose and to repeat.

    A task takes ids, reads the rows itself and returns nothing. It must be safe to run twice with
    the same ids: the message is acknowledged only after the work (a worker that is killed leaves
    it to another), and a database that is briefly away or locked makes it run again, at most five
    times with growing pauses. What is still undone then is found by the sweep. What a service
    refuses is logged.
    """

    @wraps(function)
    def run(*ids: Any) -> None:
        try:
            function(*ids)
        except DomainError as refusal:
            # Not a fault of the worker; who waits for the work is told by its row.
            logger.warning("%s%s: %s", function.__name__, ids, refusal)

    decorate: Any = shared_task(
        name=f"{function.__module__}.{function.__name__}",
        acks_late=True,
        ignore_result=True,
        autoretry_for=(OperationalError,),
        retry_backoff=True,
        retry_backoff_max=60,
        max_retries=5,
        **options,
    )
    wrapped: Task[..., None] = decorate(run)
    return wrapped


def nudge(wanted: Task[..., None] | str, *ids: int | str) -> None:
    """Ask a worker to run a task with `ids` once the current transaction is committed.

    `wanted` is the task, or its name where importing it would turn an import arrow around.
    Outside a transaction the message leaves at once. A broker that is down is logged and ignored,
    and costs a request at most about a second.
    """
    name = wanted if isinstance(wanted, str) else wanted.name
    transaction.on_commit(lambda: _send(name, ids))


def _send(name: str, ids: tuple[int | str, ...]) -> None:
    global _rest_until
    if time.monotonic() < _rest_until:
        return
    try:
        _deliver(name, ids)
    except (BrokerError, RedisError, OSError) as error:
        _rest_until = time.monotonic() + BROKER_REST_SECONDS
        logger.warning(
            "The broker did not take %s%s (%s); the next sweep will do the work.", name, ids, error
        )


def _deliver(name: str, ids: tuple[int | str, ...]) -> None:
    known: Any = current_app.tasks.get(name)
    if known is not None:
        known.apply_async(args=ids, retry=False)
    else:
        current_app.send_task(name, args=ids, retry=False)
