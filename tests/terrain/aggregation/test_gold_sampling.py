"""The gold set: sampled evenly, three experts each (paper 3.1)."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terrain.aggregation import gold_sampling

CLASSES = gold_sampling.PAPER_TABLE_2


def seeded(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


# -- which images ----------------------------------------------------------------------------------


def test_as_many_of_each_class_as_possible() -> None:
    groups = {"Smooth": range(10), "Ridged": range(10, 12), "Pitted": range(12, 22)}

    chosen = gold_sampling.sample_evenly(groups, 10, seeded())

    assert {name: len(images) for name, images in chosen.items()} == {
        "Smooth": 4,
        "Ridged": 2,
        "Pitted": 4,
    }


@settings(max_examples=50)
@given(
    sizes=st.dictionaries(st.sampled_from(sorted(CLASSES)), st.integers(0, 12)),
    count=st.integers(0, 60),
    seed=st.integers(0, 2**32 - 1),
)
def test_sampling(sizes: dict[str, int], count: int, seed: int) -> None:
    groups = {name: [f"{name} {i}" for i in range(size)] for name, size in sizes.items()}

    chosen = gold_sampling.sample_evenly(groups, count, seeded(seed))

    assert sum(map(len, chosen.values())) == min(count, sum(sizes.values()))
    assert all(set(images) <= set(groups[name]) for name, images in chosen.items())
    assert all(len(images) == len(set(images)) > 0 for images in chosen.values())
    most = max(map(len, chosen.values()), default=0)
    for name, size in sizes.items():
        assert len(chosen.get(name, [])) >= min(size, most - 1)
    assert gold_sampling.sample_evenly(groups, count, seeded(seed)) == chosen


@given(
    sizes=st.dictionaries(st.sampled_from(sorted(CLASSES)), st.integers(20, 30), min_size=1),
    present=st.dictionaries(st.sampled_from(sorted(CLASSES)), st.integers(0, 5)),
)
def test_classes_with_gold_already_wait_for_the_others(
    sizes: dict[str, int], present: dict[str, int]
) -> None:
    groups = {name: range(size) for name, size in sizes.items()}
    count = 5 * len(groups)

    chosen = gold_sampling.sample_evenly(groups, count, seeded(), present)

    together = [len(chosen.get(name, [])) + present.get(name, 0) for name in groups]
    assert sum(map(len, chosen.values())) == count
    assert max(together) - min(together) <= 1


def test_another_seed_chooses_other_images() -> None:
    groups = {"Smooth": range(1000)}
    assert gold_sampling.sample_evenly(groups, 5, seeded(1)) != gold_sampling.sample_evenly(
        groups, 5, seeded(2)
    )


# -- which experts ---------------------------------------------------------------------------------

Teams = dict[str, list[int]]


def loads(teams: Teams, classes: dict[str, int], experts: int) -> list[int]:
    return [
        sum(classes[name] for name, team in teams.items() if expert in team)
        for expert in range(experts)
    ]


def most_classes(teams: Teams, experts: int) -> int:
    return max(sum(expert in team for team in teams.values()) for expert in range(experts))


def test_the_papers_table_with_its_eleven_experts() -> None:
    """21 places for 11 experts: ten have two classes and one has one, the most even plan."""
    teams = gold_sampling.expert_teams(CLASSES, range(11))

    assert sorted(teams) == sorted(CLASSES)
    assert {len(set(team)) for team in teams.values()} == {3}
    assert most_classes(teams, 11) == 2
    # 57 is alone; the other two of its size go with the smallest there are.
    assert max(loads(teams, CLASSES, 11)) == 96
    with pytest.raises(gold_sampling.TooFewExperts) as ten:
        gold_sampling.expert_teams(CLASSES, range(10))
    assert ten.value.missing == 1


def test_three_experts_can_do_it_all_when_they_may() -> None:
    teams = gold_sampling.expert_teams(CLASSES, range(3), limit=len(CLASSES))

    assert set(map(tuple, teams.values())) == {(0, 1, 2)}
    with pytest.raises(gold_sampling.TooFewExperts):
        gold_sampling.expert_teams(CLASSES, range(3), limit=len(CLASSES) - 1)
    with pytest.raises(gold_sampling.TooFewExperts) as two:
        gold_sampling.expert_teams({"Smooth": 1}, range(2))
    assert two.value.missing == 1


def test_no_classes_need_nobody() -> None:
    assert gold_sampling.expert_teams({}, []) == {}


classes_of = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 60), min_size=1)


@settings(max_examples=300)
@given(classes=classes_of, experts=st.integers(0, 14), limit=st.integers(1, 5))
def test_teams(classes: dict[str, int], experts: int, limit: int) -> None:
    """Three different experts per class, and nobody over the limit, whenever that is possible."""
    needed = max(3, -(-3 * len(classes) // limit))
    if experts < needed:
        with pytest.raises(gold_sampling.TooFewExperts) as refused:
            gold_sampling.expert_teams(classes, range(experts), limit)
        # So many more would do, and one fewer would not.
        enough = experts + refused.value.missing
        gold_sampling.expert_teams(classes, range(enough), limit)
        with pytest.raises(gold_sampling.TooFewExperts):
            gold_sampling.expert_teams(classes, range(enough - 1), limit)
        return

    teams = gold_sampling.expert_teams(classes, range(experts), limit)

    assert sorted(teams) == sorted(classes)
    assert all(len(team) == len(set(team)) == 3 for team in teams.values())
    assert all(team == sorted(team) for team in teams.values())
    assert most_classes(teams, experts) <= limit
    assert teams == gold_sampling.expert_teams(
        dict(reversed(classes.items())), range(experts), limit
    )


@settings(max_examples=200)
@given(classes=classes_of, experts=st.integers(3, 12), limit=st.integers(2, 5))
def test_no_single_step_shares_the_work_better(
    classes: dict[str, int], experts: int, limit: int
) -> None:
    try:
        teams = gold_sampling.expert_teams(classes, range(experts), limit)
    except gold_sampling.TooFewExperts:
        return
    load = loads(teams, classes, experts)
    own = [{name for name, team in teams.items() if e in team} for e in range(experts)]
    squares = sum(each**2 for each in load)
    for busy, free in permutations(range(experts), 2):
        taken = (
            [None, *(own[free] - own[busy])] if len(own[free]) < limit else own[free] - own[busy]
        )
        for given_, back in ((g, b) for g in own[busy] - own[free] for b in taken):
            after = list(load)
            moved = classes[given_] - (classes[back] if back else 0)
            after[busy] -= moved
            after[free] += moved
            assert sum(each**2 for each in after) >= squares


@given(
    count=st.integers(1, 8), size=st.integers(1, 50), experts=st.integers(3, 14), limit=st.just(8)
)
def test_classes_of_one_size_are_shared_as_evenly_as_can_be(
    count: int, size: int, experts: int, limit: int
) -> None:
    classes = {str(number): size for number in range(count)}
    load = loads(gold_sampling.expert_teams(classes, range(experts), limit), classes, experts)
    assert max(load) - min(load) <= size


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 60), min_size=1, max_size=4),
    experts=st.integers(3, 6),
    limit=st.integers(1, 4),
)
def test_the_busiest_expert_has_little_more_than_in_the_best_plan_of_all(
    sizes: list[int], experts: int, limit: int
) -> None:
    classes = dict(zip("abcd", sizes, strict=False))
    best = least_of_the_busiest(classes, experts, limit)
    try:
        teams = gold_sampling.expert_teams(classes, range(experts), limit)
    except gold_sampling.TooFewExperts:
        assert best is None
        return
    assert best is not None
    assert max(loads(teams, classes, experts)) <= 4 / 3 * best


def least_of_the_busiest(classes: dict[str, int], experts: int, limit: int) -> int | None:
    """Return the smallest possible maximum load, by trying all plans; None if there is no plan."""
    best: int | None = None

    def go_on(names: list[str], load: list[int], room: list[int]) -> None:
        nonlocal best
        if best is not None and max(load) >= best:
            return
        if not names:
            best = max(load)
            return
        for team in combinations(range(experts), 3):
            if all(room[each] for each in team):
                go_on(
                    names[1:],
                    [n + classes[names[0]] * (e in team) for e, n in enumerate(load)],
                    [n - (e in team) for e, n in enumerate(room)],
                )

    go_on(list(classes), [0] * experts, [limit] * experts)
    return best


def test_a_team_that_has_begun_a_class_goes_on_with_it() -> None:
    teams = gold_sampling.expert_teams(
        {"Smooth": 5, "Ridged": 5}, range(6), settled={"Smooth": [5, 1, 3], "Pitted": [1, 2]}
    )

    assert teams["Smooth"] == [5, 1, 3]
    # Expert 1 has two classes already, 2 to 5 have one; 0 and 4 have none.
    assert 1 not in teams["Ridged"]
    assert {0, 4} < set(teams["Ridged"])


def test_a_settled_class_takes_room_from_the_others() -> None:
    settled = {"Smooth": [0, 1, 2], "Pitted": [0, 1, 2]}
    with pytest.raises(gold_sampling.TooFewExperts) as refused:
        gold_sampling.expert_teams({"Ridged": 1}, range(5), settled=settled)
    assert refused.value.missing == 1
    assert gold_sampling.expert_teams({"Ridged": 1}, range(6), settled=settled) == {
        "Ridged": [3, 4, 5]
    }
