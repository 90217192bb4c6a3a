"""Celery tasks for scores."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import enqueue, task
from review.models import images_to_score
from review.scores.services import scores

SWEEP_BATCH = 1000


@task
def score_image(image_id: int) -> None:
    """Update one image's agreement scores."""
    scores.score_image(image_id)


@task
def sweep_scores() -> None:
    """Score images whose labels changed without a task, such as after a broker failure."""
    for image_id in images_to_score().values_list("pk", flat=True)[:SWEEP_BATCH]:
        enqueue(score_image, image_id)
