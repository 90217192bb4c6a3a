"""The facts of a label for a reviewer, and the other labels of its image."""

from __future__ import annotations

import math
from typing import Any

from labeling.annotation.serializers import ImageSerializer
from labeling.models import Label
from review.models import AgreementScore, LabelFlag
from review.queue.serializers import (
    DrawnLabel,
    ReviewedLabel,
)
from review.queue.services.records import record_of
from review.scores.services import distribution
from review.scores.services.scores import key_of, overlaps_of
from terrain.agreement.jaccard import class_agreements, pair_matrix

#: A labeler's record covers this many of the newest labels, which bounds the query's time.
RECENT = 200


def label_to_rate(score: AgreementScore, hide_record: bool) -> dict[str, Any]:
    """Return a label with the facts needed to rate it, and its image's other labels.

    With `hide_record` it has neither scores nor names, and the order of the other labels reveals
    nothing: facts that could bias the rating come with the response to the rating (`facts_of`).
    """
    label = score.label
    others = (
        label.image.labels.accepted()
        .crowd()
        .exclude(pk=label.pk)
        .select_related("labeler", "agreement")
    )
    flag = LabelFlag.objects.filter(label=label).select_related("reviewer").first()
    shown = {
        **DrawnLabel(label).data,
        "image": ImageSerializer(label.image).data,
        "flag": flag and {"reviewer": str(flag.reviewer), "note": flag.note},
    }
    if hide_record:
        return {
            "label": shown | {"facts": None},
            "others": DrawnLabel(others.order_by("pk"), many=True).data,
        }
    _by_class, by_label = agreements_of(label)
    return {
        "label": shown | {"facts": facts_of(label)},
        "others": [
            {**ReviewedLabel(other).data, "agreement": by_label.get(key_of(other))}
            for other in others.order_by("-agreement__score", "pk")
        ],
    }


def facts_of(label: Label) -> dict[str, Any]:
    """Return the scores and ratings of a label, and the record of its labeler.

    `score` and `rank` are null if the label has no score.
    """
    score = AgreementScore.objects.select_related("campaign").filter(label=label).first()
    by_class, _by_label = agreements_of(label)
    return {
        "labeler": str(label.labeler),
        "labeler_id": label.labeler_id,
        "score": score and score.score,
        "rank": score and distribution.rank_of(score),
        "class_agreements": by_class,
        "ratings": score.opinions if score else 0,
        "record": record_of(label.labeler, label.image.campaign, RECENT),
    }


def agreements_of(label: Label) -> tuple[dict[int, float], dict[str, float]]:
    """Return a label's agreement with all others by class, and with each other label."""
    overlaps = overlaps_of(label.image).get(label.role)
    key = key_of(label)
    if overlaps is None or key not in overlaps.keys:
        return {}, {}
    place = overlaps.keys.index(key)
    by_class = class_agreements(overlaps)[place].tolist()
    pairs = pair_matrix(overlaps)[place].tolist()
    return (
        {c: iou for c, iou in zip(overlaps.codes, by_class, strict=True) if not math.isnan(iou)},
        {k: j for k, j in zip(overlaps.keys, pairs, strict=True) if k != key and not math.isnan(j)},
    )
