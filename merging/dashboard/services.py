"""Deleting a campaign with all its rows and files."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ai4mars_site.toolkit.actors import Actor
from ai4mars_site.toolkit.errors import Conflict
from labeling.images.files import folder_of
from labeling.images.services import import_jobs, stored_files
from labeling.models import (
    Campaign,
    Image,
    Label,
    Labeler,
    ReferenceAnswer,
)
from merging.models import AlternativeMask, MergedMask, Release


class DeleteRefused(Conflict):
    """The campaign cannot be deleted."""

    code = "delete_refused"


@dataclass(frozen=True, slots=True)
class CampaignContents:
    """What is deleted with a campaign."""

    images: int
    labels: int


def contents_of(campaign: Campaign) -> CampaignContents:
    """Return what is deleted with a campaign."""
    return CampaignContents(
        images=campaign.images.count(),
        labels=Label.objects.filter(image__campaign=campaign).count(),
    )


def check(campaign: Campaign) -> None:
    """Check that a campaign can be deleted.

    Raises:
        DeleteRefused: It has releases, or a job works on it.
    """
    complete = campaign.releases.filter(status=Release.Status.COMPLETE)
    if versions := list(complete.values_list("version", flat=True)):
        raise DeleteRefused(
            _(
                "This campaign has releases (%(versions)s). A release never changes, and its "
                "labels are kept. Close the campaign instead, so that nobody labels in it."
            )
            % {"versions": ", ".join(versions)}
        )
    if campaign.releases.filter(status=Release.Status.BUILDING).exists():
        raise DeleteRefused(_("A release of this campaign is being built. Stop it first."))
    if any(import_jobs.is_active_job(job) for job in campaign.imports.all()):
        raise DeleteRefused(_("Images are being imported into this campaign. Stop that first."))


def delete(actor: Actor, campaign: Campaign, typed: str = "") -> CampaignContents:
    """Delete a campaign, with its images, labels and files. Return what was deleted.

    Args:
        actor: In whose name it is deleted.
        campaign: The campaign.
        typed: Its slug, as a confirmation, needed if there are labels.

    Raises:
        DeleteRefused: Nothing is deleted.
    """
    jobs = list(campaign.imports.all())
    with transaction.atomic():
        Campaign.objects.select_for_update().get(pk=campaign.pk)
        check(campaign)
        found = contents_of(campaign)
        if found.labels and typed != campaign.slug:
            raise DeleteRefused(
                ngettext(
                    "This campaign has %(n)d label, which will be deleted too. Type %(slug)s to "
                    "confirm.",
                    "This campaign has %(n)d labels, which will be deleted too. Type %(slug)s to "
                    "confirm.",
                    found.labels,
                )
                % {"n": found.labels, "slug": campaign.slug}
            )
        earlier = _earlier_files(campaign)
        folder, own_people = folder_of(campaign.pk), f"#{campaign.pk}/"
        campaign.releases.all().delete()
        Label.objects.filter(image__campaign=campaign).delete()
        Image.objects.filter(campaign=campaign).delete()
        campaign.delete()
        # Labelers who exist only because of its imports.
        people = Labeler.objects.filter(imported_from__startswith=own_people)
        people.filter(labels=None).delete()
    for job in jobs:
        shutil.rmtree(import_jobs.scratch_of(job), ignore_errors=True)
        if job.upload.name:
            default_storage.delete(job.upload.name)
    shutil.rmtree(Path(default_storage.path(folder)), ignore_errors=True)
    if earlier:
        # An earlier version may have given two campaigns one file.
        for name in earlier - {file.name for file in stored_files.named_files()}:
            default_storage.delete(name)
    return found


def _earlier_files(campaign: Campaign) -> set[str]:
    """Return the files of a campaign that an earlier version stored outside its own folder."""
    own = f"{folder_of(campaign.pk)}/"
    models_of_images = (ReferenceAnswer, MergedMask, AlternativeMask)
    rows: list[tuple[type[models.Model], str]] = [(Image, "campaign")]
    rows += [(model, "image__campaign") for model in models_of_images]
    names: set[str] = set()
    for model, where in rows:
        for field in model._meta.concrete_fields:
            if isinstance(field, models.FileField):
                found = model._default_manager.filter(**{where: campaign})
                names.update(found.values_list(field.name, flat=True))
    names |= {file.name for file in stored_files.copies_of(campaign.images.all())}
    return {name for name in names if name and not name.startswith(own)}
