"""The crowd's result of an image: who may see it, when, and the consequences."""

from __future__ import annotations

import io
import uuid

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image as Pillow

from labeling.annotation.services import labels
from labeling.annotation.services.corrections import LabelIsLocked, correct
from labeling.images.files import keep
from labeling.images.preparation.pictures import png_bytes
from labeling.models import Campaign, Image, Label, Labeler, Role
from labeling.people.services.labelers import labeler_of_user
from merging.formats.storage.checksums import sha256
from merging.masks.services import results
from merging.models import ImportedMask, MergedMask
from terrain.metrics.mask_comparison import ClassAgreement, agreement_by_class
from tests.factories import ACTOR, accept, box, mask, new_account, new_campaign, new_image

pytestmark = pytest.mark.django_db

CODES = (0, 1, 2, 3)


# -- the comparison --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mine", "crowd_drew", "expected"),
    [
        ("....", "....", []),
        ("00..", "00..", [ClassAgreement(0, 2, 2, 2, 0)]),
        # One pixel the same, one called bedrock by the crowd, one the crowd left open.
        ("000.", "01.1", [ClassAgreement(0, 2, 1, 1, 1), ClassAgreement(1, 0, 1, 0, 0)]),
        ("2...", "....", [ClassAgreement(2, 0, 0, 0, 1)]),
        ("....", "3...", [ClassAgreement(3, 0, 0, 0, 0)]),
    ],
)
def test_agreement_by_class(mine: str, crowd_drew: str, expected: list[ClassAgreement]) -> None:
    assert agreement_by_class(mask(mine), mask(crowd_drew), CODES) == expected


def test_the_share_is_the_intersection_over_the_union() -> None:
    assert ClassAgreement(0, mine=3, crowd=2, both=1, mine_alone=9).share == 0.25
    assert ClassAgreement(0, mine=0, crowd=0, both=0, mine_alone=9).share is None


def test_masks_of_two_images_are_not_compared() -> None:
    with pytest.raises(ValueError, match="not of one image"):
        agreement_by_class(mask("00"), mask("0"), CODES)


# -- the service and the page ----------------------------------------------------------------------


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign(target_labels=3)


@pytest.fixture
def image(campaign: Campaign) -> Image:
    return new_image(campaign)


@pytest.fixture
def vera() -> Labeler:
    return labeler_of_user(new_account("vera"))


@pytest.fixture
def client(vera: Labeler) -> Client:
    browser = Client()
    browser.force_login(vera.user)
    return browser


@pytest.fixture
def label(image: Image, vera: Labeler) -> Label:
    """Return Vera's label of an image that three people have labeled."""
    for _ in range(2):
        accept(image, "00..", "11..")
    return accept(image, "00..", "1122", labeler=vera)


def url(label: Label) -> str:
    return f"/drawings/{label.pk}/crowd/"


def fixed(label: Label) -> str:
    label.refresh_from_db()
    return label.lock_reason


def test_asking_to_see_the_result_fixes_the_drawing(client: Client, label: Label) -> None:
    assert client.get(url(label)).status_code == 302, "nothing is shown by looking alone"
    assert fixed(label) == ""

    page = client.post(url(label), follow=True)

    assert fixed(label) == Label.LockReason.RESULTS
    assert page.context["labelers"] == 3
    assert {each["name"]: each["percent"] for each in page.context["agreements"]} == {
        "Soil": 100,
        "Bedrock": 100,
        "Sand": None,
    }
    with pytest.raises(LabelIsLocked):
        correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), [box(0, 0, 0, 1, 1)], 1)


def test_the_result_as_a_picture_in_the_campaigns_colors(client: Client, label: Label) -> None:
    assert client.get(f"/drawings/{label.pk}/crowd.png").status_code == 404
    client.post(url(label))

    answer = client.get(f"/drawings/{label.pk}/crowd.png")

    assert answer["Content-Type"] == "image/png"
    pixels = np.asarray(Pillow.open(io.BytesIO(answer.content)).convert("RGBA"))
    colors = {each.code: each.color for each in label.image.campaign.terrain_classes.all()}
    for column, row, code in ((0, 0, 0), (1, 0, 0), (0, 1, 1), (1, 1, 1)):
        assert f"#{pixels[row, column, :3].tobytes().hex()}".upper() == colors[code].upper()
        assert pixels[row, column, 3] == 255
    assert (pixels[:, 2:, 3] == 0).all(), "clear where the crowd has no label"


