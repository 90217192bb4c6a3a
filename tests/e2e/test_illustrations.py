"""Pictures for lessons, made of a campaign's own images: the editor, and the tutorial with them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.accessible import misplaced, violations
from tests.e2e.pictures import SIZE, import_pictures
from tests.served import ServedSite

# The pages are the same on either database.
pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)]

SLUG = "illustrated"
PASSWORD = "a-long-walk-on-mars"
#: The images have a scale bar in their middle, and all the labels they need.
PREPARE = f"""
from django.contrib.auth.models import User
from labeling.models import Campaign, Image
if not User.objects.filter(username="illustrator").exists():
    User.objects.create_superuser("illustrator", password="{PASSWORD}")
bar = {{"x": 256, "y": 256, "width_px": 64, "width_m": 0.5, "range_m": 4,
        "top_width_px": 60, "bottom_width_px": 68, "estimated": False,
        "polygon": [[226, 252], [286, 252], [288, 260], [224, 260]]}}
Image.objects.filter(campaign__slug="{SLUG}").update(scale_bar=bar, crowd_label_count=99)
"""


@pytest.fixture(scope="module")
def site(served_site: ServedSite, tmp_path_factory: pytest.TempPathFactory) -> ServedSite:
    import_pictures(served_site, SLUG, tmp_path_factory.mktemp(SLUG), count=2)
    served_site.manage("shell", "-v0", "-c", PREPARE)
    return served_site


def stored(site: ServedSite) -> dict[str, Any]:
    """The newest illustration as the server has it."""
    said = site.manage(
        "shell",
        "-v0",
        "-c",
        "import json; from labeling.models import Illustration; i = Illustration.objects.all()[0];"
        "print(json.dumps({'pk': i.pk, 'crop': i.crop, 'marks': i.marks, 'alt': i.alt,"
        "'translations': i.translations}))",
    )
    found: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return found


def log_in(page: Any, url: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("input[name=login]", "illustrator")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda address: "login" not in address)


class Editor:
    """The editor's page; places are in image pixels."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def tool(self, name: str) -> None:
        button = self.page.get_by_role("button", name=name, exact=True)
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")

    def on_page(self, place: tuple[float, float]) -> tuple[float, float]:
        x, y = self.page.evaluate(
            """([x, y]) => {
              const svg = document.getElementById("stage");
              svg.scrollIntoView({block: "center"});
              const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
              return [at.x, at.y];
            }""",
            list(place),
        )
        return x, y

    def click(self, *places: tuple[float, float]) -> None:
        for place in places:
            self.page.mouse.click(*self.on_page(place))

    def tap(self, *places: tuple[float, float]) -> None:
        for place in places:
            self.page.touchscreen.tap(*self.on_page(place))

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*self.on_page(start))
        self.page.mouse.down()
        self.page.mouse.move(*self.on_page(end), steps=4)
        self.page.mouse.up()

    @property
    def crop(self) -> list[float]:
        crop: list[float] = json.loads(self.page.input_value("input[name=crop]"))
        return crop

    @property
    def marks(self) -> list[dict[str, Any]]:
        marks: list[dict[str, Any]] = json.loads(self.page.input_value("input[name=marks]"))
        return marks

    def wait_for_marks(self, count: int) -> None:
        expect(self.page.locator("#marks > li")).to_have_count(count)


def near(found: Any, expected: Any) -> bool:
    """Whether points are the expected ones, but for the rounding of the mouse's place."""
    return all(
        abs(a - b) <= 2
        for one, other in zip(found, expected, strict=True)
        for a, b in zip(one, other, strict=True)
    )


def test_an_image_is_illustrated_by_mouse_and_shown_in_the_tutorial(
    site: ServedSite, browser: Any, browser_page: Any
) -> None:
    page, url = browser_page, site.url.rstrip("/")
    editor = Editor(page)
    log_in(page, url)
    page.goto(f"{url}/manage/{SLUG}/tutorial/")
    page.get_by_role("link", name="Change: Not sure?").click()
    page.get_by_role("link", name="Make one from an image of this campaign").click()
    page.locator(".image-choices a").first.click()

    # The part to show: by its corner, and by numbers.
    first = editor.crop
    editor.drag((first[0], first[1]), (100, 120))
    assert near([editor.crop[:2]], [(100, 120)])
    for index, value in enumerate((100, 120, 300, 240)):
        page.locator("[data-crop]").nth(index).fill(str(value))
        page.keyboard.press("Tab")
    assert editor.crop == [100, 120, 300, 240]

    editor.tool("Outline")
    corners = [(150, 160), (250, 160), (250, 230), (150, 230)]
    editor.click(*corners, corners[0])
    editor.wait_for_marks(1)
    assert near(editor.marks[0]["points"], corners)
    editor.tool("Arrow")
    editor.drag((330, 180), (260, 200))
    editor.wait_for_marks(2)
    editor.tool("Scale")
    editor.click((250, 250))
    editor.wait_for_marks(3)
    assert editor.marks[2]["length_px"] == 64
    editor.click((120, 340))
    expect(page.locator("#stage-status")).to_contain_text("distance of the ground is not known")
    editor.wait_for_marks(3)

    # A class, captions in two languages, undo and redo.
    page.locator("#marks select").first.select_option(label="Bedrock")
    page.get_by_label("Caption: English").first.fill("A flat plate")
    page.get_by_label("Caption: Español").first.fill("Una placa plana")
    expect(page.locator("#marks .mark-name").first).to_have_text("1 · Outline")
    page.get_by_role("button", name="Undo", exact=True).click()
    editor.wait_for_marks(2)
    page.get_by_role("button", name="Redo", exact=True).click()
    editor.wait_for_marks(3)
    assert editor.marks[0]["captions"]["es"] == "Una placa plana"
    editor.tool("Move points")
    editor.drag((260, 200), (270, 210))
    assert near([editor.marks[1]["points"][1]], [(270, 210)])

    page.get_by_label("What the picture shows").fill("Bedrock with an arrow")
    page.get_by_label("Español", exact=True).fill("Roca madre con una flecha")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".message.success")).to_be_visible()
    kept = stored(site)
    assert kept["crop"] == [100, 120, 300, 240]
    assert [mark["kind"] for mark in kept["marks"]] == ["outline", "arrow", "scale"]
    assert kept["marks"][0]["code"] == 1

    # The step shows it in the reader's language.
    for locale, alt, caption, width in (
        ("es", "Roca madre con una flecha", "Una placa plana", 390),
        ("en", "Bedrock with an arrow", "A flat plate", 1366),
    ):
        context = browser.new_context(locale=locale, viewport={"width": width, "height": 800})
        reader = context.new_page()
        reader.goto(f"{url}/c/{SLUG}/tutorial/")
        while reader.locator("[data-next]").is_visible():
            reader.locator("[data-next]").click()
        shown = reader.locator(".panel:visible")
        picture = shown.get_by_role("img", name=alt)
        assert picture.evaluate("(img) => img.decode().then(() => img.naturalWidth)") == 960
        expect(shown.locator(".captions li")).to_have_text([caption])
        assert misplaced(reader, f"tutorial {locale}") == []
        context.close()


