"""A message reaches a real worker, which works on the test's database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ai4mars_site.celery import app
from tests.conftest import WorkerProcess

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]


def test_a_worker_knows_every_task_that_the_clock_asks_for(worker: WorkerProcess) -> None:
    (known,) = app.control.inspect(timeout=5).registered().values()

    assert set(app.conf.beat_schedule) <= set(known)


def test_a_killed_worker_can_be_started_again(
    worker: WorkerProcess, eventually: Callable[[Callable[[], Any]], Any]
) -> None:
    worker.kill()
    assert app.control.ping(timeout=1) == []

    worker.start()
    assert eventually(lambda: app.control.ping(timeout=1))
