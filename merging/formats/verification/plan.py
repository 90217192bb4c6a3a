"""Finding what to verify in a release, by its file names, checksums and manifest."""

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
from merging.formats.tree.tree_files import Below, Tree, Unreadable, open_any_tree
from merging.formats.tree.trees import Listing, listing
from merging.formats.verification import manifests, sums
from merging.formats.verification.findings import Plan, Problem, Subject
from terrain.aggregation.methods import Kind

#: The number of images whose masks are merged again from labels, unless all are.
SAMPLE = 50

_GOLD = re.compile(r"(.*labels/test/masked-gold-min)([123])(-100agree/[^/]+\.png)")
#: The top folders of a tree. An archive with only one of them has no folder around the tree.
_TOP_FOLDERS = frozenset({"msl", "mer", "m2020", "images", "labels", "raw"})


def plan(path: Path, *, recompute_all: bool = False) -> Plan:
    """Find what to verify in a release, by names, checksums and manifest.

    Args:
        path: Its folder, zip or tar.
        recompute_all: Merge the masks of all images again, not only of a sample.

    Raises:
        Unreadable: There is no release, or it cannot be read.
    """
    tree = _inside(open_any_tree(path))
    names = _names(tree, path)
    made = Plan(tree, (), None)
    made.problems += [Problem(name, said) for name, said in sorted(tree.left_out().items())]
    content = manifests.read(tree, names, made)
    sums.read(tree, names, made, is_ours=bool(content))
    manifests.read_classes(tree, names, content, made)
    entries = manifests.read_entries(content, names, made)
    found = listing(sorted(_with_whole_gold(names, made)))
    if not (found.gold or found.train or found.frames or entries):
        raise Unreadable(
            f"There is no release at {path}: it has neither a manifest with images, nor "
            "images and masks in the folders of a release, such as msl/labels/train. Give the "
            "folder, zip or tar with these files."
        )
    _list_subjects(names, found, entries, made)
    if not made.sums and (unknown := sorted(_pictures(names) - _paths(made.subjects))):
        made.unchecked.append(
            f"{len(unknown):,} other image files, such as {unknown[0]}, do not have the name of "
            "a frame or mask. They were not verified."
        )
    _choose(made, content, recompute_all)
    if content:
        lists = {name: tree.read(name) for name in gold_lists.of(names) if name in names}
        made.problems += [Problem(*wrong) for wrong in gold_lists.problems(names, lists)]
    return made


def _names(tree: Tree, path: Path) -> set[str]:
    """Return the names of the files of a release.

    Raises:
        Unreadable: There are none.
    """
    names = set(tree.names())
    if not names:
        for name, said in sorted(tree.left_out().items()):
            raise Unreadable(f"{path} contains no file of a release. {name}: {said}")
        raise Unreadable(f"{path} is empty. Give the folder, zip or tar of a release.")
    return names


def _list_subjects(
    names: Collection[str], found: Listing, entries: Mapping[str, manifests.Entry], made: Plan
) -> None:
    """Add the release's images with their files to `made`, by id. Each must be in one split."""
    gold = {each.product_id: each for each in found.gold}
    for both in sorted(gold.keys() & found.train.keys()):
        made.problems.append(
            Problem(found.train[both], f"The image {both} is in both test and train.")
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
            said = f"The frame of {product_id} is missing."
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
            f"{len(unseen):,} images have masks and no frame, so the sizes of these masks were not "
            "verified."
        )


def _pictures(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.lower().endswith((".png", ".jpg", ".jpeg"))}


def _paths(subjects: Iterable[Subject]) -> set[str]:
    """Return the files of these images that are opened."""
    return {
        path
        for each in subjects
        for path in (each.frame, *each.removing, *each.masks.values())
        if path is not None
    }


def _inside(tree: Tree) -> Tree:
    """Return the folder of a tree that contains its release, or the tree itself.

    It is the topmost folder with checksums or a manifest, else the only folder of an archive.
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
    """Yield the names, without the gold masks of an image that lacks one of its variants."""
    variants: dict[tuple[str, str], set[str]] = {}
    for name in names:
        if match := _GOLD.fullmatch(name):
            variants.setdefault((match[1], match[3]), set()).add(match[2])
    lacking = {key for key, there in variants.items() if len(there) < len(GOLD_VARIANTS)}
    for start, end in sorted(lacking):
        for number in sorted({"1", "2", "3"} - variants[start, end]):
            made.problems.append(
                Problem(
                    f"{start}{number}{end}", "This gold mask is missing. Each gold image has three."
                )
            )
    for name in names:
        match = _GOLD.fullmatch(name)
        if match is None or (match[1], match[3]) not in lacking:
            yield name


def _removing(product_id: str, names: Collection[str], files: Mapping[str, str]) -> Iterator[str]:
    """Yield the rover and range masks of an image, from the manifest or by name in any layout."""
    content = {path for key, path in files.items() if key in ("rover_mask", "range_mask")}
    paths = content or {
        f"{folder}/{of_type(file_stem(product_id), product_type)}.png"
        for cameras in ai4mars_tree.CAMERA_PATHS.values()
        for camera in cameras.values()
        for _, folder, product_type in camera.masks
    }
    yield from sorted(path for path in paths if path in names)


def _choose(made: Plan, content: Mapping[str, Any], recompute_all: bool) -> None:
    """Choose the images whose masks are merged again, spread evenly over all."""
    if not content or made.method is None:
        return
    can_train = made.method.kind in (Kind.VOTES, Kind.RATINGS)
    if not can_train:
        made.unchecked.append(
            f"Train masks were merged by {made.method}, which needs more than the labels of an "
            "image. So only gold masks were merged again."
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
            f"The masks of {imported:,} images were imported. They were not merged again, because "
            "the release does not have their labels."
        )
    for number in able if recompute_all else spread(able, SAMPLE):
        made.subjects[number] = replace(made.subjects[number], is_recomputed=True)


def spread(items: list[int], count: int) -> list[int]:
    """Return at most `count` of the items, evenly spaced, with the first one."""
    if len(items) <= count:
        return items
    return [items[place * len(items) // count] for place in range(count)]
