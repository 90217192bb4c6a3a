"""Refusals: one code and status each, one form of response, in the reader's language."""

from __future__ import annotations

import ast
import importlib
import pickle
import pkgutil
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.management.base import CommandError
from django.http import Http404
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import Throttled
from rest_framework.test import APIClient

import labeling
import merging
import review
from ai4mars_site import toolkit
from ai4mars_site.toolkit import uploads
from ai4mars_site.toolkit.commands import SiteCommand
from ai4mars_site.toolkit.errors import Conflict, DomainError, Forbidden, Gone, NotFound, TooMany
from ai4mars_site.toolkit.refusals import exception_handler, refusal_of
from ai4mars_site.toolkit.tasks import task
from labeling.annotation.services.drafts import TooManyDrafts
from labeling.annotation.services.labels import AlreadyLabeled
from merging.releases.services.requests import ReleaseRefused
from terrain.geometry.invalid_polygons import InvalidPolygons, TooManyPoints, TooTangled
from terrain.geometry.regions import MAX_REGIONS, parse_regions
from tests.factories import new_account, new_admin, new_campaign, new_image

ROOT = Path(settings.BASE_DIR)

#: Open pages decide by these; neither a code nor its status ever changes.
CODES = {
    # A kind of its own.
    "invalid": 400,
    "permission_denied": 403,
    "not_found": 404,
    "conflict": 409,
    "gone": 410,
    "too_large": 413,
    "throttled": 429,
    # Drawing.
    "already_labeled": 409,
    "campaign_closed": 410,
    "campaign_not_public": 404,
    "corrected_elsewhere": 409,
    "different_label": 409,
    "label_fixed": 409,
    "not_assigned": 403,
    "not_independent": 409,
    "offer_expired": 403,
    "other_labeler": 403,
    "illustration_refused": 400,
    "invalid_rover_mask": 400,
    "retired_image": 410,
    "too_tangled": 400,
    "unknown_image": 404,
    "unknown_label": 404,
    "unknown_labeler": 403,
    # Reports and training.
    "answer_refused": 409,
    "picture_refused": 400,
    "practice_first": 403,
    "report_settled": 409,
    # Images.
    "file_refused": 400,
    "folder_refused": 403,
    "unknown_source": 400,
    # Review.
    "already_rated": 409,
    "corrected": 409,
    "meanwhile": 409,
    "own": 409,
    "rate_first": 403,
    "settled": 409,
    # The product.
    "claim_lost": 409,
    "delete_refused": 409,
    "gold_refused": 409,
    "merge_refused": 409,
    "plan_refused": 409,
    "publish_refused": 409,
    "release_refused": 409,
    "unreadable_release": 400,
}

#: Said to operators in a terminal, which is in English.
IN_ENGLISH = {"PublishRefused"}
#: Readers of files know no Django: what they refuse goes into the report of an import, in English.
OF_FILES = ("labeling.images.ingest", "merging.formats")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Reset the language, which another test's request may have changed."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="module")
def refusals() -> list[type[DomainError]]:
    """Return all classes of refusals."""
    for package in (toolkit, labeling, review, merging):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".management." not in found.name and ".migrations." not in found.name:
                importlib.import_module(found.name)
    return [kind for kind in _below(DomainError) if not kind.__module__.startswith("tests.")]


def _below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _below(below)


def test_every_code_has_one_status(refusals: list[type[DomainError]]) -> None:
    assert {(kind.code, kind.status) for kind in refusals} == set(CODES.items())


def test_every_refusal_has_a_name_of_its_own(refusals: list[type[DomainError]]) -> None:
    names = Counter(kind.__name__ for kind in refusals)
    assert [name for name, count in names.items() if count > 1] == []


def test_every_sentence_of_a_refusal_is_said_in_spanish(refusals: list[type[DomainError]]) -> None:
    sentences = [kind for kind in refusals if kind.message]
    assert len(sentences) > 25
    for kind in sentences:
        assert isinstance(kind.message, Promise), kind
        with translation.override("es"):
            spanish = str(kind.message)
        assert spanish != str(kind.message), kind


