"""The page of merge methods: what is compared, when, and what it shows."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from PIL import Image as Pillow

from ai4mars_site.toolkit.actors import Actor
from labeling.models import Campaign, Image
from merging.masks import tasks
from merging.masks.method_descriptions import description
from merging.masks.services import comparisons
from merging.masks.views import methods
from merging.models import MergedMask, MethodComparison
from review.queue.services.ratings import rate
from review.skill import services
from terrain.aggregation.majority import MergeRule
from terrain.aggregation.methods import Kind, MergeMethod
from terrain.metrics.differences import Difference
from tests.factories import accept, new_account, new_admin, new_campaign, new_image, new_reviewer

pytestmark = pytest.mark.django_db

PAGE = "/manage/navcam/merges/"


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(new_admin())
    return client


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    asked: list[int] = []
    monkeypatch.setattr(methods, "enqueue", lambda task, campaign: asked.append(campaign))
    return asked


def agreed(campaign: Campaign) -> Image:
    """Return an image on which all labels agree."""
    image = new_image(campaign)
    for _ in range(4):
        accept(image, "00..", "11..")
    return image


def disputed(campaign: Campaign) -> Image:
    """Return an image on which three of five (60 %) label two pixels as soil; good ratings of two
    would decide.
    """
    image = new_image(campaign)
    good = [accept(image, "00..", "1...") for _ in range(3)]
    for _ in range(2):
        accept(image, "22..", "1...")
    for place, label in enumerate(good[:2]):
        rate(Actor.of_user(new_reviewer(f"rita{image.pk}{place}")), label, 5)
    return image


def test_an_image_by_hand(campaign: Campaign) -> None:
    image = disputed(campaign)

    assert comparisons.compare_stale_images(campaign, 5) == 0

    (found,) = comparisons.by_lowest_match(campaign)
    assert (found.image, set(found.results)) == (image, {Kind.VOTES, Kind.RATINGS, Kind.RANDOM})
    # Ratings: 4 + 4 + 2 for soil against 2 + 2 for sand are 71 %.
    ratings = found.results[Kind.RATINGS]
    assert ratings.difference == Difference(first=1, second=3, both=1, same=1, pixels=8)
    assert ratings.counts == {0: 2, 1: 1}
    assert (ratings.labeled, ratings.share(0), ratings.share(3)) == (3 / 8, 2 / 3, 0)
    assert found.lowest_match(comparisons.SORTED_BY) == pytest.approx(1 / 3)
    assert found.results[Kind.VOTES].difference.match == 1


def test_skill_takes_part_once_it_is_known(campaign: Campaign) -> None:
    agreed(campaign)
    comparisons.compare_stale_images(campaign, 5)
    assert Kind.SKILL not in comparisons.by_lowest_match(campaign)[0].results
    services.estimate_campaign(campaign)

    comparisons.delete_comparisons(campaign)
    comparisons.compare_stale_images(campaign, 5)

    assert list(comparisons.by_lowest_match(campaign)[0].results) == list(Kind)


def test_the_worst_come_first(campaign: Campaign) -> None:
    first, second, third = agreed(campaign), disputed(campaign), agreed(campaign)
    comparisons.compare_stale_images(campaign, 5)

    found = comparisons.by_lowest_match(campaign)

    assert [each.image for each in found] == [second, first, third]
    total = comparisons.total_results(found)[Kind.RATINGS]
    assert total.difference == Difference(first=9, second=11, both=9, same=9, pixels=24)
    assert total.counts == {0: 6, 1: 5}


def test_only_what_changed_is_compared_again(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, changed = agreed(campaign), agreed(campaign)
    assert comparisons.compare_stale_images(campaign, 1) == 1
    assert comparisons.compare_stale_images(campaign, 1) == 0
    accept(changed, "..33", "....")
    compared: list[int] = []
    monkeypatch.setattr(comparisons, "compare", compared.append)

    comparisons.compare_stale_images(campaign, 5)

    assert compared == [changed.pk]
    assert kept.pk not in compared


def test_the_sample_stays_the_same_and_is_not_large(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparisons, "SAMPLE", 3)
    for _ in range(8):
        new_image(campaign, crowd_label_count=3)
    chosen = comparisons.sample(campaign)
    assert len(chosen) == 3
    new_image(campaign, crowd_label_count=2)
    new_image(campaign, crowd_label_count=9, pool=Image.Pool.GOLD)
    assert comparisons.sample(campaign) == chosen
    Image.objects.get(pk=chosen[0]).delete()
    assert comparisons.sample(campaign)[:2] == chosen[1:]


def test_a_worker_does_what_the_page_leaves(
    campaign: Campaign, admin: Client, enqueued: list[int]
) -> None:
    for _ in range(3):
        agreed(campaign)

    page = admin.get(PAGE)

    assert enqueued == [campaign.pk]
    assert (page.context["waiting"], len(page.context["cards"])) == (2, 1)
    assert "2 images are still being merged" in page.content.decode()
    tasks.compare_merges(campaign.pk)
    page = admin.get(PAGE)
    assert (page.context["waiting"], len(page.context["cards"])) == (0, 3)
    assert enqueued == [campaign.pk], "nothing is left to ask for"
    assert MethodComparison.objects.count() == 3


@pytest.mark.usefixtures("enqueued")
def test_the_page(campaign: Campaign, admin: Client) -> None:
    image = disputed(campaign)

    page = admin.get(PAGE)
    text = page.content.decode()

    (card,) = page.context["cards"]
    assert [str(result["name"]) for result in card["results"]] == [
        "The campaign's rule",
        "Weighted by ratings",
        "Random label",
    ]
    assert f"{PAGE}{image.pk}/ratings.png" in text
    assert text.count("Needs the skill of the labelers") == 2
    assert "at least 33.3% match" in text
    rows = {str(row["name"]): row for row in page.context["methods"]}
    assert rows["Weighted by ratings"]["labeled"] == 37.5
    assert rows["Weighted by ratings"]["same"] == 100
    assert PAGE in admin.get("/manage/navcam/").content.decode(), "linked from the campaign"


@pytest.mark.usefixtures("enqueued")
@pytest.mark.parametrize("by", ["random", "ratings", "votes", "nonsense"])
def test_the_order_can_be_chosen(campaign: Campaign, admin: Client, by: str) -> None:
    disputed(campaign)
    assert admin.get(f"{PAGE}?by={by}").status_code == 200


def test_a_post_compares_anew(campaign: Campaign, admin: Client, enqueued: list[int]) -> None:
    agreed(campaign)
    admin.get(PAGE)
    before = MethodComparison.objects.get().compared_at

    page = admin.post(PAGE, follow=True)

    assert page.redirect_chain == [(PAGE, 302)]
    assert MethodComparison.objects.get().compared_at > before
    assert enqueued == []


def test_nothing_to_merge_yet(campaign: Campaign, admin: Client) -> None:
    new_image(campaign)
    assert "Nothing to merge yet" in admin.get(PAGE).content.decode()


def pixels_of(admin: Client, url: str) -> np.ndarray:
    answer = admin.get(url)
    assert answer["Content-Type"] == "image/png"
    return np.asarray(Pillow.open(io.BytesIO(answer.content)).convert("RGBA"))


@pytest.mark.usefixtures("enqueued")
def test_pictures(campaign: Campaign, admin: Client) -> None:
    image = disputed(campaign)
    admin.get(PAGE)
    colors = dict(campaign.terrain_classes.values_list("code", "color"))

    ratings = pixels_of(admin, f"{PAGE}{image.pk}/ratings.png")
    votes = pixels_of(admin, f"{PAGE}{image.pk}/votes.png")
    labelers = pixels_of(admin, f"{PAGE}{image.pk}/labelers.png")
    confidence = pixels_of(admin, f"{PAGE}{image.pk}/confidence.png")

    assert f"#{ratings[0, 0, :3].tobytes().hex()}".upper() == colors[0].upper()
    assert (votes[0, 0, 3], votes[1, 0, 3], ratings[0, 2, 3]) == (0, 255, 0)
    # Five people labeled it: the fourth step; 60 % agree, the second; all agree, the fifth.
    for pixels, place, step in (
        (labelers, (0, 0), 3),
        (confidence, (0, 0), 1),
        (confidence, (1, 0), 4),
    ):
        assert f"#{pixels[place][:3].tobytes().hex()}".upper() == methods.RAMP[step]
    assert (labelers[0, 2, 3], confidence[0, 2, 3]) == (0, 0)


@pytest.mark.usefixtures("enqueued")
def test_pictures_that_are_not_there(campaign: Campaign, admin: Client) -> None:
    image = disputed(campaign)
    other = new_image(new_campaign("other"))
    for picture in (f"{image.pk}/em", f"{image.pk}/loudest", f"{other.pk}/votes", "0/votes"):
        assert admin.get(f"{PAGE}{picture}.png").status_code == 404
    assert not MergedMask.objects.exists()


def test_it_is_for_admins(campaign: Campaign, client: Client) -> None:
    image = agreed(campaign)
    client.force_login(new_account("vera"))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE).status_code == 403
    assert client.get(f"{PAGE}{image.pk}/labelers.png").status_code == 403


@pytest.mark.usefixtures("enqueued")
def test_the_number_of_queries_does_not_grow_with_the_sample(
    campaign: Campaign, admin: Client
) -> None:
    def queries() -> int:
        comparisons.compare_stale_images(campaign, 9)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            admin.get(PAGE)
        return len(captured)

    agreed(campaign)
    one = queries()
    agreed(campaign)
    agreed(campaign)
    assert queries() == one


def test_legends() -> None:
    said = [step["words"] for step in methods.legend("labelers")]
    assert said == ["1", "2", "3-4", "5-7", "8+"]
    said = [step["words"] for step in methods.legend("confidence")]
    assert said == ["0-49%", "50-64%", "65-79%", "80-94%", "95-100%"]


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("strict", [True, False])
def test_each_method_is_described_in_the_readers_language(kind: Kind, strict: bool) -> None:
    method = MergeMethod(kind, MergeRule(3, Fraction(200, 3), strict), seed=7)
    english = description(method)

    with translation.override("es"):
        spanish = description(method)

    if kind == Kind.RANDOM:
        assert "(seed 7)" in english
        assert "(semilla 7)" in spanish
    else:
        assert ("more than" in english) is strict
        assert "66.67%" in english
        assert "66,67\N{NO-BREAK SPACE}%" in spanish
