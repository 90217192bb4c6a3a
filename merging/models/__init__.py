"""Models of merged masks, the gold set, and releases."""

from merging.models.downloads import ReleaseDownload
from merging.models.evaluations import Submission, SubmissionQuerySet
from merging.models.gold import (
    SEEDS,
    ExpertAgreement,
    GoldPlan,
    LabelingGuideline,
    PlannedImage,
)
from merging.models.masks import (
    MERGE_METHOD,
    AlternativeMask,
    ImportedMask,
    MergedMask,
    MergedMaskQuerySet,
    MethodComparison,
    StoredMerge,
    merged_mask_path,
)
from merging.models.releases import (
    RELEASE_CODE,
    Publishing,
    Release,
    ReleaseNeverChanges,
    ReleasePart,
    new_pseudonym_key,
)
from merging.models.statistics import ReleaseStatistics

__all__ = [
    "MERGE_METHOD",
    "RELEASE_CODE",
    "SEEDS",
    "AlternativeMask",
    "ExpertAgreement",
    "GoldPlan",
    "ImportedMask",
    "LabelingGuideline",
    "MergedMask",
    "MergedMaskQuerySet",
    "MethodComparison",
    "PlannedImage",
    "Publishing",
    "Release",
    "ReleaseDownload",
    "ReleaseNeverChanges",
    "ReleasePart",
    "ReleaseStatistics",
    "StoredMerge",
    "Submission",
    "SubmissionQuerySet",
    "merged_mask_path",
    "new_pseudonym_key",
]
