"""Models of campaigns, images, labelers, assignments, drafts and labels.

The invariants of `docs/ARCHITECTURE.md` are constraints of the database. Whatever code runs, a
labeler has one label per image, 255 is never a class, and a locked label has a reason.
"""

from labeling.models.campaigns import (
    Campaign,
    CampaignFigures,
    CampaignQuerySet,
    FormerSlug,
    TerrainClass,
    TutorialStep,
)
from labeling.models.drafts import Draft
from labeling.models.illustrations import Illustration, IllustrationQuerySet
from labeling.models.images import (
    ASSIGNMENT_HOLD,
    LABEL_ROLE_CHOICES,
    LABEL_ROLES,
    Assignment,
    AssignmentQuerySet,
    Image,
    ImageQuality,
    ImageQuerySet,
    Role,
    image_path,
    random_place,
)
from labeling.models.imports import ImportItem, ImportJob
from labeling.models.labelers import Labeler
from labeling.models.labels import Label, LabelQuerySet, LabelVersion, SeenLabels
from labeling.models.learning import (
    GuideEntry,
    PracticeAttempt,
    ReferenceAnswer,
    ReferenceAnswerQuerySet,
)
from labeling.models.reports import (
    ImageReport,
    ImageReportQuerySet,
    SiteFeedback,
    SiteFeedbackQuerySet,
)
from labeling.models.rover_masks import RoverMask
from labeling.models.translations import Translated

__all__ = [
    "ASSIGNMENT_HOLD",
    "LABEL_ROLES",
    "LABEL_ROLE_CHOICES",
    "Assignment",
    "AssignmentQuerySet",
    "Campaign",
    "CampaignFigures",
    "CampaignQuerySet",
    "Draft",
    "FormerSlug",
    "GuideEntry",
    "Illustration",
    "IllustrationQuerySet",
    "Image",
    "ImageQuality",
    "ImageQuerySet",
    "ImageReport",
    "ImageReportQuerySet",
    "ImportItem",
    "ImportJob",
    "Label",
    "LabelQuerySet",
    "LabelVersion",
    "Labeler",
    "PracticeAttempt",
    "ReferenceAnswer",
    "ReferenceAnswerQuerySet",
    "Role",
    "RoverMask",
    "SeenLabels",
    "SiteFeedback",
    "SiteFeedbackQuerySet",
    "TerrainClass",
    "Translated",
    "TutorialStep",
    "image_path",
    "random_place",
]
