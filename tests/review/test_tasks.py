"""The Celery tasks of review, and the command that does the same in the foreground."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from ai4mars_site.toolkit import tasks as site_tasks
from labeling.annotation import tasks as labeling_tasks
from labeling.models import Campaign, Label
from review.models import AgreementScore, ImageAgreement, images_to_score
from review.scores import tasks
from review.scores.services import scores as scores_service
from tests.factories import accept, draw, give_score, new_campaign, new_image, new_reviewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[int, ...]]]:
    """Return the messages that would have been sent to the broker."""
    messages: list[tuple[str, tuple[int, ...]]] = []
    monkeypatch.setattr(site_tasks, "_deliver", lambda name, ids: messages.append((name, ids)))
    monkeypatch.setattr(site_tasks, "_rest_until", 0.0)
    return messages


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


def test_a_message_delivered_twice_is_harmless(campaign: Campaign) -> None:
    image = new_image(campaign)
    for _ in range(2):
        accept(image, "00..", "....")

    tasks.score_image(image.pk)
    tasks.score_image(image.pk)

    assert list(AgreementScore.objects.values_list("score", flat=True)) == [1.0, 1.0]


@pytest.mark.django_db(transaction=True)
def test_the_sweeps_find_what_lost_messages_left(
    campaign: Campaign, sent: list[tuple[str, tuple[int, ...]]]
) -> None:
    """Without any message, two sweeps give the labels their scores."""
    image, done = new_image(campaign), new_image(campaign)
    accept(done, "00..", "....")
    tasks.score_image(done.pk)
    for _ in range(2):
        draw(image, "00..", "....")
    Label.objects.received().update(sent_at="2026-01-01T00:00:00Z", started_at=None)
    perform = {
        "labeling.annotation.tasks.process_image": labeling_tasks.process_image,
        "review.scores.tasks.score_image": tasks.score_image,
    }

    labeling_tasks.sweep_labels()
    assert sent == [("labeling.annotation.tasks.process_image", (image.pk,))]
    [(name, ids)] = sent
    sent.clear()
    perform[name](*ids)
    assert sent == [("review.scores.tasks.score_image", (image.pk,))]
    sent.clear()  # lost

    tasks.sweep_scores()
    assert sent == [("review.scores.tasks.score_image", (image.pk,))]
    perform[sent[0][0]](*sent[0][1])

    assert AgreementScore.objects.count() == 2
    assert not images_to_score().exists()
    sent.clear()
    labeling_tasks.sweep_labels()
    tasks.sweep_scores()
    assert sent == []


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("score_labels", *arguments, stdout=out)
    return out.getvalue()


def test_score_labels_processes_what_waits_and_scores(campaign: Campaign) -> None:
    waiting, processed, alone = (new_image(campaign) for _ in range(3))
    for _ in range(2):
        draw(waiting, "00..", "....")
        accept(processed, "00..", "....")
    accept(alone, "00..", "....")
    other = new_image(new_campaign("other"))
    accept(other, "00..", "....")

    assert run("--campaign", "navcam") == "3 images scored; the campaign has 4 scores\n"

    assert list(images_to_score()) == [other]
    assert run("--campaign", "navcam") == "0 images scored; the campaign has 4 scores\n"


def test_all_scores_anew_are_the_same_and_a_stopped_run_goes_on(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [new_image(campaign) for _ in range(3)]
    for image in images:
        for drawn in ("00..", "0011", "1111"):
            accept(image, drawn, "....")
            tasks.score_image(image.pk)
    scores = AgreementScore.objects.order_by("pk").values_list("pk", "score")
    label_by_label = list(scores)
    cache.clear()
    compute, done = scores_service.update_images, []

    def be_stopped(image_ids: list[int]) -> list[bool]:
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append(image_ids)
        return compute(image_ids)

    monkeypatch.setattr(scores_service, "update_images", be_stopped)
    monkeypatch.setattr(scores_service, "IMAGES_AT_ONCE", 1)
    with pytest.raises(KeyboardInterrupt):
        run("--campaign", "navcam", "--all")
    assert images_to_score().count() == 2
    monkeypatch.undo()

    assert run("--campaign", "navcam") == "2 images scored; the campaign has 9 scores\n"
    assert list(scores) == label_by_label


def test_scores_of_an_older_definition_are_stale(campaign: Campaign) -> None:
    image = new_image(campaign)
    accept(image, "00..", "....")
    tasks.score_image(image.pk)
    assert not images_to_score().exists()

    ImageAgreement.objects.update(method=0)

    assert list(images_to_score()) == [image]


def test_score_labels_of_no_campaign() -> None:
    with pytest.raises(CommandError, match="Campaigns: none yet"):
        run("--campaign", "venus")


# -- pages -----------------------------------------------------------------------------------------


def test_the_review_pages_count_what_waits(campaign: Campaign) -> None:
    for score in (0.1, 0.5, 0.6, 0.7, 0.8):
        give_score(accept(new_image(campaign), "00..", "...."), score)
    new_campaign("empty", name="Without labels")
    client = Client()
    client.force_login(new_reviewer())

    cards: list[dict[str, Any]] = client.get("/review/").context["campaigns"]

    counts = {
        card["slug"]: (card["queued"], card["rated"], card["scored"], card["threshold"])
        for card in cards
    }
    assert counts == {"navcam": (1, 0, 5, 0.1), "empty": (0, 0, 0, None)}
    config = client.get("/review/navcam/").context["review_config"]
    assert config["urls"]["next"] == "/api/campaigns/navcam/review/next/"
    assert config["urls"]["ratings"] == "/api/ratings/"
    assert client.get("/review/venus/").status_code == 404
