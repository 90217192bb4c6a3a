"""Storing and withdrawing ratings."""

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
    """The rating cannot be stored."""


class RatingOwnLabel(RatingRefused):
    """The reviewer drew the label."""

    code = "own"
    message = _("It is your own label, so another reviewer has to rate it.")


class LabelSettled(RatingRefused):
    """The label cannot be rated, or can no longer be rated."""

    code = "settled"
    message = _("It was thrown out or is not ready, so it needs no rating.")


class LabelCorrected(RatingRefused):
    """The reviewer saw an older version of the label."""

    code = "corrected"
    message = _("Its labeler has just changed it, so this is an old version. Rate the new one.")


class AlreadyRated(RatingRefused):
    """The reviewer has rated the label before."""

    code = "already_rated"
    message = _("You have already rated it.")


class RatedByOthers(RatingRefused):
    """Other reviewers have given all the requested ratings in the meantime."""

    code = "meanwhile"
    message = _("Another reviewer has already rated this label.")


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
    """Store a reviewer's rating; a 1 throws the label out in the same transaction.

    The first rating locks the label: its labeler can no longer correct it, also if the rating is
    withdrawn. A repeated identical rating returns the stored one, since the first response may
    have been lost.

    Args:
        actor: The reviewer.
        label: The label to rate.
        value: 1 to 5.
        comment: Free text.
        version: The version of the label that the reviewer saw, or None if unknown.
        reasons: Values of `Rating.Reason`.
        also_settled: Accept a rating beyond the requested number of ratings.

    Raises:
        RatingRefused: The label is the reviewer's own, cannot be rated (any more), was corrected
            since the reviewer saw it, or has a rating of this reviewer.
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
        # The same rating may have been sent twice at the same time.
        if sent_before := _the_same(actor, label, value, comment, reasons):
            return sent_before
        if label.ratings.active().filter(reviewer=actor.account_id).exists():
            raise AlreadyRated
        if score is not None and not score.is_waiting and not also_settled:
            raise RatedByOthers
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
        if policies.throws_out(value) and not labels.reject(actor, label):
            raise LabelSettled(_("It has since been thrown out, so it needs no rating."))
        opinions.update(label.pk)
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
    """Replace this reviewer's rating of a label, or give the first one, in one transaction.

    The earlier rating stays in the label's history. Raises RatingRefused as `rate` does; the
    earlier rating then still counts. An identical rating changes nothing.
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
    """Return this reviewer's active rating of the label if it equals the given one."""
    active = label.ratings.active().filter(reviewer=actor.account_id)
    mine = active.filter(value=value, comment=comment).first()
    return mine if mine is not None and mine.reasons == sorted(set(reasons)) else None


@transaction.atomic
def undo(actor: Actor, rating: Rating) -> bool:
    """Withdraw a rating, which stays in the history; return False if it was withdrawn before.

    A label that it threw out is accepted again, unless it has another active 1.
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
    opinions.update(label.pk)
    return True
