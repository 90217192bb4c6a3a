"""A plain folder of image files from any source: a lab's rover, the Moon, a drone.

Formats are JPEG, PNG, TIFF, WebP, GIF and BMP, see `rasters.decode_frame`.

A `manifest.csv` at the top may add metadata. Its first row names the columns, in any order. All are
optional, and other columns are ignored:

    file path of the image in the folder; without it, product_id is its name
    product_id              the image's id; by default the file's name without suffix
    rover, camera, eye      words, such as "lab-rover", "navcam-left", "left"
    sol, site, drive        whole numbers
    sequence, spacecraft_clock, local_true_solar_time, geometry ("raw" or "linearised")
    start_time              ISO 8601, in UTC unless it says otherwise
    azimuth, elevation      where the camera points, degrees
    camera_model            a camera model as JSON: {"model_type": "CAHV", "c": [x, y, z], ...}

If there is a manifest, an image that it does not name is refused. An image with the product id of a
known rover gets that rover's metadata, unless the manifest gives others; thumbnails and downsampled
frames are refused. A PNG of few values in a folder of labels or masks is not used, unless the
manifest names it.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath

from labeling.images.ingest.leftovers import (
    MASK,
    PICTURE_SUFFIXES,
    is_in_mask_folder,
    is_picture,
    why_unused,
)
from labeling.images.ingest.places import Place
from labeling.images.ingest.product_ids import ProductId, parse_product_id
from labeling.images.ingest.products import (
    PLAIN_PRESET,
    Candidate,
    NotUsed,
    Product,
    Refused,
    UnknownSource,
    Unused,
)
from labeling.images.ingest.rasters import checksum, decode_frame, has_few_values, read_bytes
from terrain import tables
from terrain.camera import CameraModel

MANIFEST = "manifest.csv"
GEOMETRIES = frozenset({"", "raw", "linearised"})

# Characters of a path that become an id
_MAX_ID = 100
_MAX_FILE = 400

Row = Mapping[str, str]


class PlainFolder:
    """A source of image files. `manifest` is its name in the place, None if there is none.

    `above` are the names of the folders above the place. `only` is the single image to import, ""
    for all.
    """

    preset = PLAIN_PRESET

    def __init__(
        self, place: Place, manifest: str | None, above: tuple[str, ...] = (), only: str = ""
    ) -> None:
        self.place = place
        self.manifest = manifest
        self.above = above
        self.only = only

    @classmethod
    def find(cls, place: Place, above: tuple[str, ...] = (), only: str = "") -> PlainFolder | None:
        """Return the image files of a place; None if there are none.

        The manifest may be in a single top folder, which many archives have. Raises UnknownSource
        for an unreadable manifest.
        """
        names = place.names()
        if not any(is_picture(name) for name in names if only in {"", name}):
            return None
        tops = {PurePosixPath(name).parts[0] for name in names}
        wanted = {MANIFEST, f"{min(tops)}/{MANIFEST}"} if len(tops) == 1 else {MANIFEST}
        manifest = next((name for name in names if name.lower() in _lower(wanted)), None)
        source = cls(place, manifest, above, only)
        source._rows()
        return source

    def candidates(self) -> list[Candidate]:
        """Return every image file and every row of the manifest, sorted by product id, without
        opening any.

        The id is the file's name without suffix. If two files give the same id (`a/1.png`,
        `b/1.png`), their ids are made of the whole path. A PNG in a folder of masks never takes the
        id of an image.
        """
        names = [name for name in self.place.names() if is_picture(name)]
        rows = self._rows()
        stems = Counter(PurePosixPath(name).stem for name in names)
        # A mask beside a picture has the picture's name
        pictures = Counter(PurePosixPath(name).stem for name in names if not self._is_beside(name))
        found = []
        for name in names:
            given = rows.get(name, {}).get("product_id", "")
            stem = PurePosixPath(name).stem
            is_clear = stems[stem] == 1 or (pictures[stem] == 1 and not self._is_beside(name))
            found.append(Candidate(given or (stem if is_clear else _id_of_path(name)), name))
        missing = set(rows) - set(names)
        found += [
            Candidate(rows[name].get("product_id") or PurePosixPath(name).stem, name)
            for name in missing
        ]
        wanted = [candidate for candidate in found if self.only in {"", candidate.name}]
        return sorted(wanted, key=lambda candidate: (candidate.product_id, candidate.name))

    def _is_beside(self, name: str) -> bool:
        return name.lower().endswith(".png") and is_in_mask_folder(name, self.above)

    def unused(self) -> list[Unused]:
        """Return all files except image files and the manifest."""
        if self.only:
            return []
        others = [
            Unused(name, why_unused(name))
            for name in self.place.names()
            if not is_picture(name) and name != self.manifest
        ]
        return self.place.left_out() + others

    def checksum(self, candidate: Candidate) -> str:
        return checksum(self.place.fetch(candidate.name))

    def load(self, candidate: Candidate, allow: Collection[str] = frozenset()) -> Product:
        """Read an image file and its row. Raise Refused, naming the file or the column at fault.

        Raises NotUsed for a mask. `allow` is as in `products.Source`; no unknown camera is refused.
        """
        name = candidate.name
        rows = self._rows()
        if self.manifest is not None and name not in rows:
            raise Refused(f"{name} is not in {self.manifest}. Add it there, or remove the file.")
        row = rows.get(name, {})
        parts = parse_product_id(PurePosixPath(name).stem)
        if parts is not None:
            if not parts.is_full_frame:
                raise Refused(
                    f"{name} has the name of a downsampled or cropped frame; only full frames are "
                    "imported."
                )
            row = _row_of(parts) | {column: text for column, text in row.items() if text}
        path = self.place.fetch(name)
        read = _RowReader(row, name)
        content = read_bytes(path)
        if name not in rows and is_in_mask_folder(name, self.above) and has_few_values(content):
            raise NotUsed(MASK)
        frame = decode_frame(content, PurePosixPath(name).name)
        return Product(
            product_id=candidate.product_id,
            rover=row.get("rover", ""),
            camera=row.get("camera", ""),
            eye=row.get("eye", ""),
            sol=read.integer("sol"),
            start_time=read.time("start_time"),
            site=read.integer("site"),
            drive=read.integer("drive"),
            sequence=row.get("sequence", ""),
            linear=frame.linear,
            original_jpeg=frame.jpeg,
            pixels=frame.pixels,
            source_path=name,
            source_sha256=hashlib.sha256(content).hexdigest(),
            camera_model=read.camera_model("camera_model"),
            spacecraft_clock=row.get("spacecraft_clock", ""),
            local_true_solar_time=row.get("local_true_solar_time", ""),
            pointing=read.pair("azimuth", "elevation"),
            geometry=read.one_of("geometry", GEOMETRIES),
        )

    def _rows(self) -> Mapping[str, Row]:
        """Return the manifest's rows by the name of their file in the place; empty without one."""
        if self.manifest is None:
            return {}
        try:
            path = self.place.fetch(self.manifest)
        except Refused as refused:
            raise UnknownSource(str(refused)) from refused
        status = path.stat()
        return _read_manifest(path, self.manifest, self.place, status.st_mtime_ns, status.st_size)


