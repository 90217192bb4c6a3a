"""Merged masks through the service: from label rows to files, recomputed only if needed."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from labeling.annotation.services import labels
from labeling.annotation.services.assignments import assign_gold
from labeling.images.files import keep
from labeling.images.preparation.pictures import png_bytes, read_mask
from labeling.models import Campaign, Image, Label, Role
from labeling.people.services.labelers import new_guest
from merging.gold.services import consensus
from merging.masks.services import merges, rasterized
from merging.masks.services.merges import merge_image, mergeable
from merging.models import ExpertAgreement, MergedMask
from terrain.masks import NO_LABEL, mask_to_regions
from tests.factories import (
    ACTOR,
    Mask,
    accept,
    draw,
    mask,
    new_campaign,
    new_expert,
    new_image,
    rows,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


def stored(merged: MergedMask) -> Mask:
    with merged.mask.open("rb") as file:
        return read_mask(file)


def train(image: Image) -> list[str]:
    return rows(stored(merge_image(image.pk)["train"]))


def one_pixel(campaign: Campaign, votes: str) -> Image:
    image = new_image(campaign, width=1, height=1)
    for vote in votes:
        accept(image, vote)
    return image


# -- the paper's examples --------------------------------------------------------------------------


def test_pixel_x_is_soil(campaign: Campaign) -> None:
    """Paper 3.3: of 10 labels, 2 leave it unlabeled, 6 are soil, 1 sand, 1 bedrock: 75 %."""
    assert train(one_pixel(campaign, "..00000021")) == ["0"]


def test_pixel_y_is_unlabeled(campaign: Campaign) -> None:
    """Paper 3.3: of 9 labels, 3 leave it unlabeled, 3 are soil, 2 sand, 1 bedrock: 50 %."""
    assert train(one_pixel(campaign, "...000221")) == ["."]


@pytest.mark.parametrize(
    ("votes", "merged", "why"),
    [
        ("000", "0", "three labelers and all of them"),
        ("00", ".", "two are too few"),
        ("00.......", ".", "however many leave it open"),
        ("0" * 13 + "1" * 7, ".", "13 of 20 is 65 %, and more than that is wanted"),
        ("0" * 14 + "1" * 7, "0", "14 of 21 is two thirds"),
        ("000111", ".", "a tie"),
        ("....", ".", "nobody has labeled it"),
    ],
)
def test_the_vote_of_a_pixel(campaign: Campaign, votes: str, merged: str, why: str) -> None:
    assert train(one_pixel(campaign, votes)) == [merged], why


def test_the_campaigns_own_rule_decides(campaign: Campaign) -> None:
    image = one_pixel(campaign, "001")
    assert train(image) == ["."]

    Campaign.objects.filter(pk=campaign.pk).update(merge_minimum=2)
    assert train(image) == ["0"], "2 of 3 are 66.7 %"

    Campaign.objects.filter(pk=campaign.pk).update(merge_percent=67)
    assert train(image) == ["."]


def test_only_accepted_labels_vote_and_only_where_nothing_is_masked(campaign: Campaign) -> None:
    image = new_image(campaign, on_rover=("0000", "1111"), beyond=("0001", "0000"))
    for _ in range(3):
        accept(image, "0000", "0000")
    for _ in range(9):
        labels.reject(ACTOR, accept(image, "1111", "1111"))
    accept(image, "....", "2222")

    merged = merge_image(image.pk)["train"]

    assert rows(stored(merged)) == ["000.", "...."]
    assert (merged.labelers, merged.pixel_counts) == (3, {"0": 3})


def test_labels_that_still_wait_are_processed_first(campaign: Campaign) -> None:
    image = new_image(campaign)
    for _ in range(3):
        draw(image, "00..", "....")

    assert train(image) == ["00..", "...."]
    assert not Label.objects.received().exists()


def test_codes_need_not_be_0_to_3(campaign: Campaign) -> None:
    """The second key of the released dataset has codes up to 50 in steps; 254 is the largest
    possible.
    """
    campaign.terrain_classes.filter(code=0).update(code=50)
    campaign.terrain_classes.filter(code=1).update(code=254)
    image = new_image(campaign, width=2, height=1)
    for _ in range(3):
        drawn = np.array([[50, 254]], dtype=np.uint8)
        labels.store(ACTOR, image, new_guest(), Role.CROWD, mask_to_regions(drawn), Label().pk)

    assert stored(merge_image(image.pk)["train"]).tolist() == [[50, 254]]


# -- what is merged, and when ----------------------------------------------------------------------


def test_nothing_is_done_where_nothing_has_changed(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = one_pixel(campaign, "000")
    first = merge_image(image.pk)["train"]
    monkeypatch.setattr(merges, "merge_planes", None)

    again = merge_image(image.pk)["train"]

    assert (again.pk, again.merged_at, again.mask.name) == (
        first.pk,
        first.merged_at,
        first.mask.name,
    )


def test_a_rejection_makes_the_mask_stale(campaign: Campaign) -> None:
    image = one_pixel(campaign, "000")
    first = merge_image(image.pk)["train"]
    assert list(MergedMask.objects.current()) == [first]

    label = Label.objects.all()[0]
    labels.reject(ACTOR, label)
    assert not MergedMask.objects.current().exists()
    second = merge_image(image.pk)["train"]

    assert rows(stored(second)) == ["."]
    assert (second.pk, second.labelers) == (first.pk, 2)
    assert second.merged_at > first.merged_at

    labels.restore(ACTOR, label)
    third = merge_image(image.pk)["train"]
    assert (rows(stored(third)), third.mask.name) == (["0"], first.mask.name)


def test_labels_that_came_and_went_change_nothing(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = one_pixel(campaign, "000")
    first = merge_image(image.pk)["train"]
    labels.reject(ACTOR, accept(image, "1"))
    monkeypatch.setattr(merges, "merge_planes", None)

    second = merge_image(image.pk)["train"]

    assert (second.inputs, second.merged_at) == (first.inputs, first.merged_at)
    assert list(MergedMask.objects.current()) == [second]


@pytest.mark.parametrize("what", ["code", "classes", "masks"])
def test_what_else_a_mask_is_made_from(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    image = one_pixel(campaign, "000")
    first = merge_image(image.pk)["train"]

    if what == "code":
        monkeypatch.setattr(rasterized, "MERGE_METHOD", rasterized.MERGE_METHOD + 1)
    elif what == "classes":
        campaign.terrain_classes.filter(code=0).delete()
    else:
        Image.objects.filter(pk=image.pk).update(
            rover_mask=keep(campaign.pk, "rover-mask", png_bytes(mask("1")), ".png")
        )
    second = merge_image(image.pk)["train"]

    assert second.inputs != first.inputs
    assert second.merged_at > first.merged_at
    assert rows(stored(second)) == ["0" if what == "code" else "."]


def test_a_file_that_was_lost_is_written_again(campaign: Campaign) -> None:
    image = one_pixel(campaign, "000")
    merged = merge_image(image.pk)["train"]
    Path(merged.mask.path).unlink()

    assert train(image) == ["0"]


def test_which_images_have_something_to_merge(campaign: Campaign) -> None:
    labeled, emptied, rejected, gold, retired = (new_image(campaign, n) for n in range(1, 6))
    new_image(campaign, 6)
    draw(labeled, "00..", "....")
    accept(emptied, "....", "....")
    labels.reject(ACTOR, accept(rejected, "00..", "...."))
    assign_gold(ACTOR, gold, [new_expert()])
    accept(retired, "00..", "....")
    Image.objects.filter(pk=retired.pk).update(retired_at="2026-01-01T00:00:00Z")
    accept(new_image(new_campaign("other")), "00..", "....")

    assert list(mergeable(campaign)) == [labeled, emptied, gold]
    assert train(emptied) == ["....", "...."]


def test_a_file_that_is_there_whole_is_not_written_again(campaign: Campaign) -> None:
    image = one_pixel(campaign, "000")
    file = Path(merge_image(image.pk)["train"].mask.path)
    written = file.stat().st_mtime_ns
    MergedMask.objects.update(inputs="")

    merge_image(image.pk)
    assert file.stat().st_mtime_ns == written

    file.write_bytes(b"cut short by a")
    MergedMask.objects.update(inputs="")
    assert train(image) == ["0"]


# -- gold ------------------------------------------------------------------------------------------


def gold_of(image: Image) -> dict[str, Mask]:
    return {name: stored(merged) for name, merged in merge_image(image.pk).items()}


def gold_image(campaign: Campaign, *drawn: tuple[str, str]) -> Image:
    image = new_image(campaign, pool=Image.Pool.GOLD)
    for expert_drew in drawn:
        accept(image, *expert_drew, role=Role.EXPERT)
    return image


def test_gold_variants_by_hand(campaign: Campaign) -> None:
    # Column by column: all agree; two agree and one leaves it open; one alone; two differ.
    image = gold_image(campaign, ("0000", "...."), ("00.1", "...."), ("0...", "...."))

    merged = {name: rows(mask) for name, mask in gold_of(image).items()}

    assert merged == {
        "gold-min1": ["000.", "...."],
        "gold-min2": ["00..", "...."],
        "gold-min3": ["0...", "...."],
    }


def test_gold_variants_nest(campaign: Campaign) -> None:
    image = gold_image(campaign, ("0123", "0011"), ("012.", "01.."), ("01..", "1..2"))

    masks = gold_of(image)

    for strict, loose in [("gold-min3", "gold-min2"), ("gold-min2", "gold-min1")]:
        labeled = masks[strict] != NO_LABEL
        assert (masks[strict][labeled] == masks[loose][labeled]).all()
    assert (masks["gold-min1"] != NO_LABEL).sum() > (masks["gold-min3"] != NO_LABEL).sum() > 0


def test_a_gold_image_without_labels_is_all_255(campaign: Campaign) -> None:
    for merged in gold_of(gold_image(campaign)).values():
        assert merged.tolist() == [[255] * 4] * 2


def test_the_crowd_does_not_vote_on_gold(campaign: Campaign) -> None:
    image = gold_image(campaign, ("0...", "...."))
    for _ in range(3):
        accept(image, "1111", "1111")

    assert rows(gold_of(image)["gold-min1"]) == ["0...", "...."]


def test_an_image_that_becomes_gold_loses_its_train_label(campaign: Campaign) -> None:
    image = new_image(campaign)
    for _ in range(3):
        accept(image, "00..", "....")
    merge_image(image.pk)

    assign_gold(ACTOR, image, [new_expert()])
    merged = merge_image(image.pk)

    assert set(merged) == {"gold-min1", "gold-min2", "gold-min3"}
    assert set(MergedMask.objects.values_list("variant", flat=True)) == set(merged)


def test_the_released_gold_masks_come_back_exactly(campaign: Campaign, real_data: Path) -> None:
    """min1, min2 and min3 of each released gold image, imported as labels of three experts."""
    folder = real_data / "ai4mars" / "v0.1-sample" / "msl" / "labels" / "test"
    names = sorted(path.name for path in (folder / "masked-gold-min1-100agree").iterdir())
    assert len(names) == 10
    experts = [new_guest() for _ in range(3)]
    for number, name in enumerate(names):
        released = {}
        for minimum in (1, 2, 3):
            with (folder / f"masked-gold-min{minimum}-100agree" / name).open("rb") as file:
                released[f"gold-min{minimum}"] = read_mask(file)
        height, width = released["gold-min1"].shape
        image = new_image(campaign, number, width=width, height=height, pool=Image.Pool.GOLD)
        for expert, drawn in zip(experts, released.values(), strict=True):
            labels.store(ACTOR, image, expert, Role.EXPERT, mask_to_regions(drawn), Label().pk)

        merged = gold_of(image)

        assert set(merged) == set(released)
        for variant, expected in released.items():
            assert (merged[variant] == expected).all(), (name, variant)


def test_the_released_gold_masks_come_back_through_the_commands(
    campaign: Campaign, real_data: Path
) -> None:
    """The three folders are imported as three experts and merged: each folder is reproduced."""
    folder = real_data / "ai4mars" / "v0.1-sample" / "msl" / "labels" / "test"
    names = sorted(path.name for path in (folder / "masked-gold-min1-100agree").iterdir())
    for name in names:
        new_image(campaign, width=1024, height=1024, product_id=name.removesuffix("_merged.png"))

    out = io.StringIO()
    options = ("--campaign", "navcam", "--role", "expert")
    call_command("import_labels", str(folder), *options, stdout=out)
    assert "30 labels imported" in out.getvalue()
    run("--campaign", "navcam")

    assert campaign.images.filter(pool=Image.Pool.GOLD).count() == len(names) == 10
    for image in campaign.images.all():
        for minimum in (1, 2, 3):
            released = folder / f"masked-gold-min{minimum}-100agree"
            with (released / f"{image.product_id}_merged.png").open("rb") as file:
                expected = read_mask(file)
            merged = image.merged_masks.get(variant=f"gold-min{minimum}")
            assert (stored(merged) == expected).all(), (image.product_id, minimum)
    # What comes of 100 % agreement has nothing to talk about left in it.
    assert consensus.compare_stale_images(campaign, 20) == 0
    assert not ExpertAgreement.objects.exclude(disputed_pixels=0).exists()


# -- the command -----------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("merge_labels", *arguments, stdout=out)
    return out.getvalue()


def test_merge_labels(campaign: Campaign) -> None:
    one_pixel(campaign, "000")
    gold_image(campaign)

    assert run("--campaign", "navcam") == "2 images have 4 merged masks\n"
    before = list(MergedMask.objects.order_by("pk").values())
    assert run("--campaign", "navcam") == "2 images have 4 merged masks\n"
    assert list(MergedMask.objects.order_by("pk").values()) == before


def test_merge_labels_of_no_campaign() -> None:
    with pytest.raises(CommandError, match="no campaign 'venus'"):
        run("--campaign", "venus")
