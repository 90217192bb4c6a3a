"""Celery tasks of this app, imported from the modules that define them."""

from merging.benchmark import tasks as benchmark
from merging.gold import tasks as gold
from merging.masks import tasks as masks
from merging.releases import tasks as releases
from merging.statistics import tasks as statistics

__all__ = ["benchmark", "gold", "masks", "releases", "statistics"]
