"""Merges by other methods: from label rows to files, recomputed only if needed."""

from __future__ import annotations

import io

import numpy as np
import pytest

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services import labels
from labeling.images.preparation.pictures import read_mask
from labeling.models import Campaign, Image, Label, Labeler, Role
from labeling.people.services.labelers import new_guest
from merging.formats.exports.layers import LAYERS, layer_png
from merging.masks.services import methods, rasterized
from merging.masks.services.merges import merge_image
from merging.masks.services.methods import image_layers
from merging.masks.services.methods import merge_image as merged
from merging.masks.services.weighing import MergeRefused, pin_skill_estimate
from merging.models import AlternativeMask, MergedMask, StoredMerge
from review.models import CampaignSkill, Rating
from review.queue.services.ratings import rate
from review.skill import services
from terrain.aggregation.majority import PAPER_RULE, MergeRule
from terrain.aggregation.methods import Kind, MergeMethod
from tests.factories import (
    ACTOR,
    Mask,
    accept,
    new_campaign,
    new_expert,
    new_image,
    new_reviewer,
    rows,
)

pytestmark = pytest.mark.django_db

ANY = MergeRule(1, 50, strict=True)
RANDOM = MergeMethod(Kind.RANDOM, seed=3)
RATINGS = MergeMethod(Kind.RATINGS, ANY)
SKILL = MergeMethod(Kind.SKILL, ANY)
EM = MergeMethod(Kind.EM, MergeRule(1, 60, strict=True))


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


def stored(mask: StoredMerge) -> Mask:
    with mask.mask.open("rb") as file:
        return read_mask(file)


def train(image: Image, method: MergeMethod) -> list[str]:
    return rows(stored(merged(image.pk, method)["train"]))


def estimate(campaign: Campaign) -> CampaignSkill:
    """Estimate the skill of the labelers, as a worker does."""
    estimate = services.estimate_campaign(campaign)
    assert estimate is not None
    return estimate


@pytest.fixture
def crowd(campaign: Campaign) -> list[Labeler]:
    """Return three accurate labelers, and four who label bedrock as soil."""
    people = [new_guest() for _ in range(7)]
    for _ in range(6):
        image = new_image(campaign)
        for place, person in enumerate(people):
            accept(image, *("0011", "0011") if place < 3 else ("0000", "0000"), labeler=person)
    return people


# -- which masks -----------------------------------------------------------------------------------


def test_the_campaigns_own_rule_is_its_own_mask(campaign: Campaign) -> None:
    image = new_image(campaign)
    for _ in range(3):
        accept(image, "00..", "....")
    own = merge_image(image.pk)["train"]

    assert merged(image.pk, MergeMethod(Kind.VOTES, PAPER_RULE)) == {"train": own}
    assert not AlternativeMask.objects.exists()


def test_another_rule_leaves_the_campaigns_mask_as_it_is(campaign: Campaign) -> None:
    image = new_image(campaign)
    accept(image, "00..", "....")
    own = merge_image(image.pk)["train"]

    assert train(image, MergeMethod(Kind.VOTES, ANY)) == ["00..", "...."]

    assert MergedMask.objects.get() == own
    assert rows(stored(own)) == ["....", "...."]
    assert MergedMask.objects.current().exists()


@pytest.mark.parametrize("method", [RANDOM, RATINGS, SKILL, EM, MergeMethod(Kind.VOTES, ANY)])
def test_gold_is_merged_by_the_gold_rules(campaign: Campaign, method: MergeMethod) -> None:
    image = new_image(campaign, pool=Image.Pool.GOLD)
    accept(image, "00..", "....", role=Role.EXPERT, labeler=new_expert())
    accept(image, "1111", "1111")

    found = merged(image.pk, method)

    assert set(found) == {"gold-min1", "gold-min2", "gold-min3"}
    assert rows(stored(found["gold-min1"])) == ["00..", "...."]


def test_practice_images_are_not_merged(campaign: Campaign) -> None:
    image = new_image(campaign, pool=Image.Pool.PRACTICE)
    assert merged(image.pk, RANDOM) == {}


