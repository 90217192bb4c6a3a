"""The place of every control of the drawing page, on screens from 320 to 1366 px wide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.accessible import misplaced
from tests.e2e.drawing import DrawingPage
from tests.e2e.pictures import import_pictures
from tests.e2e.reviewing import run
from tests.served import ServedSite

# The page is the same on either database.
pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)]

SCREENS = [
    (320, 640),
    (360, 740),
    (390, 844),
    (430, 932),
    (820, 1180),
    (1024, 768),
    (1366, 768),
]
COUNTS = [2, 4, 6, 21]
IN_SIGHT = 6
TABLET = (820, 1180)
TOOLS = ["draw", "edit", "cut", "split"]
BUTTONS = ["fill", "merge", "hide", "paint-over", "snap", "follow", "undo", "redo", "delete"]
CORNERS = [(120.0, 300.0), (260.0, 300.0), (260.0, 420.0)]

#: Give each campaign its number of classes. Those beyond the first four have long names.
CLASSES = """
from labeling.models import Campaign, TerrainClass
patterns = ["dots", "lines", "waves", "cross", "plain"]
names = ["Layered bedrock", "Smooth gravel", "Dune", "Float rock", "Crater rim"]
for count in {counts}:
    campaign = Campaign.objects.get(slug="layout-%d" % count)
    campaign.terrain_classes.filter(code__gte=count).delete()
    for code in range(4, count):
        name = names[code % 5] + ("" if code < 9 else " %d" % code)
        TerrainClass.objects.create(
            campaign=campaign, code=code, position=code, name=name, pattern=patterns[code % 5],
            color="#%02x%02xb0" % (40 + 9 * code, 200 - 5 * code),
        )
