"""When an action is allowed. Who may do it is in `permissions.py`."""

from __future__ import annotations

from labeling.models import Image, Label

#: Allowed transitions between statuses; any other is an error of the caller. A correction sets a
#: label back to received, unless it was rejected: the reviewer rated what was drawn.
LABEL_TRANSITIONS: dict[str, frozenset[str]] = {
    Label.Status.RECEIVED: frozenset(
        {Label.Status.ACCEPTED, Label.Status.EMPTY, Label.Status.RECEIVED}
    ),
    # Rating 1 rejects a label; undoing the rating restores it.
    Label.Status.ACCEPTED: frozenset({Label.Status.REJECTED, Label.Status.RECEIVED}),
    Label.Status.REJECTED: frozenset({Label.Status.ACCEPTED}),
    # Nothing remains under the masks, so there is nothing to review.
    Label.Status.EMPTY: frozenset({Label.Status.RECEIVED}),
}

#: Statuses that count toward an image's target number of labels.
COUNTED_STATUSES = frozenset({Label.Status.RECEIVED, Label.Status.ACCEPTED})


def is_allowed_transition(status: str, following: str) -> bool:
    """Return whether a label may change from `status` to `following`."""
    return following in LABEL_TRANSITIONS[status]


def count_change(status: str, following: str) -> int:
    """Return how this transition changes an image's count of crowd labels: -1, 0 or +1."""
    return int(following in COUNTED_STATUSES) - int(status in COUNTED_STATUSES)


def crowd_has_finished(image: Image) -> bool:
    """Return whether people who drew on an image may see the crowd's result.

    They may once the image has all its labels, or its campaign is closed. Never on the gold set,
    which experts label independently.
    """
    if image.pool != Image.Pool.CROWD or image.retired_at is not None:
        return False
    campaign = image.campaign
    return image.crowd_label_count >= campaign.target_labels or not campaign.is_open
