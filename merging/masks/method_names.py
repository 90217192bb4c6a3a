"""What people call the ways to merge."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from terrain.aggregation.methods import Kind

NAMES: dict[Kind, str | Promise] = {
    Kind.VOTES: _("The rule of the campaign"),
    Kind.SKILL: _("Weighed by skill"),
    Kind.RATINGS: _("Weighed by ratings"),
    Kind.EM: _("Most probable class"),
    Kind.RANDOM: _("Random label"),
}
