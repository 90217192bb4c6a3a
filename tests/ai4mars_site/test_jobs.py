"""Jobs for one process at a time: claims, heartbeats and takeover, on all kinds of rows."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from ai4mars_site.toolkit import jobs
from ai4mars_site.toolkit.jobs import (
    ClaimableJob,
    ClaimLost,
    Heartbeat,
    change,
    claim_batch,
    claim_one,
    give_up,
    hold,
    keep_alive,
    working,
)
from labeling.models import ImportItem, ImportJob
from merging.models import Release
from review.models import CampaignSkill
from tests.factories import new_campaign
from tests.served import REPOSITORY, ServedSite

pytestmark = pytest.mark.django_db


def release() -> QuerySet[Release]:
    """Return a job whose status says whether a process works on it."""
    new = Release.objects.create(campaign=new_campaign(), version="1.0")
    return Release.objects.filter(pk=new.pk)


def item() -> QuerySet[ImportItem]:
    """Return a job that keeps its status while a process works on it."""
    new = items(1)[0]
    return ImportItem.objects.filter(pk=new.pk)


def items(count: int) -> list[ImportItem]:
    job = ImportJob.objects.create(campaign=new_campaign(), source="somewhere")
    return ImportItem.objects.bulk_create(
        ImportItem(job=job, name=f"{number}.png") for number in range(count)
    )


def estimate() -> QuerySet[CampaignSkill]:
    """Return a job whose status says something else."""
    new = CampaignSkill.objects.create(
        campaign=new_campaign(),
        status="estimated",
        estimated_at=timezone.now(),
        label_set="ab",
        method=1,
    )
    return CampaignSkill.objects.filter(pk=new.pk)


@pytest.fixture(params=[release, item, estimate])
def rows(request: pytest.FixtureRequest) -> Any:
    """Return the row of one job, for each kind of job."""
    return request.param()


def lose(rows: Any) -> None:
    """Let the heartbeat of the process that works on these rows expire."""
    silent = timezone.now() - rows.model.silence - timedelta(seconds=1)
    rows.update(heartbeat_at=silent)


# -- claims ----------------------------------------------------------------------------------------


def test_a_job_is_claimed_once_and_given_up(rows: Any) -> None:
    before = rows.get()

    job = claim_one(rows)

    assert job is not None
    assert job.claim is not None
    assert job == before
    assert claim_one(rows) is None
    give_up(job)
    after = rows.get()
    assert (after.claim, after.heartbeat_at) == (None, None)
    assert after.status == before.status
    assert claim_one(rows) is not None


def test_a_claim_writes_fields_and_reads_what_the_query_reads(
    django_assert_num_queries: Any,
) -> None:
    job = claim_one(release().select_related("campaign"), message="begun", total=7)

    assert job is not None
    with django_assert_num_queries(0):
        assert job.campaign.slug == "navcam"
    stored = Release.objects.get()
    assert (stored.status, stored.message, stored.total) == ("building", "begun", 7)
    assert (job.message, job.total) == ("begun", 7)


def test_what_is_over_or_gone_cannot_be_claimed() -> None:
    rows = release()
    rows.update(status="failed")
    assert claim_one(rows) is None
    rows.delete()
    assert claim_one(rows) is None
    done = item()
    done.update(status="imported")
    assert claim_one(done) is None
    assert claim_batch(ImportItem.objects.all(), uuid.uuid4(), 5) == []


def test_a_batch_is_what_is_free_in_order() -> None:
    made = [each.pk for each in items(7)]
    mine, others = uuid.uuid4(), uuid.uuid4()
    every = ImportItem.objects.all()
    assert [each.pk for each in claim_batch(every.filter(pk=made[1]), others, 5)] == [made[1]]

    first = claim_batch(every, mine, 3)
    second = claim_batch(every, mine, 3)

    assert [each.pk for each in first] == [made[0], made[2], made[3]]
    assert [each.pk for each in second] == made[4:]
    assert {each.claim for each in first + second} == {mine}
    assert claim_batch(every, mine, 3) == []


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_one_of_four_rivals_wins(rows: Any) -> None:
    """On PostgreSQL: the other processes find the row claimed."""
    assert [each is not None for each in at_once(4, lambda: claim_one(rows.all()))].count(True) == 1


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_rivals_share_a_batch() -> None:
    """On PostgreSQL: every row goes to exactly one process."""
    made = items(20)
    every = ImportItem.objects.all()

    def take_all() -> list[int]:
        taken: list[int] = []
        while batch := claim_batch(every, uuid.uuid4(), 3):
            taken += [each.pk for each in batch]
        return taken

    taken = [pk for each in at_once(4, take_all) for pk in each]

    assert len(taken) == len(set(taken))
    # Whoever lost a whole batch to rivals stopped early; nothing was claimed in vain.
    assert ImportItem.objects.exclude(claim=None).count() == len(taken) <= len(made)


def at_once(count: int, ask: Callable[[], Any]) -> list[Any]:
    """Call `ask` in several threads at once; return the results."""
    together = threading.Barrier(count)

    def one(_: int) -> Any:
        try:
            together.wait(20)
            return ask()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


# -- take-over -------------------------------------------------------------------------------------


def test_a_silent_process_is_taken_over_and_writes_nothing_more(rows: Any) -> None:
    slow = claim_one(rows)
    assert slow is not None
    lose(rows)
    successor = claim_one(rows)
    assert successor is not None
    assert successor.claim != slow.claim

    with pytest.raises(ClaimLost, match="taken over"):
        change(slow, heartbeat_at=timezone.now())
    with pytest.raises(ClaimLost, match="taken over"), transaction.atomic():
        hold(slow)
    slow.heartbeat_at = timezone.now() - jobs.KEEP_ALIVE_EVERY
    with pytest.raises(ClaimLost, match="taken over"):
        keep_alive(slow)
    give_up(slow)

    kept = rows.get()
    assert (kept.claim, kept.heartbeat_at) == (successor.claim, successor.heartbeat_at)
    hold_in_transaction(successor)


def hold_in_transaction(job: ClaimableJob) -> None:
    with transaction.atomic():
        hold(job)


def test_a_change_does_not_take_on_the_successors_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is taken over right after its write notices that at its next write."""
    rows = release()
    slow = claim_one(rows)
    assert slow is not None
    change(slow, done=1, heartbeat_at=timezone.now() - Release.silence * 2)
    successor = claim_one(rows)
    assert successor is not None

    assert slow.done == 1
    assert slow.claim != successor.claim
    with pytest.raises(ClaimLost):
        change(slow, done=2)
    assert rows.get().done == 1


