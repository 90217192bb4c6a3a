"""Experts label independently: nobody labels a gold image after seeing others' labels of it."""

from __future__ import annotations

import importlib
import json
import threading
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client

from labeling.annotation.services import assignments, corrections, independence, labels
from labeling.images.files import put
from labeling.models import Assignment, Campaign, Image, Label, Labeler, SeenLabels
from labeling.people.permissions import REVIEWERS
from labeling.people.services.labelers import labeler_of_user
from labeling.training.services.reference_answers import AnswerRefused
from merging.gold.services import consensus, plans, progress
from merging.gold.services import experts as gold_set
from merging.models import LabelingGuideline, Release, ReleasePart
from review.models import LabelFlag, Rating
from review.queue.services import bulk_ratings, queue
from tests.factories import (
    ACTOR,
    accept,
    box,
    give_score,
    new_admin,
    new_campaign,
    new_expert,
    new_image,
    new_reviewer,
    submission,
)
from tests.merging.releases.building import build

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def experts() -> list[Labeler]:
    return [new_expert(name) for name in ("erik", "eva", "emil")]


@pytest.fixture
def image(campaign: Campaign, experts: list[Labeler]) -> Image:
    """Return a gold image labeled by two experts and skipped by Emil; it is in the meeting."""
    image = new_image(campaign, orbital_class="Smooth")
    assignments.assign_gold(ACTOR, image, experts)
    for expert, drawn in zip(experts, ("00..", "22.."), strict=False):
        accept(image, drawn, "....", labeler=expert, role="expert")
    assignments.skip(ACTOR, given(image, experts[2]))
    consensus.compare_stale_images(campaign, 9)
    return image


def given(image: Image, labeler: Labeler) -> Assignment:
    return Assignment.objects.get(image=image, labeler=labeler)


def account(labeler: Labeler) -> User:
    assert labeler.user is not None
    return labeler.user


def browser(user: User | Labeler) -> Client:
    client = Client()
    client.force_login(account(user) if isinstance(user, Labeler) else user)
    return client


def meeting(image: Image, picture: str = "") -> str:
    return f"/gold/navcam/meeting/{image.pk}/{picture}"


# -- the meeting -----------------------------------------------------------------------------------


@pytest.mark.parametrize("picture", ["", "disputes.png", "label-0.png", "label-1.png"])
def test_the_meeting_is_closed_to_an_expert_who_can_still_draw(
    image: Image, experts: list[Labeler], picture: str
) -> None:
    emil = browser(experts[2])
    assert emil.get(meeting(image, picture)).status_code == 403
    assert not SeenLabels.objects.exists()
    assert image.product_id not in emil.get("/gold/navcam/meeting/").content.decode()
    assert browser(experts[0]).get(meeting(image, picture)).status_code == 200
    assert SeenLabels.objects.get().labeler == experts[0]

    # Draws it after all, and only then sees the others.
    emil.post(f"/gold/{given(image, experts[2]).pk}/ask-again/")
    assert emil.get(meeting(image, picture)).status_code == 403
    assert emil.post("/api/labels/", submission(image), "application/json").status_code == 201
    assert emil.get(meeting(image, picture)).status_code == 200


def test_who_gives_up_sees_the_others_and_never_draws(image: Image, experts: list[Labeler]) -> None:
    emil, assignment = browser(experts[2]), given(image, experts[2])
    closed = emil.get(meeting(image))
    assert f"/gold/{assignment.pk}/give-up/" in closed.content.decode()

    emil.post(f"/gold/{assignment.pk}/give-up/")
    emil.post(f"/gold/{assignment.pk}/give-up/")

    assert SeenLabels.objects.count() == 1
    assert emil.get(meeting(image, "label-1.png")).status_code == 200
    admin = browser(new_admin())
    for asking in (emil, admin):
        page = asking.post(f"/gold/{assignment.pk}/ask-again/", follow=True)
        assert "Given up" in page.content.decode()
        assert "it cannot be assigned to them again" in page.content.decode()
    assert given(image, experts[2]).status == Assignment.Status.SKIPPED

    refused = emil.post("/api/labels/", submission(image), "application/json")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_independent")
    assert not Label.objects.filter(labeler=experts[2]).exists()
    assert consensus.expert_labels(image) == list(Label.objects.order_by("labeler"))


