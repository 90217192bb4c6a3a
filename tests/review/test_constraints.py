"""The database refuses invalid ratings and scores."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from labeling.models import Label
from review.models import (
    AgreementScore,
    CampaignSkill,
    LabelerSkill,
    LabelQuality,
    Rating,
    ReviewLease,
    ReviewPlan,
    ScoreBin,
)
from tests.factories import accept, give_score, new_campaign, new_image, new_reviewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def label() -> Label:
    return accept(new_image(new_campaign()), "00..", "....")


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("agreement_score_range", {"score": -0.001}),
        ("agreement_score_range", {"score": 1.001}),
        ("agreement_expected_range", {"expected": -0.001}),
        ("agreement_expected_range", {"expected": 1.001}),
        # A label alone on its image has no score at all.
        ("agreement_score_has_pairs", {"pairs": 0}),
        ("agreement_score_opinions_requested", {"opinions_requested": 0, "is_waiting": False}),
        # Rated as often as is wanted, and still waiting.
        ("agreement_score_waits_for_opinions", {"opinions": 1}),
    ],
)
def test_agreement_score(label: Label, name: str, fields: dict[str, Any]) -> None:
    give_score(label, 0.5)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        AgreementScore.objects.update(**fields)


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_the_ends_of_the_scale_belong_to_it(label: Label, score: float) -> None:
    assert give_score(label, score).score == score


def test_a_label_has_one_score(label: Label) -> None:
    given = give_score(label, 0.5)
    with pytest.raises(IntegrityError):
        AgreementScore.objects.bulk_create([given])


@pytest.mark.parametrize("value", [0, 6])
def test_a_rating_is_1_to_5(label: Label, value: int) -> None:
    with pytest.raises(IntegrityError, match="rating_value_range"):
        Rating.objects.bulk_create([Rating(label=label, reviewer=new_reviewer(), value=value)])


def test_a_reviewer_rates_a_label_once(label: Label) -> None:
    rita = new_reviewer()
    Rating.objects.create(label=label, reviewer=rita, value=3)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rating.objects.bulk_create([Rating(label=label, reviewer=rita, value=4)])
    assert Rating.objects.create(label=label, reviewer=new_reviewer("rolf"), value=4)
    Rating.objects.filter(reviewer=rita).update(withdrawn_at=timezone.now())
    assert Rating.objects.create(label=label, reviewer=rita, value=4), "the first is history"


def test_a_bin_of_scores(label: Label) -> None:
    give_score(label, 0.5)
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoreBin.objects.bulk_create(
            [ScoreBin(campaign=label.image.campaign, role=label.role, place=512, count=1)]
        )
    with pytest.raises(IntegrityError, match="score_bin_place"), transaction.atomic():
        ScoreBin.objects.update(place=1024)
    with pytest.raises(IntegrityError, match="score_bin_order"), transaction.atomic():
        ScoreBin.objects.update(order="chance")


@pytest.mark.parametrize("field", ["audit_percent", "second_opinion_percent"])
def test_a_share_is_at_most_the_whole(label: Label, field: str) -> None:
    with pytest.raises(IntegrityError, match="review_plan_percents"), transaction.atomic():
        ReviewPlan.objects.create(campaign=label.image.campaign, **{field: 101})


def test_a_label_is_on_one_screen(label: Label) -> None:
    now = timezone.now()
    ReviewLease.objects.create(label=label, reviewer=new_reviewer(), expires_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReviewLease.objects.bulk_create(
            [ReviewLease(label=label, reviewer=new_reviewer("rolf"), expires_at=now)]
        )


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("labeler_skill_in_its_interval", {"low": -0.1}),
        ("labeler_skill_in_its_interval", {"low": 0.7}),
        ("labeler_skill_in_its_interval", {"high": 0.5}),
        ("labeler_skill_in_its_interval", {"high": 1.1}),
        ("labeler_skill_observations", {"observations": -1}),
    ],
)
def test_skill_lies_in_its_interval(label: Label, name: str, fields: dict[str, Any]) -> None:
    known = {"skill": 0.6, "low": 0.5, "high": 0.7, "observations": 3, "labels": 1}
    campaign = label.image.campaign
    LabelerSkill.objects.create(campaign=campaign, labeler=label.labeler, confusion={}, **known)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        LabelerSkill.objects.update(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        LabelerSkill.objects.create(campaign=campaign, labeler=label.labeler, confusion={}, **known)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("label_quality_range", {"quality": -0.01}),
        ("label_quality_range", {"quality": 1.01}),
        ("label_quality_of_a_version", {"label_version": 0}),
    ],
)
def test_quality_is_a_share(label: Label, name: str, fields: dict[str, Any]) -> None:
    LabelQuality.objects.create(
        label=label, campaign=label.image.campaign, quality=0.5, label_version=1
    )
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        LabelQuality.objects.update(**fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "guessed"},
        {"status": "new"},
        {"estimated_at": None},
        {"label_set": ""},
        {"method": 0},
    ],
)
def test_an_estimate_says_from_what(label: Label, fields: dict[str, Any]) -> None:
    CampaignSkill.objects.create(
        campaign=label.image.campaign,
        status="estimated",
        method=1,
        label_set="ab",
        estimated_at=timezone.now(),
    )
    with (
        pytest.raises(IntegrityError, match="campaign_skill_says_from_what"),
        transaction.atomic(),
    ):
        CampaignSkill.objects.update(**fields)


def test_a_claim_of_an_estimate_has_a_time(label: Label) -> None:
    CampaignSkill.objects.create(campaign=label.image.campaign)
    with (
        pytest.raises(IntegrityError, match="campaign_skill_claim_has_time"),
        transaction.atomic(),
    ):
        CampaignSkill.objects.update(claim=uuid.uuid4())


def test_a_queue_has_an_order_there_is(label: Label) -> None:
    with pytest.raises(IntegrityError, match="review_plan_order"), transaction.atomic():
        ReviewPlan.objects.create(campaign=label.image.campaign, order="chance")
