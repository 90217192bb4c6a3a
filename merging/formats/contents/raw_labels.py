"""Raw labels, as drawn, as files of a release. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from merging.formats.contents.facts import Import, ReleasedImage, ReleasedLabel

FOLDER = "raw/labels"


def path_of(stem: str) -> str:
    """Return the path of the raw labels of an image with this file name."""
    return f"{FOLDER}/{stem}.json"


def pseudonym(key: str, labeler_id: int) -> str:
    """Return a name for a labeler that depends on `key` and reveals nothing without it.

    HMAC-SHA256 (RFC 2104), cut to 16 hexadecimal digits. The chance that any two of a million
    labelers share one is 3 in 100 million.
    """
    return hmac.new(bytes.fromhex(key), str(labeler_id).encode(), hashlib.sha256).hexdigest()[:16]


def to_bytes(image: ReleasedImage) -> bytes:
    """Return all accepted labels of an image, as UTF-8 JSON (docs/DATA_FORMATS.md)."""
    said: dict[str, Any] = {
        "image": image.product_id,
        "split": image.split,
        "width": image.width,
        "height": image.height,
        "labels": [_label(label) for label in image.labels],
    }
    imported = [plain(each) for each in image.imports if each.what == "mask"]
    if imported:
        said["imported_mask"] = imported[0]
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def plain(imported: Import) -> dict[str, Any]:
    """Return an import as JSON, without its kind."""
    return {
        "source": imported.source,
        "imported_on": imported.imported_on,
        "labels": imported.labels,
    }


def _label(label: ReleasedLabel) -> dict[str, Any]:
    return {
        "labeler": label.labeler,
        "role": label.role,
        "version": label.version,
        **label.times,
        "score": label.score,
        "pairs": label.pairs,
        "ratings": list(label.ratings),
        "polygons": list(label.polygons),
        **({} if label.independent else {"independent": False}),
    }