@pytest.mark.parametrize("method", [RANDOM, RATINGS, MergeMethod(Kind.VOTES, ANY)])
def test_a_rejected_label_never_counts(campaign: Campaign, method: MergeMethod) -> None:
    image = new_image(campaign)
    for _ in range(8):
        labels.reject(ACTOR, accept(image, "1111", "1111"))
    accept(image, "00..", "....")

    assert train(image, method) == ["00..", "...."]
    assert image_layers(image.pk, method).labelers.max() == 1


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("method", [SKILL, EM])
def test_a_rejected_label_does_not_count_by_skill_either(
    campaign: Campaign, crowd: list[Labeler], method: MergeMethod
) -> None:
    image = new_image(campaign)
    for person in crowd[:3]:
        labels.reject(ACTOR, accept(image, "1111", "1111", labeler=person))
    accept(image, "00..", "....", labeler=crowd[3])
    estimate(campaign)

    assert set("".join(train(image, method))) <= {"0", "."}
    assert merged(image.pk, method)["train"].labelers == 1


def test_nobody_has_labeled_it(campaign: Campaign) -> None:
    image = new_image(campaign)
    for method in (RANDOM, RATINGS):
        assert train(image, method) == ["....", "...."]
        assert (image_layers(image.pk, method).confidence == 255).all()


# -- lots and ratings ------------------------------------------------------------------------------


def test_a_label_by_lot_is_one_of_the_labels(campaign: Campaign) -> None:
    image = new_image(campaign)
    drawn = [("00..", "...."), ("1111", "...."), ("..2.", "..33")]
    for label in drawn:
        accept(image, *label)

    found = {tuple(train(image, MergeMethod(Kind.RANDOM, seed=seed))) for seed in range(30)}

    assert found == set(drawn)
    assert train(image, RANDOM) == train(image, RANDOM)
    assert AlternativeMask.objects.count() == 30


def test_ratings_weigh(campaign: Campaign) -> None:
    image = new_image(campaign, width=1, height=1)
    poor, poor_too, good = accept(image, "0"), accept(image, "0"), accept(image, "1")
    assert train(image, RATINGS) == ["0"], "2 + 2 against 2"

    rate(Actor.of_user(new_reviewer("ray")), poor, 2)
    rate(Actor.of_user(new_reviewer("rae")), poor_too, 2)
    rate(Actor.of_user(new_reviewer("roy")), good, 5)

    assert train(image, RATINGS) == ["1"], "1 + 1 against 4"
    layers = image_layers(image.pk, RATINGS)
    assert layers.confidence.tolist() == [[66]]
    assert layers.votes[:2].tolist() == [[[2]], [[1]]]


# -- skill -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [SKILL, EM])
def test_skill_that_is_not_known(campaign: Campaign, method: MergeMethod) -> None:
    image = new_image(campaign)
    accept(image, "00..", "....")
    for ask in (merged, image_layers):
        with pytest.raises(MergeRefused, match="estimate_skill --campaign navcam"):
            ask(image.pk, method)
    with pytest.raises(MergeRefused):
        pin_skill_estimate(campaign, method)
    assert pin_skill_estimate(campaign, RANDOM) == RANDOM


@pytest.mark.parametrize("method", [SKILL, EM])
def test_skill_outweighs_number(
    campaign: Campaign, crowd: list[Labeler], method: MergeMethod
) -> None:
    """Two labelers of high estimated skill outvote three who guess."""
    image = new_image(campaign, width=1, height=1)
    by_chance = np.random.default_rng(5)
    for _ in range(12):
        seen = new_image(campaign)
        for place, person in enumerate(crowd):
            right = ("0101", "2323")
            guess = ["".join(map(str, by_chance.integers(0, 4, 4))) for _ in range(2)]
            accept(seen, *(right if place < 3 else guess), labeler=person)
    for person, vote in zip(crowd[1:6], "11000", strict=True):
        accept(image, vote, labeler=person)
    estimate(campaign)

    assert train(image, MergeMethod(Kind.VOTES, ANY)) == ["0"]
    assert train(image, method) == ["1"]


