"""The module in which Celery looks for this app's tasks; each subpackage has its own."""

from labeling.annotation import tasks as annotation
from labeling.campaigns import tasks as campaigns
from labeling.images import tasks as images
from labeling.people import tasks as people
from labeling.reports import tasks as reports

__all__ = ["annotation", "campaigns", "images", "people", "reports"]
