"""Touches and pen strokes on the drawing page, through the browser's own input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tests.e2e.drawing import Point


class Hand:
    """Touches or a pen on a page; positions are in CSS pixels of the page."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.session = page.context.new_cdp_session(page)

    def _touch(self, kind: str, places: Sequence[Point]) -> None:
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(places)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def tap(self, place: Point, hold_ms: int = 0) -> None:
        self._touch("touchStart", [place])
        self.page.wait_for_timeout(hold_ms)
        self._touch("touchEnd", [])

    def drag(self, path: Sequence[Point]) -> None:
        self._touch("touchStart", [path[0]])
        for place in path[1:]:
            self._touch("touchMove", [place])
        self._touch("touchEnd", [])

    def pinch(self, start: tuple[Point, Point], end: tuple[Point, Point], steps: int = 10) -> None:
        """Move two touches, which begin one after the other, from `start` to `end`."""
        self._touch("touchStart", [start[0]])
        self._touch("touchStart", start)
        for step in range(1, steps + 1):
            self._touch(
                "touchMove", [between(a, b, step / steps) for a, b in zip(start, end, strict=True)]
            )
        self._touch("touchEnd", [])

    def interrupted_drag(self, path: Sequence[Point], other: Point) -> None:
        """Drag, while a second touch begins."""
        self._touch("touchStart", [path[0]])
        for place in path[1:]:
            self._touch("touchMove", [place])
        self._touch("touchStart", [path[-1], other])
        self._touch("touchMove", [path[-1], other])
        self._touch("touchEnd", [])

    def _pen(self, kind: str, place: Point, pressed: bool) -> None:
        button = {"button": "left", "clickCount": 1} if kind != "mouseMoved" or pressed else {}
        self.session.send(
            "Input.dispatchMouseEvent",
            {
                "type": kind,
                "x": place[0],
                "y": place[1],
                "pointerType": "pen",
                "buttons": 1 if pressed else 0,
                "force": 0.5,
                **button,
            },
        )

    def pen_tap(self, place: Point) -> None:
        self.pen_drag([place])

    def pen_drag(self, path: Sequence[Point]) -> None:
        self._pen("mouseMoved", path[0], pressed=False)
        self._pen("mousePressed", path[0], pressed=True)
        for place in path[1:]:
            self._pen("mouseMoved", place, pressed=True)
        self._pen("mouseReleased", path[-1], pressed=False)


def between(a: Point, b: Point, share: float) -> Point:
    return (a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1]))


@contextmanager
def phone(browser: Any, width: int = 390, height: int = 844, locale: str = "en") -> Iterator[Any]:
    """Return a page on a phone; an error in its scripts fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale=locale,
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors, f"Errors in the page's scripts: {errors}"
