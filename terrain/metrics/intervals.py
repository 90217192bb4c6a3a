"""Estimates with confidence intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Two-sided 95 %, in standard deviations.
Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % confidence interval."""

    value: float
    low: float
    high: float


def wilson_interval(found: int, total: int) -> Interval | None:
    """Return a proportion with its interval (Wilson 1927); None if `total` is 0.

    >>> interval = wilson_interval(8, 10)
    >>> interval.value, round(interval.low, 3), round(interval.high, 3)
    (0.8, 0.49, 0.943)
    >>> wilson_interval(0, 0) is None
    True
    """
    if total == 0:
        return None
    p, square = found / total, Z95 * Z95
    middle = (p + square / (2 * total)) / (1 + square / total)
    spread = Z95 / (1 + square / total) * math.sqrt(p * (1 - p) / total + square / (4 * total**2))
    return Interval(p, max(0.0, middle - spread), min(1.0, middle + spread))
