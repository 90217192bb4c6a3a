"""Archives: valid ones of every kind, and one test for each attack by a hostile one."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from labeling.images.ingest import archives
from labeling.images.ingest.archives import ArchiveRefused, Bounds, Readable, is_archive, unpack
from labeling.images.ingest.products import Refused, UnknownSource
from labeling.images.ingest.sources import open_source

FILES = {"a/one.txt": b"one", "a/b/two.bin": bytes(100_000), "three": b""}
SMALL = Bounds(members=10, total_bytes=1_000_000, member_bytes=200_000)


def tar_bytes(files: dict[str, bytes], file_format: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=file_format) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def tar_with(member: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("good.txt"))
        archive.addfile(member)
    return buffer.getvalue()


def zip_bytes(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def zip_with(change: Callable[[zipfile.ZipInfo], None]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("good.txt", b"good")
        member = zipfile.ZipInfo("member")
        change(member)
        archive.writestr(member, b"content")
    return buffer.getvalue()


KINDS: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "zip": zip_bytes,
    "zip, stored": lambda files: zip_bytes(files, zipfile.ZIP_STORED),
    "tar": tar_bytes,
    "tar, gnu": lambda files: tar_bytes(files, tarfile.GNU_FORMAT),
    "tar.gz": lambda files: gzip.compress(tar_bytes(files)),
    "tar.bz2": lambda files: bz2.compress(tar_bytes(files)),
    "tar.xz": lambda files: lzma.compress(tar_bytes(files)),
}


class Socket:
    """A stream without seek that returns fewer bytes than requested."""

    def __init__(self, content: bytes) -> None:
        self.content = io.BytesIO(content)
        self.given = 0

    def read(self, size: int = -1, /) -> bytes:
        data = self.content.read(min(size, 4096) if size >= 0 else 4096)
        self.given += len(data)
        return data


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "scratch" / "unpacked"


def contents(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def refusal(content: bytes, into: Path, bounds: Bounds = SMALL) -> str:
    """Return why an archive is refused, as a stream and as a file; check that no files remain."""
    reasons = []
    sources: list[Path | Readable] = [io.BytesIO(content), Socket(content)]
    for source in sources:
        with pytest.raises(ArchiveRefused) as refused:
            unpack(source, into, bounds)
        reasons.append(str(refused.value))
        assert not into.exists()
        assert not list(into.parent.iterdir()), "and nothing beside it"
    assert reasons[0] == reasons[1]
    assert reasons[0].endswith(".")
    return reasons[0]


# -- good ones -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_from_file_and_stream(kind: str, tmp_path: Path) -> None:
    content = KINDS[kind](FILES)
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert is_archive(path)
    sources: list[Path | Readable] = [path, io.BytesIO(content), Socket(content)]
    for number, source in enumerate(sources):
        folder = unpack(source, tmp_path / str(number), SMALL)
        assert contents(folder.root) == FILES
        assert folder.names() == sorted(FILES)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_archive_is_an_empty_folder(kind: str, into: Path) -> None:
    if kind.startswith("tar") and kind in {"tar", "tar, gnu"}:
        assert "neither a zip nor a tar" in refusal(KINDS[kind]({}), into)
    else:
        assert unpack(io.BytesIO(KINDS[kind]({})), into, SMALL).names() == []


def test_a_tar_is_read_as_it_comes(into: Path) -> None:
    socket = Socket(tar_bytes({str(number): bytes(10_000) for number in range(50)}))
    with pytest.raises(ArchiveRefused, match="more than 10 files"):
        unpack(socket, into, SMALL)
    assert socket.given < 150_000 < socket.content.seek(0, os.SEEK_END)


@pytest.mark.parametrize("content", [b"", b"hello", bytes(2000), b"\xff\xd8\xff\xe0 JFIF"])
def test_what_is_no_archive(content: bytes, into: Path, tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(content)
    assert not is_archive(path)
    assert "neither a zip nor a tar" in refusal(content, into)


def test_a_nested_archive_is_left_alone(into: Path) -> None:
    inner = zip_bytes({"frame.png": b"inside"})
    assert unpack(io.BytesIO(tar_bytes({"inner.zip": inner})), into, SMALL).names() == ["inner.zip"]
    assert (into / "inner.zip").read_bytes() == inner


@pytest.mark.parametrize("kind", KINDS)
def test_odd_names_and_letter_case(kind: str, into: Path) -> None:
    files = {
        "Übung/a b (2).JPG": b"1",
        "Übung/A B (2).jpg": b"2",
        "火星/-rf*?.png": b"3",
        "x'\"": b"4",
    }
    folder = unpack(io.BytesIO(KINDS[kind](files)), into, SMALL)
    assert contents(into) == files
    assert all(folder.fetch(name).read_bytes() == content for name, content in files.items())


def test_a_name_that_is_not_utf8_becomes_readable(into: Path) -> None:
    folder = unpack(io.BytesIO(tar_bytes({"caf\udce9.jpg": b"x"}, tarfile.GNU_FORMAT)), into, SMALL)
    assert folder.names() == ["caf\N{REPLACEMENT CHARACTER}.jpg"]
    assert folder.fetch(folder.names()[0]).read_bytes() == b"x"


def test_names_from_windows(into: Path) -> None:
    assert unpack(io.BytesIO(zip_bytes({"a\\b.txt": b"x"})), into, SMALL).names() == ["a/b.txt"]


def test_modes_in_the_archive_do_not_matter(into: Path) -> None:
    member = tarfile.TarInfo("tool")
    member.mode = 0o6777
    unpack(io.BytesIO(tar_with(member)), into, SMALL)
    assert (into / "tool").stat().st_mode & 0o7111 == 0


def test_a_folder_in_use_is_not_touched(into: Path) -> None:
    into.mkdir(parents=True)
    (into / "mine").write_text("mine")
    with pytest.raises(FileExistsError):
        unpack(io.BytesIO(zip_bytes(FILES)), into, SMALL)
    assert contents(into) == {"mine": b"mine"}


# -- hostile ones ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["../out", "a/../../out", "a/..", "..\\out", "a\\..\\..\\out"])
def test_names_that_lead_out(kind: str, name: str, into: Path) -> None:
    assert "leads out of its folder" in refusal(KINDS[kind]({"a/x": b"1", name: b"2"}), into)
    assert not (into.parent.parent / "out").exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["/etc/passwd", "\\\\host\\share", "C:\\x", "c:x"])
def test_absolute_names(kind: str, name: str, into: Path) -> None:
    assert "absolute name" in refusal(KINDS[kind]({name: b""}), into)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a\nb", "control characters"),
        ("a" * 300, "too long"),
        ("ü" * 200, "too long"),
        ("/".join("a" * 40), "too long"),
        ("/".join(["a" * 99] * 5), "too long"),
    ],
)
def test_names_no_file_should_have(name: str, reason: str, into: Path) -> None:
    assert reason in refusal(tar_bytes({name: b""}), into)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_in_a_tar(kind: bytes, into: Path) -> None:
    member = tarfile.TarInfo("evil")
    member.type = kind
    member.linkname = "/etc/passwd"
    assert "evil in the archive is a link or a special file" in refusal(tar_with(member), into)


def test_a_link_and_then_a_file_through_it(into: Path, tmp_path: Path) -> None:
    link = tarfile.TarInfo("a")
    link.type = tarfile.SYMTYPE
    link.linkname = str(tmp_path)
    content = link.tobuf() + tar_bytes({"a/escaped": b"x"})
    assert "link" in refusal(content, into)
    assert not (tmp_path / "escaped").exists()


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o010666, 0o140777])
def test_links_and_devices_in_a_zip(mode: int, into: Path) -> None:
    content = zip_with(lambda member: setattr(member, "external_attr", mode << 16))
    assert "member in the archive is a link or a special file" in refusal(content, into)


def test_an_encrypted_zip(into: Path) -> None:
    content = bytearray(zip_bytes({"secret": b"x"}))
    content[6] |= 1  # flags of the file
    content[content.index(b"PK\x01\x02") + 8] |= 1  # flags of its entry
    assert "encrypted" in refusal(bytes(content), into)


def test_a_rare_compression(into: Path) -> None:
    assert "Use a plain zip" in refusal(zip_bytes({"a": b"x" * 99}, zipfile.ZIP_LZMA), into)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_name_twice(kind: str, into: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name") if "zip" in kind else _nothing():
        content = KINDS[kind](Twice({"a": b"1"}))
    assert "has a twice" in refusal(content, into)


class Twice(dict[str, bytes]):
    def items(self):  # type: ignore[no-untyped-def,override]
        return [*super().items(), *super().items()]


class _nothing:  # noqa: N801
    def __enter__(self) -> None: ...

    def __exit__(self, *raised: object) -> None: ...


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("files", [{"a": b"1", "a/b": b"2"}, {"a/b": b"2", "a": b"1"}])
def test_a_file_that_is_also_a_folder(kind: str, files: dict[str, bytes], into: Path) -> None:
    assert "has a twice" in refusal(KINDS[kind](files), into)


# -- bombs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_member_that_is_too_large(kind: str, into: Path) -> None:
    message = refusal(KINDS[kind]({"big": bytes(200_001)}), into)
    assert "big in the archive has 200,001 bytes; more than 200,000 are not unpacked" in message


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_bytes_in_all(kind: str, into: Path) -> None:
    files = {str(number): bytes(150_000) for number in range(7)}
    assert "more than the 1,000,000 bytes that are allowed" in refusal(KINDS[kind](files), into)


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_members(kind: str, into: Path) -> None:
    files = {str(number): b"" for number in range(11)}
    assert "more than 10 files" in refusal(KINDS[kind](files), into)
    del files["10"]
    assert len(unpack(io.BytesIO(KINDS[kind](files)), into, SMALL).names()) == 10


def test_too_many_folders_of_one_file(into: Path) -> None:
    assert "more than 10 files" in refusal(tar_bytes({"a/b/c/d/e/f/g/h/i/j/k/l": b""}), into)


def test_more_than_the_disk_has(into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = archives.shutil.disk_usage("/")._replace(free=archives.SPARE_DISK_BYTES + 100)
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda path: usage)
    message = refusal(zip_bytes({"a": bytes(101)}), into)
    assert "more than the 100 bytes that the disk has room for" in message


GENEROUS = replace(SMALL, total_bytes=10**12, member_bytes=10**12)


def zeros_of(size: int) -> Iterator[bytes]:
    yield from (bytes(1 << 20) for _ in range(size >> 20))


@pytest.mark.parametrize("compress", ["gz", "xz", "bz2"])
def test_a_tar_that_grows_without_end(compress: str, into: Path) -> None:
    member = tarfile.TarInfo("bomb")
    member.size = 300 << 20
    made = {
        "gz": lambda: zlib.compressobj(wbits=31),
        "xz": lambda: lzma.LZMACompressor(preset=0),
        "bz2": bz2.BZ2Compressor,
    }[compress]()
    content = made.compress(member.tobuf())
    content += b"".join(made.compress(chunk) for chunk in zeros_of(member.size)) + made.flush()
    assert len(content) < 2_000_000
    assert "more than 100 times its size" in refusal(content, into, GENEROUS)


def test_a_zip_that_grows_without_end(into: Path) -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("bomb", "w") as member,
    ):
        for chunk in zeros_of(70 << 20):
            member.write(chunk)
    assert "more than 100 times its size" in refusal(buffer.getvalue(), into, GENEROUS)


def test_a_zip_whose_members_share_their_data(into: Path) -> None:
    """The zip bomb of Fifield (2019): many entries that share one block of data."""
    content = zip_bytes({"a": bytes(2_000_000)})
    directory = content.index(b"PK\x01\x02")
    entry = content[directory : content.index(b"PK\x05\x06")]
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 50, 50, 50 * len(entry), directory, 0)
    message = refusal(content[:directory] + entry * 50 + end, into, replace(GENEROUS, members=100))
    assert "more than 100 times its size" in message


def test_a_zip_that_lies_about_a_size(into: Path) -> None:
    content = bytearray(zip_bytes({"a": bytes(50_000)}))
    struct.pack_into("<I", content, content.index(b"PK\x01\x02") + 24, 10)
    assert "damaged" in refusal(bytes(content), into)


def test_a_million_tiny_members_of_a_tar(into: Path) -> None:
    thousand = b"".join(tarfile.TarInfo(str(number)).tobuf() for number in range(1000))
    compress = zlib.compressobj(1, wbits=31)
    socket = Socket(b"".join(compress.compress(thousand) for _ in range(1000)) + compress.flush())
    with pytest.raises(ArchiveRefused, match="more than 10 files"):
        unpack(socket, into, SMALL)
    assert socket.given < 100_000 < socket.content.seek(0, os.SEEK_END)
    assert not into.exists()


@pytest.mark.parametrize("claimed", [1, 65_535])
def test_a_million_tiny_members_of_a_zip(claimed: int, into: Path) -> None:
    """The end of the file gives a false number of members."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", *[0] * 9, 1, *[0] * 6) + b"a"
    count = 1_000_000
    directory = entry * count
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, claimed, claimed, len(directory), 0, 0)
    content = b"PK\x03\x04" + directory + end
    tracemalloc.start()
    assert "Split" in refusal(content, into, GENEROUS)
    message = refusal(content, into, replace(GENEROUS, members=archives.MAX_MEMBERS))
    assert tracemalloc.get_traced_memory()[1] < 200_000_000
    tracemalloc.stop()
    assert "more than 350,000 files" in message


