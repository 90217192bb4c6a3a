"""A release as a tar: the same tree gives the same bytes on any output stream."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

from merging.formats.storage import archive

FILES = {"SHA256SUMS": b"sums\n", "msl/images/a.JPG": b"x" * 30_000, f"raw/{'n' * 120}.json": b""}


class Pipe:
    """An output stream without `tell` and `seek`."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    def write(self, content: bytes, /) -> int:
        self.taken.append(bytes(content))
        return len(content)


def tree(folder: Path, mode: int, time: int) -> Path:
    root = folder / "ai4mars-dataset-merged-1"
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
        os.utime(path, (time, time))
    return root


def packed(root: Path) -> bytes:
    pipe = Pipe()
    assert len(list(archive.pack_tar(root, pipe))) == len(FILES)
    return b"".join(pipe.taken)


def test_the_same_tree_gives_the_same_tar(tmp_path: Path) -> None:
    one = tree(tmp_path / "one", 0o600, 1_700_000_000)
    other = tree(tmp_path / "other", 0o444, 1_600_000_000)

    assert packed(one) == packed(other)


def test_a_tar_can_be_read(tmp_path: Path) -> None:
    content = packed(tree(tmp_path, 0o600, 1_700_000_000))

    with tarfile.open(fileobj=io.BytesIO(content)) as opened:
        found = {}
        for member in opened.getmembers():
            file = opened.extractfile(member)
            assert file is not None
            found[member.name] = file.read()
    assert found == {f"ai4mars-dataset-merged-1/{name}": data for name, data in FILES.items()}
