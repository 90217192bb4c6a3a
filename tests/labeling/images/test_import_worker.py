"""An import with a real broker and a real worker process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image as Pillow

from ai4mars_site.toolkit.tasks import enqueue
from labeling.campaigns.services.creation import campaign_from_preset
from labeling.images.services import import_jobs
from labeling.images.tasks import start_import, sweep_imports
from labeling.models import Campaign, ImportItem, ImportJob
from tests.factories import ACTOR, product_id

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

FRAMES = 40


def write_tree(folder: Path) -> Path:
    frames = folder / "msl" / "images" / "edr"
    frames.mkdir(parents=True)
    for number in range(FRAMES):
        Pillow.new("L", (64, 48), 90).save(frames / f"{product_id(number)}.JPG")
    return folder


def has_status(job: ImportJob, status: str) -> Callable[[], bool]:
    return lambda: ImportJob.objects.filter(pk=job.pk, status=status).exists()


def test_a_worker_imports_batch_after_batch(
    worker: Any, eventually: Callable[..., Any], tmp_path: Path
) -> None:
    campaign, _ = campaign_from_preset(ACTOR, "navcam", "msl-navcam")
    job = import_jobs.start(ACTOR, campaign, str(write_tree(tmp_path / "tree")))
    enqueue(start_import, job.pk)

    eventually(has_status(job, "complete"))

    assert import_jobs.counts(job)["imported"] == FRAMES
    assert Campaign.objects.get().images.count() == FRAMES


def test_an_import_goes_on_after_its_worker_was_killed(
    worker: Any, eventually: Callable[..., Any], tmp_path: Path
) -> None:
    campaign, _ = campaign_from_preset(ACTOR, "navcam", "msl-navcam")
    job = import_jobs.start(ACTOR, campaign, str(write_tree(tmp_path / "tree")))
    enqueue(start_import, job.pk)
    eventually(lambda: import_jobs.counts(job)["imported"] > 0)
    worker.kill()
    # It is taken to be dead after a while; the clock is not waited for here.
    silent = timezone.now() - ImportItem.silence * 2
    job.items.exclude(claim=None).filter(status="waiting").update(heartbeat_at=silent)

    worker.start()
    sweep_imports()
    eventually(has_status(job, "complete"))

    assert import_jobs.counts(job)["imported"] == FRAMES
    assert campaign.images.count() == FRAMES
