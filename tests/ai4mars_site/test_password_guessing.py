"""Passwords cannot be guessed quickly, and guessing does not lock the owner out."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

PASSWORD = "correct horse battery staple"
LOGIN = "/accounts/login/"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clear_caches(settings: Any) -> None:
    cache.clear()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick


@pytest.fixture
def owner() -> User:
    return User.objects.create_superuser("ada", password=PASSWORD)


def guess(
    password: str, address: str, path: str = LOGIN, name: str = "ada", **headers: str
) -> Client | None:
    """Log in from an address; return the browser, or None if the login failed."""
    client = Client(REMOTE_ADDR=address, headers=headers)
    client.post(path, {"login": name, "username": name, "password": password}, follow=True)
    return client if "_auth_user_id" in client.session else None


@pytest.fixture
def wrong_password_checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the passwords that were compared with the owner's."""
    seen: list[str] = []
    compare = User.check_password

    def noted(self: User, raw_password: str) -> bool:
        seen.append(raw_password)
        return compare(self, raw_password)

    monkeypatch.setattr(User, "check_password", noted)
    return seen


@pytest.mark.parametrize("path", [LOGIN, "/admin/login/"])
def test_forty_guesses_are_few_and_do_not_lock_the_owner_out(
    path: str, owner: User, wrong_password_checks: list[str]
) -> None:
    for number in range(40):
        # The name written in other ways is the same account.
        assert (
            guess(f"wrong {number}", "203.0.113.9", path, ["ada", "ADA", " ada"][number % 3])
            is None
        )

    assert len(set(wrong_password_checks)) <= 5
    assert guess(PASSWORD, "203.0.113.9", path) is None, "not even the right one, from there"
    assert guess(PASSWORD, "198.51.100.7", LOGIN) is not None


@pytest.mark.parametrize("name", ["\uff41da", "\u1d43da"])
def test_an_account_of_a_name_that_looks_alike_undoes_no_count(
    name: str, owner: User, wrong_password_checks: list[str]
) -> None:
    own = "the guesser's own"
    form = {"username": name, "password1": own, "password2": own}
    assert Client().post("/accounts/signup/", form).status_code == 302
    assert User.objects.filter(username=name).exists()
    for number in range(9):
        assert guess(f"wrong {number}", "203.0.113.9") is None
        if number % 3 == 2:
            assert guess(own, "203.0.113.9", name=name) is not None

    guesses = {each for each in wrong_password_checks if each.startswith("wrong")}
    assert len(guesses) <= 5


def test_one_address_guesses_at_few_accounts_a_minute(
    owner: User, wrong_password_checks: list[str]
) -> None:
    for number in range(15):
        User.objects.create_user(f"user{number}", password=None)
    for number in range(15):
        guess("password", "203.0.113.9", name=f"user{number}")

    assert guess(PASSWORD, "203.0.113.9") is None
    assert guess(PASSWORD, "198.51.100.7") is not None


def test_guesses_from_many_addresses_are_slowed_down_and_do_not_lock_the_owners_browser_out(
    owner: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        settings.ACCOUNT_RATE_LIMITS,
        "login_failed_everywhere",
        "8/h/key",
    )
    known = guess(PASSWORD, "198.51.100.7")
    assert known is not None
    for number in range(8):
        guess("wrong", f"203.0.113.{number}")

    assert guess(PASSWORD, "203.0.113.200") is None, "a browser nobody knows has to wait"
    known.post("/accounts/logout/")
    assert "_auth_user_id" not in known.session
    known.post(LOGIN, {"login": "ada", "password": PASSWORD})
    assert "_auth_user_id" in known.session

    forged = Client(REMOTE_ADDR="203.0.113.201")
    forged.cookies = SimpleCookie({"known_device": "0" * 64})
    forged.post(LOGIN, {"login": "ada", "password": PASSWORD})
    assert "_auth_user_id" not in forged.session


def test_the_address_is_the_one_that_the_proxy_tells(owner: User, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(6):
        told = {"X-Forwarded-For": f"192.0.2.{number}, 203.0.113.9"}
        guess("wrong", "10.0.0.1", **told)

    blocked = {"X-Forwarded-For": "192.0.2.77, 203.0.113.9"}
    assert guess(PASSWORD, "10.0.0.1", **blocked) is None
    assert guess(PASSWORD, "10.0.0.1", **{"X-Forwarded-For": "198.51.100.7"}) is not None


def test_without_a_proxy_its_header_makes_nobody_another_visitor(owner: User) -> None:
    for number in range(6):
        guess("wrong", "203.0.113.9", **{"X-Forwarded-For": f"192.0.2.{number}"})

    assert guess(PASSWORD, "203.0.113.9", **{"X-Forwarded-For": "192.0.2.77"}) is None


def test_the_admin_checks_no_password_itself(owner: User) -> None:
    visitor = Client()
    answer = visitor.get("/admin/")
    assert answer.status_code == 302
    assert visitor.get("/admin/login/?next=/admin/", follow=True).redirect_chain == [
        ("/accounts/login/?next=%2Fadmin%2F", 302)
    ]

    volunteer = Client()
    volunteer.force_login(User.objects.create_user("bob", password=PASSWORD))
    assert volunteer.get("/admin/login/").status_code == 403

    visitor.force_login(owner)
    assert visitor.get("/admin/").status_code == 200
    assert visitor.get("/admin/password_change/")["Location"] == "/accounts/password/change/"


def test_the_old_password_cannot_be_guessed_by_whoever_has_the_session(
    owner: User, wrong_password_checks: list[str]
) -> None:
    thief = Client()
    thief.force_login(owner)
    for path in ("/admin/password_change/", "/accounts/password/change/"):
        for number in range(20):
            sent = {"oldpassword": f"wrong {number}", "old_password": f"wrong {number}"}
            thief.post(path, sent, follow=True)

    assert len(set(wrong_password_checks)) <= 5


def test_too_many_forms_are_answered_with_a_page_that_says_so(owner: User) -> None:
    client = Client(REMOTE_ADDR="203.0.113.9")
    answers = [client.post(LOGIN, {"login": "nobody", "password": "x"}) for _ in range(31)]

    assert answers[-1].status_code == 429
    assert "Wait a minute" in answers[-1].content.decode()
