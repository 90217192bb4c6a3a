"""Erasing a person: no personal data remain, and no label is lost."""

from __future__ import annotations

import io

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, Draft, Label, Labeler, SiteFeedback
from labeling.people.services.erasing import erase_account, erase_labeler
from labeling.people.services.labelers import imported_labeler, labeler_of_user, new_guest
from review.queue.services.ratings import rate
from tests.factories import ACTOR, accept, new_account, new_campaign, new_image, new_reviewer

pytestmark = pytest.mark.django_db

PASSWORD = "olympus-mons-21km"


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def vera() -> User:
    user = User.objects.create_user(
        "vera", "vera@example.org", PASSWORD, first_name="Vera", last_name="Rubin", is_staff=True
    )
    EmailAddress.objects.create(user=user, email=user.email, primary=True)
    return user


def everything_stored() -> str:
    """Return all values of all rows that could identify a person, as text."""
    rows = [
        *User.objects.values(),
        *Labeler.objects.values(),
        *EmailAddress.objects.values(),
        *SiteFeedback.objects.values(),
    ]
    return " ".join(str(value) for row in rows for value in row.values())


def test_nothing_names_an_erased_account(campaign: Campaign, vera: User) -> None:
    labeler = labeler_of_user(vera)
    label = accept(new_image(campaign), "00..", "....", labeler=labeler)
    SiteFeedback.objects.create(labeler=labeler, mood=4, text="Good.", contact="vera@example.org")
    before = Label.objects.values().get(pk=label.pk)
    assert "Vera" in everything_stored()

    erase_account(ACTOR, vera)

    stored = everything_stored()
    assert "vera" not in stored.lower()
    assert "rubin" not in stored.lower()
    assert Label.objects.values().get(pk=label.pk) == before
    assert str(Labeler.objects.get()) == f"Guest {labeler.pk}"
    assert SiteFeedback.objects.get().text == "Good."


def test_an_erased_account_is_signed_out_and_closed(client: Client, vera: User) -> None:
    assert client.login(username="vera", password=PASSWORD)

    erase_account(ACTOR, vera)

    assert client.get("/manage/").status_code == 302
    emptied = User.objects.get()
    assert not client.login(username=emptied.username, password=PASSWORD)
    assert not emptied.is_active
    assert not emptied.is_staff
    assert not emptied.has_usable_password()


def test_an_account_that_never_drew_is_erased(vera: User) -> None:
    erase_account(ACTOR, vera)

    assert not Labeler.objects.exists()


def test_ratings_of_an_erased_reviewer_stay(campaign: Campaign) -> None:
    label = accept(new_image(campaign), "00..", "....")
    reviewer = new_reviewer()
    rating = rate(Actor.of_user(reviewer), label, 4)

    erase_account(ACTOR, reviewer)

    rating.refresh_from_db()
    assert (rating.value, rating.reviewer_id) == (4, reviewer.pk)
    assert not rating.reviewer.groups.exists()


def test_the_name_of_an_import_is_erased(campaign: Campaign) -> None:
    labeler = imported_labeler(campaign, "vera")

    erase_labeler(ACTOR, labeler)

    assert "vera" not in everything_stored()
    assert imported_labeler(campaign, "vera") != labeler, "an import later is somebody new"


def test_a_guests_browser_is_forgotten(campaign: Campaign) -> None:
    guest = new_guest()
    key = guest.guest_key
    image = new_image(campaign)
    Draft.objects.create(image=image, labeler=guest, writer="page", format=1)

    erase_labeler(ACTOR, guest)

    assert not Labeler.objects.filter(guest_key=key).exists()
    assert not Draft.objects.exists()


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("erase_person", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_erases_accounts_and_labelers(vera: User) -> None:
    guest = new_guest()

    assert run("vera", "--no-input") == "Erased.\n"
    assert run("--labeler", str(guest.pk), "--no-input") == "Erased.\n"

    assert not User.objects.filter(username="vera").exists()
    assert Labeler.objects.get(pk=guest.pk).erased_at is not None


def test_by_its_labeler_an_account_is_erased_as_a_whole(vera: User) -> None:
    run("--labeler", str(labeler_of_user(vera).pk), "--no-input")

    assert "vera" not in everything_stored()


@pytest.mark.parametrize("arguments", [("nobody",), ("--labeler", "0"), ("--labeler", "77")])
def test_the_command_knows_nobody_of_that_name(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="There is no"):
        run(*arguments, "--no-input")


def test_the_command_asks_first(vera: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt: "no")

    with pytest.raises(CommandError, match="Nobody was erased"):
        run("vera")

    assert User.objects.get() == vera
    assert new_account("somebody")
