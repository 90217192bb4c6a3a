"""Folders and buckets list the same files under the same names; the bucket server is our own."""

from __future__ import annotations

import io
import os
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from labeling.images.ingest import buckets
from labeling.images.ingest.buckets import Bucket
from labeling.images.ingest.places import Folder
from labeling.images.ingest.products import Refused, UnknownSource
from labeling.images.ingest.sources import open_source

FRAME = "NLA_397681339EDR_F0020000AUT_04096M1"


def put(s3: Any, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        s3.put_object(Bucket="mars", Key=name, Body=content)


def picture(file_format: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    frame = np.tile(np.arange(0, 200, 4, dtype=np.uint8), (40, 1))
    Pillow.fromarray(frame).save(buffer, file_format)
    return buffer.getvalue()


# -- folders ---------------------------------------------------------------------------------------


def test_a_folder_lists_all_but_hidden_files(tmp_path: Path) -> None:
    for name in ("b/two.JPG", "a one.jpg", "b/Two.jpg", ".hidden", ".git/x", "b/._two.JPG"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    folder = Folder(tmp_path)
    assert folder.names() == ["a one.jpg", "b/Two.jpg", "b/two.JPG"]
    assert folder.fetch("b/Two.jpg").read_text() == "b/Two.jpg"
    assert folder.find("b/TWO.jpg") is None
    assert folder.find("b") is None, "a folder is no file"
    with pytest.raises(Refused, match=r"b/TWO.jpg cannot be read: there is no such file"):
        folder.fetch("b/TWO.jpg")


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "a//b", ".", "", "a\0b"])
def test_names_that_lead_out_of_a_place(name: str, tmp_path: Path) -> None:
    for place in (Folder(tmp_path), Bucket("mars", "", tmp_path)):
        with pytest.raises(Refused, match="not the name of a file"):
            place.find(name)


def test_a_name_that_is_not_utf8_is_listed_and_refused(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")).write_bytes(picture())
    source = open_source(tmp_path)
    (candidate,) = source.candidates()
    assert candidate.name == "caf\N{REPLACEMENT CHARACTER}.jpg"
    with pytest.raises(Refused, match="is not written in UTF-8"):
        source.load(candidate)


# -- buckets ---------------------------------------------------------------------------------------


def test_a_bucket_is_a_folder(s3: Any, tmp_path: Path) -> None:
    files = {
        "sol 1/ü (2).JPG": b"1",
        "sol 1/Ü (2).jpg": b"2",
        "a": b"3",
        "a/b": b"4",
        "a+&?#%.x": b"",
    }
    put(s3, {f"data/{name}": content for name, content in files.items()})
    put(s3, {"data/": b"", "data/sub/": b"", "data/.x/y": b"", "database/z": b"", "other": b""})
    bucket = Bucket.at("s3://mars/data", tmp_path)
    assert bucket.names() == sorted(files)
    for name, content in files.items():
        path = bucket.fetch(name)
        assert path.read_bytes() == content
        assert path.name == name.rpartition("/")[2]
        assert path.is_relative_to(tmp_path)
    assert bucket.fetch("sol 1/ü (2).JPG").parent == bucket.fetch("sol 1/Ü (2).jpg").parent
    assert bucket.find("none") is None
    with pytest.raises(Refused, match="there is no such file"):
        bucket.fetch("none")
    assert Bucket.at("s3://mars", tmp_path).names() == sorted(
        [*(f"data/{name}" for name in files), "database/z", "other"]
    )


def test_more_objects_than_one_answer_lists(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "LISTED_AT_ONCE", 3)
    names = [f"{number:04}" for number in range(10)]
    put(s3, dict.fromkeys(names, b""))
    assert Bucket.at("s3://mars/", tmp_path).names() == names


def test_only_few_files_are_kept(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "KEPT_FILES", 3)
    put(s3, {str(number): b"x" for number in range(6)})
    bucket = Bucket.at("s3://mars", tmp_path)
    first = bucket.fetch("0")
    for number in range(1, 6):
        assert bucket.fetch(str(number)).is_file()
        assert bucket.fetch("0") == first, "what is used again stays"
        assert first.is_file()
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 3


def test_an_object_that_is_too_large(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "MAX_BYTES", 10)
    put(s3, {"big": bytes(11), "fits": bytes(10)})
    bucket = Bucket.at("s3://mars", tmp_path)
    assert bucket.fetch("fits").stat().st_size == 10
    with pytest.raises(Refused, match="big has 11 bytes; more than 10 are not read"):
        bucket.fetch("big")
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_transfer_that_breaks_leaves_nothing(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(s3, {"a": b"content"})
    bucket = Bucket.at("s3://mars", tmp_path)
    client = buckets._client(os.getpid())
    answer = client.get_object(Bucket="mars", Key="a")
    answer["Body"]._content_length = "100"  # as when the connection ends early
    monkeypatch.setattr(client, "get_object", lambda **asked: answer)
    with pytest.raises(Refused, match="a cannot be fetched"):
        bucket.fetch("a")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("address", ["s3://", "s3:///x", "s3://mars", "s3://mars/nothing"])
def test_an_empty_or_unnamed_bucket(s3: Any, address: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownSource, match=r"names no bucket|nothing to import"):
        open_source(address, tmp_path)


@pytest.mark.parametrize("address", ["s3://venus", "s3://Not a Bucket/x", "s3://venus/a.zip"])
def test_a_bucket_that_cannot_be_read(s3: Any, address: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownSource, match=r"cannot be listed|cannot be fetched"):
        open_source(address, tmp_path)


def test_without_credentials(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    buckets._client.cache_clear()
    with pytest.raises(UnknownSource, match="credentials"):
        open_source("s3://mars/data", tmp_path)


# -- sources in buckets ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "below", ["", "/msl", "/msl/images", "/msl/images/edr", "/msl/images/edr/"]
)
def test_a_tree_in_a_bucket(s3: Any, below: str, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(np.ones((40, 50), dtype=np.uint8)).save(buffer, "PNG")
    put(
        s3,
        {
            f"release/msl/images/edr/{FRAME}.JPG": picture(),
            f"release/msl/images/mxy/{FRAME.replace('EDR', 'MXY')}.png": buffer.getvalue(),
            "release/msl/labels/x.png": b"",
        },
    )
    source = open_source(f"s3://mars/release{below}", tmp_path)
    (candidate,) = source.candidates()
    product = pickle.loads(pickle.dumps(source)).load(candidate)
    assert product.product_id == FRAME
    assert product.original_jpeg == picture()
    assert product.rover_mask is not None
    assert product.rover_mask.all()
    assert product.range_mask is None


def test_pds_products_in_a_bucket(s3: Any, real_data: Path, tmp_path: Path) -> None:
    edr = real_data / "pds" / "msl" / "navcam-edr"
    put(s3, {f"edr/{path.name}": path.read_bytes() for path in edr.iterdir()})
    here = open_source(edr)
    there = open_source("s3://mars/edr", tmp_path)
    assert there.candidates() == here.candidates()
    for candidate in there.candidates():
        ours, theirs = here.load(candidate), there.load(candidate)
        assert theirs.source_sha256 == ours.source_sha256
        assert theirs.camera_model == ours.camera_model
        assert (theirs.pixels == ours.pixels).all()


@pytest.mark.parametrize("name", ["set.zip", "set.tar"])
def test_an_archive_in_a_bucket(s3: Any, name: str, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    if name == "set.zip":
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("one.jpg", picture())
    else:
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            member = tarfile.TarInfo("one.jpg")
            member.size = len(picture())
            archive.addfile(member, io.BytesIO(picture()))
    put(s3, {f"in/{name}": buffer.getvalue()})
    source = open_source(f"s3://mars/in/{name}", tmp_path)
    (candidate,) = source.candidates()
    assert source.load(candidate).original_jpeg == picture()
    assert len(list(tmp_path.iterdir())) == 1
    open_source(f"s3://mars/in/{name}", tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
