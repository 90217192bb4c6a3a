"""The tasks of merging: releases that were requested on a page."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.utils import timezone

from ai4mars_site.toolkit import tasks as site_tasks
from labeling.models import Campaign
from merging.models import Release
from merging.releases import tasks
from merging.releases.services import builder
from merging.releases.services.builder import claim
from merging.releases.services.part_records import PartRecord
from merging.releases.services.parts import Job
from merging.releases.services.requests import request_release
from tests.factories import ACTOR, accept, new_campaign, new_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    campaign = new_campaign()
    image = new_image(campaign, 1)
    for _ in range(3):
        accept(image, "00..", "....")
    return campaign


def test_a_message_delivered_twice_builds_once(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = request_release(ACTOR, campaign, "0.1")
    tasks.build_release(release.pk)
    release.refresh_from_db()
    completed_at = release.completed_at
    monkeypatch.setattr(builder, "build_archive", None)

    tasks.build_release(release.pk)

    release.refresh_from_db()
    assert (release.status, release.completed_at) == ("complete", completed_at)


def test_a_builder_that_was_taken_over_gives_way(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    release = request_release(ACTOR, campaign, "0.1")
    make, successors = builder.make_part, []

    def make_and_be_overtaken(job: Job) -> PartRecord:
        silent = timezone.now() - Release.silence - timedelta(seconds=1)
        Release.objects.update(heartbeat_at=silent)
        successors.append(claim(release.pk))
        return make(job)

    monkeypatch.setattr(builder, "make_part", make_and_be_overtaken)

    tasks.build_release(release.pk)

    assert "taken over" in caplog.text
    release.refresh_from_db()
    assert (release.status, release.claim) == ("building", successors[0].claim)
    assert not release.archive


def test_a_dead_builders_work_is_done_by_the_next(campaign: Campaign, home: Path) -> None:
    release = request_release(ACTOR, campaign, "0.1")
    claim(release.pk)
    Release.objects.update(heartbeat_at=timezone.now() - 2 * Release.silence)

    tasks.build_release(release.pk)

    release.refresh_from_db()
    assert release.status == "complete"
    assert Path(release.archive.path).is_relative_to(home / "media" / "releases")


@pytest.mark.django_db(transaction=True)
def test_the_sweep_finds_what_waits_or_was_left(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int | str] = []
    monkeypatch.setattr(site_tasks, "_deliver", lambda name, ids: sent.extend(ids))
    monkeypatch.setattr(site_tasks, "_rest_until", 0.0)
    waiting = request_release(ACTOR, campaign, "0.1")
    alive, dead = (request_release(ACTOR, campaign, version) for version in ("0.2", "0.3"))
    for release in (alive, dead):
        claim(release.pk)
    Release.objects.filter(pk=dead.pk).update(heartbeat_at=timezone.now() - 2 * Release.silence)
    failed = request_release(ACTOR, campaign, "0.4")
    Release.objects.filter(pk=failed.pk).update(status="failed")

    tasks.sweep_releases()

    assert sorted(sent) == [waiting.pk, dead.pk]


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_one_release_asked_of_four_workers_at_once(campaign: Campaign) -> None:
    """On PostgreSQL: one of them builds it."""
    release = request_release(ACTOR, campaign, "0.1")
    together = threading.Barrier(4)

    def take(_: int) -> bool:
        try:
            together.wait(20)
            return claim(release.pk) is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(take, range(4))) == [False, False, False, True]
