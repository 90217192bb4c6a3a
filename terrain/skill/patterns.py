"""Patterns: the distinct combinations of votes on one image, with their numbers of pixels.

Computations on votes need each combination only once. Their cost depends on the number of drawn
outlines, not on the number of pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from terrain.bitplanes import Planes

Votes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]

#: Value in ``Votes`` for a label that leaves the pixels unlabeled. Classes are numbered 0..254.
NO_VOTE = 255
_WORD_BITS = 64


@dataclass(frozen=True, slots=True)
class VotePatterns:
    """The distinct combinations of votes on one image, with their numbers of pixels.

    ``votes`` is uint8 (patterns, labels): the index, among the campaign's codes, of the class that
    a label gives to the pixels, or ``NO_VOTE``. ``pixels`` is int64 (patterns,).
    """

    votes: Votes
    pixels: Counts

    @property
    def voters(self) -> Counts:
        """Return the number of labels that vote on each pattern: int64 (patterns,)."""
        voters: Counts = np.count_nonzero(self.votes != NO_VOTE, axis=1)
        return voters

    def where(self, kept: npt.NDArray[np.bool_] | npt.NDArray[np.int64]) -> VotePatterns:
        """Return the selected patterns."""
        return VotePatterns(self.votes[kept], self.pixels[kept])

    def overlapping(self) -> VotePatterns:
        """Return the patterns on which two or more labels vote."""
        return self.where(self.voters >= 2)

    def condensed(self, most: int) -> VotePatterns:
        """Return at most ``most`` patterns that represent all, with the same total pixels.

        The largest three quarters of ``most`` are kept as they are. The others, slivers between
        outlines, are represented by a systematic sample with probabilities proportional to size, so
        that sums over pixels keep their expectation (Madow 1949); the sample is the same each time.
        """
        if len(self.pixels) <= most:
            return self
        order = np.argsort(-self.pixels, kind="stable")
        kept, slivers = np.split(order, [most * 3 // 4])
        drawn = most - len(kept)
        reached = np.cumsum(self.pixels[slivers])
        # The slivers' pixels are lined up and cut into equal lengths; the pattern at the middle of
        # each length represents it.
        cuts = np.arange(drawn + 1) * reached[-1] // drawn
        chosen = slivers[np.searchsorted(reached, (cuts[:-1] + cuts[1:]) // 2, side="right")]
        standing = VotePatterns(self.votes[chosen], np.diff(cuts))
        whole = self.where(kept)
        return VotePatterns(
            np.concatenate([whole.votes, standing.votes]),
            np.concatenate([whole.pixels, standing.pixels]),
        )


@dataclass(frozen=True, slots=True)
class VoteRuns:
    """The votes of all pixels in reading order, as runs of equal votes.

    ``lengths`` is int64 (runs,), the pixels of each run; ``pattern``, int64 (runs,), is the index
    of its votes in ``votes``, which is uint8 (patterns, labels) as in ``VotePatterns``.
    """

    lengths: Counts
    pattern: Counts
    votes: Votes

    def patterns(self) -> VotePatterns:
        """Return the patterns with their pixels, without the pattern of no vote."""
        pixels = np.bincount(self.pattern, self.lengths, len(self.votes)).astype(np.int64)
        found = VotePatterns(self.votes, pixels)
        return found.where(found.voters > 0)


def vote_patterns(labels: Sequence[Planes]) -> VotePatterns:
    """Return every combination of votes of an image's labels, with its number of pixels.

    ``labels`` has one uint64 array (classes, words) per label, with the classes in the same order
    (``terrain.bitplanes``), at most 255 of them; any number of labels. No labels: no patterns.

    >>> from terrain.bitplanes import pack_planes
    >>> masks = [np.array([[0, 0, 1]], dtype=np.uint8), np.array([[0, 1, 1]], dtype=np.uint8)]
    >>> found = vote_patterns([pack_planes(mask, codes=(0, 1)) for mask in masks])
    >>> found.votes.tolist(), found.pixels.tolist()
    ([[0, 0], [0, 1], [1, 1]], [1, 1, 1])
    """
    return vote_runs(labels).patterns()


def vote_runs(labels: Sequence[Planes]) -> VoteRuns:
    """Return the votes of an image's labels as runs in reading order.

    The runs cover all bits of the planes, including the padding of the last word, where there are
    no votes. Exact for any number of labels and up to 255 classes.
    """
    if not labels:
        none = np.zeros(0, dtype=np.int64)
        return VoteRuns(none, none, np.zeros((0, 0), dtype=np.uint8))
    classes, words = labels[0].shape
    digits = classes.bit_length()
    changed = np.zeros(words, dtype=np.uint64)
    changed[0] = 1
    toggles = [_toggles(label, digits, changed) for label in labels]
    starts = _set_bits(changed)
    lengths = np.diff(starts, append=words * _WORD_BITS)
    # The number of the run that begins at a place: of its word's first run, plus those before it.
    runs_in_word = np.bitwise_count(changed).astype(np.int64)
    first_run = np.cumsum(runs_in_word) - runs_in_word
    pattern = np.zeros(len(starts), dtype=np.int64)
    votes = np.zeros((1, 0), dtype=np.uint8)
    together = _WORD_BITS // digits
    for first in range(0, len(labels), together):
        # As many labels as fit into one word spell one number; what follows refines it.
        spelled = np.zeros(len(starts), dtype=np.uint64)
        for number, (place, digit) in enumerate(toggles[first : first + together]):
            word, before = place >> 6, (np.uint64(1) << (place & 63).astype(np.uint64)) - 1
            run = first_run[word] + np.bitwise_count(changed[word] & before)
            np.bitwise_xor.at(spelled, run, digit << np.uint64(number * digits))
        codes, own = np.unique(np.bitwise_xor.accumulate(spelled), return_inverse=True)
        joint, pattern = np.unique(pattern * len(codes) + own, return_inverse=True)
        earlier, own = np.divmod(joint, len(codes))
        decoded = _decoded(codes, min(together, len(labels) - first), digits)
        votes = np.concatenate([votes[earlier], decoded[own]], axis=1)
    return VoteRuns(lengths, pattern, votes)


def _toggles(
    label: Planes, digits: int, changed: npt.NDArray[np.uint64]
) -> tuple[Counts, npt.NDArray[np.uint64]]:
    """Return the positions in reading order where a label's vote changes, and the changed bits.

    A vote is a number, 0 for none and k + 1 for class k, so its binary form needs fewer planes than
    there are classes. Returns positions, and the changed bits as 1, 2, 4 ...; sets the positions in
    ``changed``, one bit per pixel.
    """
    places: list[Counts] = []
    toggled: list[npt.NDArray[np.uint64]] = []
    for digit in range(digits):
        plane = np.zeros(label.shape[1], dtype=np.uint64)
        for k, of_class in enumerate(label):
            if (k + 1) >> digit & 1:
                plane |= of_class
        changes = plane << np.uint64(1)
        changes[1:] |= plane[:-1] >> np.uint64(63)
        changes ^= plane
        changed |= changes
        places.append(_set_bits(changes))
        toggled.append(np.full(len(places[-1]), 1 << digit, dtype=np.uint64))
    return np.concatenate(places), np.concatenate(toggled)


def _set_bits(line: npt.NDArray[np.uint64]) -> Counts:
    """Return the positions of the set bits in a line of words, in order."""
    filled = np.flatnonzero(line != 0)
    octets = line[filled].astype("<u8").view(np.uint8)
    bits = np.flatnonzero(np.unpackbits(octets, bitorder="little").view(np.bool_))
    places: Counts = (filled[bits >> 6] << 6) | (bits & 63)
    return places


def _decoded(codes: npt.NDArray[np.uint64], labels: int, digits: int) -> Votes:
    """Return the votes (codes, labels) from numbers whose digits are votes."""
    shifts = np.arange(labels, dtype=np.uint64) * np.uint64(digits)
    numbers = (codes[:, None] >> shifts) & np.uint64((1 << digits) - 1)
    # 0, nothing drawn, becomes NO_VOTE.
    return (numbers - np.uint64(1)).astype(np.uint8)
