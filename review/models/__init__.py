"""Models of review: agreement scores, the queue, ratings, skill."""

from review.models.queue import LEASE, LabelFlag, Order, ReviewLease, ReviewPlan, plan_of
from review.models.ratings import Rating
from review.models.scores import (
    SCORING_METHOD,
    AgreementScore,
    AgreementScoreQuerySet,
    ImageAgreement,
    ImageAgreementQuerySet,
    ScoreBin,
    images_to_score,
)
from review.models.skill import SKILL_METHOD, CampaignSkill, LabelerSkill, LabelQuality

__all__ = [
    "LEASE",
    "SCORING_METHOD",
    "SKILL_METHOD",
    "AgreementScore",
    "AgreementScoreQuerySet",
    "CampaignSkill",
    "ImageAgreement",
    "ImageAgreementQuerySet",
    "LabelFlag",
    "LabelQuality",
    "LabelerSkill",
    "Order",
    "Rating",
    "ReviewLease",
    "ReviewPlan",
    "ScoreBin",
    "images_to_score",
    "plan_of",
]
