"""Practice images are in no score, queue, merge, release or gold plan.

They take no labels. Here each has one that was stored without the services, so that every part of
the program must exclude it.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from labeling.annotation.services.assignments import assign_gold
from labeling.campaigns.services.figures import figures_of
from labeling.images.preparation.pictures import read_mask
from labeling.models import Campaign, Image, Label, ReferenceAnswer
from labeling.people.services.labelers import new_guest
from labeling.training.services import practice, reference_answers
from labeling.training.services.reference_answers import AnswerRefused
from merging.gold.services import experts as gold
from merging.gold.services import plans
from merging.masks.services import merges
from merging.models import GoldPlan, MergedMask
from merging.releases.services import builder, requests
from review.queue.services import queue
from tests.factories import (
    ACTOR,
    accept,
    campaign_to_release,
    give_score,
    mask,
    new_admin,
    new_campaign,
    new_expert,
    new_image,
    product_id,
    rows,
)

pytestmark = pytest.mark.django_db


def smuggle(image: Image) -> Label:
    """Store a crowd label of a practice image, which the services would refuse."""
    Image.objects.filter(pk=image.pk).update(pool=Image.Pool.CROWD)
    label = accept(image, "2222", "0000")
    Image.objects.filter(pk=image.pk).update(pool=Image.Pool.PRACTICE)
    image.refresh_from_db()
    return label


@pytest.fixture
def campaign() -> Campaign:
    return campaign_to_release()


@pytest.fixture
def image(campaign: Campaign) -> Image:
    image = new_image(campaign, 90)
    reference_answers.set_answer(ACTOR, image, mask("2222", "0000"), ReferenceAnswer.Source.MASK)
    given = practice.next_lesson(campaign, new_guest())
    assert given is not None
    return image


def test_it_is_not_merged(campaign: Campaign, image: Image) -> None:
    smuggle(image)
    assert image not in merges.mergeable(campaign)
    assert merges.merge_image(image.pk) == {}
    assert not MergedMask.objects.filter(image=image).exists()


def test_it_is_in_no_release(campaign: Campaign, image: Image, tmp_path: Path) -> None:
    smuggle(image)
    release = builder.claim(requests.request_release(ACTOR, campaign, "1.0").pk)
    assert release is not None
    builder.build_archive(release, tmp_path)
    release.refresh_from_db()
    with release.archive.open("rb") as file, zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    assert any(product_id(1) in name for name in names)
    assert not any(product_id(90).split("EDR")[0] in name for name in names)


def test_a_campaign_of_practice_images_has_nothing_to_release() -> None:
    campaign = new_campaign()
    reference_answers.set_answer(
        ACTOR, new_image(campaign), mask("2222", "0000"), ReferenceAnswer.Source.MASK
    )
    with pytest.raises(requests.ReleaseRefused, match="no images"):
        requests.request_release(ACTOR, campaign, "1.0")


def test_it_waits_for_no_reviewer(campaign: Campaign, image: Image) -> None:
    label = smuggle(image)
    give_score(label, 0.0)
    campaign.queue_percent = 100
    reviewer = new_admin()
    assert not queue.waiting_for(campaign, reviewer).filter(label=label).exists()
    Image.objects.filter(pk=image.pk).update(pool=Image.Pool.CROWD)
    assert queue.waiting_for(campaign, reviewer).filter(label=label).exists(), "else it would"


def test_it_is_never_planned_as_gold(campaign: Campaign, image: Image) -> None:
    planned = plans.sample_plan(
        ACTOR, GoldPlan(campaign=campaign, count=50, seed=1, only_fresh=False)
    )
    assert plans.images_of(planned)
    assert image not in plans.images_of(planned)


def test_it_is_in_no_count(campaign: Campaign, image: Image) -> None:
    figures = figures_of(campaign)
    images = campaign.images.in_dataset()
    assert figures.images == images.filter(pool=Image.Pool.CROWD).count() == 2
    assert figures.gold_images == 1


def test_a_gold_mask_becomes_the_reference_answer_where_that_is_allowed() -> None:
    campaign = new_campaign()
    image = new_image(campaign)
    experts = [new_expert(name) for name in ("anna", "bo", "cy")]
    assign_gold(ACTOR, image, experts)
    for labeler, drawn in zip(experts, ("22..", "222.", "2..1"), strict=True):
        accept(image, drawn, "0000", labeler=labeler, role="expert")
    image.refresh_from_db()
    with pytest.raises(AnswerRefused, match="gold image"):
        gold.set_reference_answer(ACTOR, image)
    Campaign.objects.update(allow_gold_practice=True)
    image = Image.objects.select_related("campaign").get()
    answer = gold.set_reference_answer(ACTOR, image)
    with answer.mask.open("rb") as file:
        assert rows(read_mask(file)) == ["22..", "0000"]
    assert (answer.source, image.pool) == ("gold", Image.Pool.GOLD)
    # It is merged and released as gold, as before.
    assert set(merges.merge_image(image.pk)) == {"gold-min1", "gold-min2", "gold-min3"}
    given = practice.next_lesson(image.campaign, new_guest())
    assert given is not None
