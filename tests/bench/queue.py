"""The review queue over ten million scored labels in PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from tests import servers
from tests.bench.figures import Figure
from tests.served import REPOSITORY

LABELS = 10_000_000


def run(labels: int = LABELS) -> list[Figure]:
    server = servers.start_postgres()
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "AI4MARS_HOME": home,
            "DATABASE_URL": servers.create_database(server, "bench_queue"),
            "DJANGO_SETTINGS_MODULE": "ai4mars_site.settings",
        }

        def program(*words: str) -> str:
            command = [sys.executable, *words]
            done = subprocess.run(
                command, cwd=REPOSITORY, env=environment, check=True, stdout=subprocess.PIPE
            )
            return done.stdout.decode()

        program("manage.py", "migrate", "--verbosity", "0")
        said = program("-m", "tests.bench.ten_million", str(labels))
    page, threshold, counted_and_walked, front, counted = map(float, said.split())
    return [
        Figure(f"queue: next label and counts, {labels:,} labels", page, "ms", 50),
        Figure("queue: a new score, and the threshold after it", threshold, "ms", 5),
        Figure("queue: the same threshold by count and offset", counted_and_walked, "ms"),
        Figure(f"front page, {labels:,} labels", front, "ms", 50),
        Figure("front page: what it says, counted anew", counted, "ms"),
    ]
