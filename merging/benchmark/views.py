"""Pages of submissions: sending predictions, their progress, and the model leaderboard."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from rest_framework.throttling import SimpleRateThrottle

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import Forbidden
from ai4mars_site.toolkit.tasks import enqueue
from ai4mars_site.toolkit.uploads import FORM_BYTES, takes_uploads
from labeling.people.access import managed_campaign
from labeling.people.permissions import may_manage
from merging import permissions
from merging.benchmark import charts, services
from merging.benchmark.forms import SubmissionForm, too_large
from merging.benchmark.tasks import compare_submission
from merging.models import Release, Submission
from terrain.metrics.confusion import GOLD_VARIANTS, Evaluation

PROBLEMS_SHOWN = 200
STRICTEST = "min3"

VARIANTS: dict[str, str | Promise] = {
    "min3": gettext_lazy("3 experts agreed"),
    "min2": gettext_lazy("At least 2 experts"),
    "min1": gettext_lazy("At least 1 expert"),
}


class PredictionsThrottle(SimpleRateThrottle):
    """The limit of submissions per day for one account."""

    scope = "predictions"

    def takes(self, request: HttpRequest) -> bool:
        """Count one more submission; return whether the account is within the limit."""
        return bool(self.allow_request(cast(Any, request), cast(Any, None)))

    def get_cache_key(self, request: Any, view: Any) -> str:
        return str(self.cache_format % {"scope": self.scope, "ident": request.user.pk})


@require_GET
def leaderboards(request: HttpRequest) -> HttpResponse:
    """Show the releases with a public leaderboard."""
    public = Release.objects.filter(has_public_leaderboard=True, status=Release.Status.COMPLETE)
    shown = [
        {"release": release, "best": release.submissions.on_leaderboard().first()}
        for release in public.select_related("campaign")
    ]
    return render(request, "merging/benchmark/leaderboards.html", {"leaderboards": shown})


def visible_release(request: HttpRequest, pk: int) -> Release:
    """Return a complete release whose leaderboard the visitor may see.

    Raises:
        Forbidden: The leaderboard is for managers.
    """
    complete = Release.objects.filter(status=Release.Status.COMPLETE).select_related("campaign")
    release = get_object_or_404(complete, pk=pk)
    if not permissions.may_see_leaderboard(request.user, release):
        raise Forbidden(_("The leaderboard of this release is for managers only."))
    return release


@takes_uploads(lambda: settings.PREDICTIONS_UPLOAD_MAX_BYTES)
@csrf_exempt
@require_http_methods(["GET", "POST"])
def leaderboard(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the leaderboard of a release, the best first. A POST sends predictions.

    A body that is too large is refused before it is read. The CSRF token is in the body, so it is
    checked after that.
    """
    release = visible_release(request, pk)
    if request.method == "POST":
        if not permissions.may_submit(request.user, release):
            raise Forbidden(_("Log in to send predictions."))
        sent = request.META.get("CONTENT_LENGTH") or "0"
        if int(sent) > settings.PREDICTIONS_UPLOAD_MAX_BYTES + FORM_BYTES:
            form = SubmissionForm()
            return leaderboard_page(request, release, form, status=413, refusal=str(too_large()))
    return protected_leaderboard(request, release)


@csrf_protect
def protected_leaderboard(request: HttpRequest, release: Release) -> HttpResponse:
    """Show the leaderboard, or store a submission, after the check of the CSRF token."""
    if request.method != "POST":
        return leaderboard_page(request, release, SubmissionForm())
    form = SubmissionForm(request.POST, request.FILES)
    if not form.is_valid():
        return leaderboard_page(request, release, form, status=400)
    if not services.takes_predictions(release):
        refusal = _("This site has no archive of this release, so it cannot score predictions.")
        return leaderboard_page(request, release, form, status=409, refusal=refusal)
    if not PredictionsThrottle().takes(request):
        refusal = _("You have reached today's limit of submissions. Try again tomorrow.")
        return leaderboard_page(request, release, form, status=429, refusal=refusal)
    submission = services.submit(
        Actor.of_request(request),
        release,
        form.cleaned_data["name"],
        form.cleaned_data["archive"],
        paper_url=form.cleaned_data["paper_url"],
        code_url=form.cleaned_data["code_url"],
    )
    enqueue(compare_submission, submission.pk)
    return redirect("benchmark:submission", submission.pk)


