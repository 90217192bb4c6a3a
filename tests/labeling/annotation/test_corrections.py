"""Corrections: every version is kept, the newest counts, and locked labels do not change."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections
from django.utils import timezone
from rest_framework.test import APIClient

from labeling.annotation.api import labels as label_api
from labeling.annotation.errors import UnknownLabel
from labeling.annotation.services import corrections, labels
from labeling.annotation.services.corrections import (
    CorrectedElsewhere,
    DifferentCorrection,
    LabelIsLocked,
    correct,
)
from labeling.models import Assignment, Campaign, Draft, Image, Label, Labeler, LabelVersion, Role
from labeling.people.services.labelers import labeler_of_user, new_guest
from terrain.geometry.invalid_polygons import InvalidPolygons
from tests.factories import ACTOR, accept, assign, box, draw, new_account, new_campaign, new_image

pytestmark = pytest.mark.django_db

Status = Label.Status
NEW = [box(1, 0, 0, 4, 1)]


@pytest.fixture(autouse=True)
def _nobody_is_throttled() -> None:
    cache.clear()


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign(target_labels=2)


@pytest.fixture
def image(campaign: Campaign) -> Image:
    """Return an image of 4 x 2 pixels; the upper right two are beyond the range limit."""
    return new_image(campaign, beyond=("0011", "0000"))


@pytest.fixture
def label(image: Image, vera: Labeler) -> Label:
    assign(image, vera)
    return accept(image, "00..", "....", labeler=vera)


@pytest.fixture
def vera() -> Labeler:
    return labeler_of_user(new_account("vera"))


@pytest.fixture
def client(vera: Labeler) -> APIClient:
    browser = APIClient()
    browser.force_login(vera.user)
    return browser


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    asked: list[int] = []
    monkeypatch.setattr(label_api, "enqueue", lambda task, image_id: asked.append(image_id))
    return asked


def state(label: Label) -> tuple[str, int, int, int]:
    """Return status and version of the label, and label count and labels_version of its image."""
    label.refresh_from_db()
    image = Image.objects.get(pk=label.image_id)
    return label.status, label.version, image.crowd_label_count, image.labels_version


def versions(label: Label) -> list[tuple[int, Any]]:
    return list(label.versions.values_list("number", "polygons"))


# -- the service -----------------------------------------------------------------------------------


def test_a_correction_is_received_anew_and_both_versions_are_kept(label: Label) -> None:
    before, sent_at = label.polygons, label.sent_at
    assert state(label) == (Status.ACCEPTED, 1, 1, 1)
    assert versions(label) == [], "a label that was never corrected is its own only version"

    sending = uuid.uuid4()
    corrected, stored = correct(ACTOR, label.labeler, label.pk, sending, NEW, 1)

    assert stored
    assert corrected.polygons == NEW
    assert state(label) == (Status.RECEIVED, 2, 1, 2)
    assert (label.polygons, label.pixel_counts, label.processed_at) == (NEW, None, None)
    assert versions(label) == [(1, before), (2, NEW)]
    first, second = label.versions.all()
    assert (first.pk, first.sent_at) == (label.pk, sent_at)
    assert (second.pk, second.sent_at) == (sending, label.sent_at)

    labels.process_image(label.image_id)
    assert state(label) == (Status.ACCEPTED, 2, 1, 3)
    assert label.pixel_counts == {"1": 2}


def test_a_correction_of_a_correction(label: Label) -> None:
    correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), NEW, 1)
    third = [box(2, 0, 0, 1, 1)]

    correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), third, 2)

    assert [number for number, _ in versions(label)] == [1, 2, 3]
    assert state(label) == (Status.RECEIVED, 3, 1, 3)
    assert Label.objects.count() == 1


def test_a_label_not_yet_processed_can_be_corrected(image: Image) -> None:
    label = draw(image, "00..", "....")

    correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), NEW, 1)

    assert state(label) == (Status.RECEIVED, 2, 1, 1)


def test_an_empty_label_counts_again_when_it_is_corrected(image: Image) -> None:
    label = accept(image, "..00", "....")
    assert state(label) == (Status.EMPTY, 1, 0, 1)

    correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), NEW, 1)

    assert state(label) == (Status.RECEIVED, 2, 1, 2)


def test_a_correction_with_nothing_left_does_not_count(label: Label) -> None:
    correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), [box(1, 2, 0, 4, 1)], 1)
    labels.process_image(label.image_id)

    assert state(label) == (Status.EMPTY, 2, 0, 3)


def test_an_experts_correction_changes_no_count(image: Image) -> None:
    label = accept(image, "00..", "....", role=Role.EXPERT)

    correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), NEW, 1)

    assert state(label) == (Status.RECEIVED, 2, 0, 2)


def test_a_correction_sent_twice_is_stored_once(label: Label) -> None:
    sending = uuid.uuid4()
    correct(ACTOR, label.labeler, label.pk, sending, NEW, 1)
    before = state(label)

    again, stored = correct(ACTOR, label.labeler, label.pk, sending, NEW, 1)

    assert (again.pk, stored) == (label.pk, False)
    assert (state(label), LabelVersion.objects.count()) == (before, 2)


def test_a_correction_sent_twice_is_answered_also_when_the_label_is_fixed(label: Label) -> None:
    sending = uuid.uuid4()
    corrected, _ = correct(ACTOR, label.labeler, label.pk, sending, NEW, 1)
    labels.lock(ACTOR, corrected, Label.LockReason.RESULTS)

    assert correct(ACTOR, label.labeler, label.pk, sending, NEW, 1)[1] is False


def test_an_older_drawing_does_not_write_over_a_newer_one(label: Label) -> None:
    correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), NEW, 1)
    before = state(label)

    with pytest.raises(CorrectedElsewhere):
        correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), [box(2, 0, 0, 1, 1)], 1)

    assert (state(label), label.polygons) == (before, NEW)


def test_the_id_of_another_labels_version(label: Label, image: Image) -> None:
    other = accept(image, "00..", "....")
    sending = uuid.uuid4()
    correct(ACTOR, other.labeler, other.pk, sending, NEW, 1)

    with pytest.raises(DifferentCorrection):
        correct(ACTOR, label.labeler, label.pk, sending, NEW, 1)

    assert state(label)[1] == 1


@pytest.mark.parametrize("is_older", [False, True], ids=["with checksum", "sent before checksums"])
def test_another_correction_under_the_same_id_is_refused(label: Label, is_older: bool) -> None:
    sending = uuid.uuid4()
    correct(ACTOR, label.labeler, label.pk, sending, NEW, 1)
    if is_older:
        LabelVersion.objects.update(sent_checksum="")

    for version_id in (sending, label.pk):
        with pytest.raises(DifferentCorrection):
            correct(ACTOR, label.labeler, label.pk, version_id, [box(2, 0, 0, 1, 1)], 1)

    assert correct(ACTOR, label.labeler, label.pk, sending, NEW, 1)[1] is False
    assert (state(label)[1], LabelVersion.objects.count()) == (2, 2)


def test_what_can_no_longer_be_corrected_says_why(label: Label, image: Image) -> None:
    def refused(sentence: object) -> None:
        before = (state(label), label.polygons)
        with pytest.raises(LabelIsLocked) as refusal:
            correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), NEW, 1)
        assert str(refusal.value) == str(sentence)
        assert (state(label), label.polygons) == before
        assert versions(label) == []

    Campaign.objects.update(is_open=False)
    refused(corrections.CLOSED)
    Image.objects.update(retired_at=timezone.now())
    refused(corrections.RETIRED)
    labels.lock(ACTOR, label, Label.LockReason.RESULTS)
    refused(corrections.RESULTS_SEEN)
    Label.objects.update(lock_reason=Label.LockReason.RATED)
    refused(corrections.RATED)
    label.refresh_from_db()
    labels.reject(ACTOR, label)
    refused(corrections.THROWN_OUT)


def test_nobody_corrects_what_others_drew(label: Label) -> None:
    for stranger, pk in ((new_guest(), label.pk), (label.labeler, uuid.uuid4())):
        with pytest.raises(UnknownLabel):
            correct(ACTOR, stranger, pk, uuid.uuid4(), NEW, 1)
    assert state(label)[1] == 1


def test_polygons_that_are_none_are_refused(label: Label) -> None:
    with pytest.raises(InvalidPolygons):
        correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), [box(9, 0, 0, 1, 1)], 1)
    assert state(label)[1] == 1


# -- fixing ----------------------------------------------------------------------------------------


def test_the_first_reason_stays(label: Label) -> None:
    assert labels.lock(ACTOR, label, Label.LockReason.RESULTS)
    assert labels.lock(ACTOR, label, Label.LockReason.RATED)

    label.refresh_from_db()
    assert label.lock_reason == Label.LockReason.RESULTS


def test_a_label_corrected_since_it_was_read_is_not_fixed(label: Label) -> None:
    as_read = Label.objects.get(pk=label.pk)
    correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), NEW, 1)

    assert not labels.lock(ACTOR, as_read, Label.LockReason.RESULTS)
    assert not labels.reject(ACTOR, as_read)

    label.refresh_from_db()
    assert label.locked_at is None


def test_post_processing_of_the_old_polygons_comes_to_nothing(image: Image) -> None:
    """A correction with the same status arrives after post-processing has read the label."""
    label = draw(image, "00..", "....")
    as_read = Label.objects.get(pk=label.pk)
    correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), NEW, 1)

    assert not labels.transition(
        as_read, Status.ACCEPTED, pixel_counts={"0": 2}, processed_at=timezone.now()
    )

    assert state(label) == (Status.RECEIVED, 2, 1, 1)


# -- the API ---------------------------------------------------------------------------------------


def correction(**fields: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "polygons": NEW, "base_version": 1, **fields}


def test_ones_own_label_to_open_again(client: APIClient, label: Label) -> None:
    answer = client.get(f"/api/labels/{label.pk}/").json()

    assert answer["label"] == {"id": str(label.pk), "version": 1, "polygons": label.polygons}
    assert (answer["role"], answer["draft"], answer["why_fixed"]) == ("crowd", None, "")
    assert answer["assignment"] == Assignment.objects.get().pk
    assert answer["image"]["id"] == label.image_id


def test_a_fixed_label_says_so(client: APIClient, label: Label) -> None:
    labels.lock(ACTOR, label, Label.LockReason.RESULTS)

    assert client.get(f"/api/labels/{label.pk}/").json()["why_fixed"] == str(
        corrections.RESULTS_SEEN
    )


def test_a_correction_over_the_api(client: APIClient, label: Label, enqueued: list[int]) -> None:
    sent = correction()

    answers = [client.post(f"/api/labels/{label.pk}/correct/", sent) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 200]
    for answer in answers:
        assert answer.json() == {
            "id": str(label.pk),
            "image": label.image_id,
            "version": 2,
            "labels_sent": 1,
        }
    assert enqueued == [label.image_id]


def test_refused_corrections(client: APIClient, label: Label, enqueued: list[int]) -> None:
    url = f"/api/labels/{label.pk}/correct/"

    elsewhere = client.post(url, correction(base_version=2))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "corrected_elsewhere")
    invalid = client.post(url, correction(polygons=[box(9, 0, 0, 1, 1)]))
    assert (invalid.status_code, invalid.json()["code"]) == (400, "invalid")
    labels.lock(ACTOR, label, Label.LockReason.RATED)
    fixed = client.post(url, correction())
    assert (fixed.status_code, fixed.json()["code"]) == (409, "label_fixed")
    assert enqueued == []


@pytest.mark.parametrize(
    "fields",
    [{"id": "first"}, {"base_version": 0}, {"base_version": "x"}, {"base_version": 10**20}],
)
def test_corrections_that_cannot_be(
    client: APIClient, label: Label, fields: dict[str, Any]
) -> None:
    answer = client.post(f"/api/labels/{label.pk}/correct/", correction(**fields))

    assert answer.status_code == 400
    assert state(label)[1] == 1


def test_strangers_see_and_correct_nothing(label: Label) -> None:
    nobody, other = APIClient(), APIClient()
    other.force_login(new_account("otto"))

    for browser, status in ((nobody, 403), (other, 404)):
        assert browser.get(f"/api/labels/{label.pk}/").status_code == status
        answer = browser.post(f"/api/labels/{label.pk}/correct/", correction())
        assert answer.status_code == status
    assert state(label)[1] == 1


def test_a_guests_token_is_checked(label: Label) -> None:
    browser = APIClient(enforce_csrf_checks=True)

    assert browser.post(f"/api/labels/{label.pk}/correct/", correction()).status_code == 403


DRAFT = {
    "base": 0,
    "writer": "a page",
    "stroke": 1,
    "format": 2,
    "polygons": NEW,
    "steps": [],
    "corrects": 1,
}


def test_a_correction_under_way_is_kept_like_any_drawing(client: APIClient, label: Label) -> None:
    kept = client.put(f"/api/images/{label.image_id}/draft/", DRAFT)
    assert kept.status_code == 200, kept.json()
    assert client.get(f"/api/labels/{label.pk}/").json()["draft"]["polygons"] == NEW

    client.post(f"/api/labels/{label.pk}/correct/", correction())

    assert not Draft.objects.exists(), "what was sent is no draft any more"
    late = client.put(f"/api/images/{label.image_id}/draft/", {**DRAFT, "stroke": 2})
    assert (late.status_code, late.json()["code"]) == (403, "not_assigned")


def test_no_draft_of_a_fixed_label(client: APIClient, label: Label) -> None:
    labels.lock(ACTOR, label, Label.LockReason.RESULTS)

    assert client.put(f"/api/images/{label.image_id}/draft/", DRAFT).status_code == 403


# -- at once ---------------------------------------------------------------------------------------


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(6))
def test_a_correction_and_post_processing_at_once(image: Image, attempt: int) -> None:
    """On PostgreSQL: in either order, the final counts are those of the new polygons."""
    label = draw(image, "00..", "....")
    together = threading.Barrier(2)

    def process() -> None:
        try:
            together.wait(20)
            labels.process_image(image.pk)
        finally:
            connections.close_all()

    def amend() -> None:
        try:
            together.wait(20)
            correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), NEW, 1)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(process), pool.submit(amend)]:
            done.result()

    label.refresh_from_db()
    assert label.status == Status.RECEIVED or label.pixel_counts == {"1": 2}
    labels.process_image(image.pk)
    assert state(label)[:3] == (Status.ACCEPTED, 2, 1)
    assert label.pixel_counts == {"1": 2}


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_one_correction_sent_six_times_at_once(label: Label) -> None:
    """On PostgreSQL: one version is stored, and all requests get the same response."""
    sending = uuid.uuid4()
    together = threading.Barrier(6)

    def send(_: int) -> bool:
        try:
            together.wait(20)
            return correct(ACTOR, label.labeler, label.pk, sending, NEW, 1)[1]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(send, range(6))) == 1

    assert state(label) == (Status.RECEIVED, 2, 1, 2)
    assert LabelVersion.objects.count() == 2


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_two_corrections_from_two_devices_at_once(label: Label) -> None:
    """On PostgreSQL: one of them is stored, the other is refused."""
    together = threading.Barrier(2)

    def send(code: int) -> bool:
        try:
            together.wait(20)
            return correct(
                ACTOR, label.labeler, label.pk, uuid.uuid4(), [box(code, 0, 0, 1, 1)], 1
            )[1]
        except CorrectedElsewhere:
            return False
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(send, (1, 2))) == 1

    assert [number for number, _ in versions(label)] == [1, 2]
