"""Masks made again from the labels that a release holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from merging.formats.contents.facts import GOLD_VARIANTS
from merging.formats.tree.tree_files import Tree, Unreadable
from merging.formats.verification.findings import Problem, Subject
from terrain.aggregation.majority import gold_rule, merge_masks
from terrain.aggregation.methods import Kind, MergeMethod
from terrain.aggregation.weighted import MergeInputs, decide_patterns, merged_mask, rating_weight
from terrain.bitplanes import pack_planes
from terrain.geometry.regions import regions_from_json
from terrain.masks import Mask, rasterize_regions
from terrain.postprocess import BoolMask, remove_masked
from terrain.skill.patterns import vote_runs


def recompute(
    tree: Tree,
    codes: tuple[int, ...],
    method: MergeMethod,
    subject: Subject,
    masks: Mapping[str, Mask],
    removed: BoolMask | None,
) -> Iterator[Problem]:
    """Merge an image's labels once more and yield where its masks are others.

    Args:
        tree: The release.
        codes: Its class codes.
        method: How its train masks were merged.
        subject: The image, one whose raw labels are in the release.
        masks: Its masks as they were read, uint8 (height, width), by variant.
        removed: Pixels on the rover or beyond the range limit, bool (height, width); None: none.
    """
    assert subject.raw is not None, "chosen for it"
    try:
        told = json.loads(tree.read(subject.raw))
        shape = (int(told["height"]), int(told["width"]))
        if subject.labels is not None and len(told["labels"]) != subject.labels:
            yield Problem(
                subject.raw,
                f"It has {len(told['labels'])} labels, the manifest says {subject.labels}.",
            )
        made = {
            variant: _merged(variant, told["labels"], codes, method, shape, removed)
            for variant in masks
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
    variant: str,
    labels: list[dict[str, Any]],
    codes: tuple[int, ...],
    method: MergeMethod,
    shape: tuple[int, int],
    removed: BoolMask | None,
) -> Mask:
    """Merge a variant from its labels, cut by the masks first (docs/METHODS.md)."""
    role = "crowd" if variant == "train" else "expert"
    counting = [label for label in labels if label["role"] == role]
    masks = [
        remove_masked(rasterize_regions(regions_from_json(label["polygons"]), *shape), removed)
        for label in counting
    ]
    if variant != "train":
        rule = gold_rule(GOLD_VARIANTS.index(variant) + 1)
        return merge_masks(masks, codes, rule, shape=shape)
    if method.kind == Kind.VOTES:
        return merge_masks(masks, codes, method.rule, shape=shape)
    weights = tuple(rating_weight(each["ratings"], method.weights) for each in counting)
    runs = vote_runs([pack_planes(mask, codes) for mask in masks])
    decision = decide_patterns(runs.votes, len(codes), method, MergeInputs(weights=weights))
    return merged_mask(runs, decision, codes, shape)
