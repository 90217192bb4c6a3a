"""The house around the four apps: settings, addresses, processes."""

from ai4mars_site.celery import app as celery_app

#: Of the software: semantic versioning. CHANGELOG.md says what each version brings.
__version__ = "0.2.0"

__all__ = ["__version__", "celery_app"]
