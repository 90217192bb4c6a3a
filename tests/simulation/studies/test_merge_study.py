"""Merge methods, compared with a known truth."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from simulation.studies.merge_report import BEGIN, END, NoPlace, placed
from simulation.studies.merge_study import Plan, SceneLabels, label_scene, study
from terrain.aggregation.methods import Kind
from terrain.skill.patterns import NO_VOTE

SMALL = Plan(scenes=6, size=160, crowd=12, labels=8)


@pytest.fixture(scope="module")
def drawn() -> list[SceneLabels]:
    return [label_scene(SMALL, number) for number in range(SMALL.scenes)]


def test_the_papers_rule_beats_a_random_label(drawn: list[SceneLabels]) -> None:
    """Paper 4.1: merged labels are better than a single label per image."""
    outcomes = study(SMALL, drawn).outcomes

    paper, random = outcomes[Kind.VOTES], outcomes[Kind.RANDOM]
    assert paper.gain.low > 0, "also at the lower end of the interval"
    assert paper.gain.value == pytest.approx(paper.accuracy.value - random.accuracy.value)
    assert paper.found.value > random.found.value
    assert set(outcomes) == set(Kind)
    for outcome in outcomes.values():
        for share in (outcome.accuracy, outcome.coverage, outcome.found):
            assert 0 <= share.low <= share.value <= share.high <= 1


def test_the_same_plan_draws_the_same_labels(drawn: list[SceneLabels]) -> None:
    again = label_scene(SMALL, 2)
    assert (again.votes == drawn[2].votes).all()
    assert again.labelers == drawn[2].labelers
    assert study(SMALL, drawn) == study(SMALL, drawn)


def scene(votes: list[list[int]], truth: list[int], pixels: list[int]) -> SceneLabels:
    """Return a scene on which every label has the same score, so that none is reviewed."""
    labels = len(votes[0])
    return SceneLabels(
        "scene",
        np.array(votes, dtype=np.uint8),
        np.array(truth, dtype=np.uint8),
        np.array(pixels, dtype=np.int64),
        list(range(labels)),
        [0.5] * labels,
        [0.5] * labels,
    )


def test_shares_by_hand() -> None:
    """Correct, wrong, undecided, and drawn where there is nothing to label."""
    known = scene(
        [[0, 0, 0], [1, 1, 1], [0, 1, NO_VOTE], [2, 2, 2]], [0, 0, 0, NO_VOTE], [60, 20, 20, 900]
    )

    found = study(Plan(scenes=2, crowd=3, labels=3), [known, known])

    paper = found.outcomes[Kind.VOTES]
    assert (found.labels, found.reviewed, found.thrown_out) == (6, 0, 0)
    assert (paper.accuracy.value, paper.coverage.value, paper.found.value) == (0.75, 0.8, 0.6)
    assert (paper.accuracy.low, paper.accuracy.high) == (0.75, 0.75), "both images are alike"


def test_a_label_that_is_thrown_out_does_not_vote() -> None:
    known = scene([[0, 0, 0, 1]], [0], [100])
    doubtful = SceneLabels(
        **{
            **{name: getattr(known, name) for name in SceneLabels.__slots__},
            "scores": [0.9, 0.8, 0.7, 0.1],
            "quality": [0.9, 0.9, 0.9, 0.01],
        }
    )
    sure = scene([[0, 0, 0, 0]], [0], [100])

    found = study(Plan(scenes=2, crowd=4, labels=4), [doubtful, sure])

    assert (found.reviewed, found.thrown_out) == (1, 1)
    assert found.outcomes[Kind.RANDOM].accuracy.value == 1


ARGUMENTS = ("--scenes", "2", "--size", "96", "--crowd", "6", "--labels", "5", "3")


@pytest.mark.django_db
def test_the_command_writes_its_tables_into_the_document(tmp_path: Path) -> None:
    document = tmp_path / "MERGING.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")

    call_command("merge_study", *ARGUMENTS, "--write", str(document), stdout=io.StringIO())

    text = document.read_text()
    assert text.startswith(f"before\n{BEGIN}\n2 scenes of 96 x 96")
    assert text.endswith(f"\n{END}\nafter\n")
    assert "old" not in text
    assert text.count("| random label (4.1) |") == 2
    assert "**5 labels per image** (10 labels" in text
    printed = io.StringIO()
    call_command("merge_study", *ARGUMENTS, stdout=printed)
    assert printed.getvalue() in text


@pytest.mark.django_db
def test_what_the_command_refuses(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="a larger crowd"):
        call_command("merge_study", "--crowd", "3", "--labels", "4")
    with pytest.raises(NoPlace, match="where the tables belong"):
        placed("nothing here", "text")
