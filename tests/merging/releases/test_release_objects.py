"""The store of pieces: complete or absent, and swept of unused ones."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from merging.formats.storage.checksums import sha256
from merging.formats.storage.objects import Objects

PIECE = b"soil, bedrock, sand"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(tmp_path: Path) -> Objects:
    return Objects(tmp_path / "objects")


def damage(path: Path) -> None:
    """Truncate a file, as a power failure may."""
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])


def make_old(path: Path, age: timedelta) -> None:
    then = (NOW - age).timestamp()
    os.utime(path, (then, then))


def test_what_is_added_is_there_read_only(store: Objects) -> None:
    assert not store.has(sha256(PIECE), len(PIECE))

    digest = store.add(PIECE)

    assert digest == sha256(PIECE)
    assert store.has(digest, len(PIECE))
    assert store.read(digest) == PIECE
    assert store.path(digest).stat().st_mode & 0o777 == 0o444
    assert [path for path in store.folder.rglob("*") if path.is_file()] == [store.path(digest)]


def test_a_piece_of_another_size_is_not_there_and_is_replaced(store: Objects) -> None:
    digest = store.add(PIECE)
    damage(store.path(digest))

    assert not store.has(digest, len(PIECE))
    assert store.has(digest, None), "without its size nothing can be told"

    assert store.add(PIECE) == digest
    assert store.read(digest) == PIECE


def test_a_tree_keeps_its_file_when_a_damaged_piece_is_replaced(
    store: Objects, tmp_path: Path
) -> None:
    digest = store.add(PIECE)
    store.place(digest, tmp_path / "tree" / "a.png", link=False)
    damage(store.path(digest))
    store.add(PIECE)

    assert (tmp_path / "tree" / "a.png").read_bytes() == PIECE


def test_the_sweep_takes_what_is_unwanted_and_old(store: Objects) -> None:
    wanted, old, young = store.add(b"wanted"), store.add(b"old"), store.add(b"young")
    for digest, age in ((wanted, 9 * DAY), (old, 2 * DAY), (young, DAY / 2)):
        make_old(store.path(digest), age)

    assert store.sweep({wanted}, NOW - DAY) == 1

    assert store.has(wanted, 6)
    assert not store.has(old, 3)
    assert store.has(young, 5)


def test_the_sweep_takes_what_was_never_finished(store: Objects) -> None:
    """As left by a builder that was killed while writing."""
    digest = store.add(PIECE)
    half, begun = (store.path(digest).parent / name for name in (".new-half", ".new-begun"))
    for path, age in ((half, 2 * DAY), (begun, DAY / 2)):
        path.write_bytes(PIECE[:4])
        make_old(path, age)

    assert store.sweep({digest}, NOW - DAY) == 1

    assert not half.exists()
    assert begun.exists()


def test_what_is_added_again_is_as_good_as_new(store: Objects) -> None:
    """Its part is recorded only later, so a sweep in between must keep it."""
    digest = store.add(PIECE)
    make_old(store.path(digest), 9 * DAY)
    store.add(PIECE)

    assert store.sweep(set(), NOW - DAY) == 0


def test_a_store_that_is_not_there_is_swept(store: Objects) -> None:
    assert store.sweep(set(), NOW) == 0
