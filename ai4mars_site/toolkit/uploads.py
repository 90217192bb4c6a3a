"""Permits for large uploads: a page with an upload form sets a signed cookie.

The web server receives a whole request before a thread of the application handles it, so it must
know in advance how much a visitor may send. It does not ask the database: the page with the form
sets a signed cookie for its own path only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, parse_cookie
from django.http.response import HttpResponseBase

COOKIE = "upload_permit"
#: How long a page may stay open before its form is sent.
PERMIT_SECONDS = 7 * 24 * 60 * 60
#: Room for the form's other fields and boundaries.
FORM_BYTES = 1 << 20

#: WSGI environment key of a request whose body was too large and was dropped.
TOO_LARGE = "ai4mars.too_large"

_SALT = "ai4mars_site.toolkit.uploads"

View = Callable[..., HttpResponseBase]


def takes_uploads(largest: Callable[[], int]) -> Callable[[View], View]:
    """Decorate a view: accounts that see the page may send up to `largest()` bytes to its path."""

    def decorate(view: View) -> View:
        @wraps(view)
        def with_permit(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
            response = view(request, *args, **kwargs)
            if request.user.is_authenticated and response.status_code == 200:
                response.set_cookie(
                    COOKIE,
                    signing.dumps([request.path, largest() + FORM_BYTES], salt=_SALT),
                    max_age=PERMIT_SECONDS,
                    path=request.path,
                    secure=settings.PRODUCTION,
                    httponly=True,
                    samesite="Lax",
                )
            return response

        return with_permit

    return decorate


def permitted_bytes(path: str, cookies: str) -> int:
    """Return the bytes that the permit in the `Cookie` header allows for `path`; 0 without one."""
    permit = parse_cookie(cookies).get(COOKIE, "")
    try:
        for_path, largest = signing.loads(permit, salt=_SALT, max_age=PERMIT_SECONDS)
    except (signing.BadSignature, TypeError, ValueError):
        return 0
    return int(largest) if for_path == path else 0
