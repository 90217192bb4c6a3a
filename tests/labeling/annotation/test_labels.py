"""Labels after they are sent: stored once, counted, post-processed, rejected."""

from __future__ import annotations

import itertools
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from ai4mars_site.toolkit import tasks as site_tasks
from labeling.annotation import errors, policies, tasks
from labeling.annotation.services import labels, postprocessing
from labeling.annotation.services.corrections import correct
from labeling.models import Assignment, Campaign, Image, Label, Role
from labeling.people.services.labelers import new_guest
from terrain.geometry.invalid_polygons import InvalidPolygons
from tests.factories import (
    ACTOR,
    accept,
    assign,
    box,
    draw,
    new_campaign,
    new_expert,
    new_image,
    rows,
)

pytestmark = pytest.mark.django_db

Status = Label.Status


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign(target_labels=2)


@pytest.fixture
def image(campaign: Campaign) -> Image:
    """Return an image of 4 x 2 pixels: rover at the lower left, beyond the range limit at the upper
    right.
    """
    return new_image(campaign, on_rover=("0000", "1100"), beyond=("0011", "0000"))


def counts(image: Image) -> tuple[int, int]:
    image.refresh_from_db()
    return image.crowd_label_count, image.labels_version


# -- policies --------------------------------------------------------------------------------------


def test_the_table_of_transitions_knows_every_status() -> None:
    assert set(policies.LABEL_TRANSITIONS) == set(Status)
    assert set().union(*policies.LABEL_TRANSITIONS.values()) <= set(Status)


ALLOWED = {
    (Status.RECEIVED, Status.ACCEPTED),
    (Status.RECEIVED, Status.EMPTY),
    (Status.ACCEPTED, Status.REJECTED),
    (Status.REJECTED, Status.ACCEPTED),
    # Corrections; a label that was thrown out is settled.
    (Status.RECEIVED, Status.RECEIVED),
    (Status.ACCEPTED, Status.RECEIVED),
    (Status.EMPTY, Status.RECEIVED),
}


@pytest.mark.parametrize(("status", "following"), list(itertools.product(Status, Status)))
def test_what_may_follow_what(status: str, following: str) -> None:
    assert policies.is_allowed_transition(status, following) == ((status, following) in ALLOWED)


@pytest.mark.parametrize(
    ("status", "following", "change"),
    [
        # A received label is counted when it is stored; accepting it changes nothing.
        (Status.RECEIVED, Status.ACCEPTED, 0),
        (Status.RECEIVED, Status.EMPTY, -1),
        (Status.ACCEPTED, Status.REJECTED, -1),
        (Status.REJECTED, Status.ACCEPTED, +1),
        (Status.RECEIVED, Status.RECEIVED, 0),
        (Status.ACCEPTED, Status.RECEIVED, 0),
        (Status.EMPTY, Status.RECEIVED, +1),
    ],
)
def test_how_the_count_changes(status: str, following: str, change: int) -> None:
    assert policies.count_change(status, following) == change


@pytest.mark.parametrize(
    ("status", "following"), sorted(set(itertools.product(Status, Status)) - ALLOWED)
)
def test_an_illegal_transition_changes_nothing(image: Image, status: str, following: str) -> None:
    label = draw(image, "00..", "....")
    processed = {} if status == Status.RECEIVED else {"processed_at": label.sent_at}
    Label.objects.filter(pk=label.pk).update(
        status=status, pixel_counts={"0": 2} if processed else None, **processed
    )
    label.refresh_from_db()
    before = counts(image)

    with pytest.raises(labels.IllegalTransition, match=f"is {status} cannot become {following}"):
        labels.transition(label, following)

    label.refresh_from_db()
    assert (label.status, counts(image)) == (status, before)


# -- storing ---------------------------------------------------------------------------------------


def test_a_stored_label_is_counted_and_closes_its_assignment(image: Image) -> None:
    labeler = new_guest()
    assignment = assign(image, labeler)

    label = draw(image, "00..", "....", labeler=labeler)

    assignment.refresh_from_db()
    assert (assignment.status, assignment.closed_at) == (Assignment.Status.DONE, label.sent_at)
    assert label.status == Status.RECEIVED
    assert counts(image) == (1, 0)


def test_an_expert_label_is_not_counted(image: Image) -> None:
    draw(image, "00..", "....", role=Role.EXPERT)

    assert counts(image)[0] == 0


