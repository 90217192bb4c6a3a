"""All agreement scores of a campaign in PostgreSQL, through the command, with two workers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import servers
from tests.bench import many_labels
from tests.bench.figures import Figure
from tests.served import REPOSITORY

FEW, MANY = 350, 3_500


def seconds_and_memory(database: str, home: Path, images: int) -> tuple[float, float]:
    """Create a campaign in an empty database and score it.

    Returns the seconds of scoring alone, and the peak memory of its largest process, in MiB.
    """
    environment = {
        **os.environ,
        "AI4MARS_HOME": str(home),
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "ai4mars_site.settings",
    }

    def run(*command: str) -> None:
        subprocess.run(
            [sys.executable, *command],
            cwd=REPOSITORY,
            env=environment,
            check=True,
            capture_output=True,
        )

    run("manage.py", "migrate", "--verbosity", "0")
    run("-m", "tests.bench.many_labels", str(images))
    command = ["manage.py", "score_labels", "--campaign", many_labels.SLUG, "--workers", "2"]
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *command], cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL
    ) as scoring:
        # Of the command and the workers it has waited for.
        _, status, used = os.wait4(scoring.pid, 0)
        scoring.returncode = os.waitstatus_to_exitcode(status)
    if scoring.returncode:
        raise subprocess.CalledProcessError(scoring.returncode, command)
    return time.perf_counter() - began, used.ru_maxrss / 1024


def run() -> list[Figure]:
    server = servers.start_postgres()
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for images in (FEW, MANY):
            database = servers.create_database(server, f"bench_{images}")
            seconds, peak = seconds_and_memory(database, Path(folder) / str(images), images)
            target = 60.0 if images == MANY else None
            name = f"scoring: {images:,} images x 10 labels, PostgreSQL, 2 workers"
            figures.append(Figure(name, seconds, "s", target))
            figures.append(
                Figure(f"scoring: peak memory of a process, {images:,} images", peak, "MiB")
            )
    return figures
