"""Drafts on the server: the newest wins, nobody else sees them, and discarded ones stay away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection, connections
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.test import APIClient

from ai4mars_site.toolkit.errors import DomainError
from labeling.annotation import saving
from labeling.annotation.errors import NotAssigned
from labeling.annotation.saving import DraftThrottle
from labeling.annotation.services import drafts, labels
from labeling.annotation.services.assignments import skip
from labeling.annotation.services.drafts import DRAFT_LIFE, DraftContent, NewerDraft
from labeling.annotation.tasks import sweep_drafts
from labeling.models import Assignment, Draft, Image, Labeler
from labeling.people.services.labelers import labeler_of_user, new_guest
from tests.factories import (
    ACTOR,
    assign,
    box,
    draw,
    new_account,
    new_campaign,
    new_image,
    submission,
)
from tests.labeling.annotation.test_api import LABELS, NEXT, refusal
from tests.visitors import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_is_throttled() -> None:
    cache.clear()


@pytest.fixture
def image() -> Image:
    return new_image(new_campaign())


@pytest.fixture
def vera() -> Labeler:
    return labeler_of_user(new_account("vera"))


@pytest.fixture
def assignment(image: Image, vera: Labeler) -> Assignment:
    return assign(image, vera)


@pytest.fixture
def client(vera: Labeler) -> APIClient:
    browser = APIClient()
    browser.force_login(vera.user)
    return browser


def drawing(base: int = 0, writer: str = "laptop", stroke: int = 1, **fields: Any) -> DraftContent:
    known: dict[str, Any] = {"format": 2, "polygons": [box(0, 0, 0, 2, 1)], "steps": [[[1, 1]]]}
    return DraftContent(base=base, writer=writer, stroke=stroke, **{**known, **fields})


def body(base: int = 0, writer: str = "laptop", stroke: int = 1, **fields: Any) -> dict[str, Any]:
    """Return a drawing as the page sends it."""
    known: dict[str, Any] = {"format": 2, "polygons": [box(0, 0, 0, 2, 1)], "steps": [[[1, 1]]]}
    return {"base": base, "writer": writer, "stroke": stroke, **known, **fields}


def url(image: Image) -> str:
    return f"/api/images/{image.pk}/draft/"


# -- the newest wins -------------------------------------------------------------------------------


def test_each_save_builds_upon_the_one_before(assignment: Assignment, vera: Labeler) -> None:
    for base in range(3):
        kept = drafts.save(vera, assignment.image_id, drawing(base, stroke=base + 1))
        assert kept.version == base + 1
    assert Draft.objects.get() == kept


def test_an_unfinished_shape_keeps_its_tool_its_class_and_whether_it_paints_over(
    client: APIClient, assignment: Assignment, image: Image
) -> None:
    style = {"tool": "draw", "sketch_class": 2, "paint_over": True}
    client.put(url(image), body(**style), format="json")
    kept = client.get(url(image)).json()
    assert {name: kept[name] for name in style} == style

    # Of a page from before they were kept.
    client.put(url(image), body(1, stroke=2), format="json")
    kept = client.get(url(image)).json()
    assert (kept["tool"], kept["sketch_class"], kept["paint_over"]) == ("draw", None, False)


@pytest.mark.parametrize(
    "wrong", [{"tool": "saw"}, {"sketch_class": 255}, {"sketch_class": -1}, {"paint_over": "x"}]
)
def test_an_unfinished_shape_that_no_page_draws_is_refused(
    client: APIClient, assignment: Assignment, image: Image, wrong: dict[str, Any]
) -> None:
    assert client.put(url(image), body(**wrong), format="json").status_code == 400
    assert not Draft.objects.exists()


def test_an_older_drawing_never_overwrites_a_newer_one(
    assignment: Assignment, vera: Labeler
) -> None:
    drafts.save(vera, assignment.image_id, drawing(0, "laptop", 1))
    drafts.save(vera, assignment.image_id, drawing(1, "phone", 1, steps=[[[3, 1]]]))

    for stale in (drawing(1, "laptop", 2), drawing(0, "tablet", 9), drawing(7, "tablet", 9)):
        with pytest.raises(NewerDraft) as refused:
            drafts.save(vera, assignment.image_id, stale)
        assert refused.value.draft.writer == "phone"

    kept = Draft.objects.get()
    assert (kept.version, kept.writer, kept.steps) == (2, "phone", [[[3, 1]]])


def test_a_page_goes_on_after_an_answer_that_got_lost(
    assignment: Assignment, vera: Labeler
) -> None:
    drafts.save(vera, assignment.image_id, drawing(0, "laptop", 1))

    kept = drafts.save(vera, assignment.image_id, drawing(0, "laptop", 2))
    assert (kept.version, kept.stroke) == (2, 2)

    # The same drawing that was on its way all the time comes in last.
    with pytest.raises(NewerDraft):
        drafts.save(vera, assignment.image_id, drawing(0, "laptop", 1))
    assert Draft.objects.get().stroke == 2


def test_a_version_grows_on_after_a_sweep(assignment: Assignment, vera: Labeler) -> None:
    assert drafts.save(vera, assignment.image_id, drawing(41)).version == 42


# -- where a draft ends ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "end",
    [
        lambda each: skip(ACTOR, each),
        lambda each: draw(each.image, "00..", labeler=each.labeler),
    ],
    ids=["skip", "label"],
)
def test_a_draft_goes_with_its_label_or_skip_and_does_not_come_back(
    assignment: Assignment, vera: Labeler, end: Callable[[Assignment], object]
) -> None:
    other = assign(assignment.image, new_guest())
    for each in (assignment, other):
        drafts.save(each.labeler, each.image_id, drawing())

    end(assignment)

    assert Draft.objects.get().labeler == other.labeler
    with pytest.raises(NotAssigned):
        drafts.save(vera, assignment.image_id, drawing(1, stroke=2))
    assert Draft.objects.count() == 1


def test_a_refused_label_leaves_the_draft(
    client: APIClient, assignment: Assignment, vera: Labeler
) -> None:
    drafts.save(vera, assignment.image_id, drawing())
    client.post(LABELS, submission(assignment.image_id, polygons=[{"class": 99, "rings": []}]))
    assert Draft.objects.exists()


def test_a_label_and_the_end_of_its_draft_are_one(
    assignment: Assignment, vera: Labeler, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts.save(vera, assignment.image_id, drawing())
    monkeypatch.setattr(labels, "F", lambda name: 1 / 0)  # what `store` does last fails
    with pytest.raises(ZeroDivisionError):
        draw(assignment.image, "00..", labeler=vera)
    assert Draft.objects.exists()


def test_drafts_nobody_went_on_with_are_swept(assignment: Assignment, vera: Labeler) -> None:
    drafts.save(vera, assignment.image_id, drawing())
    forgotten = assign(new_image(assignment.image.campaign), vera)
    drafts.save(vera, forgotten.image_id, drawing())
    long_ago = timezone.now() - DRAFT_LIFE - timedelta(hours=1)
    Draft.objects.filter(image=forgotten.image).update(saved_at=long_ago)

    sweep_drafts()

    assert Draft.objects.get().image == assignment.image


def test_drafts_of_guests_who_never_sent_anything_are_swept_sooner(image: Image) -> None:
    newcomer, guest, account = (
        new_guest(),
        new_guest(),
        labeler_of_user(new_account("vera")),
    )
    draw(new_image(image.campaign), "00..", "....", labeler=guest)
    for each in (newcomer, guest, account):
        assign(image, each)
        drafts.save(each, image.pk, drawing())
    Draft.objects.update(
        saved_at=timezone.now() - drafts.DRAFT_LIFE_OF_NEWCOMERS - timedelta(hours=1)
    )

    sweep_drafts()

    assert {draft.labeler for draft in Draft.objects.all()} == {guest, account}


# -- how much is kept ------------------------------------------------------------------------------


def test_so_many_drafts_and_bytes_of_a_guest_are_kept(image: Image, settings: Any) -> None:
    settings.DRAFTS_PER_GUEST, settings.DRAFT_BYTES_PER_GUEST = 2, 4000
    guest = new_guest()
    images = [image, *(new_image(image.campaign) for _ in range(2))]
    for each in images:
        assign(each, guest)
    long = drawing(steps=[[[x, 0] for x in range(300)]])
    short = drawing(stroke=2)
    kept = drafts.save(guest, image.pk, long)
    assert 2000 < kept.size < 3000

    with pytest.raises(drafts.TooManyDrafts):
        drafts.save(guest, images[1].pk, long)
    drafts.save(guest, images[1].pk, short)
    with pytest.raises(drafts.TooManyDrafts):
        drafts.save(guest, images[2].pk, short)

    # What is kept already can be saved again, and what was sent or left makes room.
    assert drafts.save(guest, image.pk, drawing(1, stroke=2)).version == 2
    skip(ACTOR, Assignment.objects.get(image=image, labeler=guest))
    drafts.save(guest, images[2].pk, short)


def test_an_account_may_keep_more_than_a_guest(
    assignment: Assignment, vera: Labeler, settings: Any
) -> None:
    settings.DRAFTS_PER_GUEST = 1
    for each in [assignment, *(assign(new_image(assignment.image.campaign), vera) for _ in "ab")]:
        drafts.save(vera, each.image_id, drawing())
    assert Draft.objects.count() == 3


def test_a_page_that_keeps_too_much_is_told_to_wait(image: Image, settings: Any) -> None:
    settings.DRAFT_BYTES_PER_ADDRESS = 4000
    long = [[[x, 0] for x in range(300)]]
    first, second, elsewhere = Visitor(), Visitor(), Visitor(REMOTE_ADDR="10.0.0.9")
    for browser in (first, second, elsewhere):
        browser.post(NEXT)
    assert first.put(url(image), body(steps=long)).status_code == 200
    assert first.put(url(image), body(1, stroke=2, steps=long)).status_code == 200, "no larger"

    refused = second.put(url(image), body(steps=long))

    assert refusal(refused, 429) == "throttled"
    assert int(refused["Retry-After"]) == 3600
    assert "saved on this device" in refused.json()["detail"]
    assert Draft.objects.count() == Labeler.objects.count() == 1, "nothing of it is stored"
    assert elsewhere.put(url(image), body(steps=long)).status_code == 200
    settings.DRAFTS_PER_GUEST = 0
    too_many = first.put(url(image), body(2, stroke=3))
    assert (refusal(too_many, 429), int(too_many["Retry-After"])) == ("throttled", 600)


def test_an_address_that_never_pauses_has_its_new_hour(
    image: Image, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "cache", LocMemCache("draft bytes", {}))
    settings.DRAFT_BYTES_PER_ADDRESS = 1000
    start = time.time()
    request = Request(RequestFactory().put(url(image)))
    for minutes in (0, 50):
        monkeypatch.setattr(time, "time", lambda now=start + 60 * minutes: now)
        saving.refuse_too_many_bytes(request, 450)
    with pytest.raises(saving.TooMany):
        saving.refuse_too_many_bytes(request, 450)
    monkeypatch.setattr(time, "time", lambda: start + 60 * 61)
    saving.refuse_too_many_bytes(request, 450)


# -- the API ---------------------------------------------------------------------------------------


def test_kept_and_given_back(client: APIClient, assignment: Assignment) -> None:
    image = assignment.image
    assert client.get(url(image)).status_code == 204
    started_at = timezone.now().isoformat()

    saved = client.put(url(image), body(started_at=started_at))

    assert (saved.status_code, saved.json()["version"]) == (200, 1)
    kept = client.get(url(image)).json()
    assert kept["saved_at"] == saved.json()["saved_at"]
    assert {name: kept[name] for name in ("polygons", "steps", "format", "writer", "version")} == {
        "polygons": [box(0, 0, 0, 2, 1)],
        "steps": [[[1, 1]]],
        "format": 2,
        "writer": "laptop",
        "version": 1,
    }
    assert client.post(NEXT).json()["draft"] == kept


def test_another_device_learns_of_the_newer_drawing(
    client: APIClient, assignment: Assignment
) -> None:
    image = assignment.image
    client.put(url(image), body(0, "laptop"))
    client.put(url(image), body(1, "phone", steps=[[[3, 1]]]))

    response = client.put(url(image), body(1, "laptop", 2))

    assert response.status_code == 409
    answer = response.json()
    assert (answer["code"], answer["draft"]["version"]) == ("conflict", 2)
    assert answer["draft"]["steps"] == [[[3, 1]]]
    # Kept all the same, by somebody who has seen both.
    assert client.put(url(image), body(2, "laptop", 3)).json()["version"] == 3


def test_nobody_sees_or_touches_anothers_draft(client: APIClient, assignment: Assignment) -> None:
    image = assignment.image
    client.put(url(image), body())
    sven, stranger = APIClient(), APIClient()
    sven.force_login(new_account("sven"))

    assert sven.get(url(image)).status_code == 204
    assert refusal(sven.put(url(image), body(1)), 403) == "not_assigned"
    assert refusal(stranger.get(url(image)), 403) == "unknown_labeler"
    assert refusal(stranger.put(url(image), body(1)), 403) == "unknown_labeler"
    assert sven.post(NEXT).json()["draft"] is None
    assert Draft.objects.get().version == 1


def test_a_picture_taken_out_meanwhile(client: APIClient, assignment: Assignment) -> None:
    client.put(url(assignment.image), body())
    Image.objects.update(retired_at=timezone.now())

    assert refusal(client.put(url(assignment.image), body(1, stroke=2)), 410) == "retired_image"
    assert Draft.objects.exists(), "kept, for whoever wonders"


def test_a_picture_that_is_not_there(client: APIClient, assignment: Assignment) -> None:
    assert refusal(client.put("/api/images/999999/draft/", body()), 403) == "not_assigned"


@pytest.mark.parametrize(
    "fields",
    [
        {"base": -1},
        {"base": 2**40},
        {"writer": ""},
        {"writer": "x" * 41},
        {"stroke": None},
        {"format": 0},
        {"polygons": None},
        {"polygons": {}},
        {"polygons": [[]]},
        {"polygons": [{"class": True, "rings": []}]},
        {"polygons": [{"class": 255, "rings": []}]},
        {"polygons": [{"class": 0}]},
        {"polygons": [{"class": 0, "rings": [[[0]]]}]},
        {"polygons": [{"class": 0, "rings": [[[0, "a\x00"]]]}]},
        {"steps": "many"},
        {"steps": [[[0, 10**40]]]},
        {"steps": [[0, 1]]},
    ],
)
def test_what_cannot_be_a_draft(
    client: APIClient, assignment: Assignment, fields: dict[str, Any]
) -> None:
    assert refusal(client.put(url(assignment.image), body(**fields)), 400) == "invalid"
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"polygons": [box(0, 0, 0, 1, 1)] * 2001}, "2001 shapes"),
        ({"steps": [[[0, 1]] * 40_001]}, "40001 points"),
        ({"steps": [[]] * 8_001}, "8001 outlines"),
        ({"polygons": [{"class": 0, "rings": [[[0, 1]] * 20_001]}] * 2}, "40002 points"),
    ],
)
def test_what_is_too_large_for_a_label_is_told_in_the_same_words(
    client: APIClient, assignment: Assignment, fields: dict[str, Any], told: str
) -> None:
    answer = client.put(url(assignment.image), body(**fields))
    assert refusal(answer, 413) == "too_large"
    assert told in answer.json()["detail"]
    assert not Draft.objects.exists()


@pytest.mark.parametrize("number", ["NaN", "1e999", "-Infinity", "9" * 400, "9" * 5000])
def test_numbers_that_are_none(client: APIClient, assignment: Assignment, number: str) -> None:
    text = (
        '{"base": 0, "writer": "w", "stroke": 1, "format": 2, "polygons": [],'
        f' "steps": [[[{number}, 0]]]}}'
    )
    response = client.put(url(assignment.image), text, content_type="application/json")
    assert refusal(response, 400) in {"invalid", "parse_error"}


def test_what_a_hand_leaves_halfway_is_a_draft(client: APIClient, assignment: Assignment) -> None:
    bow = {"class": 3, "rings": [[[0, 0], [4, 2], [4, 0], [0, 2]], [[1, 1]]], "more": "is ignored"}
    far = [[[-40.5, 1e5]], []]

    assert client.put(url(assignment.image), body(polygons=[bow], steps=far)).status_code == 200
    kept = Draft.objects.get()
    assert (kept.polygons, kept.steps) == ([{"class": 3, "rings": bow["rings"]}], far)


def test_more_than_the_site_takes(client: APIClient, assignment: Assignment, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    steps = [[[x, 0] for x in range(1000)]]
    assert refusal(client.put(url(assignment.image), body(steps=steps)), 413) == "too_large"


def test_a_class_behind_one_address_saves_every_stroke(
    client: APIClient, assignment: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is per labeler; beyond it, only saving has to wait."""
    monkeypatch.setattr(DraftThrottle, "THROTTLE_RATES", {"drafts": "2/min"})
    neighbor = Visitor()
    answer = neighbor.post(NEXT).json()
    theirs = Image.objects.get(pk=answer["image"]["id"])

    for stroke in (1, 2):
        assert client.put(url(assignment.image), body(stroke=stroke)).status_code == 200
        assert neighbor.put(url(theirs), body(stroke=stroke)).status_code == 200
    assert refusal(client.put(url(assignment.image), body(stroke=3)), 429) == "throttled"
    assert client.post(NEXT).status_code == 200
    assert client.post(LABELS, submission(assignment.image)).status_code == 201


