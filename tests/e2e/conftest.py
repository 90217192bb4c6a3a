"""Browser fixtures for the tests of the drawing page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture
def device(browser: Any) -> Iterator[Callable[[], Any]]:
    """Make the browser of another device; an error in a script of its pages fails the test."""
    contexts: list[Any] = []
    errors: list[str] = []

    def make() -> Any:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en")
        context.set_default_timeout(60_000)
        context.on("weberror", lambda failed: errors.append(str(failed.error)))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert not errors, f"Errors in the page's scripts: {errors}"
