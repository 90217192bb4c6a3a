"""A complete release never changes, whether rows are saved again or a late builder finishes."""

from __future__ import annotations

import os
import shutil
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone

from ai4mars_site.toolkit import jobs
from ai4mars_site.toolkit.jobs import ClaimLost
from labeling.annotation.services import labels
from labeling.models import Campaign, Role
from merging.formats.exports import EXPORTS
from merging.models import Release, ReleaseNeverChanges, ReleasePart
from merging.releases import tasks
from merging.releases.services import (
    assembly,
    builder,
    requests,
    snapshots,
)
from merging.releases.services import (
    parts as release_parts,
)
from merging.releases.services.build_settings import BuildSettings
from merging.releases.services.builder import claim
from merging.releases.services.requests import ReleaseRequest, request_release
from terrain.geometry.regions import Region
from tests.factories import ACTOR, accept, campaign_to_release, new_admin, new_guest, new_image
from tests.merging.releases.building import build, files_in, lose

pytestmark = pytest.mark.django_db

#: Drawn on by the crowd, in `campaign_to_release`.
TRAIN = "NLA_397000001EDR_F0010008AUT_04096M1"
FORMAT = next(iter(EXPORTS))


@pytest.fixture
def campaign() -> Campaign:
    return campaign_to_release()


@pytest.fixture
def complete(campaign: Campaign, tmp_path: Path) -> Release:
    build(campaign, tmp_path / "complete")
    return Release.objects.get()


# -- saved -----------------------------------------------------------------------------------------