def test_a_job_without_a_claim_is_nobodys(rows: Any) -> None:
    job = rows.get()
    with pytest.raises(ClaimLost):
        change(job, heartbeat_at=timezone.now())
    with pytest.raises(ClaimLost), transaction.atomic():
        hold(job)
    give_up(job)
    with Heartbeat(jobs.held(job)):
        pass
    assert rows.get().heartbeat_at is None


def test_a_person_stops_a_job() -> None:
    rows = release()
    job = claim_one(rows)
    assert job is not None

    assert jobs.stop(rows) == 1
    assert jobs.stop(rows) == 0

    stopped = rows.get()
    assert (stopped.status, stopped.claim) == ("stopped", None)
    assert claim_one(rows) is None
    job.heartbeat_at = timezone.now() - jobs.KEEP_ALIVE_EVERY
    with pytest.raises(ClaimLost, match="it was stopped"):
        keep_alive(job, done=1)
    give_up(job)
    assert rows.get().status == "stopped"


# -- heartbeats ------------------------------------------------------------------------------------


def test_progress_is_written_once_a_second(django_assert_num_queries: Any) -> None:
    rows = release()
    job = claim_one(rows)
    assert job is not None

    with django_assert_num_queries(0):
        keep_alive(job, done=1, total=9)
    job.heartbeat_at = heard = timezone.now() - jobs.KEEP_ALIVE_EVERY
    with django_assert_num_queries(1):
        for done in range(2, 6):
            keep_alive(job, done=done, total=9)

    stored = rows.get()
    assert (stored.done, stored.total) == (2, 9)
    assert stored.heartbeat_at > heard


def test_nothing_is_written_of_a_job_that_has_ended(django_assert_num_queries: Any) -> None:
    rows = release()
    job = claim_one(rows)
    assert job is not None
    change(job, status="failed", heartbeat_at=timezone.now() - timedelta(hours=1))

    with django_assert_num_queries(0):
        keep_alive(job)


def test_work_that_ends_is_not_given_up() -> None:
    rows = release()
    job = claim_one(rows)
    assert job is not None
    with working(job):
        change(job, status="failed", message="No images.")

    assert rows.get().status == "failed"


def test_work_that_breaks_off_is_left_to_others(rows: Any) -> None:
    job = claim_one(rows)
    assert job is not None
    with pytest.raises(KeyboardInterrupt), working(job):
        raise KeyboardInterrupt

    assert rows.get().claim is None
    assert claim_one(rows) is not None


