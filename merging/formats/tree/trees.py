"""Classifying the files of a release tree by their names."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from labeling.images.ingest.product_ids import id_of_stem
from merging.formats.contents.facts import GOLD_VARIANTS
from merging.formats.tree.tree_files import Tree, Unreadable

#: The first key of the released `label_keys.json`, which all gold masks of the release use.
NAV = "NAV"
NAV_CLASSES = {0: "soil", 1: "bedrock", 2: "sand", 3: "big rock"}

_GOLD = re.compile(r"(.*?)labels/test/masked-gold-min([123])-100agree/([^/]+)\.png")
_TRAIN = re.compile(r"(.*?)labels/(?:train(?:/merged-unmasked)?|NAV|GEO)/([^/]+)\.png")
_FRAME = re.compile(r"(?:.*/)?images/(?:(?:edr|eff|test|ncam|mcam)/)?([^/]+)\.jpe?g", re.IGNORECASE)
#: The suffix of a label's name after the image's: `_merged`, `_merged8`, `_16165_T0_merged`
_SUFFIX = re.compile(r"(_\d{5}(_T\d)?)?_merged\d*\Z")


@dataclass(frozen=True, slots=True)
class GoldFiles:
    """The gold masks of an image, min1, min2, min3. `label` is their common name."""

    product_id: str
    label: str
    paths: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a release by product id: frames, gold masks, and train labels."""

    frames: tuple[str, ...]
    gold: tuple[GoldFiles, ...]
    train: Mapping[str, str]


def listing(names: list[str]) -> Listing:
    """Return the files of a release, classified by their names. No file is opened.

    Layouts v0.1 and v0.6 (docs/DATA_FORMATS.md). Files of other kinds are left out. A gold frame of
    MER, which has two copies, is listed once.

    Raises:
        Unreadable: An image lacks one of its three gold masks.
    """
    frames = {match[1] for name in names if (match := _FRAME.fullmatch(name))}
    found: dict[tuple[str, str], dict[int, str]] = {}
    train: dict[str, str] = {}
    for name in names:
        if match := _GOLD.fullmatch(name):
            found.setdefault((match[1], match[3]), {})[int(match[2])] = name
        elif match := _TRAIN.fullmatch(name):
            train[id_of_stem(_product_id(match[2], frames))] = name
    gold = []
    for (_, label), variants in sorted(found.items()):
        missing = [f"min{minimum}" for minimum in (1, 2, 3) if minimum not in variants]
        if missing:
            raise Unreadable(
                f"The release has no gold mask {', '.join(missing)} of {label}. It is incomplete."
            )
        paths = (variants[1], variants[2], variants[3])
        gold.append(GoldFiles(id_of_stem(_product_id(label, frames)), label, paths))
    return Listing(tuple(sorted(map(id_of_stem, frames))), tuple(gold), train)


def _product_id(label: str, frames: set[str]) -> str:
    """Return the product id of a label's image: the longest frame name that begins the label's
    name.
    """
    end = len(label)
    while end > 0:
        if label[:end] in frames:
            return label[:end]
        end = label.rfind("_", 0, end)
    return _SUFFIX.sub("", label)


def classes_of(tree: Tree, names: list[str]) -> dict[int, str]:
    """Return the names of the terrain classes by code, from `label_keys.json`.

    If it has several keys, NAV is used. A release without the file, such as v0.1, uses NAV too.
    """
    name = next((each for each in names if each.rpartition("/")[2] == "label_keys.json"), None)
    if name is None:
        return dict(NAV_CLASSES)
    try:
        keys = json.loads(tree.read(name))
        key = keys[NAV] if NAV in keys or len(keys) != 1 else next(iter(keys.values()))
        return {int(code): str(title) for code, title in key.items() if title is not None}
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise Unreadable(f"{name} of the release is no list of classes: {error}.") from error


def read_image_metadata(tree: Tree, names: list[str]) -> dict[str, dict[str, str]]:
    """Return the rows of `metadata/images.csv` by product id; empty without the file."""
    name = next((each for each in names if each.endswith("metadata/images.csv")), None)
    if name is None:
        return {}
    rows = csv.DictReader(io.StringIO(tree.read(name).decode("utf-8")))
    return {row["product_id"]: row for row in rows}


def variant_paths(found: Listing) -> list[tuple[str, str]]:
    """Return every mask of a release as (variant, path)."""
    gold = [pair for each in found.gold for pair in zip(GOLD_VARIANTS, each.paths, strict=True)]
    return [("train", path) for path in found.train.values()] + gold
