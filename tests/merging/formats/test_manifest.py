"""`manifest.json`: its content, with the same bytes on every database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from merging.formats.contents import manifest
from tests.merging.releases.released import facts

IMPORT = {"what": "mask", "source": "AI4Mars 0.1", "imported_on": "2026-06-02", "labels": 7}


def written(*imports: Mapping[str, Any]) -> bytes:
    entry = manifest.Entry("NLA_1", "train", 3, "0" * 64, {}, 3, imports)
    return b"".join(manifest.pieces(facts([]), [], [entry]))


def test_the_head() -> None:
    told = json.loads(written())
    assert told["license"] == "CC-BY-4.0"
    assert told["software"] == {"name": "AI4Mars", "version": "0.2.0"}
    assert "licence" not in told


def test_imports_have_their_keys_in_order_however_the_database_gives_them() -> None:
    as_stored_by_postgres = {key: IMPORT[key] for key in sorted(IMPORT, key=lambda key: len(key))}
    assert list(as_stored_by_postgres) != list(IMPORT)

    assert written(IMPORT) == written(as_stored_by_postgres)

    (image,) = json.loads(written(IMPORT))["images"]
    assert image["imports"] == [IMPORT]
    assert list(image["imports"][0]) == ["imported_on", "labels", "source", "what"]