@pytest.mark.usefixtures("crowd")
def test_a_release_is_merged_by_one_estimate(campaign: Campaign) -> None:
    estimate(campaign)
    method = pin_skill_estimate(campaign, SKILL)
    image = campaign.images.all()[0]
    first = merged(image.pk, method)["train"]
    assert merged(image.pk, SKILL)["train"] == first, "the one that is there now"

    accept(new_image(campaign), "0000", "1111")
    accept(campaign.images.all()[1], "0000", "2222")
    estimate(campaign)

    with pytest.raises(MergeRefused, match="Start the job again"):
        merged(image.pk, method)
    assert merged(image.pk, SKILL)["train"].pk == first.pk


# -- only anew where something has changed ---------------------------------------------------------


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("method", [RANDOM, RATINGS, SKILL, EM, MergeMethod(Kind.VOTES, ANY)])
def test_nothing_is_done_where_nothing_has_changed(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, method: MergeMethod
) -> None:
    estimate(campaign)
    image = campaign.images.all()[0]
    first = merged(image.pk, method)["train"]
    monkeypatch.setattr(methods, "merged_mask", None)

    again = merged(image.pk, method)["train"]

    assert (again.pk, again.merged_at, again.inputs) == (first.pk, first.merged_at, first.inputs)


def test_what_a_merge_by_ratings_is_made_from(campaign: Campaign) -> None:
    image = new_image(campaign)
    label = accept(image, "00..", "....")
    first = merged(image.pk, RATINGS)["train"].inputs

    rating = rate(Actor.of_user(new_reviewer()), label, 4)
    second = merged(image.pk, RATINGS)["train"].inputs
    Rating.objects.filter(pk=rating.pk).update(withdrawn_at=rating.created_at)
    third = merged(image.pk, RATINGS)["train"].inputs

    assert second != first
    assert third == first


@pytest.mark.parametrize("what", ["code", "label", "file"])
def test_what_makes_a_mask_stale(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    image = new_image(campaign)
    accept(image, "00..", "....")
    method = MergeMethod(Kind.VOTES, ANY)
    first = merged(image.pk, method)["train"]

    if what == "code":
        monkeypatch.setattr(rasterized, "MERGE_METHOD", rasterized.MERGE_METHOD + 1)
    elif what == "label":
        accept(image, "..1.", "....")
    else:
        first.mask.storage.delete(str(first.mask.name))
    second = merged(image.pk, method)["train"]

    assert second.merged_at > first.merged_at
    assert (second.inputs == first.inputs) == (what == "file")
    assert rows(stored(second))[0] == ("001." if what == "label" else "00..")


# -- layers ----------------------------------------------------------------------------------------


def test_layers_as_pictures(campaign: Campaign) -> None:
    image = new_image(campaign)
    for drawn in ("001.", "011.", "000."):
        accept(image, drawn, "....")
    layers = image_layers(image.pk, MergeMethod(Kind.VOTES, PAPER_RULE))

    pictures = {name: layer_png(layers, name) for name in LAYERS}

    votes = read_mask(io.BytesIO(pictures["votes"])).reshape(4, 2, 4)
    assert votes[:, 0].tolist() == [[3, 2, 1, 0], [0, 1, 2, 0], [0] * 4, [0] * 4]
    assert read_mask(io.BytesIO(pictures["labelers"]))[0].tolist() == [3, 3, 3, 0]
    assert read_mask(io.BytesIO(pictures["confidence"]))[0].tolist() == [100, 66, 66, 255]
    again = image_layers(image.pk, MergeMethod(Kind.VOTES, PAPER_RULE))
    assert pictures == {name: layer_png(again, name) for name in LAYERS}


def test_layers_of_gold_are_the_experts(campaign: Campaign) -> None:
    image = new_image(campaign, pool=Image.Pool.GOLD)
    accept(image, "00..", "....", role=Role.EXPERT, labeler=new_expert())
    accept(image, "1111", "1111")

    layers = image_layers(image.pk, RANDOM)

    assert layers.labelers.tolist() == [[1, 1, 0, 0], [0] * 4]
    assert Label.objects.count() == 2
