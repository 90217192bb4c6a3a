"""Reports on images and feedback about the site, and managers' decisions about them."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Count, F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import Conflict
from labeling.annotation.errors import NotAssigned, RetiredImage, UnknownImage
from labeling.annotation.services import drafts
from labeling.annotation.services.labels import AlreadyLabeled
from labeling.images.services import quality
from labeling.models import Assignment, Campaign, Image, ImageReport, Labeler, SiteFeedback

#: Reason of images that were retired on the page of reports.
REPORTED = "reported"


class ReportSettled(Conflict):
    """A manager has already settled this labeler's report."""

    code = "report_settled"
    message = _("We have already looked at your report of this picture, so it cannot be changed.")


def report_problem(
    actor: Actor, labeler: Labeler, image_id: int, reason: str, comment: str = ""
) -> bool:
    """Store that something is wrong with an image; return whether it is the first such report.

    A new report replaces the labeler's earlier one until a manager settles it. After that, the same
    report gets the same response, and a different one raises ReportSettled. `reason` is an
    `ImageReport.Reason`. Raises UnknownImage and NotAssigned.
    """
    image = _given_image(labeler, image_id)
    said = {"reason": reason, "comment": comment.strip()}
    report, created = ImageReport.objects.get_or_create(
        image=image, labeler=labeler, kind=ImageReport.Kind.WRONG, defaults=said
    )
    if created or (report.reason, report.comment) == (said["reason"], said["comment"]):
        return created
    if not ImageReport.objects.waiting().filter(pk=report.pk).update(**said):
        raise ReportSettled
    return False


@transaction.atomic
def nothing_to_label(actor: Actor, labeler: Labeler, image_id: int) -> bool:
    """Close an image for this labeler as having nothing to label; return False if that was done
    before.

    After `nothing_minimum` such reports the image is set aside. Raises UnknownImage, NotAssigned,
    RetiredImage, and AlreadyLabeled for an image with a label of this labeler.
    """
    # Lock the assignment first, as everywhere, then the image's row: of two simultaneous last
    # answers, one must see the other. A weak lock, which does not block rows that only refer to the
    # image.
    Assignment.objects.select_for_update().filter(image=image_id, labeler=labeler).first()
    Image.objects.select_for_update(no_key=True).filter(pk=image_id).first()
    image = _given_image(labeler, image_id)
    if image.retired_at is not None:
        raise RetiredImage
    if image.labels.filter(labeler=labeler).exists():
        raise AlreadyLabeled
    _report, created = ImageReport.objects.get_or_create(
        image=image, labeler=labeler, kind=ImageReport.Kind.NOTHING
    )
    Assignment.objects.filter(image=image, labeler=labeler).exclude(
        status=Assignment.Status.DONE
    ).update(status=Assignment.Status.DONE, closed_at=timezone.now())
    drafts.discard(image.pk, labeler.pk)
    _set_aside_if_due(image)
    return created


def _given_image(labeler: Labeler, image_id: int) -> Image:
    image = Image.objects.select_related("campaign").filter(pk=image_id).first()
    if image is None:
        raise UnknownImage
    if not Assignment.objects.filter(image=image, labeler=labeler).exists():
        raise NotAssigned
    return image


def _set_aside_if_due(image: Image) -> None:
    answers = image.reports.waiting().nothing().count()
    if image.pool == Image.Pool.CROWD and answers >= image.campaign.nothing_minimum:
        Image.objects.filter(pk=image.pk, set_aside_at=None).update(set_aside_at=timezone.now())


def sweep() -> int:
    """Set aside images whose campaign now requires fewer reports; return how many.

    An image that is set aside stays so until a manager decides, even if the campaign now requires
    more reports.
    """
    enough = (
        ImageReport.objects.waiting()
        .nothing()
        .filter(image__pool=Image.Pool.CROWD, image__set_aside_at=None)
        .order_by()
        .values("image")
        .annotate(answers=Count("pk"))
        .filter(answers__gte=F("image__campaign__nothing_minimum"))
    )
    due = Image.objects.filter(pk__in=list(enough.values_list("image", flat=True)))
    return due.filter(set_aside_at=None).update(set_aside_at=timezone.now())


# -- decisions of managers
# --------------------------------------------------------------------------


@transaction.atomic
def keep(actor: Actor, campaign: Campaign, image_id: int) -> int:
    """Settle the reports of an image without a fault, and give it out again.

    Returns how many reports were settled; 0 if none were open.
    """
    settled = _settle(campaign, image_id)
    campaign.images.filter(pk=image_id).update(set_aside_at=None)
    return settled


@transaction.atomic
def retire(actor: Actor, campaign: Campaign, image_id: int) -> int:
    """Retire an image and settle its reports; return how many. `reopen` undoes it."""
    settled = _settle(campaign, image_id)
    if settled:
        quality.retire(actor, campaign, [image_id], REPORTED)
    return settled


@transaction.atomic
def reopen(actor: Actor, campaign: Campaign, image_id: int) -> int:
    """Undo the last decision on an image; return how many reports are open again.

    An image retired for its reports is restored; one retired for another reason is not.
    """
    reports = ImageReport.objects.filter(image_id=image_id, image__campaign=campaign)
    last: datetime | None = (
        reports.exclude(settled_at=None)
        .order_by("-settled_at")
        .values_list("settled_at", flat=True)
        .first()
    )
    if last is None:
        return 0
    reopened = reports.filter(settled_at=last).update(settled_at=None)
    image = Image.objects.select_for_update(no_key=True).get(pk=image_id)
    if image.retired_reason == REPORTED:
        quality.restore(actor, campaign, [image_id])
    _set_aside_if_due(Image.objects.select_related("campaign").get(pk=image_id))
    return reopened


def _settle(campaign: Campaign, image_id: int) -> int:
    waiting = ImageReport.objects.waiting().filter(image_id=image_id, image__campaign=campaign)
    return waiting.update(settled_at=timezone.now())


# -- feedback on the site --------------------------------------------------------------------------


def give_feedback(
    actor: Actor, labeler: Labeler | None, mood: int, text: str, contact: str, page: str
) -> SiteFeedback:
    """Store feedback about the site.

    Args:
        actor: The person who gives it.
        labeler: The same person as a labeler; None for a visitor who has saved nothing yet.
        mood: A `SiteFeedback.Mood`.
        text: The feedback; may be empty.
        contact: Address for an answer; may be empty.
        page: Path of the page from which the form was opened; may be empty.
    """
    return SiteFeedback.objects.create(
        labeler=labeler, mood=mood, text=text, contact=contact, page=page
    )


def mark_feedback(actor: Actor, feedback_id: int, *, is_read: bool) -> bool:
    """Mark an entry as read, or as unread again; return False if there is none."""
    read_at = timezone.now() if is_read else None
    return bool(SiteFeedback.objects.filter(pk=feedback_id).update(read_at=read_at))
