"""Skill of a campaign's labelers: estimated from labels, stored atomically, marked when stale."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from ai4mars_site.toolkit import tasks as site_tasks
from labeling.annotation.services import labels
from labeling.models import Campaign, Label, Labeler, Role
from labeling.people.services.labelers import new_guest
from review.models import CampaignSkill, LabelerSkill, LabelQuality
from review.skill import services, tasks
from tests.factories import ACTOR, accept, draw, new_campaign, new_expert, new_image

pytestmark = pytest.mark.django_db

TRUTH = ("0011", "2233")
#: Takes sand for soil, and bedrock for sand.
MUDDLED = ("0022", "0033")


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def crowd(campaign: Campaign) -> list[Labeler]:
    """Return three accurate labelers and one who is not, with labels on six images."""
    people = [new_guest() for _ in range(4)]
    for _ in range(6):
        image = new_image(campaign)
        for person, drawn in zip(people, (TRUTH, TRUTH, TRUTH, MUDDLED), strict=True):
            accept(image, *drawn, labeler=person)
    return people


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("estimate_skill", *arguments, stdout=out)
    return out.getvalue()


def estimates() -> list[Any]:
    return [
        list(LabelerSkill.objects.values_list("labeler", "skill", "low", "high", "confusion")),
        list(LabelQuality.objects.order_by("pk").values_list("label", "quality", "label_version")),
    ]


def test_who_muddles_the_classes_is_found(campaign: Campaign, crowd: list[Labeler]) -> None:
    assert run("--campaign", "navcam") == "4 labelers estimated from 24 labels on 6 images\n"

    worst, *others = LabelerSkill.objects.order_by("skill")
    assert worst.labeler == crowd[3]
    assert worst.high < min(other.skill for other in others)
    assert worst.labels == 6
    assert worst.confusion["1"]["2"][0] > 0.5 > worst.confusion["1"]["1"][0]
    for row in worst.confusion.values():
        assert sum(chance for chance, _, _ in row.values()) == pytest.approx(1)
        assert all(0 <= low <= chance + 1e-4 for chance, low, _ in row.values())
        assert all(chance - 1e-4 <= high <= 1 for chance, _, high in row.values())
    qualities = dict(LabelQuality.objects.values_list("label", "quality"))
    bad = set(Label.objects.filter(labeler=crowd[3]).values_list("pk", flat=True))
    assert max(qualities[pk] for pk in bad) < min(q for pk, q in qualities.items() if pk not in bad)
    state = CampaignSkill.objects.get()
    assert (state.status, state.images, state.labels) == ("estimated", 6, 24)
    assert state.codes == [0, 1, 2, 3]
    assert sum(state.prior) == pytest.approx(1)


def test_a_second_run_changes_nothing(campaign: Campaign, crowd: list[Labeler]) -> None:
    run("--campaign", "navcam")
    before = estimates()

    assert run("--campaign", "navcam") == "No label has changed since the last estimate\n"
    run("--campaign", "navcam", "--all")

    assert estimates() == before


def test_a_run_that_is_stopped_leaves_what_was_there(
    campaign: Campaign, crowd: list[Labeler], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("--campaign", "navcam")
    before = estimates()
    accept(new_image(campaign), *TRUTH, labeler=crowd[0])

    def be_stopped(image_ids: list[int]) -> list[services.CollectedVotes]:
        raise KeyboardInterrupt

    monkeypatch.setattr(services, "votes_of_images", be_stopped)
    with pytest.raises(KeyboardInterrupt):
        run("--campaign", "navcam")
    assert estimates() == before
    monkeypatch.undo()

    assert "4 labelers" in run("--campaign", "navcam")


def test_what_cannot_be_stored_leaves_what_was_there(
    campaign: Campaign, crowd: list[Labeler], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is one transaction: never labelers without labels, or half of either."""
    run("--campaign", "navcam")
    before = estimates()

    def fail(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(services, "_qualities", fail)
    with pytest.raises(OSError, match="disk full"):
        run("--campaign", "navcam", "--all")

    assert estimates() == before


def test_a_changed_label_makes_the_estimate_stale(campaign: Campaign, crowd: list[Labeler]) -> None:
    assert not services.is_current(campaign)
    run("--campaign", "navcam")
    assert services.is_current(campaign)

    labels.reject(ACTOR, Label.objects.filter(labeler=crowd[3]).first())

    assert not services.is_current(campaign)
    assert run("--campaign", "navcam") == "4 labelers estimated from 23 labels on 6 images\n"
    assert LabelQuality.objects.count() == 23
    CampaignSkill.objects.update(method=99)
    assert not services.is_current(campaign), "of another definition"


def test_labels_that_come_meanwhile_leave_it_stale(
    campaign: Campaign, crowd: list[Labeler]
) -> None:
    read = services.label_set(campaign)
    images = list(services.compared_images(campaign).values_list("pk", flat=True))
    corrected, thrown_out = Label.objects.filter(labeler=crowd[0])[:2]

    def arriving() -> Any:
        for number, image_id in enumerate(images):
            if number == 3:
                accept(campaign.images.get(pk=image_id), *TRUTH, labeler=new_guest())
            yield from services.votes_of_images([image_id])
        Label.objects.filter(pk=corrected.pk).update(version=2)
        labels.reject(ACTOR, thrown_out)

    state = services.claim(campaign)
    assert state is not None
    services.estimate_from_votes(state, read, arriving())

    assert CampaignSkill.objects.get().labels == 24, "who came last waits for the next time"
    assert LabelerSkill.objects.count() == 4
    estimated = set(LabelQuality.objects.values_list("label", flat=True))
    assert len(estimated) == 22
    assert not estimated & {corrected.pk, thrown_out.pk}
    assert not services.is_current(campaign)


def test_only_accepted_labels_of_the_crowd_count(campaign: Campaign, crowd: list[Labeler]) -> None:
    image = campaign.images.first()
    assert image is not None
    accept(image, *MUDDLED, labeler=new_expert(), role=Role.EXPERT)
    draw(image, *MUDDLED)
    accept(new_image(new_campaign("other")), *TRUTH, labeler=crowd[0])

    assert run("--campaign", "navcam") == "4 labelers estimated from 24 labels on 6 images\n"


def test_labels_that_do_not_overlap_say_nothing(campaign: Campaign) -> None:
    image = new_image(campaign)
    accept(image, "00..", "....")
    accept(image, "..11", "....")

    said = run("--campaign", "navcam")

    assert said == "No two labels overlap: there is nothing to estimate from\n"
    assert CampaignSkill.objects.get().status == "no-overlap"
    assert not LabelerSkill.objects.exists()
    assert services.matrices(campaign) is None
    assert services.is_current(campaign), "and it is not tried again and again"


def test_a_label_that_touches_no_other_has_no_quality(
    campaign: Campaign, crowd: list[Labeler]
) -> None:
    image = new_image(campaign)
    alone = accept(image, "0...", "....", labeler=crowd[0])
    accept(image, ".111", "....", labeler=crowd[1])
    accept(image, ".111", "....", labeler=crowd[2])

    run("--campaign", "navcam")

    assert not LabelQuality.objects.filter(label=alone).exists()
    assert LabelQuality.objects.count() == 26


def test_the_merge_is_offered_the_matrices(campaign: Campaign, crowd: list[Labeler]) -> None:
    assert services.matrices(campaign) is None
    run("--campaign", "navcam")

    known = services.matrices(campaign)

    assert known is not None
    assert known.codes == (0, 1, 2, 3)
    assert known.prior.sum() == pytest.approx(1)
    assert set(known.by_labeler) == {person.pk for person in crowd}
    for matrix in (*known.by_labeler.values(), known.crowd):
        assert matrix.sum(axis=1) == pytest.approx(np.ones(4))
        assert (matrix > 0).all()
    assert known.by_labeler[crowd[3].pk][1].argmax() == 2
    of_three = known.of([crowd[3].pk, -1, crowd[0].pk])
    assert (of_three[0] == known.by_labeler[crowd[3].pk]).all()
    assert (of_three[1] == known.crowd).all(), "a newcomer is taken for one of the crowd"
    assert known.of([]).shape == (0, 4, 4)

    campaign.terrain_classes.create(code=7, name="Dust", color="#112233")
    assert services.matrices(campaign) is None, "estimated for other classes"
    assert not services.is_current(campaign)


def test_of_no_campaign() -> None:
    with pytest.raises(CommandError, match="Campaigns: none yet"):
        run("--campaign", "venus")


# -- at night --------------------------------------------------------------------------------------


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[int, ...]]]:
    messages: list[tuple[str, tuple[int, ...]]] = []
    monkeypatch.setattr(site_tasks, "_deliver", lambda name, ids: messages.append((name, ids)))
    monkeypatch.setattr(site_tasks, "_rest_until", 0.0)
    return messages


