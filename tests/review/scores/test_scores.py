"""Agreement scores kept consistent with the labels, on small masks with known scores."""

from __future__ import annotations

import gc
import itertools
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from django.core.cache import cache
from django.db import connections

from labeling.annotation.services import bit_planes, labels
from labeling.models import Campaign, Image, Label, Role
from labeling.people.services.labelers import new_guest
from review.models import AgreementScore, ImageAgreement, images_to_score
from review.scores.services import distribution, scores
from review.scores.services.scores import score_image
from terrain.bitplanes import Planes
from tests.factories import ACTOR, accept, assign, box, draw, new_campaign, new_image

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def image(campaign: Campaign) -> Image:
    return new_image(campaign)


def score_of(label: Label) -> float | None:
    found = AgreementScore.objects.filter(label=label).first()
    return found and found.score


A = ("0000", "....")
B = ("00..", "....")
C = ("0011", "....")
# By class, |both| / |either|:
#   A-B  soil 2/4                        J = 1/2
#   A-C  soil 2/4, bedrock 0/2           J = 1/4
#   B-C  soil 2/2, bedrock 0/2           J = 1/2


def test_two_labels_have_their_agreement_for_a_score(image: Image) -> None:
    a, b = accept(image, *A), accept(image, *B)

    assert score_image(image.pk)

    assert (score_of(a), score_of(b)) == (0.5, 0.5)
    state = ImageAgreement.objects.get(image=image)
    assert (state.labels_version, state.scored_labels) == (2, 2)
    assert AgreementScore.objects.get(label=a).pairs == 1


def test_three_labels_by_hand(image: Image) -> None:
    a, b, c = accept(image, *A), accept(image, *B), accept(image, *C)

    score_image(image.pk)

    assert score_of(a) == pytest.approx((1 / 2 + 1 / 4) / 2)
    assert score_of(b) == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert score_of(c) == pytest.approx((1 / 4 + 1 / 2) / 2)
    assert AgreementScore.objects.get(label=b).pairs == 2


@pytest.mark.parametrize("order", list(itertools.permutations([A, B, C])))
def test_the_order_in_which_labels_come_does_not_matter(
    campaign: Campaign, order: tuple[tuple[str, str], ...]
) -> None:
    expected = {A: 0.375, B: 0.5, C: 0.375}
    image = new_image(campaign)
    stored = {}
    for drawn in order:
        stored[drawn] = accept(image, *drawn)
        score_image(image.pk)

    assert {drawn: score_of(label) for drawn, label in stored.items()} == expected


def test_one_label_has_no_score_which_is_not_zero(image: Image) -> None:
    label = accept(image, *A)

    assert score_image(image.pk)

    assert score_of(label) is None
    assert image not in images_to_score(), "and it is not tried again and again"


def test_no_label_needs_no_score(image: Image) -> None:
    assert image not in images_to_score()
    assert score_image(image.pk)
    assert not AgreementScore.objects.exists()


def test_what_lies_under_the_rover_does_not_agree(campaign: Campaign) -> None:
    image = new_image(campaign, on_rover=("0011", "0000"))
    # Without the mask: soil 2/4, bedrock 0/2
    a, c = accept(image, *A), accept(image, *C)

    score_image(image.pk)

    assert (score_of(a), score_of(c)) == (1.0, 1.0)


def test_empty_and_unprocessed_labels_are_not_compared(image: Image) -> None:
    a, b = accept(image, *A), accept(image, *B)
    empty = accept(image, "....", "....")
    waiting = draw(image, "3333", "3333")

    score_image(image.pk)

    assert (score_of(a), score_of(b)) == (0.5, 0.5)
    assert (score_of(empty), score_of(waiting)) == (None, None)