def test_a_label_for_a_skipped_image_is_welcome(image: Image) -> None:
    labeler = new_guest()
    assignment = assign(image, labeler)
    Assignment.objects.update(status=Assignment.Status.SKIPPED, closed_at=timezone.now())

    draw(image, "00..", "....", labeler=labeler)

    assignment.refresh_from_db()
    assert assignment.status == Assignment.Status.DONE


def test_a_second_label_on_an_image_stores_and_counts_nothing(image: Image) -> None:
    labeler = new_guest()
    draw(image, "00..", "....", labeler=labeler)

    with pytest.raises(labels.AlreadyLabeled):
        draw(image, "11..", "....", labeler=labeler)

    assert (Label.objects.count(), counts(image)[0]) == (1, 1)


def test_submitted_polygons_are_cleaned(image: Image) -> None:
    labeler = new_guest()
    assign(image, labeler)

    # Outside the image, and over a region that is there already
    polygons = [box(1, -3, -3, 2, 1), box(2, 1, 0, 9, 1)]
    label, created = labels.submit(ACTOR, labeler, image.pk, uuid.uuid4(), polygons)

    assert created
    drawn = postprocessing.post_processed_mask(label, image, None)
    assert rows(drawn) == ["1122", "...."]


def test_the_same_label_again_is_answered_as_before(image: Image) -> None:
    """Also after a correction, and if 1 is sent as 1.0."""
    labeler, label_id = new_guest(), uuid.uuid4()
    assign(image, labeler)
    sent = [{"class": 1, "rings": [[[0, 0], [2, 0], [2, 1], [0, 1]]]}]
    first, created = labels.submit(ACTOR, labeler, image.pk, label_id, sent)
    assert created

    as_floats = [{"rings": [[[0.0, 0.0], [2.0, 0.0], [2.0, 1.0], [0.0, 1.0]]], "class": 1}]
    assert labels.submit(ACTOR, labeler, image.pk, label_id, as_floats) == (first, False)

    correct(ACTOR, labeler, label_id, uuid.uuid4(), [box(2, 0, 0, 4, 1)], 1)
    again, created = labels.submit(ACTOR, labeler, image.pk, label_id, sent)
    assert (again, again.version, created) == (first, 2, False)
    assert counts(image)[0] == 1


@pytest.mark.parametrize("is_older", [False, True], ids=["with checksum", "sent before checksums"])
@pytest.mark.parametrize("is_corrected", [False, True], ids=["as sent", "corrected since"])
def test_another_content_under_the_same_id_is_refused(
    image: Image, is_older: bool, is_corrected: bool
) -> None:
    labeler, label_id = new_guest(), uuid.uuid4()
    other_image = new_image(image.campaign)
    for each in (image, other_image):
        assign(each, labeler)
    sent, changed = [box(1, 0, 0, 2, 1)], [box(2, 0, 0, 2, 1)]
    labels.submit(ACTOR, labeler, image.pk, label_id, sent)
    if is_older:
        Label.objects.update(sent_checksum="")
    if is_corrected:
        correct(ACTOR, labeler, label_id, uuid.uuid4(), changed, 1)

    for image_id, polygons in (
        (image.pk, changed),
        (image.pk, []),
        (image.pk, "sand"),
        (other_image.pk, sent),
    ):
        with pytest.raises(labels.DifferentLabel):
            labels.submit(ACTOR, labeler, image_id, label_id, polygons)

    assert labels.submit(ACTOR, labeler, image.pk, label_id, sent)[1] is False, (
        "the first one still is"
    )
    assert Label.objects.count() == 1
    assert not other_image.labels.exists()


