"""The API of the drawing page: every response, and that a refusal stores nothing."""

from __future__ import annotations

import json
import uuid
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.test import APIClient

from ai4mars_site.toolkit.parsers import MAX_LISTS
from labeling.annotation.api import labels as label_api
from labeling.annotation.serializers import NextRequest
from labeling.annotation.tasks import process_image
from labeling.models import Assignment, Campaign, Image, Label, Labeler, Role
from labeling.people.services.labelers import labeler_of_user
from terrain.geometry.regions import MAX_POINTS, regions_to_json
from tests.factories import (
    assign,
    box,
    draw,
    new_account,
    new_campaign,
    new_expert,
    new_image,
    submission,
)
from tests.hostile_labels import nested_circles

pytestmark = pytest.mark.django_db

NEXT = "/api/campaigns/navcam/next/"
LABELS = "/api/labels/"


@pytest.fixture(autouse=True)
def _nobody_is_throttled() -> None:
    cache.clear()


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the images whose processing was enqueued."""
    asked: list[int] = []

    def note(task: object, image_id: int) -> None:
        assert task is process_image
        asked.append(image_id)

    monkeypatch.setattr(label_api, "enqueue", note)
    return asked


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def image(campaign: Campaign) -> Image:
    return new_image(campaign, 1, sol=12, on_rover=("0000", "1100"))


@pytest.fixture
def vera() -> Labeler:
    return labeler_of_user(new_account("vera"))


@pytest.fixture
def client(vera: Labeler) -> APIClient:
    """Return the browser of an account."""
    browser = APIClient()
    browser.force_login(vera.user)
    return browser


@pytest.fixture
def assignment(image: Image, vera: Labeler) -> Assignment:
    return assign(image, vera)


def refusal(response: Response, status: int) -> str:
    """Check the status and the form of a refusal; return its code."""
    assert response.status_code == status, response.content[:500]
    answer = response.json()
    assert set(answer) == {"code", "detail"}
    assert answer["detail"]
    return str(answer["code"])


# -- the next image --------------------------------------------------------------------------------


def test_the_next_image_with_all_a_page_needs(client: APIClient, image: Image) -> None:
    answer = client.post(NEXT).json()

    assignment = Assignment.objects.get()
    assert answer == {
        "assignment": assignment.pk,
        "offer": None,
        "image": {
            "id": image.pk,
            "product_id": image.product_id,
            "width": 4,
            "height": 2,
            "rover": "curiosity",
            "sol": 12,
            "range_source": "none",
            "range_map_source": "none",
            "range_map_url": None,
            "display_copies": [],
            "display_url": f"/images/{image.pk}/display/",
            "thumbnail_url": f"/images/{image.pk}/thumbnail/",
            "range_mask_url": None,
            "rover_mask_url": f"/images/{image.pk}/rover-mask/",
            "camera_model": None,
            "up": [0.0, 0.0, -1.0],
            "scale_bar": None,
        },
        "role": "crowd",
        "draft": None,
        "ahead": [],
        "labels_sent": 0,
    }


def test_an_image_comes_with_its_camera_and_its_up(client: APIClient, image: Image) -> None:
    image.camera_model, image.details = {"model_type": "CAHV"}, {"up": [0.1, 0.0, -0.99]}
    image.save()

    served = client.post(NEXT).json()["image"]
    assert served["camera_model"] == {"model_type": "CAHV"}
    assert served["up"] == [0.1, 0.0, -0.99]


@pytest.mark.usefixtures("public")
def test_when_nothing_is_left(client: APIClient, campaign: Campaign) -> None:
    assert client.post(NEXT).json() == {
        "assignment": None,
        "offer": None,
        "image": None,
        "role": None,
        "draft": None,
        "ahead": [],
        "labels_sent": 0,
        "skipped": 0,
        "others": [],
    }


def test_when_only_skipped_images_are_left(
    client: APIClient, campaign: Campaign, image: Image, assignment: Assignment
) -> None:
    new_image(new_campaign("other", name="Other"))
    new_image(new_campaign("complete"), crowd_label_count=99)
    client.post(f"/api/images/{image.pk}/skip/")

    answer = client.post(NEXT).json()
    assert (answer["image"], answer["skipped"]) == (None, 1)
    assert answer["others"] == [{"name": "Other", "url": "/c/other/draw/"}]

    assert client.post("/api/campaigns/navcam/skipped/").status_code == 204
    assert client.post(NEXT).json()["assignment"] == assignment.pk


def test_a_stranger_has_skipped_nothing(campaign: Campaign, image: Image) -> None:
    refusal(APIClient().post("/api/campaigns/navcam/skipped/"), 403)


@pytest.mark.usefixtures("public")
def test_unknown_and_closed_campaigns(client: APIClient, campaign: Campaign) -> None:
    Campaign.objects.update(is_open=False)
    assert refusal(client.post(NEXT), 410) == "campaign_closed"
    refusal(client.post("/api/campaigns/venus/next/"), 404)
    assert not Assignment.objects.exists()


def test_asking_is_a_post(client: APIClient, image: Image) -> None:
    # A GET is fetched ahead and repeated by browsers, and each asking is a place taken.
    assert refusal(client.get(NEXT), 405) == "method_not_allowed"


def test_an_expert_is_told_of_gold_images(campaign: Campaign, image: Image) -> None:
    expert = new_expert()
    assign(image, expert, role=Role.EXPERT)
    browser = APIClient()
    browser.force_login(expert.user)

    assert browser.post(NEXT).json()["role"] == "expert"


def test_an_image_whose_label_waits_on_the_device_does_not_come_again(
    client: APIClient, campaign: Campaign, image: Image
) -> None:
    other = new_image(campaign, 2)
    first = client.post(NEXT).json()["image"]["id"]

    second = client.post(NEXT, {"pending": [first]}).json()["image"]["id"]
    assert {first, second} == {image.pk, other.pk}
    assert client.post(NEXT, {"pending": [first, second]}).json()["image"] is None
    assert client.post(NEXT).json()["image"]["id"] in {first, second}, "if they were lost after all"
    assert client.post(LABELS, submission(first)).status_code == 201, "sent at last"


def test_images_to_load_ahead(client: APIClient, campaign: Campaign, image: Image) -> None:
    others = {new_image(campaign, number).pk for number in (2, 3, 4)}

    answer = client.post(NEXT, {"ahead": 2}).json()

    ahead = [task["image"]["id"] for task in answer["ahead"]]
    assert len({answer["image"]["id"], *ahead}) == 3
    assert {answer["image"]["id"], *ahead} <= {image.pk, *others}
    assert {task["role"] for task in answer["ahead"]} == {"crowd"}
    assert Assignment.objects.open().count() == 3, "each is held for this volunteer"
    first, *rest = answer["image"]["id"], *ahead
    after = client.post(NEXT, {"pending": [first], "ahead": 2}).json()
    assert [after["image"]["id"], after["ahead"][0]["image"]["id"]] == rest
    assert len(after["ahead"]) == 2


@pytest.mark.parametrize("ahead", [-1, 3, "all", None])
def test_an_ahead_that_is_none(client: APIClient, image: Image, ahead: Any) -> None:
    assert refusal(client.post(NEXT, {"ahead": ahead}), 400) == "invalid"


def test_a_page_that_was_opened_for_somebody_else(
    client: APIClient, image: Image, assignment: Assignment, vera: Labeler
) -> None:
    """A drawing is never stored for another person, and no guest is created for an old page."""
    assert client.post(NEXT, HTTP_X_LABELER=str(vera.pk)).status_code == 200
    sven = APIClient()
    sven.force_login(new_account("sven"))
    for browser in (sven, APIClient()):
        for url, body in ((NEXT, {}), (LABELS, submission(image))):
            response = browser.post(url, body, HTTP_X_LABELER=str(vera.pk))
            assert refusal(response, 403) == "other_labeler"
    assert not Label.objects.exists()
    assert Labeler.objects.filter(guest_key__isnull=False).count() == 0


@pytest.mark.parametrize(
    "pending", ["all", [None], ["x"], [-1], [2**63], [[1]], {"a": 1}, [1] * 1001]
)
def test_a_pending_that_is_none(client: APIClient, image: Image, pending: Any) -> None:
    assert refusal(client.post(NEXT, {"pending": pending}), 400) == "invalid"
    assert not Assignment.objects.exists()


# -- a label ---------------------------------------------------------------------------------------


def test_a_label_is_stored_and_its_processing_asked_for(
    client: APIClient, image: Image, assignment: Assignment, enqueued: list[int]
) -> None:
    sent = submission(image, started_at=timezone.now().isoformat())

    response = client.post(LABELS, sent)

    assert response.status_code == 201
    assert response.json() == {
        "id": sent["id"],
        "image": image.pk,
        "version": 1,
        "labels_sent": 1,
    }
    label = Label.objects.get()
    assert (str(label.pk), label.labeler, label.status) == (
        sent["id"],
        assignment.labeler,
        "received",
    )
    assert label.started_at is not None
    assert enqueued == [image.pk]
    assignment.refresh_from_db()
    assert assignment.status == "done"


def test_an_empty_label_is_a_label(client: APIClient, image: Image, assignment: Assignment) -> None:
    assert client.post(LABELS, submission(image, polygons=[])).status_code == 201
    assert Label.objects.get().polygons == []


def test_the_same_id_again_is_the_same_answer(
    client: APIClient, image: Image, assignment: Assignment, enqueued: list[int]
) -> None:
    sent = submission(image)
    first = client.post(LABELS, sent)

    again = client.post(LABELS, sent)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert Label.objects.count() == 1
    assert enqueued == [image.pk]
    image.refresh_from_db()
    assert image.crowd_label_count == 1


def test_another_label_under_the_same_id_is_refused(
    client: APIClient, image: Image, assignment: Assignment, enqueued: list[int]
) -> None:
    sent = submission(image)
    client.post(LABELS, sent)

    for changed in (
        submission(image, id=sent["id"], polygons=[box(1, 0, 0, 4, 1)]),
        submission(image.pk + 1, id=sent["id"]),
    ):
        assert refusal(client.post(LABELS, changed), 409) == "different_label"

    assert client.post(LABELS, sent).status_code == 200
    assert enqueued == [image.pk]


def test_a_second_label_on_the_same_image(
    client: APIClient, image: Image, assignment: Assignment
) -> None:
    client.post(LABELS, submission(image))

    assert refusal(client.post(LABELS, submission(image)), 409) == "already_labeled"
    assert Label.objects.count() == 1


def test_somebody_elses_id(
    client: APIClient, image: Image, assignment: Assignment, campaign: Campaign
) -> None:
    theirs = draw(new_image(campaign, 2), "00..", "....")

    response = client.post(LABELS, submission(image, id=str(theirs.pk)))

    assert refusal(response, 409) == "already_labeled"
    assignment.refresh_from_db()
    assert (Label.objects.count(), assignment.status) == (1, "open")


ring = [[0, 0], [2, 0], [2, 1]]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"polygons": [{"class": 0, "rings": [[[0, 0], [2, 0]]]}]}, "fewer than 3 points"),
        ({"polygons": [{"class": 0, "rings": []}]}, "no rings"),
        ({"polygons": {"class": 0, "rings": [ring]}}, "list of regions"),
        ({"polygons": "sand"}, "list of regions"),
        ({"polygons": None}, "polygons"),
        ({"polygons": [ring]}, '"class" and "rings"'),
        ({"polygons": [{"class": 7, "rings": [ring]}]}, "class 7"),
        ({"polygons": [{"class": 255, "rings": [ring]}]}, "class 255"),
        ({"polygons": [{"class": "0", "rings": [ring]}]}, "class '0'"),
        ({"polygons": [{"class": True, "rings": [ring]}]}, "class True"),
        ({"polygons": [{"class": 0, "rings": [[[0, 0], [2, 0], [2]]]}]}, "two numbers"),
        ({"polygons": [{"class": 0, "rings": [[[0, 0], [2, 0], ["x", 1]]]}]}, "two numbers"),
        ({"polygons": [{"class": 0, "rings": [[[0, 0], [2, 0], [9e9, 1]]]}]}, "outside the image"),
        ({"polygons": [{"class": 0, "rings": [[[0, 0], [2, 0], [10**40, 1]]]}]}, "outside"),
        ({"id": "not-a-uuid"}, "id: "),
        ({"id": None}, "id: "),
        ({"image": None}, "image: "),
        ({"image": "first"}, "image: "),
        ({"image": -1}, "image: "),
        ({"image": 2**63}, "image: "),
        ({"started_at": "yesterday"}, "started_at: "),
        ({"started_at": "0001-01-01T00:00:00+14:00"}, "started_at: "),
    ],
)
def test_what_cannot_be_a_label(
    client: APIClient,
    image: Image,
    assignment: Assignment,
    enqueued: list[int],
    fields: dict[str, Any],
    said: str,
) -> None:
    response = client.post(LABELS, submission(image, **fields))

    assert refusal(response, 400) == "invalid"
    assert said in response.json()["detail"]
    nothing_happened(assignment, enqueued)


@pytest.mark.parametrize(
    ("polygons", "status", "code"),
    [
        pytest.param([box(0, 0, 0, 1, 1)] * 2001, 413, "too_large", id="regions"),
        pytest.param(
            [{"class": 0, "rings": [[[0, 0], [1, 0], [1, 1]]] * 8001}], 413, "too_large", id="rings"
        ),
        pytest.param(
            [{"class": 0, "rings": [[[0, 0], [1, 0]] * 20_001]}], 413, "too_large", id="points"
        ),
        pytest.param(regions_to_json(nested_circles(60, 480)), 400, "too_tangled", id="nested"),
    ],
)
def test_a_label_that_would_cost_too_much(
    client: APIClient,
    image: Image,
    assignment: Assignment,
    enqueued: list[int],
    polygons: list[dict[str, Any]],
    status: int,
    code: str,
) -> None:
    """The page offers to simplify it, or says what to change; the drawing stays on the page."""
    Image.objects.update(width=512, height=512)

    response = client.post(LABELS, submission(image, polygons=polygons))

    assert refusal(response, status) == code
    nothing_happened(assignment, enqueued)


def nothing_happened(assignment: Assignment, enqueued: list[int]) -> None:
    assignment.refresh_from_db()
    assert (Label.objects.count(), assignment.status, enqueued) == (0, "open", [])
    assert Image.objects.get(pk=assignment.image_id).crowd_label_count == 0


@pytest.mark.parametrize("missing", ["id", "image", "polygons"])
def test_missing_fields(
    client: APIClient, image: Image, assignment: Assignment, enqueued: list[int], missing: str
) -> None:
    sent = submission(image)
    del sent[missing]

    response = client.post(LABELS, sent)

    assert refusal(response, 400) == "invalid"
    assert response.json()["detail"] == f"{missing}: This field is required."
    nothing_happened(assignment, enqueued)


def coordinate(number: str) -> str:
    """Return a submission with this coordinate; %d stands for the image."""
    rings = f"[[[0, 0], [2, 0], [{number}, 1]]]"
    return (
        f'{{"id": "{uuid.uuid4()}", "image": %d, "polygons": [{{"class": 0, "rings": {rings}}}]}}'
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(coordinate("NaN"), id="NaN"),
        pytest.param(coordinate("Infinity"), id="Infinity"),
        pytest.param(coordinate("-Infinity"), id="-Infinity"),
        pytest.param(coordinate("1e999"), id="too large for a float"),
        pytest.param(coordinate("9" * 400), id="more digits than a float holds"),
        pytest.param(coordinate("9" * 5000), id="more digits than Python reads"),
        pytest.param('{"id": "', id="cut off"),
        pytest.param("", id="empty"),
        pytest.param("[]", id="a list"),
        pytest.param("null", id="null"),
        pytest.param('"label"', id="a string"),
        pytest.param("\xff\xfe", id="not text"),
        pytest.param("[" * 100_000, id="deep and open"),
        pytest.param("[" * 100_000 + "]" * 100_000, id="deep"),
        pytest.param('{"polygons":' * 50_000 + "1" + "}" * 50_000, id="deep objects"),
    ],
)
def test_a_body_that_is_not_the_json_of_a_label(
    client: APIClient, image: Image, assignment: Assignment, enqueued: list[int], body: str
) -> None:
    body = body.replace("%d", str(image.pk))

    response = client.post(LABELS, body.encode("latin-1"), content_type="application/json")

    assert refusal(response, 400) in {"invalid", "parse_error"}
    nothing_happened(assignment, enqueued)


def test_more_than_the_site_takes(
    client: APIClient, image: Image, assignment: Assignment, enqueued: list[int], settings: Any
) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    long_outline = [[x / 1000, 0] for x in range(1000)]

    response = client.post(
        LABELS, submission(image, polygons=[{"class": 0, "rings": [long_outline]}])
    )

    assert refusal(response, 413) == "too_large"
    nothing_happened(assignment, enqueued)
    assert client.post(LABELS, submission(image)).status_code == 201, "a small one still passes"


@pytest.mark.parametrize(
    "polygons",
    [
        pytest.param('{"class":0,"rings":[' + ",".join(["[]"] * MAX_LISTS) + "]}", id="rings"),
        pytest.param(",".join(["{}"] * MAX_LISTS), id="regions"),
        pytest.param(
            '{"class":0,"rings":[[' + ",".join(["[1,2]"] * MAX_LISTS) + "]]}", id="points"
        ),
    ],
)
def test_more_parts_than_any_drawing_has_are_not_even_read(
    client: APIClient,
    image: Image,
    assignment: Assignment,
    enqueued: list[int],
    monkeypatch: pytest.MonkeyPatch,
    polygons: str,
) -> None:
    """A million empty lists take a second to create."""
    read: list[bytes] = []
    monkeypatch.setattr("ai4mars_site.toolkit.parsers.orjson.loads", read.append)
    body = f'{{"id":"{uuid.uuid4()}","image":{image.pk},"polygons":[{polygons}]}}'

    response = client.post(LABELS, body, content_type="application/json")

    assert refusal(response, 413) == "too_large"
    assert "Simplify the outlines" in response.json()["detail"]
    assert not read
    nothing_happened(assignment, enqueued)


def test_the_largest_label_is_stored_as_it_was_sent(
    client: APIClient, image: Image, assignment: Assignment
) -> None:
    angle = np.linspace(0, 2 * np.pi, MAX_POINTS, endpoint=False)
    Image.objects.filter(pk=image.pk).update(width=4096, height=4096)
    ring = np.round(2048 + 2000 * np.stack([np.cos(angle), np.sin(angle)], axis=1), 2).tolist()
    sent = [{"class": 0, "rings": [ring]}]

    assert client.post(LABELS, submission(image, polygons=sent)).status_code == 201
    assert Label.objects.get().polygons == sent


def test_other_media_types(
    client: APIClient, image: Image, assignment: Assignment, enqueued: list[int], settings: Any
) -> None:
    body = json.dumps(submission(image))
    response = client.post(LABELS, body, content_type="text/plain")
    assert refusal(response, 415) == "unsupported_media_type"

    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    form = "polygons=" + "x" * 2000
    response = client.post(LABELS, form, content_type="application/x-www-form-urlencoded")
    assert refusal(response, 415) == "unsupported_media_type"

    nothing_happened(assignment, enqueued)


@pytest.mark.parametrize("number", [0, 999_999, 2**63 - 1])
def test_an_image_that_is_not_there(client: APIClient, image: Image, number: int) -> None:
    assert refusal(client.post(LABELS, submission(number)), 404) == "unknown_image"
    assert not Label.objects.exists()


def test_a_retired_image(
    client: APIClient, image: Image, assignment: Assignment, enqueued: list[int]
) -> None:
    Image.objects.update(retired_at=timezone.now())

    assert refusal(client.post(LABELS, submission(image)), 410) == "retired_image"
    nothing_happened(assignment, enqueued)


def test_an_image_that_was_not_assigned(client: APIClient, image: Image) -> None:
    assert refusal(client.post(LABELS, submission(image)), 403) == "not_assigned"
    assert not Label.objects.exists()


# -- skipping --------------------------------------------------------------------------------------


def test_skipping(client: APIClient, assignment: Assignment) -> None:
    url = f"/api/assignments/{assignment.pk}/skip/"

    assert client.post(url).status_code == 204
    assert client.post(url).status_code == 204, "over a bad network it is sent twice"

    assignment.refresh_from_db()
    assert assignment.status == "skipped"


def test_nobody_skips_for_others(image: Image, assignment: Assignment) -> None:
    stranger = APIClient()
    url = f"/api/assignments/{assignment.pk}/skip/"

    refusal(stranger.post(url), 404)
    stranger.force_login(new_account("sven"))
    refusal(stranger.post(url), 404)

    assignment.refresh_from_db()
    assert assignment.status == "open"


def test_a_list_that_is_too_long_is_not_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    monkeypatch.setattr(
        serializers.IntegerField, "to_internal_value", lambda self, data: looked_at.append(data)
    )
    asked = NextRequest(data={"pending": [1] * 1001})

    assert not asked.is_valid()
    assert asked.errors == {"pending": ["Ensure this field has no more than 1000 elements."]}
    assert looked_at == []
