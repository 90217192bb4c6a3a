"""Practice and reference images: who gets them and when, and what an attempt is."""

from __future__ import annotations

import random
import uuid
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone, translation

from labeling.annotation import errors, registry
from labeling.annotation.services import assignments, labels
from labeling.images.preparation.pictures import png_bytes, read_mask
from labeling.models import (
    Assignment,
    Campaign,
    Draft,
    Image,
    Label,
    Labeler,
    PracticeAttempt,
    ReferenceAnswer,
    Role,
)
from labeling.people.services.labelers import new_guest
from labeling.training.services import practice, reference_answers
from labeling.training.services.answer_feedback import answer_feedback
from labeling.training.services.reference_answers import AnswerRefused
from terrain.geometry.invalid_polygons import InvalidPolygons
from tests.factories import ACTOR, accept, assign, box, mask, new_campaign, new_expert, new_image

pytestmark = pytest.mark.django_db

SOIL, BEDROCK, SAND, BIG_ROCK = range(4)


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign(reference_image_percent=0)


@pytest.fixture
def labeler() -> Labeler:
    return new_guest()


def known(campaign: Campaign, *rows: str, is_lesson: bool = True, **fields: object) -> Image:
    image = new_image(campaign, **fields)
    reference_answers.set_answer(
        ACTOR, image, mask(*(rows or ("2222", "0000"))), ReferenceAnswer.Source.MASK, is_lesson
    )
    return image


def attempt(assignment: Assignment, *polygons: dict[str, object]) -> PracticeAttempt:
    made, _compared, _created = practice.record_attempt(
        ACTOR, assignment, uuid.uuid4(), list(polygons)
    )
    return made


ALL_RIGHT = (box(SAND, 0, 0, 4, 1), box(SOIL, 0, 1, 4, 2))
HALF_RIGHT = (box(SAND, 0, 0, 2, 1),)


# -- reference answers -----------------------------------------------------------------------------


def test_a_reference_image_leaves_the_crowds_pool_and_comes_back(campaign: Campaign) -> None:
    image = known(campaign)
    assert image.pool == Image.Pool.PRACTICE
    assert not Image.objects.in_pool().exists()
    assert not Image.objects.in_dataset().exists()
    with image.reference_answer.mask.open("rb") as file:
        np.testing.assert_array_equal(read_mask(file), mask("2222", "0000"))

    reference_answers.remove_answer(ACTOR, image)
    image.refresh_from_db()
    assert image.pool == Image.Pool.CROWD
    assert Image.objects.in_pool().get() == image
    assert not ReferenceAnswer.objects.exists()


def test_who_saw_the_answer_is_never_asked_to_label_the_image(
    campaign: Campaign, labeler: Labeler
) -> None:
    image = known(campaign)
    assert practice.next_lesson(campaign, labeler)
    reference_answers.remove_answer(ACTOR, image)
    assert assignments.next_assignment(campaign, labeler) is None
    given = assignments.next_assignment(campaign, new_guest())
    assert given is not None
    assert given.image == image


def test_setting_an_answer_again_replaces_it(campaign: Campaign) -> None:
    image = known(campaign, is_lesson=False)
    before = image.reference_answer.mask.name
    again = reference_answers.set_answer(
        ACTOR, image, mask("2222", "0000"), ReferenceAnswer.Source.MASK
    )
    assert (again.mask.name, again.is_lesson) == (before, False)
    other = reference_answers.set_answer(
        ACTOR, image, mask("1111", "...."), ReferenceAnswer.Source.DRAWN
    )
    assert other.mask.name != before
    assert ReferenceAnswer.objects.get().source == "drawn"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (("22", "22"), "of the image: 4 x 2 pixels"),
        (("....", "...."), "is empty"),
        (("2222", "7777"), "code 7"),
    ],
)
def test_a_mask_that_is_no_answer(campaign: Campaign, rows: tuple[str, ...], said: str) -> None:
    image = new_image(campaign)
    with pytest.raises(AnswerRefused, match=said):
        reference_answers.set_answer(ACTOR, image, mask(*rows), ReferenceAnswer.Source.MASK)
    image.refresh_from_db()
    assert image.pool == Image.Pool.CROWD
    assert not ReferenceAnswer.objects.exists()


def test_an_image_with_labels_stays_the_crowds(campaign: Campaign) -> None:
    image = new_image(campaign)
    accept(image, "2222", "0000")
    with pytest.raises(AnswerRefused, match="labeled"):
        reference_answers.set_answer(
            ACTOR, image, mask("2222", "0000"), ReferenceAnswer.Source.MASK
        )
    image.refresh_from_db()
    assert image.pool == Image.Pool.CROWD