def test_two_sendings_that_overtake_each_other_are_one_label(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    labeler, label_id = new_guest(), uuid.uuid4()
    assign(image, labeler)
    look = labels._sent_before
    answers = iter([lambda *_: None, look])
    # The first look finds nothing, since the other sending has not been stored yet ...
    monkeypatch.setattr(labels, "_sent_before", lambda *args: next(answers)(*args))
    stored = labels.store(ACTOR, image, labeler, Role.CROWD, [], label_id)  # ... and now it is.

    again, created = labels.submit(ACTOR, labeler, image.pk, label_id, [])

    assert (again, created) == (stored, False)
    assert counts(image)[0] == 1


@pytest.mark.parametrize(
    ("refusal", "prepare"),
    [
        (errors.UnknownImage, lambda image, labeler: image.delete()),
        (
            errors.RetiredImage,
            lambda image, labeler: Image.objects.update(retired_at=timezone.now()),
        ),
        (errors.NotAssigned, lambda image, labeler: Assignment.objects.all().delete()),
        (
            labels.AlreadyLabeled,
            lambda image, labeler: draw(image, "0...", "....", labeler=labeler),
        ),
    ],
)
def test_what_is_refused_stores_nothing(image: Image, refusal, prepare) -> None:
    labeler, pk = new_guest(), image.pk
    assign(image, labeler)
    prepare(image, labeler)
    before = Label.objects.count()

    with pytest.raises(refusal, match=r"\.$"):
        labels.submit(ACTOR, labeler, pk, uuid.uuid4(), [box(0, 0, 0, 2, 2)])

    assert Label.objects.count() == before


def test_invalid_polygons_leave_the_assignment_open(image: Image) -> None:
    labeler = new_guest()
    assignment = assign(image, labeler)

    with pytest.raises(InvalidPolygons):
        labels.submit(ACTOR, labeler, image.pk, uuid.uuid4(), [box(7, 0, 0, 2, 2)])

    assignment.refresh_from_db()
    assert assignment.status == Assignment.Status.OPEN
    assert counts(image) == (0, 0)


def test_the_role_is_the_assignments_not_the_accounts(campaign: Campaign) -> None:
    expert = new_expert()
    crowd_image, gold_image = new_image(campaign), new_image(campaign)
    assign(crowd_image, expert)
    assign(gold_image, expert, role=Role.EXPERT)

    for image, role in [(crowd_image, Role.CROWD), (gold_image, Role.EXPERT)]:
        label, _ = labels.submit(ACTOR, expert, image.pk, uuid.uuid4(), [])
        assert label.role == role


def test_a_clock_that_runs_ahead_is_put_right(image: Image) -> None:
    labeler = new_guest()
    assign(image, labeler)
    tomorrow = timezone.now() + timedelta(days=1)

    label, _ = labels.submit(ACTOR, labeler, image.pk, uuid.uuid4(), [], tomorrow)

    assert label.started_at == label.sent_at


# -- post-processing -------------------------------------------------------------------------------


def test_processing_removes_what_lies_under_the_masks(image: Image) -> None:
    label = accept(image, "0000", "1111")

    assert label.status == Status.ACCEPTED
    assert label.pixel_counts == {"0": 2, "1": 2}
    kept = postprocessing.post_processed_mask(label, image, postprocessing.removed_pixels(image))
    assert rows(kept) == ["00..", "..11"]
    assert counts(image) == (1, 1)


@pytest.mark.parametrize("drawn", [("....", "...."), ("....", "00.."), ("..11", "00..")])
def test_a_label_with_nothing_left_is_thrown_out_and_its_place_is_free_again(
    image: Image, drawn: tuple[str, str]
) -> None:
    draw(image, "00..", "....")
    draw(image, *drawn)
    assert image not in Image.objects.in_pool()

    assert labels.process_image(image.pk) == 2

    empty = Label.objects.get(status=Status.EMPTY)
    assert (empty.pixel_counts, empty.processed_at is not None) == ({}, True)
    assert counts(image) == (1, 2)
    assert image in Image.objects.in_pool()


def test_an_empty_expert_label_does_not_touch_the_crowds_count(image: Image) -> None:
    accept(image, "....", "....", role=Role.EXPERT)

    assert counts(image) == (0, 1)


def test_without_masks_everything_stays(campaign: Campaign) -> None:
    label = accept(new_image(campaign), "0123", "...0")

    assert label.pixel_counts == {"0": 2, "1": 1, "2": 1, "3": 1}


def test_processing_twice_is_harmless(image: Image) -> None:
    label = accept(image, "00..", "....")
    before = counts(image)

    assert labels.process_image(image.pk) == 0

    assert counts(image) == before
    processed_at = label.processed_at
    label.refresh_from_db()
    assert label.processed_at == processed_at


def test_two_workers_with_the_same_labels_process_each_once(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    label = draw(image, "00..", "....")
    compute = labels.count_class_pixels

    def compute_and_be_overtaken(*args: object) -> dict[int, int]:
        if not Label.objects.accepted().exists():
            monkeypatch.setattr(labels, "count_class_pixels", compute)
            assert labels.process_image(image.pk) == 1
        return compute(*args)

    monkeypatch.setattr(labels, "count_class_pixels", compute_and_be_overtaken)

    assert labels.process_image(image.pk) == 0, "the other one was faster"

    assert counts(image) == (1, 1)
    label.refresh_from_db()
    assert label.status == Status.ACCEPTED


def test_an_image_without_a_row_is_an_error_that_shows() -> None:
    with pytest.raises(Image.DoesNotExist):
        labels.process_image(0)


def test_throwing_out_and_restoring(image: Image) -> None:
    label = accept(image, "00..", "....")

    assert labels.reject(ACTOR, label)
    assert counts(image) == (0, 2)
    assert labels.restore(ACTOR, label)
    assert counts(image) == (1, 3)


def test_a_label_that_has_moved_meanwhile_is_left_alone(image: Image) -> None:
    label = accept(image, "00..", "....")
    same_label_elsewhere = Label.objects.get(pk=label.pk)
    assert labels.reject(ACTOR, same_label_elsewhere)
    before = counts(image)

    assert not labels.reject(ACTOR, label)

    assert counts(image) == before


def test_regions_come_back_from_the_database_as_they_went_in(image: Image) -> None:
    drawn = ("0110", "0220")
    label = Label.objects.get(pk=draw(image, *drawn).pk)

    assert rows(postprocessing.post_processed_mask(label, image, None)) == list(drawn)


def test_a_lost_mask_file_is_an_error_and_not_an_unmasked_label(image: Image) -> None:
    draw(image, "0000", "0000")
    (Path(settings.MEDIA_ROOT) / image.rover_mask.name).unlink()

    with pytest.raises(FileNotFoundError):
        labels.process_image(image.pk)

    assert Label.objects.received().count() == 1


# -- tasks -----------------------------------------------------------------------------------------


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[int, ...]]]:
    """Return the messages that would have been sent to the broker."""
    messages: list[tuple[str, tuple[int, ...]]] = []
    monkeypatch.setattr(site_tasks, "_deliver", lambda name, ids: messages.append((name, ids)))
    monkeypatch.setattr(site_tasks, "_rest_until", 0.0)
    return messages


