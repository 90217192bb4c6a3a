"""Masks without labeled pixels are counted, with the reason, on pages and in documents."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from PIL import Image as Pillow

from labeling.models import Campaign, Image, Role
from merging.formats.contents.facts import Emptiness
from merging.formats.statistics.counts import Statistics
from merging.models import Release
from merging.releases import emptiness
from merging.releases.services.requests import ReleaseRequest
from terrain.aggregation.majority import PAPER_RULE, MergeRule
from terrain.aggregation.methods import EM_RULE, Kind, MergeMethod
from terrain.masks import NO_LABEL
from tests.factories import accept, new_admin, new_campaign, new_expert, new_image
from tests.merging.releases.building import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


def crowd(campaign: Campaign, *drawn: str, on_rover: str = "0000") -> Image:
    """Return an image with one label per given row of pixels."""
    image = new_image(campaign, on_rover=(on_rover, "0000"))
    for row in drawn:
        accept(image, row, "....")
    return image


def counted(release: Release | None = None) -> dict[str, dict[str, int]]:
    found = Statistics.from_json((release or Release.objects.get()).statistics.totals)
    return {variant: dict(reasons) for variant, reasons in found.empty.items()}


CASES = {
    Emptiness.TOO_FEW: ("11..", "11.."),
    Emptiness.APART: ("11..", "..11", "...1"),
    Emptiness.NO_MAJORITY: ("11..", "00..", "22.."),
    Emptiness.REMOVED: ("1...", "0...", "2..."),
}


@pytest.mark.parametrize("reason", CASES)
def test_why_a_train_mask_is_empty(campaign: Campaign, tmp_path: Path, reason: Emptiness) -> None:
    on_rover = "1000" if reason == Emptiness.REMOVED else "0000"
    crowd(campaign, *CASES[reason], on_rover=on_rover)
    crowd(campaign, "1...", "1...", "1...")
    new_image(campaign)

    build(campaign, tmp_path)

    assert counted() == {"train": {reason: 1}}
    assert Release.objects.get().statistics.totals["masks"] == {"train": 2}


def test_why_gold_masks_are_empty(campaign: Campaign, tmp_path: Path) -> None:
    erik, erna = new_expert("erik"), new_expert("erna")
    one = new_image(campaign, pool=Image.Pool.GOLD)
    for expert, drawn in ((erik, "11.."), (erna, "00..")):
        accept(one, drawn, "....", labeler=expert, role=Role.EXPERT)
    new_image(campaign, pool=Image.Pool.GOLD)

    build(campaign, tmp_path)

    assert counted() == {
        "gold-min1": {Emptiness.NO_LABELS: 1, Emptiness.NO_MAJORITY: 1},
        "gold-min2": {Emptiness.NO_LABELS: 1, Emptiness.NO_MAJORITY: 1},
        "gold-min3": {Emptiness.NO_LABELS: 1, Emptiness.TOO_FEW: 1},
    }


@pytest.mark.parametrize("kind", [Kind.RANDOM, Kind.RATINGS])
def test_the_minimum_is_that_of_the_method(campaign: Campaign, tmp_path: Path, kind: Kind) -> None:
    crowd(campaign, "11..", "00..")
    wanted = ReleaseRequest(method=MergeMethod(kind, MergeRule(2, 65, strict=True)))
    build(campaign, tmp_path, wanted=wanted)
    assert counted() == ({} if kind == Kind.RANDOM else {"train": {Emptiness.NO_MAJORITY: 1}})


def test_a_release_whose_masks_are_all_empty_says_so(
    campaign: Campaign, tmp_path: Path, client: Client
) -> None:
    """One labeler where three must agree: told by the command, the datasheet and the page."""
    for _ in range(3):
        crowd(campaign, "11..")
    for _ in range(2):
        said = io.StringIO()
        call_command(
            "build_release",
            "--campaign=navcam",
            "--version=0.1",
            f"--out={tmp_path}",
            stdout=said,
            stderr=said,
        )
        assert "Training masks: all 3 are empty (3: fewer than 3 labels)." in said.getvalue()
    datasheet = (tmp_path / "ai4mars-dataset-merged-0.1" / "DATASHEET.md").read_text()
    assert (
        "**Are there masks without any label?** `train`: 3 of 3 are empty, 3 because the image has "
        "fewer labels than a pixel needs."
    ) in datasheet

    client.force_login(new_admin())
    page = client.get("/manage/navcam/releases/").content.decode()
    assert "<li>Training masks: all 3 are empty (3: fewer than 3 labels).</li>" in page
    progress = client.get(f"/releases/{Release.objects.get().pk}/progress/").json()
    assert progress["empty_masks"] == ["Training masks: all 3 are empty (3: fewer than 3 labels)."]


def test_where_no_mask_is_empty_nothing_is_said(
    campaign: Campaign, tmp_path: Path, client: Client
) -> None:
    crowd(campaign, "11..", "11..", "11..")
    tree = build(campaign, tmp_path)
    assert "No mask is empty." in (tree / "DATASHEET.md").read_text()
    client.force_login(new_admin())
    assert "are empty" not in client.get("/manage/navcam/releases/").content.decode()


def test_the_page_asks_once_for_all_releases(
    campaign: Campaign, tmp_path: Path, client: Client
) -> None:
    crowd(campaign, "11..")
    client.force_login(new_admin())
    build(campaign, tmp_path, "0.1")
    client.get("/manage/navcam/releases/")
    with CaptureQueriesContext(connection) as one:
        client.get("/manage/navcam/releases/")
    for version in ("0.2", "0.3"):
        build(campaign, tmp_path, version)
    with CaptureQueriesContext(connection) as three:
        client.get("/manage/navcam/releases/")
    assert len(three) == len(one)


def test_sentences() -> None:
    totals = Statistics()
    totals.masks.update({"train": 5, "gold-min2": 2})
    totals.empty = Statistics.from_json(
        {
            **totals.to_json(),
            "empty": {"train": {"apart": 1, "too-few": 2}, "gold-min2": {"no-majority": 1}},
        }
    ).empty
    votes = MergeMethod(Kind.VOTES, PAPER_RULE)
    assert emptiness.sentences(totals, votes) == [
        "Training masks: 3 of 5 are empty (2: fewer than 3 labels; 1: no pixel has 3 labels).",
        "Gold masks min2: 1 of 2 are empty (1: the labels do not agree enough).",
    ]
    one = MergeMethod(Kind.EM, MergeRule(1, EM_RULE.percent, strict=True))
    assert "fewer than 1 labels" in emptiness.sentences(totals, one)[0]
    assert emptiness.sentences(Statistics(), votes) == []
    with translation.override("es"):
        assert emptiness.sentences(totals, votes)[1].startswith("Máscaras de oro min2:")


def test_totals_of_releases_of_before() -> None:
    old = {"cameras": [], "orbital": {}, "pixels": {}, "scores": {}}
    found = Statistics.from_json(old)
    assert (found.empty, found.masks, found.unscored) == ({}, {}, {})
    assert Statistics.from_json(found.to_json()) == found


def test_the_datasheet_counts_pixels_without_a_label(campaign: Campaign, tmp_path: Path) -> None:
    """They are a share of all mask pixels, like the classes."""
    crowd(campaign, "11..", "11..", "11..")
    tree = build(campaign, tmp_path)

    (path,) = tree.glob("msl/labels/train/*.png")
    counts = np.bincount(np.asarray(Pillow.open(path)).ravel(), minlength=256)
    assert counts[1]
    assert counts[NO_LABEL]
    text = (tree / "DATASHEET.md").read_text()
    rows = {
        line.split("|")[1].strip(): line.split("|")[3].strip()
        for line in text.splitlines()
        if line.startswith(("| 1 |", "| 255 |"))
    }
    shares = {code: f"{100 * counts[int(code)] / counts.sum():.2f}" for code in ("1", "255")}
    assert rows == shares
