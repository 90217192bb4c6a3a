"""`docker-compose.yml` and `Caddyfile`, as far as they can be tested without containers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from ai4mars_site.serving import web
from tests.served import REPOSITORY, ServedSite


@pytest.fixture
def services() -> dict[str, Any]:
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
    return dict(compose["services"])


@pytest.mark.e2e
def test_the_health_check_of_the_site_asks_the_site(
    services: dict[str, Any], site_on: Callable[[str], ServedSite]
) -> None:
    kind, program, option, code = services["site"]["healthcheck"]["test"]
    assert (kind, program, option) == ("CMD", "python", "-c")
    port = urlsplit(site_on("sqlite").url).port

    def check(at: int | None, name: str) -> int:
        there = code.replace("127.0.0.1:8000/healthz", f"127.0.0.1:{at}/healthz")
        assert there != code or at == 8000
        environment = {**os.environ, "ALLOWED_HOSTS": name}
        command = [sys.executable, "-c", there]
        return subprocess.run(command, env=environment, capture_output=True).returncode

    assert check(port, "localhost,other") == 0
    assert check(port, ".localhost") == 0
    assert check(1, "localhost") != 0, "nobody listens there"


def test_the_proxy_has_limits_and_the_site_outlasts_its_idle_connections(
    services: dict[str, Any],
) -> None:
    proxy = services["proxy"]
    assert "./Caddyfile:/etc/caddy/Caddyfile:ro" in proxy["volumes"]
    assert "command" not in proxy
    assert "SITE" in proxy["environment"]
    limits = dict(re.findall(r"^\s+(read_header|read_body|write|idle) (\w+)$", caddyfile(), re.M))

    assert set(limits) == {"read_header", "read_body", "write", "idle"}
    assert limits["read_header"] == f"{web.HEADER_SECONDS:.0f}s"
    assert limits["idle"] == "2m"
    assert web.IDLE_SECONDS > 120
    assert services["site"]["environment"]["AI4MARS_PROXIES"] == "1"


def caddyfile() -> str:
    return (REPOSITORY / "Caddyfile").read_text()
