"""The house around the four apps: settings, addresses, processes."""

from ai4mars_site.celery import app as celery_app

__all__ = ["celery_app"]
