"""Slow, repeated and large requests to the whole site."""

from __future__ import annotations

import http.client
import os
import re
import select
import socket
import time
import zipfile
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from ai4mars_site.serving import web
from tests.served import ServedSite

pytestmark = pytest.mark.e2e

#: What is asked while the site is attacked is answered within this time.
PATIENCE_SECONDS = 5.0
MANY = 64


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSite]:
    site = ServedSite(tmp_path_factory.mktemp("slow"))
    site.start()
    yield site
    site.stop()


def address_of(site: ServedSite) -> tuple[str, int]:
    parts = urlsplit(site.url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def half_sent(site: ServedSite, beginning: str) -> list[socket.socket]:
    connections = [socket.create_connection(address_of(site)) for _ in range(MANY)]
    for connection in connections:
        connection.sendall(beginning.encode())
    return connections


def seconds_of(site: ServedSite, path: str) -> float:
    began = time.monotonic()
    connection = http.client.HTTPConnection(*address_of(site), timeout=30)
    connection.request("GET", path)
    assert connection.getresponse().status == 200
    connection.close()
    return time.monotonic() - began


def is_closed(connection: socket.socket) -> bool:
    readable, _, _ = select.select([connection], [], [], 0)
    if not readable:
        return False
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_half_sent_requests_keep_nobody_from_the_site(site: ServedSite) -> None:
    body = "POST /api/labels/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 400000\r\n\r\n{"
    attack = {
        "header": half_sent(site, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "),
        "body": half_sent(site, body),
        "dripped header": half_sent(site, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "),
        "dripped body": half_sent(site, body),
    }
    began = time.monotonic()
    longest = {
        name: (web.HEADER_SECONDS if "header" in name else web.BODY_WINDOW_SECONDS) + 5
        for name in attack
    }
    try:
        for path in ("/healthz", "/", "/static/img/icon.svg") * 3:
            assert seconds_of(site, path) < PATIENCE_SECONDS, path
        while any(attack.values()):
            for name, connections in attack.items():
                if "dripped" in name:
                    for connection in connections:
                        try:
                            connection.sendall(b"x")
                        except OSError:
                            continue  # it is closed: seen below
                for connection in [each for each in connections if is_closed(each)]:
                    connections.remove(connection)
                    connection.close()
                waited = time.monotonic() - began
                assert not connections or waited < longest[name], f"{name} after {waited:.0f} s"
            assert seconds_of(site, "/healthz") < PATIENCE_SECONDS
            time.sleep(1)
    finally:
        for connections in attack.values():
            for connection in connections:
                connection.close()


def log_in(site: ServedSite, name: str, password: str, address: str) -> bool:
    """Return whether the site accepts a login from this address."""
    connection = http.client.HTTPConnection(
        *address_of(site), timeout=60, source_address=(address, 0)
    )
    connection.request("GET", "/accounts/login/")
    page = connection.getresponse()
    cookies = SimpleCookie(page.headers["Set-Cookie"])
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.read().decode())
    assert token is not None
    form = urlencode({"csrfmiddlewaretoken": token[1], "login": name, "password": password})
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"csrftoken={cookies['csrftoken'].value}",
    }
    connection.request("POST", "/accounts/login/", form, headers)
    answer = connection.getresponse()
    connection.close()
    return answer.status == 302


def test_guesses_are_counted_by_all_processes_together(site: ServedSite) -> None:
    create = (
        "from django.contrib.auth.models import User;"
        "User.objects.create_user('ada', password='right')"
    )
    site.manage("shell", "-v", "0", "-c", create)

    for number in range(12):
        assert not log_in(site, "ada", f"wrong {number}", "127.0.0.9")
    assert not log_in(site, "ada", "right", "127.0.0.9"), "one process did not know of the others"
    assert log_in(site, "ada", "right", "127.0.0.7")


def test_an_archive_is_uploaded_by_who_was_shown_the_page(site: ServedSite, tmp_path: Path) -> None:
    site.manage("create_demo", "--scenes", "1", "--size", "64", "--workers", "1")
    logins = (site.home / "demo_logins.txt").read_text()
    password = re.search(r"admin +(\S+)", logins)
    assert password is not None
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("notes.txt", os.urandom(12_000_000))
    browser = requests.Session()
    page = f"{site.url}manage/demo/imports/"

    def form(path: str, **fields: str) -> dict[str, str]:
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', browser.get(path).text)
        assert token is not None
        return {"csrfmiddlewaretoken": token[1], **fields}

    login = f"{site.url}accounts/login/"
    browser.post(login, form(login, login="admin", password=password[1]))
    # Refused by what its header announces: the body need not be sent.
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    announced = {"Content-Length": str(archive.stat().st_size), "Cookie": cookies}
    connection = http.client.HTTPConnection(*address_of(site), timeout=30)
    connection.request("POST", urlsplit(page).path, b"x", announced)
    answer = connection.getresponse()
    assert answer.status == 413
    assert "larger than this page accepts" in answer.read().decode()
    connection.close()
    seen = form(page)
    with archive.open("rb") as file:
        taken = browser.post(page, seen, files={"archive": file}, allow_redirects=False)

    assert taken.status_code == 302
    assert re.fullmatch(r"/imports/\d+/", taken.headers["Location"])
    browser.close()