def test_experts_are_compared_with_experts(image: Image) -> None:
    a, b = accept(image, *A), accept(image, *B)
    c, d = (accept(image, *C, role=Role.EXPERT) for _ in range(2))

    score_image(image.pk)

    assert [score_of(label) for label in (a, b, c, d)] == [0.5, 0.5, 1.0, 1.0]
    assert set(AgreementScore.objects.of_crowd(image.campaign).values_list("label", flat=True)) == {
        a.pk,
        b.pk,
    }


def test_a_label_thrown_out_leaves_the_others_but_keeps_its_score(image: Image) -> None:
    a, b, c = accept(image, *A), accept(image, *B), accept(image, *C)
    score_image(image.pk)

    labels.reject(ACTOR, c)
    assert image in images_to_score()
    score_image(image.pk)

    assert (score_of(a), score_of(b)) == (0.5, 0.5)
    assert score_of(c) == 0.375, "what it was thrown out with"


def test_a_label_left_alone_loses_its_score(image: Image) -> None:
    a, b = accept(image, *A), accept(image, *B)
    score_image(image.pk)

    labels.reject(ACTOR, b)
    score_image(image.pk)

    assert (score_of(a), score_of(b)) == (None, 0.5)


def test_a_restored_label_is_compared_again(image: Image) -> None:
    a, b, c = accept(image, *A), accept(image, *B), accept(image, *C)
    labels.reject(ACTOR, c)
    score_image(image.pk)
    assert score_of(c) is None, "it was thrown out before it had a score"

    labels.restore(ACTOR, c)
    score_image(image.pk)

    assert [score_of(label) for label in (a, b, c)] == [0.375, 0.5, 0.375]


