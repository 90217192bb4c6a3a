"""Masks to import as labels, one folder per labeler: `SOURCE/<labeler>/<image id>.png`.

The format is that of the released labels: 8-bit grayscale PNG without a palette, the size of the
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

# Suffixes after the image's id in names of released masks: _merged; for MER and Perseverance
# _merged<N> with the number of labels; for Mastcam _15033_merged; for MER gold _16165_T0_merged
_MERGED_SUFFIX = re.compile(r"(_\d{5}(_T\d)?)?_merged(?P<labels>\d*)\Z")

# The code for no label in some released masks of Mastcam
_MASTCAM_NULL = 4


class MaskFile(NamedTuple):
    """A mask found by its name; nothing is read yet."""

    labeler: str
    image_id: str
    path: Path


def mask_candidates(source: Path) -> Iterator[MaskFile]:
    """Yield every `<labeler>/<image id>.png` of a folder, sorted by labeler, then by file name.

    The suffixes of released masks (`_merged`, `_merged8`, `_15033_merged`, `_16165_T0_merged`) are
    removed from the image id. Hidden files and files other than PNG are skipped. Raises
    UnknownSource, before the first mask, if the path is not a folder, if its masks are not in
    folders of labelers, and if there are none.
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
            raise UnknownSource(
                f"The masks in {source} are not in folders of labelers. {_EXPECTED}"
            )
        raise UnknownSource(f"There are no masks in {source}. {_EXPECTED}")
    return iter(found)


def without_suffix(stem: str) -> str:
    """Return the image id in the name of a released mask.

    >>> without_suffix("2n140670982eff6904p1914l0m1_16165_T0_merged")
    '2n140670982eff6904p1914l0m1'
    """
    return _MERGED_SUFFIX.sub("", stem)


def label_count_in_name(stem: str) -> int | None:
    """Return how many labels a released mask was merged from; None if its name does not say.

    >>> label_count_in_name("2n167384928effa9hep0135l0m1_merged5")
    5
    """
    match = _MERGED_SUFFIX.search(stem)
    return int(match["labels"]) if match is not None and match["labels"] else None


class ImageIds:
    """The ids of a campaign's images, to look up by names of masks.

    An id is matched exactly, or else without regard to case: the frames of Spirit and Opportunity
    are in capitals in one archive and in small letters in another.
    """

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = frozenset(ids)
        self._folded: dict[str, list[str]] = {}
        for known in self._ids:
            self._folded.setdefault(known.casefold(), []).append(known)

    def find_by_mask_name(self, stem: str) -> str | None:
        """Return the id of the image of a mask with this name, without `.png`; None if unknown.

        The whole name may be an id, and an id may itself end like a suffix. Characters that file
        names cannot have may be encoded as in releases (`product_ids.file_stem`).
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


def skipped_files(source: Path) -> list[str]:
    """Return the files that are not masks by place or name, sorted, without hidden ones.

    An import lists them as not imported.
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
    """Return the masks of a folder of reference answers, `<image id>.png`, sorted by name.

    Raises UnknownSource if the path is not a folder, or if there are none.
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
    """Read the terrain class codes of a mask, uint8 (height, width), 255 = no label.

    Args:
        path: The PNG.
        width, height: Size of its image, pixels.
        codes: The campaign's class codes. 255 is allowed too, and 4 in a mask of Mastcam.
        is_mastcam: Whether it is a mask of Mastcam.

    Raises:
        Refused: It is not a complete 8-bit grayscale PNG of that size with these codes.
    """
    mask = decode_gray(read_bytes(path), path.name, "PNG", (width, height))
    return checked_mask(drop_code_4(mask, codes) if is_mastcam else mask, path.name, codes)


def drop_code_4(mask: npt.NDArray[np.uint8], codes: Collection[int]) -> npt.NDArray[np.uint8]:
    """Return a mask with 255 in place of 4, unless 4 is a class.

    Some released masks of Mastcam use 4 for no label.
    """
    if _MASTCAM_NULL in codes or not (mask == _MASTCAM_NULL).any():
        return mask
    return np.where(mask == _MASTCAM_NULL, np.uint8(NO_LABEL), mask)


def checked_mask(
    mask: npt.NDArray[np.uint8], name: str, codes: Collection[int]
) -> npt.NDArray[np.uint8]:
    """Return the mask itself. Raise Refused if it has other codes than the campaign's and 255."""
    present = np.flatnonzero(np.bincount(mask.ravel(), minlength=NO_LABEL + 1))
    unknown = [int(code) for code in present if code != NO_LABEL and int(code) not in codes]
    if unknown:
        raise Refused(
            f"{name} has the code {', '.join(map(str, unknown))}, which is not a class of the "
            f"campaign. Its classes are {', '.join(map(str, sorted(codes)))}, and 255 is no label."
        )
    return mask
