"""Serializers of the review API."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from ai4mars_site.toolkit.serializer_fields import ShortList
from labeling.models import Label
from review.models import Rating
from review.queue.services.bulk_ratings import BATCH
from review.queue.services.queue import Filters


class DrawnLabel(serializers.ModelSerializer[Label]):
    """A label for the review page, without its labeler, score and ratings."""

    class Meta:
        model = Label
        fields = ("id", "version", "polygons")


class ReviewedLabel(serializers.ModelSerializer[Label]):
    """A label with its labeler and its score, which is null if it has none."""

    labeler = serializers.StringRelatedField[Any]()
    score = serializers.SerializerMethodField()

    class Meta:
        model = Label
        fields = ("id", "version", "labeler", "labeler_id", "score", "polygons")

    def get_score(self, label: Label) -> float | None:
        agreement = getattr(label, "agreement", None)
        return None if agreement is None else agreement.score


class QueueFilters(serializers.Serializer[Any]):
    """The query parameters that choose labels of a campaign."""

    part = serializers.ChoiceField(choices=Filters.PARTS, default="doubtful")
    class_code = serializers.IntegerField(min_value=0, max_value=254, default=None)
    labeler = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=None)
    image = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=None)


class RatingFields(serializers.Serializer[Any]):
    """The fields of a rating."""

    value = serializers.IntegerField(min_value=1, max_value=5)
    reasons = ShortList(
        child=serializers.ChoiceField(choices=Rating.Reason.choices), default=list, max_length=10
    )
    comment = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class RatingSubmission(RatingFields):
    # A declared field leaves the class; the stubs take it for the serializer's own `label`.
    """A rating of one label."""

    label = serializers.UUIDField()  # type: ignore[assignment]
    version = serializers.IntegerField(min_value=1, required=False, allow_null=True, default=None)
    #: Accept a rating beyond the requested number of ratings.
    again = serializers.BooleanField(default=False)


class BulkSubmission(RatingFields):
    """One rating for all labels of a labeler, an image, or both; a preview stores nothing."""

    labeler = serializers.IntegerField(
        min_value=0, max_value=2**63 - 1, allow_null=True, default=None
    )
    image = serializers.IntegerField(
        min_value=0, max_value=2**63 - 1, allow_null=True, default=None
    )
    preview = serializers.BooleanField(default=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data["labeler"] is None and data["image"] is None:
            raise serializers.ValidationError(_("Choose a labeler or an image."))
        return data


class PastRating(serializers.ModelSerializer[Rating]):
    """One entry of a label's history; `withdrawn_at` is null for an active rating."""

    reviewer = serializers.StringRelatedField[Any]()

    class Meta:
        model = Rating
        fields = ("id", "reviewer", "value", "reasons", "comment", "created_at", "withdrawn_at")


class FlagSubmission(serializers.Serializer[Any]):
    """The note of a flag."""

    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class RatingsToWithdraw(serializers.Serializer[Any]):
    """The ids of ratings to withdraw."""

    ratings = ShortList(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), max_length=BATCH
    )


class LabelsOnScreen(serializers.Serializer[Any]):
    """The ids of labels that are on a reviewer's screen, or that left it."""

    labels = ShortList(child=serializers.UUIDField(), max_length=100)
