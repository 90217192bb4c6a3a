"""Horizontal bars: next to their names, and to scale."""

from __future__ import annotations

import pytest

from merging.statistics import charts


@pytest.mark.parametrize(
    ("names", "left", "reason"),
    [
        ([], 60, "no class"),
        (["Soil", "Sand"], 60, "short names leave no gap"),
        (["Soil", "Big rock", "Bedrock"], 72, "the longest counts"),
        (["x" * 100], 260, "there must be room for bars"),
    ],
)
def test_the_field_begins_beside_the_names(names: list[str], left: int, reason: str) -> None:
    assert charts.left_of(names) == left, reason


def test_bars_end_where_their_ticks_stand() -> None:
    whole, half, none = charts.rows([(0.25, 0.75), (0.4,), None], left=72)
    at = {tick.percent: tick.x for tick in charts.ticks(left=72)}

    assert sum(part.width for part in whole.segments) == at[100] - at[0]
    assert half.segments[0].x + half.segments[0].width == pytest.approx(at[40])
    assert none.segments == ()
