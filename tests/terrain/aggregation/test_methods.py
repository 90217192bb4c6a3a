"""Merge methods as values: stored with a release, read again, described in words."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrain.aggregation.majority import PAPER_RULE, RELEASE_RULE, MergeRule
from terrain.aggregation.methods import Kind, MergeMethod, UnknownMethod, methods_to_compare

rules = st.builds(
    MergeRule,
    minimum=st.integers(1, 9),
    percent=st.integers(0, 100) | st.sampled_from([Fraction(200, 3), Fraction(1, 7)]),
    strict=st.booleans(),
)
methods = st.one_of(
    st.builds(MergeMethod, st.just(Kind.VOTES), rules),
    st.builds(MergeMethod, st.sampled_from([Kind.SKILL, Kind.EM]), rules, skill=st.text("0af")),
    st.builds(MergeMethod, st.just(Kind.RANDOM), seed=st.integers(0, 2**32)),
    st.builds(
        MergeMethod,
        st.just(Kind.RATINGS),
        rules,
        weights=st.tuples(*[st.integers(0, 50)] * 5),
    ),
)


@given(methods)
def test_what_is_written_is_read_again(method: MergeMethod) -> None:
    written = json.loads(json.dumps(method.to_json()))
    assert MergeMethod.from_json(written) == method


@given(methods, methods)
def test_two_methods_are_told_apart(one: MergeMethod, other: MergeMethod) -> None:
    assert (one == other) == (one.to_json() == other.to_json())


def test_only_what_matters_to_the_kind_is_written() -> None:
    assert MergeMethod(Kind.RANDOM, seed=4).to_json() == {"kind": "random", "seed": 4}
    assert MergeMethod(Kind.VOTES, RELEASE_RULE).to_json() == {
        "kind": "votes",
        "minimum": 3,
        "percent": "200/3",
        "strict": False,
    }


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"kind": "loudest"},
        {"kind": "votes", "minimum": 3, "percent": "65"},
        {"kind": "votes", "minimum": 0, "percent": "65", "strict": True},
        {"kind": "votes", "minimum": 3, "percent": "101", "strict": True},
        {"kind": "votes", "minimum": 3, "percent": "1/0", "strict": True},
        {"kind": "random", "seed": "first"},
        {"kind": "ratings", "minimum": 3, "percent": "65", "strict": True, "weights": [1, 2]},
    ],
)
def test_what_is_no_method_is_refused(said: dict[str, Any]) -> None:
    with pytest.raises(UnknownMethod):
        MergeMethod.from_json(said)


def test_negative_weights_are_refused() -> None:
    with pytest.raises(UnknownMethod, match="whole numbers of 0 or more"):
        MergeMethod(Kind.RATINGS, weights=(1, 2, 3, -1, 2))


def test_each_says_what_it_does() -> None:
    said = {kind: str(method) for kind, method in methods_to_compare(PAPER_RULE, seed=7).items()}

    assert said[Kind.VOTES] == str(PAPER_RULE)
    assert said[Kind.RANDOM] == "one accepted label of each image, drawn by lot (seed 7)"
    assert "more than 90 % probable" in said[Kind.EM]
    assert "more than 65 % of the votes on the pixel, each weighed by the skill" in said[Kind.SKILL]
    assert "(2, 3, 4, 5: 1, 2, 3, 4; none: 2)" in said[Kind.RATINGS]
    assert list(said) == list(Kind)
