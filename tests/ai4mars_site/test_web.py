"""The web server: a slow client occupies a connection for a limited time, and no thread."""

from __future__ import annotations

import http.client
import io
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory

from ai4mars_site.serving import web
from ai4mars_site.toolkit import uploads

FREE = threading.Event()
MEGABYTE = 1 << 20


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
    """Answer with the number of bytes received; `/wait` blocks its thread; `/file` is 64 MiB.

    `/stream` has the same size, and its thread generates it in chunks.
    """
    path = environ["PATH_INFO"]
    headers = []
    if environ[uploads.TOO_LARGE]:
        start_response("413 Payload Too Large", [("Content-Length", "9")])
        return [b"too large"]
    if path == "/wait":
        FREE.wait(30)
    if path == "/file":
        file = tempfile.TemporaryFile()  # noqa: SIM115 (the server closes it)
        file.truncate(64 * MEGABYTE)
        start_response("200 OK", [("Content-Length", str(64 * MEGABYTE))])
        return environ["wsgi.file_wrapper"](file)
    if path == "/stream":
        start_response("200 OK", [("Content-Length", str(64 * MEGABYTE))])
        return (bytes(MEGABYTE) for _ in range(64))
    body = environ["wsgi.input"]
    size = sum(len(piece) for piece in iter(lambda: body.read(MEGABYTE), b""))
    told = environ.get("HTTP_X_FORWARDED_FOR", "nobody")
    start_response("200 OK", headers)
    return [f"{path} {size} {told}".encode()]


