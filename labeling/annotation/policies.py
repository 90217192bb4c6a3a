"""When something is allowed (who may is in `permissions.py`)."""

from __future__ import annotations

from labeling.models import Image, Label

#: Which status of a label may follow which. Everything else is a mistake of the caller.
#: A correction by the labeler sends a label back to be received, except one that was thrown out:
#: a reviewer has rated what was drawn.
LABEL_TRANSITIONS: dict[str, frozenset[str]] = {
    Label.Status.RECEIVED: frozenset(
        {Label.Status.ACCEPTED, Label.Status.EMPTY, Label.Status.RECEIVED}
    ),
    # A reviewer's rating 1 throws a label out; undoing the rating brings it back.
    Label.Status.ACCEPTED: frozenset({Label.Status.REJECTED, Label.Status.RECEIVED}),
    Label.Status.REJECTED: frozenset({Label.Status.ACCEPTED}),
    # Nothing was left under the masks: there is nothing to review either.
    Label.Status.EMPTY: frozenset({Label.Status.RECEIVED}),
}

#: Statuses that count toward an image's target number of labels.
COUNTED_STATUSES = frozenset({Label.Status.RECEIVED, Label.Status.ACCEPTED})


def may_become(status: str, following: str) -> bool:
    """Whether a label of `status` may become `following`."""
    return following in LABEL_TRANSITIONS[status]


def count_change(status: str, following: str) -> int:
    """How an image's count of crowd labels changes (-1, 0, +1) with this transition."""
    return int(following in COUNTED_STATUSES) - int(status in COUNTED_STATUSES)


def crowd_has_finished(image: Image) -> bool:
    """Whether what the crowd says of an image may be shown to those who drew on it.

    It is final enough when the image has all its labels, or its campaign takes no more. The gold
    set's experts draw alone, and stay alone.
    """
    if image.pool != Image.Pool.CROWD or image.retired_at is not None:
        return False
    campaign = image.campaign
    return image.crowd_label_count >= campaign.target_labels or not campaign.is_open
