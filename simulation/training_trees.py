"""Released trees of simulated scenes for training: the same images with several kinds of labels.

    DIR/ai4mars-dataset-merged-synthetic-merged    the crowd's labels, merged (paper 3.3)
    DIR/ai4mars-dataset-merged-synthetic-random    one label of the crowd for each image (paper 4.1)
    DIR/ai4mars-dataset-merged-synthetic-true      the true classes, which no real release has
    DIR/truth/<ID>.png                             true classes of the test images

No database is used. The trees have layout v0.1 and the same gold masks, of three simulated experts.
They are seeded, so they are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ai4mars_site.toolkit.bulk import each
from labeling.images.preparation.image_files import Parameters, beyond_limit
from labeling.images.preparation.pictures import png_bytes
from merging.formats.storage import checksums
from merging.formats.tree import ai4mars_tree
from simulation.demo import product_of
from simulation.scenes.scene import make_scene
from simulation.volunteers.drawing import draw_label
from simulation.volunteers.people import Volunteer, make_experts, make_volunteers
from terrain.aggregation.majority import GOLD_RULES, PAPER_RULE, merge_masks
from terrain.masks import NO_LABEL, rasterize_regions
from terrain.postprocess import BoolMask, Mask, remove_masked, union_masks

KINDS = ("merged", "random", "true")
CODES = (0, 1, 2, 3)
#: Size of the crowd; some of its labelers draw on each scene.
CROWD = 24
EXPERTS = 3
SEED = 17
#: The paper's range limit and scale bar for Curiosity (3.1.1).
PARAMETERS = Parameters(range_limit_m=30.0, scale_bar_m=0.5)


#: Folder of the frames in each tree, all of Curiosity's NAVCAM.
HOME = ai4mars_tree.CAMERA_PATHS[ai4mars_tree.Layout.V0_1]["curiosity", "navcam"]


@dataclass(frozen=True, slots=True)
class SceneJob:
    """A scene of the trees in `out`; `labels` is the number of crowd labels of a train scene."""

    out: Path
    seed: int
    size: int
    is_test: bool
    labels: int


def tree_of(out: Path, kind: str) -> Path:
    """Return the folder of the tree for a kind of train labels (see KINDS)."""
    return out / ai4mars_tree.root(f"synthetic-{kind}")


def make_trees(
    out: Path, train: int, test: int, size: int, labels: int, workers: int = 1
) -> Iterator[str]:
    """Write the trees, scene by scene, and yield product ids.

    The trees are complete after the last id.

    Args:
        train: Number of train scenes.
        test: Number of test scenes.
        size: Height and width, pixels.
        labels: Labels of each train scene, at most CROWD.
    """
    jobs = (SceneJob(out, seed, size, seed >= train, labels) for seed in range(train + test))
    sums: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    for product_id, files in each(write_scene, jobs, workers):
        for kind in KINDS:
            sums[kind] |= files[kind]
        yield product_id
    for kind in KINDS:
        (tree_of(out, kind) / checksums.NAME).write_text(checksums.sums_text(sums[kind]))


def write_scene(job: SceneJob) -> tuple[str, dict[str, dict[str, str]]]:
    """Write one scene into all trees; return its product id, and path -> SHA-256 by kind."""
    scene = make_scene(job.seed, job.size)
    product = product_of(scene, job.seed)
    beyond, _ = beyond_limit(product, PARAMETERS)
    removed = union_masks((product.rover_mask, beyond))
    name = scene.product_id
    nothing = np.zeros(scene.truth.shape, dtype=np.bool_)
    paths = {
        key: path
        for key, [path, *_] in ai4mars_tree.paths(
            HOME, name, is_gold=job.is_test, labelers=job.labels
        ).items()
    }
    files = {
        paths["frame"]: product.original_jpeg,
        paths["rover_mask"]: png_bytes(scene.rover_mask),
        paths["range_mask"]: png_bytes(nothing if beyond is None else beyond),
    }
    truth = remove_masked(scene.truth, removed)
    if job.is_test:
        experts = make_experts(EXPERTS, np.random.default_rng(SEED))
        masks = drawn(truth, removed, experts, job.seed)
        for minimum, rule in GOLD_RULES.items():
            gold = merge_masks(masks, CODES, rule, shape=truth.shape)
            files[paths[f"gold-min{minimum}"]] = png_bytes(gold)
        _write(job.out / "truth" / f"{name}.png", png_bytes(truth))
        labels = {}
    else:
        labels = train_labels(truth, removed, job)
    written = {}
    for kind in KINDS:
        of_kind = dict(files)
        if kind in labels:
            of_kind[paths["train"]] = png_bytes(labels[kind])
        tree = tree_of(job.out, kind)
        for path, content in of_kind.items():
            _write(tree / path, content)
        written[kind] = {path: checksums.sha256(content) for path, content in of_kind.items()}
    return name, written


def train_labels(truth: Mask, removed: BoolMask | None, job: SceneJob) -> dict[str, Mask]:
    """Return the label of a train scene for each kind; "random" is one of the non-empty labels."""
    crowd = make_volunteers(CROWD, np.random.default_rng(SEED))
    rng = np.random.default_rng([SEED, job.seed])
    team = [crowd[int(number)] for number in rng.permutation(CROWD)[: job.labels]]
    masks = drawn(truth, removed, team, job.seed)
    left = [mask for mask in masks if (mask != NO_LABEL).any()] or masks
    return {
        "merged": merge_masks(masks, CODES, PAPER_RULE, shape=truth.shape),
        "random": left[int(rng.integers(len(left)))],
        "true": truth,
    }


def drawn(truth: Mask, removed: BoolMask | None, people: list[Volunteer], seed: int) -> list[Mask]:
    """Return the post-processed labels of volunteers on a scene: uint8 (H, W) each."""
    labels = []
    for place, person in enumerate(people):
        rng = np.random.default_rng([SEED, seed, place])
        regions = draw_label(person, truth, CODES, rng)
        labels.append(remove_masked(rasterize_regions(regions, *truth.shape), removed))
    return labels


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
