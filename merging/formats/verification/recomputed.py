"""Masks merged again from the labels of a release."""

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
    """Merge the labels of an image again and yield the differences from its masks.

    Args:
        tree: The release.
        codes: Its class codes.
        method: The method by which its train masks were merged.
        subject: The image, with raw labels in the release.
        masks: Its masks, uint8 (height, width), by variant.
        removed: Pixels on the rover or beyond the range limit, bool (height, width); None: none.
    """
    assert subject.raw is not None, "only images with raw labels are recomputed"
    try:
        content = json.loads(tree.read(subject.raw))
        shape = (int(content["height"]), int(content["width"]))
        if subject.labels is not None and len(content["labels"]) != subject.labels:
            yield Problem(
                subject.raw,
                f"It has {len(content['labels'])} labels, the manifest says {subject.labels}.",
            )
        made = {
            variant: _merged(variant, content["labels"], codes, method, shape, removed)
            for variant in masks
        }
    except (Unreadable, KeyError, TypeError, ValueError) as error:
        yield Problem(subject.raw, f"Its labels cannot be read: {error}.")
        return
    for variant, mask in made.items():
        if mask.shape != masks[variant].shape:
            yield Problem(subject.raw, "Its size differs from that of the masks.")
        elif different := int((mask != masks[variant]).sum()):
            said = f"{different:,} pixels differ from the mask that its labels give."
            yield Problem(subject.masks[variant], said)


def _merged(
    variant: str,
    labels: list[dict[str, Any]],
    codes: tuple[int, ...],
    method: MergeMethod,
    shape: tuple[int, int],
    removed: BoolMask | None,
) -> Mask:
    """Merge a variant from its labels, post-processed first (docs/METHODS.md)."""
    role = "crowd" if variant == "train" else "expert"
    accepted = [label for label in labels if label["role"] == role]
    masks = [
        remove_masked(rasterize_regions(regions_from_json(label["polygons"]), *shape), removed)
        for label in accepted
    ]
    if variant != "train":
        rule = gold_rule(GOLD_VARIANTS.index(variant) + 1)
        return merge_masks(masks, codes, rule, shape=shape)
    if method.kind == Kind.VOTES:
        return merge_masks(masks, codes, method.rule, shape=shape)
    weights = tuple(rating_weight(each["ratings"], method.weights) for each in accepted)
    runs = vote_runs([pack_planes(mask, codes) for mask in masks])
    decision = decide_patterns(runs.votes, len(codes), method, MergeInputs(weights=weights))
    return merged_mask(runs, decision, codes, shape)
