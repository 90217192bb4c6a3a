"""Rules of the review queue: which labels are in it, and which may be rated."""

from __future__ import annotations

import hashlib
import uuid

from labeling.models import Label
from review.models import Rating


def queue_length(scores: int, percent: int) -> int:
    """Return how many labels are in the lowest `percent` of `scores` labels, rounded down (paper
    3.2).
    """
    return scores * percent // 100


def may_be_rated(label: Label) -> bool:
    """Return whether a label is post-processed, not empty and not thrown out."""
    return label.status == Label.Status.ACCEPTED


def is_sampled(label_id: uuid.UUID, sample: str, percent: int) -> bool:
    """Return whether a label is in a random sample of `percent` of all labels.

    A hash of the label's id and the sample's name decides, so the result never changes and
    different samples are independent.
    """
    digest = hashlib.sha256(f"{sample}:{label_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") * 100 < percent * 2**64


def throws_out(value: int) -> bool:
    """Return whether a rating throws a label out: 1 does (paper 3.2)."""
    return value == Rating.THROW_OUT
