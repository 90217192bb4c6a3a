"""Run the whole site: broker, web server, worker and beat."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections

from ai4mars_site.serving import embedded
from ai4mars_site.serving.supervisor import (
    NotReadyInTime,
    Program,
    ProgramFailed,
    Supervisor,
    celery_command,
)
from ai4mars_site.toolkit.arguments import port
from ai4mars_site.toolkit.commands import is_behind

READY_SECONDS = 60.0
# The web server finishes running requests, Celery its tasks.
WEB_STOP_SECONDS = 5
WORKER_STOP_SECONDS = 5
# A web process gives memory blocks from this size on back to the system when they are free. By
# itself the C library (glibc) soon raises its limit to 32 MB and keeps masks of 1 MB, per thread.
LARGE_BLOCK_BYTES = 256 * 1024


class Command(BaseCommand):
    help = (
        "Start everything the site needs and keep it running until Ctrl-C: a broker (unless "
        "REDIS_URL names one), the web server, a worker and the scheduler of the sweeps."
    )
    # This command may create the embedded database; it checks the migrations below.
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=port, default=8000, help="port; 0 chooses a free one")
        parser.add_argument(
            "--migrate",
            action="store_true",
            help="migrate the database first (always done with embedded SQLite)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        record = Path(settings.RUN_DIR) / "serve.json"
        with (
            _only_one(Path(settings.RUN_DIR) / "serve.lock"),
            _listen(options["host"], options["port"]) as listener,
        ):
            _prepare_database(options["migrate"])
            if settings.PRODUCTION:
                call_command("collectstatic", interactive=False, verbosity=0)
            supervisor = Supervisor(settings.BASE_DIR)
            supervisor.listen_to_signals()
            try:
                self._serve(supervisor, listener, options["host"], record)
            except (ProgramFailed, NotReadyInTime, embedded.EmbeddedServerUnavailable) as error:
                raise CommandError(str(error)) from error
            finally:
                supervisor.stop()
                record.unlink(missing_ok=True)
                if not settings.REDIS_URL:
                    embedded.remove_socket(Path(settings.AI4MARS_HOME))
        self.stdout.write("Stopped.")

    def _serve(
        self, supervisor: Supervisor, listener: socket.socket, host: str, record: Path
    ) -> None:
        environment = _start_broker(supervisor)
        web = supervisor.start(_web(1, listener, environment))
        port = listener.getsockname()[1]
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}/"

        def write_record() -> None:
            draft = record.with_suffix(".new")
            pids = {"serve": os.getpid(), **supervisor.pids()}
            draft.write_text(json.dumps({"url": url, "pids": pids}))
            draft.replace(record)

        with _FirstResponse(host, port) as first_answer:
            if not supervisor.wait_until_ready(web, first_answer.arrived, READY_SECONDS):
                return
        # After the first web process, so that visitors wait only for the web server.
        for number in range(2, int(os.environ.get("AI4MARS_WEB_PROCESSES", "2")) + 1):
            supervisor.start(_web(number, listener, environment))
        supervisor.start(_worker(environment))
        supervisor.start(_beat(environment))
        write_record()
        self._greet(url)
        supervisor.run(write_record)

    def _greet(self, url: str) -> None:
        self.stdout.write(f"\nAI4Mars answers at {url}\n")
        logins = Path(settings.AI4MARS_HOME) / "demo_logins.txt"
        if logins.exists():
            self.stdout.write(logins.read_text())
        self.stdout.write("Stop it with Ctrl-C.\n")
        self.stdout.flush()


# -- preparation ----------------------------------------------------------------------------------


@contextmanager
def _only_one(path: Path) -> Iterator[TextIO]:
    """Lock this AI4MARS_HOME for one process; the kernel releases it when the process ends."""
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise CommandError(
                f"`serve` already runs on {settings.AI4MARS_HOME} (process "
                f"{lock.read().strip() or 'unknown'}). Stop it, or set AI4MARS_HOME to another "
                "folder."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield lock


@contextmanager
def _listen(host: str, port: int) -> Iterator[socket.socket]:
    """Return the listening socket. Web processes inherit it, so the port stays taken if one of them
    ends.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host}, port {port}: {error.strerror or error}. Choose another "
                "port with `--port` (`make run PORT=8001`); `--port 0` takes a free one."
            ) from error
        listener.listen(1024)
        yield listener
    finally:
        listener.close()


def _prepare_database(migrate: bool) -> None:
    if migrate or connection.vendor == "sqlite":
        call_command("migrate", interactive=False, verbosity=0)
    elif is_behind():
        raise CommandError(
            "The database is not up to date. Run `manage.py migrate`, or start with `--migrate`."
        )
    connections.close_all()


# -- the programs ---------------------------------------------------------------------------------


def _start_broker(supervisor: Supervisor) -> dict[str, str]:
    """Start the embedded broker if needed; return the environment of the other programs."""
    if settings.REDIS_URL:
        return {}
    home = Path(settings.AI4MARS_HOME)
    at = embedded.valkey_socket(home)
    program = Program(
        "broker",
        embedded.valkey_command(at, Path(settings.RUN_DIR) / "broker.log"),
        before_start=lambda: embedded.prepare_socket(at),
        stops_last=True,
    )
    broker = supervisor.start(program)
    supervisor.wait_until_ready(broker, lambda: embedded.answers_ping(at), READY_SECONDS)
    return {
        "REDIS_URL": embedded.embedded_redis_url(home),
        "CACHE_URL": embedded.embedded_redis_url(home, database=1),
    }


def _web(number: int, listener: socket.socket, environment: dict[str, str]) -> Program:
    return Program(
        f"web-{number}",
        [
            *(sys.executable, "-m", "ai4mars_site.serving.web"),
            *("--fd", str(listener.fileno())),
            *("--threads", os.environ.get("AI4MARS_WEB_THREADS", "4")),
            *("--stop-seconds", str(WEB_STOP_SECONDS - 1)),
        ],
        {**environment, "MALLOC_MMAP_THRESHOLD_": str(LARGE_BLOCK_BYTES)},
        inherited_files=[listener.fileno()],
        stop_seconds=WEB_STOP_SECONDS,
    )


def _worker(environment: dict[str, str]) -> Program:
    return Program(
        "worker",
        [
            *celery_command("worker"),
            *("--concurrency", os.environ.get("AI4MARS_WORKERS", "2")),
            # Workers need no gossip: the database records the work.
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        environment,
        stop_seconds=WORKER_STOP_SECONDS,
        # SIGTERM would wait for tasks and for a broker that has ended, and a worker that is still
        # starting can miss SIGQUIT. Killed work is repeated.
        orphan_signal=signal.SIGKILL,
    )


def _beat(environment: dict[str, str]) -> Program:
    return Program(
        "beat",
        [
            *celery_command("beat"),
            *("--pidfile", ""),
        ],
        environment,
    )


class _FirstResponse:
    """A check for whether the web server has sent its first response, whatever its status.

    It makes a single request, which waits in the queue of the listening socket, instead of a new
    one for each check.
    """

    def __init__(self, host: str, port: int) -> None:
        reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        name = settings.ALLOWED_HOSTS[0].lstrip(".") if settings.PRODUCTION else "localhost"
        self.connection = socket.create_connection((reachable, port))
        self.connection.sendall(f"GET / HTTP/1.0\r\nHost: {name}\r\n\r\n".encode())

    def arrived(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable)

    def __enter__(self) -> _FirstResponse:
        return self

    def __exit__(self, *details: object) -> None:
        self.connection.close()
