"""How a benchmark measures and what it reports."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value with its target, if it has one.

    ``at_least`` says on which side of the target is good: False for times, True for speed-ups.
    """

    name: str
    value: float
    unit: str
    target: float | None = None
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        if self.target is None:
            return True
        return self.value >= self.target if self.at_least else self.value <= self.target

    def __str__(self) -> str:
        line = f"{self.name:<58} {self.value:>9.2f} {self.unit:<3}"
        if self.target is None:
            return line.rstrip()
        side = ">=" if self.at_least else "<="
        verdict = "OK" if self.is_met else "MISSED"
        return f"{line} {side} {self.target:<5g} {verdict}"


def milliseconds(work: Callable[[], object], repeat: int = 15) -> float:
    """The median time of ``work`` in milliseconds, after one run that warms the caches.

    It is the CPU time of this thread, so that other programs affect it as little as possible.
    """
    work()
    times = []
    for _ in range(repeat):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    return 1e3 * statistics.median(times)