def leaderboard_page(
    request: HttpRequest,
    release: Release,
    form: SubmissionForm,
    status: int = 200,
    refusal: str = "",
) -> HttpResponse:
    """Render the leaderboard with the form for submissions."""
    own = Submission.objects.none()
    if request.user.is_authenticated:
        own = release.submissions.filter(created_by=request.user).exclude(
            status=Submission.Status.COMPLETE
        )[:10]
    context = {
        "campaign": release.campaign,
        "release": release,
        "results": release.submissions.on_leaderboard().select_related("created_by"),
        "own": own,
        "form": form,
        "refusal": refusal,
        "may_submit": permissions.may_submit(request.user, release),
        "may_manage": may_manage(request.user),
        "takes_predictions": services.takes_predictions(release),
        "limit": settings.PREDICTIONS_UPLOAD_MAX_BYTES,
    }
    return render(request, "merging/benchmark/leaderboard.html", context, status=status)


@require_POST
@login_required
def leaderboard_visibility(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the leaderboard to everybody, or to managers only."""
    release = get_object_or_404(Release.objects.select_related("campaign"), pk=pk)
    managed_campaign(request, release.campaign.slug)
    is_public = request.POST.get("public") == "yes"
    services.show_leaderboard(Actor.of_request(request), release, is_public=is_public)
    return redirect("benchmark:leaderboard", pk)


def visible_submission(request: HttpRequest, pk: int) -> Submission:
    """Return a submission on a leaderboard the visitor may see, or one of their own; else 404."""
    submission = get_object_or_404(
        Submission.objects.select_related("release__campaign", "created_by"), pk=pk
    )
    is_own = request.user.is_authenticated and submission.created_by_id == request.user.pk
    if is_own or may_manage(request.user):
        return submission
    is_on_leaderboard = submission.status == Submission.Status.COMPLETE
    if not is_on_leaderboard or not permissions.may_see_leaderboard(
        request.user, submission.release
    ):
        raise Http404
    return submission


@never_cache
@require_GET
def submission(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the progress, the problems, or the result of a submission."""
    found = visible_submission(request, pk)
    context: dict[str, Any] = {
        "campaign": found.release.campaign,
        "release": found.release,
        "submission": found,
        "problems": found.problems[:PROBLEMS_SHOWN],
        "may_manage": may_manage(request.user),
    }
    if found.result is not None:
        minimum = requested_minimum(request)
        context |= {
            "minimum": minimum,
            "variants": [(name, words, name == minimum) for name, words in VARIANTS.items()],
            **result_of(found, minimum),
        }
    return render(request, "merging/benchmark/submission.html", context)


def requested_minimum(request: HttpRequest) -> str:
    """Return the requested gold variant, min3 by default."""
    asked = request.GET.get("gold", STRICTEST)
    return asked if asked in GOLD_VARIANTS else STRICTEST


def result_of(submission: Submission, minimum: str) -> dict[str, Any]:
    """Return the result against one gold variant, with the chart of its confusion matrix."""
    assert submission.result is not None
    evaluation = Evaluation.from_json(submission.result["evaluations"][minimum])
    names = {int(code): name for code, name in submission.result["classes"].items()}
    titles = [names[each.code] for each in evaluation.classes]
    return {
        "evaluation": evaluation,
        "picture": charts.picture(evaluation, titles),
        "classes": list(zip(titles, evaluation.classes, strict=True)),
        "matrix": list(zip(titles, evaluation.confusion.tolist(), strict=True)),
    }


@require_GET
def submission_picture(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the confusion matrix as an SVG file."""
    found = visible_submission(request, pk)
    if found.result is None:
        raise Http404
    minimum = requested_minimum(request)
    context = {"submission": found, **result_of(found, minimum), "alone": True}
    answer = render(
        request, "merging/benchmark/confusion.svg", context, content_type="image/svg+xml"
    )
    answer["Content-Disposition"] = f'attachment; filename="confusion-{pk}-{minimum}.svg"'
    return answer


@require_GET
def submission_data(request: HttpRequest, pk: int) -> JsonResponse:
    """Return the whole result as JSON, in the form of `evaluate_predictions --json`."""
    found = visible_submission(request, pk)
    if found.result is None:
        raise Http404
    answer = JsonResponse({"name": found.name, **found.result, "problems": []})
    answer["Content-Disposition"] = f'attachment; filename="evaluation-{pk}.json"'
    return answer


@never_cache
@require_GET
def submission_progress(request: HttpRequest, pk: int) -> JsonResponse:
    """Return the progress of a submission as JSON."""
    found = visible_submission(request, pk)
    return JsonResponse(
        {
            "is_over": found.is_over,
            "done": found.done,
            "total": found.total,
            "percent": found.percent,
            "url": reverse("benchmark:submission", args=(pk,)),
        }
    )


@require_POST
@login_required
def submission_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a submission from its leaderboard permanently. Only managers may."""
    found = get_object_or_404(Submission.objects.select_related("release__campaign"), pk=pk)
    managed_campaign(request, found.release.campaign.slug)
    services.remove(Actor.of_request(request), found)
    messages.success(request, _("%(name)s was removed.") % {"name": found.name})
    return redirect("benchmark:leaderboard", found.release_id)
