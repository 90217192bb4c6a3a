"""The pictures of one image: their sizes and values, and what lies under or inside what."""

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
#: The bytes of a PNG's header that say its depth, 8 bits, and its kind, gray (ISO 15948, 11.2.2).
_DEPTH_AND_KIND = slice(24, 26)
_EIGHT_BIT_GRAY = b"\x08\x00"


class _Wrong(Exception):
    """A file is not what it should be; the sentence says how."""


@dataclass(frozen=True, slots=True)
class CheckImage:
    """Checks the files of one image; it can be sent to other processes."""

    tree: Tree
    codes: tuple[int, ...]
    method: MergeMethod | None

    def __call__(self, subject: Subject) -> list[Problem]:
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
            # The train masks that were first released were not cut by the masks.
            if variant == "train" and (self.method is None or subject.is_imported):
                continue
            if removed is not None and removed.shape == mask.shape:
                count = int(((mask != NO_LABEL) & removed).sum())
                if count:
                    said = f"{count:,} pixels under the rover or range mask have a label."
                    problems.append(Problem(subject.masks[variant], said))
        if subject.is_recomputed:
            assert self.method is not None, "chosen by it"
            problems += recompute(self.tree, self.codes, self.method, subject, masks, removed)
        return problems

    def _size(self, frame: str | None, problems: list[Problem]) -> tuple[int, int] | None:
        if frame is None:
            return None
        try:
            with Pillow.open(io.BytesIO(self.tree.read(frame))) as picture:
                return picture.height, picture.width
        except (Unreadable, OSError, ValueError, Pillow.DecompressionBombError) as error:
            problems.append(Problem(frame, f"The picture cannot be read: {error}."))
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
            found, wanted = f"{mask.shape[1]} x {mask.shape[0]}", f"{size[1]} x {size[0]}"
            problems.append(Problem(path, f"It is {found} pixels, its picture {wanted}."))
        there = np.flatnonzero(np.bincount(mask.ravel(), minlength=256))
        unknown = sorted(set(there.tolist()) - set(values))
        if unknown:
            said = f"It has the values {', '.join(map(str, unknown))}, which mean nothing."
            problems.append(Problem(path, said))
        return mask


def _read(tree: Tree, path: str) -> Mask:
    """An 8-bit gray PNG, uint8 (height, width). Raises _Wrong."""
    try:
        content = tree.read(path)
        if not content.startswith(_PNG) or content[_DEPTH_AND_KIND] != _EIGHT_BIT_GRAY:
            raise _Wrong("It is not an 8-bit grayscale PNG.")
        with Pillow.open(io.BytesIO(content)) as picture:
            return np.asarray(picture)
    except (Unreadable, OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise _Wrong(f"It cannot be read: {error}.") from error


def _unnested(subject: Subject, masks: Mapping[str, Mask]) -> Iterator[Problem]:
    """min3 lies in min2 and min2 in min1, with the same classes (paper 3.3)."""
    for wide, narrow in pairwise(GOLD_VARIANTS):
        if wide in masks and narrow in masks and masks[wide].shape == masks[narrow].shape:
            inner = masks[narrow]
            count = int(((inner != NO_LABEL) & (inner != masks[wide])).sum())
            if count:
                said = f"{count:,} pixels have a label that is not in {wide.removeprefix('gold-')}."
                yield Problem(subject.masks[narrow], said)