def test_a_tar_header_that_is_a_bomb(into: Path) -> None:
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        header = tarfile.TarInfo("header")
        header.type = kind
        header.size = 7 << 30
        content = gzip.compress(header.tobuf() + bytes(50 << 20), 1)
        assert "header that is too long" in refusal(content, into, GENEROUS)


def test_a_chain_of_long_names(into: Path) -> None:
    link = tarfile.TarInfo("././@LongLink")
    link.type = tarfile.GNUTYPE_LONGNAME
    link.size = 1
    chain = (link.tobuf() + b"a" + bytes(511)) * 5000
    assert refusal(chain, into)


def test_a_sparse_file(into: Path) -> None:
    member = tarfile.TarInfo("sparse")
    member.type = tarfile.GNUTYPE_SPARSE
    assert "special file" in refusal(tar_with(member), into)


def test_an_xz_that_asks_for_gigabytes(into: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
    content = bytearray(lzma.compress(tar_bytes(FILES), filters=filters))
    # The block header follows the 12 bytes of the stream's: size, flags, filter, its size, the
    # dictionary (40 = 4 GiB), padding, checksum
    content[12 + 4] = 40
    size = (content[12] + 1) * 4
    checksum = zlib.crc32(bytes(content[12 : 12 + size - 4]))
    struct.pack_into("<I", content, 12 + size - 4, checksum)
    assert "Memory usage limit" in refusal(bytes(content), into)


@pytest.mark.parametrize("kind", KINDS)
def test_truncated_archives(kind: str, into: Path) -> None:
    content = KINDS[kind]({"a": os.urandom(50_000), "b": os.urandom(50_000)})
    for part in (0.9, 0.5):
        assert refusal(content[: int(len(content) * part)], into)


@given(where=st.floats(0, 0.999), byte=st.integers(0, 255), kind=st.sampled_from(sorted(KINDS)))
def test_a_damaged_byte_is_refused_or_does_no_harm(
    where: float, byte: int, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(KINDS[kind](FILES))
    content[int(where * len(content))] = byte
    into = tmp_path_factory.mktemp("damaged") / "into"
    try:
        unpack(io.BytesIO(bytes(content)), into, SMALL)
    except ArchiveRefused:
        assert not into.exists()


# -- as a source -----------------------------------------------------------------------------------


def png(side: int = 40) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(np.full((side, side), 90, dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def png_that_claims(side: int) -> bytes:
    """Return a small file whose header claims side x side pixels."""
    content = bytearray(png())
    struct.pack_into(">II", content, 16, side, side)
    struct.pack_into(">I", content, 29, zlib.crc32(bytes(content[12:29])))
    return bytes(content)


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_from_an_archive(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "upload"  # told by content, not by name
    path.write_bytes(KINDS[kind]({"set/one.png": png(), "set/huge.png": png_that_claims(100_000)}))
    source = open_source(path, tmp_path / "scratch")
    huge, one = source.candidates()
    assert source.load(one).width == 40
    with pytest.raises(Refused, match=r"huge.png claims far more than 64,000,000 pixels"):
        source.load(huge)


def test_opened_again_it_is_not_unpacked_again(tmp_path: Path) -> None:
    path = tmp_path / "set.zip"
    path.write_bytes(zip_bytes({"one.png": png()}))
    first = open_source(path, tmp_path / "scratch")
    (unpacked,) = (tmp_path / "scratch").iterdir()
    changed = unpacked.stat().st_mtime_ns
    second = open_source(path, tmp_path / "scratch")
    assert second.candidates() == first.candidates()
    assert unpacked.stat().st_mtime_ns == changed
    path.write_bytes(zip_bytes({"two.png": png()}))
    (candidate,) = open_source(path, tmp_path / "scratch").candidates()
    assert candidate.product_id == "two"


def test_a_refused_archive_is_an_unknown_source(tmp_path: Path) -> None:
    path = tmp_path / "set.zip"
    path.write_bytes(zip_bytes({"../one.png": png()}))
    with pytest.raises(UnknownSource, match="leads out"):
        open_source(path, tmp_path / "scratch")
    assert not list((tmp_path / "scratch").iterdir())


def test_without_scratch_it_is_unpacked_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "set.zip"
    path.write_bytes(zip_bytes({"one.png": png()}))
    source = open_source(path)
    assert source.load(source.candidates()[0]).width == 40