"""

#: Classes that cannot be seen whole and pressed.
OUT_OF_SIGHT = """() => [...document.querySelectorAll('#classes button')].filter(each => {
  const box = each.getBoundingClientRect();
  return [[2, 2], [box.width - 2, 2], [2, box.height - 2], [box.width - 2, box.height - 2]].some(
    ([x, y]) => !each.contains(document.elementFromPoint(box.left + x, box.top + y)));
}).map(each => each.textContent)"""

#: Buttons whose words are cut off, and actions below the end of the screen.
CUT_OFF = """() => [...document.querySelectorAll('.side button, .tools button')].filter(each =>
  each.checkVisibility() && (each.scrollWidth > each.clientWidth + 2
    || each.matches('.actions *') && each.getBoundingClientRect().bottom > innerHeight)).map(
  each => `${each.id || each.textContent} is cut off`)"""


@pytest.fixture(scope="module")
def site(served_site: ServedSite, tmp_path_factory: pytest.TempPathFactory) -> ServedSite:
    for count in COUNTS:
        slug = f"layout-{count}"
        import_pictures(served_site, slug, tmp_path_factory.mktemp(slug))
    run(served_site, CLASSES.format(counts=COUNTS))
    return served_site


@contextmanager
def opened(
    site: ServedSite, browser: Any, count: int, locale: str, **screen: Any
) -> Iterator[DrawingPage]:
    """The drawing page of the campaign with so many classes."""
    context = browser.new_context(locale=locale, reduced_motion="reduce", **screen)
    page = context.new_page()
    page.goto(f"{site.url.rstrip('/')}/c/layout-{count}/draw/")
    page.evaluate("document.querySelector('#start').submit()")
    drawing = DrawingPage(page)
    drawing.wait_for_picture()
    yield drawing
    context.close()


def states(drawing: DrawingPage) -> Iterator[str]:
    """The page as it opens, with a shape under way, with a finished one, and with its corner."""
    page = drawing.page
    yield "opened"
    page.keyboard.press("2")
    for corner in CORNERS:
        page.mouse.click(*drawing.on_page(corner))
    expect(page.locator("#sketch-finish")).to_be_enabled()
    yield "under way"
    page.keyboard.press("Enter")
    drawing.has_regions(1)
    yield "finished"
    page.keyboard.press("j")
    page.keyboard.press(".")
    expect(page.locator("#add-point")).to_be_visible()
    yield "corner"


@pytest.mark.parametrize(("locale", "direction"), [("en", "ltr"), ("es", "ltr"), ("es", "rtl")])
@pytest.mark.parametrize("count", COUNTS)
def test_controls_have_their_own_places(
    site: ServedSite, browser: Any, count: int, locale: str, direction: str
) -> None:
    found = []
    with opened(site, browser, count, locale, has_touch=True) as drawing:
        page = drawing.page
        page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
        for state in states(drawing):
            for width, height in SCREENS:
                page.set_viewport_size({"width": width, "height": height})
                at = f"{state}, {width} px"
                found += misplaced(page, at)
                found += [f"{at}: {each}" for each in page.evaluate(CUT_OFF)]
                if count <= IN_SIGHT:
                    hidden = page.evaluate(OUT_OF_SIGHT)
                    found += [f"{at}: {each} is out of sight" for each in hidden]
                else:
                    goes_on = "#class-picker[data-before], #class-picker[data-after]"
                    expect(page.locator(goes_on)).to_be_visible()
            page.set_viewport_size({"width": 1366, "height": 768})
            drawing.wait_for_rest()
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_many_classes_can_be_scrolled_and_say_so(
    site: ServedSite, browser: Any, direction: str
) -> None:
    screen = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with opened(site, browser, 21, "en", **screen) as drawing:
        page = drawing.page
        page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
        picker = page.locator("#class-picker")
        arrow = "which => getComputedStyle(document.querySelector('#class-picker'), which).display"
        expect(picker).to_have_attribute("data-after", "")
        assert page.evaluate(arrow, "::after") == "grid"
        assert page.evaluate(arrow, "::before") == "none"

        # One class is cut by the edge, which shows that the list goes on.
        last = page.locator('#classes [data-class-code="20"]')
        last.scroll_into_view_if_needed()
        expect(picker).to_have_attribute("data-before", "")
        last.tap()
        expect(last).to_have_attribute("aria-checked", "true")
        sign = 1 if direction == "ltr" else -1
        page.evaluate("x => document.querySelector('#classes').scrollTo(x, 0)", sign * 9_999)
        expect(picker).not_to_have_attribute("data-after", "")

        # What is drawn afterwards does not scroll the list back to the chosen class.
        page.evaluate("document.querySelector('#classes').scrollTo(0, 0)")
        page.mouse.click(*drawing.on_page((200, 200)))
        expect(page.locator("#sketch-bar button").first).to_be_visible()
        assert page.evaluate("document.querySelector('#classes').scrollLeft") == 0


def test_a_tablet_has_every_tool_in_sight(site: ServedSite, browser: Any) -> None:
    width, height = TABLET
    screen = {"viewport": {"width": width, "height": height}, "has_touch": True, "is_mobile": True}
    with opened(site, browser, 4, "en", **screen) as drawing:
        page = drawing.page
        expect(page.locator("#more-open")).to_be_hidden()
        for tool in [f"tool-{each}" for each in TOOLS] + BUTTONS + ["zoom-in", "tool-ruler"]:
            expect(page.locator(f"#{tool}")).to_be_visible()
        page.locator("#tool-cut").tap()
        expect(page.locator("#annotate")).to_have_attribute("data-tool", "cut")


def test_hints_of_any_length_leave_the_picture_in_place(site: ServedSite, browser: Any) -> None:
    show = "words => { document.querySelector('#hint').textContent = words; }"
    with opened(site, browser, 4, "en") as drawing:
        page = drawing.page
        for width in (820, 1024, 1366):
            page.set_viewport_size({"width": width, "height": 900})
            views = set()
            for words in ("Draw.", "Draw around a patch of ground. " * 4):
                page.evaluate(show, words)
                drawing.wait_for_rest()
                views.add(str(page.locator("#map").bounding_box()))
            assert len(views) == 1, f"at {width} px"