@pytest.mark.django_db(transaction=True)
def test_a_heartbeat_goes_on_while_the_work_takes_its_time(
    rows: Any, monkeypatch: pytest.MonkeyPatch, eventually: Callable[[Callable[[], Any]], Any]
) -> None:
    monkeypatch.setattr(Heartbeat, "EVERY_SECONDS", 0.05)
    job = claim_one(rows)
    assert job is not None
    lose(rows)
    with working(job):
        eventually(lambda: rows.get().heartbeat_at > timezone.now() - timedelta(seconds=10))
        assert claim_one(rows) is None

    assert [each.name for each in threading.enumerate() if each.name == "heartbeat"] == []


# -- processes that die or stand still -------------------------------------------------------------

SETUP = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
from review.models import CampaignSkill
from tests.factories import new_campaign
CampaignSkill.objects.create(campaign=new_campaign())
"""
WORK = """
import sys
import django
django.setup()
from ai4mars_site.toolkit.jobs import ClaimLost, Heartbeat, change, claim_one, working
from review.models import CampaignSkill
Heartbeat.EVERY_SECONDS = 0.05
job = claim_one(CampaignSkill.objects.all())
print("busy" if job is None else "claimed", flush=True)
if job is not None:
    with working(job):
        sys.stdin.readline()
        try:
            change(job, labels=job.labels + 1)
        except ClaimLost:
            print("lost", flush=True)
        else:
            print("done", flush=True)
"""


#: As if the process had not been heard of since.
FORGET = "UPDATE review_campaignskill SET heartbeat_at = '2026-01-01 00:00:00'"


class Site(ServedSite):
    """A site with one job, and processes that compete for it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.started: list[subprocess.Popen[str]] = []
        self.manage("shell", "-v", "0", "-c", SETUP)

    def work(self) -> subprocess.Popen[str]:
        """Start a process that claims the job and waits for a line before it writes its result."""
        process = subprocess.Popen(
            [sys.executable, "-c", WORK],
            cwd=REPOSITORY,
            env={**self.environment, "DJANGO_SETTINGS_MODULE": "ai4mars_site.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def row(self, then: str = "") -> tuple[str, str, int]:
        """Return the job's claim, heartbeat and result; first apply the changes in `then`."""
        url = self.environment.get("DATABASE_URL")
        connect: Any = (
            psycopg2.connect(url)
            if url
            else sqlite3.connect(self.home / "ai4mars.sqlite3", timeout=1)
        )
        with closing(connect) as connection:
            each = connection.cursor()
            each.execute("SELECT claim, heartbeat_at, labels FROM review_campaignskill")
            [(claim, heartbeat, labels)] = each.fetchall()
            if then:
                each.execute(then)
                connection.commit()
        return re.sub("-", "", str(claim)), str(heartbeat), labels


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def finish(process: subprocess.Popen[str]) -> str:
    """Let a process write its result; return whether it could."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    word = said(process)
    assert process.wait(60) == 0
    return word


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    environment = {}
    if request.param == "postgres":
        environment["DATABASE_URL"] = request.getfixturevalue("new_postgres_database")()
    site = Site(tmp_path_factory.mktemp("jobs"), environment)
    yield site
    for process in site.started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def test_processes_that_stand_still_or_die_are_taken_over(
    site: Site, eventually: Callable[[Callable[[], Any]], Any]
) -> None:
    slow = site.work()
    assert said(slow) == "claimed"
    assert said(site.work()) == "busy"
    claim, heartbeat, _ = site.row()
    eventually(lambda: site.row()[1] > heartbeat)

    # It stands still, as on a computer that sleeps, and so does its heartbeat.
    eventually(lambda: suspend(slow, lambda: site.row(then=FORGET)))
    assert_silent(site)
    successor = site.work()
    assert said(successor) == "claimed"
    slow.send_signal(signal.SIGCONT)
    assert finish(slow) == "lost"
    kept, _, labels = site.row()
    assert kept != claim
    assert labels == 0

    successor.kill()
    successor.wait()
    assert_silent(site)
    assert site.row()[0] == kept, "nobody was there to give it up"
    site.row(then=FORGET)
    last = site.work()
    assert said(last) == "claimed"
    assert finish(last) == "done"
    assert site.row()[::2] == ("None", 1)


def suspend(process: subprocess.Popen[str], then: Callable[[], object]) -> bool:
    """Stop a process, then call `then`; return False if it held SQLite's lock when stopped."""
    process.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
    try:
        then()
    except sqlite3.OperationalError:
        process.send_signal(signal.SIGCONT)
        return False
    return True


def assert_silent(site: Site) -> None:
    """Check that no heartbeat comes for the time of several."""
    before = site.row()
    time.sleep(0.3)
    assert site.row() == before