# A worker opens the same source for each of its frames
@lru_cache(maxsize=4)
def _read_manifest(
    path: Path, name: str, place: Place, modified: int, size: int
) -> Mapping[str, Row]:
    """Read the rows by file. Raise UnknownSource if the file is not such a table."""
    try:
        text = tables.decode_table(read_bytes(path)).replace("\0", "")
        table = [row for _, row in tables.read_rows(text)[1]]
    except Refused as refused:
        raise UnknownSource(str(refused)) from refused
    except UnicodeDecodeError as error:
        raise UnknownSource(f"{name} is not a CSV file in UTF-8. Save it as one.") from error
    except csv.Error as error:
        raise UnknownSource(f"{name} is not a CSV file in UTF-8: {error}.") from error
    folder = PurePosixPath(name).parent
    wanted = []
    for number, row in enumerate(table, start=2):
        file = row.get("file") or row.get("product_id", "")
        if not 0 < len(file) <= _MAX_FILE:
            raise UnknownSource(
                f"Row {number} of {name} has no usable file or product_id. Its first row must "
                "name these columns."
            )
        wanted.append((folder / file.replace("\\", "/").lstrip("/")).as_posix())
    files = _Files((file for file in place.names() if is_picture(file)), wanted)
    found: dict[str, Row] = {}
    for number, (row, file) in enumerate(
        zip(table, map(files.named, wanted), strict=True), start=2
    ):
        if file in found:
            raise UnknownSource(f"{name} has {file} twice, the second time in row {number}.")
        found[file] = row
    return found


