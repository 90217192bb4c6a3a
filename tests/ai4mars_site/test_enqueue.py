"""A message only makes work start sooner: without a broker nothing fails and nothing waits."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import caches
from django.db import transaction

from ai4mars_site.toolkit import tasks
from ai4mars_site.toolkit.cache import TolerantRedisCache
from ai4mars_site.toolkit.tasks import enqueue
from tests.served import REPOSITORY

TWO_NUDGES = """
from ai4mars_site.toolkit.tasks import enqueue
for number in range(2):
    enqueue("house.tasks.nothing", number)
"""

GIVEN_UP = "the next sweep will do the work"

#: A limit for messages that wait forever.
HANGS_AFTER_SECONDS = 60


def enqueue_twice(home: Path, redis_url: str) -> str:
    """Enqueue twice in a process with this broker; return its log."""
    environment = os.environ | {"AI4MARS_HOME": str(home), "REDIS_URL": redis_url}
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", TWO_NUDGES],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=HANGS_AFTER_SECONDS,
    )
    return done.stderr


def asked(broker: socket.socket) -> int:
    """Return the number of connections to a socket that nobody has accepted."""
    broker.setblocking(False)
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            broker.accept()[0].close()
            count += 1
    return count


@pytest.mark.parametrize("redis_url", ["redis://127.0.0.1:1/0", ""], ids=["dead", "not running"])
def test_a_broker_that_is_away_is_logged_and_left_alone(tmp_path: Path, redis_url: str) -> None:
    assert enqueue_twice(tmp_path, redis_url).count(GIVEN_UP) == 1


def test_a_silent_broker_is_waited_for_once(tmp_path: Path) -> None:
    """There are two messages but one connection: no second try and no second wait."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        log = enqueue_twice(tmp_path, f"redis://127.0.0.1:{port}/0")
        assert asked(silent) == 1
    assert log.count(GIVEN_UP) == 1


def test_a_wait_for_the_broker_is_about_a_second() -> None:
    waits = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    assert waits["socket_connect_timeout"] + waits["socket_timeout"] <= 2.0
    assert settings.CELERY_BROKER_CONNECTION_TIMEOUT <= 1.0


@pytest.mark.django_db(transaction=True)
def test_a_message_waits_for_the_commit_and_dies_with_a_rollback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[str, tuple[int | str, ...]]] = []
    monkeypatch.setattr(tasks, "_deliver", lambda name, ids: sent.append((name, ids)))
    monkeypatch.setattr(tasks, "_rest_until", 0.0)

    with transaction.atomic():
        enqueue("house.tasks.nothing", 7)
        assert sent == []
    assert sent == [("house.tasks.nothing", (7,))]

    with transaction.atomic():
        enqueue("house.tasks.nothing", 8)
        transaction.set_rollback(True)
    assert len(sent) == 1


def test_a_cache_that_is_away_is_empty_and_gives_its_locks() -> None:
    cache = TolerantRedisCache("redis://127.0.0.1:1/0", {"OPTIONS": {}})

    cache.set("key", 1)
    assert cache.get("key", "nothing") == "nothing"
    assert cache.add("lock", 1) is True
    assert cache.incr("counted", 5) == 5
    assert cache.delete("key") is False


@pytest.mark.servers
def test_the_cache_of_the_site_keeps_what_it_is_given() -> None:
    cache = caches["default"]

    assert isinstance(cache, TolerantRedisCache)
    cache.set("key", 1)
    assert cache.get("key") == 1
    assert cache.add("key", 2) is False
    assert cache.incr("key", 5) == 6
    assert cache.delete("key") is True
