"""Background tasks: how to define one and how to enqueue it.

The database is the queue: the state of a row says what has to be done, and a periodic sweep finds
such rows. A message to a worker only makes the work start sooner. So it does no harm if the broker
is down, or if a message is lost or delivered twice.
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

from ai4mars_site.toolkit.errors import DomainError

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., None])

# After a failure the broker is not contacted for a moment: otherwise a request that saves many
# labels would wait for the same dead broker once for each of them.
BROKER_REST_SECONDS = 5.0

# A limit for tasks that hang.
LONG_TASK_SECONDS = 24 * 3600
_rest_until = 0.0


def task(function: Callable[..., None]) -> Task[..., None]:
    """Make `function` a background task, named `module.function`, that takes minutes at most."""
    return _task(function)


def long_task(function: Callable[..., None]) -> Task[..., None]:
    """Make `function` a background task that may take hours and renews its own claim.

    Its message is delivered again to another worker while it runs (`visibility_timeout`); the claim
    in the database must make that harmless.
    """
    return _task(function, time_limit=LONG_TASK_SECONDS, soft_time_limit=None)


def _task(function: Callable[..., None], **options: Any) -> Task[..., None]:
    """Make `function` a Celery task that is safe to lose and to repeat.

    A task takes ids, reads the rows itself and returns nothing. It must be safe to run twice with
    the same ids: the message is acknowledged only after the work, so another worker repeats the
    task of a killed one. If the database is unreachable or locked, the task is retried at most five
    times, with growing pauses. The sweep finds work that is still left. Refusals of a service are
    logged.
    """

    @wraps(function)
    def run(*ids: Any) -> None:
        try:
            function(*ids)
        except DomainError as refusal:
            # Not a fault of the worker; the row of the job tells the person who waits.
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


def enqueue(wanted: Task[..., None] | str, *ids: int | str) -> None:
    """Enqueue a task with `ids` when the current transaction is committed.

    Outside a transaction the message is sent at once. An unreachable broker is logged and ignored;
    it delays a request by about a second at most.

    Args:
        wanted: The task, or its name where importing it would reverse an import.
        ids: The arguments of the task.
    """
    name = wanted if isinstance(wanted, str) else wanted.name
    transaction.on_commit(lambda: _send(name, ids))


def _send(name: str, ids: tuple[int | str, ...]) -> None:
    global _rest_until
    from redis.exceptions import RedisError

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
