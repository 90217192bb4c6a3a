"""What each merge method does, in a sentence in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ai4mars_site.toolkit.percentages import percentage
from terrain.aggregation.methods import Kind, MergeMethod


def description(method: MergeMethod) -> str:
    """Return what `method` does with the labels of an image, for the page that compares methods.

    Documents of releases have `str(method)` instead, which is always English.
    """
    if method.kind == Kind.RANDOM:
        return _("One accepted label of each image, chosen at random (seed %(seed)s).") % {
            "seed": method.seed
        }
    rule = method.rule
    values = {"minimum": rule.minimum, "share": percentage(float(rule.percent), -2)}
    *rated, unrated = method.weights
    values |= {"weights": ", ".join(map(str, rated)), "unrated": unrated}
    sentence = _strict_sentence(method.kind) if rule.strict else _sentence(method.kind)
    return sentence % values


def _strict_sentence(kind: Kind) -> str:
    """Return the sentence of a method that needs more than a share of the votes."""
    if kind == Kind.VOTES:
        return _(
            "At least %(minimum)s labelers, and more than %(share)s of those who labeled the pixel."
        )
    if kind == Kind.SKILL:
        return _(
            "At least %(minimum)s labelers, and more than %(share)s of the votes on the pixel, "
            "each weighted by the skill of its labeler."
        )
    if kind == Kind.RATINGS:
        return _(
            "At least %(minimum)s labelers, and more than %(share)s of the votes on the pixel, "
            "each weighted by the rating of its label (ratings 2, 3, 4, 5: %(weights)s; "
            "no rating: %(unrated)s)."
        )
    return _(
        "The most probable class by the confusion matrices of the labelers, if at least "
        "%(minimum)s labelers labeled the pixel and the probability is more than %(share)s."
    )


def _sentence(kind: Kind) -> str:
    """Return the sentence of a method that needs at least a share of the votes."""
    if kind == Kind.VOTES:
        return _(
            "At least %(minimum)s labelers, and at least %(share)s of those who labeled the pixel."
        )
    if kind == Kind.SKILL:
        return _(
            "At least %(minimum)s labelers, and at least %(share)s of the votes on the pixel, "
            "each weighted by the skill of its labeler."
        )
    if kind == Kind.RATINGS:
        return _(
            "At least %(minimum)s labelers, and at least %(share)s of the votes on the pixel, "
            "each weighted by the rating of its label (ratings 2, 3, 4, 5: %(weights)s; "
            "no rating: %(unrated)s)."
        )
    return _(
        "The most probable class by the confusion matrices of the labelers, if at least "
        "%(minimum)s labelers labeled the pixel and the probability is at least %(share)s."
    )