# -- at the same moment ----------------------------------------------------------------------------


def at_once(*work: Callable[[], object]) -> list[object]:
    """Call all functions at the same time; return their results or exceptions."""
    together = threading.Barrier(len(work))

    def one(job: Callable[[], object]) -> object:
        try:
            together.wait(20)
            return job()
        except DomainError as refused:
            return refused
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(one, work))


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("base", [0, 1])
def test_of_many_pages_that_build_upon_the_same_drawing_one_wins(
    assignment: Assignment, vera: Labeler, base: int
) -> None:
    assert connection.vendor == "postgresql"
    if base:
        drafts.save(vera, assignment.image_id, drawing(0, "before"))

    def saving(page: int) -> Callable[[], object]:
        return lambda: drafts.save(vera, assignment.image_id, drawing(base, f"page {page}"))

    answers = at_once(*(saving(page) for page in range(8)))

    kept = Draft.objects.get()
    won = [answer for answer in answers if isinstance(answer, Draft)]
    assert [draft.writer for draft in won] == [kept.writer]
    assert kept.version == base + 1
    lost = [answer for answer in answers if isinstance(answer, NewerDraft)]
    assert len(lost) == 7
    assert {refused.draft.writer for refused in lost} == {kept.writer}


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_no_draft_outlives_a_label_sent_at_the_same_moment(vera: Labeler) -> None:
    assert connection.vendor == "postgresql"
    campaign = new_campaign()
    for _ in range(20):
        assignment = assign(new_image(campaign), vera)
        at_once(
            lambda at=assignment: drafts.save(vera, at.image_id, drawing()),
            lambda at=assignment: draw(at.image, "00..", labeler=vera),
        )
        assert assignment.image.labels.count() == 1
        assert not Draft.objects.exists()
