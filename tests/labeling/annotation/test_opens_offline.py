"""Responses for pages stored for offline use, and for the service worker that opens them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client

from labeling.annotation.drawing_page import KEPT_FOR
from labeling.annotation.views import drawing
from labeling.models import Campaign
from labeling.people.services.labelers import labeler_of_user
from tests.factories import assign, new_account, new_admin, new_campaign, new_image

pytestmark = pytest.mark.django_db

WORKER = "/c/offline-worker.js"


@pytest.fixture
def ready() -> Campaign:
    campaign = new_campaign("ready")
    new_image(campaign, 1)
    return campaign


def person_of(answer: HttpResponse) -> str:
    """The name on the device that a page around the drawing page gives its person."""
    found = re.search(r'<html[^>]* data-person="([^"]*)"', answer.content.decode())
    assert found
    return found[1]


def config_of(answer: HttpResponse) -> dict[str, object]:
    found = re.search(r'<script id="annotate-config"[^>]*>(.*?)</script>', answer.content.decode())
    assert found
    return dict(json.loads(found[1]))


def see_tutorial(client: Client, slug: str = "ready") -> None:
    client.post(f"/c/{slug}/tutorial/seen/")


def test_the_drawing_page_names_whom_it_is_kept_for(client: Client, ready: Campaign) -> None:
    assert person_of(client.get("/")) == "", "nobody yet"
    see_tutorial(client)
    page = client.get("/c/ready/draw/")
    guest = page[KEPT_FOR]
    config = config_of(page)

    assert re.fullmatch("v[0-9a-f]{16}", guest)
    assert (config["person"], config["offline"]) == (guest, WORKER)
    assert person_of(client.get("/")) == guest

    user = new_account("ada")
    client.force_login(user)
    see_tutorial(client)
    page = client.get("/c/ready/draw/")
    assert page[KEPT_FOR] == config_of(page)["person"] == f"u{user.pk}"
    assert person_of(client.get("/")) == f"u{user.pk}"

    client.post("/accounts/logout/")
    assert person_of(client.get("/")) != f"u{user.pk}"


def test_no_other_page_is_kept(client: Client, ready: Campaign) -> None:
    new_campaign("unseen")
    client.force_login(new_admin("manager"))
    see_tutorial(client)
    pages = ["/", "/drawings/", "/c/ready/tutorial/", "/c/ready/practice/", "/c/ready/guide/"]
    for page in [*pages, "/manage/", "/manage/ready/", "/review/"]:
        answer = client.get(page)
        assert KEPT_FOR not in answer, page

    # A manager looks at a campaign before it is public.
    see_tutorial(client, "unseen")
    preview = client.get("/c/unseen/draw/")
    assert (preview.status_code, KEPT_FOR in preview) == (200, False)
    assert config_of(preview)["offline"] is None


def test_a_closed_campaign_is_not_kept(client: Client, ready: Campaign) -> None:
    user = new_account("ada")
    client.force_login(user)
    assign(ready.images.get(), labeler_of_user(user))
    Campaign.objects.update(is_open=False)
    answer = client.get("/c/ready/draw/")

    assert (answer.status_code, KEPT_FOR in answer) == (410, False)


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "offline_worker.js"
    monkeypatch.setattr(drawing, "OFFLINE_WORKER", path)
    return path


def test_the_worker_is_always_asked_for_again(client: Client, script: Path) -> None:
    script.write_text("// the worker")
    answer = client.get(WORKER)

    assert answer.content == b"// the worker"
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert {"no-cache", "no-store"} <= set(answer["Cache-Control"].split(", "))
    assert answer["X-Content-Type-Options"] == "nosniff"
    # Without this header it is for the pages below its own folder, /c/, and for no staff page.
    assert "Service-Worker-Allowed" not in answer
    # What it may load is in its own answer, not in that of the page.
    policy = answer["Content-Security-Policy"]
    assert "worker-src 'self'" in policy
    assert "connect-src 'self'" in policy
    assert client.post(WORKER).status_code == 405
    script.write_text("// the next one")
    assert client.get(WORKER).content == b"// the next one"


def test_before_the_scripts_are_built_there_is_no_worker(client: Client, script: Path) -> None:
    assert client.get(WORKER).status_code == 404
