"""The page of a reviewer's ratings and of flags: listed, changed, withdrawn."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, Label
from labeling.people.services.labelers import labeler_of_user
from review.models import LabelFlag, ReviewPlan
from review.queue.services.ratings import RatingRefused, change, rate
from tests.factories import (
    accept,
    give_score,
    new_account,
    new_campaign,
    new_image,
    new_reviewer,
)

pytestmark = pytest.mark.django_db

PAGE = "/review/navcam/ratings/"


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def rita() -> User:
    return new_reviewer()


@pytest.fixture
def client(rita: User) -> Client:
    browser = Client()
    browser.force_login(rita)
    return browser


def new_label(campaign: Campaign, score: float | None = 0.25) -> Label:
    label = accept(new_image(campaign), "00..", "....")
    if score is not None:
        give_score(label, score)
    return label


def shown(client: Client, query: str = "") -> list[Label]:
    return [card["label"] for card in client.get(PAGE + query).context["cards"]]


def send(client: Client, label: Label, do: str, **said: object) -> str:
    answer = client.post(
        f"{PAGE}{label.pk}/", {"do": do, "version": label.version, **said}, follow=True
    )
    assert answer.status_code == 200
    return " ".join(str(message) for message in answer.context["messages"])


def active(label: Label) -> list[tuple[str, int]]:
    return sorted((str(r.reviewer), r.value) for r in label.ratings.active())


def test_a_rating_is_found_again_and_changed(
    campaign: Campaign, rita: User, client: Client
) -> None:
    first, second = new_label(campaign), new_label(campaign)
    rate(Actor.of_user(rita), first, 2, "sloppy", reasons=["sloppy-border"])
    rate(Actor.of_user(rita), second, 5)

    assert shown(client) == [second, first]
    said = send(client, first, "rate", value="4", comment="better", reasons=["missed"])

    assert said == "Saved: your rating is 4."
    assert active(first) == [("rita", 4)]
    assert first.ratings.count() == 2, "the rating before stays as history"
    assert shown(client) == [first, second], "newest rating first"


def test_a_label_that_was_thrown_out_comes_back_with_a_better_rating(
    campaign: Campaign, rita: User, client: Client
) -> None:
    label = new_label(campaign)
    rate(Actor.of_user(rita), label, 1)
    send(client, label, "rate", value="3")
    label.refresh_from_db()
    assert label.status == Label.Status.ACCEPTED
    send(client, label, "rate", value="1")
    label.refresh_from_db()
    assert label.status == Label.Status.REJECTED
    send(client, label, "withdraw")
    label.refresh_from_db()
    assert (label.status, active(label)) == (Label.Status.ACCEPTED, [])


def test_a_change_that_is_refused_leaves_the_rating_before(
    campaign: Campaign, rita: User, client: Client
) -> None:
    label = new_label(campaign)
    rate(Actor.of_user(rita), label, 2)
    rate(Actor.of_user(new_reviewer("rolf")), label, 1, also_settled=True)
    label.refresh_from_db()

    card = client.get(PAGE).context["cards"][0]
    assert not card["may_rate"], "the page does not offer what would be refused"
    assert "thrown out" in send(client, label, "rate", value="4")
    assert active(label) == [("rita", 2), ("rolf", 1)]

    other = new_label(campaign)
    rate(Actor.of_user(rita), other, 1)
    with pytest.raises(RatingRefused):
        change(Actor.of_user(rita), other, 3, version=other.version + 1)
    other.refresh_from_db()
    assert (active(other), other.status) == ([("rita", 1)], Label.Status.REJECTED)


def test_the_same_rating_twice_is_one(campaign: Campaign, rita: User) -> None:
    label = new_label(campaign)
    assert change(Actor.of_user(rita), label, 3) == change(Actor.of_user(rita), label, 3)
    assert label.ratings.count() == 1


def test_flagged_labels_stay_in_the_list_when_they_are_rated(
    campaign: Campaign, rita: User, client: Client
) -> None:
    rated, waits = new_label(campaign), new_label(campaign)
    for label in (rated, waits):
        LabelFlag.objects.create(label=label, reviewer=rita, note="Is this sand?")
    rate(Actor.of_user(rita), rated, 1)

    assert set(shown(client, "?list=flagged")) == {rated, waits}
    page = client.get(f"{PAGE}?list=flagged").content.decode()
    assert "Is this sand?" in page

    assert send(client, rated, "unflag") == "The flag was removed."
    assert shown(client, "?list=flagged") == [waits]


def test_what_is_hidden_before_the_rating_is_hidden_here_too(
    campaign: Campaign, rita: User, client: Client
) -> None:
    label = new_label(campaign, score=0.4321)
    rate(Actor.of_user(new_reviewer("rolf")), label, 4)
    LabelFlag.objects.create(label=label, reviewer=rita)
    card = client.get(f"{PAGE}?list=flagged").context["cards"][0]
    assert (card["score"], card["shows_labeler"], card["past"]) == (None, False, [])
    assert "0.43" not in client.get(f"{PAGE}?list=flagged").content.decode()

    ReviewPlan.objects.create(campaign=campaign, hide_record=False)
    card = client.get(f"{PAGE}?list=flagged").context["cards"][0]
    assert (card["score"], card["shows_labeler"], len(card["past"])) == (0.4321, True, 1)


def test_narrowed_to_a_labeler_or_a_picture(campaign: Campaign, rita: User, client: Client) -> None:
    one, other = new_label(campaign), new_label(campaign)
    for label in (one, other):
        rate(Actor.of_user(rita), label, 3)
    assert shown(client, f"?labeler={one.labeler_id}") == [one]
    assert shown(client, f"?image={other.image.product_id}") == [other]
    assert (
        "No labeler in this campaign has this number"
        in client.get(f"{PAGE}?labeler=999999").content.decode()
    )


def test_ones_own_drawing_cannot_be_rated_here(
    campaign: Campaign, rita: User, client: Client
) -> None:
    label = accept(new_image(campaign), "00..", "....", labeler=labeler_of_user(rita))
    LabelFlag.objects.create(label=label, reviewer=rita)
    assert not client.get(f"{PAGE}?list=flagged").context["cards"][0]["may_rate"]
    assert "your own label" in send(client, label, "rate", value="5")
    assert active(label) == []


def test_mistakes_are_answered_with_a_sentence(
    campaign: Campaign, rita: User, client: Client
) -> None:
    label = new_label(campaign)
    assert send(client, label, "rate") == "Choose a rating from 1 to 5."
    assert "no rating of this label" in send(client, label, "withdraw")
    assert send(client, label, "dance").startswith("Choose what to do")


def test_nothing_is_chosen_before_the_reviewer_chooses(
    campaign: Campaign, rita: User, client: Client
) -> None:
    """The first choice would throw a label out: Save alone must not do that."""
    label = new_label(campaign)
    LabelFlag.objects.create(label=label, reviewer=rita)

    [card] = client.get(f"{PAGE}?list=flagged").context["cards"]
    assert '<option value="" selected>' in str(card["form"]["value"])
    assert send(client, label, "rate", value="") == "Choose a rating from 1 to 5."
    assert active(label) == []


def test_a_refusal_is_said_in_the_language_of_the_page(
    campaign: Campaign, rita: User, client: Client
) -> None:
    label = new_label(campaign)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "es"
    said = send(client, label, "rate", value="4", version=label.version + 1)
    assert said == (
        "Su etiquetador acaba de cambiarla, así que esta es una versión vieja. Valora la nueva."
    )


def test_only_reviewers_may_see_and_change(campaign: Campaign) -> None:
    label = new_label(campaign)
    browser = Client()
    assert browser.get(PAGE).status_code == 302
    browser.force_login(new_account("vera"))
    assert browser.get(PAGE).status_code == 403
    assert browser.post(f"{PAGE}{label.pk}/", {"do": "unflag"}).status_code == 403


def test_an_empty_page_says_what_to_do(campaign: Campaign, client: Client) -> None:
    assert "You have not rated anything here yet" in client.get(PAGE).content.decode()
    assert "No label is flagged" in client.get(f"{PAGE}?list=flagged").content.decode()


@pytest.mark.parametrize("part", ["", "?list=flagged"])
def test_the_number_of_queries_does_not_grow_with_the_labels(
    campaign: Campaign,
    rita: User,
    client: Client,
    part: str,
    django_assert_max_num_queries: object,
) -> None:
    for _ in range(5):
        label = new_label(campaign)
        rate(Actor.of_user(rita), label, 2)
        LabelFlag.objects.create(label=label, reviewer=rita)
    # With what is written down the first time: whose labels the reviewer has seen.
    with django_assert_max_num_queries(22):  # type: ignore[operator]
        assert len(shown(client, part)) == 5
    with django_assert_max_num_queries(16):  # type: ignore[operator]
        assert len(shown(client, part)) == 5


def test_an_empty_queue_is_not_explained_by_missing_scores(
    campaign: Campaign, client: Client
) -> None:
    assert "No label has an agreement score yet" in client.get("/review/").content.decode()
    new_label(campaign)
    page = client.get("/review/").content.decode()
    assert "less than one label" in page, "20 percent of one drawing"
    assert "No label has an agreement score yet" not in page
