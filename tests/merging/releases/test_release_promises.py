"""Properties of every release, whatever happens to its labels before and during the build."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image as Pillow

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.jobs import ClaimLost
from labeling.annotation.services import labels
from labeling.annotation.services.assignments import assign_gold
from labeling.images.services.quality import restore, retire
from labeling.models import Campaign, Image, Label, Role
from merging.formats.contents.facts import GOLD_VARIANTS
from merging.formats.contents.raw_labels import pseudonym
from merging.models import Release
from merging.releases.services import builder, requests
from merging.releases.services.part_records import PartRecord
from merging.releases.services.parts import Job, make_part
from review.queue.services import ratings
from terrain.aggregation.majority import PAPER_RULE, merge_masks
from terrain.masks import NO_LABEL
from tests.factories import (
    ACTOR,
    Mask,
    accept,
    campaign_to_release,
    mask,
    new_campaign,
    new_image,
    new_reviewer,
    product_id,
    rows,
)
from tests.merging.releases.building import build, files_in

pytestmark = pytest.mark.django_db

#: Each example makes its campaign and its releases anew, and takes them back.
EXAMPLES = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TRAIN, GOLD, BARE = product_id(1), product_id(2), product_id(3)


@contextmanager
def taken_back() -> Iterator[Path]:
    """Undo all changes of an example; return a folder for its releases."""
    with tempfile.TemporaryDirectory() as folder, transaction.atomic():
        yield Path(folder)
        transaction.set_rollback(True)


def mask_at(path: Path) -> Mask:
    with Pillow.open(path) as picture:
        return np.asarray(picture).copy()


def told(tree: Path) -> dict[str, dict[str, Any]]:
    """Return the manifest entries by product id."""
    return {
        entry["id"]: entry for entry in json.loads((tree / "manifest.json").read_bytes())["images"]
    }


def labelers_in(tree: Path) -> dict[str, set[str]]:
    """Return the pseudonyms of the labels in the release, by product id."""
    raw = (json.loads(path.read_bytes()) for path in (tree / "raw" / "labels").iterdir())
    return {said["image"]: {label["labeler"] for label in said["labels"]} for said in raw}


def verify(tree: Path) -> None:
    call_command("verify_release", str(tree), "--all", "--workers=1", stdout=io.StringIO())


# -- whatever happened before ----------------------------------------------------------------------

IMAGES, LABELS = 3, 4

#: What may happen to the labels and images of a campaign: (what, image, label).
events = st.lists(
    st.tuples(
        st.sampled_from(
            ["reject", "restore", "rate 1", "undo", "draw", "gold", "retire", "return"]
        ),
        st.integers(0, IMAGES - 1),
        st.integers(0, LABELS - 1),
    ),
    max_size=12,
)


def happen(what: str, image: Image, label: Label, reviewer: Any) -> None:
    """Let an event happen; ignore refusals of the site."""
    label.refresh_from_db()
    if what == "reject" and label.status == "accepted":
        labels.reject(ACTOR, label)
    elif what == "restore" and label.status == "rejected" and not label.ratings.exists():
        labels.restore(ACTOR, label)
    elif what == "rate 1" and label.status == "accepted" and not label.ratings.exists():
        ratings.rate(Actor.of_user(reviewer), label, 1, "spam")
    elif what == "undo":
        for rating in label.ratings.filter(withdrawn_at=None):
            ratings.undo(ACTOR, rating)
    elif what == "draw":
        accept(image, "1100", "33..")
    elif what == "gold":
        assign_gold(ACTOR, image, [])
    elif what == "retire":
        retire(ACTOR, image.campaign, [image.pk], "dark")
    elif what == "return":
        restore(ACTOR, image.campaign, [image.pk])


def check(campaign: Campaign, tree: Path) -> None:
    """Check that the release has exactly the content of the database."""
    release = Release.objects.filter(campaign=campaign).latest("pk")
    images = {image.product_id: image for image in campaign.images.filter(retired_at=None)}
    entries, drawn = told(tree), labelers_in(tree)
    assert entries.keys() == drawn.keys() == images.keys()
    for name, image in images.items():
        counting = image.labels.exclude(status=Label.Status.REJECTED)
        thrown_out = image.labels.filter(status=Label.Status.REJECTED)
        key = release.pseudonym_key
        assert drawn[name] == {pseudonym(key, label.labeler_id) for label in counting}
        assert drawn[name].isdisjoint(pseudonym(key, label.labeler_id) for label in thrown_out)
        crowd = [label for label in counting if label.role == Role.CROWD]
        is_gold = image.pool == Image.Pool.GOLD
        files = entries[name]["files"]
        assert ("train" in files) == (not is_gold and bool(crowd))
        assert all((variant in files) == is_gold for variant in GOLD_VARIANTS)
        if "train" in files:
            stack = [DRAWN[label.pk] for label in crowd]
            expected = merge_masks(stack, campaign.class_codes(), PAPER_RULE, shape=(2, 4))
            assert rows(mask_at(tree / files["train"])) == rows(expected)


class Drawn(dict[Any, Mask]):
    """The drawings by label id."""

    def __missing__(self, key: Any) -> Mask:
        return mask("1100", "33..")


DRAWN = Drawn()
FIRST = (("0011", "33.."), ("0011", "3.33"), ("0111", "33.."), ("0001", "3333"))


@EXAMPLES
@given(before=events, after=events)
def test_a_rejected_label_never_reaches_a_release_and_no_image_two_splits(
    before: list[tuple[str, int, int]], after: list[tuple[str, int, int]]
) -> None:
    with taken_back() as folder:
        campaign, reviewer = new_campaign("promises"), new_reviewer("promises")
        images = [new_image(campaign, number) for number in range(1, IMAGES + 1)]
        stacks = [[accept(image, *drawn) for drawn in FIRST] for image in images]
        for stack in stacks:
            DRAWN.update(
                {label.pk: mask(*drawn) for label, drawn in zip(stack, FIRST, strict=True)}
            )
        # The second version is built of what was kept of the first.
        for version, sequence in (("0.1", before), ("0.2", after)):
            for what, image, label in sequence:
                happen(what, images[image], stacks[image][label], reviewer)
            if not campaign.images.filter(retired_at=None).exists():
                restore(ACTOR, campaign, [images[0].pk])
            tree = build(campaign, folder, version)
            check(campaign, tree)
            verify(tree)


label_masks = hnp.arrays(np.uint8, (2, 3), elements=st.sampled_from([0, 1, 3, NO_LABEL]))


@EXAMPLES
@given(st.lists(st.lists(label_masks, max_size=5), min_size=1, max_size=4))
def test_gold_masks_nest_whatever_the_experts_drew(stacks: list[list[Mask]]) -> None:
    with taken_back() as folder:
        campaign = new_campaign("gold")
        for number, stack in enumerate(stacks, start=1):
            image = new_image(campaign, number, width=3, height=2)
            assign_gold(ACTOR, image, [])
            for drawn in stack:
                accept(image, *rows(drawn), role=Role.EXPERT)

        tree = build(campaign, folder)

        for name, entry in told(tree).items():
            one, two, three = (mask_at(tree / entry["files"][each]) for each in GOLD_VARIANTS)
            assert (two[three != NO_LABEL] == three[three != NO_LABEL]).all(), name
            assert (one[two != NO_LABEL] == two[two != NO_LABEL]).all(), name
            stack = stacks[int(name[4:13]) - 397_000_001]
            for minimum, found in ((1, one), (2, two), (3, three)):
                assert rows(found) == rows(agreed(stack, minimum))
        verify(tree)


def agreed(stack: list[Mask], minimum: int) -> Mask:
    """Apply the rule of the paper (3.3) pixel by pixel."""
    found = np.full((2, 3), NO_LABEL, dtype=np.uint8)
    for place in np.ndindex(2, 3):
        chosen = [drawn[place] for drawn in stack if drawn[place] != NO_LABEL]
        if len(chosen) >= minimum and len(set(chosen)) == 1:
            found[place] = chosen[0]
    return found


# -- whatever happens meanwhile --------------------------------------------------------------------


@pytest.fixture
def campaign() -> Campaign:
    return campaign_to_release()


class Maker:
    """Makes parts and records the names of their images; triggers an event after some of them."""

    def __init__(self, happens: Callable[[], object], after: Callable[[int], bool]) -> None:
        self.made: list[str] = []
        self.happens, self.after = happens, after

    def __call__(self, job: Job) -> PartRecord:
        part = make_part(job)
        self.made.append(part.product_id)
        if self.after(len(self.made)):
            self.happens()
        return part


def nothing() -> None:
    """Do nothing."""


@pytest.fixture
def making(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Maker]:
    """Return a function that records the parts made from now on."""

    def watch(
        happens: Callable[[], object] = nothing,
        after: Callable[[int], bool] = lambda made: made == 1,
    ) -> Maker:
        maker = Maker(happens, after)
        monkeypatch.setattr(builder, "make_part", maker)
        return maker

    return watch


@pytest.mark.parametrize("name", [TRAIN, BARE], ids=["made already", "not made yet"])
def test_an_image_that_is_retired_while_it_is_built_is_not_in_it(
    campaign: Campaign, tmp_path: Path, making: Callable[..., Maker], name: str
) -> None:
    image = campaign.images.get(product_id=name)
    maker = making(lambda: retire(ACTOR, campaign, [image.pk], "dark"))

    tree = build(campaign, tmp_path)

    assert maker.made[0] == TRAIN
    assert told(tree).keys() == {TRAIN, GOLD, BARE} - {name}
    assert not [file for file in files_in(tree) if name in file]
    assert name not in (tree / "manifest.json").read_text()
    verify(tree)


@pytest.mark.parametrize("name", [TRAIN, GOLD], ids=["made already", "not made yet"])
def test_a_label_that_is_rejected_while_it_is_built_is_not_in_it(
    campaign: Campaign, tmp_path: Path, making: Callable[..., Maker], name: str
) -> None:
    label = campaign.images.get(product_id=name).labels.accepted()[0]
    maker = making(lambda: labels.reject(ACTOR, label))

    tree = build(campaign, tmp_path)

    assert maker.made[0] == TRAIN
    key = Release.objects.get().pseudonym_key
    left = campaign.images.get(product_id=name).labels.accepted()
    assert labelers_in(tree)[name] == {pseudonym(key, each.labeler_id) for each in left}
    verify(tree)


def test_a_label_that_comes_while_it_is_built_is_in_it(
    campaign: Campaign, tmp_path: Path, making: Callable[..., Maker]
) -> None:
    bare = campaign.images.get(product_id=BARE)
    maker = making(lambda: [accept(bare, "0000", "1111") for _ in range(3)])

    tree = build(campaign, tmp_path)

    assert sorted(maker.made) == [TRAIN, GOLD, BARE]
    assert rows(mask_at(tree / told(tree)[BARE]["files"]["train"])) == ["0000", "1111"]


def test_what_changes_all_the_time_is_not_released(
    campaign: Campaign, tmp_path: Path, making: Callable[..., Maker]
) -> None:
    image = campaign.images.get(product_id=TRAIN)

    making(lambda: accept(image, "0000", "1111"), after=lambda made: True)

    with pytest.raises(requests.ReleaseRefused, match="change faster than they can be released"):
        build(campaign, tmp_path)

    assert Release.objects.get().status == "failed"
    assert list(tmp_path.iterdir()) == []


# -- the next version ------------------------------------------------------------------------------


def test_the_next_version_makes_only_what_has_changed(
    campaign: Campaign, tmp_path: Path, making: Callable[..., Maker]
) -> None:
    first = making()
    build(campaign, tmp_path, "0.1")
    assert sorted(first.made) == [TRAIN, GOLD, BARE]

    second = making()
    build(campaign, tmp_path, "0.2")
    assert second.made == []

    accept(campaign.images.get(product_id=BARE), "0000", "1111")
    new_image(campaign, 7)
    third = making()
    build(campaign, tmp_path, "0.3")
    assert sorted(third.made) == [BARE, product_id(7)]

    labels.reject(ACTOR, campaign.images.get(product_id=BARE).labels.accepted()[0])
    fourth = making()
    build(campaign, tmp_path, "0.4")
    assert fourth.made == [], "it is as it was in the first version"


def test_with_another_rule_or_layout_all_is_made_anew(
    campaign: Campaign, tmp_path: Path, making: Callable[..., Maker]
) -> None:
    build(campaign, tmp_path, "0.1")
    maker = making()

    build(campaign, tmp_path, "0.2", requests.ReleaseRequest(layout="v0.6"))
    assert sorted(maker.made) == [TRAIN, GOLD, BARE]
    campaign.merge_minimum = 2
    campaign.save()
    build(campaign, tmp_path, "0.3")
    assert len(maker.made) == 6


def test_a_release_that_was_stopped_makes_only_what_is_missing(
    campaign: Campaign,
    tmp_path: Path,
    making: Callable[..., Maker],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(builder, "PARTS_AT_ONCE", 1)
    release = requests.request_release(ACTOR, campaign, "0.1")
    claimed = builder.claim(release.pk)
    assert claimed is not None
    making(lambda: requests.stop(ACTOR, release), after=lambda made: made == 2)
    with pytest.raises(ClaimLost):
        builder.build_folder(claimed, tmp_path, 1, None)
    kept = set(Release.objects.get().parts.values_list("product_id", flat=True))
    assert len(kept) == 1

    assert requests.resume(ACTOR, release)
    claimed = builder.claim(release.pk)
    assert claimed is not None
    maker = making()
    builder.build_folder(claimed, tmp_path, 1, None)

    assert set(maker.made) == {TRAIN, GOLD, BARE} - kept
