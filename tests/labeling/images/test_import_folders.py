"""The page of imports reads only permitted folders, and does not reveal others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image as Pillow

from ai4mars_site.toolkit.actors import Actor
from labeling.images import tasks
from labeling.images.services import import_jobs
from labeling.models import ImportJob
from tests.factories import ACTOR, new_admin, new_campaign, product_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def permitted(tmp_path: Path, settings: Any) -> Path:
    """Return a permitted folder with a link out of it; beside it is another folder."""
    folder = tmp_path / "images"
    (folder / "sol-1").mkdir(parents=True)
    (tmp_path / "images-of-others").mkdir()
    (folder / "out").symlink_to(tmp_path / "images-of-others")
    (tmp_path / "in").symlink_to(folder / "sol-1")
    settings.IMPORT_FOLDERS = [str(folder)]
    return folder


def start(client: Client, source: str) -> str:
    """Return the message of the page; "" if the import was started."""
    client.force_login(new_admin(f"ada{ImportJob.objects.count()}{len(source)}"))
    answer = client.post(reverse("images:imports", args=("navcam",)), {"source": source})
    if answer.status_code == 302:
        return ""
    [said] = answer.context["form"].errors["source"]
    return str(said)


def test_only_permitted_folders_are_read(client: Client, permitted: Path) -> None:
    new_campaign("navcam")
    outside = [
        "/etc",
        "/no/such/folder",
        str(permitted.parent),
        str(permitted.parent / "images-of-others"),
        str(permitted / "out"),
        str(permitted / ".." / "images-of-others"),
        "file:///etc",
        "relative",
    ]
    said = {start(client, source) for source in outside}
    assert len(said) == 1, "the same whether it exists or not"
    assert str(permitted) in said.pop()
    assert not ImportJob.objects.exists()

    for source in (permitted, permitted / "sol-1", permitted.parent / "in", permitted / "missing"):
        assert start(client, str(source)) == ""
    assert start(client, "s3://bucket/prefix") == ""
    linked = ImportJob.objects.filter(source=str(permitted / "sol-1"))
    assert linked.count() == 2, "a link is resolved once"


def test_without_the_setting_nothing_is_read(client: Client, settings: Any) -> None:
    new_campaign("navcam")
    settings.IMPORT_FOLDERS = []
    assert start(client, "/etc") == start(client, "/no/such/folder") != ""


def test_a_permission_that_was_taken_back(client: Client, permitted: Path, settings: Any) -> None:
    new_campaign("navcam")
    start(client, str(permitted / "sol-1"))
    settings.IMPORT_FOLDERS = []
    job = ImportJob.objects.get()
    tasks.start_import(job.pk)
    job.refresh_from_db()
    assert (job.status, job.items.count()) == ("failed", 0)
    assert "does not import from folders" in job.message


def test_a_command_reads_every_folder(permitted: Path) -> None:
    job = import_jobs.start(ACTOR, new_campaign(), str(permitted.parent / "images-of-others"))
    import_jobs.begin(job)
    import_jobs.prepare(job)
    assert "There is nothing to import" in job.message


def test_links_of_files_lead_nowhere_outside(permitted: Path) -> None:
    campaign = new_campaign("navcam")
    for number, folder in enumerate((permitted.parent / "images-of-others", permitted / "sol-1")):
        Pillow.new("L", (64, 48), 40 + number).save(folder / f"frame-{number}.png")
    (permitted / "linked.png").symlink_to(permitted.parent / "images-of-others" / "frame-0.png")
    (permitted / "inside.png").symlink_to(permitted / "sol-1" / "frame-1.png")
    job = import_jobs.start(Actor.of_user(new_admin()), campaign, str(permitted))
    assert import_jobs.begin(job)
    assert import_jobs.prepare(job)

    status = dict(job.items.values_list("name", "status"))
    assert (status["linked.png"], status["inside.png"]) == ("unused", "waiting")
    assert "outside the folders" in job.items.get(name="linked.png").reason
    # The command is not limited: it is used by who has the server's files anyhow.
    alone = import_jobs.start(ACTOR, campaign, str(permitted))
    assert import_jobs.begin(alone)
    assert import_jobs.prepare(alone)
    assert alone.items.get(name="linked.png").status == "waiting"


def test_a_frame_folder_alone_permits_no_masks_beside_it(tmp_path: Path, settings: Any) -> None:
    edr = tmp_path / "msl" / "images" / "edr"
    mxy = tmp_path / "msl" / "images" / "mxy"
    for folder in (edr, mxy):
        folder.mkdir(parents=True)
    Pillow.new("L", (64, 48), 40).save(edr / f"{product_id(1)}.JPG")
    Pillow.new("L", (64, 48), 1).save(mxy / f"{product_id(1)}.png".replace("EDR", "MXY"))
    settings.IMPORT_FOLDERS = [str(edr)]
    campaign = new_campaign("navcam")
    job = import_jobs.start(Actor.of_user(new_admin()), campaign, str(edr))
    assert import_jobs.begin(job)
    assert import_jobs.prepare(job)
    while import_jobs.work_on_batch(ACTOR, ImportJob.objects.get(pk=job.pk)):
        pass
    assert campaign.images.get().rover_mask == ""
