"""The closing report of import commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.core.management.base import OutputWrapper

from labeling.images.services.imports import Outcome


def report(outcomes: Iterable[Outcome], what: str, out: OutputWrapper) -> Counter[str]:
    """Print each refusal with its reason, then the counts; return the counts by status."""
    counts: Counter[str] = Counter()
    refused = []
    for outcome in outcomes:
        counts[outcome.status] += 1
        if outcome.status == Outcome.REFUSED:
            refused.append(outcome)
    for outcome in refused:
        out.write(f"refused {outcome.name}: {outcome.reason}")
    out.write(
        f"{counts[Outcome.IMPORTED]} {what} imported, {counts[Outcome.PRESENT]} already there, "
        f"{counts[Outcome.REFUSED]} refused"
    )
    return counts
