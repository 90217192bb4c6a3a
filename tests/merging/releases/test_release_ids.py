"""Releases of images with any ids: safe file names, and unchanged ids."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from merging.formats.exports import EXPORTS
from merging.formats.tree import trees
from merging.formats.tree.ai4mars_tree import Layout
from merging.releases.services.requests import ReleaseRequest
from tests.factories import campaign_to_release
from tests.merging.releases.building import build, files_in

pytestmark = pytest.mark.django_db

SAFE = re.compile(r"[\w%][\w.%~-]*", re.UNICODE)


@pytest.mark.parametrize(
    ("layout", "ids"),
    [
        (Layout.V0_1, ("a b", "火星 1", "..")),
        (Layout.V0_6, ("sol 1/0001", "50%", "-rf")),
        (Layout.V0_1, ("Frame", "frame", "FRAME")),
        (Layout.V0_6, ('a"b', "A_merged", "é.x")),
    ],
)
def test_ids_of_any_kind(layout: Layout, ids: tuple[str, ...], tmp_path: Path) -> None:
    campaign = campaign_to_release()
    images = campaign.images.in_dataset().order_by("pk")
    for image, name in zip(images, ids, strict=True):
        images.filter(pk=image.pk).update(product_id=name)
    names = set(ids)
    wanted = ReleaseRequest(layout=layout, formats=tuple(EXPORTS), released_on=date(2026, 6, 1))

    tree = build(campaign, tmp_path, wanted=wanted)

    files = list(files_in(tree))
    assert all(SAFE.fullmatch(part) for name in files for part in name.split("/"))
    assert len({name.lower() for name in files}) == len(files)
    entries = json.loads((tree / "metadata/images.json").read_bytes())
    assert {entry["product_id"] for entry in entries} == names
    assert {path for entry in entries for path in entry["files"].values()} <= set(files)
    found = trees.listing(files)
    assert set(found.frames) == names
    assert {each.product_id for each in found.gold} | set(found.train) <= names
    call_command("verify_release", str(tree))
