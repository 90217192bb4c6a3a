"""Changes on the admin site: they are saved, with everything that depends on them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from labeling.models import Campaign
from labeling.people.services.labelers import imported_labeler
from tests.factories import new_admin, new_campaign, new_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(new_admin())
    return client


def filled(form: Any) -> dict[str, Any]:
    """Return what a browser sends for an unchanged form."""
    found = {}
    for field in form:
        value = field.value()
        if value is not None and value is not False:
            found[field.html_name] = "on" if value is True else value
    return found


def sent(client: Client, page: str) -> dict[str, Any]:
    """Return what a browser sends for an unchanged admin page."""
    context = client.get(page).context
    data = filled(context["adminform"].form)
    for inline in context["inline_admin_formsets"]:
        data |= filled(inline.formset.management_form)
        for form in inline.formset.initial_forms:
            data |= filled(form)
    return data


def test_a_campaigns_rules_classes_and_steps(admin: Client) -> None:
    campaign = new_campaign()
    page = f"/admin/labeling/campaign/{campaign.pk}/change/"
    first, second = campaign.tutorial_steps.all()[:2]
    steps = campaign.tutorial_steps.count()
    data = sent(admin, page)
    data |= {"target_labels": 12, "terrain_classes-0-name": "Loose sand"}
    data |= {"tutorial_steps-0-title": "Begin here", "tutorial_steps-1-DELETE": "on"}

    assert admin.post(page, data).status_code == 302

    campaign = Campaign.objects.get()
    assert campaign.target_labels == 12
    assert campaign.terrain_classes.first().name == "Loose sand"
    first.refresh_from_db()
    assert first.title == "Begin here"
    assert campaign.tutorial_steps.count() == steps - 1
    assert not campaign.tutorial_steps.filter(pk=second.pk).exists()


def test_the_name_of_a_labeler(admin: Client) -> None:
    campaign = new_campaign()
    labeler = imported_labeler(campaign, "vera")
    page = f"/admin/labeling/labeler/{labeler.pk}/change/"

    assert admin.post(page, {"name": "Vera R."}).status_code == 302

    labeler.refresh_from_db()
    assert (labeler.name, labeler.imported_from) == ("Vera R.", f"#{campaign.pk}/vera")


def test_retirement_and_terrain_class_of_an_image(admin: Client) -> None:
    image = new_image(new_campaign())
    page = f"/admin/labeling/image/{image.pk}/change/"
    data = {
        "orbital_class": "dunes",
        "retired_at_0": "2026-01-02",
        "retired_at_1": "03:04:05",
        "retired_reason": "blurred",
    }

    assert admin.post(page, data).status_code == 302

    image.refresh_from_db()
    assert image.retired_at is not None
    assert (image.orbital_class, image.retired_reason) == ("dunes", "blurred")
