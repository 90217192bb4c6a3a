"""Imports as jobs: shared, stopped, resumed, and reported."""

from __future__ import annotations

import csv
import io
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image as Pillow

from labeling.images import tasks
from labeling.images.services import import_jobs
from labeling.images.services.imports import Outcome
from labeling.images.views import imports
from labeling.models import Campaign, Image, ImportItem, ImportJob
from tests.factories import ACTOR, new_account, new_admin, new_campaign, product_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return five frames in the released layout, one of them not an image."""
    folder = tmp_path / "tree" / "msl" / "images" / "edr"
    folder.mkdir(parents=True)
    for number in range(1, 5):
        Pillow.new("L", (64, 48), 10 * number).save(folder / f"{product_id(number)}.JPG")
    (folder / f"{product_id(5)}.JPG").write_bytes(b"no picture")
    return tmp_path / "tree"


def run(job: ImportJob) -> None:
    """Process a job batch by batch, as workers do."""
    assert import_jobs.begin(job)
    assert import_jobs.prepare(job)
    while import_jobs.work_on_batch(ACTOR, ImportJob.objects.get(pk=job.pk)):
        pass
    job.refresh_from_db()


def statuses(job: ImportJob) -> list[str]:
    return list(job.items.order_by("name").values_list("status", flat=True))


@pytest.mark.parametrize("name", ["a\tb", "x" * 300])
def test_an_id_that_no_database_keeps_is_refused_and_the_rest_imported(
    campaign: Campaign, tmp_path: Path, name: str
) -> None:
    for number in (1, 2):
        Pillow.new("L", (64, 48), 10 * number).save(tmp_path / f"{number}.png")
    (tmp_path / "manifest.csv").write_text(f"file,product_id\n1.png,{name}\n2.png,good\n")
    job = import_jobs.start(ACTOR, campaign, str(tmp_path))
    run(job)

    refused = job.items.get(status="refused")
    assert (refused.name, refused.product_id) == ("1.png", "")
    assert "the id of an image" in refused.reason
    assert list(campaign.images.values_list("product_id", flat=True)) == ["good"]


def test_a_job_imports_what_it_can_and_says_what_it_refused(campaign: Campaign, tree: Path) -> None:
    job = import_jobs.start(ACTOR, campaign, str(tree))
    run(job)

    assert job.status == ImportJob.Status.COMPLETE
    assert statuses(job) == ["imported"] * 4 + ["refused"]
    assert "is not a JPEG image" in job.items.get(status="refused").reason
    assert import_jobs.counts(job) == {
        "waiting": 0,
        "imported": 4,
        "present": 0,
        "refused": 1,
        "unused": 0,
        "total": 5,
        "done": 5,
    }


def test_everything_that_was_found_is_in_the_report(
    client: Client, campaign: Campaign, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other files, hidden ones, masks without a frame: counted, and listed in part."""
    for number in range(3):
        (tree / f"notes{number}.txt").write_text("x")
    (tree / ".hidden").write_text("x")
    mask = tree / "msl" / "images" / "mxy" / f"{product_id(9).replace('EDR', 'MXY')}.png"
    mask.parent.mkdir()
    mask.write_bytes(b"x")
    job = import_jobs.start(ACTOR, campaign, str(tree))
    run(job)

    counts = import_jobs.counts(job)
    assert (counts["unused"], counts["total"], counts["done"]) == (5, 5, 5)
    found = {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}
    assert {row[0] for row in list(import_jobs.report_rows(job.items.all()))[1:]} == found

    client.force_login(new_admin())
    monkeypatch.setattr(imports, "REFUSALS_SHOWN", 2)
    page = client.get(reverse("images:import_job", args=(job.pk,))).content.decode()
    assert "Not used" in page
    assert ".hidden" in page
    assert "The first 2 of 5; the report lists all of them." in page


def test_running_it_again_changes_nothing(campaign: Campaign, tree: Path) -> None:
    run(import_jobs.start(ACTOR, campaign, str(tree)))
    before = list(Image.objects.order_by("pk").values())
    again = import_jobs.start(ACTOR, campaign, str(tree))
    run(again)

    assert statuses(again) == ["present"] * 4 + ["refused"]
    assert list(Image.objects.order_by("pk").values()) == before


def test_two_workers_share_a_job(campaign: Campaign, tree: Path) -> None:
    job = import_jobs.start(ACTOR, campaign, str(tree))
    import_jobs.begin(job)
    import_jobs.prepare(job)

    first = import_jobs.claim_batch(job, uuid.uuid4(), 3)
    second = import_jobs.claim_batch(job, uuid.uuid4(), 3)

    assert (len(first), len(second)) == (3, 2)
    assert not {item.pk for item in first} & {item.pk for item in second}
    assert import_jobs.claim_batch(job, uuid.uuid4()) == []
    # Their work is not finished, so neither is the job.
    assert not import_jobs.finish(job)