class Running:
    """A web server in a thread of this process."""

    def __init__(self, threads: int = 2, proxies: bool = False, **changes: Any) -> None:
        FREE.clear()
        self.connections: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        adjustments = web.adjustments(threads, 100_000, trusts_proxy=proxies)
        for name, value in changes.items():
            setattr(adjustments, name, value)
        self.server = web.WebServer(application, self.listener, adjustments)
        self.thread = threading.Thread(target=self.server.serve, args=(3.0,))
        self.thread.start()

    def connect(self) -> socket.socket:
        """Return a connection that is closed with the server at the latest."""
        self.connections.append(socket.create_connection(self.address, timeout=10))
        return self.connections[-1]

    def get(self, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(*self.address, timeout=10)
        connection.request("POST" if body else "GET", path, body or None, headers)
        answer = connection.getresponse()
        said = answer.status, answer.read(100).decode()
        connection.close()
        return said

    def stop(self) -> None:
        FREE.set()
        for connection in self.connections:
            connection.close()
        self.server.ask_to_stop()
        self.thread.join()
        for channel in list(self.server.active_channels.values()):
            super(web.FairChannel, channel).handle_close()
        self.server.task_dispatcher.shutdown()
        self.server.health_dispatcher.shutdown()
        self.server.close()


@pytest.fixture
def run() -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def start(**options: Any) -> Running:
        started.append(Running(**options))
        return started[-1]

    yield start
    for running in started:
        running.stop()


def closed_after(connection: socket.socket, drip: bytes = b"", seconds: float = 8.0) -> float:
    """Send `drip` repeatedly; return the time at which the server closed the connection."""
    began = time.monotonic()
    connection.settimeout(0.1)
    while time.monotonic() - began < seconds:
        try:
            if drip:
                connection.sendall(drip)
            if connection.recv(100) == b"":
                return time.monotonic() - began
        except TimeoutError:
            continue
        except OSError:
            return time.monotonic() - began
    pytest.fail(f"The connection was open after {seconds} s.")


def test_the_health_check_answers_while_all_threads_work(run: Callable[..., Running]) -> None:
    site = run(threads=2)
    busy = [site.connect() for _ in range(6)]
    for connection in busy:
        connection.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
    waiting = site.connect()
    waiting.sendall(b"GET /other HTTP/1.1\r\nHost: x\r\n\r\n")

    for _ in range(3):
        assert site.get("/healthz") == (200, "/healthz 0 nobody")
    waiting.settimeout(0.2)
    with pytest.raises(TimeoutError):
        waiting.recv(1)

    FREE.set()
    waiting.settimeout(10)
    assert waiting.recv(12) == b"HTTP/1.1 200"


HALF_HEADER = b"GET / HTTP/1.1\r\nHost: x\r\nX-Half: "
HALF_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\nhalf"
HALF_CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\nhalf"


@pytest.mark.parametrize("beginning", [HALF_HEADER, HALF_BODY, HALF_CHUNKED])
@pytest.mark.parametrize("drip", [b"", b"x"], ids=["silent", "dripping"])
def test_a_request_that_does_not_come_to_an_end_is_cut_off(
    beginning: bytes, drip: bytes, run: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "HEADER_SECONDS", 1.0)
    monkeypatch.setattr(web, "BODY_WINDOW_SECONDS", 1.0)
    site = run(threads=1)
    connections = [site.connect() for _ in range(8)]
    for connection in connections:
        connection.sendall(beginning)

    assert site.get("/")[0] == 200, "no thread waits for them"
    assert 0.5 < closed_after(connections[0], drip) < 6


def test_a_slow_honest_body_arrives(
    run: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "BODY_WINDOW_SECONDS", 0.5)
    monkeypatch.setattr(web, "BODY_WINDOW_BYTES", 512)
    site = run(threads=1)
    connection = site.connect()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n")
    for _ in range(25):
        connection.sendall(2000 * b"x")
        time.sleep(0.1)

    assert connection.recv(12) == b"HTTP/1.1 200"


def permit(path: str, largest: int) -> str:
    """Return the cookie that an upload page sets for a logged-in account."""
    view = uploads.takes_uploads(lambda: largest)(lambda request: HttpResponse("a form"))
    request = RequestFactory().get(path)
    request.user = type("Account", (), {"is_authenticated": True})()
    return f"{uploads.COOKIE}={view(request).cookies[uploads.COOKIE].value}"


def test_a_large_body_needs_a_permit_for_its_address(run: Callable[..., Running]) -> None:
    site = run()
    large = bytes(3 * MEGABYTE)
    cookie = permit("/imports/", 4 * MEGABYTE)

    assert site.get("/imports/", bytes(100_000))[0] == 200
    assert site.get("/imports/", large, Cookie=cookie) == (200, f"/imports/ {len(large)} nobody")
    announced = {"Content-Length": str(len(large))}
    refused = [
        ("/imports/", {}),
        ("/elsewhere/", {"Cookie": cookie}),
        ("/imports/", {"Cookie": cookie[:-1] + "!"}),
        ("/imports/", {"Cookie": permit("/imports/", MEGABYTE)}),
    ]
    for path, headers in refused:
        # Only what the header announces: the answer comes before any of the body.
        assert site.get(path, b"x", **announced, **headers)[0] == 413, (path, headers)


def refuses_more(connection: socket.socket) -> bool:
    """Send for some seconds; return whether the other side has closed the connection."""
    for _ in range(60):
        try:
            connection.sendall(bytes(10_000))
        except OSError:
            return True
        time.sleep(0.1)
    return False


def test_who_sends_too_much_is_told_so_while_still_sending(
    run: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = run()
    connection = site.connect()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 90000000\r\n\r\n")
    for _ in range(200):
        connection.sendall(bytes(100_000))

    assert connection.makefile("rb").read().endswith(b"too large")
    connection.shutdown(socket.SHUT_WR)
    monkeypatch.setattr(web, "LINGER_SECONDS", 1.0)
    endless = site.connect()
    endless.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 90000000\r\n\r\n")
    assert refuses_more(endless), "it is not read for ever"


def test_a_body_of_unknown_length_ends_at_its_limit(run: Callable[..., Running]) -> None:
    site = run()
    connection = site.connect()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.sendall(b"1869f\r\n" + 0x1869F * b"x" + b"\r\n" + b"ff\r\n" + 10 * b"x")

    assert connection.recv(12) == b"HTTP/1.1 413"


def test_uploads_do_not_fill_the_disk(
    run: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    site = run()
    cookie = permit("/imports/", 4 * MEGABYTE)
    assert site.get("/imports/", bytes(MEGABYTE), Cookie=cookie)[0] == 200

    monkeypatch.setattr(web, "SPARE_DISK_BYTES", 1 << 60)
    announced = {"Content-Length": str(MEGABYTE)}
    assert site.get("/imports/", b"x", Cookie=cookie, **announced)[0] == 413


@pytest.mark.django_db
def test_a_request_that_was_too_large_is_answered_with_a_page() -> None:
    visitor = Client(enforce_csrf_checks=True, headers={"Accept-Language": "es"})
    answer = visitor.post("/feedback/", b"", "text/plain", **{uploads.TOO_LARGE: True})

    assert answer.status_code == 413
    assert "Demasiado grande" in answer.content.decode()


@pytest.mark.django_db
def test_only_who_may_send_an_archive_gets_a_permit() -> None:
    from tests.factories import new_admin, new_campaign, new_expert

    new_campaign("navcam")
    page = "/manage/navcam/imports/"
    browsers = {"guest": Client(), "expert": Client(), "admin": Client()}
    browsers["expert"].force_login(new_expert().user)
    browsers["admin"].force_login(new_admin())
    for browser in browsers.values():
        browser.get(page)
    permits = {
        name: uploads.permitted_bytes(
            page, f"{uploads.COOKIE}={browser.cookies[uploads.COOKIE].value}"
        )
        for name, browser in browsers.items()
        if uploads.COOKIE in browser.cookies
    }

    assert list(permits) == ["admin"]
    assert permits["admin"] > 4 * 1024**3


def test_a_download_occupies_no_thread(run: Callable[..., Running]) -> None:
    site = run(threads=1)
    slow = [site.connect() for _ in range(8)]
    for connection in slow:
        connection.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"

    assert site.get("/")[0] == 200
    with slow[0].makefile("rb") as rest:
        assert rest.readline() == b" OK\r\n"
        while rest.readline() not in {b"\r\n", b""}:
            pass
        assert len(rest.read(64 * MEGABYTE)) == 64 * MEGABYTE


@pytest.mark.parametrize("path", ["/file", "/stream"])
def test_who_asks_again_and_again_and_reads_nothing_occupies_no_thread(
    path: str, run: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "STALL_SECONDS", 1.0)
    site = run(threads=2)
    for _ in range(4):
        site.connect().sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() * 50)

    assert site.get("/")[0] == 200


def test_requests_that_come_before_the_answers_are_answered_in_their_order(
    run: Callable[..., Running],
) -> None:
    connection = run(threads=2).connect()
    bodies = [b"a" * size for size in (3, 50_000, 0, 7)]
    for number, body in enumerate(bodies):
        head = f"POST /{number} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
        last = "Connection: close\r\n" if number == 3 else ""
        connection.sendall(f"{head}{last}\r\n".encode() + body)
    with connection.makefile("rb") as answers:
        told = re.findall(rb"/\d \d+ nobody", answers.read())

    assert told == [f"/{n} {len(body)} nobody".encode() for n, body in enumerate(bodies)]


def test_a_fast_download_lets_others_have_their_turn(
    run: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_a_row = [0]
    send, go_round = web.FairChannel.send, web.WebServer._go_round

    def counted(self: web.FairChannel, data: bytes, do_close: bool = True) -> int:
        sent = send(self, data, do_close)
        in_a_row[-1] += sent
        return sent

    def rounds(self: web.WebServer, seconds: float) -> None:
        in_a_row.append(0)
        go_round(self, seconds)

    monkeypatch.setattr(web, "TURN_BYTES", 200_000)
    monkeypatch.setattr(web.FairChannel, "send", counted)
    monkeypatch.setattr(web.WebServer, "_go_round", rounds)
    connection = run(threads=1).connect()
    connection.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    with connection.makefile("rb") as answer:
        assert len(answer.read()) > 64 * MEGABYTE

    # The socket takes some megabytes at once, and the thread that answers has a turn as well.
    assert max(in_a_row) < 3 * 200_000


def test_where_connections_run_out_the_ones_that_wait_for_nothing_go(
    run: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "STALL_SECONDS", 0.0)
    site = run(connection_limit=30)
    for _ in range(30):
        site.connect()
        site.connect().sendall(HALF_HEADER)
        # Reads nothing of its answer.
        site.connect().sendall(b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n")

    assert site.get("/")[0] == 200
    assert len(site.server.active_channels) < 30


def test_a_request_that_runs_is_finished_when_the_server_stops(
    run: Callable[..., Running],
) -> None:
    site = run()
    connection = site.connect()
    connection.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
    half = site.connect()
    half.sendall(HALF_HEADER)
    time.sleep(0.3)
    began = time.monotonic()
    site.server.ask_to_stop()
    time.sleep(0.3)
    FREE.set()

    assert connection.recv(12) == b"HTTP/1.1 200"
    site.thread.join(5)
    assert not site.thread.is_alive()
    assert time.monotonic() - began < 3, "it does not wait for what is half received"


@pytest.mark.parametrize(("proxies", "told"), [(False, "nobody"), (True, "192.0.2.1")])
def test_headers_of_a_proxy_are_believed_only_where_there_is_one(
    proxies: bool, told: str, run: Callable[..., Running]
) -> None:
    site = run(proxies=proxies)

    assert site.get("/", **{"X-Forwarded-For": "192.0.2.1"}) == (200, f"/ 0 {told}")


def test_a_request_after_another_on_one_connection(run: Callable[..., Running]) -> None:
    site = run(threads=1)
    connection = http.client.HTTPConnection(*site.address, timeout=10)
    for number in range(3):
        connection.request("POST", f"/{number}", io.BytesIO(b"abc"), {"Content-Length": "3"})
        assert connection.getresponse().read() == f"/{number} 3 nobody".encode()
    connection.close()


def test_what_stays_for_ever_is_not_looked_through_for_garbage() -> None:
    code = (
        "import django; django.setup(); import gc; "
        "from ai4mars_site.serving.web import load_application; "
        "load_application(); print(gc.get_freeze_count(), len(gc.get_objects()))"
    )
    printed = subprocess.check_output([sys.executable, "-c", code], text=True)
    frozen, others = map(int, printed.split())

    assert frozen > 100_000
    assert others < frozen / 20
