"""The project: settings, URLs, processes, and tools that all apps share."""

from ai4mars_site.celery import app as celery_app

#: Version of the software (semantic versioning); see CHANGELOG.md.
__version__ = "0.2.0"

__all__ = ["__version__", "celery_app"]
