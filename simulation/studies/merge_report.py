"""The study of merge methods as text for `docs/MERGING.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulation.studies.merge_study import (
    RANGE_LIMIT_M,
    RATING_BOUNDS,
    RESAMPLES,
    REVIEWED_PERCENT,
    Study,
)
from terrain.aggregation.methods import Kind
from terrain.metrics.intervals import Interval

BEGIN, END = "<!-- merge_study: begin -->", "<!-- merge_study: end -->"

NAMES = {
    Kind.VOTES: "paper's rule",
    Kind.SKILL: "weighed by skill",
    Kind.RATINGS: "weighed by ratings",
    Kind.EM: "EM, most probable class",
    Kind.RANDOM: "random label (4.1)",
}
HEAD = (
    "| method | accuracy: right of what is labeled | more than random | coverage: labeled of the "
    "ground | right of all ground |",
    "| --- | --- | --- | --- | --- |",
)


class NoPlace(ValueError):
    """The document has no markers for the tables."""


def tables(studies: Sequence[Study]) -> str:
    """Return a table for each study, and the parameters of the methods, in Markdown."""
    return "\n".join([*_setting(studies[0]), *(line for each in studies for line in _table(each))])


def placed(document: str, text: str) -> str:
    """Return the document with the text between its markers. Raises NoPlace without markers."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise NoPlace(f"Write the lines {BEGIN} and {END} where the tables belong.")
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def _setting(study: Study) -> Iterator[str]:
    plan = study.plan
    bounds = ", ".join(map(str, RATING_BOUNDS))
    yield (
        f"{plan.scenes} scenes of {plan.size} x {plan.size} pixels, a crowd of {plan.crowd}, seed "
        f"{plan.seed}; ground nearer than {RANGE_LIMIT_M:.0f} m. In square brackets: 95 % "
        f"intervals, {RESAMPLES} resamples of the images, the same for all methods. A label in the "
        f"lowest {REVIEWED_PERCENT} % of all scores is rated by its mean Jaccard index with the "
        f"truth (bounds {bounds}), and a rating of 1 throws it out before any merge."
    )
    yield ""
    for kind, method in study.methods.items():
        yield f"- {NAMES[kind]}: {method}"


def _table(study: Study) -> Iterator[str]:
    yield ""
    yield (
        f"**{study.plan.labels} labels per image** ({study.labels} labels, {study.reviewed} "
        f"reviewed, {study.thrown_out} thrown out)"
    )
    yield ""
    yield from HEAD
    for kind, outcome in study.outcomes.items():
        gain = "" if kind == Kind.RANDOM else _points(outcome.gain)
        accuracy, coverage = _percent(outcome.accuracy), _percent(outcome.coverage)
        yield f"| {NAMES[kind]} | {accuracy} | {gain} | {coverage} | {_percent(outcome.found)} |"


def _percent(share: Interval) -> str:
    return f"{100 * share.value:.2f} % [{100 * share.low:.2f}, {100 * share.high:.2f}]"


def _points(share: Interval) -> str:
    return f"{100 * share.value:+.2f} [{100 * share.low:+.2f}, {100 * share.high:+.2f}]"
