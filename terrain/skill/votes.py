"""The votes of many images in one table, in blocks, for models that iterate over them.

Each pattern of votes has its number of pixels, and each vote its labeler and class, in 8 bytes. An
image with ten labels and 256 patterns takes some 15 KB.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from terrain.skill.patterns import NO_VOTE, VotePatterns

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Real = npt.NDArray[np.float64]
Places = npt.NDArray[np.int32]

#: Patterns of one block, which bounds the memory of a computation to some 100 MB.
BLOCK_PATTERNS = 100_000


@dataclass(frozen=True, slots=True)
class ImageVotes:
    """The vote patterns of one image, and the labeler (an index) of each of its labels."""

    patterns: VotePatterns
    labelers: Sequence[int]


@dataclass(frozen=True, slots=True)
class Block:
    """The vote patterns of some images.

    ``marks`` is a sparse indicator matrix (patterns, labelers * classes) with a 1 for each vote, in
    column ``labeler * classes + class``. ``pixels``: float64 (patterns,), the pixel count of each
    pattern. ``image``: int32 (patterns,), its image. ``label``: int32 (votes,), the label of each
    vote, in the order of ``marks``. Images and labels are numbered across the campaign.
    """

    marks: csr_array
    pixels: Real
    image: Places
    label: Places

    @property
    def pattern(self) -> npt.NDArray[np.int64]:
        """Return the pattern of each vote: int64 (votes,)."""
        return np.repeat(np.arange(len(self.pixels)), np.diff(self.marks.indptr))


@dataclass(frozen=True, slots=True)
class CampaignVotes:
    """All votes of a campaign; ``labelers`` is int32 (labels,), the author of each label."""

    classes: int
    labeler_count: int
    image_count: int
    labelers: Places
    blocks: tuple[Block, ...]

    @property
    def pixels(self) -> float:
        """Return the number of pixels of all patterns."""
        return float(sum(block.pixels.sum() for block in self.blocks))


def collect_votes(images: Iterable[ImageVotes], labeler_count: int, classes: int) -> CampaignVotes:
    """Collect the votes of images; their labels are numbered in the order given.

    ``labeler_count`` is one more than the largest labeler index, ``classes`` one more than the
    largest class index in the votes. Patterns without a vote are left out.

    >>> patterns = VotePatterns(np.array([[0, 1]], dtype=np.uint8), np.array([5]))
    >>> votes = collect_votes([ImageVotes(patterns, labelers=[0, 1])], labeler_count=2, classes=2)
    >>> votes.pixels, votes.labelers.tolist(), votes.blocks[0].marks.toarray().tolist()
    (5.0, [0, 1], [[1.0, 0.0, 0.0, 1.0]])
    """
    builder = _Builder(labeler_count, classes)
    for votes in images:
        builder.add(votes)
    return builder.finished()


class _Builder:
    def __init__(self, labeler_count: int, classes: int) -> None:
        self.labeler_count, self.classes = labeler_count, classes
        self.blocks: list[Block] = []
        self.labelers: list[Places] = []
        self.labels = self.images = self.waiting = 0
        self.parts: list[tuple[Places, npt.NDArray[np.int64], Real, Places, Places]] = []
        # One array of ones for the marks of all blocks.
        self.ones: Real = np.ones(0)

    def add(self, votes: ImageVotes) -> None:
        patterns = votes.patterns.where(votes.patterns.voters > 0)
        who = np.asarray(votes.labelers, dtype=np.int32)
        pattern, label = np.nonzero(patterns.votes != NO_VOTE)
        column = who[label] * self.classes + patterns.votes[pattern, label]
        self.parts.append(
            (
                column.astype(np.int32),
                patterns.voters,
                patterns.pixels.astype(np.float64),
                np.full(len(patterns.pixels), self.images, dtype=np.int32),
                (self.labels + label).astype(np.int32),
            )
        )
        self.labelers.append(who)
        self.labels += len(who)
        self.images += 1
        self.waiting += len(patterns.pixels)
        if self.waiting >= BLOCK_PATTERNS:
            self._close()

    def _close(self) -> None:
        from scipy.sparse import csr_array

        if not self.parts:
            return
        column, voters, pixels, image, label = (
            np.concatenate(arrays) for arrays in zip(*self.parts, strict=True)
        )
        if len(column) > len(self.ones):
            self.ones = np.ones(len(column))
        starts = np.concatenate([[0], np.cumsum(voters)]).astype(np.int32)
        shape = (len(pixels), self.labeler_count * self.classes)
        marks = csr_array((self.ones[: len(column)], column, starts), shape=shape)
        self.blocks.append(Block(marks, pixels, image, label))
        self.parts, self.waiting = [], 0

    def finished(self) -> CampaignVotes:
        self._close()
        none = np.zeros(0, dtype=np.int32)
        return CampaignVotes(
            self.classes,
            self.labeler_count,
            self.images,
            np.concatenate([none, *self.labelers]),
            tuple(self.blocks),
        )
