"""The expert consensus meeting: lowest agreement first, disputes, and guidelines."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np
import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image as Pillow

from labeling.annotation.services import assignments, labels
from labeling.annotation.services.corrections import correct
from labeling.models import Assignment, Campaign, Image, Label, Labeler
from merging.gold import tasks
from merging.gold.services import consensus
from merging.gold.views import consensus as consensus_views
from merging.models import ExpertAgreement, LabelingGuideline
from review.models import AgreementScore
from tests.factories import ACTOR, accept, box, draw, new_admin, new_campaign, new_expert, new_image

pytestmark = pytest.mark.django_db

MEETING = "/gold/navcam/meeting/"


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def experts() -> list[Labeler]:
    return [new_expert(name) for name in ("erik", "eva", "emil")]


@pytest.fixture
def admin() -> Client:
    return browser(new_admin())


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the campaigns whose comparison was enqueued."""
    asked: list[int] = []
    monkeypatch.setattr(consensus_views, "enqueue", lambda task, pk: asked.append(pk))
    return asked


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def gold(campaign: Campaign, experts: list[Labeler], *drawn: tuple[str, str]) -> Image:
    """Return a gold image with one label per given drawing."""
    image = new_image(campaign, orbital_class="Smooth")
    assignments.assign_gold(ACTOR, image, experts)
    for expert, mask in zip(experts, drawn, strict=False):
        accept(image, *mask, labeler=expert, role="expert")
    return image


ALIKE = (("00..", "11.."),) * 3
UNLIKE = (("0000", "...."), ("2222", "...."), ("0022", "3..."))
HALF = (("0000", "...."), ("0022", "...."), ("0000", "...."))


def text(response: Any) -> str:
    return str(response.content.decode())


# -- comparing -------------------------------------------------------------------------------------


def test_agreement_and_disputed_area_of_an_image(
    campaign: Campaign, experts: list[Labeler]
) -> None:
    image = gold(campaign, experts, *UNLIKE)

    compared = consensus.compare(image.pk)

    # J: 0 for the first two; sand, soil and big rock of the third: 2/4, 0/2, 0/1 of each of them.
    assert compared.agreement == pytest.approx((0 + 2 * (2 / 4) / 3) / 3)
    assert (compared.labels, compared.labeled_pixels, compared.disputed_pixels) == (3, 5, 4)
    assert compared.pairs == {"0 2": 4}
    scores = AgreementScore.objects.filter(label__image=image).values_list("score", flat=True)
    assert compared.agreement == pytest.approx(sum(scores) / 3)


def test_an_expert_who_still_draws_keeps_the_image_out(
    campaign: Campaign, experts: list[Labeler]
) -> None:
    image = gold(campaign, experts, *UNLIKE[:2])
    assert not consensus.ready_images(campaign)

    assignments.skip(ACTOR, Assignment.objects.get(image=image, labeler=experts[2]))
    assert list(consensus.ready_images(campaign)) == [image]
    alone = gold(campaign, experts[:1], UNLIKE[0])
    assert alone not in consensus.ready_images(campaign), "one label disputes nothing"


def test_the_worst_comes_first_and_the_whole_set_is_added_up(
    campaign: Campaign, experts: list[Labeler]
) -> None:
    alike, unlike, half = (gold(campaign, experts, *drawn) for drawn in (ALIKE, UNLIKE, HALF))
    gold(new_campaign("other"), experts, *UNLIKE)

    assert consensus.compare_stale_images(campaign, 2) == 1
    assert consensus.compare_stale_images(campaign, 2) == 0

    compared = list(consensus.by_lowest_agreement(campaign, new_admin()))
    assert [each.image for each in compared] == [unlike, half, alike]
    [pair] = consensus.disputed_pairs(compared)
    assert (pair.codes, pair.pixels, pair.images) == ((0, 2), 6, 2)


def test_a_label_that_changes_is_compared_anew(campaign: Campaign, experts: list[Labeler]) -> None:
    image = gold(campaign, experts, *UNLIKE)
    consensus.compare_stale_images(campaign, 5)
    assert not consensus.stale_images(campaign)
    label = Label.objects.get(image=image, labeler=experts[0])

    correct(ACTOR, experts[0], label.pk, Label().pk, [box(2, 0, 0, 4, 1)], 1)
    labels.process_image(image.pk)

    assert list(consensus.stale_images(campaign)) == [image]
    assert consensus.compare(image.pk).pairs == {"0 2": 2}


