"""The short feedback form (the paper's beta test), and the managers' page of feedback."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Avg, Count
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from rest_framework.throttling import SimpleRateThrottle

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.csv_files import Echo, safe_cell
from labeling.models import SiteFeedback
from labeling.people.access import require_manager
from labeling.people.visitors import labeler_of
from labeling.reports import services
from labeling.reports.forms import SiteFeedbackForm

PAGE = 50

#: The mouth of each face, as an SVG path in a 24 x 24 picture.
MOUTHS = {
    1: "M8 17c1-2.2 2.4-3.2 4-3.2s3 1 4 3.2",
    2: "M8 16.4c1.2-1 2.5-1.5 4-1.5s2.8.5 4 1.5",
    3: "M8 15.6h8",
    4: "M8 14.8c1.2 1 2.5 1.5 4 1.5s2.8-.5 4-1.5",
    5: "M7.4 13.8c.9 2.7 2.5 4 4.6 4s3.7-1.3 4.6-4z",
}


class FeedbackThrottle(SimpleRateThrottle):
    """A limit of forms per hour from one address: enough for a school class, not for a bot."""

    scope = "feedback"

    def allow_form(self, request: HttpRequest) -> bool:
        """Count one more form from this address; return whether it is within the limit."""
        return bool(self.allow_request(cast(Any, request), cast(Any, None)))

    def get_cache_key(self, request: Any, view: Any) -> str:
        return str(self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)})


@require_http_methods(["GET", "POST"])
def give_feedback(request: HttpRequest) -> HttpResponse:
    """Render or store the form, for everybody; `?from=` is the page from which it was opened."""
    if request.method == "GET":
        page = local_path(request, request.GET.get("from", ""))
        form = SiteFeedbackForm(initial={"page": page}, label_suffix="")
        return render(request, "labeling/reports/site_feedback.html", feedback_page(form))
    form = SiteFeedbackForm(request.POST, label_suffix="")
    if not form.is_valid():
        return render(
            request, "labeling/reports/site_feedback.html", feedback_page(form), status=400
        )
    page = local_path(request, form.cleaned_data["page"])
    # Only a bot fills in the hidden field: it gets the usual answer, and nothing is stored.
    if not form.cleaned_data["website"]:
        if not FeedbackThrottle().allow_form(request):
            form.add_error(
                None,
                _(
                    "We received a lot of feedback from your network in the last hour. Please "
                    "try again later."
                ),
            )
            return render(
                request, "labeling/reports/site_feedback.html", feedback_page(form), status=429
            )
        labeler = labeler_of(request)
        services.give_feedback(
            labeler.actor if labeler else Actor.of_request(request),
            labeler,
            mood=form.cleaned_data["mood"],
            text=form.cleaned_data["text"],
            contact=form.cleaned_data["contact"],
            page=page,
        )
    return redirect(f"{reverse('reports:site_feedback_thanks')}?{urlencode({'from': page})}")


def feedback_page(form: SiteFeedbackForm) -> dict[str, Any]:
    faces = [
        {"value": mood.value, "label": mood.label, "mouth": MOUTHS[mood.value]}
        for mood in SiteFeedback.Mood
    ]
    return {"form": form, "faces": faces, "chosen": str(form["mood"].value() or "")}


@require_GET
def thanks(request: HttpRequest) -> HttpResponse:
    back = local_path(request, request.GET.get("from", "")) or reverse("campaigns:landing")
    return render(request, "labeling/reports/site_feedback_thanks.html", {"back": back})


def local_path(request: HttpRequest, path: str) -> str:
    """Return a path on this site unchanged; "" for anything else, or if it is too long."""
    is_ours = path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None)
    return path if is_ours and len(path) <= SiteFeedback.PAGE_LENGTH else ""


# -- the managers' page ----------------------------------------------------------------------------


@require_GET
@login_required
def read_feedback(request: HttpRequest) -> HttpResponse:
    """Render the feedback, newest first; `?show=new` (default), `read` or `all`."""
    require_manager(request)
    shown = request.GET.get("show", "new")
    chosen = {
        "all": SiteFeedback.objects.all(),
        "read": SiteFeedback.objects.exclude(read_at=None),
    }.get(shown, SiteFeedback.objects.unread())
    counts = dict(SiteFeedback.objects.order_by().values_list("mood").annotate(n=Count("pk")))
    total = sum(counts.values())
    return render(
        request,
        "labeling/reports/read_site_feedback.html",
        {
            "page": Paginator(chosen.select_related("labeler"), PAGE).get_page(
                request.GET.get("page")
            ),
            "shown": shown if shown in ("all", "read") else "new",
            "unread": SiteFeedback.objects.unread().count(),
            "total": total,
            "average": SiteFeedback.objects.aggregate(average=Avg("mood"))["average"],
            "moods": [
                {
                    "label": mood.label,
                    "mouth": MOUTHS[mood.value],
                    "count": counts.get(mood.value, 0),
                }
                for mood in reversed(SiteFeedback.Mood)
            ],
            "mouths": MOUTHS,
        },
    )


@require_POST
@login_required
def mark_read(request: HttpRequest) -> HttpResponse:
    """Mark one entry (`id`) as read, or as unread again (`unread`)."""
    require_manager(request)
    number = request.POST.get("id", "")
    if number.isascii() and number.isdigit():
        services.mark_feedback(
            Actor.of_request(request), int(number), is_read="unread" not in request.POST
        )
    show = request.POST.get("show", "new")
    return redirect(f"{reverse('reports:read_site_feedback')}?{urlencode({'show': show})}")


@require_GET
@login_required
def export(request: HttpRequest) -> StreamingHttpResponse:
    """Return all feedback as CSV."""
    require_manager(request)
    writer = csv.writer(Echo())

    def lines() -> Iterator[str]:
        yield writer.writerow(["sent", "mood", "text", "contact", "page", "read"])
        for each in SiteFeedback.objects.order_by("created_at").iterator():
            sent = each.created_at.isoformat(timespec="seconds")
            read = "" if each.read_at is None else each.read_at.isoformat(timespec="seconds")
            said = [safe_cell(text) for text in (each.text, each.contact, each.page)]
            yield writer.writerow([sent, each.mood, *said, read])

    return StreamingHttpResponse(
        lines(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="feedback.csv"'},
    )
