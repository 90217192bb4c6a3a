"""The database refuses invalid rows: one test violates each constraint."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from labeling.models import (
    Assignment,
    Campaign,
    Draft,
    GuideEntry,
    Image,
    ImageReport,
    Label,
    Labeler,
    LabelVersion,
    PracticeAttempt,
    ReferenceAnswer,
    SiteFeedback,
    TerrainClass,
    TutorialStep,
)
from labeling.people.services.labelers import labeler_of_user, new_guest
from tests.factories import accept, assign, draw, new_account, new_campaign, new_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


def refuse(model: type, constraint: str, pk: Any, /, **fields: Any) -> None:
    """Check that an UPDATE without Python validation is refused by this constraint only."""
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        model.objects.filter(pk=pk).update(**fields)


def test_an_erased_labeler_is_nobody() -> None:
    guest = new_guest()
    refuse(Labeler, "labeler_erased_is_nobody", guest.pk, erased_at=timezone.now(), name="Vera")
    account = labeler_of_user(new_account("vera"))
    account.name = ""
    account.save()
    refuse(Labeler, "labeler_erased_is_nobody", account.pk, erased_at=timezone.now())


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("campaign_has_slug", {"slug": ""}),
        ("campaign_has_name", {"name": ""}),
        ("campaign_target_labels_positive", {"target_labels": 0}),
        ("campaign_lengths_positive", {"range_limit_m": 0}),
        ("campaign_lengths_positive", {"scale_bar_m": -0.5}),
        ("campaign_range_rule", {"range_rule": "by-eye"}),
        ("campaign_queue_percent_range", {"queue_percent": 101}),
        ("campaign_nothing_minimum_positive", {"nothing_minimum": 0}),
        ("campaign_merge_rule_possible", {"merge_minimum": 0}),
        # More than 100 % can never be.
        ("campaign_merge_rule_possible", {"merge_percent": 100}),
        # No picture gets labels enough for its merge.
        ("campaign_target_reaches_merge", {"target_labels": 4, "merge_minimum": 5}),
        ("campaign_scale_bar_within_range", {"range_limit_m": 0.4}),
        ("campaign_practice", {"practice": "never"}),
        ("campaign_practice_shares", {"practice_pass_iou": 0}),
        ("campaign_practice_shares", {"practice_pass_iou": 1.01}),
        ("campaign_practice_shares", {"reference_image_percent": 101}),
    ],
)
def test_campaign(campaign: Campaign, name: str, fields: dict[str, Any]) -> None:
    refuse(Campaign, name, campaign.pk, **fields)


def test_campaign_slug_is_unique(campaign: Campaign) -> None:
    with pytest.raises(IntegrityError):
        Campaign.objects.bulk_create([Campaign(slug=campaign.slug, name="Another")])


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        # 255 means "no label" in every mask of a release.
        ("terrain_class_code_range", {"code": 255}),
        ("terrain_class_code_range", {"code": 300}),
        ("terrain_class_has_name", {"name": ""}),
        ("terrain_class_least_size_positive", {"min_width_m": 0}),
        ("terrain_class_least_size_positive", {"min_height_m": -0.3}),
        ("terrain_class_color_hex", {"color": "orange"}),
        ("terrain_class_color_hex", {"color": "#12345G"}),
    ],
)
def test_terrain_class(campaign: Campaign, name: str, fields: dict[str, Any]) -> None:
    soil = campaign.terrain_classes.get(code=0)
    refuse(TerrainClass, name, soil.pk, **fields)


def test_terrain_class_code_is_not_negative(campaign: Campaign) -> None:
    soil = campaign.terrain_classes.get(code=0)
    # The column's own check may speak first.
    with pytest.raises(IntegrityError), transaction.atomic():
        TerrainClass.objects.filter(pk=soil.pk).update(code=-1)


@pytest.mark.parametrize("fields", [{"code": 0, "name": "Regolith"}, {"code": 9, "name": "Soil"}])
def test_terrain_class_code_and_name_occur_once(campaign: Campaign, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError):
        TerrainClass.objects.bulk_create(
            [TerrainClass(campaign=campaign, color="#000000", **fields)]
        )


def test_two_campaigns_may_use_the_same_codes(campaign: Campaign) -> None:
    assert new_campaign("other").class_codes() == campaign.class_codes() == (0, 1, 2, 3)


def test_tutorial_step_position_occurs_once(campaign: Campaign) -> None:
    with pytest.raises(IntegrityError):
        TutorialStep.objects.bulk_create(
            [TutorialStep(campaign=campaign, position=0, title="Again", text="Twice")]
        )


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("image_has_size", {"width": 0}),
        ("image_has_size", {"height": 0}),
        ("image_pool", {"pool": "both"}),
        ("image_has_product_id", {"product_id": ""}),
    ],
)
def test_image(campaign: Campaign, name: str, fields: dict[str, Any]) -> None:
    refuse(Image, name, new_image(campaign).pk, **fields)


def test_image_is_in_a_campaign_once(campaign: Campaign) -> None:
    new_image(campaign, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        new_image(campaign, 1)
    assert new_image(new_campaign("other"), 1).pk


def test_image_count_is_never_negative(campaign: Campaign) -> None:
    image = new_image(campaign)
    with pytest.raises(IntegrityError), transaction.atomic():
        Image.objects.filter(pk=image.pk).update(crowd_label_count=-1)


@pytest.mark.parametrize(
    "identities",
    [
        (),
        ("user", "guest_key"),
        ("user", "imported_from"),
        ("guest_key", "imported_from"),
        ("user", "guest_key", "imported_from"),
    ],
)
def test_labeler_has_one_identity(identities: tuple[str, ...]) -> None:
    every = {
        "user": new_account("vera"),
        "guest_key": uuid.uuid4(),
        "imported_from": "navcam/vera",
    }
    fields = {name: every[name] for name in identities}
    with pytest.raises(IntegrityError, match="labeler_is_account_or_guest_or_import"):
        Labeler.objects.bulk_create([Labeler(**fields)])


def test_an_identity_belongs_to_one_labeler() -> None:
    for fields in (
        {"user": new_account("vera")},
        {"guest_key": uuid.uuid4()},
        {"imported_from": "navcam/vera"},
    ):
        Labeler.objects.create(**fields)
        with pytest.raises(IntegrityError), transaction.atomic():
            Labeler.objects.bulk_create([Labeler(**fields)])


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("assignment_role", {"role": "robot"}),
        ("assignment_closed_has_time", {"status": "done"}),
        ("assignment_closed_has_time", {"status": "skipped"}),
        ("assignment_closed_has_time", {"closed_at": timezone.now()}),
        ("assignment_closed_has_time", {"status": "lost", "closed_at": timezone.now()}),
    ],
)
def test_assignment(campaign: Campaign, name: str, fields: dict[str, Any]) -> None:
    refuse(Assignment, name, assign(new_image(campaign), new_guest()).pk, **fields)


def test_an_image_is_given_to_a_labeler_once(campaign: Campaign) -> None:
    image, labeler = new_image(campaign), new_guest()
    assign(image, labeler)
    with pytest.raises(IntegrityError):
        Assignment.objects.bulk_create([Assignment(image=image, labeler=labeler)])


def processed_fields(**fields: Any) -> dict[str, Any]:
    return {"processed_at": timezone.now(), "pixel_counts": {"0": 1}, **fields}


@pytest.mark.parametrize(
    "fields",
    [
        {"processed_at": timezone.now()},
        {"pixel_counts": {"0": 1}},
        processed_fields(),
        {"status": "accepted"},
        {"status": "empty", "processed_at": timezone.now()},
        {"status": "rejected", "pixel_counts": {"0": 1}},
        processed_fields(status="lost"),
    ],
)
def test_a_received_label_has_no_counts_and_others_do(
    campaign: Campaign, fields: dict[str, Any]
) -> None:
    label = draw(new_image(campaign), "00..", "....")
    refuse(Label, "label_processed_has_counts", label.pk, **fields)


def test_an_accepted_label_cannot_lose_its_counts(campaign: Campaign) -> None:
    label = accept(new_image(campaign), "00..", "....")
    refuse(Label, "label_processed_has_counts", label.pk, pixel_counts=None)
    refuse(Label, "label_processed_has_counts", label.pk, processed_at=None)


def test_label_role_and_times(campaign: Campaign) -> None:
    label = draw(new_image(campaign), "00..", "....")
    refuse(Label, "label_role", label.pk, role="robot")
    later = label.sent_at + timedelta(seconds=1)
    refuse(Label, "label_started_before_sent", label.pk, started_at=later)


def test_one_label_per_image_and_labeler(campaign: Campaign) -> None:
    label = draw(new_image(campaign), "00..", "....")
    with pytest.raises(IntegrityError):
        Label.objects.bulk_create([Label(image=label.image, labeler=label.labeler, polygons=[])])


def draft_of(campaign: Campaign) -> Draft:
    return Draft.objects.create(
        image=new_image(campaign), labeler=new_guest(), writer="a page", format=2
    )


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("draft_version_positive", {"version": 0}),
        ("draft_format_positive", {"format": 0}),
        ("draft_has_writer", {"writer": ""}),
    ],
)
def test_draft(campaign: Campaign, name: str, fields: dict[str, Any]) -> None:
    refuse(Draft, name, draft_of(campaign).pk, **fields)


def test_one_draft_per_image_and_labeler(campaign: Campaign) -> None:
    draft = draft_of(campaign)
    with pytest.raises(IntegrityError):
        Draft.objects.create(image=draft.image, labeler=draft.labeler, writer="b", format=2)


@pytest.mark.parametrize(
    "fields",
    [
        {"locked_at": timezone.now()},
        {"lock_reason": "rated"},
        {"locked_at": timezone.now(), "lock_reason": "bored"},
    ],
)
def test_a_fixed_label_says_since_when_and_why(campaign: Campaign, fields: dict[str, Any]) -> None:
    label = draw(new_image(campaign), "00..", "....")
    refuse(Label, "label_lock_has_reason", label.pk, **fields)


def test_label_version_is_positive(campaign: Campaign) -> None:
    label = draw(new_image(campaign), "00..", "....")
    refuse(Label, "label_version_positive", label.pk, version=0)


def test_versions_of_a_label_have_numbers_of_their_own(campaign: Campaign) -> None:
    label = draw(new_image(campaign), "00..", "....")
    fields = {"label": label, "polygons": [], "sent_at": label.sent_at}
    first = LabelVersion.objects.create(number=1, **fields)
    refuse(LabelVersion, "label_version_number_positive", first.pk, number=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        LabelVersion.objects.bulk_create([LabelVersion(number=1, **fields)])
    # The id is the client's: the same sending is one version.
    with pytest.raises(IntegrityError), transaction.atomic():
        LabelVersion.objects.bulk_create([LabelVersion(id=first.pk, number=2, **fields)])


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "nothing", "reason": "dark"},
        {"kind": "wrong", "reason": ""},
        {"kind": "wrong", "reason": "ugly"},
        {"kind": "praise", "reason": ""},
    ],
)
def test_a_report_says_what_is_wrong(campaign: Campaign, fields: dict[str, Any]) -> None:
    report = ImageReport.objects.create(
        image=new_image(campaign), labeler=new_guest(), kind="nothing"
    )
    refuse(ImageReport, "image_report_wrong_says_what", report.pk, **fields)


def test_a_labeler_reports_an_image_once_per_kind(campaign: Campaign) -> None:
    image, labeler = new_image(campaign), new_guest()
    ImageReport.objects.create(image=image, labeler=labeler, kind="nothing")
    ImageReport.objects.create(image=image, labeler=labeler, kind="wrong", reason="dark")
    with pytest.raises(IntegrityError):
        ImageReport.objects.bulk_create(
            [ImageReport(image=image, labeler=labeler, kind="wrong", reason="bright")]
        )


@pytest.mark.parametrize("mood", [0, 6])
def test_feedback_has_one_of_five_faces(mood: int) -> None:
    said = SiteFeedback.objects.create(mood=3)
    refuse(SiteFeedback, "site_feedback_mood_range", said.pk, mood=mood)


def test_a_label_is_never_made_by_practicing(campaign: Campaign) -> None:
    label = draw(new_image(campaign), "0000", "0000")
    refuse(Label, "label_role", label.pk, role="answer")
    # The longest word of the two is refused by the column before the constraint is asked.
    with pytest.raises((IntegrityError, DataError)), transaction.atomic():
        Label.objects.filter(pk=label.pk).update(role="practice")


@pytest.mark.parametrize(
    ("name", "fields"),
    [("reference_answer_has_mask", {"mask": ""}), ("reference_answer_source", {"source": "luck"})],
)
def test_reference_answer(campaign: Campaign, name: str, fields: dict[str, Any]) -> None:
    image = new_image(campaign)
    ReferenceAnswer.objects.create(image=image, mask="known/a.png", source="mask")
    refuse(ReferenceAnswer, name, image.pk, **fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReferenceAnswer.objects.create(image=image, mask="known/b.png", source="mask")


def test_practice_attempt(campaign: Campaign) -> None:
    fields: dict[str, Any] = {
        "id": uuid.uuid4(),
        "image": new_image(campaign),
        "labeler": new_guest(),
        "polygons": [],
        "iou": {},
        "score": 0.5,
        "passed": True,
    }
    attempt = PracticeAttempt.objects.create(**fields)
    refuse(PracticeAttempt, "practice_attempt_score_range", attempt.pk, score=1.01)
    refuse(PracticeAttempt, "practice_attempt_score_range", attempt.pk, score=-0.01)
    with pytest.raises(IntegrityError), transaction.atomic():
        PracticeAttempt.objects.create(**fields)


def test_guide_entry(campaign: Campaign) -> None:
    first, second = campaign.guide_entries.filter(kind="good")[:2]
    alike = campaign.guide_entries.filter(kind="alike")[0]
    refuse(GuideEntry, "(guide_entry_position_once|UNIQUE)", second.pk, position=first.position)
    refuse(GuideEntry, "guide_entry_alike_has_other", alike.pk, other_class=None)
    refuse(GuideEntry, "guide_entry_alike_has_other", first.pk, other_class=second.terrain_class)
    refuse(GuideEntry, "guide_entry_alike_has_other", alike.pk, kind="poem")
    refuse(GuideEntry, "guide_entry_other_is_another", alike.pk, other_class=alike.terrain_class)
