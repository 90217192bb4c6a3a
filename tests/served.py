"""A site as visitors see it: `manage.py serve`, with its own data folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ai4mars_site.serving.supervisor import die_with_parent

REPOSITORY = Path(__file__).resolve().parent.parent
START_SECONDS = 90.0
STOP_SECONDS = 30.0


class SiteDidNotStart(RuntimeError):
    """`manage.py serve` ended, or did not answer in time; the message is its output."""


class ServedSite:
    """`manage.py serve --port 0` on `home`, and commands that work on the same data.

    `environment` is added to this process's environment, without the test servers' variables.
    """

    def __init__(self, home: Path, environment: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in {"DATABASE_URL", "REDIS_URL", "CACHE_URL", "AI4MARS_ENV"}
            and not name.startswith("PYTEST_")
        }
        self.environment |= {"AI4MARS_HOME": str(home), **(environment or {})}
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        path = self.home / "serve.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def pids(self) -> dict[str, int]:
        """Return the processes by name: serve, web-1 ..., worker, beat, and broker if embedded."""
        record = self._record()
        return record["pids"] if record else {}

    def _record(self) -> dict[str, Any] | None:
        try:
            record: dict[str, Any] = json.loads((self.home / "run" / "serve.json").read_text())
        except FileNotFoundError:
            return None
        return record

    def start(self, *options: str) -> ServedSite:
        """Start and wait for the first response. Raises SiteDidNotStart."""
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                self._command("serve", "--port", "0", *options),
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )
        deadline = time.monotonic() + START_SECONDS
        while (record := self._record()) is None:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise SiteDidNotStart(self.log)
            time.sleep(0.05)
        self.url = str(record["url"])
        return self

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Stop like Ctrl-C; return the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def manage(self, *arguments: str, input: str | None = None) -> str:
        """Run a `manage.py` command on this site's data; return its standard output.

        Raises subprocess.CalledProcessError; the error output goes to the test's own.
        """
        done = subprocess.run(
            self._command(*arguments),
            cwd=REPOSITORY,
            env=self.environment,
            input=input,
            stdin=None if input is not None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    @staticmethod
    def _command(*arguments: str) -> list[str]:
        return [sys.executable, str(REPOSITORY / "manage.py"), *arguments]
