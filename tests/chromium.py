"""The Chromium for browser tests and benchmarks, and how it is started."""

from __future__ import annotations

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",  # it refuses to run as root with its sandbox
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class NoChromium(RuntimeError):
    """There is no Chromium; the message says what to do."""


def chromium_path() -> str:
    """Return AI4MARS_CHROMIUM, or a Chromium on the PATH. Raises NoChromium."""
    named = os.environ.get("AI4MARS_CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    if not found:
        raise NoChromium("No Chromium: run bin/chromium-setup, or set AI4MARS_CHROMIUM to its path")
    return found
