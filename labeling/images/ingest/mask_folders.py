"""Finished masks, one folder per labeler: `SOURCE/<labeler>/<image id>.png`.

The same pixels as the released labels: 8-bit grayscale PNG without a palette, the size of the
image, a terrain class code in each pixel, 255 for no label.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.images.ingest.product_ids import id_of_stem
from labeling.images.ingest.products import Refused, UnknownSource
from labeling.images.ingest.rasters import decode_gray, read_bytes
from terrain.masks import NO_LABEL

# What follows the image's id in the names of released masks: _merged, of MER and Perseverance
# _merged<N> with the number of labels, of Mastcam _15033_merged, of MER's gold _16165_T0_merged
_MERGED_SUFFIX = re.compile(r"(_\d{5}(_T\d)?)?_merged(?P<labels>\d*)\Z")

# No label, in some released masks of Mastcam
_MASTCAM_NULL = 4


class MaskFile(NamedTuple):
    """A mask found by its name; nothing was read yet."""

    labeler: str
    image_id: str
    path: Path


def mask_candidates(source: Path) -> Iterator[MaskFile]:
    """Every `<labeler>/<image id>.png` of a folder, sorted by labeler, then by file name.

    The suffixes of released masks (`_merged`, `_merged8`, `_15033_merged`, `_16165_T0_merged`) are
    trimmed from the image id; files that are not PNG and hidden ones are passed over. Raises
    UnknownSource, before the first is yielded, when the path is not a folder, when its masks lie in
    no labeler's folder, and when there are none.
    """
    if not source.is_dir():
        raise UnknownSource(f"{source} is not a folder. {_EXPECTED}")
    found = [
        MaskFile(folder.name, without_suffix(path.stem), path)
        for folder in sorted(source.iterdir())
        if folder.is_dir() and not folder.name.startswith(".")
        for path in _masks_in(folder)
    ]
    if not found:
        if _masks_in(source):
            raise UnknownSource(f"The masks in {source} are in no labeler's folder. {_EXPECTED}")
        raise UnknownSource(f"There are no masks in {source}. {_EXPECTED}")
    return iter(found)


def without_suffix(stem: str) -> str:
    """The image id in the name of a released mask.

    >>> without_suffix("2n140670982eff6904p1914l0m1_16165_T0_merged")
    '2n140670982eff6904p1914l0m1'
    """
    return _MERGED_SUFFIX.sub("", stem)


def labels_in_name(stem: str) -> int | None:
    """How many labels a released mask was merged from, where its name says so.

    >>> labels_in_name("2n167384928effa9hep0135l0m1_merged5")
    5
    """
    match = _MERGED_SUFFIX.search(stem)
    return int(match["labels"]) if match is not None and match["labels"] else None


class KnownIds:
    """The ids of a campaign's images, found by the names of masks.

    An id is matched as it is written; where there is none, in either letter case: the frames of
    Spirit and Opportunity are in capitals in one archive and in small letters in another.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = frozenset(ids)
        self._folded: dict[str, list[str]] = {}
        for known in self._ids:
            self._folded.setdefault(known.casefold(), []).append(known)

    def of_mask(self, stem: str) -> str | None:
        """The image that a mask of this name, without `.png`, belongs to; None for no image.

        The whole name may be an id, and an id may itself end like a suffix. Characters that cannot
        be in a file's name may be written as releases write them (`product_ids.file_stem`).
        """
        written = (stem, without_suffix(stem))
        names = (*written, *map(id_of_stem, written))
        for name in names:
            if name in self._ids:
                return name
        for name in names:
            alike = self._folded.get(name.casefold(), [])
            if len(alike) == 1:
                return alike[0]
        return None


def passed_over(source: Path) -> list[str]:
    """Files of a folder of masks that are no masks by their place or name, sorted; no hidden ones.

    They are not imported, and an import says so.
    """
    masks = {file.path for file in mask_candidates(source)}
    return sorted(
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file()
        and path not in masks
        and not any(part.startswith(".") for part in path.relative_to(source).parts)
    )


_EXPECTED = (
    "Masks are read from one folder per labeler, SOURCE/<labeler>/<image id>.png, and from a "
    "released tree, such as SOURCE/msl/labels/train/<image id>.png."
)


def _masks_in(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() == ".png" and not path.name.startswith(".") and path.is_file()
    )


def answer_candidates(source: Path) -> list[Path]:
    """The masks of a folder of reference answers, `<image id>.png`, sorted by name.

    Raises UnknownSource when the path is not a folder and when there are none.
    """
    if not source.is_dir():
        raise UnknownSource(
            f"{source} is not a folder. Reference answers are SOURCE/<image id>.png."
        )
    masks = _masks_in(source)
    if not masks:
        raise UnknownSource(f"There are no masks in {source}; expected SOURCE/<image id>.png.")
    return masks


def read_mask(
    path: Path, width: int, height: int, codes: Collection[int], *, is_mastcam: bool = False
) -> npt.NDArray[np.uint8]:
    """The terrain class codes of a mask, uint8 (height, width), 255 = no label.

    width, height: of its image, pixels. codes: the campaign's class codes; 255 is allowed besides,
    and in a mask of Mastcam 4. Raises Refused for what is not a complete 8-bit grayscale PNG of
    that size with these codes.
    """
    mask = decode_gray(read_bytes(path), path.name, "PNG", (width, height))
    return checked_mask(with_null_4(mask, codes) if is_mastcam else mask, path.name, codes)


def with_null_4(mask: npt.NDArray[np.uint8], codes: Collection[int]) -> npt.NDArray[np.uint8]:
    """A mask with 255 in place of 4, where 4 is none of the classes.

    Some released masks of Mastcam have 4 for no label.
    """
    if _MASTCAM_NULL in codes or not (mask == _MASTCAM_NULL).any():
        return mask
    return np.where(mask == _MASTCAM_NULL, np.uint8(NO_LABEL), mask)


def checked_mask(
    mask: npt.NDArray[np.uint8], name: str, codes: Collection[int]
) -> npt.NDArray[np.uint8]:
    """The mask itself, where it has none but the campaign's codes and 255; else Refused."""
    present = np.flatnonzero(np.bincount(mask.ravel(), minlength=NO_LABEL + 1))
    unknown = [int(code) for code in present if code != NO_LABEL and int(code) not in codes]
    if unknown:
        raise Refused(
            f"{name} has the code {', '.join(map(str, unknown))}, which the campaign does not "
            f"know; its classes are {', '.join(map(str, sorted(codes)))}, and 255 is no label."
        )
    return mask
