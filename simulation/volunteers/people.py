"""Synthetic volunteers and experts; each kind has its habits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["careful", "ordinary", "hasty", "sloppy", "malicious", "expert"]

# Shares of the crowd. Most people are careful; the paper (3.2) discarded few labels
_CROWD: dict[Kind, float] = {
    "careful": 0.34,
    "ordinary": 0.42,
    "hasty": 0.13,
    "sloppy": 0.08,
    "malicious": 0.03,
}

# Classes that look similar: soil and sand, bedrock and big rock (NAV codes)
_LOOK_ALIKE: dict[int, dict[int, float]] = {
    0: {2: 0.6, 1: 0.4},
    1: {0: 0.7, 3: 0.3},
    2: {0: 1.0},
    3: {1: 0.9, 0: 0.1},
}


@dataclass(frozen=True)
class _Habit:
    border_px: float
    gap_px: float
    detail_px: float
    smallest_px: float
    miss_rate: float
    error_rate: float
    cover: float


_HABITS: dict[Kind, _Habit] = {
    "careful": _Habit(4.0, 2.0, 4.0, 24.0, 0.08, 0.02, 0.97),
    "ordinary": _Habit(8.0, 3.0, 7.0, 36.0, 0.20, 0.06, 0.90),
    "hasty": _Habit(15.0, 4.0, 13.0, 60.0, 0.42, 0.11, 0.72),
    "sloppy": _Habit(30.0, 0.0, 22.0, 50.0, 0.34, 0.30, 0.75),
    "malicious": _Habit(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0),
    "expert": _Habit(2.0, 5.0, 2.5, 22.0, 0.12, 0.0, 0.95),
}

_NAMES = (
    ("dusty", "red", "rusty", "windy", "quiet", "stony", "early", "polar", "amber", "distant"),
    ("ridge", "crater", "rover", "dune", "pebble", "comet", "basalt", "delta", "phobos", "gale"),
)


@dataclass(frozen=True)
class Volunteer:
    """A labeler and their habits. All lengths are pixels of a 1024 px image.

    Attributes:
        border_px: Standard deviation of the distance between outline and true border.
        gap_px: Gap left inside the border.
        detail_px: Coarseness of the outline.
        smallest_px: Narrower regions are left out.
        miss_rate: Probability of leaving out any other region.
        confuse: True class -> {drawn class: probability}; other classes are never confused.
        cover: Mean share of a region that is drawn.
    """

    name: str
    kind: Kind
    border_px: float
    gap_px: float
    detail_px: float
    smallest_px: float
    miss_rate: float
    confuse: Mapping[int, Mapping[int, float]]
    cover: float


def make_volunteers(count: int, rng: np.random.Generator) -> list[Volunteer]:
    """Return `count` labelers with different names, in shares like those of a real project."""
    kinds: list[Kind] = list(_CROWD)
    drawn = rng.choice(len(kinds), size=count, p=list(_CROWD.values()))
    return [make_volunteer(kinds[int(k)], n, rng) for n, k in enumerate(drawn)]


def make_experts(count: int, rng: np.random.Generator) -> list[Volunteer]:
    """Return `count` experts, who draw only what they are sure of (paper section 3.1)."""
    return [make_volunteer("expert", n, rng) for n in range(count)]


def make_volunteer(kind: Kind, number: int, rng: np.random.Generator) -> Volunteer:
    """Return a labeler of the given kind; `number` makes the name unique."""
    habit = _HABITS[kind]
    own = rng.uniform(0.75, 1.3, size=4)
    error = habit.error_rate * float(own[0])
    confuse = {
        true: {true: 1.0 - error} | {seen: error * share for seen, share in alike.items()}
        for true, alike in _LOOK_ALIKE.items()
    }
    first, second = (words[int(rng.integers(len(words)))] for words in _NAMES)
    return Volunteer(
        name=f"expert_{number + 1}" if kind == "expert" else f"{first}_{second}_{number + 1}",
        kind=kind,
        border_px=habit.border_px * float(own[1]),
        gap_px=habit.gap_px,
        detail_px=habit.detail_px * float(own[2]),
        smallest_px=habit.smallest_px,
        miss_rate=habit.miss_rate * float(own[3]),
        confuse=confuse if kind != "expert" else {},
        cover=habit.cover,
    )
