"""Flags on labels that reviewers should look at together."""

from __future__ import annotations

import uuid

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Label
from review.models import LabelFlag


def flag(actor: Actor, label: Label, note: str = "") -> LabelFlag:
    """Flag a label; an existing flag becomes this reviewer's."""
    kept, _created = LabelFlag.objects.update_or_create(
        label=label, defaults={"reviewer_id": actor.account_id, "note": note}
    )
    return kept


def unflag(actor: Actor, label_id: uuid.UUID) -> bool:
    """Remove the flag of a label, whoever set it; return False if it has none."""
    return bool(LabelFlag.objects.filter(label=label_id).delete()[0])
