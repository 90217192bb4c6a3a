"""The page of imports reads what it may, and does not tell what else is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from labeling import tasks
from labeling.models import ImportJob
from labeling.services import import_jobs
from tests.factories import new_admin, new_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def permitted(tmp_path: Path, settings: Any) -> Path:
    """A permitted folder, with a link out of it; beside it a folder that is not."""
    folder = tmp_path / "images"
    (folder / "sol-1").mkdir(parents=True)
    (tmp_path / "images-of-others").mkdir()
    (folder / "out").symlink_to(tmp_path / "images-of-others")
    (tmp_path / "in").symlink_to(folder / "sol-1")
    settings.IMPORT_FOLDERS = [str(folder)]
    return folder


def start(client: Client, source: str) -> str:
    """What the page says; "" where the import was started."""
    client.force_login(new_admin(f"ada{ImportJob.objects.count()}{len(source)}"))
    answer = client.post(reverse("imports", args=("navcam",)), {"source": source})
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
    assert "reads no folders" in job.message


def test_a_command_reads_every_folder(permitted: Path) -> None:
    job = import_jobs.start(new_campaign(), str(permitted.parent / "images-of-others"))
    import_jobs.begin(job)
    import_jobs.prepare(job)
    assert "There is nothing to import" in job.message