def test_no_refusal_is_written_in_english_alone(refusals: list[type[DomainError]]) -> None:
    """A message of its own must come from gettext, or from another refusal."""
    names = {
        kind.__name__
        for kind in refusals
        if not kind.__module__.startswith(OF_FILES) and kind.__name__ not in IN_ENGLISH
    }
    seen, wrong = 0, []
    for app in ("ai4mars_site", "labeling", "review", "merging"):
        for path in sorted((ROOT / app).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and _name(node.func) in names:
                    seen += 1
                    if node.args and _is_english(node.args[0]):
                        wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []
    assert seen > 40


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _is_english(argument: ast.expr) -> bool:
    """Return whether an argument contains literal words instead of a call of gettext."""
    if isinstance(argument, ast.JoinedStr):
        return any(_is_english(part) for part in argument.values)
    return (
        isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and any(map(str.isalpha, argument.value))
    )


@pytest.mark.parametrize(
    ("source", "is_english"),
    [
        ("'No such picture.'", True),
        ("f'{name} is gone.'", True),
        ("f'{name}: {why}'", False),
        ("_('No such picture.')", False),
        ("str(error)", False),
    ],
)
def test_english_is_told_from_what_is_translated(source: str, is_english: bool) -> None:
    assert _is_english(ast.parse(source, mode="eval").body) is is_english


# -- the exception ---------------------------------------------------------------------------------


class Full(Conflict):
    code = "full"
    message = _("There is no such picture. Load the next one.")


def test_a_refusal_is_put_into_the_readers_language_when_it_is_shown() -> None:
    refusal = Full()
    assert str(refusal) == "There is no such picture. Load the next one."
    with translation.override("es"):
        assert str(refusal) == "No existe esa foto. Carga la siguiente."


def test_a_sentence_may_be_given_and_filled_in() -> None:
    assert str(Full("%(n)d pictures, 100 %%.", n=3)) == "3 pictures, 100 %."
    # Without values nothing is filled in: the sentence may be somebody else's.
    assert str(Full("100 % of it.")) == "100 % of it."


@pytest.mark.parametrize(
    "refusal",
    [
        Full("%(n)d pictures.", n=3),
        TooManyDrafts(wait=600.0),
        ReleaseRefused("No.", "version"),
        AlreadyLabeled(),
    ],
)
def test_a_refusal_comes_through_from_another_process(refusal: DomainError) -> None:
    again = pickle.loads(pickle.dumps(refusal))
    assert (type(again), str(again)) == (type(refusal), str(refusal))
    assert vars(again).keys() == vars(refusal).keys()


# -- the API ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (Full(), 409, {"code": "full", "detail": "There is no such picture. Load the next one."}),
        (NotFound("Nothing here."), 404, {"code": "not_found", "detail": "Nothing here."}),
        (Gone("Over."), 410, {"code": "gone", "detail": "Over."}),
        (
            Http404("No Image matches the given query."),
            404,
            {"code": "not_found", "detail": "This does not exist or was removed. Reload the page."},
        ),
        (InvalidPolygons("Odd."), 400, {"code": "invalid", "detail": "Odd."}),
        (TooManyPoints("%(n)d.", n=5), 413, {"code": "too_large", "detail": "5."}),
        (TooTangled("Tangled."), 400, {"code": "too_tangled", "detail": "Tangled."}),
        (
            RequestDataTooBig(),
            413,
            {
                "code": "too_large",
                "detail": "This is too much to send at once. Send less.",
            },
        ),
        (
            Throttled(detail="Slowly."),
            429,
            {"code": "throttled", "detail": "Slowly."},
        ),
    ],
)
def test_the_api_answers_in_one_shape(error: Exception, status: int, body: dict[str, str]) -> None:
    answer = exception_handler(error, {})
    assert answer is not None
    assert (answer.status_code, answer.data) == (status, body)


def test_what_is_refused_for_now_tells_when_to_try_again() -> None:
    answer = exception_handler(TooMany("Slowly.", wait=90.5), {})
    assert answer is not None
    assert answer.headers["Retry-After"] == "90"


