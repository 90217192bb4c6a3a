"""Assignment of images: at random, never twice, and only images that need labels."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from labeling.annotation.services import assignments, labels
from labeling.annotation.services.assignments import (
    assign_gold,
    next_assignment,
    next_assignments,
    skip,
)
from labeling.models import ASSIGNMENT_HOLD, Assignment, Campaign, Image, Label, Labeler, Role
from labeling.people.services.labelers import new_guest
from tests.factories import ACTOR, accept, assign, draw, new_campaign, new_expert, new_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign(target_labels=2)


def begin_at(monkeypatch: pytest.MonkeyPatch, start: float) -> None:
    monkeypatch.setattr(assignments.random, "random", lambda: start)


def walk(campaign: Campaign, labeler: Labeler) -> list[int]:
    """Label every image that the labeler is given; return the images in order."""
    seen = []
    while (assignment := next_assignment(campaign, labeler)) is not None:
        seen.append(assignment.image_id)
        draw(assignment.image, "00..", "....", labeler=labeler)
    return seen


def test_never_the_same_image_twice(campaign: Campaign) -> None:
    images = [new_image(campaign) for _ in range(6)]

    seen = walk(campaign, new_guest())

    assert sorted(seen) == sorted(image.pk for image in images)


def test_the_random_start_decides_and_the_walk_goes_round(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    low, middle, high = (new_image(campaign, sort_key=key) for key in (0.1, 0.5, 0.9))

    for start, expected in [(0.0, low), (0.3, middle), (0.5, middle), (0.6, high), (0.95, low)]:
        begin_at(monkeypatch, start)
        assignment = next_assignment(campaign, new_guest())
        assert assignment is not None
        assert assignment.image == expected, start


def test_labelers_see_different_orders(campaign: Campaign) -> None:
    # Evenly spread, so that no order of the 8 images has a chance above 2 %, and four equal
    # ones have less than one in a hundred thousand.
    Campaign.objects.filter(pk=campaign.pk).update(target_labels=10)
    for n in range(8):
        Image.objects.filter(pk=new_image(campaign).pk).update(sort_key=n / 8)

    orders = {tuple(walk(campaign, new_guest())) for _ in range(4)}

    assert len(orders) > 1


def test_an_image_leaves_the_pool_with_its_last_label_and_no_sooner(campaign: Campaign) -> None:
    image = new_image(campaign)

    for _ in range(2):
        labeler = new_guest()
        assert walk(campaign, labeler) == [image.pk]

    assert next_assignment(campaign, new_guest()) is None
    image.refresh_from_db()
    assert image.crowd_label_count == 2


def test_an_image_whose_label_was_empty_is_given_out_again(campaign: Campaign) -> None:
    image = new_image(campaign, on_rover=("1100", "0000"))
    accept(image, "00..", "....")
    accept(image, "..00", "....")

    image.refresh_from_db()
    assert image.crowd_label_count == 1
    assert walk(campaign, new_guest()) == [image.pk]


def test_retired_and_gold_images_are_not_for_the_crowd(campaign: Campaign) -> None:
    new_image(campaign, retired_at=timezone.now())
    new_image(campaign, pool=Image.Pool.GOLD)

    assert next_assignment(campaign, new_guest()) is None


def test_other_campaigns_are_other_pools(campaign: Campaign) -> None:
    new_image(new_campaign("other"))

    assert next_assignment(campaign, new_guest()) is None


def test_a_reload_brings_the_open_image_back_and_holds_its_place(campaign: Campaign) -> None:
    for _ in range(5):
        new_image(campaign)
    labeler = new_guest()
    first = next_assignment(campaign, labeler)
    assert first is not None
    long_ago = timezone.now() - 2 * ASSIGNMENT_HOLD
    Assignment.objects.filter(pk=first.pk).update(served_at=long_ago)

    again = next_assignment(campaign, labeler)

    assert again == first
    first.refresh_from_db()
    assert first.served_at > long_ago + timedelta(minutes=1)
    assert Assignment.objects.count() == 1


def test_images_ahead_are_held_and_come_in_the_same_order_again(campaign: Campaign) -> None:
    for _ in range(5):
        new_image(campaign)
    labeler = new_guest()

    given = next_assignments(campaign, labeler, ahead=2)

    assert len({assignment.image_id for assignment in given}) == 3
    for _ in range(2):
        assert next_assignments(campaign, labeler, ahead=2) == given
        assert next_assignment(campaign, labeler) == given[0]
    finished = given[0].image_id
    following = next_assignments(campaign, labeler, [finished], ahead=2)
    assert following[:2] == given[1:]
    assert following[2] not in given
    assert walk(campaign, labeler)[0] == finished, "the label was lost after all"


def test_images_ahead_hold_a_place_only_for_a_while(campaign: Campaign) -> None:
    Campaign.objects.update(target_labels=1, merge_minimum=1)
    campaign.refresh_from_db()
    held = [new_image(campaign, sort_key=key) for key in (0.1, 0.2, 0.3)]
    next_assignments(campaign, new_guest(), ahead=2)
    free = new_image(campaign, sort_key=0.9)

    eager = next_assignment(campaign, new_guest())
    assert eager is not None
    assert eager.image == free
    # Everything is held now, and still nobody is sent home.
    assert next_assignment(campaign, new_guest()) is not None

    Assignment.objects.exclude(image=free).update(served_at=timezone.now() - 2 * ASSIGNMENT_HOLD)
    late = next_assignment(campaign, new_guest())
    assert late is not None
    assert late.image in held
    assert Image.objects.with_free_place().filter(pk__in=[image.pk for image in held]).exists()


def test_when_fewer_images_are_left_than_wanted_ahead(campaign: Campaign) -> None:
    image = new_image(campaign)
    labeler = new_guest()

    assert [each.image for each in next_assignments(campaign, labeler, ahead=2)] == [image]
    assert next_assignments(campaign, labeler, [image.pk], ahead=2) == []


def test_gold_images_keep_their_order_ahead_of_the_crowds(campaign: Campaign) -> None:
    expert = new_expert()
    new_image(campaign)
    loaded = next_assignments(campaign, expert, ahead=2)
    gold = [new_image(campaign) for _ in range(3)]
    for image in gold:
        assign_gold(ACTOR, image, [expert])

    given = next_assignments(campaign, expert, ahead=2)
    assert [each.image for each in given] == gold
    assert next_assignments(campaign, expert, ahead=2) == given, "served before, and in order"
    after = next_assignments(campaign, expert, [gold[0].pk], ahead=2)
    assert [each.image for each in after] == [*gold[1:], loaded[0].image]


def test_an_open_image_that_was_retired_meanwhile_does_not_come_back(campaign: Campaign) -> None:
    labeler = new_guest()
    retired = new_image(campaign)
    assign(retired, labeler)
    other = new_image(campaign)
    Image.objects.filter(pk=retired.pk).update(retired_at=timezone.now())

    assert walk(campaign, labeler) == [other.pk]


def test_an_open_image_that_became_gold_meanwhile_does_not_come_back(campaign: Campaign) -> None:
    labeler = new_guest()
    gold = new_image(campaign)
    assign(gold, labeler)
    assign_gold(ACTOR, gold, [new_expert()])

    assert next_assignment(campaign, labeler) is None


def test_a_skipped_image_does_not_come_back(campaign: Campaign) -> None:
    images = {new_image(campaign).pk, new_image(campaign).pk}
    labeler = new_guest()
    skipped = next_assignment(campaign, labeler)
    assert skipped is not None

    assert skip(ACTOR, skipped)
    assert not skip(ACTOR, skipped), "it was closed already"

    skipped.refresh_from_db()
    assert skipped.status == Assignment.Status.SKIPPED
    assert skipped.closed_at is not None
    assert walk(campaign, labeler) == list(images - {skipped.image_id})


def test_a_sent_label_cannot_be_skipped_away(campaign: Campaign) -> None:
    labeler = new_guest()
    assignment = assign(new_image(campaign), labeler)
    draw(assignment.image, "00..", "....", labeler=labeler)

    assert not skip(ACTOR, assignment)
    assignment.refresh_from_db()
    assert assignment.status == Assignment.Status.DONE


def test_free_places_come_first_but_nobody_is_sent_home(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowded = new_image(campaign, sort_key=0.1, crowd_label_count=1)
    assign(crowded, new_guest())
    free = new_image(campaign, sort_key=0.9)
    begin_at(monkeypatch, 0.0)
    labeler = new_guest()

    # The crowded one is nearer to the start, and still the free one is given first.
    assert walk(campaign, labeler) == [free.pk, crowded.pk]


def test_an_image_that_was_only_offered_and_is_finished_is_not_assigned(campaign: Campaign) -> None:
    pending = new_image(campaign).pk

    assert next_assignment(campaign, new_guest(), [pending]) is None


def test_experts_get_their_gold_images_first(campaign: Campaign) -> None:
    expert = new_expert()
    crowd_image, gold_image = new_image(campaign), new_image(campaign)
    assert next_assignment(campaign, expert) is not None
    Assignment.objects.all().delete()
    assign(crowd_image, expert)
    assign_gold(ACTOR, gold_image, [expert])

    assignment = next_assignment(campaign, expert)

    assert assignment is not None
    assert (assignment.image, assignment.role) == (gold_image, Role.EXPERT)
    draw(gold_image, "00..", "....", labeler=expert, role=Role.EXPERT)
    following = next_assignment(campaign, expert)
    assert following is not None
    assert (following.image, following.role) == (crowd_image, Role.CROWD)


def test_assigning_gold_twice_changes_nothing(campaign: Campaign) -> None:
    image, experts = new_image(campaign), [new_expert("erik"), new_expert("eva")]

    assert assign_gold(ACTOR, image, experts) == assign_gold(ACTOR, image, experts)

    image.refresh_from_db()
    assert image.pool == Image.Pool.GOLD
    assert Assignment.objects.count() == 2


def test_an_expert_who_has_only_opened_an_image_labels_it_as_expert(campaign: Campaign) -> None:
    image, expert = new_image(campaign), new_expert()
    assign(image, expert)

    assign_gold(ACTOR, image, [expert])

    assert Assignment.objects.get().role == Role.EXPERT


@pytest.mark.parametrize("ending", ["label", "skip"])
def test_an_expert_who_has_seen_an_image_cannot_get_it_as_gold(
    campaign: Campaign, ending: str
) -> None:
    image, expert = new_image(campaign), new_expert()
    assignment = assign(image, expert)
    if ending == "label":
        draw(image, "00..", "....", labeler=expert)
    else:
        skip(ACTOR, assignment)

    with pytest.raises(assignments.SeenByExpert, match="Choose another expert"):
        assign_gold(ACTOR, image, [new_expert("eva"), expert])

    image.refresh_from_db()
    assert image.pool == Image.Pool.CROWD, "all or nothing"
    assert Assignment.objects.count() == 1


def test_the_loser_of_a_race_for_an_image_walks_on(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = new_image(campaign, sort_key=0.1), new_image(campaign, sort_key=0.9)
    labeler = new_guest()
    choose = assignments._random_image

    def choose_and_be_overtaken(
        campaign: Campaign, labeler: Labeler, pending: Collection[int]
    ) -> Image | None:
        image = choose(campaign, labeler, pending)
        if image == first:
            assign(first, labeler)  # another request of the same labeler, a moment sooner
        return image

    begin_at(monkeypatch, 0.0)
    monkeypatch.setattr(assignments, "_random_image", choose_and_be_overtaken)

    assignment = next_assignment(campaign, labeler)

    assert assignment is not None
    assert assignment.image == second


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_many_labelers_at_once(campaign: Campaign) -> None:
    """On PostgreSQL: twelve labelers request and label at the same time, one in two tabs."""
    for _ in range(4):
        new_image(campaign)
    people = [new_guest() for _ in range(11)]
    people.append(people[0])
    together = threading.Barrier(len(people))

    def work(labeler: Labeler) -> list[int]:
        try:
            together.wait(20)
            return walk_with_conflicts(campaign, labeler)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(people)) as pool:
        walks = list(pool.map(work, people))

    assert connection.vendor == "postgresql"
    for image in campaign.images.all():
        # More than wanted, where several drew at once; never fewer, and the count is exact.
        assert image.crowd_label_count == image.labels.count() >= 2
    assert Label.objects.count() == Label.objects.values("image", "labeler").distinct().count()
    for labeler, seen in zip(people[1:-1], walks[1:-1], strict=True):
        assert len(seen) == len(set(seen)) == labeler.labels.count()


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_one_labeler_loads_ahead_in_many_tabs_at_once(campaign: Campaign) -> None:
    """On PostgreSQL: no image is assigned twice, and each tab gets the requested number."""
    for _ in range(40):
        new_image(campaign)
    labeler = new_guest()
    together = threading.Barrier(8)

    def ask(_: int) -> list[int]:
        try:
            together.wait(20)
            given = next_assignments(campaign, labeler, ahead=2)
            return [assignment.image_id for assignment in given]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))

    assert connection.vendor == "postgresql"
    assert all(len(set(answer)) == 3 for answer in answers)
    images = list(Assignment.objects.values_list("image", flat=True))
    assert len(images) == len(set(images))


def walk_with_conflicts(campaign: Campaign, labeler: Labeler) -> list[int]:
    """Label like `walk`, but accept that another tab may already have sent a label of the image."""
    seen = []
    while (assignment := next_assignment(campaign, labeler)) is not None:
        try:
            labels.store(ACTOR, assignment.image, labeler, Role.CROWD, [], uuid.uuid4())
        except labels.AlreadyLabeled:
            continue
        seen.append(assignment.image_id)
    return seen
