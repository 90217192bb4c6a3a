"""`label_keys.json`: the classes of the mask values, in the form of the released dataset."""

from __future__ import annotations

import json
from collections.abc import Sequence

from merging.formats.contents.facts import FileFact, ReleaseFacts
from terrain.masks import NO_LABEL

#: The key of the released dataset that its loaders look for.
KEY = "NAV"


def label_keys(facts: ReleaseFacts, files: Sequence[FileFact]) -> bytes:
    """Return code -> class name, 255 -> null, under the original release's key for NAVCAM."""
    names: dict[str, str | None] = {str(c.code): c.name.lower() for c in facts.classes}
    names[str(NO_LABEL)] = None
    return (json.dumps({KEY: names}, ensure_ascii=False, indent=4) + "\n").encode()
