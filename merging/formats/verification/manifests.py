"""The manifest of a release: its merge method, its classes, its images."""

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
    """What a manifest lists of one image: the number of labels, and the files by kind."""

    labels: int | None
    files: Mapping[str, str]
    is_imported: bool


#: The entry of an image that no manifest lists.
NOTHING = Entry(None, {}, is_imported=False)


def read(tree: Tree, names: Collection[str], made: Plan) -> dict[str, Any]:
    """Read the manifest into `made`, with the merge method. Return {} if there is no valid
    manifest.
    """
    if manifest.NAME not in names:
        made.unchecked.append(
            "There is no manifest.json, so the merge method is unknown. No mask was merged again "
            "from labels, and train masks were not compared with rover and range masks."
        )
        return {}
    try:
        content = json.loads(tree.read(manifest.NAME))
        made.method = MergeMethod.from_json(content["method"])
        return dict(content)
    except (Unreadable, ValueError, KeyError, TypeError, UnknownMethod) as error:
        made.problems.append(Problem(manifest.NAME, f"It is not a manifest of a release: {error}."))
        return {}


def read_classes(
    tree: Tree, names: Collection[str], content: Mapping[str, Any], made: Plan
) -> None:
    """Read the class codes of the release into `made`, from its manifest or its other files."""
    try:
        if content:
            made.codes = tuple(sorted(int(each["code"]) for each in content["classes"]))
        else:
            made.codes = tuple(sorted(classes_of(tree, sorted(names))))
    except (Unreadable, KeyError, TypeError, ValueError) as error:
        made.codes = tuple(NAV_CLASSES)
        made.problems.append(Problem(manifest.NAME, f"The classes cannot be read: {error}."))


def read_entries(
    content: Mapping[str, Any], names: Collection[str], made: Plan
) -> dict[str, Entry]:
    """Return each image's manifest entry by id; missing files are added to `made` as problems."""
    entries: dict[str, Entry] = {}
    try:
        for entry in content.get("images", ()):
            entries[str(entry["id"])] = Entry(
                labels=entry["labels"],
                files=dict(entry["files"]),
                is_imported=any(each["what"] == "mask" for each in entry.get("imports", ())),
            )
    except (KeyError, TypeError, ValueError) as error:
        made.problems.append(
            Problem(manifest.NAME, f"An entry of an image cannot be read: {error}.")
        )
    for product_id, entry in entries.items():
        for path in entry.files.values():
            if path not in names:
                said = f"It is missing, although the manifest lists it for {product_id}."
                made.problems.append(Problem(str(path), said))
    return entries