def test_a_retired_image_teaches_nobody(campaign: Campaign, labeler: Labeler) -> None:
    image = new_image(campaign, retired_at=timezone.now())
    with pytest.raises(AnswerRefused, match="is retired"):
        reference_answers.set_answer(
            ACTOR, image, mask("2222", "0000"), ReferenceAnswer.Source.MASK
        )
    later = known(campaign)
    Image.objects.filter(pk=later.pk).update(retired_at=timezone.now())
    assert practice.next_lesson(campaign, labeler) is None


def test_gold_serves_as_practice_only_where_the_campaign_says_so(
    campaign: Campaign, labeler: Labeler
) -> None:
    image, expert = new_image(campaign), new_expert()
    assignments.assign_gold(ACTOR, image, [expert])
    image.refresh_from_db()
    with pytest.raises(AnswerRefused, match="gold image"):
        reference_answers.set_answer(
            ACTOR, image, mask("2222", "0000"), ReferenceAnswer.Source.GOLD
        )

    Campaign.objects.update(allow_gold_practice=True)
    image = Image.objects.select_related("campaign").get()
    reference_answers.set_answer(ACTOR, image, mask("2222", "0000"), ReferenceAnswer.Source.GOLD)
    campaign.refresh_from_db()
    assert image.pool == Image.Pool.GOLD, "it stays gold"
    assert practice.next_lesson(campaign, expert) is None, "its expert labels it, and learns not"
    given = practice.next_lesson(campaign, labeler)
    assert given is not None
    assert attempt(given, *ALL_RIGHT).passed

    Campaign.objects.update(allow_gold_practice=False)
    campaign.refresh_from_db()
    assert practice.lessons(campaign) == []


def test_a_practice_image_does_not_become_gold(campaign: Campaign) -> None:
    image = known(campaign)
    with pytest.raises(assignments.IsReferenceImage, match="is a reference image"):
        assignments.assign_gold(ACTOR, image, [new_expert()])
    image.refresh_from_db()
    assert image.pool == Image.Pool.PRACTICE


def test_an_uploaded_mask_is_read_and_bounded(campaign: Campaign) -> None:
    image = new_image(campaign)
    good = SimpleUploadedFile("answer.png", png_bytes(mask("22..", "0000")))
    np.testing.assert_array_equal(
        reference_answers.mask_from_upload(image, good), mask("22..", "0000")
    )
    for content, said in (
        (png_bytes(mask("22", "00")), "2 x 2 pixels"),
        (png_bytes(mask("9222", "0000")), "code 9"),
        (b"no picture", "not a PNG"),
        (b"x" * (reference_answers.MAX_UPLOAD_BYTES + 1), "too large"),
    ):
        with pytest.raises(AnswerRefused, match=said):
            reference_answers.mask_from_upload(image, SimpleUploadedFile("answer.png", content))


def test_answers_come_from_a_folder_of_masks(campaign: Campaign, tmp_path: Path) -> None:
    first, second = new_image(campaign), new_image(campaign)
    accept(second, "2222", "0000")
    for name in (first.product_id, second.product_id, "nobody"):
        (tmp_path / f"{name}.png").write_bytes(png_bytes(mask("2222", "0000")))
    paths = reference_answers.find_answers(tmp_path)
    outcomes = {
        each.name: each for each in reference_answers.import_answers(ACTOR, campaign, paths)
    }
    assert outcomes[f"{first.product_id}.png"].status == "imported"
    assert "labeled" in outcomes[f"{second.product_id}.png"].reason
    assert "Import the images first" in outcomes["nobody.png"].reason
    again = {
        each.name: each.status for each in reference_answers.import_answers(ACTOR, campaign, paths)
    }
    assert again[f"{first.product_id}.png"] == "present"


# -- lessons ---------------------------------------------------------------------------------------


def test_lessons_come_one_after_the_other_and_end(campaign: Campaign, labeler: Labeler) -> None:
    first, second = known(campaign), known(campaign)
    given = practice.next_lesson(campaign, labeler)
    assert given is not None
    assert (given.image, given.role) == (first, Role.PRACTICE)
    assert practice.next_lesson(campaign, labeler) == given, "asked again, it is the same"
    attempt(given, *HALF_RIGHT)
    given = practice.next_lesson(campaign, labeler)
    assert given is not None
    assert given.image == second
    assert assignments.skip(ACTOR, given)
    assert practice.next_lesson(campaign, labeler) is None
    # Another round, from now on.
    again = practice.next_lesson(campaign, labeler, since=timezone.now())
    assert again is not None
    assert again.image == first


