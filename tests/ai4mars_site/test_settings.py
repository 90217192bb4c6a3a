"""The settings refuse unsafe values in production, and need no values for development."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.served import REPOSITORY

SAFE = {
    "AI4MARS_ENV": "production",
    "SECRET_KEY": "a-long-random-key-that-nobody-else-knows-0123456789",
    "ALLOWED_HOSTS": "label.example.org",
    "CSRF_TRUSTED_ORIGINS": "https://label.example.org",
}

PRINT_SETTINGS = """
import json
from ai4mars_site import settings as s
names = "DEBUG SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE"
print(json.dumps({
    **{name: getattr(s, name, None) for name in names.split()},
    "SECRET_KEY": s.SECRET_KEY,
    "ENGINE": s.DATABASE["ENGINE"],
    "CACHE": s.CACHES["default"]["BACKEND"],
    "APPS": s.INSTALLED_APPS,
}))
"""


def load_settings(home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": os.environ["PATH"], "AI4MARS_HOME": str(home), "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(
        [sys.executable, "-c", PRINT_SETTINGS],
        env=clean | environment,
        cwd=home,
        capture_output=True,
        text=True,
    )


def test_nothing_has_to_be_set_to_try_it(tmp_path: Path) -> None:
    first = json.loads(load_settings(tmp_path).stdout)
    again = json.loads(load_settings(tmp_path).stdout)

    assert first["ENGINE"] == "django.db.backends.sqlite3"
    assert first["CACHE"].endswith("LocMemCache")
    assert first["DEBUG"] is False
    assert "simulation" in first["APPS"], "`make run` serves its demo campaign"
    assert len(first["SECRET_KEY"]) >= 50
    assert first == again, "the key made at the first start is kept"
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_production_with_all_it_needs_is_strict(tmp_path: Path) -> None:
    loaded = json.loads(load_settings(tmp_path, **SAFE).stdout)

    assert loaded["SECURE_SSL_REDIRECT"] is True
    assert loaded["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert loaded["SESSION_COOKIE_SECURE"] is True
    assert loaded["CSRF_COOKIE_SECURE"] is True
    assert "simulation" not in loaded["APPS"], "the demo's accounts do not belong there"
    assert not (tmp_path / "secret_key").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY is missing or shorter"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is missing or shorter"),
        ({"ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name"),
        ({"CSRF_TRUSTED_ORIGINS": ""}, "CSRF_TRUSTED_ORIGINS must name"),
        ({"CSRF_TRUSTED_ORIGINS": "http://label.example.org"}, "CSRF_TRUSTED_ORIGINS must name"),
        ({"DEBUG": "true"}, "DEBUG is on"),
        ({"AI4MARS_ENV": "live"}, "Set it to 'development' or 'production'"),
    ],
)
def test_unsafe_production_does_not_start(
    tmp_path: Path, change: dict[str, str], sentence: str
) -> None:
    loaded = load_settings(tmp_path, **(SAFE | change))

    assert loaded.returncode != 0
    assert "ImproperlyConfigured" in loaded.stderr
    assert sentence in loaded.stderr


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    said = load_settings(tmp_path, AI4MARS_ENV="production").stderr

    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS"):
        assert name in said