CHANGES = [
    {"version": "0.2"},
    {"method": {"kind": "votes"}},
    {"creators": ["Somebody else"]},
    {"status": "failed", "completed_at": None},
    {"pseudonym_key": "0" * 64},
    {"archive": "releases/another.zip"},
    {"sums_sha256": "0" * 64, "has_public_leaderboard": True},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_a_complete_release_is_not_saved_with_another_content(
    complete: Release, change: dict[str, Any]
) -> None:
    before = Release.objects.values().get()
    for name, value in change.items():
        setattr(complete, name, value)

    with pytest.raises(ReleaseNeverChanges, match=next(iter(change))):
        complete.save()
    with pytest.raises(ReleaseNeverChanges):
        complete.save(update_fields=list(change))

    assert Release.objects.values().get() == before


def test_whether_its_leaderboard_is_public_may_change(complete: Release) -> None:
    complete.has_public_leaderboard = True
    complete.save()

    assert Release.objects.get().has_public_leaderboard


def test_only_what_is_written_counts(complete: Release) -> None:
    complete.title = "Not written"
    complete.has_public_leaderboard = True
    complete.save(update_fields=["has_public_leaderboard"])

    assert Release.objects.get().title != "Not written"


def test_what_was_read_before_it_was_complete_is_not_saved(
    campaign: Campaign, tmp_path: Path
) -> None:
    early = request_release(ACTOR, campaign, "0.1")
    release = claim(early.pk)
    assert release is not None
    builder.build_folder(release, tmp_path, 1, None)

    with pytest.raises(ReleaseNeverChanges, match="status"):
        early.save()

    assert Release.objects.get().status == "complete"


def test_another_release_is_not_saved_in_its_place(campaign: Campaign, complete: Release) -> None:
    another = request_release(ACTOR, campaign, "0.2")
    another.pk = complete.pk

    with pytest.raises(ReleaseNeverChanges, match="version"):
        another.save()


def test_what_is_not_complete_may_change(campaign: Campaign) -> None:
    release = request_release(ACTOR, campaign, "0.1")
    release.credits = "NASA/JPL-Caltech"
    release.save()

    assert Release.objects.get().credits == "NASA/JPL-Caltech"


def test_the_version_that_another_follows_stays(
    campaign: Campaign, complete: Release, tmp_path: Path
) -> None:
    build(campaign, tmp_path, "0.2")

    with pytest.raises(ProtectedError):
        complete.delete()


def test_a_campaign_may_change_and_its_releases_not(
    campaign: Campaign, complete: Release, tmp_path: Path
) -> None:
    first = files_in(tmp_path / "complete" / "ai4mars-dataset-merged-0.1")
    campaign.description, campaign.name = "Now with dunes.", "Dunes"
    campaign.save()
    sand = campaign.terrain_classes.get(code=2)
    sand.name, sand.color = "Dune", "#123456"
    sand.save()
    # Also where all has to be made again.
    shutil.rmtree(release_parts.store().folder)

    again = builder.rebuild_folder(Release.objects.get(), tmp_path / "again", 1, None)

    assert files_in(again) == first
    following = files_in(build(campaign, tmp_path / "next", "0.2"))
    assert b"dune" not in first["label_keys.json"]
    assert b"dune" in following["label_keys.json"]
    assert b"Now with dunes." in following["info.md"]


# -- in the admin site -----------------------------------------------------------------------------


def test_admins_look_at_releases_and_open_their_leaderboards(
    client: Client, complete: Release
) -> None:
    client.force_login(new_admin())
    page = f"/admin/merging/release/{complete.pk}/change/"
    before = Release.objects.values().get()

    assert client.get("/admin/merging/release/").status_code == 200
    shown = client.get(page).content.decode()
    assert complete.sums_sha256 in shown
    assert complete.pseudonym_key not in shown
    sent = {"version": "0.9", "title": "Another", "has_public_leaderboard": "on"}
    assert client.post(page, sent).status_code == 302
    assert client.post(page.replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert client.get("/admin/merging/release/add/").status_code == 403

    assert Release.objects.values().get() == {**before, "has_public_leaderboard": True}


# -- by builders that are late ---------------------------------------------------------------------


def parts_of(release: Release) -> list[dict[str, Any]]:
    return list(ReleasePart.objects.filter(release=release).order_by("pk").values())


def test_a_builder_that_was_taken_over_writes_no_part_into_the_release(
    campaign: Campaign, tmp_path: Path
) -> None:
    release = request_release(ACTOR, campaign, "0.1")
    slow = claim(release.pk)
    lose(release)
    successor = claim(release.pk)
    assert slow is not None
    assert successor is not None
    builder.build_folder(successor, tmp_path / "successor", 1, None)
    before = parts_of(release)
    image = campaign.images.get(product_id=TRAIN)
    labels.reject(ACTOR, image.labels.accepted()[0])

    [job] = release_parts.jobs([image.pk], BuildSettings.of(slow))
    late = release_parts.make_part(job)
    with pytest.raises(ClaimLost):
        release_parts.save(slow, [late])
    image.retired_at = timezone.now()
    image.save()
    with pytest.raises(ClaimLost):
        release_parts.update_stale_parts(slow)
    with pytest.raises(ClaimLost):
        builder.build_folder(slow, tmp_path / "slow", 1, None)

    assert parts_of(release) == before
    assert list((tmp_path / "slow").glob("*")) == []


def test_a_builder_is_heard_of_while_it_writes_the_tree(
    campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a large release would be taken over repeatedly and never be completed."""
    monkeypatch.setattr(jobs, "KEEP_ALIVE_EVERY", timedelta(0))
    release = claim(
        request_release(ACTOR, campaign, "0.1", ReleaseRequest(formats=tuple(EXPORTS))).pk
    )
    assert release is not None
    builder.make_parts(release, 1, None)
    heard: list[object] = []
    # Each piece of work finds the builder silent, as after a long time.
    in_order = release_parts.in_order

    def parts(*args: Any) -> Any:
        for part in in_order(*args):
            lose(release)
            yield part

    class Export:
        def __init__(self, export: Any) -> None:
            self.export = export

        def files(self, facts: Any, fragments: Any, read: Any) -> Any:
            for path, pieces in self.export.files(facts, fragments, read):
                lose(release)
                yield path, pieces
                heard.append(claim(release.pk))

    monkeypatch.setattr(release_parts, "in_order", parts)
    monkeypatch.setattr(
        assembly, "EXPORTS", {name: Export(export) for name, export in EXPORTS.items()}
    )
    assembly.assemble(release, tmp_path / "tree", link=False)

    assert heard
    assert set(heard) == {None}, "somebody else could take it over"


def test_what_a_killed_builder_left_in_the_folder_goes(campaign: Campaign, tmp_path: Path) -> None:
    left = tmp_path / f".building-ai4mars-dataset-merged-0.1-{'0' * 32}"
    other = tmp_path / f".building-ai4mars-dataset-merged-0.2-{'0' * 32}"
    for folder in (left, other):
        (folder / "msl").mkdir(parents=True)

    tree = build(campaign, tmp_path)

    assert set(tmp_path.iterdir()) == {tree, other}


def test_a_builder_killed_before_the_tree_has_its_name_leaves_a_release_to_write_again(
    campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: Path, target: Path) -> None:
        raise SystemExit("killed")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", killed)
        with pytest.raises(SystemExit):
            build(campaign, tmp_path)

    release = Release.objects.get()
    assert release.status == "complete"
    tree = builder.rebuild_folder(release, tmp_path, 1, None)
    assert "SHA256SUMS" in files_in(tree)


# -- pieces that are lost or left ------------------------------------------------------------------


@pytest.fixture
def all_formats(campaign: Campaign, tmp_path: Path) -> Release:
    build(campaign, tmp_path / "all", wanted=ReleaseRequest(formats=tuple(EXPORTS)))
    return Release.objects.get()


def damage(digest: str) -> None:
    path = release_parts.store().path(digest)
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:-1])


@pytest.mark.parametrize("kind", ["file", "fragment"])
def test_a_damaged_piece_is_made_again(all_formats: Release, tmp_path: Path, kind: str) -> None:
    part = all_formats.parts.get(product_id=TRAIN)
    first = files_in(tmp_path / "all" / "ai4mars-dataset-merged-0.1")
    damage(part.files[-1][2] if kind == "file" else part.fragments[FORMAT][0])
    assert builder.parts_with_lost_pieces(all_formats) == [part]

    again = builder.rebuild_folder(all_formats, tmp_path / "again", 1, None)

    assert files_in(again) == first


def test_the_next_version_does_not_take_over_a_damaged_piece(
    campaign: Campaign, complete: Release, tmp_path: Path
) -> None:
    part = complete.parts.get(product_id=TRAIN)
    for _, _, digest, _ in part.files:
        damage(digest)

    tree = build(campaign, tmp_path / "next", "0.2")

    first = files_in(tmp_path / "complete" / "ai4mars-dataset-merged-0.1")
    of_train = {name for name in first if TRAIN in name}
    assert of_train
    assert {name: files_in(tree)[name] for name in of_train} == {
        name: first[name] for name in of_train
    }


def test_another_program_writes_no_other_content_under_an_old_version(
    complete: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = complete.parts.get(product_id=TRAIN)
    damage(part.files[-1][2])
    real = release_parts.raw_labels.to_bytes
    monkeypatch.setattr(release_parts.raw_labels, "to_bytes", lambda image: real(image) + b"\n")

    with pytest.raises(requests.ReleaseRefused, match="another version of AI4Mars"):
        builder.rebuild_folder(complete, tmp_path / "again", 1, None)

    assert not (tmp_path / "again").exists()


def test_the_sweep_leaves_all_that_releases_are_made_of(
    all_formats: Release, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = release_parts.store()
    stopped = claim(request_release(ACTOR, campaign, "0.2").pk)
    assert stopped is not None
    accept(campaign.images.get(product_id=TRAIN), "0000", "0000")
    builder.make_parts(stopped, 1, None)
    assert requests.stop(ACTOR, stopped)
    unwanted = store.add(b"of a release that was deleted")
    then = (timezone.now() - 2 * release_parts.MIN_AGE).timestamp()
    for path in store.folder.glob("??/*"):
        os.utime(path, (then, then))
    just_added = store.add(b"of a part that is being made")

    tasks.sweep_released_files()

    assert not store.has(unwanted, None)
    assert store.has(just_added, None)
    assert (
        builder.parts_with_lost_pieces(all_formats) == builder.parts_with_lost_pieces(stopped) == []
    )


# -- the same on every database --------------------------------------------------------------------


def test_negative_zeros_are_released_as_zeros(campaign: Campaign, tmp_path: Path) -> None:
    """PostgreSQL returns -0.0 as 0.0, SQLite keeps it."""
    image = new_image(campaign, 9, camera_model={"c": [-0.0, 1.5, 3]}, scale_bar={"x": -0.0})
    regions = [Region(0, (np.array([[-0.0, -0.001], [2.5, -0.0], [2, 1]]),))]
    labels.store(ACTOR, image, new_guest(), Role.CROWD, regions, uuid.uuid4())

    tree = build(campaign, tmp_path, wanted=ReleaseRequest(formats=tuple(EXPORTS)))

    raw = (tree / f"raw/labels/{image.product_id}.json").read_text()
    assert "[[0.0,0.0],[2.5,0.0],[2.0,1.0]]" in raw
    texts = [path for path in tree.rglob("*") if path.suffix in {".json", ".csv", ".geojson"}]
    assert not [path for path in texts if "-0.0" in path.read_text()]


def test_what_decides_on_the_bytes_is_the_same_on_every_database(campaign: Campaign) -> None:
    image = new_image(campaign, 9, camera_model={"c": [-0.0, 1.5, {"deep": -0.0}]})
    settings = BuildSettings.of(request_release(ACTOR, campaign, "0.1"))
    one = snapshots.take([image.pk])[image.pk].inputs(settings)
    image.camera_model = {"c": [0.0, 1.5, {"deep": 0.0}]}
    image.save()

    assert snapshots.take([image.pk])[image.pk].inputs(settings) == one


def test_parts_come_in_the_order_of_bytes(campaign: Campaign, complete: Release) -> None:
    """Some databases sort in dictionary order, in which capitals come after lower case."""
    template = complete.parts.get(product_id=TRAIN)
    names = ["a_1", "B_1", "B1", "\u00e9", "b"]
    for name in names:
        template.pk, template.product_id = None, name
        template.save()

    found = [part.product_id for part in release_parts.in_order(complete, "product_id")]

    assert found == sorted(
        [*names, *campaign.images.in_dataset().values_list("product_id", flat=True)]
    )
