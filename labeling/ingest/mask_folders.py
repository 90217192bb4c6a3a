"""Finished masks, one folder per labeler: `SOURCE/<labeler>/<image id>.png`.

The same pixels as the released labels: 8-bit greyscale PNG without a palette, the size of the
image, a terrain class code in each pixel, 255 for no label.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.ingest.products import Refused, UnknownSource
from labeling.ingest.rasters import decode_grey, read_bytes
from labeling.masks import NO_LABEL

# Released gold labels are named <ID>_merged.png; of MER and M2020, <id>_merged<N>.png
_MERGED_SUFFIX = re.compile(r"_merged\d*$")


class MaskFile(NamedTuple):
    """A mask found by its name; nothing was read yet."""

    labeler: str
    image_id: str
    path: Path


def mask_candidates(source: Path) -> Iterator[MaskFile]:
    """Every `<labeler>/<image id>.png` of a folder, sorted by labeler, then by file name.

    A `_merged` suffix is trimmed from the image id; files that are not PNG and hidden ones are
    passed over. Raises UnknownSource, before the first is yielded, when the path is not a folder,
    when its masks lie in no labeler's folder, and when there are none.
    """
    if not source.is_dir():
        raise UnknownSource(f"{source} is not a folder. {_EXPECTED}")
    found = [
        MaskFile(folder.name, _MERGED_SUFFIX.sub("", path.stem), path)
        for folder in sorted(source.iterdir())
        if folder.is_dir() and not folder.name.startswith(".")
        for path in _masks_in(folder)
    ]
    if not found:
        if _masks_in(source):
            raise UnknownSource(f"The masks in {source} are in no labeler's folder. {_EXPECTED}")
        raise UnknownSource(f"There are no masks in {source}. {_EXPECTED}")
    return iter(found)


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


_EXPECTED = "Masks are read from one folder per labeler: SOURCE/<labeler>/<image id>.png."


def _masks_in(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() == ".png" and not path.name.startswith(".") and path.is_file()
    )


def answer_candidates(source: Path) -> list[Path]:
    """The masks of a folder of known answers, `<image id>.png`, sorted by name.

    Raises UnknownSource when the path is not a folder and when there are none.
    """
    if not source.is_dir():
        raise UnknownSource(f"{source} is not a folder. Known answers are SOURCE/<image id>.png.")
    masks = _masks_in(source)
    if not masks:
        raise UnknownSource(f"There are no masks in {source}; expected SOURCE/<image id>.png.")
    return masks


def read_mask(path: Path, width: int, height: int, codes: Collection[int]) -> npt.NDArray[np.uint8]:
    """The terrain class codes of a mask, uint8 (height, width), 255 = no label.

    width, height: of its image, pixels. codes: the campaign's class codes; 255 is allowed besides.
    Raises Refused for what is not a complete 8-bit greyscale PNG of that size with these codes.
    """
    return checked_mask(
        decode_grey(read_bytes(path), path.name, "PNG", (width, height)), path.name, codes
    )


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