def test_a_lesson_that_waits_on_the_device_is_not_given_again(
    campaign: Campaign, labeler: Labeler
) -> None:
    first, second = known(campaign), known(campaign)
    given = practice.next_lesson(campaign, labeler, pending=[first.pk])
    assert given is not None
    assert given.image == second


def test_required_practice_comes_again_until_it_is_passed(labeler: Labeler) -> None:
    campaign = new_campaign(practice="required", practice_pass_iou=0.75)
    first, second = known(campaign), known(campaign)
    assert practice.must_practice(campaign, None)
    assert practice.must_practice(campaign, labeler)

    given = practice.next_lesson(campaign, labeler)
    assert given is not None
    assert not attempt(given, *HALF_RIGHT).passed
    # The other one first: nobody is stuck before one picture.
    order = [image.pk for image in practice.remaining_lessons(campaign, labeler)]
    assert order == [second.pk, first.pk]
    for image in (second, first):
        given = practice.next_lesson(campaign, labeler)
        assert given is not None
        assert given.image == image
        assert attempt(given, *ALL_RIGHT).passed
    assert not practice.must_practice(campaign, labeler)
    assert practice.next_lesson(campaign, labeler) is None


def test_nobody_who_has_labeled_is_sent_back_to_practice(
    campaign: Campaign, labeler: Labeler
) -> None:
    accept(new_image(campaign), "2222", "0000", labeler=labeler)
    gold = new_image(campaign)
    expert = new_expert()
    assignments.assign_gold(ACTOR, gold, [expert])
    known(campaign)
    campaign.practice = "required"
    assert not practice.must_practice(campaign, labeler)
    assert not practice.must_practice(campaign, expert)
    assert practice.must_practice(campaign, new_guest())


def test_practice_that_is_off_has_no_lessons(campaign: Campaign, labeler: Labeler) -> None:
    known(campaign)
    campaign.practice = "off"
    assert practice.next_lesson(campaign, labeler) is None
    assert not practice.must_practice(campaign, labeler)


def test_lessons_do_not_come_among_real_images(campaign: Campaign, labeler: Labeler) -> None:
    known(campaign)
    real = new_image(campaign)
    assert practice.next_lesson(campaign, labeler)
    given = assignments.next_assignment(campaign, labeler)
    assert given is not None
    assert (given.image, given.role) == (real, Role.CROWD)


# -- attempts --------------------------------------------------------------------------------------


def test_an_attempt_is_measured_on_what_is_left_under_the_masks(
    campaign: Campaign, labeler: Labeler
) -> None:
    image = new_image(campaign, on_rover=("0011", "0000"))
    reference_answers.set_answer(ACTOR, image, mask("2222", "00.."), ReferenceAnswer.Source.MASK)
    given = practice.next_lesson(campaign, labeler)
    assert given is not None
    # Sand drawn over the rover and where nothing is known is neither right nor wrong.
    made = attempt(given, box(SAND, 0, 0, 4, 1), box(SOIL, 0, 1, 4, 2))
    assert made.iou == {"0": 1.0, "2": 1.0}
    assert made.score == 1.0
    half = attempt(given, box(SAND, 0, 0, 1, 1))
    assert half.iou == {"0": 0.0, "2": 0.5}
    assert half.score == 0.25
    assert not half.passed


def test_an_attempt_leaves_no_label_and_may_be_repeated(
    campaign: Campaign, labeler: Labeler
) -> None:
    image = known(campaign)
    given = practice.next_lesson(campaign, labeler)
    assert given is not None
    Draft.objects.create(
        image=image, labeler=labeler, version=1, writer="a", format=1, polygons=[], steps=[]
    )
    attempt(given, *HALF_RIGHT)
    assert not Draft.objects.exists()
    attempt(given, *ALL_RIGHT)
    assert list(PracticeAttempt.objects.values_list("passed", flat=True)) == [False, True]
    image.refresh_from_db()
    assert not Label.objects.exists()
    assert (image.crowd_label_count, image.labels_version) == (0, 0)


