"""The URLs of the site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from ai4mars_site.health import healthz
from ai4mars_site.privacy import privacy

# Passwords are checked only on the pages under accounts/, which limit the rate of guesses.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", include("labeling.urls")),
    path("", include("review.urls")),
    path("", include("merging.urls")),
    path("healthz", healthz, name="healthz"),
    path("privacy/", privacy, name="privacy"),
    path("accounts/", include("allauth.urls")),
    path(
        "admin/password_change/",
        RedirectView.as_view(pattern_name="account_change_password"),
    ),
    path("admin/", admin.site.urls),
    # Browsers request this for pages without an icon, such as those of Django's admin.
    path("favicon.ico", lambda request: redirect(static("img/icon.svg"))),
    path("i18n/", include("django.conf.urls.i18n")),
]