def test_the_items_of_a_worker_that_died_come_back(campaign: Campaign, tree: Path) -> None:
    job = import_jobs.start(ACTOR, campaign, str(tree))
    import_jobs.begin(job)
    import_jobs.prepare(job)
    dead = import_jobs.claim_batch(job, uuid.uuid4())
    ImportItem.objects.update(heartbeat_at=timezone.now() - ImportItem.silence * 2)
    run(job)

    assert job.status == ImportJob.Status.COMPLETE
    assert statuses(job) == ["imported"] * 4 + ["refused"]
    # It was only slow: what it writes comes too late.
    import_jobs.record(dead[0], Outcome(dead[0].name, Outcome.REFUSED, "too late"))
    assert statuses(job) == ["imported"] * 4 + ["refused"]


def test_a_command_waits_for_what_a_worker_has_in_hand(
    campaign: Campaign, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = import_jobs.start(ACTOR, campaign, str(tree))
    import_jobs.begin(job)
    import_jobs.prepare(job)
    token = uuid.uuid4()
    [held] = import_jobs.claim_batch(job, token, 1)

    def worker_ends(seconds: float) -> None:
        assert statuses(job) == ["waiting", *["imported"] * 3, "refused"]
        source = import_jobs.source_of(job)
        import_jobs.record(held, import_jobs.import_item(ACTOR, job.campaign_id, source, held))

    monkeypatch.setattr(import_jobs.time, "sleep", worker_ends)
    outcomes = list(import_jobs.import_here(ACTOR, job, 1))

    assert [outcome.status for outcome in outcomes] == ["imported"] * 3 + ["refused"]
    job.refresh_from_db()
    assert job.status == ImportJob.Status.COMPLETE
    assert statuses(job) == ["imported"] * 4 + ["refused"]


def test_a_command_ends_where_its_import_is_stopped(
    campaign: Campaign, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_jobs.claim_batch, "__defaults__", (2,))
    job = import_jobs.start(ACTOR, campaign, str(tree))
    import_jobs.begin(job)
    import_jobs.prepare(job)
    done = []
    for outcome in import_jobs.import_here(ACTOR, job, 1):
        done.append(outcome)
        import_jobs.stop(ACTOR, job)
    assert len(done) == 2
    call_command("import_images", str(tree), "--campaign", campaign.slug)
    assert Image.objects.count() == 4


def test_files_are_listed_by_one_process(campaign: Campaign, tree: Path) -> None:
    job = import_jobs.start(ACTOR, campaign, str(tree))
    assert import_jobs.begin(job)
    assert not import_jobs.begin(ImportJob.objects.get(pk=job.pk)), "it is being listed"
    assert not import_jobs.work_on_batch(ACTOR, job), "its items are not all there"
    ImportJob.objects.update(heartbeat_at=timezone.now() - ImportJob.silence * 2)
    run(ImportJob.objects.get(pk=job.pk))
    assert Image.objects.count() == 4


def test_stop_and_resume(campaign: Campaign, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_jobs, "BATCH", 2)
    monkeypatch.setattr(import_jobs.claim_batch, "__defaults__", (2,))
    job = import_jobs.start(ACTOR, campaign, str(tree))
    import_jobs.begin(job)
    import_jobs.prepare(job)
    assert import_jobs.work_on_batch(ACTOR, ImportJob.objects.get(pk=job.pk))
    assert import_jobs.stop(ACTOR, job)

    stopped = ImportJob.objects.get(pk=job.pk)
    assert not import_jobs.work_on_batch(ACTOR, stopped)
    assert import_jobs.counts(stopped)["done"] == 2

    run(stopped)
    assert stopped.status == ImportJob.Status.COMPLETE
    assert Image.objects.count() == 4


def test_a_source_that_cannot_be_read(campaign: Campaign, tmp_path: Path) -> None:
    job = import_jobs.start(ACTOR, campaign, str(tmp_path / "nowhere"))
    tasks.start_import(job.pk)
    job.refresh_from_db()

    assert job.status == ImportJob.Status.FAILED
    assert "does not exist" in job.message


def test_an_upload_that_is_no_archive_is_told_by_its_own_name(
    client: Client, campaign: Campaign
) -> None:
    client.force_login(new_admin())
    sent = SimpleUploadedFile("notes.txt", b"hello")
    answer = client.post(reverse("images:imports", args=(campaign.slug,)), {"archive": sent})
    job = ImportJob.objects.get()
    tasks.start_import(job.pk)
    job.refresh_from_db()

    assert job.status == ImportJob.Status.FAILED
    assert job.message.startswith("There is nothing to import in notes.txt.")
    page = client.get(answer["Location"]).content.decode()
    assert "Choose other images" in page
    assert "No file" not in page, "nothing was looked at"


def test_the_sweep_finds_lost_imports(
    campaign: Campaign, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueued: list[Any] = []
    monkeypatch.setattr(tasks, "enqueue", lambda task, *ids: enqueued.append((task.name, *ids)))
    queued = import_jobs.start(ACTOR, campaign, str(tree))
    silent = import_jobs.start(ACTOR, campaign, str(tree))
    import_jobs.begin(silent)
    import_jobs.prepare(silent)
    busy = import_jobs.start(ACTOR, campaign, str(tree))
    import_jobs.begin(busy)
    import_jobs.prepare(busy)
    import_jobs.claim_batch(busy, uuid.uuid4())
    dead = import_jobs.start(ACTOR, campaign, str(tree))
    import_jobs.begin(dead)
    listing = import_jobs.start(ACTOR, campaign, str(tree))
    import_jobs.begin(listing)
    ImportJob.objects.filter(pk=dead.pk).update(heartbeat_at=timezone.now() - ImportJob.silence * 2)

    tasks.sweep_imports()

    assert sorted(enqueued) == [
        ("labeling.images.tasks.import_batch", silent.pk),
        ("labeling.images.tasks.import_batch", silent.pk),
        ("labeling.images.tasks.start_import", queued.pk),
        ("labeling.images.tasks.start_import", dead.pk),
    ]


def test_an_outcome_is_written_once(campaign: Campaign, tree: Path) -> None:
    job = import_jobs.start(ACTOR, campaign, str(tree))
    import_jobs.begin(job)
    import_jobs.prepare(job)
    item = import_jobs.claim_batch(job, uuid.uuid4(), 1)[0]
    import_jobs.record(item, Outcome(item.name, Outcome.IMPORTED))
    import_jobs.record(item, Outcome(item.name, Outcome.REFUSED, "too late"))

    item.refresh_from_db()
    assert (item.status, item.reason) == ("imported", "")


def test_the_pages_of_an_import(client: Client, campaign: Campaign, tree: Path) -> None:
    client.force_login(new_admin())
    page = reverse("images:imports", args=(campaign.slug,))
    assert client.get(page).status_code == 200

    answer = client.post(page, {"source": str(tree)})
    job = ImportJob.objects.get()
    assert answer["Location"] == reverse("images:import_job", args=(job.pk,))
    run(job)

    assert client.get(answer["Location"]).status_code == 200
    state = client.get(reverse("images:import_progress", args=(job.pk,))).json()
    assert (state["status"], state["percent"], state["refused"]) == ("complete", 100, 1)
    report = client.get(reverse("images:import_report", args=(job.pk,))).getvalue().decode()
    lines = list(csv.reader(io.StringIO(report)))
    assert lines[0] == ["file", "product_id", "result", "reason"]
    assert [line[2] for line in lines[1:]] == ["imported"] * 4 + ["refused"]


@pytest.mark.parametrize("given", [{}, {"source": ""}])
def test_an_import_of_nothing(client: Client, campaign: Campaign, given: dict[str, str]) -> None:
    client.force_login(new_admin())
    answer = client.post(reverse("images:imports", args=(campaign.slug,)), given)

    assert answer.status_code == 200
    assert "Choose either a folder or an archive." in answer.content.decode()
    assert not ImportJob.objects.exists()


def test_only_admins_import(client: Client, campaign: Campaign) -> None:
    client.force_login(new_account("vera"))
    job = import_jobs.start(ACTOR, campaign, "/")
    for page in (
        reverse("images:imports", args=(campaign.slug,)),
        reverse("images:curate", args=(campaign.slug,)),
        reverse("images:import_job", args=(job.pk,)),
        reverse("images:import_progress", args=(job.pk,)),
        reverse("images:import_report", args=(job.pk,)),
        reverse("images:images", args=(campaign.slug,)),
    ):
        assert client.get(page).status_code == 403
    for page in ("images:import_stop", "images:import_resume"):
        assert client.post(reverse(page, args=(job.pk,))).status_code == 403


def test_a_file_name_is_no_formula(client: Client, campaign: Campaign) -> None:
    client.force_login(new_admin())
    job = import_jobs.start(ACTOR, campaign, "somewhere")
    job.items.create(name="=cmd()", product_id="x", status="refused", reason="no picture")
    report = client.get(reverse("images:import_report", args=(job.pk,))).getvalue().decode()
    assert "'=cmd()" in report
