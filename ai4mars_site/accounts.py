"""Rate limits for password guesses: few from one address, and slow from many addresses.

Only the pages of allauth check passwords, so its limits are the only ones. The counts are in the
shared cache, for all processes together.
"""

from __future__ import annotations

import unicodedata
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

DEVICE_COOKIE = "known_device"
DEVICE_SECONDS = 365 * 24 * 60 * 60

#: Failed guesses at one account from all addresses; see `ACCOUNT_RATE_LIMITS`.
EVERYWHERE = "login_failed_everywhere"


class AccountAdapter(DefaultAccountAdapter):
    """An adapter that counts failed guesses by account and address, and by account.

    The first limit keeps other addresses from locking out the owner of an account. The second slows
    down guesses from many addresses; it does not apply to browsers in which the account has logged
    in before, so the owner is not locked out either.
    """

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        super().pre_authenticate(request, **credentials)
        self._everywhere_usage = None
        account = account_of(credentials)
        if is_known_device(request, account):
            return
        self._everywhere_usage = ratelimit.consume(
            request, app="allauth.account", action=EVERYWHERE, key=account
        )
        if not self._everywhere_usage:
            self._rollback_login_failed_rl_usage()
            raise self.validation_error("too_many_login_attempts")

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        response.set_cookie(
            DEVICE_COOKIE,
            device_mark(account_of({"username": user.get_username()})),
            max_age=DEVICE_SECONDS,
            secure=settings.PRODUCTION,
            httponly=True,
            samesite="Lax",
        )
        return response

    # The three methods of allauth that apply its limit of failed guesses.

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return f"{ratelimit.get_ip(request)} {account_of(credentials)}"

    def _rollback_login_failed_rl_usage(self) -> None:
        super()._rollback_login_failed_rl_usage()
        if usage := getattr(self, "_everywhere_usage", None):
            usage.rollback()

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        super()._delete_login_attempts_cached_email(request, **credentials)
        ratelimit.clear(
            request, app="allauth.account", action=EVERYWHERE, key=account_of(credentials)
        )


def account_of(credentials: dict[str, Any]) -> str:
    """Return a key for the account of some credentials, or for the name if there is no such
    account.

    The key belongs to the account and not to the name: similar names may belong to different
    accounts, and the owner of one must not reset the count of another.
    """
    name = str(credentials.get("username") or credentials.get("email") or "").strip()
    found = dict(User.objects.filter(username__iexact=name).values_list("username", "pk"))
    if found:
        return f"#{found.get(name, min(found.values()))}"
    return unicodedata.normalize("NFKC", name).casefold()


def device_mark(account: str) -> str:
    """Return the signed cookie value that marks a browser in which this account has logged in."""
    return salted_hmac("ai4mars_site.accounts", account, algorithm="sha256").hexdigest()


def is_known_device(request: HttpRequest, account: str) -> bool:
    return constant_time_compare(request.COOKIES.get(DEVICE_COOKIE, ""), device_mark(account))
