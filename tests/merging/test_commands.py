"""The command that builds releases into folders, and what it refuses."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from labeling.models import Campaign, Label
from labeling.services import labels
from merging.models import Release
from merging.services import release_parts
from merging.services.releases import announce, claim
from tests.factories import campaign_to_release, new_campaign, new_image
from tests.merging.test_releases import files_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return campaign_to_release()


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    def run_it(version: str = "0.1", out: str = "out", **options: object) -> str:
        said = io.StringIO()
        call_command(
            "build_release",
            *("--campaign", options.get("campaign", "navcam")),
            f"--version={version}",
            *("--out", str(tmp_path / out)),
            stdout=said,
        )
        return said.getvalue()

    return run_it


def test_build_release(campaign: Campaign, tmp_path: Path, run) -> None:
    tree = tmp_path / "out" / "ai4mars-dataset-merged-0.1"
    said = f"{tree} is complete; check it with: sha256sum -c SHA256SUMS\n"

    assert run() == said
    before = files_in(tree)
    assert run() == said, "again into the same folder"
    assert run(out="copy").startswith(str(tmp_path / "copy"))
    assert files_in(tree) == files_in(tmp_path / "copy" / tree.name) == before
    assert Release.objects.count() == 1


def test_build_release_refuses_other_content(campaign: Campaign, tmp_path: Path, run) -> None:
    """Where nothing is kept of the release that it could be written from again."""
    run()
    shutil.rmtree(release_parts.store().folder)
    labels.throw_out(Label.objects.crowd().accepted()[0])

    with pytest.raises(CommandError, match="choose a new version"):
        run(out="other")

    assert not (tmp_path / "other").exists()
    assert run("0.2")


def test_build_release_does_not_overwrite(campaign: Campaign, tmp_path: Path, run) -> None:
    run()
    spoiled = tmp_path / "out" / "ai4mars-dataset-merged-0.1" / "SHA256SUMS"
    spoiled.write_text("spoiled")

    with pytest.raises(CommandError, match="is in the way"):
        run()

    assert spoiled.read_text() == "spoiled"


def test_build_release_does_not_vouch_for_a_changed_folder(
    campaign: Campaign, tmp_path: Path, run
) -> None:
    run()
    tree = tmp_path / "out" / "ai4mars-dataset-merged-0.1"
    label = next((tree / "msl" / "images" / "edr").iterdir())
    content = label.read_bytes()
    label.write_bytes(content + b"?")
    with pytest.raises(CommandError, match="it was changed"):
        run()

    label.write_bytes(content)
    run()
    (tree / "stray.txt").write_text("not ours")
    with pytest.raises(CommandError, match="it was changed"):
        run()


def test_build_release_where_nothing_can_be_written(campaign: Campaign, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CommandError, match="cannot be written to"):
        call_command(
            "build_release",
            "--campaign=navcam",
            "--version=0.3",
            f"--out={tmp_path / 'file' / 'out'}",
        )


def test_build_release_takes_over_what_a_page_asked_for(campaign: Campaign, run) -> None:
    announce(campaign, "0.1")
    run()
    assert Release.objects.get().status == "complete"


def test_build_release_while_somebody_else_builds(campaign: Campaign, run) -> None:
    claim(announce(campaign, "0.1").pk)
    with pytest.raises(CommandError, match="is being built right now"):
        run()


@pytest.mark.parametrize("version", ["", "../0.1", "a/b", ".hidden", "0 1", "x" * 41])
def test_a_version_that_cannot_name_a_folder(
    campaign: Campaign, tmp_path: Path, run, version: str
) -> None:
    with pytest.raises(CommandError):
        run(version)
    assert not Release.objects.exists()
    assert not (tmp_path / "out").exists()


def test_build_release_of_other_rovers(run) -> None:
    new_image(new_campaign("mer", "mer-navcam"), 1, rover="opportunity")
    with pytest.raises(CommandError, match="curiosity navcam only"):
        run(campaign="mer")
