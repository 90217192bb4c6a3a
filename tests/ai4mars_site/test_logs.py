"""A client's mistake is one short line in the log; an error of the program has its traceback."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client, override_settings
from django.utils.log import CallbackFilter

from ai4mars_site.serving.logs import LONGEST_MISTAKE, OneLineFormatter

pytestmark = pytest.mark.django_db


@pytest.fixture
def log() -> Iterator[list[str]]:
    """Return the formatted output of the site's log handler."""
    lines: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.extend(self.format(record).splitlines())

    handler = Handler()
    written = settings.LOGGING["formatters"]["line"]
    handler.setFormatter(OneLineFormatter(written["format"], style=written["style"]))
    for name in settings.LOGGING["handlers"]["stderr"]["filters"]:
        handler.addFilter(CallbackFilter(settings.LOGGING["filters"][name]["callback"]))
    logging.getLogger().addHandler(handler)
    yield lines
    logging.getLogger().removeHandler(handler)


@override_settings(ALLOWED_HOSTS=["label.example.org"], ADMINS=[("Ada", "ada@example.org")])
@pytest.mark.parametrize("host", ["evil.example", "e" * 5000, "bad host", "evil\nforged"])
def test_an_unknown_host_is_a_bad_request_and_one_short_line(host: str, log: list[str]) -> None:
    answer = Client(headers={"Host": host}).get("/")

    assert answer.status_code == 400
    assert len(log) == 1
    assert "WARNING django.security.DisallowedHost" in log[0]
    assert len(log[0]) < LONGEST_MISTAKE + 100
    assert mail.outbox == []


def test_too_many_fields_are_one_short_line(log: list[str]) -> None:
    fields = {f"field{number}": "" for number in range(1001)}

    assert Client().post("/accounts/login/", fields).status_code == 400

    assert [line for line in log if "Traceback" in line] == []
    assert len(log) == 1


def test_a_fault_of_the_program_keeps_its_traceback(log: list[str]) -> None:
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        logging.getLogger("labeling").exception("It broke")

    assert "Traceback (most recent call last):" in log
