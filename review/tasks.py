"""Where Celery looks for the tasks of this app: each subject has its own."""

from review.scores import tasks as scores
from review.skill import tasks as skill

__all__ = ["scores", "skill"]
