"""The module in which Celery looks for this app's tasks; each subject has its own."""

from review.scores import tasks as scores
from review.skill import tasks as skill

__all__ = ["scores", "skill"]