def test_an_illustration_is_made_by_keyboard(site: ServedSite, browser_page: Any) -> None:
    page, url = browser_page, site.url.rstrip("/")
    editor = Editor(page)
    log_in(page, url)
    page.goto(f"{url}/manage/{SLUG}/illustrations/new/")
    page.locator(".image-choices a").last.click()
    page.get_by_role("button", name="Outline", exact=True).focus()
    page.keyboard.press("Enter")
    page.focus("#stage")
    # From the middle: set a point, go right, set one, go down, set one, and close it there.
    for key in ("ArrowUp", "Enter", *["ArrowRight"] * 6, "Enter", *["ArrowDown"] * 6, "Enter"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    editor.wait_for_marks(1)
    first, second, third = editor.marks[0]["points"]
    assert second[0] > first[0] + 20
    assert third[1] > second[1] + 20
    # The last point is taken and moved; Esc gives up a move.
    page.get_by_role("button", name="Move points", exact=True).focus()
    page.keyboard.press("Enter")
    page.focus("#stage")
    for key in (*["ArrowRight"] * 6, *["ArrowDown"] * 5, "Enter", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    expect(page.locator("#stage-status")).to_contain_text("Point taken")
    page.keyboard.press("Enter")
    assert editor.marks[0]["points"][2][0] < third[0] - 5
    before = editor.marks
    for key in ("Enter", "ArrowLeft", "ArrowLeft", "Escape"):
        page.keyboard.press(key)
    assert editor.marks == before
    page.keyboard.press("Control+z")
    assert editor.marks[0]["points"][2] == third
    page.get_by_label("What the picture shows").fill("Made by keyboard")
    page.keyboard.press("Enter")
    expect(page.locator(".message.success")).to_be_visible()
    expect(page.get_by_role("heading", name="Made by keyboard")).to_be_visible()


@pytest.mark.parametrize("width", [320, 390, 820])
def test_an_illustration_is_made_by_touch(site: ServedSite, browser: Any, width: int) -> None:
    url = site.url.rstrip("/")
    context = browser.new_context(
        viewport={"width": width, "height": 844},
        has_touch=True,
        is_mobile=True,
        locale="es",
        bypass_csp=True,
    )
    page = context.new_page()
    editor = Editor(page)
    log_in(page, url)
    page.goto(f"{url}/manage/{SLUG}/illustrations/new/")
    assert misplaced(page, f"choice {width}") == []
    assert violations(page, f"choice {width}") == []
    page.locator(".image-choices a").first.click()
    left, top, wide, _high = editor.crop
    assert left + wide <= SIZE
    editor.tool("Contorno")
    corners = [(left + 60, top + 60), (left + 180, top + 70), (left + 120, top + 160)]
    editor.tap(*corners)
    page.get_by_role("button", name="Cerrar el contorno").tap()
    editor.wait_for_marks(1)
    editor.tool("Flecha")
    editor.tap((left + 200, top + 40), (left + 150, top + 90))
    editor.wait_for_marks(2)
    assert near(editor.marks[0]["points"], corners)
    assert misplaced(page, f"editor {width}") == []
    assert violations(page, f"editor {width}") == []
    page.get_by_role("button", name="Quitar").last.tap()
    editor.wait_for_marks(1)
    page.get_by_label("Qué muestra la imagen").fill(f"By touch at {width}")
    page.get_by_role("button", name="Guardar").tap()
    expect(page.locator(".message.success")).to_be_visible()
    assert stored(site)["alt"] == f"By touch at {width}"
    page.goto(f"{url}/manage/{SLUG}/illustrations/")
    assert misplaced(page, f"list {width}") == []
    assert violations(page, f"list {width}") == []
    context.close()