@pytest.mark.django_db(transaction=True)
def test_the_sweep_finds_campaigns_whose_labels_changed(
    campaign: Campaign, crowd: list[Labeler], sent: list[tuple[str, tuple[int, ...]]]
) -> None:
    new_campaign("without-labels")
    sent.clear()

    tasks.sweep_skill()
    assert sent == [("review.skill.tasks.estimate_skill", (campaign.pk,))]
    tasks.estimate_skill(campaign.pk)
    sent.clear()

    tasks.sweep_skill()
    assert sent == []
    assert LabelerSkill.objects.count() == 4


def lose(campaign: Campaign) -> None:
    """Let the heartbeat of the estimating process expire."""
    silent = timezone.now() - CampaignSkill.silence - timedelta(seconds=1)
    CampaignSkill.objects.filter(campaign=campaign).update(heartbeat_at=silent)


def test_two_processes_do_not_estimate_the_same(campaign: Campaign, crowd: list[Labeler]) -> None:
    assert services.claim(campaign) is not None
    assert services.claim(campaign) is None

    tasks.estimate_skill(campaign.pk)
    with pytest.raises(CommandError, match="Another process is estimating the skill"):
        run("--campaign", "navcam")
    assert not LabelerSkill.objects.exists(), "another process works on it"

    lose(campaign)
    tasks.estimate_skill(campaign.pk)
    assert LabelerSkill.objects.count() == 4, "that one was killed"
    state = CampaignSkill.objects.get()
    assert (state.claim, state.heartbeat_at) == (None, None)