def test_before_all_have_drawn_nothing_is_shown(
    client: Client, image: Image, vera: Labeler
) -> None:
    label = accept(image, "00..", "....", labeler=vera)

    page = client.post(url(label), follow=True)

    assert page.redirect_chain == [(f"/drawings/{label.pk}/", 302)]
    assert "cannot be shown yet" in page.content.decode()
    assert fixed(label) == ""


def test_a_finished_campaign_shows_what_it_has(client: Client, image: Image, vera: Labeler) -> None:
    label = accept(image, "00..", "....", labeler=vera)
    Campaign.objects.update(is_open=False)

    page = client.post(url(label), follow=True)

    assert page.context["is_empty"]
    assert "no place where enough people agreed" in page.content.decode()


@pytest.mark.parametrize("fields", [{"pool": Image.Pool.GOLD}, {"retired_at": timezone.now()}])
def test_gold_and_retired_images_show_nothing(
    client: Client, label: Label, fields: dict[str, object]
) -> None:
    Image.objects.update(**fields)

    client.post(url(label))

    assert fixed(label) == ""
    labels.lock(ACTOR, label, Label.LockReason.RATED)
    assert client.get(url(label)).status_code == 302
    assert client.get(f"/drawings/{label.pk}/crowd.png").status_code == 404


def test_an_experts_label_stays_apart(client: Client, label: Label) -> None:
    Label.objects.filter(pk=label.pk).update(role=Role.EXPERT)

    client.post(url(label))

    assert fixed(label) == ""


def test_a_rated_label_needs_no_asking(client: Client, label: Label) -> None:
    labels.lock(ACTOR, label, Label.LockReason.RATED)

    assert client.get(url(label)).status_code == 200
    assert fixed(label) == Label.LockReason.RATED


def test_somebody_elses_label(client: Client, label: Label) -> None:
    other = Label.objects.exclude(pk=label.pk).first()
    assert other is not None

    assert client.post(url(other)).status_code == 404
    assert client.get(f"/drawings/{other.pk}/crowd.png").status_code == 404
    assert Client().post(url(label)).status_code == 404
    assert fixed(other) == fixed(label) == ""


def test_a_label_corrected_since_it_was_read_shows_nothing(label: Label) -> None:
    as_read = Label.objects.select_related("image__campaign").get(pk=label.pk)
    correct(ACTOR, label.labeler, label.pk, uuid.uuid4(), [box(0, 0, 0, 1, 1)], 1)

    assert not results.reveal(ACTOR, as_read)

    assert fixed(label) == ""


def test_the_result_follows_the_labels(client: Client, image: Image, label: Label) -> None:
    client.post(url(label))
    before = client.get(url(label)).context["labelers"]
    stored = MergedMask.objects.get()
    client.get(url(label))
    assert MergedMask.objects.get().merged_at == stored.merged_at, "merged once"

    accept(image, "00..", "....")

    assert (before, client.get(url(label)).context["labelers"]) == (3, 4)


@pytest.mark.parametrize("known", [8, None])
def test_a_mask_that_was_imported_is_said_to_be_so(
    client: Client, campaign: Campaign, image: Image, vera: Labeler, known: int | None
) -> None:
    """With too few labels in the campaign, the imported mask is shown as the crowd's result."""
    content = png_bytes(mask("00..", "...."))
    ImportedMask.objects.create(
        image=image,
        variant="train",
        mask=keep(campaign.pk, "imported", content, ".png"),
        sha256=sha256(content),
        labels=known,
        pixel_counts={"0": 2},
        source="AI4Mars 0.6",
        imported_at=timezone.now(),
    )
    label = accept(image, "00..", "1122", labeler=vera)
    campaign.is_open = False
    campaign.save()

    page = client.post(url(label), follow=True)

    assert "This map was made elsewhere, from other drawings." in page.text
    assert "combined" not in page.text
    shares = {each["name"]: each["percent"] for each in page.context["agreements"]}
    assert shares == {"Soil": 100, "Bedrock": None, "Sand": None}
