"""What the manifest of a release says: how its masks were merged, its classes, its images."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from merging.formats.contents import manifest
from merging.formats.tree.tree_files import Tree, Unreadable
from merging.formats.tree.trees import NAV_CLASSES, classes_of
from merging.formats.verification.findings import Plan, Problem
from terrain.aggregation.methods import MergeMethod, UnknownMethod


@dataclass(frozen=True, slots=True)
class Entry:
    """What a manifest says of one image: how many labels it has, and its files by what they are."""

    labels: int | None
    files: Mapping[str, str]
    is_imported: bool


#: What is known of an image that no manifest names.
NOTHING = Entry(None, {}, is_imported=False)


def read(tree: Tree, names: Collection[str], made: Plan) -> dict[str, Any]:
    """Read the manifest and note how masks were merged; {} where there is none to be read."""
    if manifest.NAME not in names:
        made.unchecked.append(
            "There is no manifest.json: how the masks were merged is not known, so none was made "
            "again from its labels, and train masks were not compared with rover and range masks."
        )
        return {}
    try:
        told = json.loads(tree.read(manifest.NAME))
        made.method = MergeMethod.from_json(told["method"])
        return dict(told)
    except (Unreadable, ValueError, KeyError, TypeError, UnknownMethod) as error:
        made.problems.append(Problem(manifest.NAME, f"It is no manifest of a release: {error}."))
        return {}


def read_classes(tree: Tree, names: Collection[str], told: Mapping[str, Any], made: Plan) -> None:
    """Note the class codes of the release, of its manifest `told` or of its other files."""
    try:
        if told:
            made.codes = tuple(sorted(int(each["code"]) for each in told["classes"]))
        else:
            made.codes = tuple(sorted(classes_of(tree, sorted(names))))
    except (Unreadable, KeyError, TypeError, ValueError) as error:
        made.codes = tuple(NAV_CLASSES)
        made.problems.append(Problem(manifest.NAME, f"The classes cannot be read: {error}."))


def read_entries(told: Mapping[str, Any], names: Collection[str], made: Plan) -> dict[str, Entry]:
    """Return what the manifest says of each image by id; its files have to be there."""
    entries: dict[str, Entry] = {}
    try:
        for entry in told.get("images", ()):
            entries[str(entry["id"])] = Entry(
                labels=entry["labels"],
                files=dict(entry["files"]),
                is_imported=any(each["what"] == "mask" for each in entry.get("imports", ())),
            )
    except (KeyError, TypeError, ValueError) as error:
        made.problems.append(Problem(manifest.NAME, f"An image of it cannot be read: {error}."))
    for product_id, entry in entries.items():
        for path in entry.files.values():
            if path not in names:
                said = f"It is not there, although the manifest names it for {product_id}."
                made.problems.append(Problem(str(path), said))
    return entries