def test_only_the_own_skipped_picture_is_given_up(
    image: Image, experts: list[Labeler], campaign: Campaign
) -> None:
    skipped = given(image, experts[2])
    assert browser(experts[0]).post(f"/gold/{skipped.pk}/give-up/").status_code == 404
    assert browser(new_admin()).post(f"/gold/{skipped.pk}/give-up/").status_code == 404
    another = new_image(campaign)
    [still_open] = assignments.assign_gold(ACTOR, another, [experts[2]])
    page = browser(experts[2]).post(f"/gold/{still_open.pk}/give-up/", follow=True)
    assert "This image is still open" in page.content.decode()
    assert not SeenLabels.objects.exists()


def test_one_who_draws_after_all_takes_no_picture_out_of_the_meeting(
    image: Image, experts: list[Labeler], campaign: Campaign
) -> None:
    erik = browser(experts[0])
    assert erik.get(meeting(image)).status_code == 200
    assert assignments.reopen(ACTOR, given(image, experts[2]))
    assert erik.get(meeting(image)).status_code == 200
    assert image.product_id in erik.get("/gold/navcam/meeting/").content.decode()

    # One that never was in the meeting comes when nobody has it open any more.
    new = new_image(campaign)
    assignments.assign_gold(ACTOR, new, experts)
    for expert in experts[:2]:
        accept(new, "00..", "....", labeler=expert, role="expert")
    assert erik.get(meeting(new)).status_code == 404


def test_what_was_settled_about_a_closed_picture_is_closed_too(
    image: Image, experts: list[Labeler], campaign: Campaign
) -> None:
    author = account(experts[0])
    LabelingGuideline.objects.create(
        campaign=campaign, image=image, text="Sand here.", author=author
    )
    LabelingGuideline.objects.create(campaign=campaign, text="Ripples are sand.", author=author)
    for page in ("/gold/navcam/meeting/", "/gold/navcam/guidelines.csv"):
        said = browser(experts[2]).get(page).content.decode()
        assert "Ripples are sand." in said
        assert "Sand here." not in said
        assert "Sand here." in browser(experts[0]).get(page).content.decode()


def test_nothing_to_label_is_final_too(image: Image, experts: list[Labeler]) -> None:
    """Reporting nothing to label closes the image: the others' labels become visible, and no label
    is accepted.
    """
    assignments.reopen(ACTOR, given(image, experts[2]))
    emil = browser(experts[2])
    assert emil.post(f"/api/images/{image.pk}/nothing/").status_code == 201
    assert emil.get(meeting(image)).status_code == 200
    refused = emil.post("/api/labels/", submission(image), "application/json")
    assert refused.json()["code"] == "not_independent"


# -- corrections -----------------------------------------------------------------------------------


def correct(label: Label) -> Label:
    corrected, _stored = corrections.correct(
        ACTOR, label.labeler, label.pk, Label().pk, [box(2, 0, 0, 4, 1)], label.version
    )
    labels.process_image(label.image_id)
    return corrected


def test_a_correction_before_the_meeting_is_independent_and_one_after_it_is_marked(
    image: Image, experts: list[Labeler], campaign: Campaign
) -> None:
    mine = Label.objects.get(image=image, labeler=experts[0])
    assert correct(mine).independent
    assert progress.campaign_progress(campaign).total.corrected == 0
    erik = browser(experts[0])
    erik.get(meeting(image))
    mine.refresh_from_db()
    assert not correct(mine).independent
    mine.refresh_from_db()
    assert not correct(mine).independent
    # It still counts: experts settle their labels together.
    mine.refresh_from_db()
    assert mine in consensus.expert_labels(image)
    assert progress.campaign_progress(campaign).total.corrected == 1
    page = browser(new_admin()).get("/manage/navcam/gold/experts/").content.decode()
    assert "1 label was changed after its expert had seen the others" in page
    assert "changed after the meeting" in erik.get(meeting(image)).content.decode()


# -- other ways to see others' labels --------------------------------------------------------------


@pytest.fixture
def doubtful(image: Image, experts: list[Labeler]) -> Label:
    """Return a crowd label of the gold image in the review queue; Emil is a reviewer too."""
    account(experts[2]).groups.add(Group.objects.get(name=REVIEWERS))
    Campaign.objects.update(queue_percent=100)
    label = accept(image, "3333", "....")
    give_score(label, 0.1)
    return label


