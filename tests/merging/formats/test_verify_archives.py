"""`verify_release` reads archives, refuses other files, and follows no links."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from labeling.images.preparation.pictures import png_bytes
from merging.formats.storage import archive, checksums
from merging.formats.tree.tree_files import Unreadable, open_any_tree, open_tree
from terrain.masks import NO_LABEL
from tests.merging.formats.test_verify_release import (
    FRAME,
    TRAIN_MASK,
    columns,
    gold_path,
    release,
    sign,
    told_of,
)

__all__ = ["release"]  # the fixture

SOUND = "2 images are correct. The masks of 2 images were merged again"


def packed(root: Path, kind: str) -> Path:
    target = root.with_name(f"{root.name}.{kind}")
    target.unlink(missing_ok=True)
    list(archive.write(root, target))
    return target


KINDS = pytest.mark.parametrize("kind", ["zip", "tar"])


@KINDS
@pytest.mark.parametrize("workers", [1, 2])
def test_an_archive_is_checked_like_its_folder(release: Path, kind: str, workers: int) -> None:
    problems, said = told_of(packed(release, kind), workers=workers)
    assert problems == ""
    assert SOUND in said


@KINDS
def test_what_is_wrong_in_an_archive(release: Path, kind: str) -> None:
    path = release / TRAIN_MASK
    path.write_bytes(png_bytes(columns(*[NO_LABEL] * 8)))
    (release / "stray.txt").write_text("not ours")
    (release / FRAME).unlink()

    problems, _ = told_of(packed(release, kind))

    assert f"{TRAIN_MASK}: It was changed: its checksum differs from SHA256SUMS." in problems
    assert "stray.txt: The file is not in SHA256SUMS." in problems
    assert f"{FRAME}: The file is missing." in problems
    assert "32 pixels differ from the mask that its labels give" in problems


def test_a_zip_without_a_folder_around_the_release(release: Path, tmp_path: Path) -> None:
    made = shutil.make_archive(str(tmp_path / "flat"), "zip", release)
    assert SOUND in told_of(Path(made))[1]


def test_a_tar_that_was_packed_from_within_the_folder(release: Path, tmp_path: Path) -> None:
    """`tar cf flat.tar -C RELEASE .` gives names that begin with "./"."""
    path = tmp_path / "flat.tar"
    with tarfile.open(path, "w") as file:
        file.add(release, ".")
        assert all(name == "." or name.startswith("./") for name in file.getnames())
    assert SOUND in told_of(path)[1]


def test_an_archive_of_which_no_file_can_be_taken(tmp_path: Path) -> None:
    path = tmp_path / "absolute.tar"
    with tarfile.open(path, "w") as file:
        file.addfile(tarfile.TarInfo("/srv/mask.png"))
    problems, _ = told_of(path)
    assert "/srv/mask.png: Its name points outside the archive" in problems


def test_what_lies_beside_the_release_in_an_archive(release: Path) -> None:
    path = packed(release, "zip")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("notes.txt", "hello")
    assert "notes.txt: It is next to the release and not part of it." in told_of(path)[0]


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_a_folder_of_pictures_is_no_release(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    for number in range(3):
        (root / f"{number}.png").write_bytes(png_bytes(columns(0, 0, 1, 1, 2, 2, 3, 3)))
    path = root if kind == "folder" else packed(root, kind)
    problems, said = told_of(path)
    assert f"There is no release at {path}: it has neither a manifest" in problems
    assert said == ""

    sign(root)
    path = root if kind == "folder" else packed(root, kind)
    assert "There is no release at" in told_of(path)[0], "sums alone make none"


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 and no more", bytes(4096)])
def test_a_file_that_is_no_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "release.zip"
    path.write_bytes(content)
    assert "cannot be read as a zip or a tar" in told_of(path)[0]


@KINDS
def test_an_archive_that_is_cut_off(release: Path, kind: str) -> None:
    path = packed(release, kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert told_of(path)[0]


def test_a_compressed_tar_is_refused(release: Path, tmp_path: Path) -> None:
    made = shutil.make_archive(str(tmp_path / "packed"), "gztar", release.parent, release.name)
    assert "cannot be read as a zip or a tar" in told_of(Path(made))[0]


# -- links -----------------------------------------------------------------------------------------


def link_out(root: Path) -> str:
    """Replace a mask by a link to a file with the same content outside the tree."""
    outside = root.parent / "outside.png"
    shutil.copy(root / TRAIN_MASK, outside)
    (root / TRAIN_MASK).unlink()
    (root / TRAIN_MASK).symlink_to(outside)
    return TRAIN_MASK


def link_inside(root: Path) -> str:
    (root / TRAIN_MASK).rename(root / "kept.png")
    (root / TRAIN_MASK).symlink_to(root / "kept.png")
    sign(root)
    return TRAIN_MASK


def link_folder(root: Path) -> str:
    (root / "raw").rename(root.parent / "elsewhere")
    (root / "raw").symlink_to(root.parent / "elsewhere")
    return "raw"


def link_to_nothing(root: Path) -> str:
    (root / "more.png").symlink_to(root / "nowhere")
    return "more.png"


LINKS = pytest.mark.parametrize("link", [link_out, link_inside, link_folder, link_to_nothing])


@LINKS
def test_no_link_is_followed(release: Path, link: Callable[[Path], str]) -> None:
    name = link(release)
    problems, said = told_of(release)
    assert f"{name}: It is a link, and a release has regular files only." in problems
    assert SOUND not in said


@LINKS
def test_other_readers_refuse_links(release: Path, link: Callable[[Path], str]) -> None:
    name = link(release)
    with pytest.raises(Unreadable, match=f"{name} in .*: It is a link"):
        open_tree(release)
    with pytest.raises(CommandError, match="It is a link"):
        call_command("release_statistics", str(release), stdout=io.StringIO())
    with pytest.raises(Unreadable):
        open_any_tree(release).read(name)


def test_a_pipe_is_not_waited_for(release: Path) -> None:
    os.mkfifo(release / "pipe.png")
    assert "pipe.png: It is a special file" in told_of(release)[0]


@KINDS
def test_links_in_archives(release: Path, kind: str) -> None:
    path = packed(release, kind)
    name = f"{release.name}/{gold_path(1)}.link"
    if kind == "zip":
        entry = zipfile.ZipInfo(name)
        entry.external_attr = 0o120777 << 16
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(entry, "/etc/passwd")
    else:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        with tarfile.open(path, "a") as file:
            file.addfile(member)
    assert f"{gold_path(1)}.link: It is a link" in told_of(path)[0]


@pytest.mark.parametrize("name", ["../out.png", "/etc/passwd", "a/../../b.png", "a\\b.png"])
@KINDS
def test_names_that_lead_out_of_an_archive(release: Path, kind: str, name: str) -> None:
    path = packed(release, kind)
    content = b"x"
    if kind == "zip":
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(name, content)
    else:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        with tarfile.open(path, "a") as file:
            file.addfile(member, io.BytesIO(content))
    assert f"{name}: Its name points outside the archive." in told_of(path)[0]


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@KINDS
def test_a_file_that_is_there_twice(release: Path, kind: str) -> None:
    """Programs differ in which of the two they extract."""
    path = packed(release, kind)
    name, content = f"{release.name}/{TRAIN_MASK}", (release / TRAIN_MASK).read_bytes()
    if kind == "zip":
        with zipfile.ZipFile(path, "a") as file:
            file.writestr(name, content)
    else:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        with tarfile.open(path, "a") as file:
            file.addfile(member, io.BytesIO(content))
    assert f"{TRAIN_MASK}: It is in the archive more than once." in told_of(path)[0]


def test_a_name_that_sums_have_twice(release: Path) -> None:
    sums = release / checksums.NAME
    lines = sums.read_text()
    sums.write_text(lines + lines.splitlines()[0] + "\n")
    assert "a second time" in told_of(release)[0]


def test_an_archive_that_was_replaced_is_read_again(release: Path) -> None:
    path = packed(release, "zip")
    assert SOUND in told_of(path)[1]
    (release / TRAIN_MASK).unlink()
    path.unlink()
    assert "The file is missing" in told_of(packed(release, "zip"))[0]
