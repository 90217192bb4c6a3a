"""All agreement scores of a campaign in PostgreSQL, through the command, with two workers."""

from __future__ import annotations

import os
import resource
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


def seconds_to_score(database: str, home: Path, images: int) -> float:
    """Make a campaign in an empty database and score it; only the scoring is timed."""
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
    began = time.perf_counter()
    run("manage.py", "score_labels", "--campaign", many_labels.SLUG, "--workers", "2")
    return time.perf_counter() - began


def run() -> list[Figure]:
    server = servers.start_postgres()
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for images in (FEW, MANY):
            database = servers.create_database(server, f"bench_{images}")
            seconds = seconds_to_score(database, Path(folder) / str(images), images)
            target = 60.0 if images == MANY else None
            name = f"scoring: {images:,} images x 10 labels, PostgreSQL, 2 workers"
            figures.append(Figure(name, seconds, "s", target))
            # Of the largest of the processes until now: the workers are the command's children.
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
            figures.append(
                Figure(f"scoring: peak memory of a process, {images:,} images", peak, "MiB")
            )
    return figures