def test_an_attempt_sent_twice_is_stored_once(campaign: Campaign, labeler: Labeler) -> None:
    known(campaign)
    given = practice.next_lesson(campaign, labeler)
    assert given is not None
    attempt_id = uuid.uuid4()
    first, _, created = practice.record_attempt(ACTOR, given, attempt_id, list(HALF_RIGHT))
    again, compared, created_again = practice.record_attempt(
        ACTOR, given, attempt_id, list(HALF_RIGHT)
    )
    assert (first, created, created_again) == (again, True, False)
    for checksum in (first.sent_checksum, ""):
        PracticeAttempt.objects.update(sent_checksum=checksum)
        with pytest.raises(labels.DifferentLabel):
            practice.record_attempt(ACTOR, given, attempt_id, list(ALL_RIGHT))
        assert practice.record_attempt(ACTOR, given, attempt_id, list(HALF_RIGHT))[2] is False
    assert again.score == first.score
    assert answer_feedback(again, compared)["score"] == round(first.score, 4)
    assert PracticeAttempt.objects.count() == 1
    known(campaign)
    other = practice.next_lesson(campaign, new_guest())
    assert other is not None
    with pytest.raises(labels.DifferentLabel):
        practice.record_attempt(ACTOR, other, attempt_id, list(HALF_RIGHT))


def test_nonsense_is_no_attempt(campaign: Campaign, labeler: Labeler) -> None:
    known(campaign)
    given = practice.next_lesson(campaign, labeler)
    assert given is not None
    with pytest.raises(InvalidPolygons):
        practice.record_attempt(ACTOR, given, uuid.uuid4(), [box(9, 0, 0, 4, 1)])
    assert not PracticeAttempt.objects.exists()


def test_an_answer_taken_away_while_somebody_draws(campaign: Campaign, labeler: Labeler) -> None:
    image = known(campaign)
    given = practice.next_lesson(campaign, labeler)
    assert given is not None
    reference_answers.remove_answer(ACTOR, image)
    with pytest.raises(errors.RetiredImage, match="no longer"):
        practice.record_attempt(ACTOR, given, uuid.uuid4(), list(ALL_RIGHT))


def test_an_image_that_becomes_known_while_somebody_labels_it(
    campaign: Campaign, labeler: Labeler
) -> None:
    image = new_image(campaign)
    assign(image, labeler)
    reference_answers.set_answer(ACTOR, image, mask("2222", "0000"), ReferenceAnswer.Source.MASK)
    found = registry.find_receiver(labeler, image.pk)
    assert found is not None
    assert attempt(found[0], *ALL_RIGHT).passed
    # ... and no way around it leads to a label.
    other = new_guest()
    assign(image, other)
    with pytest.raises(errors.NotAssigned):
        labels.submit(ACTOR, other, image.pk, uuid.uuid4(), list(ALL_RIGHT))
    assert not Label.objects.exists()


# -- reference images, now and then ----------------------------------------------------------------


def test_reference_images_come_at_the_campaigns_rate(campaign: Campaign) -> None:
    campaign.reference_image_percent = 25
    for _ in range(3):
        known(campaign, is_lesson=False)
    for _ in range(3):
        new_image(campaign)
    chance = random.Random(7)
    roles = []
    for _ in range(100):
        (given,) = assignments.next_assignments(campaign, new_guest(), chance=chance)
        roles.append(given.role)
        assert (given.role == Role.PRACTICE) == (given.image.pool == Image.Pool.PRACTICE)
    assert 12 <= roles.count(Role.PRACTICE) <= 40
    # The same seed, the same pictures.
    repeated = random.Random(7)
    again = [
        assignments.next_assignments(campaign, new_guest(), chance=repeated)[0].role
        for _ in range(20)
    ]
    assert again == roles[:20]


@pytest.mark.parametrize("percent", [0, 100])
def test_the_rate_may_be_never_or_always(campaign: Campaign, percent: int) -> None:
    campaign.reference_image_percent = percent
    known(campaign, is_lesson=False)
    new_image(campaign)
    given = assignments.next_assignment(campaign, new_guest())
    assert given is not None
    assert (given.role == Role.PRACTICE) == (percent == 100)


def test_a_reference_image_is_tried_once_and_then_real_ones_follow(
    campaign: Campaign, labeler: Labeler
) -> None:
    campaign.reference_image_percent = 100
    image, real = known(campaign, is_lesson=False), new_image(campaign)
    given = assignments.next_assignment(campaign, labeler)
    assert given is not None
    assert given.image == image
    assert assignments.next_assignment(campaign, labeler) == given, "it stays until it is drawn"
    attempt(given, *HALF_RIGHT)
    given.refresh_from_db()
    with pytest.raises(labels.AlreadyLabeled):
        practice.record_attempt(ACTOR, given, uuid.uuid4(), list(ALL_RIGHT))
    following = assignments.next_assignment(campaign, labeler)
    assert following is not None
    assert (following.image, following.role) == (real, Role.CROWD)


