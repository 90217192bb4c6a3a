"""Publishing to a bucket: complete or invisible, sent once, and never replaced."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.core.management import CommandError, call_command

from labeling.annotation.services import labels
from labeling.models import Label
from merging.formats.storage import checksums
from merging.models import Release
from merging.releases.services import publishing
from merging.releases.services.publishing import Destination, PublishRefused, upload_tree
from tests.factories import ACTOR, campaign_to_release

URL = "s3://mars/releases/0.1/"
FILES = {
    "msl/images/edr/a.JPG": b"frame",
    "msl/labels/train/a.png": b"mask",
    "archive/large.parquet": bytes(range(256)) * 24_000,
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "ai4mars-dataset-merged-0.1"
    for name, content in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    sign(root, FILES)
    return root


def sign(root: Path, files: dict[str, bytes]) -> None:
    sums = {name: checksums.sha256(content) for name, content in files.items()}
    (root / checksums.NAME).write_text(checksums.sums_text(sums))


def stored(s3: Any) -> dict[str, bytes]:
    entries = s3.list_objects_v2(Bucket="mars").get("Contents", ())
    return {
        entry["Key"]: s3.get_object(Bucket="mars", Key=entry["Key"])["Body"].read()
        for entry in entries
    }


def test_all_files_are_sent_once(s3: Any, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The smallest part a service takes: the large file goes in two.
    monkeypatch.setattr(publishing, "PART_BYTES", 5 << 20)

    assert upload_tree(tree, URL) == 4
    found = stored(s3)
    assert {name: found[f"releases/0.1/{name}"] for name in FILES} == FILES
    assert found["releases/0.1/SHA256SUMS"] == (tree / checksums.NAME).read_bytes()
    large = s3.head_object(Bucket="mars", Key="releases/0.1/archive/large.parquet")
    assert large["ETag"].endswith('-2"')

    assert upload_tree(tree, URL) == 0


def test_an_upload_that_broke_off_goes_on(
    s3: Any, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Destination.put

    def broken(self: Destination, file: Path, path: str, digest: str) -> None:
        if path == "msl/labels/train/a.png":
            raise ClientError({"Error": {"Code": "503", "Message": "Slow down"}}, "PutObject")
        whole(self, file, path, digest)

    with monkeypatch.context() as patch:
        patch.setattr(Destination, "put", broken)
        with pytest.raises(PublishRefused, match="Run the command again"):
            upload_tree(tree, URL)
    assert "releases/0.1/SHA256SUMS" not in stored(s3)

    assert upload_tree(tree, URL) == 2
    assert len(stored(s3)) == 4


def test_an_object_of_another_content_is_sent_again(s3: Any, tree: Path) -> None:
    s3.put_object(Bucket="mars", Key="releases/0.1/msl/labels/train/a.png", Body=b"kasm")

    assert upload_tree(tree, URL) == 4
    assert stored(s3)["releases/0.1/msl/labels/train/a.png"] == b"mask"


def test_a_release_is_not_replaced_by_another(s3: Any, tree: Path) -> None:
    upload_tree(tree, URL)
    (tree / "msl/labels/train/a.png").write_bytes(b"other")
    sign(tree, {**FILES, "msl/labels/train/a.png": b"other"})

    with pytest.raises(PublishRefused, match="Another release is at"):
        upload_tree(tree, URL)
    assert stored(s3)["releases/0.1/msl/labels/train/a.png"] == b"mask"


def test_what_else_is_there_is_left_alone(s3: Any, tree: Path) -> None:
    s3.put_object(Bucket="mars", Key="releases/0.1/notes.txt", Body=b"mine")

    with pytest.raises(PublishRefused, match=r"such as notes\.txt"):
        upload_tree(tree, URL)
    assert list(stored(s3)) == ["releases/0.1/notes.txt"]


def test_a_changed_file_is_not_published(s3: Any, tree: Path) -> None:
    (tree / "msl/labels/train/a.png").write_bytes(b"kasm")

    with pytest.raises(PublishRefused, match="was changed after"):
        upload_tree(tree, URL)
    assert "releases/0.1/SHA256SUMS" not in stored(s3)


def test_only_a_whole_release_is_published(tree: Path, tmp_path: Path) -> None:
    (tree / "more.txt").write_text("more")
    with pytest.raises(PublishRefused, match=r"more\.txt is missing or not listed"):
        upload_tree(tree, URL)
    with pytest.raises(PublishRefused, match="has no SHA256SUMS"):
        upload_tree(tmp_path, URL)


@pytest.mark.parametrize("url", ["s3://", "releases/mars", "https://releases/mars"])
def test_what_is_no_bucket(tree: Path, url: str) -> None:
    with pytest.raises(PublishRefused, match="has no bucket"):
        upload_tree(tree, url)


def test_the_command(s3: Any, tree: Path) -> None:
    out = io.StringIO()
    call_command("publish_release", str(tree), URL, stdout=out)
    assert f"{URL} is complete; 4 files were sent." in out.getvalue()

    with pytest.raises(CommandError, match="Cannot upload to s3://nowhere"):
        call_command("publish_release", str(tree), "s3://nowhere")


# -- built into a bucket ---------------------------------------------------------------------------


def build(url: str, *options: str) -> str:
    out = io.StringIO()
    call_command(
        "build_release",
        *("--campaign=navcam", "--version=0.1", f"--out={url}"),
        *options,
        stdout=out,
    )
    return out.getvalue()


@pytest.mark.django_db
def test_a_release_is_built_into_a_bucket(s3: Any, tmp_path: Path, home: Path) -> None:
    campaign_to_release()

    said = build(URL)

    assert re.match(rf"{URL} is complete; \d+ files were sent\.", said)
    assert "sha256sum -c SHA256SUMS" in said
    assert "manage.py verify_release" in said
    assert list((home / "scratch").iterdir()) == []
    build(str(tmp_path))
    (tree,) = tmp_path.iterdir()
    assert stored(s3) == {
        f"releases/0.1/{path.relative_to(tree).as_posix()}": path.read_bytes()
        for path in tree.rglob("*")
        if path.is_file()
    }
    assert "; 0 files were sent" in build(URL), "all of it is there"


@pytest.mark.django_db
def test_an_upload_of_what_was_built_goes_on(
    s3: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if labels have changed since: the release was complete before the upload."""
    campaign_to_release()
    whole, sent = Destination.put, []

    def broken(self: Destination, file: Path, path: str, digest: str) -> None:
        if len(sent) == 5:
            raise ClientError({"Error": {"Code": "503", "Message": "Slow down"}}, "PutObject")
        sent.append(path)
        whole(self, file, path, digest)

    with monkeypatch.context() as patch:
        patch.setattr(Destination, "put", broken)
        with pytest.raises(CommandError, match="Run the command again to continue"):
            build(URL)
    assert list((home / "scratch").iterdir()) == []
    assert "releases/0.1/SHA256SUMS" not in stored(s3)
    labels.reject(ACTOR, Label.objects.crowd().accepted()[0])

    said = build(URL)

    sums = stored(s3)["releases/0.1/SHA256SUMS"]
    assert f"; {len(sums.splitlines()) + 1 - len(sent)} files were sent" in said
    assert checksums.sha256(sums) == Release.objects.get().sums_sha256


@pytest.mark.django_db
def test_no_release_is_built_for_a_bucket_that_is_not_there(s3: Any) -> None:
    campaign_to_release()

    with pytest.raises(CommandError, match="Cannot access s3://nowhere"):
        build("s3://nowhere/0.1")
    with pytest.raises(CommandError, match="Leave --archive out"):
        build(URL, "--archive=zip")
    assert not Release.objects.exists()