def test_a_reviewer_does_not_see_labels_of_a_picture_to_draw_as_an_expert(
    image: Image, doubtful: Label, experts: list[Labeler], campaign: Campaign
) -> None:
    campaign.refresh_from_db()
    LabelFlag.objects.create(label=doubtful, reviewer=new_admin("fay"))
    emil, user = browser(experts[2]), account(experts[2])
    pages = (
        "/review/navcam/ratings/?list=flagged",
        f"/review/navcam/bulk/?image={image.product_id}",
    )
    assert queue.remaining(campaign, user) == 0
    answer = emil.get("/api/campaigns/navcam/review/next/").json()
    assert (answer["label"], answer["others"], answer["remaining"]) == (None, [], 0)
    assert emil.get("/api/campaigns/navcam/review/next/?part=flagged").json()["label"] is None
    for page in pages:
        assert str(doubtful.pk) not in emil.get(page).content.decode()
    left = bulk_ratings.preview(bulk_ratings.chosen(campaign, image=image.pk), user, 1).not_rated
    assert left.closed == 1

    independence.give_up(ACTOR, given(image, experts[2]))
    assert queue.remaining(campaign, user) == 1
    assert emil.get("/api/campaigns/navcam/review/next/").json()["label"]["id"] == str(doubtful.pk)
    for page in pages:
        assert str(doubtful.pk) in emil.get(page).content.decode()


def test_who_reviewed_a_picture_cannot_be_its_expert(
    campaign: Campaign, experts: list[Labeler]
) -> None:
    """Views of reviewers are recorded; the plan reports the conflict before it is assigned."""
    image = new_image(campaign, orbital_class="Smooth")
    Campaign.objects.update(queue_percent=100)
    give_score(accept(image, "3333", "...."), 0.1)
    account(experts[0]).groups.add(Group.objects.get(name=REVIEWERS))
    assert browser(experts[0]).get("/api/campaigns/navcam/review/next/").json()["label"] is not None
    assert independence.has_seen(image.pk, experts[0])

    plan = plans.sample_plan(
        ACTOR, plans.GoldPlan(campaign=campaign, seed=1, count=1, only_fresh=False), experts
    )
    images = plans.images_of(plan)
    found = plans.conflicts(plan, images, plans.teams_of(plan, images))
    assert "has already seen other labels" in found[image.pk]
    with pytest.raises(plans.PlanRefused):
        plans.assign(ACTOR, plan, plan.revision)
    with pytest.raises(assignments.SeenByExpert, match="already seen other people"):
        assignments.assign_gold(ACTOR, image, [experts[0]])
    image.refresh_from_db()
    assert image.pool == Image.Pool.CROWD


def test_the_admin_site_hides_labels_that_an_admin_is_to_draw(
    image: Image, experts: list[Labeler]
) -> None:
    emil = account(experts[2])
    emil.is_staff = emil.is_superuser = True
    emil.save()
    other = Label.objects.filter(image=image).first()
    assert other is not None
    page = f"/admin/labeling/label/{other.pk}/change/"
    assert browser(emil).get(page).status_code == 302, "as for one that does not exist"
    assert str(other.pk) not in browser(emil).get("/admin/labeling/label/").content.decode()
    assert browser(emil).get(f"/manage/navcam/merges/{image.pk}/labelers.png").status_code == 403

    ada = new_admin()
    assert browser(ada).get(page).status_code == 200
    assert SeenLabels.objects.get().labeler.user == ada


def test_a_release_with_the_others_labels_is_not_downloaded_before_drawing(
    image: Image, experts: list[Labeler], campaign: Campaign
) -> None:
    emil = account(experts[2])
    emil.is_staff = True
    emil.save()
    release = Release.objects.create(
        campaign=campaign, version="1.0", archive=put("one.zip", b"PK")
    )
    assert browser(emil).head(f"/releases/{release.pk}/download/").status_code == 200
    ReleasePart.objects.create(
        release=release,
        product_id=image.product_id,
        split="test",
        inputs="x",
        files=[],
        fragments={},
        counted={},
        labels=[],
        labelers={},
    )
    assert browser(emil).head(f"/releases/{release.pk}/download/").status_code == 403
    independence.give_up(ACTOR, given(image, experts[2]))
    assert browser(emil).head(f"/releases/{release.pk}/download/").status_code == 200


