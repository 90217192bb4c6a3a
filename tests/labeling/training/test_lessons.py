"""Tutorial and field guide: in the reader's language, and edited by managers."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError
from django.test import Client
from django.utils import translation
from PIL import Image as Pillow

from labeling.images import lesson_pictures
from labeling.models import Campaign, GuideEntry, TutorialStep
from labeling.training.presets.field_guide import SHIPPED_PICTURES
from labeling.training.services import lessons
from tests.factories import new_account, new_admin, new_campaign

pytestmark = pytest.mark.django_db

PAGES = (
    "tutorial/",
    "tutorial/preview/",
    "tutorial/steps/new/",
    "guide/",
    "guide/entries/new/",
    "practice/",
)


@pytest.fixture
def campaign() -> Campaign:
    return new_campaign()


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(new_admin())
    return client


def picture(name: str = "mine.png", size: tuple[int, int] = (64, 40)) -> SimpleUploadedFile:
    content = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    Pillow.fromarray(noise).save(content, "PNG")
    return SimpleUploadedFile(name, content.getvalue(), "image/png")


def titles(campaign: Campaign) -> list[str]:
    return list(campaign.tutorial_steps.values_list("title", flat=True))


# -- languages -------------------------------------------------------------------------------------


def test_a_text_is_shown_in_the_readers_language_or_in_its_own(campaign: Campaign) -> None:
    step = campaign.tutorial_steps.all()[0]
    step.translations = {"es": {"title": "Las formas", "text": ""}}
    assert step.translated("title", "es") == step.translated("title", "es-mx") == "Las formas"
    assert step.translated("text", "es") == step.text, "an empty translation is none"
    assert step.translated("title", "fr") == step.translated("title", "en") == step.title
    with translation.override("es"):
        assert step.translated("title") == "Las formas"


@pytest.mark.parametrize("preset", ["msl-navcam", "mer-navcam", "m2020", "plain"])
def test_presets_are_whole_in_spanish(preset: str) -> None:
    campaign = new_campaign("whole", preset)
    items = [
        *campaign.terrain_classes.all(),
        *campaign.tutorial_steps.all(),
        *campaign.guide_entries.all(),
    ]
    assert len(items) > 15
    for item in items:
        for field in item.translated_fields:
            assert item.translated(field, "es") not in ("", getattr(item, field)), (item, field)


@pytest.mark.usefixtures("public")
def test_the_tutorial_and_the_guide_speak_spanish(campaign: Campaign, client: Client) -> None:
    for page in ("tutorial", "guide"):
        shown = client.get(f"/c/navcam/{page}/", headers={"accept-language": "es"}).content.decode()
        assert "Roca madre" in shown
        assert "Bedrock" not in shown
        shown = client.get(f"/c/navcam/{page}/", headers={"accept-language": "en"}).content.decode()
        assert "Bedrock" in shown


@pytest.mark.usefixtures("public")
def test_the_guide_has_every_class_and_what_is_easily_mixed_up(campaign: Campaign) -> None:
    guide = lessons.build_guide(campaign)
    assert [each["name"] for each in guide["classes"]] == ["Soil", "Bedrock", "Sand", "Big rock"]
    assert all(each["good"] and each["bad"] for each in guide["classes"])
    assert {(each["ground"]["name"], each["other"]["name"]) for each in guide["alike"]} == {
        ("Sand", "Soil"),
        ("Bedrock", "Big rock"),
        ("Bedrock", "Soil"),
    }


@pytest.mark.usefixtures("public")
def test_the_guide_is_on_the_drawing_page(campaign: Campaign, client: Client) -> None:
    client.post("/c/navcam/tutorial/seen/")
    shown = client.get("/c/navcam/draw/").content.decode()
    assert shown.count("<figure") == client.get("/c/navcam/guide/").content.decode().count(
        "<figure"
    )
    assert 'id="guide"' in shown


# -- who may ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_only_admins_make_lessons(campaign: Campaign, client: Client, page: str) -> None:
    assert client.get(f"/manage/navcam/{page}").status_code == 302
    client.force_login(new_account("vera"))
    assert client.get(f"/manage/navcam/{page}").status_code == 403
    assert client.post(f"/manage/navcam/{page}", {"remove": "1"}).status_code in (403, 405)
    client.force_login(new_admin())
    assert client.get(f"/manage/navcam/{page}").status_code == 200
    assert client.get(f"/manage/elsewhere/{page}").status_code == 404


# -- steps -----------------------------------------------------------------------------------------


def test_steps_are_moved_and_removed(campaign: Campaign, admin: Client) -> None:
    first, second, *rest = titles(campaign)
    pk = campaign.tutorial_steps.all()[1].pk
    answer = admin.post("/manage/navcam/tutorial/", {"up": pk})
    assert answer["Location"] == f"/manage/navcam/tutorial/?moved={pk}&way=up"
    assert titles(campaign) == [second, first, *rest]
    # The button keeps the focus; at the end of its way the other one takes it.
    shown = admin.get(answer["Location"]).content.decode()
    assert re.search(rf'name="down" value="{pk}"[^>]*autofocus', shown)
    admin.post("/manage/navcam/tutorial/", {"up": pk})
    assert titles(campaign) == [second, first, *rest], "there is nothing above the first"
    admin.post("/manage/navcam/tutorial/", {"down": pk})
    assert titles(campaign) == [first, second, *rest]
    admin.post("/manage/navcam/tutorial/", {"remove": pk})
    assert titles(campaign) == [first, *rest]


def test_another_campaigns_step_is_left_alone(campaign: Campaign, admin: Client) -> None:
    other = new_campaign("other")
    pk = other.tutorial_steps.all()[0].pk
    admin.post("/manage/navcam/tutorial/", {"remove": pk})
    assert admin.get(f"/manage/navcam/tutorial/steps/{pk}/").status_code == 404
    assert other.tutorial_steps.filter(pk=pk).exists()


def test_a_step_is_previewed_and_then_saved(campaign: Campaign, admin: Client) -> None:
    step = campaign.tutorial_steps.all()[0]
    url = f"/manage/navcam/tutorial/steps/{step.pk}/"
    sent = {
        "title": "Touch, but gently",
        "text": "New words.",
        "title_es": "Toca con cuidado",
        "text_es": "Palabras nuevas.",
        "picture": "img/tutorial/sand.webp",
    }
    shown = admin.post(url, {**sent, "preview": ""}).content.decode()
    preview = shown[shown.index('class="previews"') : shown.index('class="lesson-form"')]
    for words in ("Touch, but gently", "Toca con cuidado", "Palabras nuevas.", "sand.webp"):
        assert words in preview
    step.refresh_from_db()
    assert step.title != "Touch, but gently", "a preview saves nothing"

    assert admin.post(url, sent)["Location"] == "/manage/navcam/tutorial/"
    step.refresh_from_db()
    assert step.title == "Touch, but gently"
    assert step.translations == {"es": {"title": "Toca con cuidado", "text": "Palabras nuevas."}}
    preview = admin.get("/manage/navcam/tutorial/preview/?language=es").content.decode()
    assert "Toca con cuidado" in preview
    assert "Touch, but gently" not in preview


def test_a_translation_that_is_emptied_is_taken_out(campaign: Campaign, admin: Client) -> None:
    step = campaign.tutorial_steps.all()[0]
    step.translations = {"es": {"title": "uno", "text": "dos"}, "tlh": {"title": "wa'"}}
    step.save()
    admin.post(f"/manage/navcam/tutorial/steps/{step.pk}/", {"title": "One", "text": "Two"})
    step.refresh_from_db()
    assert step.translations == {"tlh": {"title": "wa'"}}, "a language we do not speak is kept"


def test_a_new_step_comes_last(campaign: Campaign, admin: Client) -> None:
    admin.post("/manage/navcam/tutorial/steps/new/", {"title": "Last", "text": "Words."})
    assert titles(campaign)[-1] == "Last"
    shown = admin.post("/manage/navcam/tutorial/steps/new/", {"title": "", "text": "Words."})
    assert "This field is required" in shown.content.decode()
    assert "Nothing is saved yet" in shown.content.decode(), "said where the page begins, too"
    assert TutorialStep.objects.filter(title="").count() == 0


def test_a_class_is_explained_anew(campaign: Campaign, admin: Client) -> None:
    terrain = campaign.terrain_classes.get(name="Sand")
    url = f"/manage/navcam/tutorial/classes/{terrain.pk}/"
    assert admin.get(url).status_code == 200
    admin.post(url, {"name": "Fine sand", "guidance": "So fine.", "name_es": "Arena fina"})
    terrain.refresh_from_db()
    assert (terrain.code, terrain.name, terrain.translated("name", "es")) == (
        2,
        "Fine sand",
        "Arena fina",
    )
    answer = admin.post(url, {"name": "Soil", "guidance": "Twice the same name."})
    assert answer.status_code == 200, "refused in words, and not by the database"
    terrain.refresh_from_db()
    assert terrain.name == "Fine sand"


# -- guide -----------------------------------------------------------------------------------------


def entry(campaign: Campaign, **fields: object) -> dict[str, object]:
    soil, bedrock, *_ = campaign.terrain_classes.all()
    return {
        "terrain_class": soil.pk,
        "kind": "alike",
        "other_class": bedrock.pk,
        "caption": "Look at the edge.",
        "picture": "img/guide/alike-soil.webp",
        "other_picture": "img/guide/alike-bedrock.webp",
        **fields,
    }


def test_an_entry_is_added_and_a_look_alike_needs_another_ground(
    campaign: Campaign, admin: Client
) -> None:
    url, before = "/manage/navcam/guide/entries/new/", campaign.guide_entries.count()
    admin.post(url, entry(campaign))
    made = campaign.guide_entries.last()
    assert made is not None
    assert (made.kind, made.caption) == ("alike", "Look at the edge.")
    soil = entry(campaign)["terrain_class"]
    for wrong in ({"other_class": ""}, {"other_class": soil}):
        assert admin.post(url, entry(campaign, **wrong)).status_code == 200
    assert campaign.guide_entries.count() == before + 1
    # Of a good example nothing of the other ground is kept.
    admin.post(f"/manage/navcam/guide/entries/{made.pk}/", entry(campaign, kind="good"))
    made.refresh_from_db()
    assert (made.kind, made.other_class, made.other_picture) == ("good", None, "")


def test_entries_move_among_those_they_stand_with(campaign: Campaign, admin: Client) -> None:
    admin.post(
        "/manage/navcam/guide/entries/new/", entry(campaign, kind="good", caption="A second one.")
    )
    good = campaign.guide_entries.filter(kind="good", terrain_class__name="Soil")
    first, second = good
    admin.post("/manage/navcam/guide/", {"up": second.pk})
    assert [each.pk for each in good.all()] == [second.pk, first.pk]
    shown = admin.get("/manage/navcam/guide/").content.decode()
    assert shown.index("A second one.") < shown.index(first.caption[:20])
    admin.post("/manage/navcam/guide/", {"remove": first.pk})
    assert not GuideEntry.objects.filter(pk=first.pk).exists()


# -- pictures --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("public")
def test_a_picture_of_ones_own_is_encoded_anew_and_served(
    campaign: Campaign, admin: Client, client: Client
) -> None:
    step = campaign.tutorial_steps.all()[0]
    url = f"/manage/navcam/tutorial/steps/{step.pk}/"
    sent = {"title": "T", "text": "W", "picture": "", "picture_upload": picture(size=(2000, 500))}
    shown = admin.post(url, {**sent, "preview": ""}).content.decode()
    name = lessons.picture_choices(campaign)[0]
    assert re.fullmatch(rf"lessons/{campaign.pk}/[0-9a-f]{{64}}\.webp", name)
    assert re.search(rf'value="{name}" checked', shown), "a preview keeps what was sent"
    admin.post(url, {"title": "T", "text": "W", "picture": name})
    step.refresh_from_db()
    assert step.picture == name

    answer = client.get(lesson_pictures.url_of(name))
    assert answer["Content-Type"] == "image/webp"
    with Pillow.open(io.BytesIO(b"".join(answer.streaming_content))) as stored:
        assert stored.format == "WEBP"
        assert stored.size == (1280, 320)
    assert (
        f'src="{lesson_pictures.url_of(name)}"'
        in client.get("/c/navcam/tutorial/").content.decode()
    )
    # The same picture again is kept once.
    assert lesson_pictures.add(campaign, picture("twin.png", (2000, 500))) == name
    assert len(lessons.picture_choices(campaign)) == 1 + len(SHIPPED_PICTURES)


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a nonsense",
        b"",
        picture().read()[:200],
    ],
)
def test_what_is_no_picture_is_refused_in_words(
    campaign: Campaign, admin: Client, content: bytes
) -> None:
    upload = SimpleUploadedFile("drawing.svg", content, "image/png")
    step = campaign.tutorial_steps.all()[0]
    answer = admin.post(
        f"/manage/navcam/tutorial/steps/{step.pk}/",
        {"title": "T", "text": "W", "picture_upload": upload},
    )
    assert answer.status_code == 200
    assert 'class="errorlist"' in answer.content.decode()
    step.refresh_from_db()
    assert step.title != "T"


def test_pictures_are_bounded(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson_pictures, "MAX_UPLOAD_BYTES", 100)
    with pytest.raises(lesson_pictures.PictureRefused, match="larger"):
        lesson_pictures.add(campaign, picture())
    monkeypatch.undo()
    monkeypatch.setattr(lesson_pictures, "MAX_OWN_PICTURES", 1)
    lesson_pictures.add(campaign, picture())
    with pytest.raises(lesson_pictures.PictureRefused, match="cannot have more uploaded pictures"):
        lesson_pictures.add(campaign, picture(size=(50, 50)))


def test_a_picture_that_claims_to_be_huge_is_not_decoded(campaign: Campaign) -> None:
    # A PNG header that promises 60,000 x 60,000 pixels.
    header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (60_000).to_bytes(4, "big") * 2
    bomb = SimpleUploadedFile("bomb.png", header + b"\x08\x02\x00\x00\x00" + bytes(64))
    with pytest.raises(lesson_pictures.PictureRefused):
        lesson_pictures.add(campaign, bomb)


@pytest.mark.parametrize("name", ["../../secret_key", "x.webp", "0123456789abcdef.webp"])
def test_only_own_pictures_are_served(campaign: Campaign, client: Client, name: str) -> None:
    assert client.get(f"/c/navcam/pictures/{name}").status_code == 404
    assert client.get(f"/pictures/{campaign.pk}/{name}").status_code == 404


def test_two_steps_cannot_have_one_place(campaign: Campaign) -> None:
    with pytest.raises(IntegrityError):
        TutorialStep.objects.create(campaign=campaign, position=0, title="x", text="y")
