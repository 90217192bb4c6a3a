"""The worker's side of scores."""

from __future__ import annotations

from ai4mars_site.toolkit.tasks import enqueue, task
from review.models import images_to_score
from review.scores.services import scores

SWEEP_BATCH = 1000


@task
def score_image(image_id: int) -> None:
    """Bring one image's agreement scores up to its labels."""
    scores.score_image(image_id)


@task
def sweep_scores() -> None:
    """Find images whose labels changed without their scores: a lost broker loses nothing."""
    for image_id in images_to_score().values_list("pk", flat=True)[:SWEEP_BATCH]:
        enqueue(score_image, image_id)
