"""Verification of the files of one image: sizes, values, and nesting of masks."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PIL import Image as Pillow

from merging.formats.contents.facts import GOLD_VARIANTS
from merging.formats.tree.tree_files import Tree, Unreadable
from merging.formats.verification.findings import Problem, Subject
from merging.formats.verification.recomputed import recompute
from terrain.aggregation.methods import MergeMethod
from terrain.masks import NO_LABEL, Mask

_PNG = b"\x89PNG\r\n\x1a\n"
#: The bytes of a PNG header with the bit depth and the color type (ISO 15948, 11.2.2).
_DEPTH_AND_KIND = slice(24, 26)
_EIGHT_BIT_GRAY = b"\x08\x00"


class _Wrong(Exception):
    """A file is invalid. The message says why."""


@dataclass(frozen=True, slots=True)
class CheckImage:
    """Verifies the files of one image. It can be sent to other processes."""

    tree: Tree
    codes: tuple[int, ...]
    method: MergeMethod | None

    def __call__(self, subject: Subject) -> list[Problem]:
        """Return the problems of one image."""
        problems: list[Problem] = []
        size = self._size(subject.frame, problems)
        removed = None
        for path in subject.removing:
            mask = self._gray(path, size, (0, 1), problems)
            if mask is not None and (removed is None or removed.shape == mask.shape):
                removed = mask != 0 if removed is None else removed | (mask != 0)
        masks: dict[str, Mask] = {}
        for variant, path in subject.masks.items():
            mask = self._gray(path, size, (*self.codes, NO_LABEL), problems)
            if mask is not None:
                masks[variant] = mask
        problems += _unnested(subject, masks)
        for variant, mask in masks.items():
            # The train masks of the first release were not post-processed.
            if variant == "train" and (self.method is None or subject.is_imported):
                continue
            if removed is not None and removed.shape == mask.shape:
                count = int(((mask != NO_LABEL) & removed).sum())
                if count:
                    said = f"{count:,} pixels under the rover or range mask have a label."
                    problems.append(Problem(subject.masks[variant], said))
        if subject.is_recomputed:
            assert self.method is not None, "only images with a method are recomputed"
            problems += recompute(self.tree, self.codes, self.method, subject, masks, removed)
        return problems

    def _size(self, frame: str | None, problems: list[Problem]) -> tuple[int, int] | None:
        if frame is None:
            return None
        try:
            with Pillow.open(io.BytesIO(self.tree.read(frame))) as picture:
                return picture.height, picture.width
        except (Unreadable, OSError, ValueError, Pillow.DecompressionBombError) as error:
            problems.append(Problem(frame, f"The image cannot be read: {error}."))
            return None

    def _gray(
        self,
        path: str,
        size: tuple[int, int] | None,
        values: Collection[int],
        problems: list[Problem],
    ) -> Mask | None:
        try:
            mask = _read(self.tree, path)
        except _Wrong as wrong:
            problems.append(Problem(path, str(wrong)))
            return None
        if size is not None and mask.shape != size:
            found, expected = f"{mask.shape[1]} x {mask.shape[0]}", f"{size[1]} x {size[0]}"
            problems.append(
                Problem(path, f"Its size is {found} pixels, but its image has {expected}.")
            )
        there = np.flatnonzero(np.bincount(mask.ravel(), minlength=256))
        unknown = sorted(set(there.tolist()) - set(values))
        if unknown:
            said = f"It has the values {', '.join(map(str, unknown))}, which are not class codes."
            problems.append(Problem(path, said))
        return mask


def _read(tree: Tree, path: str) -> Mask:
    """Return an 8-bit gray PNG as uint8 (height, width).

    Raises:
        _Wrong: It is not such a file.
    """
    try:
        content = tree.read(path)
        if not content.startswith(_PNG) or content[_DEPTH_AND_KIND] != _EIGHT_BIT_GRAY:
            raise _Wrong("It is not an 8-bit grayscale PNG.")
        with Pillow.open(io.BytesIO(content)) as picture:
            return np.asarray(picture)
    except (Unreadable, OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise _Wrong(f"It cannot be read: {error}.") from error


def _unnested(subject: Subject, masks: Mapping[str, Mask]) -> Iterator[Problem]:
    """Yield gold masks that are not nested: min3 in min2 in min1 (paper 3.3)."""
    for wide, narrow in pairwise(GOLD_VARIANTS):
        if wide in masks and narrow in masks and masks[wide].shape == masks[narrow].shape:
            inner = masks[narrow]
            count = int(((inner != NO_LABEL) & (inner != masks[wide])).sum())
            if count:
                said = f"{count:,} pixels have a label that is not in {wide.removeprefix('gold-')}."
                yield Problem(subject.masks[narrow], said)