def test_nothing_is_computed_twice(image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    accept(image, *A)
    accept(image, *B)
    score_image(image.pk)
    before = list(AgreementScore.objects.order_by("pk").values())
    monkeypatch.setattr(scores, "agreement_scores", None)

    assert score_image(image.pk)

    assert list(AgreementScore.objects.order_by("pk").values()) == before


# -- labels that arrive meanwhile ------------------------------------------------------------------


def test_a_label_that_arrives_meanwhile_is_in_the_scores(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = accept(image, *A), accept(image, *B)
    compute, late = scores.agreement_scores, []

    def compute_while_a_label_arrives(planes: list) -> list:
        if not late:
            late.append(accept(image, *C))
        return compute(planes)

    monkeypatch.setattr(scores, "agreement_scores", compute_while_a_label_arrives)

    assert score_image(image.pk)

    assert [score_of(label) for label in (a, b, *late)] == [0.375, 0.5, 0.375]
    assert ImageAgreement.objects.current().filter(image=image).exists()


def test_of_images_scored_together_only_the_overtaken_one_is_left(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_image(image.campaign)
    for each in (image, other):
        accept(each, *A)
        accept(each, *B)
    compute, late = scores.agreement_scores, []

    def compute_while_a_label_arrives(planes: list) -> list:
        if not late:
            late.append(accept(other, *C))
        return compute(planes)

    monkeypatch.setattr(scores, "agreement_scores", compute_while_a_label_arrives)

    assert scores.score_images([image.pk, other.pk]) == {image.pk}
    assert list(images_to_score()) == [other]
    assert scores.score_images([image.pk, other.pk]) == {image.pk, other.pk}
    assert distribution.total(image.campaign, Role.CROWD) == 5


def test_what_was_overtaken_each_time_is_not_written_and_left_to_the_sweep(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(image, *A)
    b = accept(image, *B)
    compute = scores.agreement_scores

    def compute_while_a_reviewer_cannot_decide(planes: list) -> list:
        (labels.reject if b.status == Label.Status.ACCEPTED else labels.restore)(ACTOR, b)
        return compute(planes)

    monkeypatch.setattr(scores, "agreement_scores", compute_while_a_reviewer_cannot_decide)

    assert not score_image(image.pk)

    assert not AgreementScore.objects.exists()
    assert image in images_to_score()


def test_older_scores_do_not_replace_newer_ones(
    image: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two workers, the slow one has read two labels, the fast one three."""
    a, b = accept(image, *A), accept(image, *B)
    compute, fast = scores.agreement_scores, []

    def compute_slowly(planes: list) -> list:
        if not fast:
            fast.append(accept(image, *C))
            assert score_image(image.pk)
        return compute(planes)

    monkeypatch.setattr(scores, "agreement_scores", compute_slowly)

    assert score_image(image.pk)

    assert [score_of(label) for label in (a, b, *fast)] == [0.375, 0.5, 0.375]
    assert not images_to_score().exists()


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_labels_sent_processed_scored_and_thrown_out_at_once(image: Image) -> None:
    """On PostgreSQL: there is no deadlock, and all counts are consistent afterwards."""
    people = [new_guest() for _ in range(8)]
    for labeler in people:
        assign(image, labeler)
    together = threading.Barrier(len(people))

    def work(number: int) -> None:
        try:
            together.wait(20)
            polygons = [box(0, 0, 0, 1 + number % 4, 1)]
            label, _ = labels.submit(ACTOR, people[number], image.pk, uuid.uuid4(), polygons)
            labels.process_image(image.pk)
            score_image(image.pk)
            label.refresh_from_db()
            if number % 2:
                labels.reject(ACTOR, label)
                score_image(image.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(people)) as pool:
        list(pool.map(work, range(len(people))))

    image.refresh_from_db()
    assert set(image.labels.values_list("status", flat=True)) == {"accepted", "rejected"}
    assert image.crowd_label_count == image.labels.accepted().count() == 4
    assert image.labels_version == 8 + 4
    assert score_image(image.pk)
    kept = AgreementScore.objects.filter(label__status="accepted")
    found = dict(kept.values_list("label", "score"))
    ImageAgreement.objects.all().delete()
    assert score_image(image.pk)
    assert dict(kept.values_list("label", "score")) == found


def test_the_score_of_a_label_corrected_to_nothing_is_gone(image: Image) -> None:
    """Otherwise it would stay in the distribution that defines the queue."""
    corrected, other = accept(image, "00..", "...."), accept(image, "00..", "....")
    assert score_image(image.pk)
    assert AgreementScore.objects.count() == 2

    Label.objects.filter(pk=corrected.pk).update(status=Label.Status.EMPTY)
    Image.objects.filter(pk=image.pk).update(labels_version=9)
    assert score_image(image.pk)

    assert not AgreementScore.objects.exists(), "the other one is alone now"
    assert other.status == Label.Status.ACCEPTED


def test_labels_are_not_in_memory_any_more_once_they_are_scored(campaign: Campaign) -> None:
    image = new_image(campaign)
    for _ in range(2):
        accept(image, "00..", "....")

    def in_memory() -> list[Label]:
        # `isinstance` would ask lazy objects for their class, and so make them.
        return [each for each in gc.get_objects() if issubclass(type(each), Label)]

    gc.collect()
    before = in_memory()
    gc.disable()
    try:
        scores.score_image(image.pk)
        after = in_memory()
    finally:
        gc.enable()

    assert len(after) == len(before)


def test_planes_are_kept_only_where_other_processes_find_them(
    campaign: Campaign, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = new_image(campaign)
    labels = [accept(image, "00..", "...."), accept(image, "0011", "22..")]
    rasterized: list[int] = []
    rasterize = bit_planes.rasterize

    def count(labels: list[Label], *others: Any) -> list[Planes]:
        rasterized.append(len(labels))
        return rasterize(labels, *others)

    monkeypatch.setattr(bit_planes, "rasterize", count)
    cache.clear()
    settings.KEEP_PLANES = False
    new = [bit_planes.planes_of(labels, image) for _ in range(2)]
    settings.KEEP_PLANES = True
    kept = [bit_planes.planes_of(some, image) for some in (labels[:1], labels, labels)]

    assert rasterized == [2, 2, 1, 1]
    for planes in (*new, *kept[1:]):
        np.testing.assert_array_equal(planes, new[0])
