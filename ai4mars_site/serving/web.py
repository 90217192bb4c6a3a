"""A process of the web server, started by `manage.py serve`.

Waitress receives requests in an event loop and passes only complete ones to its threads. So a
client that sends slowly, or not at all, occupies a connection but no thread. This module adds:

- a time limit for headers and a minimum rate for bodies;
- the next request of a connection waits until the client has read the previous response, so that
  a client that reads slowly occupies no thread either;
- large bodies only with a permit (`ai4mars_site.toolkit.uploads`);
- when connections run out, those that have waited longest for their client are closed;
- `/healthz` has its own thread and answers while all others are busy;
- a download to a fast client does not block the event loop for the others;
- on SIGTERM, running requests finish; a hanging event loop ends the process.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import gc
import os
import resource
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask
from waitress.utilities import RequestEntityTooLarge

from ai4mars_site.toolkit.uploads import FORM_BYTES, TOO_LARGE, permitted_bytes

HEALTH_PATH = "/healthz"

#: Time for the whole header of a request, from its first byte.
HEADER_SECONDS = 10.0
#: A body must bring at least so many bytes in each such period: 1 KiB/s, below any real uplink.
BODY_WINDOW_SECONDS = 30.0
BODY_WINDOW_BYTES = 30 * 1024
#: Idle time after which a connection is closed. Longer than that of proxies (Caddy: 120 s), or a
#: proxy would send a request into a connection that is being closed.
IDLE_SECONDS = 150
#: Connections of one process. With files of bodies and downloads each may need three descriptors.
CONNECTIONS = 1000
DESCRIPTORS_PER_CONNECTION = 3
#: A response has stalled when the client reads nothing of it for this time.
STALL_SECONDS = 20.0
#: Above this share of them, each new connection closes the one that waits longest for its client.
CROWDED = 0.9
#: Bytes that one connection may send in a row before the others get their turn.
TURN_BYTES = 1 << 20
PIECE_BYTES = 1 << 17
#: An event loop that takes longer than this for one round hangs.
HANG_SECONDS = 60.0
#: How long the rest of a refused request is received and discarded, so that the client reads the
#: response.
LINGER_SECONDS = 20.0
DRAIN_BYTES = 1 << 16
#: Disk space that uploads must leave free.
SPARE_DISK_BYTES = 1 << 30
#: Bodies and responses up to these sizes stay in memory.
BODY_MEMORY_BYTES = 128 * 1024
ANSWER_MEMORY_BYTES = 256 * 1024


class BoundedRequest(HTTPRequestParser):
    """A request that is being received, with limits on its size and its duration."""

    adj: Any
    error: Any
    is_too_large = False

    def __init__(
        self, adj: Any, largest_body: Callable[[BoundedRequest], int], *, is_early: bool
    ) -> None:
        super().__init__(adj)
        self.largest_body = largest_body
        #: Unparsed bytes of a request that arrived before the previous one was answered.
        self.early: bytes | None = b"" if is_early else None
        self.window_began = time.monotonic()
        self.window_bytes: int | None = None
        #: Size of the body, or its limit if the header does not give it.
        self.expected_bytes = 0

    def received(self, data: bytes) -> int:
        if self.early is not None:
            self.early += data
            return len(data)
        consumed = int(super().received(data))
        if isinstance(self.error, RequestEntityTooLarge):
            # The site answers it without the body, with a page in the visitor's language.
            self.close()
            self.error = self.body_rcv = None
            self.chunked = False
            self.is_too_large = True
            self.headers["CONTENT_LENGTH"] = "0"
            self.headers["CONNECTION"] = "close"
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        largest = self.largest_body(self) + 1  # waitress refuses from this size on
        if largest != self.adj.max_request_body_size:
            self.adj = copy.copy(self.adj)
            self.adj.max_request_body_size = largest

    def is_too_slow(self, now: float) -> bool:
        """Return whether too little has arrived by `now` (monotonic time); called once a second."""
        if self.early is not None:
            return False
        if not self.headers_finished:
            return now - self.window_began > HEADER_SECONDS
        if self.window_bytes is None:
            self.window_began, self.window_bytes = now, self.body_bytes_received
        elif now - self.window_began > BODY_WINDOW_SECONDS:
            arrived = self.body_bytes_received - self.window_bytes
            self.window_began, self.window_bytes = now, self.body_bytes_received
            return arrived < BODY_WINDOW_BYTES
        return False


class SiteTask(WSGITask):
    """The task of answering a request."""

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[TOO_LARGE] = self.request.is_too_large
        return environ


class FairChannel(HTTPChannel):
    """A connection that sends a bounded number of bytes before others get their turn."""

    task_class = SiteTask
    turn_left = TURN_BYTES
    sendbuf_len: int
    request: Any
    requests: list[Any]
    #: Until when the rest of a refused request is discarded (monotonic).
    linger_until: float | None = None
    is_draining = False

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Read for one call of send(2): bytes that the socket does not accept are read again.
        self.sendbuf_len = min(self.sendbuf_len, PIECE_BYTES)
        self.waiting_since = time.monotonic()

    def service(self) -> None:
        if self.requests[0].is_too_large:
            self.linger_until = time.monotonic() + LINGER_SECONDS
        super().service()
        self.waiting_since = time.monotonic()

    # Closing a socket with unread data resets the connection: a client that is still sending would
    # never see the response.

    def handle_close(self) -> None:
        if self.is_lingering and not self.is_draining:
            self.is_draining, self.will_close = True, False
            with contextlib.suppress(OSError):
                self.socket.shutdown(socket.SHUT_WR)
                return
        super().handle_close()

    @property
    def is_lingering(self) -> bool:
        return self.linger_until is not None and time.monotonic() < self.linger_until

    def readable(self) -> bool:
        # The event loop calls this in each round, also right after a response was sent.
        if (early := self._take_early()) is not None:
            self.received(early)
        return self.is_draining or bool(super().readable())

    def _take_early(self) -> bytes | None:
        """Process bytes of the next request that arrived early, once the previous request is
        finished.
        """
        with self.requests_lock:
            if self.requests or self.total_outbufs_len or self.request is None:
                return None
            early: bytes | None = self.request.early
            if early is not None:
                self.request = None
            return early

    def handle_read(self) -> None:
        if not self.is_draining:
            super().handle_read()
            return
        try:
            self.recv(DRAIN_BYTES)  # closes if no bytes are left
        except OSError:
            self.will_close = True

    def parser_class(self, adj: Any) -> BoundedRequest:
        return BoundedRequest(adj, self.server.largest_body, is_early=bool(self.requests))

    def handle_write(self) -> None:
        self.turn_left = TURN_BYTES
        super().handle_write()

    def write_soon(self, data: Any) -> int:
        self.turn_left = TURN_BYTES
        return int(super().write_soon(data))

    def send(self, data: bytes, do_close: bool = True) -> int:
        if self.turn_left <= 0:
            return 0  # as if the socket were full: the loop tries again
        sent = int(super().send(data, do_close=do_close))
        self.turn_left -= sent
        return sent

    @property
    def has_stalled(self) -> bool:
        """Return whether the client has read nothing of a pending response for a while."""
        return self.total_outbufs_len > 0 and time.time() - self.last_activity > STALL_SECONDS

    @property
    def holds_up_a_thread(self) -> bool:
        """Return whether a thread is blocked because the client does not read its response."""
        return (
            bool(self.requests)
            and self.total_outbufs_len > self.adj.outbuf_high_watermark
            and self.has_stalled
        )

    def give_up(self) -> None:
        """Close the connection in the next round, or at once if the client reads nothing."""
        self.will_close = True
        if self.has_stalled:
            # The loop closes a socket only when it is writable.
            self.handle_close()

    @property
    def is_waiting_for_client(self) -> bool:
        """Return whether the connection is waiting for its client: idle, receiving, or sending."""
        is_idle = not self.total_outbufs_len or self.has_stalled
        return is_idle and not self.requests and not self.will_close


class WebServer(TcpWSGIServer):
    """Waitress on a socket that is already listening."""

    channel_class = FairChannel

    def __init__(self, application: Any, listener: socket.socket, adj: Any) -> None:
        dispatcher = ThreadedTaskDispatcher()
        dispatcher.set_thread_count(adj.threads)
        self.health_dispatcher = ThreadedTaskDispatcher()
        self.health_dispatcher.set_thread_count(1)
        self.is_asked_to_stop = False
        sockinfo = (listener.family, listener.type, listener.proto, listener.getsockname())
        super().__init__(
            application,
            _sock=listener,
            dispatcher=dispatcher,
            adj=adj,
            sockinfo=sockinfo,
            bind_socket=False,
        )

    def largest_body(self, request: BoundedRequest) -> int:
        """Return the largest permitted body of a request whose header was received, bytes."""
        usual = int(self.adj.max_request_body_size) - 1
        request.expected_bytes = usual if request.chunked else request.content_length
        if not request.chunked and request.expected_bytes <= usual:
            return usual
        permitted = permitted_bytes(request.path, request.headers.get("COOKIE", ""))
        if permitted <= usual:
            return usual
        if request.chunked:
            request.expected_bytes = permitted
        return permitted if self._has_room_for(request) else usual

    def _has_room_for(self, request: BoundedRequest) -> bool:
        """Return whether a large body fits on the disk in addition to the other uploads in
        progress.
        """
        coming = sum(
            channel.request.expected_bytes - channel.request.body_bytes_received
            for channel in self.active_channels.values()
            if channel.request is not None and channel.request is not request
        )
        free = shutil.disk_usage(tempfile.gettempdir()).free
        return coming + request.expected_bytes < free - SPARE_DISK_BYTES

    def add_task(self, task: FairChannel) -> None:
        if getattr(task.requests[0], "path", "") == HEALTH_PATH:
            self.health_dispatcher.add_task(task)
        else:
            super().add_task(task)

    def handle_accept(self) -> None:
        super().handle_accept()
        if len(self.active_channels) > CROWDED * self.adj.connection_limit:
            waiting = [each for each in self.active_channels.values() if each.is_waiting_for_client]
            if waiting:
                min(waiting, key=lambda channel: channel.waiting_since).give_up()

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        moment = time.monotonic()
        for channel in list(self.active_channels.values()):
            is_slow = channel.request is not None and channel.request.is_too_slow(moment)
            is_over = channel.will_close or (channel.is_draining and not channel.is_lingering)
            if is_slow or is_over or channel.holds_up_a_thread:
                channel.give_up()

    def ask_to_stop(self, *signal_and_frame: object) -> None:
        """Accept no more connections and finish; safe to call in a signal handler."""
        self.is_asked_to_stop = True
        self.accepting = False
        self.pull_trigger()

    def serve(self, stop_seconds: float, on_round: Callable[[], object] = lambda: None) -> None:
        """Serve until asked to stop; then wait up to `stop_seconds` for running requests.

        `on_round` is called at least once a second, as long as the loop does not hang.
        """
        while not self.is_asked_to_stop:
            on_round()
            self._go_round(1.0)
        deadline = time.monotonic() + stop_seconds
        while time.monotonic() < deadline and any(
            channel.requests or channel.total_outbufs_len
            for channel in self.active_channels.values()
        ):
            self._go_round(0.05)

    def _go_round(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, map=self._map, use_poll=True, count=1)


def adjustments(threads: int, largest_body: int, trusts_proxy: bool) -> Any:
    """Return the settings of Waitress."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS * DESCRIPTORS_PER_CONNECTION + 200
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    possible = CONNECTIONS if soft == resource.RLIM_INFINITY else soft // DESCRIPTORS_PER_CONNECTION
    return Adjustments(
        threads=threads,
        max_request_body_size=largest_body + 1,
        # Without a proxy, forwarding headers come from the visitor. With one, Django reads them and
        # knows how many to trust.
        clear_untrusted_proxy_headers=not trusts_proxy,
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=1,
        connection_limit=min(CONNECTIONS, possible),
        inbuf_overflow=BODY_MEMORY_BYTES,
        outbuf_overflow=ANSWER_MEMORY_BYTES,
        max_request_header_size=64 * 1024,
        asyncore_use_poll=True,
        log_socket_errors=False,
        ident=None,
    )


