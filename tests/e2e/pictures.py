"""Images for browser tests: a campaign with a few frames of simulated ground."""

from __future__ import annotations

import itertools
from pathlib import Path

from PIL import Image as Pillow

from simulation.scenes.scene import make_scene
from terrain.display.tone import linear
from tests.served import ServedSite

SIZE = 512
_seeds = itertools.count(71)


def import_pictures(site: ServedSite, slug: str, folder: Path, count: int = 1) -> str:
    """Create a campaign of `count` images without ranges or masks; return its drawing URL."""
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(count):
        seed = next(_seeds)
        Pillow.fromarray(linear(make_scene(seed, SIZE).dn)).save(folder / f"{slug}-{seed}.png")
    site.manage("import_images", str(folder), "--campaign", slug)
    return f"{site.url.rstrip('/')}/c/{slug}/draw/"


def stored_polygons(site: ServedSite, slug: str) -> list[list[dict[str, object]]]:
    """Return the stored polygons of each label of a campaign, in the order of arrival."""
    import json

    found = site.manage(
        "shell",
        "-v0",
        "-c",
        "import json; from labeling.models import Label; print(json.dumps([label.polygons for label"
        f" in Label.objects.filter(image__campaign__slug='{slug}').order_by('pk')]))",
    )
    polygons: list[list[dict[str, object]]] = json.loads(found.strip().splitlines()[-1])
    return polygons
