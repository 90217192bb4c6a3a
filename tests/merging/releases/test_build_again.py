"""Requests for an existing version: the same content is returned, any other is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from ai4mars_site import __version__
from labeling.models import Campaign
from merging.models import Release
from merging.releases.services import builder, requests
from merging.releases.services.requests import ReleaseRequest, request_release
from tests.factories import ACTOR, campaign_to_release
from tests.merging.releases.building import files_in, lose

pytestmark = pytest.mark.django_db

NAME = "ai4mars-dataset-merged-1.0"
CHOSEN = ("--layout=v0.6", "--method=random", "--seed=7", "--formats=geojson", "--date=2026-05-01")


@pytest.fixture
def campaign() -> Campaign:
    return campaign_to_release()


@pytest.fixture
def build(campaign: Campaign, tmp_path: Path) -> Callable[..., Path]:
    def build_it(*options: str, out: str = "out") -> Path:
        said = io.StringIO()
        call_command(
            "build_release",
            f"--campaign={campaign.slug}",
            "--version=1.0",
            f"--out={tmp_path / out}",
            *options,
            stdout=said,
            stderr=said,
        )
        return tmp_path / out / NAME

    return build_it


@pytest.mark.parametrize(
    ("option", "has", "asked"),
    [
        ("--layout=v0.6", "layout v0.1", "layout v0.6"),
        ("--method=random", "method votes", "method random and seed 0"),
        ("--method=ratings", "method votes", "method ratings"),
        ("--formats=geojson", "no further formats", "formats geojson"),
        ("--date=2026-01-01", "date ", "date 2026-01-01"),
    ],
)
@pytest.mark.parametrize("out", ["out", "another"])
def test_other_content_is_refused(
    build: Callable[..., Path], option: str, has: str, asked: str, out: str
) -> None:
    tree = build()
    before = files_in(tree)

    with pytest.raises(CommandError) as refused:
        build(option, out=out)

    assert "Version 1.0 was released with" in str(refused.value)
    assert has in str(refused.value)
    assert f"Now requested: {asked}." in str(refused.value)
    assert files_in(tree) == before
    assert not (tree.parent.parent / "another").exists()


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--layout=v0.1", "layout v0.6. Now requested: layout v0.1."),
        ("--method=votes", "method random and seed 7. Now requested: method votes."),
        ("--seed=8", "method random and seed 7. Now requested: method random and seed 8."),
        ("--formats", "formats geojson. Now requested: no further formats."),
        ("--date=2026-05-02", "date 2026-05-01. Now requested: date 2026-05-02."),
    ],
)
def test_what_is_usual_is_other_content_too(
    build: Callable[..., Path], option: str, said: str
) -> None:
    build(*CHOSEN)
    with pytest.raises(CommandError, match="choose a new version") as refused:
        build(option)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "options",
    [CHOSEN, CHOSEN[:1], CHOSEN[1:2], CHOSEN[2:3], ("--formats", "geojson", "geojson"), ()],
)
def test_the_same_and_what_is_left_out_give_the_same(
    build: Callable[..., Path], options: tuple[str, ...]
) -> None:
    before = files_in(build(*CHOSEN))
    assert files_in(build(*options)) == before, "into the same folder"
    assert files_in(build(*options, out="copy")) == before
    assert Release.objects.count() == 1


def test_all_that_differs_is_named(build: Callable[..., Path]) -> None:
    build()
    with pytest.raises(CommandError) as refused:
        build(*CHOSEN)
    for asked in ("layout v0.6", "method random and seed 7", "formats geojson", "date 2026-05-01"):
        assert asked in str(refused.value)


def test_a_changed_rule_is_no_choice(campaign: Campaign, build: Callable[..., Path]) -> None:
    before = files_in(build("--method=votes"))
    Campaign.objects.filter(pk=campaign.pk).update(merge_minimum=1)
    assert files_in(build("--method=votes", out="copy")) == before


def test_a_later_version_of_the_software_writes_the_same(
    build: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The release names the software version that built it first."""
    before = files_in(build())
    assert Release.objects.get().software_version == __version__

    monkeypatch.setattr("merging.releases.services.assembly.__version__", "99.0.0")

    again = files_in(build(out="copy"))
    assert again == before
    assert json.loads(again["manifest.json"])["software"]["version"] == __version__


@pytest.mark.parametrize("method", [[], ["--method=votes"], ["--method=ratings"]])
def test_a_seed_that_means_nothing_is_refused(
    build: Callable[..., Path], method: list[str]
) -> None:
    with pytest.raises(CommandError, match="--seed needs --method random"):
        build("--seed=7", *method)
    assert not Release.objects.exists()

    build(*method)
    with pytest.raises(CommandError, match="--seed needs --method random"):
        build("--seed=0", *method)


def test_a_release_that_was_not_finished_is_gone_on_with_as_it_was_wanted(
    campaign: Campaign, build: Callable[..., Path]
) -> None:
    """It was queued by a page, or left by a killed builder."""
    wanted = ReleaseRequest(layout="v0.6", formats=("geojson",))
    request_release(ACTOR, campaign, "1.0", wanted)
    with pytest.raises(CommandError, match=r"requested with layout v0\.6 and is not complete"):
        build("--layout=v0.1")
    killed = builder.claim(Release.objects.get().pk)
    assert killed is not None
    lose(killed)
    with pytest.raises(CommandError, match="formats geojson and is not complete"):
        build("--formats", "geojson", "metadata")

    told = json.loads((build("--layout=v0.6") / "manifest.json").read_bytes())

    assert (told["layout"], told["formats"]) == ("v0.6", ["geojson"])


def test_a_stopped_release_takes_new_choices_and_keeps_the_others(
    campaign: Campaign, build: Callable[..., Path]
) -> None:
    day = timezone.localdate() - timedelta(days=3)
    release = request_release(
        ACTOR, campaign, "1.0", ReleaseRequest("v0.6", None, ("geojson",), day)
    )
    assert requests.stop(ACTOR, release)

    told = json.loads((build("--formats", "metadata") / "manifest.json").read_bytes())

    assert (told["layout"], told["formats"]) == ("v0.6", ["metadata"])
    assert told["released_on"] == day.isoformat()


@pytest.mark.parametrize("text", ["2026-02-30", "today", "30.11.2026", ""])
def test_a_date_that_is_none(build: Callable[..., Path], text: str) -> None:
    with pytest.raises(CommandError, match=r"is not a date\. Write it as YYYY-MM-DD"):
        build(f"--date={text}")
