"""Gold images are sampled, edited and assigned to experts (paper 3.1)."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from ai4mars_site.toolkit.actors import Actor
from labeling.annotation.services import assignments
from labeling.models import Assignment, Campaign, Image, ImageQuality, Labeler, Role
from merging.gold.services import plans
from merging.gold.services.plans import PlanRefused
from merging.models import GoldPlan, PlannedImage
from tests.factories import ACTOR, draw, new_admin, new_campaign, new_expert, new_guest, new_image
from tests.factories import assign as give

pytestmark = pytest.mark.django_db

CLASSES = ("Ridged", "Sand Dunes", "Smooth")


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def experts() -> list[Labeler]:
    return [new_expert(name) for name in ("erik", "eva", "emil", "elsa", "egon")]


def measured(campaign: Campaign, **quality: float) -> Image:
    image = new_image(campaign)
    good = {
        "dark_share": 0.0,
        "saturated_share": 0.0,
        "contrast": 0.5,
        "sharpness": 0.5,
        "rover_share": 0.0,
        "terrain_share": 0.8,
        "fingerprint": "0" * 16,
    }
    ImageQuality.objects.create(image=image, **{**good, **quality})
    return image


def grounds(campaign: Campaign, each: int = 4) -> None:
    for name in CLASSES:
        for _ in range(each):
            new_image(campaign, orbital_class=name)


def drawn(
    campaign: Campaign, count: int = 6, seed: int = 1, *, actor: Actor = ACTOR, **fields: Any
) -> GoldPlan:
    return plans.sample_plan(actor, GoldPlan(campaign=campaign, count=count, seed=seed, **fields))


def ids(plan: GoldPlan) -> list[int]:
    return [image.pk for image in plans.images_of(plan)]


def current(plan: GoldPlan) -> GoldPlan:
    return GoldPlan.objects.get(pk=plan.pk)


# -- which images ----------------------------------------------------------------------------------


def test_about_one_percent_and_at_least_one(campaign: Campaign) -> None:
    assert plans.suggested_count(campaign) == 1
    Image.objects.bulk_create(
        Image(campaign=campaign, product_id=f"P{n}", width=1, height=1) for n in range(260)
    )
    assert plans.suggested_count(campaign) == 3


def test_how_many_are_left_after_each_exclusion(campaign: Campaign) -> None:
    plain = new_image(campaign)
    good = measured(campaign)
    given = measured(campaign)
    give(given, new_guest())
    measured(campaign, dark_share=0.51)
    measured(campaign, saturated_share=0.06)
    measured(campaign, sharpness=0.19)
    measured(campaign, rover_share=0.31)
    measured(campaign, terrain_share=0.19)
    earlier = measured(campaign)
    later = measured(campaign)
    Image.objects.filter(pk=later.pk).update(duplicate_of=earlier)
    # None of these is an image the crowd draws.
    new_image(campaign, pool=Image.Pool.GOLD)
    new_image(campaign, pool=Image.Pool.PRACTICE)
    new_image(campaign, retired_at=timezone.now())
    new_image(campaign, set_aside_at=timezone.now())
    new_image(new_campaign("other"))
    plan = GoldPlan(campaign=campaign)

    assert plans.count_remaining(plan) == [
        ("", 10),
        ("only_fresh", 9),
        ("max_dark", 8),
        ("max_saturated", 7),
        ("min_sharpness", 6),
        ("max_rover", 5),
        ("min_terrain", 4),
        ("without_duplicates", 2),
    ]
    assert set(plans.candidates(plan)) == {plain, good}

    loose = GoldPlan(
        campaign=campaign,
        only_fresh=False,
        max_dark=100,
        max_saturated=100,
        min_sharpness=0,
        max_rover=100,
        min_terrain=0,
        without_duplicates=False,
    )
    assert plans.count_remaining(loose)[-1] == ("min_terrain", 10)


def test_what_lies_on_a_bound_is_in(campaign: Campaign) -> None:
    image = measured(campaign, dark_share=0.5, rover_share=0.3, sharpness=0.2, terrain_share=0.2)
    assert list(plans.candidates(GoldPlan(campaign=campaign))) == [image]


def test_a_twin_that_is_retired_does_not_count(campaign: Campaign) -> None:
    earlier, later = new_image(campaign), new_image(campaign)
    Image.objects.filter(pk=later.pk).update(duplicate_of=earlier)
    assert not plans.candidates(GoldPlan(campaign=campaign))
    Image.objects.filter(pk=earlier.pk).update(retired_at=timezone.now())
    assert list(plans.candidates(GoldPlan(campaign=campaign))) == [later]


# -- drawing and editing ---------------------------------------------------------------------------


def test_a_plan_is_even_and_comes_back_by_its_seed(campaign: Campaign) -> None:
    grounds(campaign)
    plan = drawn(campaign, 6, seed=5)
    names = Counter(image.orbital_class for image in plans.images_of(plan))
    first = ids(plan)

    assert names == dict.fromkeys(CLASSES, 2)
    assert plan.seed == 5
    plans.discard(ACTOR, plan)
    assert ids(drawn(campaign, 6, seed=5)) == first
    plans.discard(ACTOR, GoldPlan.objects.get())
    assert ids(drawn(campaign, 6, seed=6)) != first
    assert not Image.objects.filter(pool=Image.Pool.GOLD).exists(), "nothing is made yet"


def test_a_class_with_gold_gets_less(campaign: Campaign) -> None:
    grounds(campaign)
    for _ in range(2):
        new_image(campaign, orbital_class="Smooth", pool=Image.Pool.GOLD)

    plan = drawn(campaign, 4)

    names = Counter(image.orbital_class for image in plans.images_of(plan))
    assert names == {"Ridged": 2, "Sand Dunes": 2}


def test_no_image_left_is_said_and_nothing_is_stored(campaign: Campaign) -> None:
    with pytest.raises(PlanRefused, match="No image meets all conditions"):
        drawn(campaign)
    assert not GoldPlan.objects.exists()


def test_one_draft_at_a_time_also_in_the_database(campaign: Campaign) -> None:
    grounds(campaign)
    plan = drawn(campaign)
    with pytest.raises(PlanRefused, match="already has a draft"):
        drawn(campaign)
    with pytest.raises(IntegrityError), transaction.atomic():
        GoldPlan.objects.create(campaign=campaign, count=1, seed=1)
    assert list(GoldPlan.objects.all()) == [plan]
    assert plans.draft_of(campaign) == plan


@pytest.mark.parametrize(
    "fields",
    [{"count": 0}, {"classes_per_expert": 0}, {"max_dark": 101}, {"min_terrain": 101}],
)
def test_a_plan_the_database_refuses(campaign: Campaign, fields: dict[str, int]) -> None:
    with pytest.raises(IntegrityError):
        GoldPlan.objects.create(campaign=campaign, **{"count": 1, "seed": 1, **fields})


def test_an_image_is_in_a_plan_once(campaign: Campaign) -> None:
    grounds(campaign)
    plan = drawn(campaign)
    with pytest.raises(IntegrityError):
        PlannedImage.objects.create(plan=plan, image_id=ids(plan)[0])


def test_taking_out_and_putting_back(campaign: Campaign) -> None:
    grounds(campaign)
    plan = drawn(campaign)
    before = ids(plan)

    plans.remove_image(ACTOR, plan, before[0])
    assert ids(plan) == before[1:]
    plans.restore_image(ACTOR, plan, before[0])
    assert ids(plan) == before
    assert current(plan).revision == 3


def test_replacing_gives_another_of_the_same_class_until_none_is_left(campaign: Campaign) -> None:
    grounds(campaign, 3)
    plan = drawn(campaign, 3)
    [first] = [image for image in plans.images_of(plan) if image.orbital_class == "Smooth"]
    replaced = [first]
    for _ in range(2):
        replaced.append(plans.replace_image(ACTOR, plan, replaced[-1].pk))
        assert [i for i in plans.images_of(plan) if i.orbital_class == "Smooth"] == [replaced[-1]]

    assert len(set(replaced)) == 3, "what was taken out does not come back"
    before = ids(plan)
    with pytest.raises(PlanRefused, match="no other image of this terrain class"):
        plans.replace_image(ACTOR, plan, replaced[-1].pk)
    assert ids(plan) == before


def test_adding_by_name(campaign: Campaign) -> None:
    grounds(campaign)
    plan = drawn(campaign, 3)
    extra = new_image(campaign, 900, orbital_class="Pitted")
    bad = measured(campaign, dark_share=1.0)

    assert plans.add_image(ACTOR, plan, f" {extra.product_id} ") == extra
    assert plans.add_image(ACTOR, plan, bad.product_id) == bad, "an admin knows better than a bound"
    plans.add_image(ACTOR, plan, extra.product_id)
    assert {extra.pk, bad.pk} < set(ids(plan))
    assert len(ids(plan)) == 5

    for name, why in [
        ("NOWHERE", "no image NOWHERE"),
        (new_image(campaign, pool=Image.Pool.GOLD).product_id, "already a gold image"),
        (new_image(campaign, pool=Image.Pool.PRACTICE).product_id, "reference image"),
        (new_image(campaign, retired_at=timezone.now()).product_id, "is retired"),
        (new_image(new_campaign("other"), 901).product_id, "no image"),
    ]:
        with pytest.raises(PlanRefused, match=why):
            plans.add_image(ACTOR, plan, name)
    assert len(ids(plan)) == 5


# -- who labels them -------------------------------------------------------------------------------


def test_teams_of_a_plan(campaign: Campaign, experts: list[Labeler]) -> None:
    grounds(campaign)
    plan = drawn(campaign, 6)

    teams = plans.teams_of(plan, plans.images_of(plan))
    assert (teams.missing, teams.teams) == (5, {})
    assert plans.missing_experts_message(teams, 2) == (
        "With three experts per class and at most 2 classes per expert, 3 terrain classes need at "
        "least 5 experts. "
        "Choose more experts or raise the limit."
    )

    plans.set_experts(ACTOR, plan, experts, 2)
    plan = current(plan)
    teams = plans.teams_of(plan, plans.images_of(plan))
    assert plans.missing_experts_message(teams, 2) == ""
    assert {len(set(team)) for team in teams.teams.values()} == {3}
    assert sorted(teams.load(expert) for expert in experts) == [2, 4, 4, 4, 4]

    plans.set_experts(ACTOR, plan, experts[:3], 3)
    plan = current(plan)
    teams = plans.teams_of(plan, plans.images_of(plan))
    assert {teams.load(expert) for expert in experts[:3]} == {6}, "an admin raised the limit"


def test_carrying_a_plan_out(campaign: Campaign, experts: list[Labeler]) -> None:
    grounds(campaign)
    plan = drawn(campaign, 6)
    plans.set_experts(ACTOR, plan, experts, 2)
    plan = current(plan)
    planned = ids(plan)
    teams = plans.teams_of(plan, plans.images_of(plan)).teams

    assert plans.assign(ACTOR, plan, plan.revision) == 6

    gold_images = campaign.images.filter(pool=Image.Pool.GOLD)
    assert sorted(gold_images.values_list("pk", flat=True)) == sorted(planned)
    for image in gold_images:
        given = image.assignments.all()
        assert {assignment.role for assignment in given} == {Role.EXPERT}
        assert {each.labeler for each in given} == set(teams[image.orbital_class])
    assert plans.assign(ACTOR, plan, plan.revision) == 0, "pressed twice"
    assert Assignment.objects.count() == 18
    assert not plans.training_images(campaign).filter(pk__in=planned).exists()
    assert assignments.next_assignment(campaign, new_guest()).image_id not in planned
    assert plans.draft_of(campaign) is None
    with pytest.raises(PlanRefused, match="already assigned"):
        plans.remove_image(ACTOR, plan, planned[0])
    plans.discard(ACTOR, plan)
    assert GoldPlan.objects.count() == 1, "an assigned plan stays as a record"


def test_the_next_plan_goes_on_with_the_same_teams(
    campaign: Campaign, experts: list[Labeler]
) -> None:
    grounds(campaign)
    first = drawn(campaign, 3)
    plans.set_experts(ACTOR, first, experts, 2)
    plans.assign(ACTOR, first, current(first).revision)
    before = plans.teams_of(first, plans.images_of(first)).teams

    second = drawn(campaign, 3)
    plans.set_experts(ACTOR, second, [*experts, new_expert("edda")], 2)
    teams = plans.teams_of(current(second), plans.images_of(second))

    assert teams.kept == set(CLASSES)
    assert {n: set(t) for n, t in teams.teams.items()} == {n: set(t) for n, t in before.items()}


def test_a_plan_that_changed_since_it_was_seen_is_not_carried_out(
    campaign: Campaign, experts: list[Labeler]
) -> None:
    grounds(campaign)
    plan = drawn(campaign, 3)
    plans.set_experts(ACTOR, plan, experts, 2)
    seen = current(plan).revision
    plans.remove_image(ACTOR, plan, ids(plan)[0])

    with pytest.raises(PlanRefused, match="plan changed after"):
        plans.assign(ACTOR, plan, seen)
    nothing_is_made()


def nothing_is_made() -> None:
    assert not Image.objects.filter(pool=Image.Pool.GOLD).exists()
    assert not Assignment.objects.filter(role=Role.EXPERT).exists()
    assert GoldPlan.objects.get().assigned_at is None


def test_too_few_experts_or_no_image(campaign: Campaign, experts: list[Labeler]) -> None:
    grounds(campaign)
    plan = drawn(campaign, 3)
    with pytest.raises(PlanRefused, match="need at least 5 experts"):
        plans.assign(ACTOR, plan, plan.revision)
    plans.set_experts(ACTOR, plan, experts, 2)
    for pk in ids(plan):
        plans.remove_image(ACTOR, plan, pk)
    with pytest.raises(PlanRefused, match="plan has no images"):
        plans.assign(ACTOR, plan, current(plan).revision)
    nothing_is_made()


def test_a_plan_that_cannot_be_carried_out_whole_is_not_carried_out(
    campaign: Campaign, experts: list[Labeler]
) -> None:
    grounds(campaign, 1)
    plan = drawn(campaign, 3)
    plans.set_experts(ACTOR, plan, experts, 2)
    plan = current(plan)
    images = plans.images_of(plan)
    teams = plans.teams_of(plan, images)
    assert plans.conflicts(plan, images, teams) == {}
    # Between plan and assignment one of the experts skips an image as a volunteer, a guest draws.
    seen, retired, _ = images
    assignments.skip(ACTOR, give(seen, teams.teams[seen.orbital_class][0]))
    draw(seen, "00..", "....")
    Image.objects.filter(pk=retired.pk).update(retired_at=timezone.now())

    found = plans.conflicts(plan, plans.images_of(plan), teams)
    assert set(found) == {seen.pk, retired.pk}
    assert "has already seen it as a volunteer" in found[seen.pk]
    assert "is retired" in found[retired.pk]
    with pytest.raises(PlanRefused, match=r"volunteer|retired"):
        plans.assign(ACTOR, plan, plan.revision)
    nothing_is_made()


def test_an_expert_who_has_only_opened_it_draws_it_as_gold(
    campaign: Campaign, experts: list[Labeler]
) -> None:
    image = new_image(campaign, orbital_class="Smooth")
    plan = drawn(campaign, 1)
    plans.set_experts(ACTOR, plan, experts[:3], 2)
    give(image, experts[0])
    plan = current(plan)

    assert plans.assign(ACTOR, plan, plan.revision) == 1
    assert {each.role for each in image.assignments.all()} == {Role.EXPERT}


def test_who_drew_it_is_kept(campaign: Campaign) -> None:
    grounds(campaign)
    admin = new_admin()
    plan = drawn(campaign, 1, actor=Actor.of_user(admin), max_rover=10)
    assert (current(plan).created_by, current(plan).max_rover) == (admin, 10)


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_of_several_presses_at_once_one_makes_the_plan(
    campaign: Campaign, experts: list[Labeler]
) -> None:
    """On PostgreSQL, with simultaneous requests."""
    assert connection.vendor == "postgresql"
    grounds(campaign)
    plan = drawn(campaign, 3)
    plans.set_experts(ACTOR, plan, experts, 2)
    plan = current(plan)
    together = threading.Barrier(4)

    def press(_number: int) -> int:
        try:
            together.wait()
            return plans.assign(ACTOR, GoldPlan.objects.get(pk=plan.pk), plan.revision)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = sorted(pool.map(press, range(4)))

    assert made == [0, 0, 0, 3]
    assert Assignment.objects.filter(role=Role.EXPERT).count() == 9