def test_a_refusal_may_bring_more_along() -> None:
    refusal = Full("No.")
    refusal.more["draft"] = {"version": 3}
    answer = exception_handler(refusal, {})
    assert answer is not None
    assert answer.data == {"code": "full", "detail": "No.", "draft": {"version": 3}}


def test_a_fault_is_no_refusal() -> None:
    assert refusal_of(ValueError("A mistake of the program.")) is None
    assert exception_handler(ValueError("A mistake of the program."), {}) is None


def test_polygons_are_refused_in_the_readers_language() -> None:
    sent = [{"class": 0, "rings": [[[0, 0], [9, 0], [9, 9]]]}] * (MAX_REGIONS + 1)
    with pytest.raises(TooManyPoints) as refused, translation.override("es"):
        parse_regions(sent, [0], 100, 80)
    with translation.override("es"):
        assert str(refusal_of(refused.value)).startswith("Hay 2001 formas")
    assert str(refusal_of(refused.value)) == str(refused.value)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "detail"),
    [
        ("en", "This picture was not given to you. Ask for the next one instead."),
        ("es", "Esta foto no te tocaba a ti. Pide la siguiente."),
    ],
)
def test_a_volunteer_is_answered_in_the_language_of_the_page(language: str, detail: str) -> None:
    image = new_image(new_campaign())
    client = APIClient()
    client.force_login(new_account("ana"))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    body = {"id": str(uuid.uuid4()), "image": image.pk, "polygons": []}
    answer = client.post(reverse("annotation:labels"), body)
    assert (answer.status_code, answer.json()) == (403, {"code": "not_assigned", "detail": detail})


# -- pages -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_page_for_others_says_so_in_the_readers_language() -> None:
    client = Client()
    client.force_login(new_account("ana"))
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    answer = client.get(reverse("dashboard:manage"))
    assert answer.status_code == 403
    assert "Esta página es para los gestores de campañas." in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (Conflict("It was settled already."), 409),
        (Forbidden("It was settled already."), 403),
    ],
)
def test_what_a_page_refuses_is_answered_with_a_page(
    monkeypatch: pytest.MonkeyPatch, refusal: DomainError, status: int
) -> None:
    def refuse(request: Any) -> None:
        raise refusal

    monkeypatch.setattr("merging.dashboard.views.require_manager", refuse)
    client = Client()
    client.force_login(new_admin())
    answer = client.get(reverse("dashboard:manage"))
    assert answer.status_code == status
    assert "It was settled already." in answer.content.decode()


@pytest.mark.django_db
def test_a_request_to_the_api_that_was_too_large_is_answered_in_its_shape() -> None:
    client = Client(headers={"Accept-Language": "es"})
    address = reverse("annotation:labels")
    answer = client.post(address, b"", "application/json", **{uploads.TOO_LARGE: True})
    assert (answer.status_code, answer.json()) == (
        413,
        {
            "code": "too_large",
            "detail": "Esto es más de lo que el sitio acepta de una vez. Envía menos.",
        },
    )


# -- commands and tasks ----------------------------------------------------------------------------


def test_a_command_ends_with_the_sentence() -> None:
    class Refused(SiteCommand):
        def handle(self, *args: Any, **options: Any) -> None:
            raise Full

    with pytest.raises(CommandError, match=r"^There is no such picture\. Load the next one\.$"):
        Refused().execute(force_color=False, no_color=True, skip_checks=True)


def test_a_task_logs_the_sentence(caplog: pytest.LogCaptureFixture) -> None:
    @task
    def refused_task(image_id: int) -> None:
        raise Full("Image %(pk)d is gone.", pk=image_id)

    refused_task(7)
    assert "refused_task(7,): Image 7 is gone." in caplog.text


def test_a_task_does_not_hide_a_fault() -> None:
    @task
    def faulty_task() -> None:
        raise ValueError("A mistake of the program.")

    with pytest.raises(ValueError, match="A mistake"):
        faulty_task()
