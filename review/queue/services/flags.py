"""Labels that reviewers want to talk about."""

from __future__ import annotations

import uuid

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Label
from review.models import LabelFlag


def flag(actor: Actor, label: Label, note: str = "") -> LabelFlag:
    """Flag a label; a flag that is there becomes that of the reviewer who acts."""
    kept, _created = LabelFlag.objects.update_or_create(
        label=label, defaults={"reviewer_id": actor.account_id, "note": note}
    )
    return kept


def unflag(actor: Actor, label_id: uuid.UUID) -> bool:
    """Remove the flag of a label, whoever set it; return False where there is none."""
    return bool(LabelFlag.objects.filter(label=label_id).delete()[0])
