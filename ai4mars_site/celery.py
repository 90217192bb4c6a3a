"""The Celery application: `celery -A ai4mars_site worker`."""

import os
import signal
from collections.abc import Callable
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_process_init

from ai4mars_site.serving.supervisor import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ai4mars_site.settings")

app = Celery("ai4mars")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Lazy: the `tasks` modules of the apps are imported when the first task is looked up.
app.autodiscover_tasks()

_die_with_worker: Callable[[], None] | None = None


@worker_init.connect
def prepare_processes(**_: Any) -> None:
    """Remember, in the worker's main process, how its processes end with it."""
    global _die_with_worker
    _die_with_worker = die_with_parent(signal.SIGKILL)


@worker_process_init.connect
def end_with_worker(**_: Any) -> None:
    """Let the kernel kill this process when the worker's main process ends, even by SIGKILL."""
    if _die_with_worker:
        _die_with_worker()
