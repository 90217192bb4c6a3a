"""Who is in the review queue, and when a label may be rated."""

from __future__ import annotations

import hashlib
import uuid

from labeling.models import Label
from review.models import Rating


def queue_length(scores: int, percent: int) -> int:
    """How many of `scores` labels the lowest `percent` are, rounded down (paper 3.2)."""
    return scores * percent // 100


def may_be_rated(label: Label) -> bool:
    """Post-processed, with something left on it. A label already thrown out is settled."""
    return label.status == Label.Status.ACCEPTED


def is_sampled(label_id: uuid.UUID, sample: str, percent: int) -> bool:
    """Whether a label is in a random sample of this share of all labels.

    By a hash of its id with the sample's name: the same in every process and for ever, and one
    sample says nothing about another.
    """
    digest = hashlib.sha256(f"{sample}:{label_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") * 100 < percent * 2**64


def throws_out(value: int) -> bool:
    """Rating 1 throws a label out (paper 3.2)."""
    return value == Rating.THROW_OUT
