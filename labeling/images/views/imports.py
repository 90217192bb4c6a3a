"""The managers' pages to import images and to curate them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.csv_files import Echo
from ai4mars_site.toolkit.tasks import enqueue
from ai4mars_site.toolkit.uploads import takes_uploads
from labeling.images.forms import ImportForm
from labeling.images.services import import_jobs
from labeling.images.tasks import start_import
from labeling.models import ImportItem, ImportJob
from labeling.people.access import managed_campaign

REFUSALS_SHOWN = 200
JOBS_SHOWN = 50


def managed_job(request: HttpRequest, pk: int) -> ImportJob:
    job = get_object_or_404(ImportJob.objects.select_related("campaign", "created_by"), pk=pk)
    managed_campaign(request, job.campaign.slug)
    return job


@takes_uploads(lambda: settings.IMPORT_UPLOAD_MAX_BYTES)
@require_http_methods(["GET", "POST"])
@login_required
def imports(request: HttpRequest, slug: str) -> HttpResponse:
    """Render a campaign's imports; a POST starts one."""
    campaign = managed_campaign(request, slug)
    is_sent = request.method == "POST"
    form = ImportForm(
        request.POST if is_sent else None, request.FILES if is_sent else None, label_suffix=""
    )
    if request.method == "POST" and form.is_valid():
        job = import_jobs.start(
            Actor.of_request(request),
            campaign,
            form.cleaned_data["source"],
            form.cleaned_data["archive"],
        )
        enqueue(start_import, job.pk)
        return redirect("images:import_job", job.pk)
    jobs = campaign.imports.select_related("campaign", "created_by")[:JOBS_SHOWN]
    return render(
        request,
        "labeling/images/imports.html",
        {"campaign": campaign, "form": form, "jobs": [job_card(job) for job in jobs]},
    )


def job_card(job: ImportJob) -> dict[str, Any]:
    return {
        **job_state(job),
        "source": job.source,
        "created": job.created_at,
        "created_by": job.created_by,
        "url": reverse("images:import_job", args=(job.pk,)),
        "report_url": reverse("images:import_report", args=(job.pk,)),
        "progress_url": reverse("images:import_progress", args=(job.pk,)),
        "stop_url": reverse("images:import_stop", args=(job.pk,)),
        "resume_url": reverse("images:import_resume", args=(job.pk,)),
    }


def job_state(job: ImportJob) -> dict[str, Any]:
    """Return the data that change while an import runs."""
    counts = import_jobs.counts(job)
    return {
        "id": job.pk,
        "status": job.status,
        "message": job.message,
        **counts,
        "percent": counts["done"] * 100 // counts["total"] if counts["total"] else 0,
    }


@require_GET
@login_required
def import_job(request: HttpRequest, pk: int) -> HttpResponse:
    job = managed_job(request, pk)
    refused = import_jobs.with_reason(job, ImportItem.Status.REFUSED)
    unused = import_jobs.with_reason(job, ImportItem.Status.UNUSED)
    noted = import_jobs.with_reason(job, ImportItem.Status.IMPORTED)
    return render(
        request,
        "labeling/images/import_job.html",
        {
            "campaign": job.campaign,
            "job": job_card(job),
            "refused": refused.values("name", "reason")[:REFUSALS_SHOWN],
            "unused": unused.values("name", "reason")[:REFUSALS_SHOWN],
            "noted": noted.values("name", "reason")[:REFUSALS_SHOWN],
            "noted_count": noted.count(),
        },
    )


@require_GET
@login_required
def import_progress(request: HttpRequest, pk: int) -> JsonResponse:
    return JsonResponse(job_state(managed_job(request, pk)))


@require_POST
@login_required
def import_stop(request: HttpRequest, pk: int) -> HttpResponse:
    import_jobs.stop(Actor.of_request(request), managed_job(request, pk))
    return redirect("images:import_job", pk)


@require_POST
@login_required
def import_resume(request: HttpRequest, pk: int) -> HttpResponse:
    job = managed_job(request, pk)
    if import_jobs.resume(Actor.of_request(request), job):
        enqueue(start_import, job.pk)
    return redirect("images:import_job", pk)


@require_GET
@login_required
def import_report(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """Return the outcome of each file as CSV."""
    job = managed_job(request, pk)
    writer = csv.writer(Echo())

    def lines() -> Iterator[str]:
        for row in import_jobs.report_rows(job.items.order_by("name").iterator()):
            yield writer.writerow(row)

    return StreamingHttpResponse(
        lines(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="import-{job.pk}.csv"'},
    )


@require_GET
@login_required
def curate(request: HttpRequest, slug: str) -> HttpResponse:
    """Render thumbnails to filter, sort, retire and restore."""
    campaign = managed_campaign(request, slug)
    config = {
        "urls": {
            "list": reverse("images:images", args=(slug,)),
            "retire": reverse("images:retire_images", args=(slug,)),
        },
        "csrf_token": get_token(request),
    }
    return render(
        request, "labeling/images/curate.html", {"campaign": campaign, "curate_config": config}
    )
