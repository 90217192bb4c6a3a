"""The start of commands, compared with a new Django project without any code.

Every command of the project is started twice: with `--help`, which loads all apps and the command;
and up to the point where its work would begin, with the system checks that load all views. Figures
are for new processes: CPU seconds, and wall-clock seconds where a person may wait for them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.figures import Figure
from tests.served import REPOSITORY

REPEAT = 5
TARGET_SECONDS = 1.5

LIST_COMMANDS = """
import json, django
django.setup()
from django.conf import settings
from django.core.management import get_commands
own = {app for app in settings.INSTALLED_APPS if (settings.BASE_DIR / app).is_dir()}
print(json.dumps(sorted(name for name, app in get_commands().items() if app in own)))
"""

#: manage.py with a command that ends after the system checks, where its work would begin.
START = """
import manage
from django.core.management import BaseCommand
BaseCommand.run_from_argv = lambda command, argv: command.check()
manage.main()
"""

EMPTY_PROJECT = """
from django.conf import settings
from django.core.management import execute_from_command_line
from django.urls import path
apps = ("admin", "auth", "contenttypes", "messages", "sessions", "staticfiles")
settings.configure(
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[f"django.contrib.{app}" for app in apps],
    SILENCED_SYSTEM_CHECKS=["admin"],
    STATIC_URL="/static/",
)
urlpatterns = []
execute_from_command_line(["manage.py", "check", "--tag", "urls"])
"""


@dataclass(frozen=True, slots=True, order=True)
class Taken:
    """The seconds that a process took: CPU time and wall-clock time."""

    processor: float
    clock: float


def taken_by(words: Sequence[str], home: str) -> Taken:
    """Run a Python program in a new process. Raises AssertionError if it fails."""
    environment = {
        **os.environ,
        "AI4MARS_HOME": home,
        "DJANGO_SETTINGS_MODULE": "ai4mars_site.settings",
    }
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *words], cwd=REPOSITORY, env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    clock = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{words} ended with status {process.returncode}."
    return Taken(used.ru_utime + used.ru_stime, clock)


def median(words: Sequence[str], home: str) -> Taken:
    """Return the medians of several runs, after one that fills the disk cache."""
    taken_by(words, home)
    runs = [taken_by(words, home) for _ in range(REPEAT)]
    return Taken(
        statistics.median(run.processor for run in runs),
        statistics.median(run.clock for run in runs),
    )


def own_commands(home: str) -> list[str]:
    """Return the name of each command of the project."""
    environment = {
        **os.environ,
        "AI4MARS_HOME": home,
        "DJANGO_SETTINGS_MODULE": "ai4mars_site.settings",
    }
    said = subprocess.run(
        [sys.executable, "-c", LIST_COMMANDS],
        cwd=REPOSITORY,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    commands: list[str] = json.loads(said)
    return commands


def figures_of(what: str, programs: dict[str, Sequence[str]], home: str) -> list[Figure]:
    """Return the median over all programs, and the slowest one, which is measured again."""
    once = {name: taken_by(words, home) for name, words in programs.items()}
    slowest = max(once, key=lambda name: once[name].processor)
    again = median(programs[slowest], home)
    middle = statistics.median(taken.processor for taken in once.values())
    return [
        Figure(f"{what}: median of {len(once)} commands, processor", middle, "s", TARGET_SECONDS),
        Figure(f"{what}: slowest, {slowest}, processor", again.processor, "s", TARGET_SECONDS),
        Figure(f"{what}: slowest, {slowest}, clock", again.clock, "s", TARGET_SECONDS),
    ]


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as home:
        commands = own_commands(home)
        helps = {name: ("manage.py", name, "--help") for name in commands}
        starts = {name: ("-c", START, name) for name in commands}
        check = median(("manage.py", "check"), home)
        return [
            Figure("start: import django", median(("-c", "import django"), home).processor, "s"),
            Figure("start: an empty project", median(("-c", EMPTY_PROJECT), home).processor, "s"),
            *figures_of("--help", helps, home),
            *figures_of("start", starts, home),
            Figure("start: manage.py check, processor", check.processor, "s", TARGET_SECONDS),
            Figure("start: manage.py check, clock", check.clock, "s", TARGET_SECONDS),
        ]
