"""Suggesting the next version."""

from __future__ import annotations

import pytest

from merging.formats.contents.versions import next_version


@pytest.mark.parametrize(
    ("taken", "proposed", "reason"),
    [
        ([], "0.1", "the first"),
        (["0.1"], "0.2", "the last number grows"),
        (["1.9"], "1.10", "versions are no decimals"),
        (["0.2", "0.10", "0.1"], "0.3", "the latest counts, not the largest"),
        (["0.1", "0.2", "0.3"], "0.4", "what is taken is passed over"),
        (["r009"], "r010", "as wide as it was"),
        (["v2-rc1"], "v2-rc2", "whatever is around it"),
        (["1.0-beta"], "1.1-beta", "words behind it stay"),
        (["final"], "final.2", "without a number"),
        (["final.2", "final"], "final.3", "and the one after that"),
        (["2026-11-03"], "2026-11-26", "a day is followed by today"),
        (["2026-10"], "2026-11", "a month by this month"),
        (["2026-11"], "2026-11.2", "a second one in a month"),
        (["2026-11-26.2", "2026-11-26"], "2026-11-26.3", "a third one on a day"),
    ],
)
def test_next_version(taken: list[str], proposed: str, reason: str) -> None:
    assert next_version(taken, "2026-11-26") == proposed, reason
