"""The pages of the gold set: a plan is sampled, edited and assigned; progress is shown."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from labeling.annotation.services import assignments
from labeling.models import Assignment, Campaign, Image, Labeler
from merging.gold.services import plans
from merging.models import GoldPlan
from tests.factories import ACTOR, accept, assign, new_admin, new_campaign, new_expert, new_image

pytestmark = pytest.mark.django_db

PAGE = "/manage/navcam/gold/"
PLAN = f"{PAGE}plan/"
CHANGE = f"{PLAN}change/"
CLASSES = ("Ridged", "Sand Dunes", "Smooth")
BOUNDS = {
    "only_fresh": "on",
    "max_dark": 50,
    "max_saturated": 5,
    "min_sharpness": 20,
    "max_rover": 30,
    "min_terrain": 20,
    "without_duplicates": "on",
}


@pytest.fixture
def campaign() -> Campaign:
    made = new_campaign()
    for name in CLASSES:
        for _ in range(3):
            new_image(made, orbital_class=name)
    return made


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(new_admin())
    return client


@pytest.fixture
def experts() -> list[Labeler]:
    return [new_expert(name) for name in ("erik", "eva", "emil", "elsa", "egon")]


def text(response: Any) -> str:
    return str(response.content.decode())


def draw(admin: Client, count: int = 3, **fields: Any) -> GoldPlan:
    response = admin.post(PAGE, {**BOUNDS, "count": count, "seed": "", **fields})
    assert (response.status_code, response.headers["Location"]) == (302, PLAN)
    return GoldPlan.objects.get()


# -- drawing ---------------------------------------------------------------------------------------


def test_the_form_says_what_each_bound_leaves(campaign: Campaign, admin: Client) -> None:
    assign(Image.objects.first(), new_expert())  # type: ignore[arg-type]

    page = admin.get(PAGE)
    assert [left for _field, left in page.context["bounds"]] == [8] * 7
    assert page.context["training"] == 9
    assert "1% of the crowd’s images is 1." in text(page)  # noqa: RUF001

    again = {**BOUNDS, "count": 1}
    del again["only_fresh"]
    counted = admin.get(PAGE, again)
    assert [left for _field, left in counted.context["bounds"]] == [None, *[9] * 6]
    assert admin.get(f"{PAGE}left/", again).json()["left"] == 9
    assert admin.get(f"{PAGE}left/", {**again, "max_dark": 101}).status_code == 400
    assert not GoldPlan.objects.exists()


def test_drawing_a_plan_keeps_its_bounds_and_seed(campaign: Campaign, admin: Client) -> None:
    plan = draw(admin, 3, seed=77, max_rover=12)

    assert (plan.seed, plan.count, plan.max_rover, plan.only_fresh) == (77, 3, 12, True)
    assert str(plan.created_by) == "ada"
    assert len(plans.images_of(plan)) == 3
    assert "77" in text(admin.get(PLAN))
    assert "Continue with the plan" in text(admin.get(PAGE))


def test_fewer_pictures_than_were_wanted_are_said(campaign: Campaign, admin: Client) -> None:
    draw(admin, 10)
    assert "Only 9 images met all conditions." in text(admin.get(PLAN))


def test_without_a_seed_each_plan_has_another(campaign: Campaign, admin: Client) -> None:
    seeds = set()
    for _ in range(3):
        plan = draw(admin)
        seeds.add(plan.seed)
        assert admin.post(CHANGE, {"do": "throw-away"}).headers["Location"] == PAGE
    assert len(seeds) == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("count", value) for value in ("0", "-1", "many", "1001", "")),
        ("max_dark", "101"),
        ("min_terrain", "-1"),
        ("seed", str(2**32)),
    ],
)
def test_numbers_that_cannot_be(campaign: Campaign, admin: Client, field: str, value: str) -> None:
    response = admin.post(PAGE, {**BOUNDS, "count": 1, "seed": "", field: value})

    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert not GoldPlan.objects.exists()


def test_no_picture_left(admin: Client) -> None:
    new_campaign()
    response = admin.post(PAGE, {**BOUNDS, "count": 1, "seed": ""})
    assert "No image meets all conditions" in text(response)


# -- the plan --------------------------------------------------------------------------------------


def test_without_a_plan_there_is_no_page(campaign: Campaign, admin: Client) -> None:
    assert admin.get(PLAN).headers["Location"] == PAGE
    assert "This plan no longer exists" in text(admin.post(CHANGE, {"do": "add"}, follow=True))


def test_the_plan_beside_table_2(campaign: Campaign, admin: Client) -> None:
    new_image(campaign, orbital_class="Smooth", pool=Image.Pool.GOLD)
    draw(admin, 5)

    table = admin.get(PLAN).context["table"]

    rows = {row["name"]: row for row in table["rows"]}
    assert rows["Smooth"] == {
        "name": "Smooth",
        "planned": 1,
        "present": 1,
        "together": 2,
        "paper": 38,
    }
    assert (rows["Pitted"]["planned"], rows["Pitted"]["paper"]) == (0, 57)
    assert (table["planned"], table["together"], table["paper"]) == (5, 6, 323)


def test_editing_the_list(campaign: Campaign, admin: Client) -> None:
    plan = draw(admin)
    first = plans.images_of(plan)[0]

    response = admin.post(CHANGE, {"do": "replace", "image": first.pk})
    second = next(i for i in plans.images_of(plan) if i.orbital_class == first.orbital_class)
    assert response.headers["Location"] == f"{PLAN}#picture-{second.pk}"
    assert second != first

    admin.post(CHANGE, {"do": "take-out", "image": second.pk})
    assert len(plans.images_of(plan)) == 2
    page = admin.get(PLAN)
    assert {tile["pk"] for tile in page.context["out"]} == {first.pk, second.pk}
    admin.post(CHANGE, {"do": "put-back", "image": second.pk})
    assert len(plans.images_of(plan)) == 3

    extra = new_image(campaign, orbital_class="Pitted")
    admin.post(CHANGE, {"do": "add", "product_id": extra.product_id})
    assert extra in plans.images_of(plan)
    refused = admin.post(CHANGE, {"do": "add", "product_id": "NOWHERE"}, follow=True)
    assert "has no image NOWHERE" in text(refused)


@pytest.mark.parametrize(
    "sent", [{}, {"do": "burn"}, {"do": "replace"}, {"do": "take-out", "image": "x"}]
)
def test_steps_that_are_none(campaign: Campaign, admin: Client, sent: dict[str, str]) -> None:
    plan = draw(admin)
    assert admin.post(CHANGE, sent).status_code == 404
    assert GoldPlan.objects.get().revision == plan.revision


def test_too_few_experts_are_said_and_the_limit_can_be_raised(
    campaign: Campaign, admin: Client, experts: list[Labeler]
) -> None:
    draw(admin)
    page = admin.get(PLAN)
    assert "3 terrain classes need at least 5 experts" in text(page)
    assert not page.context["ready"]

    three = [expert.user_id for expert in experts[:3]]
    admin.post(CHANGE, {"do": "experts", "experts": three, "classes_per_expert": 2})
    assert "3 terrain classes need at least 5 experts" in text(admin.get(PLAN))

    admin.post(CHANGE, {"do": "experts", "experts": three, "classes_per_expert": 3})
    page = admin.get(PLAN)
    assert "Here an expert may have 3 terrain classes; the method in the paper uses 2." in text(
        page
    )
    assert page.context["ready"]
    assert [each["load"] for each in page.context["teams"]["experts"]] == [3, 3, 3]

    mistaken = admin.post(CHANGE, {"do": "experts", "experts": three, "classes_per_expert": 0})
    assert "classes_per_expert" in mistaken.context["form"].errors
    volunteer = admin.post(
        CHANGE, {"do": "experts", "experts": [new_admin("x").pk], "classes_per_expert": 2}
    )
    assert "experts" in volunteer.context["form"].errors


def test_assigning_a_plan_twice_does_no_harm(
    campaign: Campaign, admin: Client, experts: list[Labeler]
) -> None:
    plan = draw(admin)
    everybody = [expert.user_id for expert in experts]
    admin.post(CHANGE, {"do": "experts", "experts": everybody, "classes_per_expert": 2})
    revision = admin.get(PLAN).context["plan"].revision

    old = admin.post(f"{PLAN}{plan.pk}/", {"revision": revision - 1}, follow=True)
    assert "plan changed after" in text(old)
    assert not Assignment.objects.exists()

    response = admin.post(f"{PLAN}{plan.pk}/", {"revision": revision}, follow=True)
    assert "3 images are now gold" in text(response)
    assert Assignment.objects.filter(role="expert").count() == 9
    again = admin.post(f"{PLAN}{plan.pk}/", {"revision": revision}, follow=True)
    assert again.status_code == 200
    assert Assignment.objects.count() == 9
    assert Image.objects.filter(pool="gold").count() == 3
    assert [len(card["experts"]) for card in admin.get(PAGE).context["gold_images"]] == [3] * 3


def test_pages_of_a_plan_are_for_admins(
    campaign: Campaign, admin: Client, experts: list[Labeler]
) -> None:
    plan = draw(admin)
    expert = Client()
    expert.force_login(experts[0].user)  # type: ignore[arg-type]
    for url in (CHANGE, f"{PLAN}{plan.pk}/"):
        assert expert.post(url, {"do": "throw-away", "revision": 1}).status_code == 403
        assert Client().post(url).status_code == 302
    for url in (PLAN, f"{PAGE}left/", f"{PAGE}experts/"):
        assert expert.get(url).status_code == 403
    assert GoldPlan.objects.filter(assigned_at=None).exists()


def test_the_number_of_queries_does_not_grow_with_the_plan(
    campaign: Campaign, admin: Client, experts: list[Labeler]
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert admin.get(PLAN).status_code == 200
        return len(captured)

    plan = draw(admin, 3)
    plans.set_experts(ACTOR, plan, experts, 2)
    few = queries()
    for image in campaign.images.all():
        plans.add_image(ACTOR, plan, image.product_id)
    assert queries() == few


# -- the experts -----------------------------------------------------------------------------------


@pytest.fixture
def assigned(campaign: Campaign, experts: list[Labeler]) -> list[Image]:
    """Assign two images of class Smooth to erik, eva and emil: erik labels one and skips one, eva
    labels one.
    """
    images = list(campaign.images.filter(orbital_class="Smooth").order_by("pk")[:2])
    for image in images:
        assignments.assign_gold(ACTOR, image, experts[:3])
    accept(images[0], "00..", "....", labeler=experts[0], role="expert")
    assignments.skip(ACTOR, Assignment.objects.get(image=images[1], labeler=experts[0]))
    accept(images[0], "01..", "....", labeler=experts[1], role="expert")
    return images


def test_how_far_the_experts_are(
    assigned: list[Image], admin: Client, experts: list[Labeler]
) -> None:
    experts[2].user.email = "emil@example.org"  # type: ignore[union-attr]
    experts[2].user.save()  # type: ignore[union-attr]

    page = admin.get(f"{PAGE}experts/")

    total = page.context["total"]
    assert (total.done, total.open, total.skipped, total.all) == (2, 3, 1, 6)
    [(name, tally)] = page.context["classes"]
    assert (name, tally) == ("Smooth", total)
    rows = {each["name"]: each for each in page.context["experts"]}
    assert [each["name"] for each in page.context["experts"]] == ["emil", "eva", "erik"]
    assert rows["erik"]["reminder"] == ""
    assert "of your 2 gold images" in rows["emil"]["reminder"]
    assert "http://testserver/gold/" in rows["emil"]["reminder"]
    assert "mailto:emil@example.org?subject=Gold%20images" in text(page)
    assert [each.image for each in rows["erik"]["skipped"]] == [assigned[1]]

    [skipped] = rows["erik"]["skipped"]
    admin.post(f"/gold/{skipped.pk}/ask-again/")
    assert Assignment.objects.get(pk=skipped.pk).status == "open"


def test_no_experts_yet(campaign: Campaign, admin: Client) -> None:
    assert "No expert has a gold image yet" in text(admin.get(f"{PAGE}experts/"))


def test_an_expert_sees_what_is_left_and_takes_up_what_was_skipped(
    assigned: list[Image], experts: list[Labeler]
) -> None:
    erik, elsa = Client(), Client()
    erik.force_login(experts[0].user)  # type: ignore[arg-type]
    elsa.force_login(experts[3].user)  # type: ignore[arg-type]

    page = erik.get("/gold/")
    [mine] = page.context["campaigns"]
    assert (mine["tally"].done, mine["tally"].open, mine["tally"].skipped) == (1, 0, 1)
    assert "/c/navcam/draw/" not in text(page)
    [skipped] = mine["skipped"]

    assert elsa.post(f"/gold/{skipped.pk}/ask-again/").status_code == 403
    assert erik.post(f"/gold/{skipped.pk}/ask-again/").headers["Location"] == "/gold/"
    page = erik.get("/gold/")
    assert page.context["campaigns"][0]["tally"].open == 1
    assert "/c/navcam/draw/" in text(page)
    assert "You have no gold images" in text(elsa.get("/gold/"))
    assert Client().get("/gold/").status_code == 302
