"""Driving the drawing page like a user, in image pixels."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import expect

Point = tuple[float, float]


@dataclass
class DrawingPage:
    """The drawing page in a Playwright page; it records the submissions and the clicks."""

    page: Any
    sent: list[dict[str, Any]] = field(default_factory=list)
    clicked: list[list[Point]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._remember)

    def _remember(self, request: Any) -> None:
        if request.method == "POST" and request.url.endswith("/api/labels/"):
            label = json.loads(request.post_data)
            # A page that was left before the answer came sends the same label once more.
            if label["id"] not in [known["id"] for known in self.sent]:
                self.sent.append(label)

    def wait_for_picture(self, other_than: str = "") -> str:
        """Wait until an image is ready to draw on; return its id."""
        main = self.page.locator("#annotate")
        expect(main).not_to_have_attribute("data-image-id", other_than)
        expect(main).to_have_attribute("data-state", "drawing")
        expect(self.page.locator("#map")).to_have_attribute("data-view", re.compile(r"\d"))
        return str(self.page.get_attribute("#annotate", "data-image-id"))

    def choose(self, code: int) -> None:
        self.page.click(f'#classes [data-class-code="{code}"]')

    def on_page(self, point: Point) -> Point:
        """Return the page pixel nearest to a point of the image."""
        x0, y0, scale, box = self._view()
        return (
            round(box["x"] + x0 + scale * point[0]),
            round(box["y"] + y0 + scale * point[1]),
        )

    def on_image(self, place: Point) -> Point:
        """Return the point of the image at a page pixel."""
        x0, y0, scale, box = self._view()
        return ((place[0] - box["x"] - x0) / scale, (place[1] - box["y"] - y0) / scale)

    def _view(self) -> tuple[float, float, float, dict[str, float]]:
        x0, y0, scale = map(float, self.page.get_attribute("#map", "data-view").split(","))
        return x0, y0, scale, self.page.locator("#map").bounding_box()

    def wait_for_rest(self) -> None:
        """Wait until the image has stopped moving after a zoom or pan."""
        before, same = "", 0
        for _ in range(200):
            self.page.wait_for_timeout(50)
            now = self.page.get_attribute("#map", "data-view")
            before, same = now, same + 1 if now == before else 0
            if same == 6:
                return
        raise AssertionError("The picture still moves after 10 s.")

    def draw(self, code: int, corners: list[Point]) -> None:
        """Outline a region by clicking its corners, and the first one again to close it."""
        before = self.regions()
        self.choose(code)
        places = [self.on_page(corner) for corner in corners]
        for place in [*places, places[0]]:
            self.page.mouse.move(*place)
            self.page.mouse.click(*place)
        expect(self.page.locator("#annotate")).to_have_attribute("data-regions", str(before + 1))
        self.clicked.append([self.on_image(place) for place in places])

    def tap(self, *points: Point) -> list[Point]:
        """Click points one after the other; return their positions in the image."""
        places = [self.on_page(point) for point in points]
        for place in places:
            self.page.mouse.move(*place)
            self.page.mouse.click(*place)
        return [self.on_image(place) for place in places]

    def drag(self, *path: Point) -> list[Point]:
        """Press at the first point, move along the path, release; return the positions in the
        image.
        """
        places = [self.on_page(point) for point in path]
        self.page.mouse.move(*places[0])
        self.page.mouse.down()
        for place in places[1:]:
            self.page.mouse.move(*place)
        self.page.mouse.up()
        return [self.on_image(place) for place in places]

    def has_regions(self, count: int) -> None:
        expect(self.page.locator("#annotate")).to_have_attribute("data-regions", str(count))

    def regions(self) -> int:
        return int(self.page.get_attribute("#annotate", "data-regions"))

    def send(self) -> None:
        self.page.click("#send")