def test_a_claim_of_the_version_before_is_taken_over(
    campaign: Campaign, crowd: list[Labeler]
) -> None:
    """It had a time and no token; its process ended with the upgrade."""
    CampaignSkill.objects.create(campaign=campaign, heartbeat_at=timezone.now())

    tasks.estimate_skill(campaign.pk)

    assert LabelerSkill.objects.count() == 4


def test_an_estimate_is_claimed_while_it_is_made(
    campaign: Campaign, crowd: list[Labeler], monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed, read = [], services.votes_of_images

    def look(image_ids: list[int]) -> list[services.CollectedVotes]:
        claimed.append(services.claim(campaign) is None)
        return read(image_ids)

    monkeypatch.setattr(services, "votes_of_images", look)
    run("--campaign", "navcam")
    tasks.estimate_skill(campaign.pk)

    assert claimed == [True]


def test_a_process_that_was_taken_over_stores_nothing(
    campaign: Campaign,
    crowd: list[Labeler],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run("--campaign", "navcam")
    before, read = estimates(), services.votes_of_images
    accept(new_image(campaign), *TRUTH, labeler=crowd[0])
    successors: list[CampaignSkill | None] = []

    def be_overtaken(image_ids: list[int]) -> list[services.CollectedVotes]:
        lose(campaign)
        successors.append(services.claim(campaign))
        return read(image_ids)

    monkeypatch.setattr(services, "votes_of_images", be_overtaken)
    tasks.estimate_skill(campaign.pk)
    assert "taken over" in caplog.text
    lose(campaign)
    with pytest.raises(CommandError, match="taken over"):
        run("--campaign", "navcam")

    assert estimates() == before
    assert successors[-1] is not None
    assert CampaignSkill.objects.get().claim == successors[-1].claim


def test_a_failed_estimate_is_left_to_another_worker(
    campaign: Campaign, crowd: list[Labeler], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(image_ids: list[int]) -> list[services.CollectedVotes]:
        raise OSError("a file is gone")

    monkeypatch.setattr(services, "votes_of_images", fail)
    with pytest.raises(OSError, match="a file is gone"):
        tasks.estimate_skill(campaign.pk)

    assert services.claim(campaign) is not None
