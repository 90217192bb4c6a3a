"""The rules of a campaign: impossible combinations are refused with a message."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import ModelForm
from django.test import Client, RequestFactory
from django.utils import translation

from labeling.models import Campaign
from tests.factories import new_admin, new_campaign, new_image

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Reset the language, which a Spanish page may have changed."""
    with translation.override("en"):
        yield


EMPTY_MERGES = (
    "The merge minimum is larger than the number of labels per image, so every merged mask "
    "would be empty. "
    "Raise the labels per image, or lower the merge minimum."
)


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"target_labels": 4, "merge_minimum": 5}, EMPTY_MERGES),
        ({"target_labels": 2}, EMPTY_MERGES),
        ({"merge_percent": 100}, "a share below 100 percent"),
        ({"scale_bar_m": 31.0}, "The scale bar must be shorter"),
        ({"range_limit_m": 0.5}, "The scale bar must be shorter"),
        ({"queue_percent": 101}, "from 0 to 100 percent"),
        ({"reference_image_percent": 101}, "from 0 to 100 percent"),
        ({"practice_pass_iou": 0.0}, "above 0 and at most 1"),
        ({"nothing_minimum": 0}, "At least 1 person"),
        ({"allowed_cameras": {"pancam": True}}, "Enter a list of names"),
        ({"allowed_cameras": [1]}, "Enter a list of names"),
    ],
)
def test_impossible_rules_are_refused_with_a_sentence(
    campaign: Campaign, fields: dict[str, Any], sentence: str
) -> None:
    for name, value in fields.items():
        setattr(campaign, name, value)
    with pytest.raises(ValidationError) as refused:
        campaign.full_clean()
    said = " ".join(refused.value.messages)
    assert sentence in said
    assert "Constraint" not in said


@pytest.mark.parametrize("fields", [{"target_labels": 3}, {"merge_minimum": 10}])
def test_the_limits_themselves_are_possible(campaign: Campaign, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(campaign, name, value)
    campaign.full_clean()


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", EMPTY_MERGES), ("es", "mínimo de la fusión")]
)
def test_the_page_of_rules_says_why(campaign: Campaign, language: str, sentence: str) -> None:
    client = Client(headers={"accept-language": language})
    client.force_login(new_admin())
    address = f"/admin/labeling/campaign/{campaign.pk}/change/"
    form = client.get(address).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields} | {
        "allowed_cameras": "[]",
        "target_labels": 4,
        "merge_minimum": 5,
        **{
            f"{prefix}-{name}": value
            for prefix in ("terrain_classes", "tutorial_steps")
            for name, value in (("TOTAL_FORMS", 0), ("INITIAL_FORMS", 0))
        },
    }
    answer = client.post(address, {name: value for name, value in sent.items() if value})
    assert answer.status_code == 200
    [said] = answer.context["adminform"].form.non_field_errors()
    assert sentence in said
    assert "campaign_target" not in answer.content.decode()
    campaign.refresh_from_db()
    assert (campaign.target_labels, campaign.merge_minimum) == (10, 3)


@pytest.mark.parametrize(
    ("name", "value", "before"),
    [
        ("scale_bar_m", 0.2, "the default scale bar of each rover"),
        ("range_limit_m", 20.0, "30.0 m, "),
        ("range_rule", "per-pixel", "“Cut row"),
    ],
)
def test_what_is_drawn_into_pictures_stays(
    campaign: Campaign, name: str, value: object, before: str
) -> None:
    """Otherwise texts and pictures would show different rules."""
    setattr(campaign, name, value)
    campaign.full_clean()
    new_image(campaign)
    with pytest.raises(ValidationError) as refused:
        campaign.full_clean()
    assert list(refused.value.message_dict) == [name]
    assert f"were prepared with {before}" in refused.value.messages[0]


def fields_of(condition: models.Q) -> set[str]:
    """Return the fields that a condition compares."""
    found: set[str] = set()
    for child in condition.children:
        if isinstance(child, models.Q):
            found |= fields_of(child)
        elif isinstance(child, tuple):
            name, value = child
            found.add(name.split("__")[0])
            if isinstance(value, models.F):
                found.add(value.name)
    return found


def all_below(form: type[Any]) -> Iterator[type[Any]]:
    for each in form.__subclasses__():
        yield each
        yield from all_below(each)


def forms_of_the_site() -> Iterator[tuple[type[models.Model], set[str]]]:
    """Return the models and fields that people fill in, on pages and in the admin."""
    import_module(settings.ROOT_URLCONF)
    request = RequestFactory().get("/")
    request.user = new_admin("andrea")
    for form in all_below(ModelForm):
        if form._meta.model is not None:
            yield form._meta.model, set(form.base_fields)
    for model, site in admin.site._registry.items():
        if site.has_add_permission(request) or site.has_change_permission(request):
            yield model, set(site.get_form(request).base_fields)
            for inline in site.get_inline_instances(request):
                yield inline.model, set(inline.get_formset(request).form.base_fields)


@pytest.mark.filterwarnings("ignore:The default scheme will be changed")
def test_no_person_reads_the_name_of_a_constraint() -> None:
    """Each constraint that a form can violate has its own message, in Spanish too.

    Django's own message is used for unique fields.
    """
    checked = set()
    for model, fields in forms_of_the_site():
        if not model.__module__.startswith(("labeling.", "review.", "merging.")):
            continue
        for constraint in model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint):
                continue
            assert isinstance(constraint, models.CheckConstraint)
            if not fields_of(constraint.condition) <= fields:
                continue
            checked.add(constraint.name)
            said = str(constraint.violation_error_message)
            assert said != constraint.default_violation_error_message, constraint.name
            with translation.override("es"):
                assert str(constraint.violation_error_message) != said, constraint.name
    assert {
        "campaign_target_reaches_merge",
        "review_plan_percents",
        "gold_plan_percents",
    } <= checked
