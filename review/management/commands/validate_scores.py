from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from labeling.management.arguments import campaign_of
from review.scores.services.validity import report
from terrain.metrics.intervals import Interval


class Command(BaseCommand):
    help = (
        "Report whether low agreement scores predict low ratings (paper 3.2), from the labels "
        "that were sampled at random and rated."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--campaign", required=True, metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        found = report(campaign_of(options["campaign"]))
        rule = found.rule
        rows = [
            ("labels sampled at random and rated", str(found.audited)),
            ("correlation of score and rating (Spearman)", in_words(found.correlation)),
            (
                "threshold of the review queue",
                "none yet" if found.threshold is None else f"{found.threshold:.4f}",
            ),
            ("labels of the sample rated 1", "none yet" if rule is None else str(rule.bad)),
            ("share of the queue rated 1 (precision)", in_words(rule.precision if rule else None)),
            (
                "share of those rated 1 in the queue (recall)",
                in_words(rule.recall if rule else None),
            ),
            (
                "share to review to find 90 % of those rated 1",
                "not known yet" if found.to_review is None else f"{100 * found.to_review:.0f} %",
            ),
            ("labels rated by two reviewers", str(found.pairs)),
            ("agreement of reviewers (quadratic weighted kappa)", in_words(found.kappa)),
        ]
        for name, value in rows:
            self.stdout.write(f"{name:<50} {value}")


def in_words(figure: Interval | None) -> str:
    """Return a figure with its interval as text, or "not known yet"."""
    if figure is None:
        return "not known yet"
    return f"{figure.value:.3f}  (95 %: {figure.low:.3f} to {figure.high:.3f})"
