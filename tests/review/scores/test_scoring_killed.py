"""Scoring that is killed, or whose messages are lost, gives the same result."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone

from labeling.annotation.tasks import SWEEP_AFTER, sweep_labels
from labeling.models import Campaign, Label
from review.models import AgreementScore, ImageAgreement, images_to_score
from review.scores.tasks import sweep_scores
from tests.conftest import WorkerProcess
from tests.factories import draw, new_campaign, new_image
from tests.served import REPOSITORY

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

#: Many times what the command takes at once, so that it is killed in the midst of them.
IMAGES = 120
DRAWN = (("0" * 32,) * 24, ("0" * 20 + "1" * 12,) * 24, ("1" * 32,) * 12 + ("3" * 32,) * 12)


@pytest.fixture
def campaign() -> Campaign:
    """Return a campaign with labels whose messages were lost."""
    campaign = new_campaign()
    for _ in range(IMAGES):
        image = new_image(campaign, width=32, height=24)
        for drawn in DRAWN:
            draw(image, *drawn)
    Label.objects.update(sent_at=timezone.now() - 2 * SWEEP_AFTER, started_at=None)
    return campaign


def scored() -> int:
    return ImageAgreement.objects.current().count()


def is_unfinished() -> bool:
    return Label.objects.received().exists() or images_to_score().exists()


def sweep() -> None:
    """Run the task that beat sends every half minute."""
    sweep_labels()
    sweep_scores()


def lose_the_broker() -> None:
    redis.Redis.from_url(settings.REDIS_URL).flushdb()


def test_what_is_killed_and_what_is_lost_is_scored_after_the_next_sweep(
    campaign: Campaign, worker: WorkerProcess, eventually: Callable[..., Any]
) -> None:
    worker.stop()
    command = subprocess.Popen(
        [sys.executable, "manage.py", "score_labels", "--campaign=navcam", "--workers=2"],
        cwd=REPOSITORY,
        env=worker.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    eventually(lambda: scored() >= 2, 60)
    os.killpg(command.pid, signal.SIGKILL)
    command.wait()
    assert is_unfinished()

    sweep()
    lose_the_broker()
    worker.start()
    sweep()
    before = scored()
    eventually(lambda: scored() > before, 60)
    worker.kill()
    lose_the_broker()
    assert is_unfinished()

    worker.start()
    sweep()
    eventually(lambda: not is_unfinished(), 60)

    assert scored() == IMAGES
    scores = AgreementScore.objects.order_by("label").values_list("label", "score", "pairs")
    assert len(scores) == IMAGES * len(DRAWN)
    found = list(scores)
    cache.clear()
    call_command("score_labels", "--campaign=navcam", "--all", "--workers=1")
    assert list(scores.all()) == found
