"""A release has the scores of its labels, names labels without one, and lists changes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from labeling.annotation.services import labels
from labeling.models import Campaign, Label
from merging.models import Release
from merging.releases.services.builder import build_folder, claim
from merging.releases.services.requests import ReleaseRequest, request_release
from review.models import AgreementScore, ImageAgreement, Rating, images_to_score
from review.scores.services import scores
from tests.factories import ACTOR, draw, new_campaign, new_image, new_reviewer, product_id
from tests.merging.releases.building import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    """Return a campaign as after an import: image 1 has three labels, 2 one, 3 one and one under
    the rover.
    """
    campaign = new_campaign()
    first = new_image(campaign, 1)
    for drawn in ("00..", "0011", "00.1"):
        draw(first, drawn, "....")
    draw(new_image(campaign, 2), "00..", "....")
    third = new_image(campaign, 3, on_rover=("1100", "0000"))
    draw(third, "2222", "....")
    draw(third, "00..", "....")
    return campaign


def scores_in(tree: Path, number: int) -> list[float | None]:
    said = json.loads((tree / f"raw/labels/{product_id(number)}.json").read_bytes())
    return [label["score"] for label in said["labels"]]


def changes(version: str) -> list[str]:
    found: list[str] = Release.objects.get(version=version).changes
    return found


def test_a_build_brings_scores_up_to_date(campaign: Campaign, tmp_path: Path) -> None:
    assert Label.objects.received().count() == 6

    tree = build(campaign, tmp_path)

    assert not images_to_score().exists()
    stored = AgreementScore.objects.order_by("label_id").values_list("score", flat=True)
    assert scores_in(tree, 1) == list(stored)
    assert len(stored) == 3
    assert all(score is not None and 0 < score < 1 for score in scores_in(tree, 1))
    assert scores_in(tree, 2) == [None]
    assert scores_in(tree, 3) == [None, None]
    said = (tree / "DATASHEET.md").read_text()
    assert (
        "3 of 6 labels have one; for the others it is null, for 2 because no other label of the "
        "image can be compared with it, for 1 because it has no pixels outside the rover and "
        "range masks."
    ) in said


def test_scores_are_those_that_the_command_computes(campaign: Campaign, tmp_path: Path) -> None:
    tree = build(campaign, tmp_path)
    computed = AgreementScore.objects.order_by("label_id").values_list("score", flat=True)
    by_build = list(computed)
    call_command("score_labels", "--campaign=navcam", "--all", stdout=io.StringIO())
    assert list(computed) == by_build == scores_in(tree, 1)


def test_a_build_that_is_killed_keeps_its_scores(
    campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute, done = scores.update_images, []

    def be_stopped(image_ids: list[int]) -> list[bool]:
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(image_ids)
        return compute(image_ids)

    with monkeypatch.context() as patch:
        patch.setattr(scores, "update_images", be_stopped)
        patch.setattr(scores, "IMAGES_AT_ONCE", 1)
        with pytest.raises(KeyboardInterrupt):
            build(campaign, tmp_path)
    assert len(scores.images_behind(campaign)) == 2
    before = AgreementScore.objects.values_list("pk", "computed_at")
    kept = dict(before)

    tree = build(campaign, tmp_path)

    assert None not in scores_in(tree, 1)
    assert dict(before) == kept, "they are not computed again"
    assert scores.images_behind(campaign) == []


def test_progress_counts_scores_and_images(campaign: Campaign, tmp_path: Path) -> None:
    release = claim(request_release(ACTOR, campaign, "0.1").pk)
    assert release is not None
    told: list[int] = []

    def track(items: Any, total: int) -> Any:
        told.append(total)
        return items

    build_folder(release, tmp_path, 1, track)

    assert told == [3, 3]
    release.refresh_from_db()
    assert (release.done, release.total) == (3, 3)


def test_a_label_that_is_thrown_out_changes_the_scores_of_the_others(
    campaign: Campaign, tmp_path: Path
) -> None:
    build(campaign, tmp_path, "0.1")
    labels.reject(ACTOR, Label.objects.filter(image__product_id=product_id(1))[0])

    tree = build(campaign, tmp_path, "0.2")

    assert len(scores_in(tree, 1)) == 2
    assert None not in scores_in(tree, 1)
    assert len(set(scores_in(tree, 1))) == 1, "two labels agree with each other alone"


# -- what has changed ------------------------------------------------------------------------------


def test_only_scores_have_changed(campaign: Campaign, tmp_path: Path) -> None:
    """As after a release by an earlier version, which published no scores."""
    build(campaign, tmp_path, "0.1")
    ImageAgreement.objects.update(overlaps={})
    AgreementScore.objects.update(score=0.5)

    tree = build(campaign, tmp_path, "0.2")

    assert scores_in(tree, 1) == [0.5] * 3
    assert changes("0.2") == ["1 images have other agreement scores, with the same labels."]
    assert changes("0.2")[0] in (tree / "changelog.md").read_text()


def test_only_ratings_have_changed(campaign: Campaign, tmp_path: Path) -> None:
    build(campaign, tmp_path, "0.1")
    label = Label.objects.filter(image__product_id=product_id(1))[0]
    Rating.objects.create(label=label, reviewer=new_reviewer(), value=4)
    build(campaign, tmp_path, "0.2")
    assert changes("0.2") == ["1 images have other ratings or other metadata of the same labels."]


def test_nothing_has_changed(campaign: Campaign, tmp_path: Path) -> None:
    build(campaign, tmp_path, "0.1")
    build(campaign, tmp_path, "0.2")
    assert changes("0.2") == ["Only the description of the release changed."]


def test_all_else_that_can_change(campaign: Campaign, tmp_path: Path) -> None:
    build(campaign, tmp_path, "0.1")
    new_image(campaign, 0)
    campaign.images.filter(product_id=product_id(3)).update(retired_at=timezone.now())
    campaign.terrain_classes.filter(code=0).update(color="#000000")
    Campaign.objects.filter(pk=campaign.pk).update(merge_minimum=1)
    campaign.refresh_from_db()
    wanted = ReleaseRequest(layout="v0.6", formats=("geojson",))

    build(campaign, tmp_path, "0.2", wanted)

    assert changes("0.2") == [
        "1 images are new.",
        "1 images were removed.",
        "2 images have another merged mask, from the same labels.",
        "The merge method changed: at least 1 labelers and more than 65 % of those who "
        "labeled the pixel.",
        "The layout changed from v0.1 to v0.6.",
        "The further formats changed from none to geojson.",
        "Names, codes or colors of classes changed.",
    ]