class _Files:
    """Finds the files named in rows. `names` are the files of the place, `wanted` those of all
    rows.
    """

    def __init__(self, names: Iterable[str], wanted: Iterable[str]) -> None:
        self.by_key: dict[str, str | None] = {}
        self.names = set(names)
        for name in sorted(self.names.difference(wanted)):
            for key in set(_keys(name)):
                self.by_key[key] = None if key in self.by_key else name

    def named(self, wanted: str) -> str:
        """Return the file of this exact name, or the only similar one, or else the name itself.

        A similar name differs in letter case, folder or suffix, and no row names it. If the result
        is the name itself, the file is missing.
        """
        if wanted in self.names:
            return wanted
        for key in _keys(wanted):
            if file := self.by_key.get(key):
                return file
        return wanted


def _keys(name: str) -> Iterator[str]:
    path = PurePosixPath(name.lower())
    stem = path.with_suffix("") if path.suffix in PICTURE_SUFFIXES else path
    yield f"path {path}"
    yield f"name {path.name}"
    yield f"stem {stem}"
    yield f"name stem {stem.name}"


class _RowReader:
    """Reads the values of a row, and refuses those that do not fit their column."""

    def __init__(self, row: Row, name: str) -> None:
        self.row = row
        self.name = name

    def integer(self, column: str) -> int | None:
        text = self.row.get(column, "")
        if not text:
            return None
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise self._refused(column, "a whole number")
        return int(text)

    def pair(self, *columns: str) -> tuple[float, float] | None:
        if not all(self.row.get(column) for column in columns):
            return None
        values = []
        for column in columns:
            if not re.fullmatch(r"[-+]?[0-9]{1,4}(\.[0-9]*)?", self.row[column]):
                raise self._refused(column, "an angle in degrees")
            values.append(float(self.row[column]))
        return values[0], values[1]

    def time(self, column: str) -> datetime | None:
        text = self.row.get(column, "")
        if not text:
            return None
        try:
            time = datetime.fromisoformat(text)
        except ValueError:
            raise self._refused(column, "a time such as 2026-03-01T12:00:00Z") from None
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)

    def one_of(self, column: str, words: frozenset[str]) -> str:
        text = self.row.get(column, "").lower()
        if text not in words:
            raise self._refused(column, " or ".join(sorted(words - {""})))
        return text

    def camera_model(self, column: str) -> CameraModel | None:
        text = self.row.get(column, "")
        if not text:
            return None
        try:
            return CameraModel.from_json(dict(json.loads(text)))
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise self._refused(column, f"a camera model ({error})") from error

    def _refused(self, column: str, expected: str) -> Refused:
        return Refused(f"{self.name} has {self.row[column]!r} as {column}, not {expected}.")


def _row_of(parts: ProductId) -> dict[str, str]:
    """Return the parts of a product id as a row of a manifest."""
    told = {
        "rover": parts.rover,
        "camera": parts.camera,
        "eye": parts.eye,
        "sol": parts.sol,
        "site": parts.site,
        "drive": parts.drive,
        "sequence": parts.sequence,
        "geometry": "linearised" if parts.is_linearised else "raw",
    }
    return {column: str(value) for column, value in told.items() if value is not None}


def _id_of_path(name: str) -> str:
    """Return an id made from a whole path, with a hash of the path so that ids are unique."""
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name.rpartition('.')[0].replace('/', '_')[-_MAX_ID:]}-{mark}"


def _lower(names: Collection[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