@pytest.mark.django_db(transaction=True)
def test_the_task_wakes_what_stands_on_labels_once(image: Image, sent: list) -> None:
    draw(image, "00..", "....")

    tasks.process_image(image.pk)
    assert sent == [("review.scores.tasks.score_image", (image.pk,))]

    tasks.process_image(image.pk)
    assert len(sent) == 1, "a message delivered twice has nothing new to say"


def test_the_wake_up_waits_for_the_commit(
    image: Image, sent: list, django_capture_on_commit_callbacks
) -> None:
    draw(image, "00..", "....")

    with django_capture_on_commit_callbacks(execute=True):
        tasks.process_image(image.pk)
        assert sent == []

    assert sent == [("review.scores.tasks.score_image", (image.pk,))]


@pytest.mark.django_db(transaction=True)
def test_the_sweep_finds_labels_whose_message_was_lost(campaign: Campaign, sent: list) -> None:
    lost, young, done = (new_image(campaign) for _ in range(3))
    for _ in range(2):
        draw(lost, "00..", "....")
    accept(done, "00..", "....")
    Label.objects.update(sent_at=timezone.now() - 2 * tasks.SWEEP_AFTER)
    draw(young, "00..", "....")

    tasks.sweep_labels()

    assert sent == [("labeling.annotation.tasks.process_image", (lost.pk,))]


# -- at once ---------------------------------------------------------------------------------------


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_one_label_sent_eight_times_at_once(image: Image) -> None:
    """On PostgreSQL: one label is stored, and all requests get the same response."""
    labeler, label_id = new_guest(), uuid.uuid4()
    assign(image, labeler)
    together = threading.Barrier(8)

    def send(_: int) -> tuple[Label, bool]:
        try:
            together.wait(20)
            return labels.submit(ACTOR, labeler, image.pk, label_id, [box(0, 0, 0, 2, 1)])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))

    assert [label.pk for label, _ in answers] == [label_id] * 8
    assert sum(created for _, created in answers) == 1
    assert counts(image)[0] == Label.objects.count() == 1