def load_application() -> Any:
    """Return the WSGI application after loading all its modules."""
    gc.disable()
    from django.urls import resolve

    from ai4mars_site.wsgi import application

    # Import all views now, not while the first visitor waits.
    resolve("/")
    # What stays for ever is not looked through again: a label of 40,000 points makes Python look
    # for garbage once, which takes ten times as long as to decode it (0.1 s).
    gc.collect()
    gc.freeze()
    gc.enable()
    return application


def main() -> None:
    """Serve the site on the inherited socket `--fd` until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="the listening socket")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--stop-seconds", type=float, required=True)
    options = parser.parse_args()

    from django.conf import settings

    application = load_application()
    # Uploads are moved to their final folder; that is fast only within one file system.
    scratch = Path(settings.AI4MARS_HOME) / "scratch"
    scratch.mkdir(exist_ok=True)
    tempfile.tempdir = str(scratch)
    server = WebServer(
        application,
        socket.socket(fileno=options.fd),
        adjustments(
            options.threads,
            settings.DATA_UPLOAD_MAX_MEMORY_SIZE + FORM_BYTES,
            trusts_proxy=bool(settings.PROXIES),
        ),
    )
    signal.signal(signal.SIGTERM, server.ask_to_stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Without a handler SIGALRM ends the process, and the supervisor restarts it.
    server.serve(options.stop_seconds, lambda: signal.setitimer(signal.ITIMER_REAL, HANG_SECONDS))
    # Threads that are still working end with the process.
    os._exit(0)


if __name__ == "__main__":
    main()
