"""The Celery application: `celery -A ai4mars_site worker`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ai4mars_site.settings")

app = Celery("ai4mars")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Lazy: the `tasks` modules of the apps are imported when the first task is looked up.
app.autodiscover_tasks()
