"""A look through a release by its names, sums and manifest: what there is to check."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from labeling.images.ingest.product_ids import file_stem, id_of_stem, of_type
from merging.formats.contents import manifest
from merging.formats.contents.facts import GOLD_VARIANTS
from merging.formats.storage import checksums
from merging.formats.tree import ai4mars_tree, gold_lists
from merging.formats.tree.tree_files import Below, Tree, Unreadable, any_tree_at
from merging.formats.tree.trees import Listing, listing
from merging.formats.verification import manifests, sums
from merging.formats.verification.findings import Plan, Problem, Subject
from terrain.aggregation.methods import Kind

#: Images whose masks are made again from their labels, unless all are.
SAMPLE = 50

_GOLD = re.compile(r"(.*labels/test/masked-gold-min)([123])(-100agree/[^/]+\.png)")
#: Folders of a tree at its top: of an archive with one of them alone, it is no folder around it.
_TOP_FOLDERS = frozenset({"msl", "mer", "m2020", "images", "labels", "raw"})


def plan(path: Path, *, recompute_all: bool = False) -> Plan:
    """Look through a release by names, sums and manifest.

    `path` is its folder, zip or tar. Raises Unreadable, also where there is no release.
    """
    tree = _inside(any_tree_at(path))
    names = _names(tree, path)
    made = Plan(tree, (), None)
    made.problems += [Problem(name, said) for name, said in sorted(tree.left_out().items())]
    told = manifests.read(tree, names, made)
    sums.read(tree, names, made, is_ours=bool(told))
    manifests.read_classes(tree, names, told, made)
    entries = manifests.read_entries(told, names, made)
    found = listing(sorted(_with_whole_gold(names, made)))
    if not (found.gold or found.train or found.frames or entries):
        raise Unreadable(
            f"There is no release at {path}: it has neither a manifest that names images, nor "
            "pictures and masks in the folders of one, such as msl/labels/train. Name the folder, "
            "zip or tar that holds them."
        )
    _list_subjects(names, found, entries, made)
    if not made.sums and (unknown := sorted(_pictures(names) - _paths(made.subjects))):
        made.unchecked.append(
            f"{len(unknown):,} more pictures, such as {unknown[0]}, are none of the frames and "
            "masks that are known by their names: they were not looked at."
        )
    _choose(made, told, recompute_all)
    if told:
        lists = {name: tree.read(name) for name in gold_lists.of(names) if name in names}
        made.problems += [Problem(*wrong) for wrong in gold_lists.problems(names, lists)]
    return made


def _names(tree: Tree, path: Path) -> set[str]:
    """The names of a release's files. Raises Unreadable where there are none."""
    names = set(tree.names())
    if not names:
        for name, said in sorted(tree.left_out().items()):
            raise Unreadable(f"{path} holds no file of a release. {name}: {said}")
        raise Unreadable(f"{path} is empty: name the folder, zip or tar of a release.")
    return names


def _list_subjects(
    names: Collection[str], found: Listing, entries: Mapping[str, manifests.Entry], made: Plan
) -> None:
    """List the images of a release with their files, by id; each belongs to one split."""
    gold = {each.product_id: each for each in found.gold}
    for both in sorted(gold.keys() & found.train.keys()):
        made.problems.append(
            Problem(found.train[both], f"The image {both} is in the test set, and in train.")
        )
    frames = {
        id_of_stem(Path(name).stem): name for name in sorted(names) if "/images/" in f"/{name}"
    }
    unseen: list[Problem] = []
    for product_id in sorted({*gold, *found.train, *found.frames, *entries}):
        masks: dict[str, str] = {}
        if product_id in found.train:
            masks["train"] = found.train[product_id]
        if product_id in gold:
            masks |= dict(zip(GOLD_VARIANTS, gold[product_id].paths, strict=True))
        frame = frames.get(product_id)
        if frame is None:
            said = f"There is no picture of {product_id}."
            unseen.append(Problem(next(iter(masks.values()), manifest.NAME), said))
        entry = entries.get(product_id, manifests.NOTHING)
        raw = entry.files.get("raw")
        made.subjects.append(
            Subject(
                product_id,
                frame,
                tuple(_removing(product_id, names, entry.files)),
                masks,
                raw if raw in names else None,
                entry.labels,
                is_imported=entry.is_imported,
            )
        )
    if manifest.NAME in names:
        made.problems += unseen
    elif unseen:
        made.unchecked.append(
            f"{len(unseen):,} images have masks, and no picture: the sizes of these masks were not "
            "compared with one."
        )


