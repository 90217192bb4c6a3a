"""A process supervisor: start programs, restart those that end, stop all of them.

Each program runs in its own process group. Ctrl-C in a terminal therefore reaches only the
supervisor, which stops the programs in order. The kernel signals each program when the supervisor
is killed (Linux only: prctl(2), PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

logger = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1
POLL_SECONDS = 0.1
# A program that ends at once is restarted after 1, 2, 4 ... seconds, at most 30.
LONGEST_PAUSE_SECONDS = 30.0
# After this time the program counts as started: the next pause is 1 s again.
HEALTHY_AFTER_SECONDS = 30.0


class ProgramFailed(RuntimeError):
    """A program ended before it was ready for the first time."""


class NotReadyInTime(RuntimeError):
    """A program runs but does not become ready."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program to run, and how to stop it.

    Attributes:
        stop_seconds: Time to finish its work after SIGTERM before it is killed.
        stops_last: True for a server that the other programs need until they end.
        orphan_signal: Signal that the kernel sends when the supervisor is killed.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    inherited_files: Sequence[int] = ()
    before_start: Callable[[], None] | None = None
    stop_seconds: float = 5.0
    stops_last: bool = False
    orphan_signal: signal.Signals = signal.SIGTERM


def die_with_parent(orphan_signal: signal.Signals) -> Callable[[], None] | None:
    """Return a function for `preexec_fn` that asks the kernel for a signal when the parent ends."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(orphan_signal))
        if os.getppid() != parent:  # the parent ended before the request
            os.kill(os.getpid(), orphan_signal)

    return ask_the_kernel


def celery_command(part: str) -> list[str]:
    """Return the first arguments of the command line of Celery's `worker` or `beat`."""
    return [
        sys.executable,
        # In a container root is the usual user; messages are JSON and contain no code.
        *("-W", "ignore:You're running the worker with superuser privileges"),
        *("-m", "celery", "--quiet", "--app", "ai4mars_site", part, "--loglevel", "warning"),
    ]


class Child:
    """One program and its current process."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.program = program
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.start_again_at = 0.0
        self.pause = 1.0

    def start(self) -> None:
        if self.program.before_start:
            self.program.before_start()
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            list(self.program.command),
            cwd=self.folder,
            env={**os.environ, **self.program.environment},
            stdin=subprocess.DEVNULL,
            pass_fds=tuple(self.program.inherited_files),
            process_group=0,
            preexec_fn=die_with_parent(self.program.orphan_signal),
        )

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process else None

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def restart_if_ended(self) -> bool:
        """Restart the program if it has ended and its pause is over; return whether it did."""
        if self.alive:
            return False
        now = time.monotonic()
        if self.process is not None:
            self._record_exit(now)
        if now < self.start_again_at:
            return False
        self.start()
        return True

    def _record_exit(self, now: float) -> None:
        assert self.process is not None
        if now - self.started_at > HEALTHY_AFTER_SECONDS:
            self.pause = 1.0
        logger.error(
            "%s ended with status %s; it starts again in %.0f s.",
            self.program.name,
            self.process.returncode,
            self.pause,
        )
        self.kill_group()  # child processes that it may have left
        self.process = None
        self.start_again_at = now + self.pause
        self.pause = min(2 * self.pause, LONGEST_PAUSE_SECONDS)

    def terminate(self) -> None:
        if self.alive and self.process is not None:
            self.process.terminate()

    def kill_group(self) -> None:
        """Kill the process and all its children; do nothing if they have ended."""
        if self.process is None:
            return
        # macOS raises PermissionError for a group that has ended.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Supervisor:
    """A supervisor that keeps programs running until it is asked to stop."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: list[Child] = []
        self.asked_to_stop = 0

    def listen_to_signals(self) -> None:
        """Stop on SIGINT, SIGTERM or SIGHUP; kill at once on a second one."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self.asked_to_stop += 1

    def start(self, program: Program) -> Child:
        child = Child(program, self.folder)
        self.children.append(child)
        child.start()
        return child

    def wait_until_ready(self, child: Child, ready: Callable[[], bool], seconds: float) -> bool:
        """Wait for `ready()`; return False if asked to stop meanwhile.

        Raises:
            ProgramFailed: The program ended first.
            NotReadyInTime: `seconds` have passed.
        """
        name = child.program.name
        deadline = time.monotonic() + seconds
        while not self.asked_to_stop:
            if ready():
                return True
            if not child.alive:
                raise ProgramFailed(f"{name} ended while it started. The lines above say why.")
            if time.monotonic() > deadline:
                raise NotReadyInTime(f"{name} did not become ready within {seconds:.0f} s.")
            time.sleep(POLL_SECONDS / 2)
        return False

    def pids(self) -> dict[str, int]:
        return {c.program.name: c.pid for c in self.children if c.pid is not None}

    def run(self, on_change: Callable[[], None]) -> None:
        """Restart programs that end until asked to stop; call `on_change` after each restart."""
        while not self.asked_to_stop:
            started = [child.restart_if_ended() for child in self.children]
            if any(started):
                on_change()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """Stop all programs; those with `stops_last` after the others."""
        asked_before = self.asked_to_stop
        for last in (False, True):
            group = [child for child in self.children if child.program.stops_last == last]
            for child in group:
                child.terminate()
            for child in group:
                self._wait_for_end(child, asked_before)
                child.kill_group()
        self.children.clear()

    def _wait_for_end(self, child: Child, asked_before: int) -> None:
        deadline = time.monotonic() + child.program.stop_seconds
        while child.alive and time.monotonic() < deadline and self.asked_to_stop == asked_before:
            time.sleep(POLL_SECONDS / 2)
