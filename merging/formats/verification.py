"""Whether a release is whole and true: its sums, its masks, and what its labels come to.

Only the files are asked, so anybody who has a release can check it. A tree of other makers, which
has neither manifest nor labels, is checked for what can be known of it.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image as Pillow

from labeling.images.ingest.product_ids import file_stem, id_of_stem, of_type
from merging.formats import manifest
from merging.formats.contents import GOLD_VARIANTS
from merging.formats.storage import checksums
from merging.formats.tree import ai4mars_tree, gold_lists
from merging.formats.tree.tree_files import (
    Below,
    Tree,
    Unreadable,
    any_tree_at,
    damage_is_unreadable,
)
from merging.formats.tree.trees import NAV_CLASSES, classes_of, listing
from terrain.aggregation.majority import gold_rule, merge_masks
from terrain.aggregation.methods import Kind, MergeMethod, UnknownMethod
from terrain.aggregation.weighted import Known, decide, merged_mask, rating_weight
from terrain.bitplanes import pack_planes
from terrain.geometry import Region
from terrain.masks import NO_LABEL, Mask, rasterize_regions
from terrain.postprocess import remove_masked
from terrain.skill.patterns import vote_runs

#: Images whose masks are made again from their labels, unless all are.
SAMPLE = 50

_GOLD = re.compile(r"(.*labels/test/masked-gold-min)([123])(-100agree/[^/]+\.png)")
_SUM = re.compile(r"([0-9a-f]{64}) [ *](.+)")
_PNG = b"\x89PNG\r\n\x1a\n"
#: Folders of a tree at its top: of an archive with one of them alone, it is no folder around it.
_TOP_FOLDERS = frozenset({"msl", "mer", "m2020", "images", "labels", "raw"})
#: The bytes of a PNG's header that say its depth, 8 bits, and its kind, grey (ISO 15948, 11.2.2).
_DEPTH_AND_KIND = slice(24, 26)
_EIGHT_BIT_GREY = b"\x08\x00"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a release: one sentence on one of its paths."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Subject:
    """One image and its files, as paths in the release; None where it has none of that kind."""

    product_id: str
    frame: str | None
    removing: tuple[str, ...]
    masks: Mapping[str, str]
    raw: str | None
    labels: int | None
    is_imported: bool = False
    is_recomputed: bool = False


@dataclass(slots=True)
class Plan:
    """What there is to check, what was seen to be wrong already, and what cannot be checked."""

    tree: Tree
    codes: tuple[int, ...]
    method: MergeMethod | None
    sums: dict[str, str] = field(default_factory=dict)
    subjects: list[Subject] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    @property
    def recomputed(self) -> int:
        """Images whose masks are made again from their labels."""
        return sum(subject.is_recomputed for subject in self.subjects)


def plan(path: Path, *, recompute_all: bool = False) -> Plan:
    """Look through a release by names, sums and manifest.

    `path` is its folder, zip or tar. Raises Unreadable, also where there is no release.
    """
    tree = _inside(any_tree_at(path))
    names = set(tree.names())
    if not names:
        for name, said in sorted(tree.left_out().items()):
            raise Unreadable(f"{path} holds no file of a release. {name}: {said}")
        raise Unreadable(f"{path} is empty: name the folder, zip or tar of a release.")
    made = Plan(tree, (), None)
    made.problems += [Problem(name, said) for name, said in sorted(tree.left_out().items())]
    told = _manifest(tree, names, made)
    _read_sums(tree, names, made, is_ours=bool(told))
    _read_classes(tree, names, told, made)
    entries = _entries(told, names, made)
    found = listing(sorted(_with_whole_gold(names, made)))
    if not (found.gold or found.train or found.frames or entries):
        raise Unreadable(
            f"There is no release at {path}: it has neither a manifest that names images, nor "
            "pictures and masks in the folders of one, such as msl/labels/train. Name the folder, "
            "zip or tar that holds them."
        )
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
            unseen.append(Problem(next(iter(masks.values()), manifest.NAME), _unseen(product_id)))
        entry = entries.get(product_id, {})
        raw = entry.get("files", {}).get("raw")
        made.subjects.append(
            Subject(
                product_id,
                frame,
                tuple(_removing(product_id, names, entry.get("files", {}))),
                masks,
                raw if raw in names else None,
                entry.get("labels"),
                is_imported=any(each["what"] == "mask" for each in entry.get("imports", ())),
            )
        )
    if manifest.NAME in names:
        made.problems += unseen
    elif unseen:
        made.unchecked.append(
            f"{len(unseen):,} images have masks, and no picture: the sizes of these masks were not "
            "compared with one."
        )
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


def _unseen(product_id: str) -> str:
    return f"There is no picture of {product_id}."


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


def _manifest(tree: Tree, names: Collection[str], made: Plan) -> dict[str, Any]:
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


def _read_sums(tree: Tree, names: Collection[str], made: Plan, *, is_ours: bool) -> None:
    if checksums.NAME not in names:
        if is_ours:
            made.problems.append(Problem(checksums.NAME, "It is missing."))
        made.unchecked.append("There is no SHA256SUMS: whether files were changed is not known.")
        return
    lines = tree.read(checksums.NAME).decode("utf-8", "replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if (match := _SUM.fullmatch(line)) and match[2] in made.sums:
            made.problems.append(
                Problem(checksums.NAME, f"Line {number} names {match[2]} a second time.")
            )
        elif match:
            made.sums[match[2]] = match[1]
        else:
            made.problems.append(Problem(checksums.NAME, f"Line {number} is not a sum and a path."))
    for name in sorted(made.sums.keys() - set(names)):
        made.problems.append(Problem(name, "The file is missing."))
        del made.sums[name]
    for name in sorted(set(names) - made.sums.keys() - {checksums.NAME}):
        made.problems.append(Problem(name, "The file is not in SHA256SUMS."))


def _read_classes(tree: Tree, names: Collection[str], told: Mapping[str, Any], made: Plan) -> None:
    try:
        if told:
            made.codes = tuple(sorted(int(each["code"]) for each in told["classes"]))
        else:
            made.codes = tuple(sorted(classes_of(tree, sorted(names))))
    except (Unreadable, KeyError, TypeError, ValueError) as error:
        made.codes = tuple(NAV_CLASSES)
        made.problems.append(Problem(manifest.NAME, f"The classes cannot be read: {error}."))


def _entries(
    told: Mapping[str, Any], names: Collection[str], made: Plan
) -> dict[str, dict[str, Any]]:
    """What the manifest says of each image; its files have to be there."""
    entries: dict[str, dict[str, Any]] = {}
    try:
        for entry in told.get("images", ()):
            entries[str(entry["id"])] = {
                "labels": entry["labels"],
                "files": dict(entry["files"]),
                "imports": list(entry.get("imports", ())),
            }
    except (KeyError, TypeError, ValueError) as error:
        made.problems.append(Problem(manifest.NAME, f"An image of it cannot be read: {error}."))
    for product_id, entry in entries.items():
        for path in entry["files"].values():
            if path not in names:
                said = f"It is not there, although the manifest names it for {product_id}."
                made.problems.append(Problem(str(path), said))
    return entries


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


@dataclass(frozen=True, slots=True)
class CheckSum:
    """Compares a file with its sum; it can be sent to other processes."""

    tree: Tree

    def __call__(self, listed: tuple[str, str]) -> list[Problem]:
        path, expected = listed
        try:
            with damage_is_unreadable("It"), self.tree.open(path) as file:
                found = hashlib.file_digest(cast("Any", file), "sha256").hexdigest()
        except Unreadable as error:
            return [Problem(path, str(error))]
        if found != expected:
            return [Problem(path, "It was changed: its sum is not that of SHA256SUMS.")]
        return []


class _Wrong(Exception):
    """A file is not what it should be; the sentence says how."""


@dataclass(frozen=True, slots=True)
class CheckImage:
    """Checks the files of one image; it can be sent to other processes."""

    tree: Tree
    codes: tuple[int, ...]
    method: MergeMethod | None

    def __call__(self, subject: Subject) -> list[Problem]:
        problems: list[Problem] = []
        size = self._size(subject.frame, problems)
        removed = None
        for path in subject.removing:
            mask = self._grey(path, size, (0, 1), problems)
            if mask is not None and (removed is None or removed.shape == mask.shape):
                removed = mask != 0 if removed is None else removed | (mask != 0)
        masks: dict[str, Mask] = {}
        for variant, path in subject.masks.items():
            mask = self._grey(path, size, (*self.codes, NO_LABEL), problems)
            if mask is not None:
                masks[variant] = mask
        problems += _unnested(subject, masks)
        for variant, mask in masks.items():
            # The train masks that were first released were not cut by the masks.
            if variant == "train" and (self.method is None or subject.is_imported):
                continue
            if removed is not None and removed.shape == mask.shape:
                count = int(((mask != NO_LABEL) & removed).sum())
                if count:
                    said = f"{count:,} pixels under the rover or range mask have a label."
                    problems.append(Problem(subject.masks[variant], said))
        if subject.is_recomputed:
            problems += self._recomputed(subject, masks, removed)
        return problems

    def _size(self, frame: str | None, problems: list[Problem]) -> tuple[int, int] | None:
        if frame is None:
            return None
        try:
            with Pillow.open(io.BytesIO(self.tree.read(frame))) as picture:
                return picture.height, picture.width
        except (Unreadable, OSError, ValueError, Pillow.DecompressionBombError) as error:
            problems.append(Problem(frame, f"The picture cannot be read: {error}."))
            return None

    def _grey(
        self,
        path: str,
        size: tuple[int, int] | None,
        values: Collection[int],
        problems: list[Problem],
    ) -> Mask | None:
        try:
            mask = _read(self.tree, path)
        except _Wrong as wrong:
            problems.append(Problem(path, str(wrong)))
            return None
        if size is not None and mask.shape != size:
            found, wanted = f"{mask.shape[1]} x {mask.shape[0]}", f"{size[1]} x {size[0]}"
            problems.append(Problem(path, f"It is {found} pixels, its picture {wanted}."))
        there = np.flatnonzero(np.bincount(mask.ravel(), minlength=256))
        unknown = sorted(set(there.tolist()) - set(values))
        if unknown:
            said = f"It has the values {', '.join(map(str, unknown))}, which mean nothing."
            problems.append(Problem(path, said))
        return mask

    def _recomputed(
        self, subject: Subject, masks: Mapping[str, Mask], removed: Any
    ) -> Iterable[Problem]:
        assert subject.raw is not None, "chosen for it"
        try:
            told = json.loads(self.tree.read(subject.raw))
            shape = (int(told["height"]), int(told["width"]))
            if subject.labels is not None and len(told["labels"]) != subject.labels:
                yield Problem(
                    subject.raw,
                    f"It has {len(told['labels'])} labels, the manifest says {subject.labels}.",
                )
            made = {
                variant: self._merged(variant, told["labels"], shape, removed) for variant in masks
            }
        except (Unreadable, KeyError, TypeError, ValueError) as error:
            yield Problem(subject.raw, f"Its labels cannot be read: {error}.")
            return
        for variant, mask in made.items():
            if mask.shape != masks[variant].shape:
                yield Problem(subject.raw, "Its size is not that of the masks.")
            elif different := int((mask != masks[variant]).sum()):
                said = f"{different:,} pixels are not what its labels come to."
                yield Problem(subject.masks[variant], said)

    def _merged(
        self, variant: str, labels: list[dict[str, Any]], shape: tuple[int, int], removed: Any
    ) -> Mask:
        """A variant from its labels: cut by the masks, then merged (docs/METHODS.md)."""
        assert self.method is not None
        role = "crowd" if variant == "train" else "expert"
        counting = [label for label in labels if label["role"] == role]
        drawn = [
            remove_masked(rasterize_regions(_regions(label), *shape), removed) for label in counting
        ]
        if variant != "train":
            rule = gold_rule(GOLD_VARIANTS.index(variant) + 1)
            return merge_masks(drawn, self.codes, rule, shape=shape)
        if self.method.kind == Kind.VOTES:
            return merge_masks(drawn, self.codes, self.method.rule, shape=shape)
        weights = tuple(rating_weight(each["ratings"], self.method.weights) for each in counting)
        runs = vote_runs([pack_planes(mask, self.codes) for mask in drawn])
        decision = decide(runs.votes, len(self.codes), self.method, Known(weights=weights))
        return merged_mask(runs, decision, self.codes, shape)


def _read(tree: Tree, path: str) -> Mask:
    """An 8-bit grey PNG, uint8 (height, width). Raises _Wrong."""
    try:
        content = tree.read(path)
        if not content.startswith(_PNG) or content[_DEPTH_AND_KIND] != _EIGHT_BIT_GREY:
            raise _Wrong("It is not an 8-bit greyscale PNG.")
        with Pillow.open(io.BytesIO(content)) as picture:
            return np.asarray(picture)
    except (Unreadable, OSError, ValueError, SyntaxError, Pillow.DecompressionBombError) as error:
        raise _Wrong(f"It cannot be read: {error}.") from error


def _regions(label: Mapping[str, Any]) -> list[Region]:
    return [
        Region(
            int(polygon["class"]),
            tuple(np.asarray(ring, dtype=np.float64) for ring in polygon["rings"]),
        )
        for polygon in label["polygons"]
    ]


def _unnested(subject: Subject, masks: Mapping[str, Mask]) -> Iterator[Problem]:
    """min3 lies in min2 and min2 in min1, with the same classes (paper 3.3)."""
    for wide, narrow in pairwise(GOLD_VARIANTS):
        if wide in masks and narrow in masks and masks[wide].shape == masks[narrow].shape:
            inner = masks[narrow]
            count = int(((inner != NO_LABEL) & (inner != masks[wide])).sum())
            if count:
                said = f"{count:,} pixels have a label that is not in {wide.removeprefix('gold-')}."
                yield Problem(subject.masks[narrow], said)
