"""Sentences that explain why merged masks of a release are empty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from merging.formats.contents.facts import GOLD_VARIANTS, VARIANTS, Emptiness
from merging.formats.statistics.counts import Statistics
from terrain.aggregation.methods import Kind, MergeMethod


def sentences(totals: Statistics, method: MergeMethod) -> list[str]:
    """Return a sentence for each variant with empty masks.

    Args:
        totals: The statistics of the release.
        method: How the crowd's labels were merged.
    """
    return list(_sentences(totals, method))


def _sentences(totals: Statistics, method: MergeMethod) -> Iterator[str]:
    for variant in VARIANTS:
        counts: Mapping[str, int] = totals.empty.get(variant, {})
        empty, everything = sum(counts.values()), totals.masks[variant]
        if not empty:
            continue
        values = {
            "masks": _name(variant),
            "empty": empty,
            "all": everything,
            "reasons": "; ".join(_reasons(counts, _minimum(variant, method))),
        }
        if empty == everything:
            yield _("%(masks)s: all %(all)d are empty (%(reasons)s).") % values
        else:
            yield _("%(masks)s: %(empty)d of %(all)d are empty (%(reasons)s).") % values


def _name(variant: str) -> str:
    if variant in GOLD_VARIANTS:
        return _("Gold masks %(variant)s") % {"variant": variant.removeprefix("gold-")}
    return _("Training masks")


def _minimum(variant: str, method: MergeMethod) -> int:
    if variant in GOLD_VARIANTS:
        return GOLD_VARIANTS.index(variant) + 1
    return 1 if method.kind == Kind.RANDOM else method.rule.minimum


def _reasons(counts: Mapping[str, int], minimum: int) -> Iterator[str]:
    texts = {
        Emptiness.NO_LABELS: _("no labels"),
        Emptiness.REMOVED: _("the labels have no pixels outside the rover and range masks"),
        Emptiness.TOO_FEW: _("fewer than %(minimum)d labels"),
        Emptiness.APART: _("no pixel has %(minimum)d labels"),
        Emptiness.IMPORTED: _("imported empty"),
        Emptiness.NO_MAJORITY: _("the labels do not agree enough"),
    }
    for reason, text in texts.items():
        if counts.get(reason):
            yield f"{counts[reason]}: {text % {'minimum': minimum}}"
