"""Scores and skill of a simulated crowd whose skill is known."""

from __future__ import annotations

import io
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from django.core.management import call_command

from simulation.management.commands import skill_study as command
from simulation.studies import skill_report
from simulation.studies.skill_study import PLAIN, Found, study

# Drawn once, by whichever test comes first: half a minute of a quiet processor.
pytestmark = pytest.mark.timeout(900)


TINY = replace(
    PLAIN, people={"careful": 3, "sloppy": 3}, images=4, labels_per_image=4, size=64, held_out=1
)


@cache
def found() -> Found:
    """Return the results for the plain crowd, with fewer people and smaller images."""
    people = {"careful": 5, "ordinary": 5, "hasty": 2, "sloppy": 1, "malicious": 1}
    return study(replace(PLAIN, people=people, images=40, size=128, held_out=1))


def test_the_lowest_fifth_holds_four_fifths_of_the_bad_labels() -> None:
    assert found().bad.sum() > 20
    assert found().share_found(found().quality) >= 0.8


def test_labelers_are_ranked_as_the_truth_ranks_them() -> None:
    assert found().rank_correlation >= 0.9


def test_nothing_is_found_by_chance_alone() -> None:
    """The measured share must come from the labels, not from the measure itself."""
    chance = np.random.default_rng(1).permutation(len(found().kinds)).astype(float)
    assert found().share_found(chance) < 0.5
    assert found().share_found(chance, 1.0) == 1.0


def test_the_report_names_every_crowd() -> None:
    written = skill_report.files([found(), found()])

    assert list(written) == ["FIGURES.md", "found.svg", "labelers.svg"]
    assert written["FIGURES.md"].count("| plain |") == 2
    assert f"{found().rank_correlation:.3f}" in written["FIGURES.md"]
    for name in ("found.svg", "labelers.svg"):
        drawn = ElementTree.fromstring(written[name])
        assert len(drawn.findall("{http://www.w3.org/2000/svg}rect")) == 3, "two panels, one sheet"


@pytest.mark.django_db
def test_the_command_writes_the_files_of_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "CROWDS", (TINY,))
    printed = io.StringIO()

    call_command("skill_study", "--to", str(tmp_path / "made" / "skill"), stdout=printed)

    written = skill_report.files([study(TINY)])
    for name, text in written.items():
        assert (tmp_path / "made" / "skill" / name).read_text() == text
    assert printed.getvalue().split() == [str(tmp_path / "made" / "skill" / n) for n in written]
