"""The API of the review page: the next label, ratings, withdrawals, bulk ratings."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from django.contrib.auth.models import User
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import Forbidden, Invalid
from ai4mars_site.toolkit.tasks import enqueue
from labeling.annotation.errors import UnknownLabel
from labeling.annotation.services import independence
from labeling.models import Campaign, Label, Role
from review import permissions
from review.models import Rating, plan_of
from review.queue.facts import facts_of, label_to_rate
from review.queue.serializers import (
    BulkSubmission,
    FlagSubmission,
    LabelsOnScreen,
    PastRating,
    QueueFilters,
    RatingsToWithdraw,
    RatingSubmission,
)
from review.queue.services import bulk_ratings, flags, queue, ratings
from review.scores.services import distribution
from review.scores.tasks import score_image


class MayReview(BasePermission):
    """Permission for reviewers and managers."""

    message = _("Only reviewers can see this. Ask a manager to make you one.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        return permissions.may_review(request.user)


class HiddenUntilRated(Forbidden):
    """Others' ratings are hidden until the reviewer has rated the label."""

    code = "rate_first"
    message = _("Rate this label first to see how others rated it.")


class ReviewView(APIView):
    """A view for reviewers."""

    permission_classes = (MayReview,)

    @property
    def actor(self) -> Actor:
        return Actor.of_user(self.reviewer)

    @property
    def reviewer(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user


class NextLabel(ReviewView):
    """GET: lease the lowest label to this reviewer, with the other labels of its image.

    `?skip=<uuid>,<uuid>` leaves out skipped labels, and the one on the screen when the page
    preloads the next one. `?part=` (doubtful, audit, flagged, all), `?class_code=`, `?labeler=` and
    `?image=` filter the campaign's labels.
    """

    def get(self, request: Request, slug: str) -> Response:
        campaign = get_object_or_404(Campaign, slug=slug)
        asked = QueueFilters(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        filters = queue.Filters(**asked.validated_data)
        score = queue.next_for(campaign, self.reviewer, skipped_labels(request), filters)
        if score is not None and not independence.record_view(score.label.image_id, self.reviewer):
            score = None
        mine = Rating.objects.active().filter(reviewer=self.reviewer)
        hide_record = plan_of(campaign).hide_record
        answer: dict[str, Any] = {
            "scored": distribution.total(campaign, Role.CROWD),
            "remaining": queue.remaining_of(campaign, self.reviewer, filters),
            "rated": mine.filter(label__image__campaign=campaign).count(),
            "hide_record": hide_record,
            "label": None,
            "others": [],
        }
        return Response(answer if score is None else answer | label_to_rate(score, hide_record))


def skipped_labels(request: Request) -> list[uuid.UUID]:
    """Return the label ids in `?skip=`. Raises Invalid for anything else."""
    try:
        return [uuid.UUID(part) for part in request.query_params.get("skip", "").split(",") if part]
    except ValueError as error:
        raise Invalid(_("skip must be a list of label ids, separated by commas.")) from error


class Ratings(ReviewView):
    """POST: a rating of 1 to 5, with reasons and a comment; 1 throws the label out.

    The response has the rating's `id`, and the `facts` of the label that could have biased it.
    """

    def post(self, request: Request) -> Response:
        submission = RatingSubmission(data=request.data)
        submission.is_valid(raise_exception=True)
        data = submission.validated_data
        label = (
            Label.objects.select_related("labeler", "image__campaign")
            .filter(pk=data["label"])
            .first()
        )
        if label is None:
            raise UnknownLabel(_("There is no such label."))
        rating = ratings.rate(
            self.actor,
            label,
            data["value"],
            data["comment"],
            data["version"],
            data["reasons"],
            also_settled=data["again"],
        )
        enqueue(score_image, label.image_id)
        return Response({"id": rating.pk, "facts": facts_of(label)}, status=status.HTTP_201_CREATED)


class RatingDetail(ReviewView):
    """DELETE: withdraw one's own rating. It stays in the label's history."""

    def delete(self, request: Request, pk: int) -> Response:
        rating = get_object_or_404(
            Rating.objects.active().select_related("label"), pk=pk, reviewer=self.reviewer
        )
        ratings.undo(self.actor, rating)
        enqueue(score_image, rating.label.image_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class RatingHistory(ReviewView):
    """GET: all ratings of a label, newest first, including withdrawn ones.

    If the campaign hides records, only reviewers who have rated the label see it.
    """

    def get(self, request: Request, pk: uuid.UUID) -> Response:
        label = get_object_or_404(Label.objects.select_related("image__campaign"), pk=pk)
        past = label.ratings.select_related("reviewer")
        has_rated = past.filter(reviewer=self.reviewer).exists()
        if not has_rated and plan_of(label.image.campaign).hide_record:
            raise HiddenUntilRated
        return Response({"ratings": PastRating(past, many=True).data})


class Flag(ReviewView):
    """PUT: flag a label, with a note. DELETE: remove the flag."""

    def put(self, request: Request, pk: uuid.UUID) -> Response:
        submission = FlagSubmission(data=request.data)
        submission.is_valid(raise_exception=True)
        label = get_object_or_404(Label, pk=pk)
        flags.flag(self.actor, label, submission.validated_data["note"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        flags.unflag(self.actor, pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Leases(ReviewView):
    """POST: release labels that are no longer on this reviewer's screen."""

    def post(self, request: Request) -> Response:
        submission = LabelsOnScreen(data=request.data)
        submission.is_valid(raise_exception=True)
        queue.end_leases(submission.validated_data["labels"], self.reviewer)
        return Response(status=status.HTTP_204_NO_CONTENT)


class HeldLeases(ReviewView):
    """POST: extend the leases of labels on this reviewer's screen; return the lost ones."""

    def post(self, request: Request) -> Response:
        submission = LabelsOnScreen(data=request.data)
        submission.is_valid(raise_exception=True)
        lost = queue.extend_leases(submission.validated_data["labels"], self.reviewer)
        return Response({"lost": sorted(map(str, lost))})


class BulkRatings(ReviewView):
    """POST: rate all labels of a labeler or an image the same, one batch per request.

    With `preview` the response describes the effects, and nothing is stored. Without it the next
    batch is rated, and the response has the ids of its `ratings`, so that they can be withdrawn.
    Repeat the request until `remaining` is 0.
    """

    def post(self, request: Request, slug: str) -> Response:
        campaign = get_object_or_404(Campaign, slug=slug)
        submission = BulkSubmission(data=request.data)
        submission.is_valid(raise_exception=True)
        data = submission.validated_data
        labels = bulk_ratings.chosen(campaign, data["labeler"], data["image"])
        if data["preview"]:
            return Response(asdict(bulk_ratings.preview(labels, self.reviewer, data["value"])))
        done, images, made = bulk_ratings.rate_batch(
            self.actor, labels, data["value"], data["comment"], data["reasons"]
        )
        for image_id in images:
            enqueue(score_image, image_id)
        return Response(asdict(done) | {"ratings": made})


class WithdrawnRatings(ReviewView):
    """POST: withdraw many of one's own ratings; ones already withdrawn are ignored."""

    def post(self, request: Request) -> Response:
        submission = RatingsToWithdraw(data=request.data)
        submission.is_valid(raise_exception=True)
        undone, images = bulk_ratings.undo_batch(self.actor, submission.validated_data["ratings"])
        for image_id in images:
            enqueue(score_image, image_id)
        return Response({"undone": undone})
