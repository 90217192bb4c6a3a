"""All addresses of the site."""

from django.contrib import admin
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path

urlpatterns = [
    path("", include("labeling.urls")),
    path("", include("review.urls")),
    path("", include("merging.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    # Where a page names no icon, as Django's admin, a browser asks here.
    path("favicon.ico", lambda request: redirect(static("img/icon.svg"))),
    path("i18n/", include("django.conf.urls.i18n")),
]
