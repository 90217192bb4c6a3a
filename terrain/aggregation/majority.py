"""Merging the labels of an image by majority vote, pixel by pixel (paper 3.3)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from terrain.bitplanes import Planes
from terrain.masks import NO_LABEL

Mask = npt.NDArray[np.uint8]
Votes = npt.NDArray[np.unsignedinteger]

# Pixels counted at once: the counts of all classes stay in the processor's cache.
CHUNK = 1 << 16


class UnequalMasks(ValueError):
    """The masks to be merged differ in size, so they are not of one image."""


@dataclass(frozen=True, slots=True)
class MergeRule:
    """The condition under which the class with the most votes becomes a pixel's label.

    At least ``minimum`` labelers chose the class, and they are at least ``percent`` percent (more
    than ``percent`` percent when ``strict``) of the labelers who labeled the pixel.
    """

    minimum: int
    percent: int | Fraction
    strict: bool

    def __post_init__(self) -> None:
        if self.minimum < 1:
            raise ValueError("A class needs at least one vote to win: use a minimum of 1 or more.")
        if not 0 <= self.percent <= 100:
            raise ValueError("A share of the votes is 0 to 100 percent: choose one in between.")

    def __str__(self) -> str:
        share = f"more than {self.percent} %" if self.strict else f"at least {self.percent} %"
        return f"at least {self.minimum} labelers and {share} of those who labeled the pixel"


# Paper 3.3: at least 3 labelers and more than 65 %; 13 of 20 is not enough.
PAPER_RULE = MergeRule(minimum=3, percent=65, strict=True)

# The release's info.md: "a minimum agreement of 3 labelers and 2/3 agreement for each pixel".
RELEASE_RULE = MergeRule(minimum=3, percent=Fraction(200, 3), strict=False)


def gold_rule(minimum: int) -> MergeRule:
    """Return the rule of a gold variant: at least ``minimum`` experts, all agreeing (paper 3.3)."""
    return MergeRule(minimum=minimum, percent=100, strict=False)


# The gold set's three variants, min1, min2 and min3.
GOLD_RULES = {minimum: gold_rule(minimum) for minimum in (1, 2, 3)}


def merge_masks(
    masks: Iterable[Mask], codes: Sequence[int], rule: MergeRule, *, shape: tuple[int, int]
) -> Mask:
    """Merge the labels of one image by a vote per pixel (paper 3.3).

    A pixel gets the class with the most votes, if ``rule`` accepts it. Unlabeled pixels of a label
    are not votes. A tie stays unlabeled. The order of the masks does not matter, and all
    comparisons are in integers.

    Args:
        masks: One mask per label, uint8 (height, width) of class codes and ``NO_LABEL``.
        codes: The class codes; other codes are not votes.
        rule: The rule that a winning class must satisfy.
        shape: (height, width) of the image.

    Returns:
        The merged mask, uint8 of ``shape``, ``NO_LABEL`` where no class wins, and everywhere
        without masks.

    Raises:
        UnequalMasks: A mask has another shape.

    >>> labels = [np.array([codes], dtype=np.uint8) for codes in ([1, 0], [1, 2], [1, 255])]
    >>> merge_masks(labels, (0, 1, 2), PAPER_RULE, shape=(1, 2))
    array([[  1, 255]], dtype=uint8)
    """
    lines = _lines(masks, shape)
    merged = np.full(shape[0] * shape[1], NO_LABEL, dtype=np.uint8)
    classes = np.array(codes, dtype=np.uint8)
    if lines and len(classes):
        # Allocated once: fresh memory for every chunk would cost more than the counting.
        given = np.empty((len(lines), min(CHUNK, merged.size)), dtype=np.uint8)
        chosen = np.empty_like(given)
        for first in range(0, merged.size, CHUNK):
            chunk = merged[first : first + CHUNK]
            for row, line in zip(given, lines, strict=True):
                row[: chunk.size] = line[first : first + CHUNK]
            # Most images have large unlabeled parts, such as sky and distant ground.
            if given[:, : chunk.size].min() == NO_LABEL:
                continue
            votes = _count_votes(given[:, : chunk.size], classes, chosen[:, : chunk.size])
            chunk[:] = _winners(votes, classes, rule, len(lines))
    return merged.reshape(shape)


def merge_planes(
    labels: Sequence[Planes], codes: Sequence[int], rule: MergeRule, *, shape: tuple[int, int]
) -> Mask:
    """Merge labels given as bit planes (``terrain.bitplanes``), as ``merge_masks`` does.

    ``labels`` has one uint64 array (classes, words) per label, with the classes in the order of
    ``codes``. Empty planes are skipped.
    """
    merged = np.full(shape[0] * shape[1], NO_LABEL, dtype=np.uint8)
    classes = np.array(codes, dtype=np.uint8)
    tally = np.empty((len(codes), CHUNK), dtype=_smallest_unsigned(len(labels)))
    for first in range(0, merged.size, CHUNK):
        chunk = merged[first : first + CHUNK]
        words = slice(first // 64, (first + CHUNK) // 64)
        votes = tally[:, : chunk.size]
        votes[:] = 0
        for label in labels:
            part = label[:, words]
            for k in np.flatnonzero(part.any(axis=1)):
                octets = part[k].astype("<u8", copy=False).view(np.uint8)
                votes[k] += np.unpackbits(octets, count=chunk.size, bitorder="little")
        if votes.any():
            chunk[:] = _winners(votes, classes, rule, len(labels))
    return merged.reshape(shape)


def _lines(masks: Iterable[Mask], shape: tuple[int, int]) -> list[Mask]:
    """Return each mask as one row of pixels."""
    masks = list(masks)
    for mask in masks:
        if mask.shape != shape:
            raise UnequalMasks(
                f"A mask of {mask.shape[1]} x {mask.shape[0]} pixels cannot vote on an image of "
                f"{shape[1]} x {shape[0]}: merge labels of one image only."
            )
    return [np.ascontiguousarray(mask).reshape(-1) for mask in masks]


def _count_votes(given: Mask, codes: Mask, chosen: Mask) -> Votes:
    """Count the labels that give each code: (classes, pixels).

    ``given`` is (labels, pixels); ``chosen`` is scratch space of the same shape.
    """
    votes = np.empty((len(codes), given.shape[1]), dtype=_smallest_unsigned(len(given)))
    for k, code in enumerate(codes):
        # As numbers 0 and 1: adding bools would convert them piece by piece.
        np.equal(given, code, out=chosen.view(np.bool_))
        np.add.reduce(chosen, axis=0, dtype=votes.dtype, out=votes[k])
    return votes


def _winners(votes: Votes, codes: Mask, rule: MergeRule, labels: int) -> Mask:
    """Return the winning code of each pixel, (pixels,), from ``votes``, (classes, pixels)."""
    share = Fraction(rule.percent) / 100
    voters = votes.sum(axis=0, dtype=votes.dtype)
    most = votes.max(axis=0)
    # The smallest integers that hold every product are the fastest by far.
    product = _smallest_unsigned(labels * share.denominator)
    part = np.multiply(most, share.denominator, dtype=product)
    whole = np.multiply(voters, share.numerator, dtype=product)
    accepted = part > whole if rule.strict else part >= whole
    accepted &= most >= rule.minimum
    leads = (votes == most).view(np.uint8)
    accepted &= np.add.reduce(leads, axis=0, dtype=np.uint8) == 1
    # Where one class leads, the sum over the classes is its code. Arithmetic instead of choosing:
    # a branch at every pixel takes 20 times as long on ragged masks.
    leads *= codes[:, None]
    winner: Mask = np.add.reduce(leads, axis=0, dtype=np.uint8)
    winner |= np.multiply(~accepted, np.uint8(NO_LABEL))
    return winner


def _smallest_unsigned(largest: int) -> type[np.unsignedinteger]:
    """Return the smallest unsigned integer type that holds 0 to ``largest``."""
    for dtype in (np.uint8, np.uint16, np.uint32):
        if largest <= np.iinfo(dtype).max:
            return dtype
    return np.uint64
