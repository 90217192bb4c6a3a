"""Where Celery looks for the tasks of this app: each subject has its own."""

from merging.benchmark import tasks as benchmark
from merging.gold import tasks as gold
from merging.masks import tasks as masks
from merging.releases import tasks as releases
from merging.statistics import tasks as statistics

__all__ = ["benchmark", "gold", "masks", "releases", "statistics"]
