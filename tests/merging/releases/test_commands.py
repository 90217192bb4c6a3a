"""The command that builds releases into folders, and its errors."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from labeling.annotation.services import labels
from labeling.models import Campaign, Label
from merging.models import Release
from merging.releases.services import builder, parts, requests
from merging.releases.services.builder import claim
from merging.releases.services.part_records import PartRecord
from merging.releases.services.parts import Job
from merging.releases.services.requests import request_release
from tests.factories import ACTOR, campaign_to_release, new_campaign, new_image
from tests.merging.releases.test_releases import files_in

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
            *("--out", out if out == "-" else str(tmp_path / out)),
            *(f"--{name}={options[name]}" for name in ("archive",) if name in options),
            stdout=said,
            stderr=said,
        )
        return said.getvalue()

    return run_it


def test_build_release(campaign: Campaign, tmp_path: Path, run) -> None:
    tree = tmp_path / "out" / "ai4mars-dataset-merged-0.1"
    said = run()

    assert said.startswith(f"{tree} is complete.")
    assert "sha256sum -c SHA256SUMS" in said
    assert f"manage.py verify_release {tree}" in said
    before = files_in(tree)
    assert run() == said, "again into the same folder"
    assert run(out="copy").startswith(str(tmp_path / "copy"))
    assert files_in(tree) == files_in(tmp_path / "copy" / tree.name) == before
    assert Release.objects.count() == 1


def test_build_release_refuses_other_content(campaign: Campaign, tmp_path: Path, run) -> None:
    """Where the files to rebuild the release are gone."""
    run()
    shutil.rmtree(parts.store().folder)
    labels.reject(ACTOR, Label.objects.crowd().accepted()[0])

    with pytest.raises(CommandError, match="choose a new version"):
        run(out="other")

    assert not (tmp_path / "other").exists()
    assert run("0.2")


def test_build_release_does_not_overwrite(campaign: Campaign, tmp_path: Path, run) -> None:
    run()
    spoiled = tmp_path / "out" / "ai4mars-dataset-merged-0.1" / "SHA256SUMS"
    spoiled.write_text("spoiled")

    with pytest.raises(CommandError, match="already exists"):
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
    with pytest.raises(CommandError, match="was changed"):
        run()

    label.write_bytes(content)
    run()
    (tree / "stray.txt").write_text("not ours")
    with pytest.raises(CommandError, match="was changed"):
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


# -- as one file -----------------------------------------------------------------------------------

NAME = "ai4mars-dataset-merged-0.1"


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_build_release_as_one_file(
    campaign: Campaign, tmp_path: Path, home: Path, run, kind: str
) -> None:
    said = run(archive=kind)

    target = tmp_path / "out" / f"{NAME}.{kind}"
    assert said.startswith(f"{target} is complete.")
    assert "sha256sum -c SHA256SUMS" in said
    assert "manage.py verify_release" in said
    assert list(target.parent.iterdir()) == [target], "and no folder"
    assert list((home / "scratch").iterdir()) == []
    shutil.unpack_archive(target, tmp_path / "unpacked", filter="data" if kind == "tar" else None)
    run(out="folder")
    assert files_in(tmp_path / "unpacked" / NAME) == files_in(tmp_path / "folder" / NAME)
    assert Release.objects.get().status == "complete"


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_the_same_file_comes_out_again(campaign: Campaign, tmp_path: Path, run, kind: str) -> None:
    run(archive=kind)
    target = tmp_path / "out" / f"{NAME}.{kind}"
    before = target.read_bytes()

    run(archive=kind)
    run(out="elsewhere", archive=kind)

    assert target.read_bytes() == before
    assert (tmp_path / "elsewhere" / target.name).read_bytes() == before


def test_a_file_of_another_content_is_not_replaced(campaign: Campaign, tmp_path: Path, run) -> None:
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / f"{NAME}.zip"
    target.write_bytes(b"mine")

    with pytest.raises(CommandError, match="already exists"):
        run(archive="zip")

    assert list(target.parent.iterdir()) == [target]
    assert target.read_bytes() == b"mine"
    target.unlink()
    assert run(archive="zip").startswith(str(target))


def test_a_tar_goes_down_a_pipe(
    campaign: Campaign, tmp_path: Path, run, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    said = run(out="-", archive="tar")

    streamed = capsysbinary.readouterr().out
    assert f"{NAME} is complete." in said
    run(archive="tar")
    assert streamed == (tmp_path / "out" / f"{NAME}.tar").read_bytes()


@pytest.mark.parametrize("options", [{}, {"archive": "zip"}])
def test_nothing_else_goes_down_a_pipe(campaign: Campaign, run, options: dict[str, str]) -> None:
    with pytest.raises(CommandError, match="add --archive tar"):
        run(out="-", **options)
    assert not Release.objects.exists()


# -- together with the page ------------------------------------------------------------------------


def test_build_release_takes_over_what_a_page_asked_for(campaign: Campaign, run) -> None:
    request_release(ACTOR, campaign, "0.1")
    run()
    assert Release.objects.get().status == "complete"


def test_build_release_that_is_stopped_on_its_page(
    campaign: Campaign, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = builder.make_part

    def make_and_be_stopped(job: Job) -> PartRecord:
        assert requests.stop(ACTOR, Release.objects.get())
        return make(job)

    with monkeypatch.context() as patch:
        patch.setattr(builder, "make_part", make_and_be_stopped)
        with pytest.raises(CommandError, match="or it was stopped"):
            run()
    assert Release.objects.get().status == "stopped"

    run()
    assert Release.objects.get().status == "complete"


def test_build_release_while_somebody_else_builds(campaign: Campaign, run) -> None:
    claim(request_release(ACTOR, campaign, "0.1").pk)
    with pytest.raises(CommandError, match="is being built"):
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
