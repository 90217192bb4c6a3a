"""Rating a label, and taking a rating back."""

from __future__ import annotations

from collections.abc import Collection

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import Conflict
from labeling.annotation.services import labels
from labeling.models import Label
from review import permissions, policies
from review.models import Rating, ReviewLease
from review.scores.services import opinions


class RatingRefused(Conflict):
    """A rating that cannot be stored."""


class RatingOwnLabel(RatingRefused):
    code = "own"
    message = _("It is your own drawing: somebody else has to rate it.")


class LabelSettled(RatingRefused):
    """The label takes no ratings (any more)."""

    code = "settled"
    message = _("It was thrown out, or is not ready, so it needs no rating.")


class LabelCorrected(RatingRefused):
    """The reviewer saw an older version of the label."""

    code = "corrected"
    message = _(
        "The one who drew it has just changed it, so this is the old one. Rate the new one."
    )


class AlreadyRated(RatingRefused):
    code = "already_rated"
    message = _("You have rated it already.")


class RatedMeanwhile(RatingRefused):
    """Others have rated the label as often as is wanted."""

    code = "meanwhile"
    message = _("Somebody else has rated this drawing meanwhile.")


def rate(
    actor: Actor,
    label: Label,
    value: int,
    comment: str = "",
    version: int | None = None,
    reasons: Collection[str] = (),
    *,
    also_settled: bool = False,
) -> Rating:
    """Store the rating of a reviewer, who acts; 1 throws the label out in the same transaction.

    From the first rating on the labeler cannot correct the label: what was rated is what stays,
    also when the rating is taken back. `version` is the one the reviewer saw, where it is known.
    `reasons` are of `Rating.Reason`. `also_settled`: on purpose, although others have rated the
    label as often as is wanted; otherwise that is an accident, and refused. The very same rating
    once more is the one that stands: its first answer was lost on the way.

    Raises RatingRefused for one's own label, for a label that is not to be rated (any more), that
    was corrected since the reviewer saw it, and for a second rating by the same reviewer.
    """
    if permissions.is_own(actor.account_id, label):
        raise RatingOwnLabel
    if sent_before := _the_same(actor, label, value, comment, reasons):
        return sent_before
    if not policies.may_be_rated(label):
        raise LabelSettled
    if version is not None and version != label.version:
        raise LabelCorrected
    with transaction.atomic():
        score = opinions.lock(label.pk)
        # The same rating, sent twice at once: the first one is the answer.
        if sent_before := _the_same(actor, label, value, comment, reasons):
            return sent_before
        if label.ratings.active().filter(reviewer=actor.account_id).exists():
            raise AlreadyRated
        if score is not None and not score.is_waiting and not also_settled:
            raise RatedMeanwhile
        if not labels.lock(actor, label, Label.LockReason.RATED):
            raise LabelCorrected
        try:
            with transaction.atomic():
                rating = Rating.objects.create(
                    label=label,
                    reviewer_id=actor.account_id,
                    value=value,
                    comment=comment,
                    reasons=sorted(set(reasons)),
                )
        except IntegrityError as error:
            raise AlreadyRated from error
        if policies.throws_out(value) and not labels.throw_out(actor, label):
            raise LabelSettled(_("It was thrown out meanwhile, so it needs no rating."))
        opinions.keep_up(label.pk)
        ReviewLease.objects.filter(label=label, reviewer=actor.account_id).delete()
    return rating


@transaction.atomic
def change(
    actor: Actor,
    label: Label,
    value: int,
    comment: str = "",
    version: int | None = None,
    reasons: Collection[str] = (),
) -> Rating:
    """Replace this reviewer's rating of a label, or give the first one; all or nothing.

    The rating before stays in the label's history. Raises RatingRefused as `rate` does; then the
    rating before still counts. The same rating again changes nothing.
    """
    if same := _the_same(actor, label, value, comment, reasons):
        return same
    before = label.ratings.active().filter(reviewer=actor.account_id).first()
    if before is not None:
        undo(actor, before)
        label.refresh_from_db()
    return rate(actor, label, value, comment, version, reasons, also_settled=True)


def _the_same(
    actor: Actor, label: Label, value: int, comment: str, reasons: Collection[str]
) -> Rating | None:
    """This reviewer's active rating of the label, if it says just the same."""
    active = label.ratings.active().filter(reviewer=actor.account_id)
    mine = active.filter(value=value, comment=comment).first()
    return mine if mine is not None and mine.reasons == sorted(set(reasons)) else None


@transaction.atomic
def undo(actor: Actor, rating: Rating) -> bool:
    """Take a rating back, which stays as history; False when it was taken back already.

    A label that it threw out counts again, unless another 1 stands.
    """
    opinions.lock(rating.label_id)
    active = Rating.objects.active().filter(pk=rating.pk)
    if not active.update(withdrawn_at=timezone.now()):
        return False
    label = Label.objects.select_for_update().get(pk=rating.label_id)
    threw_out = policies.throws_out(rating.value)
    still_out = label.ratings.active().filter(value=Rating.THROW_OUT).exists()
    if threw_out and not still_out and label.status == Label.Status.REJECTED:
        labels.restore(actor, label)
    opinions.keep_up(label.pk)
    return True
