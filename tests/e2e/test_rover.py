"""The rover in a picture: dimmed, left out, and without the scale bar on it."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from playwright.sync_api import expect

from simulation.scenes.scene import make_scene
from tests.e2e.drawing import DrawingPage
from tests.e2e.reviewing import PASSWORD, log_in, run
from tests.e2e.test_never_lose import open_page
from tests.labeling.images.ingest.pds_writer import write_frame, write_map
from tests.served import ServedSite

# The page is the same on either database.
pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("served_site", ["sqlite"], indirect=True)]

EDR = "NLB_500000905EDR_F0310000NCAM00200M1"


def import_deck(site: ServedSite, folder: Path, slug: str) -> np.ndarray[Any, Any]:
    """Import a frame whose middle is a white deck, with its masks; return the rover mask."""
    scene = make_scene(5)
    rover = np.zeros(scene.range_m.shape, dtype=np.uint8)
    rover[440:, 380:720] = 1
    folder.mkdir()
    frame = np.where(rover, 4000, scene.dn).astype(np.int16)
    write_frame(folder, EDR, frame, scene.camera, geometry="LINEARIZED")
    for kind, values, derived in (("RNG", scene.range_m, "RANGE_MAP"), ("MXY", rover, "MASK")):
        name = EDR.replace("EDR_", f"{kind}_")
        write_map(
            folder,
            name,
            values,
            scene.camera,
            derived=derived,
            geometry="LINEARIZED",
            sources=(EDR,),
        )
    site.manage("import_images", str(folder), "--campaign", slug)
    return rover


def gray(drawing: DrawingPage, left: float, top: float, right: float, bottom: float) -> float:
    """Return the mean gray of a box of the image as it is on the screen."""
    (x0, y0), (x1, y1) = drawing.on_page((left, top)), drawing.on_page((right, bottom))
    drawing.page.mouse.move(5, 5)
    clip = {"x": x0, "y": y0, "width": x1 - x0, "height": y1 - y0}
    shot = drawing.page.screenshot(clip=clip)
    return float(np.asarray(Pillow.open(io.BytesIO(shot)).convert("L")).mean())


def test_the_rover_is_dim_and_the_bar_lies_beside_it(
    served_site: ServedSite, browser_page: Any, tmp_path: Path
) -> None:
    rover = import_deck(served_site, tmp_path / "pds", "deck")
    address = f"{served_site.url.rstrip('/')}/c/deck/draw/"
    given: list[Any] = []
    browser_page.context.on(
        "response", lambda answer: given.append(answer) if "/next/" in answer.url else None
    )
    drawing = open_page(browser_page.context, address)
    page = drawing.page
    drawing.wait_for_rest()

    # The white deck is as dark as far ground, within the hatching.
    for _ in range(40):
        if (deck := gray(drawing, 450, 600, 650, 800)) < 140:
            break
        page.wait_for_timeout(250)  # the masks come after the picture
    assert deck < 140

    # The bar is white on the ground, and covers no pixel of the rover.
    bar = given[0].json()["image"]["scale_bar"]
    x, y = np.array(bar["polygon"]).T
    covered = np.s_[int(y.min()) : int(y.max()) + 1, int(x.min()) : int(x.max()) + 1]
    assert not rover[covered].any()
    assert gray(drawing, x.max() - 20, bar["y"] - 2, x.max() - 4, bar["y"] + 2) > 225
    drawing.tap((450, 600), (650, 600), (650, 800), (450, 600))
    expect(page.locator("#status")).to_contain_text("The rover itself: leave it out.")


@pytest.mark.parametrize(
    ("language", "title", "caption"),
    [
        ("en", "The rover is not ground: leave it out", "This line runs over the rover, too."),
        (
            "es",
            "El róver no es suelo: déjalo fuera",
            "Esta línea también pasa por encima del róver.",
        ),
    ],
)
def test_the_lessons_say_to_leave_the_rover_out(
    served_site: ServedSite, browser: Any, tmp_path: Path, language: str, title: str, caption: str
) -> None:
    import_deck(served_site, tmp_path / "pds", f"lessons-{language}")
    context = browser.new_context(locale=language)
    page = context.new_page()
    url = f"{served_site.url.rstrip('/')}/c/lessons-{language}"
    page.goto(f"{url}/tutorial/")
    for _ in range(20):
        if page.get_by_role("heading", name=title).is_visible():
            break
        page.locator("[data-next]").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.goto(f"{url}/guide/")
    expect(page.get_by_text(caption)).to_be_visible()
    context.close()


SPIRITS = f"""
import numpy as np
from django.contrib.auth.models import User
from labeling.images.files import keep
from labeling.images.preparation.pictures import jpeg_bytes
from labeling.models import Image
from tests.factories import new_campaign, new_image
user, is_new = User.objects.get_or_create(username="ada", is_staff=True, is_superuser=True)
user.set_password({PASSWORD!r})
user.save()
campaign = new_campaign("spirits")
picture = np.full((256, 256), 120, dtype=np.uint8)
picture[160:, 40:200] = 240
stored = keep(campaign.pk, "display", jpeg_bytes(picture), ".jpg")
for number, azimuth in enumerate((10.0, 10.1, 10.15, 11.0)):
    image = new_image(campaign, number + 1, width=256, height=256)
    Image.objects.filter(pk=image.pk).update(
        rover="spirit", camera="navcam-left", rover_mask="", range_mask="",
        original=stored, display=stored, thumbnail=stored,
        details={{"pointing": {{"azimuth": azimuth, "elevation": -20.0}}}},
    )
"""

MASKED = """
from labeling.models import Image
from labeling.annotation.services.postprocessing import stored_mask
masks = [
    stored_mask(image.rover_mask)
    for image in Image.objects.filter(campaign__slug="spirits").order_by("pk")
]
print(*(0 if mask is None else round(float(mask.removes.mean()), 2) for mask in masks))
"""


def test_a_manager_draws_the_mask_of_all_images_that_look_the_same_way(
    served_site: ServedSite, browser_page: Any
) -> None:
    page = browser_page
    run(served_site, SPIRITS)
    log_in(page, served_site, "ada")
    page.goto(f"{served_site.url}manage/spirits/rover-masks/")
    page.locator(".rover-views a").first.click()
    similar = page.locator("#similar > li")
    expect(similar.filter(visible=True)).to_have_count(3)
    expect(page.locator("#count")).to_have_text("3 images")
    expect(page.locator("#apply")).to_be_disabled()

    canvas = page.locator("#canvas")
    canvas.scroll_into_view_if_needed()
    side = canvas.bounding_box()["width"]
    for x, y in ((0.25, 0.5), (0.75, 0.5), (0.75, 0.98), (0.25, 0.98), (0.25, 0.5)):
        canvas.click(position={"x": x * side, "y": y * side})
    # The preview shows the outline on each image.
    for item in similar.all():
        expect(item.locator("[data-mask]")).to_have_attribute("d", re.compile(r"^M64.*Z$"))
    page.locator("#tolerance").fill("1.5")
    expect(similar.filter(visible=True)).to_have_count(4)
    similar.nth(2).get_by_role("checkbox").uncheck()
    expect(page.locator("#count")).to_have_text("3 images")
    page.locator("#apply").click()
    expect(page.get_by_text("The rover mask is applied to 3 images.")).to_be_visible()
    assert run(served_site, MASKED).split() == ["0.24", "0.24", "0", "0.24"]
