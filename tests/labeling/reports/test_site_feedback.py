"""The short feedback form and the page on which managers read it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from labeling.models import Campaign, Labeler, SiteFeedback
from labeling.reports.views import site_feedback
from tests.factories import new_account, new_admin, new_campaign, new_image, submission
from tests.visitors import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_is_throttled() -> None:
    cache.clear()


@pytest.fixture
def admin() -> Client:
    browser = Client()
    browser.force_login(new_admin())
    return browser


def said(**fields: Any) -> dict[str, Any]:
    return {"mood": "4", "text": "", "contact": "", "page": "", "website": "", **fields}


def test_anybody_can_say_something() -> None:
    page = Client().get("/feedback/?from=/c/navcam/draw/")
    assert page.context["form"]["page"].value() == "/c/navcam/draw/"

    answer = Client().post(
        "/feedback/", said(text="Hard to see.", contact="Vera", page="/c/navcam/draw/")
    )

    assert answer["Location"] == "/feedback/thanks/?from=%2Fc%2Fnavcam%2Fdraw%2F"
    assert Client().get(answer["Location"]).context["back"] == "/c/navcam/draw/"
    stored = SiteFeedback.objects.get()
    assert (stored.mood, stored.text, stored.contact) == (4, "Hard to see.", "Vera")
    assert (stored.page, stored.labeler, stored.read_at) == ("/c/navcam/draw/", None, None)


def test_a_volunteers_feedback_is_known_as_theirs() -> None:
    new_campaign()
    image = new_image(Campaign.objects.get())
    guest, nobody = Visitor(), Client()
    guest.post("/api/campaigns/navcam/next/")
    guest.post("/api/labels/", submission(image))

    for browser in (guest, nobody):
        browser.post("/feedback/", said(), **({"format": "multipart"} if browser is guest else {}))

    guests = SiteFeedback.objects.order_by("pk").values_list("labeler", flat=True)
    assert list(guests) == [Labeler.objects.get().pk, None]


@pytest.mark.parametrize(
    "fields",
    [
        {"mood": ""},
        {"mood": "0"},
        {"mood": "6"},
        {"mood": "happy"},
        {"text": "x" * 2001},
        {"text": "a\x00b"},
        {"contact": "x" * 201},
    ],
)
def test_forms_that_cannot_be(fields: dict[str, str]) -> None:
    answer = Client().post("/feedback/", said(**{"text": "My words", **fields}))

    assert answer.status_code == 400
    [name] = fields
    assert answer.context["form"].errors[name]
    assert not SiteFeedback.objects.exists()
    if name != "text":
        assert "My words" in answer.content.decode(), "nothing has to be written again"


@pytest.mark.parametrize(
    "page",
    ["https://example.org/", "//example.org/", "javascript:alert(1)", "/" + "x" * 200, "\\\\x"],
)
def test_only_addresses_of_this_site_are_gone_back_to(page: str) -> None:
    assert Client().get("/feedback/", {"from": page}).context["form"]["page"].value() == ""
    answer = Client().post("/feedback/", said(page=page))

    assert answer["Location"] == "/feedback/thanks/?from="
    assert SiteFeedback.objects.get().page == ""
    assert Client().get("/feedback/thanks/", {"from": page}).context["back"] == "/"


def test_a_machine_is_thanked_and_not_stored() -> None:
    answer = Client().post("/feedback/", said(website="http://buy.example"))

    assert answer.status_code == 302
    assert not SiteFeedback.objects.exists()


def test_too_much_from_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_feedback.FeedbackThrottle, "rate", "2/hour", raising=False)
    browser = Client()

    answers = [browser.post("/feedback/", said(text="Again")) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert "Again" in answers[2].content.decode()
    assert SiteFeedback.objects.count() == 2
    elsewhere = Client(REMOTE_ADDR="10.0.0.9").post("/feedback/", said())
    assert elsewhere.status_code == 302


def test_the_form_is_protected() -> None:
    assert Client(enforce_csrf_checks=True).post("/feedback/", said()).status_code == 403


# -- the admins' page ------------------------------------------------------------------------------


def test_admins_read_what_is_new_and_mark_it(admin: Client) -> None:
    old = SiteFeedback.objects.create(mood=2, text="Old", read_at=timezone.now())
    new = SiteFeedback.objects.create(mood=5, text="<b>New</b>")

    page = admin.get("/manage/feedback/")

    assert list(page.context["page"]) == [new]
    assert (page.context["average"], page.context["unread"], page.context["total"]) == (3.5, 1, 2)
    assert [mood["count"] for mood in page.context["moods"]] == [1, 0, 0, 1, 0]
    assert "<b>New</b>" not in page.content.decode()
    assert list(admin.get("/manage/feedback/?show=read").context["page"]) == [old]
    assert len(admin.get("/manage/feedback/?show=all").context["page"]) == 2
    assert admin.get("/manage/").context["unread_feedback"] == 1

    back = admin.post("/manage/feedback/read/", {"id": new.pk, "show": "all"})
    assert back["Location"] == "/manage/feedback/?show=all"
    new.refresh_from_db()
    assert new.read_at is not None

    admin.post("/manage/feedback/read/", {"id": new.pk, "unread": "1"})
    new.refresh_from_db()
    assert new.read_at is None


def test_nothing_said_yet(admin: Client) -> None:
    page = admin.get("/manage/feedback/")

    assert (page.status_code, page.context["total"]) == (200, 0)
    assert admin.post("/manage/feedback/read/", {"id": "x"}).status_code == 302


def test_the_export_is_safe_in_a_spreadsheet(admin: Client) -> None:
    SiteFeedback.objects.create(mood=1, text='=HYPERLINK("x")\n"quoted", and more', contact="+49 1")
    SiteFeedback.objects.create(mood=5, text="Fine", page="/", read_at=timezone.now())

    answer = admin.get("/manage/feedback/feedback.csv")

    assert answer["Content-Disposition"] == 'attachment; filename="feedback.csv"'
    text = b"".join(answer.streaming_content).decode()
    head, first, second = csv.reader(io.StringIO(text, newline=""))
    assert head == ["sent", "mood", "text", "contact", "page", "read"]
    assert first[1:5] == ["1", '\'=HYPERLINK("x")\n"quoted", and more', "'+49 1", ""]
    assert (first[5], second[1:5]) == ("", ["5", "Fine", "", "/"])
    assert second[5]


@pytest.mark.parametrize("url", ["/manage/feedback/", "/manage/feedback/feedback.csv"])
def test_only_admins_read(url: str) -> None:
    assert Client().get(url).status_code == 302
    volunteer = Client()
    volunteer.force_login(new_account("vera"))
    assert volunteer.get(url).status_code == 403
    entry = SiteFeedback.objects.create(mood=3)
    assert volunteer.post("/manage/feedback/read/", {"id": entry.pk}).status_code == 403
    entry.refresh_from_db()
    assert entry.read_at is None