def _pictures(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.lower().endswith((".png", ".jpg", ".jpeg"))}


def _paths(subjects: Iterable[Subject]) -> set[str]:
    """The files of these images that are opened."""
    return {
        path
        for each in subjects
        for path in (each.frame, *each.removing, *each.masks.values())
        if path is not None
    }


def _inside(tree: Tree) -> Tree:
    """The folder of a tree that holds its release, as archives have one; the tree where none has.

    It is the uppermost one with sums or a manifest; a whole that is in one folder is what it holds.
    """
    names = tree.names()
    marks = [name for name in names if name.rpartition("/")[2] in (checksums.NAME, manifest.NAME)]
    tops = {name.partition("/")[0] if "/" in name else "" for name in names}
    if marks:
        prefix = min((name.rpartition("/")[0] for name in marks), key=lambda name: name.count("/"))
    else:
        prefix = tops.pop() if len(tops) == 1 else ""
        prefix = "" if prefix in _TOP_FOLDERS else prefix
    return Below(tree, f"{prefix}/") if prefix else tree


def _with_whole_gold(names: Collection[str], made: Plan) -> Iterator[str]:
    """The names without gold masks of which not all three variants are there."""
    variants: dict[tuple[str, str], set[str]] = {}
    for name in names:
        if match := _GOLD.fullmatch(name):
            variants.setdefault((match[1], match[3]), set()).add(match[2])
    lacking = {key for key, there in variants.items() if len(there) < len(GOLD_VARIANTS)}
    for start, end in sorted(lacking):
        for number in sorted({"1", "2", "3"} - variants[start, end]):
            made.problems.append(
                Problem(f"{start}{number}{end}", "This gold mask is missing; there are three.")
            )
    for name in names:
        match = _GOLD.fullmatch(name)
        if match is None or (match[1], match[3]) not in lacking:
            yield name


def _removing(product_id: str, names: Collection[str], files: Mapping[str, str]) -> Iterator[str]:
    """Rover and range mask of an image: as the manifest has them, else by name in any layout."""
    told = {path for key, path in files.items() if key in ("rover_mask", "range_mask")}
    paths = told or {
        f"{folder}/{of_type(file_stem(product_id), product_type)}.png"
        for homes in ai4mars_tree.HOMES.values()
        for home in homes.values()
        for _, folder, product_type in home.masks
    }
    yield from sorted(path for path in paths if path in names)


def _choose(made: Plan, told: Mapping[str, Any], recompute_all: bool) -> None:
    """Choose the images whose masks are made again, spread evenly over all."""
    if not told or made.method is None:
        return
    can_train = made.method.kind in (Kind.VOTES, Kind.RATINGS)
    if not can_train:
        made.unchecked.append(
            f"Train masks were merged by {made.method}; that takes more than the labels of an "
            "image, so they were not made again. Gold masks were."
        )
    able = [
        number
        for number, each in enumerate(made.subjects)
        if each.raw and each.masks and (can_train or "train" not in each.masks)
        if not each.is_imported
    ]
    imported = sum(each.is_imported for each in made.subjects)
    if imported:
        made.unchecked.append(
            f"The masks of {imported:,} images were imported as they are; they were not made again "
            "from labels, which are not in the release."
        )
    for number in able if recompute_all else spread(able, SAMPLE):
        made.subjects[number] = replace(made.subjects[number], is_recomputed=True)


def spread(items: list[int], count: int) -> list[int]:
    """At most `count` of the items, at equal distances from the first on."""
    if len(items) <= count:
        return items
    return [items[place * len(items) // count] for place in range(count)]
