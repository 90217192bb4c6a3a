"""The queue ordered by expected quality instead of the agreement score."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from labeling.annotation.services import labels
from labeling.models import Campaign, Label
from labeling.people.services.labelers import new_guest
from review.models import AgreementScore, LabelQuality, Order, ReviewPlan, ScoreBin
from review.queue.services import queue
from review.queue.services.queue import Filters
from review.scores.services import distribution
from review.scores.services.scores import score_image
from review.scores.services.threshold import Threshold, threshold
from tests.factories import (
    ACTOR,
    accept,
    give_score,
    new_admin,
    new_campaign,
    new_image,
    new_reviewer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    made = new_campaign(queue_percent=40)
    ReviewPlan.objects.create(campaign=made, audit_percent=0, order=Order.SKILL)
    return made


@pytest.fixture
def made(campaign: Campaign) -> list[Label]:
    """Return five labels whose qualities have the opposite order of their scores."""
    image = new_image(campaign)
    people = [new_guest() for _ in range(5)]
    drawn = [accept(image, "00..", "....", labeler=person) for person in people]
    for number, label in enumerate(drawn):
        give_score(label, 0.1 + 0.2 * number, expected=0.9 - 0.2 * number)
    return drawn


def ids(found: list[Label]) -> list[object]:
    return [label.pk for label in found]


def test_the_least_expected_quality_comes_first(campaign: Campaign, made: list[Label]) -> None:
    rita = new_reviewer()
    assert list(queue.doubtful(campaign).values_list("pk", flat=True)) == ids([made[4], made[3]])
    end = threshold(campaign)
    assert end is not None
    assert (end.score, end.label_id, end.order) == (pytest.approx(0.3), made[3].pk, Order.SKILL)
    assert queue.remaining(campaign) == queue.remaining(campaign, rita) == 2
    found = queue.next_for(campaign, rita)
    assert found is not None
    assert found.label_id == made[4].pk

    ReviewPlan.objects.update(order=Order.AGREEMENT)

    assert list(queue.doubtful(campaign).values_list("pk", flat=True)) == ids(made[:2])
    assert threshold(campaign) == Threshold(pytest.approx(0.3), made[1].pk)


def test_the_threshold_by_agreement_is_not_touched(campaign: Campaign, made: list[Label]) -> None:
    """The paper defines it by agreement scores, whatever the order of the queue."""
    end = threshold(campaign, Order.AGREEMENT)
    assert end == Threshold(pytest.approx(0.3), made[1].pk)


@pytest.mark.parametrize("part", ["doubtful", "all"])
def test_the_order_holds_under_filters(campaign: Campaign, made: list[Label], part: str) -> None:
    waiting = queue.waiting_for(
        campaign, new_reviewer(), Filters(part=part, class_code=0, image=made[0].image_id)
    )
    expected = made[::-1] if part == "all" else [made[4], made[3]]
    assert list(waiting.values_list("pk", flat=True)) == ids(expected)
    of_one = queue.waiting_for(
        campaign, User.objects.get(), Filters(part=part, labeler=made[3].labeler_id)
    )
    assert list(of_one.values_list("pk", flat=True)) == [made[3].pk]


def drawn_by_four(campaign: Campaign, images: int = 6) -> list[Label]:
    """Return scored labels of one careless labeler and three careful ones."""
    people = [new_guest() for _ in range(4)]
    bad = []
    for _ in range(images):
        image = new_image(campaign)
        for person in people[:3]:
            accept(image, "0011", "2233", labeler=person)
        bad.append(accept(image, "0022", "0033", labeler=people[3]))
        score_image(image.pk)
    return bad


def estimate() -> None:
    call_command("estimate_skill", "--campaign", "navcam", "--all", stdout=io.StringIO())


def in_step(campaign: Campaign) -> None:
    """Check that the bins equal a recount."""
    bins = ScoreBin.objects.filter(campaign=campaign).exclude(count=0)
    fields = ("order", "role", "place", "count", "waiting")
    kept = list(bins.values_list(*fields))
    distribution.recount(campaign)
    assert list(bins.values_list(*fields)) == kept


def test_an_estimate_ranks_the_queue_and_without_one_the_score_does(campaign: Campaign) -> None:
    bad = drawn_by_four(campaign)
    assert all(score.expected == score.score for score in AgreementScore.objects.all())
    in_step(campaign)

    estimate()

    quality = dict(LabelQuality.objects.values_list("label", "quality"))
    assert dict(AgreementScore.objects.values_list("label", "expected")) == quality
    assert set(queue.doubtful(campaign).values_list("pk", flat=True)[:6]) == set(ids(bad))
    in_step(campaign)

    # A newcomer's label has no quality yet; the others keep theirs.
    image = bad[0].image
    new = accept(image, "0011", "2233")
    score_image(image.pk)
    expected = dict(AgreementScore.objects.values_list("label", "expected"))
    assert expected.pop(new.pk) == AgreementScore.objects.get(label=new).score
    assert expected == quality
    in_step(campaign)


def test_a_label_thrown_out_keeps_what_it_was_thrown_out_with(campaign: Campaign) -> None:
    bad = drawn_by_four(campaign)
    estimate()
    before = AgreementScore.objects.get(label=bad[0]).expected

    labels.reject(ACTOR, bad[0])
    score_image(bad[0].image_id)
    estimate()

    assert AgreementScore.objects.get(label=bad[0]).expected == before
    assert not LabelQuality.objects.filter(label=bad[0]).exists()
    in_step(campaign)


def test_a_corrected_label_is_not_judged_by_what_it_was(campaign: Campaign) -> None:
    bad = drawn_by_four(campaign)
    estimate()
    Label.objects.filter(pk=bad[0].pk).update(version=2)
    campaign.images.filter(pk=bad[0].image_id).update(labels_version=99)

    score_image(bad[0].image_id)

    score = AgreementScore.objects.get(label=bad[0])
    assert score.expected == score.score


def test_an_admin_chooses_the_order(campaign: Campaign) -> None:
    client = Client()
    client.force_login(new_admin())
    page = f"/admin/review/reviewplan/{campaign.pk}/change/"

    assert client.get(page).status_code == 200
    answer = client.post(
        page, {"audit_percent": 5, "second_opinion_percent": 0, "order": "agreement"}
    )

    assert answer.status_code == 302
    plan = ReviewPlan.objects.get()
    assert (plan.order, plan.audit_percent, plan.hide_record) == ("agreement", 5, False)


@pytest.mark.parametrize("model", ["campaignskill", "labelerskill", "labelquality"])
def test_estimates_are_only_looked_at(campaign: Campaign, model: str) -> None:
    drawn_by_four(campaign, images=2)
    estimate()
    client = Client()
    client.force_login(new_admin())

    assert client.get(f"/admin/review/{model}/").status_code == 200
    assert client.get(f"/admin/review/{model}/add/").status_code == 403