def test_what_is_known_is_not_computed_again(
    campaign: Campaign, experts: list[Labeler], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = gold(campaign, experts, *UNLIKE)
    known = consensus.compare(image.pk)
    monkeypatch.setattr(
        consensus.disputes, "measure_disputes", lambda masks: pytest.fail("computed again")
    )
    assert consensus.compare(image.pk) == known


def test_the_worker_goes_on_until_all_are_compared(
    campaign: Campaign, experts: list[Labeler], monkeypatch: pytest.MonkeyPatch
) -> None:
    for drawn in (ALIKE, UNLIKE, HALF):
        gold(campaign, experts, *drawn)
    asked: list[int] = []
    monkeypatch.setattr(tasks, "enqueue", lambda task, pk: asked.append(pk))
    monkeypatch.setattr(tasks, "COMPARED_IN_A_TASK", 2)

    tasks.compare_experts(campaign.pk)
    assert asked == [campaign.pk]
    tasks.compare_experts(campaign.pk)
    assert asked == [campaign.pk]
    assert ExpertAgreement.objects.count() == 3


@pytest.mark.parametrize("fields", [{"agreement": 1.1}, {"agreement": -0.1}, {"labeled_pixels": 0}])
def test_what_the_database_refuses(
    campaign: Campaign, experts: list[Labeler], fields: dict[str, float]
) -> None:
    compared = consensus.compare(gold(campaign, experts, *UNLIKE).pk)
    with pytest.raises(IntegrityError):
        ExpertAgreement.objects.filter(pk=compared.pk).update(**fields)


def test_a_guideline_says_something(campaign: Campaign) -> None:
    with pytest.raises(IntegrityError, match="labeling_guideline_has_text"):
        LabelingGuideline.objects.create(campaign=campaign, text="", author=new_admin())


# -- the pages -------------------------------------------------------------------------------------


def test_the_meeting_page(
    campaign: Campaign, experts: list[Labeler], admin: Client, enqueued: list[int]
) -> None:
    assert "Nothing to discuss yet" in text(admin.get(MEETING))
    gold(campaign, experts, *ALIKE)
    unlike = gold(campaign, experts, *UNLIKE)

    page = admin.get(MEETING)

    assert page.context["cards"][0]["pk"] == unlike.pk
    [pair] = page.context["pairs"]
    assert ([each["name"] for each in pair["classes"]], pair["pixels"]) == (["Soil", "Sand"], 4)
    # 4 of 5 and 0 of 4 labeled pixels.
    assert page.context["percent"] == pytest.approx(100 * 4 / 9)
    assert enqueued == []


def test_what_takes_longer_is_left_to_a_worker(
    campaign: Campaign,
    experts: list[Labeler],
    admin: Client,
    enqueued: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consensus_views, "COMPARED_AT_ONCE", 1)
    for drawn in (ALIKE, UNLIKE):
        gold(campaign, experts, *drawn)

    page = admin.get(MEETING)

    assert "1 image is still being compared" in text(page)
    assert enqueued == [campaign.pk]
    assert len(page.context["cards"]) == 1


def test_one_picture_and_who_said_what(
    campaign: Campaign, experts: list[Labeler], admin: Client
) -> None:
    half, unlike = (gold(campaign, experts, *drawn) for drawn in (HALF, UNLIKE))
    admin.get(MEETING)

    page = admin.get(f"{MEETING}{unlike.pk}/")

    regions = [
        (each["pixels"], [(name, said and said["name"]) for name, said in each["said"]])
        for each in page.context["regions"]
    ]
    assert regions == [
        (2, [("erik", "Soil"), ("eva", "Sand"), ("emil", "Soil")]),
        (2, [("erik", "Soil"), ("eva", "Sand"), ("emil", "Sand")]),
    ]
    assert (page.context["place"], page.context["images"]) == (1, 2)
    assert (page.context["before_url"], page.context["after_url"]) == ("", f"{MEETING}{half.pk}/")
    assert admin.get(f"{MEETING}{half.pk}/").context["before_url"] == f"{MEETING}{unlike.pk}/"


def test_the_pictures_laid_over(campaign: Campaign, experts: list[Labeler], admin: Client) -> None:
    image = gold(campaign, experts, *UNLIKE)

    def clear(name: str) -> np.ndarray[Any, Any]:
        response = admin.get(f"{MEETING}{image.pk}/{name}.png")
        picture = Pillow.open(io.BytesIO(response.content)).convert("RGBA")
        return np.asarray(picture)[..., 3] == 0

    assert clear("disputes").tolist() == [[False] * 4, [True] * 4]
    assert clear("label-0").tolist() == [[False] * 4, [True] * 4]
    assert clear("label-2").tolist() == [[False] * 4, [False, True, True, True]]
    assert admin.get(f"{MEETING}{image.pk}/label-3.png").status_code == 404


def test_guidelines_are_kept_with_author_and_date(
    campaign: Campaign, experts: list[Labeler], admin: Client
) -> None:
    image = gold(campaign, experts, *UNLIKE)
    eva = browser(experts[1].user)

    assert admin.post(MEETING, {"text": "=Ripples are sand."}).status_code == 302
    assert eva.post(f"{MEETING}{image.pk}/", {"text": "Thin cover:\nbedrock"}).status_code == 302
    refused = eva.post(MEETING, {"text": "  "})
    assert "text" in refused.context["form"].errors

    first, second = LabelingGuideline.objects.order_by("pk")
    assert (str(first.author), first.image) == ("ada", None)
    assert (str(second.author), second.image) == ("eva", image)
    page = text(admin.get("/manage/navcam/"))
    assert "Labeling guidelines of the experts" in page
    assert "Ripples are sand." in page
    lines = list(csv.reader(io.StringIO(text(eva.get("/gold/navcam/guidelines.csv")))))
    assert lines[0] == ["date", "author", "image", "guideline"]
    assert [line[1:] for line in lines[1:]] == [
        ["ada", "", "'=Ripples are sand."],
        ["eva", image.product_id, "Thin cover:\nbedrock"],
    ]


def test_the_meeting_is_for_its_experts_and_admins(
    campaign: Campaign, experts: list[Labeler]
) -> None:
    done = gold(campaign, experts, *UNLIKE)
    open_ = gold(campaign, experts, *UNLIKE[:2])
    eva, stranger = browser(experts[1].user), browser(new_expert("elsa").user)
    pages = [MEETING, f"{MEETING}{done.pk}/", f"{MEETING}{done.pk}/disputes.png"]
    for page in (*pages, "/gold/navcam/guidelines.csv"):
        assert eva.get(page).status_code == 200
        assert stranger.get(page).status_code == 403
        assert Client().get(page).status_code == 302
    # Nobody sees a drawing while another expert still draws.
    for page in (f"{MEETING}{open_.pk}/", f"{MEETING}{open_.pk}/label-0.png"):
        assert eva.get(page).status_code == 404
    assert stranger.post(MEETING, {"text": "No."}).status_code == 403
    assert not LabelingGuideline.objects.exists()


def test_an_expert_may_change_their_own_drawing_by_what_was_settled(
    campaign: Campaign, experts: list[Labeler], admin: Client
) -> None:
    image = gold(campaign, experts, *UNLIKE)
    own = Label.objects.get(image=image, labeler=experts[1])

    page = browser(experts[1].user).get(f"{MEETING}{image.pk}/")

    assert page.context["correct_url"] == f"/c/navcam/draw/?correct={own.pk}"
    assert admin.get(f"{MEETING}{image.pk}/").context["correct_url"] == ""


def test_the_number_of_queries_does_not_grow_with_the_set(
    campaign: Campaign, experts: list[Labeler], admin: Client
) -> None:
    def queries() -> int:
        consensus.compare_stale_images(campaign, 100)
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(MEETING).status_code == 200
        return len(captured)

    gold(campaign, experts, *UNLIKE)
    few = queries()
    for _ in range(5):
        gold(campaign, experts, *HALF)
    assert queries() == few


def test_crowd_labels_play_no_part(campaign: Campaign, experts: list[Labeler]) -> None:
    image = gold(campaign, experts, *ALIKE)
    draw(image, "3333", "3333")
    assert consensus.compare(image.pk).disputed_pixels == 0
