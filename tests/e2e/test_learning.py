"""Learning to draw, in a browser: tutorial, practice, feedback, field guide, and their editors."""

from __future__ import annotations

import base64
import io
import re
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import expect

from simulation.scenes.scene import make_scene
from terrain.display.tone import linear
from tests.e2e.drawing import DrawingPage
from tests.served import ServedSite

pytestmark = pytest.mark.e2e

SIZE = 256
SLUG = "learn"
PASSWORD = "a-long-walk-on-mars"
#: The answer of both practice pictures: sand above row 128, soil below.
HALVES = np.repeat(np.array([[2], [0]], dtype=np.uint8), SIZE // 2, axis=0).repeat(SIZE, axis=1)
UPPER = [(4.0, 4.0), (252.0, 4.0), (252.0, 126.0), (4.0, 126.0)]
LOWER = [(4.0, 132.0), (252.0, 132.0), (252.0, 252.0), (4.0, 252.0)]
SOIL, SAND = 0, 2
LOADED = "(image) => image.decode().then(() => image.naturalWidth)"


def product(seed: int) -> str:
    return f"NLB_{600000000 + seed}EDR_F0540992NCAM00{seed:03d}M1"


@pytest.fixture(scope="module")
def site(served_site: ServedSite, tmp_path_factory: pytest.TempPathFactory) -> ServedSite:
    """Return a site with a lesson, a reference image, two other images, and a manager."""
    folder = tmp_path_factory.mktemp("learning")
    frames, answers, later = folder / "tree/msl/images/edr", folder / "first", folder / "later"
    for each in (frames, answers, later):
        each.mkdir(parents=True)
    for seed in range(1, 5):
        frame = Pillow.fromarray(linear(make_scene(seed, SIZE).dn))
        frame.save(frames / f"{product(seed)}.JPG", "JPEG")
    Pillow.fromarray(HALVES).save(answers / f"{product(1)}.png")
    Pillow.fromarray(HALVES).save(later / f"{product(2)}.png")
    served_site.manage("import_images", str(folder / "tree"), "--campaign", SLUG)
    served_site.manage("set_reference_answers", str(answers), "--campaign", SLUG)
    served_site.manage("set_reference_answers", str(later), "--campaign", SLUG, "--no-lesson")
    served_site.manage(
        "shell",
        "-c",
        f"""
from django.contrib.auth.models import User
from labeling.models import Campaign
User.objects.create_superuser("learn-admin", password="{PASSWORD}")
Campaign.objects.filter(slug="{SLUG}").update(practice="required", reference_image_percent=100)
""",
    )
    return served_site


def ask(site: ServedSite, expression: str) -> str:
    """Return the value of an expression over the models, on the site's data."""
    said = site.manage(
        "shell", "-c", f"from labeling.models import *; print('=', {expression}, '=')"
    )
    found = re.search(r"= (.*) =", said)
    assert found, said
    return found[1]


def log_in(page: Any, url: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.fill("input[name=login]", "learn-admin")
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(lambda address: "login" not in address)


def overlay(page: Any) -> dict[str, float]:
    """Return the shares of the feedback overlay that show matched, missed and extra pixels."""
    page.wait_for_function(
        """() => {
          const c = document.getElementById("feedback-overlay");
          return c.width && c.getContext("2d").getImageData(0, 0, c.width, c.height)
            .data.some((v) => v);
        }"""
    )
    shot = page.evaluate("document.getElementById('feedback-overlay').toDataURL()")
    pixels = np.asarray(Pillow.open(io.BytesIO(base64.b64decode(shot.split(",")[1]))))
    red, green, blue, opacity = (pixels[..., k].astype(int) for k in range(4))
    seen = opacity > 20
    kinds = {
        "matched": seen & (green > red + 15),
        "missed": seen & (red >= green) & (green > blue + 40),
        "extra": seen & (red > green + 40) & (abs(green - blue) < 40),
    }
    return {name: float(kind.sum() / seen.sum()) for name, kind in kinds.items()}


def test_from_the_tutorial_through_practice_to_a_real_picture(
    site: ServedSite, browser_page: Any
) -> None:
    page, url = browser_page, site.url.rstrip("/")
    drawing = DrawingPage(page)
    page.goto(f"{url}/c/{SLUG}/draw/")
    page.wait_for_url(re.compile("/tutorial/"))
    while page.get_by_role("button", name="Next").is_visible():
        page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("button", name="Start drawing")).to_have_count(0)
    page.get_by_role("button", name="Practice first").click()
    page.wait_for_url(re.compile("/practice/"))

    # A first try finds half of the sand and calls the soil sand, too.
    lesson = drawing.wait_for_picture()
    assert product(1) in page.text_content("#image-name")
    drawing.draw(SAND, [(4, 4), (128, 4), (128, 252), (4, 252)])
    drawing.send()
    told = page.locator("#feedback")
    expect(told).to_be_visible()
    expect(told).to_contain_text("Not quite yet")
    expect(told).to_contain_text("You will get this picture again until you pass.")
    expect(told).to_contain_text(re.compile(r"You found 4\d% of the sand"))
    expect(told).to_contain_text("You missed a patch in the upper right.")
    expect(told).to_contain_text("You did not find the soil in this picture.")
    expect(told).to_contain_text("Most of the extra area is soil.")
    expect(page.locator("#feedback-title")).to_be_focused()
    # The answer is not given away before the lesson is passed: only what was drawn is compared.
    expect(told).to_contain_text("You will see what you missed when you pass.")
    expect(told.locator("[data-look=missed]")).to_be_hidden()
    shares = overlay(page)
    assert 0.35 < shares["matched"] < 0.6
    assert shares["missed"] < 0.02
    assert 0.35 < shares["extra"] < 0.6
    page.locator("#feedback-classes label", has_text="Sand").click()
    page.uncheck("#feedback-show")
    assert page.evaluate(
        """() => { const c = document.getElementById("feedback-overlay");
          return c.getContext("2d").getImageData(0, 0, c.width, c.height)
            .data.every((v) => !v); }"""
    )

    # Again, with what was drawn still there.
    page.get_by_role("button", name="Try again").click()
    assert drawing.wait_for_picture() == lesson
    assert drawing.regions() == 1
    expect(page.locator("#undo")).to_be_visible()
    page.click("#tool-edit")
    page.mouse.click(*drawing.on_page((60, 60)))
    page.click("#delete")
    expect(page.locator("#annotate")).to_have_attribute("data-regions", "0")
    page.click("#tool-draw")
    drawing.draw(SAND, UPPER)
    drawing.draw(SOIL, LOWER)
    drawing.send()
    expect(told).to_contain_text("Very well drawn!")
    expect(told.locator("[data-look=missed]")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_selector('#annotate[data-state="empty"]')
    page.get_by_role("link", name="Start drawing").click()
    page.wait_for_url(re.compile("/draw/"))

    # The campaign's rate is 100: the practice picture comes first, and leaves no label.
    known = drawing.wait_for_picture()
    assert product(2) in page.text_content("#image-name")
    drawing.draw(SAND, UPPER)
    drawing.send()
    expect(told).to_be_visible()
    expect(told).to_contain_text("We know the answer for this picture")
    shares = overlay(page)
    assert 0.35 < shares["matched"] < 0.6
    assert 0.35 < shares["missed"] < 0.6
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(told).to_be_hidden()
    real = drawing.wait_for_picture(other_than=known)
    expect(page.locator("#labels-sent")).to_have_text("0")
    drawing.draw(SOIL, LOWER)
    drawing.send()
    expect(page.locator("#labels-sent")).to_have_text("1")
    drawing.wait_for_picture(other_than=real)
    labels = f"Label.objects.filter(image__campaign__slug='{SLUG}')"
    assert ask(site, f"list({labels}.values_list('image', flat=True))") == f"[{real}]"
    attempts = f"PracticeAttempt.objects.filter(image__campaign__slug='{SLUG}')"
    assert ask(site, f"list({attempts}.values_list('passed', flat=True))") in (
        "[False, True, False]",
        "[False, True, True]",
    )


def test_the_field_guide_opens_by_key_and_gives_the_focus_back(
    site: ServedSite, browser_page: Any
) -> None:
    page, url = browser_page, site.url.rstrip("/")
    drawing = DrawingPage(page)
    page.goto(f"{url}/c/{SLUG}/tutorial/")
    while page.get_by_role("button", name="Next").is_visible():
        page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Practice first").click()
    drawing.wait_for_picture()
    guide = page.locator("#guide")
    page.focus("#map")
    page.keyboard.press("g")
    expect(guide).to_be_visible()
    expect(guide).to_contain_text("Sand or Soil?")
    # Keys belong to the guide now: 3 would choose a class.
    chosen = page.locator('#classes [aria-checked="true"]').get_attribute("data-class-code")
    page.keyboard.press("3")
    assert page.locator('#classes [aria-checked="true"]').get_attribute("data-class-code") == chosen
    page.keyboard.press("Escape")
    expect(guide).to_be_hidden()
    expect(page.locator("#map")).to_be_focused()
    page.focus("#guide-open")
    page.keyboard.press("Enter")
    expect(guide).to_be_visible()
    page.keyboard.press("g")
    expect(guide).to_be_hidden()
    expect(page.locator("#guide-open")).to_be_focused()
    # On a phone it is a sheet, whole on the screen.
    page.set_viewport_size({"width": 390, "height": 844})
    page.click("#guide-open")
    expect(guide).to_be_visible()
    box = guide.bounding_box()
    assert box["width"] == 390
    assert box["y"] > 50
    assert box["y"] + box["height"] <= 844
    picture = guide.locator("img").first
    assert picture.evaluate("(image) => image.complete && image.naturalWidth") == 640
    page.click("#guide-close")
    expect(guide).to_be_hidden()


def test_an_admin_edits_a_step_and_sees_it_as_volunteers_do(
    site: ServedSite, browser: Any, browser_page: Any
) -> None:
    page, url = browser_page, site.url.rstrip("/")
    log_in(page, url)
    page.goto(f"{url}/manage/{SLUG}/tutorial/")
    steps = page.locator("ol.lesson-list h3")
    first, second = steps.nth(0).text_content(), steps.nth(1).text_content()
    # By keyboard alone: the second step goes up, and the focus stays with it.
    page.get_by_role("button", name=f"Move up: {second}").focus()
    page.keyboard.press("Enter")
    expect(steps.nth(0)).to_have_text(second)
    expect(page.get_by_role("button", name=f"Move down: {second}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(steps.nth(0)).to_have_text(first)

    page.get_by_role("link", name=f"Change: {first}").click()
    page.fill("input[name=title]", "Touch, but gently")
    page.fill("input[name=title_es]", "Toca con cuidado")
    content = io.BytesIO()
    noise = np.random.default_rng(5).integers(0, 255, (300, 480, 3), dtype=np.uint8)
    Pillow.fromarray(noise).save(content, "PNG")
    page.set_input_files(
        "input[name=picture_upload]",
        {"name": "mine.png", "mimeType": "image/png", "buffer": content.getvalue()},
    )
    page.get_by_role("button", name="Preview").click()
    previews = page.locator(".preview")
    expect(previews.nth(0)).to_contain_text("Touch, but gently")
    expect(previews.nth(1)).to_contain_text("Toca con cuidado")
    own = previews.nth(0).locator("img")
    assert own.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 480
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".message.success")).to_be_visible()
    page.get_by_role("link", name="Preview: Español").click()
    expect(page.locator("body")).to_contain_text("Toca con cuidado")

    for locale, words in (("es", "Toca con cuidado"), ("en", "Touch, but gently")):
        context = browser.new_context(locale=locale)
        reader = context.new_page()
        reader.goto(f"{url}/c/{SLUG}/tutorial/")
        reader.keyboard.press("ArrowRight")
        shown = reader.locator(".panel:visible")
        expect(shown).to_contain_text(words)
        assert shown.locator("img").evaluate("(image) => image.decode().then(() => true)")
        context.close()


def test_an_admin_draws_an_answer(site: ServedSite, browser_page: Any) -> None:
    page, url = browser_page, site.url.rstrip("/")
    drawing = DrawingPage(page)
    log_in(page, url)
    page.goto(f"{url}/manage/{SLUG}/practice/")
    # Of the real pictures, one that nobody has labeled.
    free = page.locator("#free-pictures option").last.get_attribute("value")
    page.fill("input[name=picture]", free)
    page.get_by_role("button", name="Draw the answer").click()
    drawing.wait_for_picture()
    assert free in page.text_content("#image-name")
    drawing.draw(SAND, UPPER)
    drawing.send()
    page.get_by_role("link", name="Back to practice pictures").click()
    row = page.locator(".lesson-row", has_text=free)
    expect(row).to_contain_text("Drawn by a manager")
    page.get_by_role("button", name="Remove").last.wait_for()
    row.get_by_role("button", name="Remove").click()
    expect(page.locator(".lesson-row", has_text=free)).to_have_count(0)
    assert ask(site, f"Image.objects.get(product_id='{free}').pool") == "crowd"


def test_the_last_step_and_practice_say_what_they_are(site: ServedSite, browser: Any) -> None:
    url = site.url.rstrip("/")
    for width, height in ((390, 844), (1366, 768)):
        context = browser.new_context(viewport={"width": width, "height": height}, locale="en")
        page = context.new_page()
        page.goto(f"{url}/c/{SLUG}/tutorial/")
        while page.get_by_role("button", name="Next").is_visible():
            assert page.locator(".panel:visible img").first.evaluate(LOADED)
            page.get_by_role("button", name="Next").click()
        # The last step has a picture, and says what the buttons below it lead to.
        last = page.locator(".panel:visible")
        assert last.locator("img").evaluate(LOADED) >= 480
        expect(last.get_by_role("heading", name="What comes next")).to_be_visible()
        expect(last).to_contain_text("you draw on 1 picture whose answer we know")
        expect(last).to_contain_text("Once you pass, you will get real pictures.")
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        told = last.locator(".tutorial-next").bounding_box()
        assert told["y"] + told["height"] <= page.locator(".stepper").bounding_box()["y"]
        page.get_by_role("button", name="Practice first").click()
        DrawingPage(page).wait_for_picture()
        expect(page.locator("#hint")).to_contain_text("Practice: we know the answer")
        hint = page.locator("#hint").bounding_box()
        assert hint["x"] >= 0
        assert hint["x"] + hint["width"] <= width
        context.close()