def test_nothing_known_comes_when_nothing_real_is_left(
    campaign: Campaign, labeler: Labeler
) -> None:
    campaign.reference_image_percent = 100
    known(campaign, is_lesson=False)
    assert assignments.next_assignment(campaign, labeler) is None


def test_an_experts_gold_comes_before_what_is_known(campaign: Campaign) -> None:
    campaign.reference_image_percent = 100
    known(campaign, is_lesson=False)
    gold, expert = new_image(campaign), new_expert()
    new_image(campaign)
    first = assignments.next_assignment(campaign, expert)
    assert first is not None
    assert first.role == Role.PRACTICE
    assignments.assign_gold(ACTOR, gold, [expert])
    roles = [each.role for each in assignments.next_assignments(campaign, expert, ahead=2)]
    assert roles[:2] == [Role.EXPERT, Role.PRACTICE]


# -- words -----------------------------------------------------------------------------------------


def told(
    campaign: Campaign, known_rows: tuple[str, ...], *polygons: dict[str, object]
) -> list[str]:
    image = new_image(campaign, width=len(known_rows[0]), height=len(known_rows))
    reference_answers.set_answer(ACTOR, image, mask(*known_rows), ReferenceAnswer.Source.MASK)
    given = Assignment.objects.create(image=image, labeler=new_guest(), role=Role.PRACTICE)
    made, compared, _ = practice.record_attempt(ACTOR, given, uuid.uuid4(), list(polygons))
    return [" ".join(each["words"]) for each in answer_feedback(made, compared)["classes"]]


def test_the_words_say_what_was_found_and_what_was_missed_where(campaign: Campaign) -> None:
    (sand,) = told(campaign, ("2" * 10,) * 3, box(SAND, 2, 0, 10, 3))
    assert sand == "You found 80% of the sand. You missed a patch on the left."
    (all_of_it,) = told(campaign, ("2" * 10,) * 3, box(SAND, 0, 0, 10, 3))
    assert all_of_it == "You found all of the sand."
    (none,) = told(campaign, ("3" * 10,) * 3)
    assert none == "You did not find the big rock in this picture."


def test_the_words_say_what_was_taken_for_what(campaign: Campaign) -> None:
    soil, sand = told(campaign, ("0" * 5 + "2" * 5,) * 3, box(SAND, 3, 0, 10, 3))
    assert soil == ("You did not find the soil in this picture.")
    assert sand == (
        "You found all of the sand. You drew too much in the middle. "
        "Most of the extra area is soil."
    )


def test_the_words_speak_the_readers_language(campaign: Campaign) -> None:
    with translation.override("es"):
        (sand,) = told(campaign, ("2" * 10,) * 3, box(SAND, 0, 0, 10, 3))
    assert "arena" in sand


def test_a_failed_lesson_says_that_it_comes_again(labeler: Labeler) -> None:
    campaign = new_campaign(practice="required")
    known(campaign)
    given = practice.next_lesson(campaign, labeler)
    assert given is not None
    made, compared, _ = practice.record_attempt(ACTOR, given, uuid.uuid4(), list(HALF_RIGHT))
    told = answer_feedback(made, compared)
    assert (told["passed"], told["must_pass"], told["may_repeat"]) == (False, True, True)
    made, compared, _ = practice.record_attempt(ACTOR, given, uuid.uuid4(), list(ALL_RIGHT))
    told = answer_feedback(made, compared)
    assert (told["passed"], told["must_pass"]) == (True, False)
    assert told["codes"].startswith("data:image/png;base64,")


def test_since_leaves_out_what_was_done_before(campaign: Campaign, labeler: Labeler) -> None:
    known(campaign)
    given = practice.next_lesson(campaign, labeler)
    assert given is not None
    made = attempt(given, *ALL_RIGHT)
    assert practice.remaining_lessons(campaign, labeler) == []
    earlier, later = made.created_at - timedelta(seconds=1), made.created_at + timedelta(seconds=1)
    assert practice.remaining_lessons(campaign, labeler, earlier) == []
    assert len(practice.remaining_lessons(campaign, labeler, later)) == 1
