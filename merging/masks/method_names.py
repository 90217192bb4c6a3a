"""Names of the merge methods on pages."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from terrain.aggregation.methods import Kind

NAMES: dict[Kind, str | Promise] = {
    Kind.VOTES: _("The campaign's rule"),
    Kind.SKILL: _("Weighted by skill"),
    Kind.RATINGS: _("Weighted by ratings"),
    Kind.EM: _("Dawid-Skene (EM)"),
    Kind.RANDOM: _("Random label"),
}
