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
    """Return a share with its interval (Wilson 1927); None of nothing."""
    if total == 0:
        return None
    p, square = found / total, Z95 * Z95
    middle = (p + square / (2 * total)) / (1 + square / total)
    spread = Z95 / (1 + square / total) * math.sqrt(p * (1 - p) / total + square / (4 * total**2))
    return Interval(p, max(0.0, middle - spread), min(1.0, middle + spread))