def test_gold_becomes_a_reference_answer_when_nobody_has_it_open(
    image: Image, experts: list[Labeler], campaign: Campaign
) -> None:
    """Practice shows the answer, so experts who skipped the image can no longer label it."""
    Campaign.objects.update(allow_gold_practice=True)
    accept(new_image(campaign), "0...", "....")
    image.refresh_from_db()
    label = Label.objects.get(image=image, labeler=experts[1])
    Label.objects.filter(pk=label.pk).delete()
    accept(image, "00..", "....", labeler=experts[1], role="expert")
    assert assignments.reopen(ACTOR, given(image, experts[2]))
    with pytest.raises(AnswerRefused, match="still has to label"):
        gold_set.set_reference_answer(ACTOR, image)
    assignments.skip(ACTOR, given(image, experts[2]))
    gold_set.set_reference_answer(ACTOR, image)
    assert not assignments.reopen(ACTOR, given(image, experts[2]))


def test_who_practices_on_a_gold_picture_cannot_become_its_expert(
    campaign: Campaign, experts: list[Labeler]
) -> None:
    """A lesson stays open after the attempt, when its answer has been shown."""
    image = new_image(campaign)
    Assignment.objects.create(image=image, labeler=experts[0], role="practice")
    with pytest.raises(assignments.SeenByExpert):
        assignments.assign_gold(ACTOR, image, [experts[0]])


# -- at once ---------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.servers
@pytest.mark.parametrize("round", range(4))
def test_a_label_and_giving_up_at_once(image: Image, experts: list[Labeler], round: int) -> None:
    """Either the label is stored first, or the others' labels were shown and it is refused."""
    emil = experts[2]
    start = threading.Barrier(2)
    done: list[Any] = []

    def both(work: Any) -> None:
        try:
            start.wait(10)
            done.append(work())
        except labels.NotIndependent as refused:
            done.append(refused)
        finally:
            connection.close()

    assignment = given(image, emil)
    threads = [
        threading.Thread(target=both, args=(work,))
        for work in (
            lambda: independence.give_up(ACTOR, assignment),
            lambda: labels.submit(ACTOR, emil, image.pk, Label().pk, [box(0, 0, 0, 2, 1)]),
        )
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    labeled = Label.objects.filter(image=image, labeler=emil).exists()
    assert labeled != independence.has_seen(image.pk, emil)
    assert len(done) == 2


# -- in a release ----------------------------------------------------------------------------------


def test_a_release_marks_what_was_corrected_after_the_meeting(
    image: Image, experts: list[Labeler], campaign: Campaign, tmp_path: Path
) -> None:
    name = f"raw/labels/{image.product_id}.json"
    tree = build(campaign, tmp_path, "1.0")
    assert b"independent" not in (tree / name).read_bytes()
    assert "independent" not in (tree / "DATASHEET.md").read_text()

    browser(experts[0]).get(meeting(image))
    correct(Label.objects.get(image=image, labeler=experts[0]))

    tree = build(campaign, tmp_path, "1.1")
    marks = [label.get("independent") for label in json.loads((tree / name).read_text())["labels"]]
    assert sorted(marks, key=str) == [False, None]
    assert "1 were corrected after their labelers" in (tree / "DATASHEET.md").read_text()


def test_raters_before_there_was_a_record_have_seen_labels(campaign: Campaign) -> None:
    rater = new_reviewer()
    rater.first_name, rater.last_name = "F" * 150, "L" * 150  # longer than a labeler's name
    rater.save()
    label = accept(new_image(campaign), "0000", "0000")
    Rating.objects.create(label=label, reviewer=rater, value=4)
    migration = importlib.import_module("review.migrations.0007_raters_have_seen_labels")

    migration.write_what_raters_have_seen(apps, None)
    migration.write_what_raters_have_seen(apps, None)

    seen = SeenLabels.objects.get()
    assert (seen.image_id, seen.labeler.user) == (label.image_id, rater)
    seen.labeler.full_clean()


def test_a_labeler_of_a_long_name() -> None:
    user = new_reviewer()
    user.first_name, user.last_name = "F" * 150, "L" * 150
    user.save()
    labeler_of_user(user).full_clean()
