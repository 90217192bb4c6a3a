"""Evaluating predictions: the whole command on 1024 x 1024 gold masks, and a single image."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ai4mars_site.toolkit.bulk import each
from labeling.images.ingest.places import Folder
from labeling.images.preparation.pictures import png_bytes
from merging.formats import predictions
from merging.formats.tree.tree_files import TreeFolder
from terrain.aggregation.majority import gold_rule, merge_masks
from terrain.masks import NO_LABEL, rasterize_regions
from terrain.metrics.confusion import count_pixels
from tests.bench import crowd
from tests.bench.figures import Figure, milliseconds

Mask = npt.NDArray[np.uint8]

IMAGES = 1000
#: As many are different; the others are links to them, so that writing takes no minutes.
DIFFERENT = 40
WORKERS = 2
FOLDER = "msl/labels/test/masked-gold-min{}-100agree"


def plain_count(gold: Sequence[Mask], prediction: Mask, codes: Sequence[int]) -> list[list[int]]:
    """Return the three matrices cell by cell on whole arrays: the simplest code."""
    columns = [*codes, NO_LABEL]
    return [
        [int(((true == t) & (prediction == p)).sum()) for t in codes for p in columns]
        for true in gold
    ]


def experts() -> tuple[list[Mask], Mask]:
    """Return gold masks of three simulated labelers, and a fourth mask as prediction."""
    shape = (crowd.SIZE, crowd.SIZE)
    masks = [rasterize_regions(label, *shape) for label in crowd.labels()[:4]]
    gold = [merge_masks(masks[:3], crowd.CODES, gold_rule(k), shape=shape) for k in (1, 2, 3)]
    return gold, masks[3]


def run() -> list[Figure]:
    gold, prediction = experts()
    counts = count_pixels(gold, prediction, crowd.CODES)
    assert counts.reshape(3, -1).tolist() == plain_count(gold, prediction, crowd.CODES)
    ours = milliseconds(lambda: count_pixels(gold, prediction, crowd.CODES))
    plain = milliseconds(lambda: plain_count(gold, prediction, crowd.CODES), repeat=5)
    return [
        Figure(
            f"evaluation: {IMAGES} images of 1024 x 1024, {WORKERS} workers",
            images_a_second(gold, prediction),
            "/s",
            100,
            at_least=True,
        ),
        Figure("evaluation: three matrices of an image, without reading", ours, "ms"),
        Figure("evaluation: the same in plain NumPy", plain, "ms"),
        Figure("evaluation: times faster than plain NumPy", plain / ours, "x"),
    ]


def images_a_second(gold: Sequence[Mask], prediction: Mask) -> float:
    """Return the speed of `evaluate_predictions` from files to figures, including its start."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, gold, prediction)
        tree, place = TreeFolder(folder / "release"), Folder(folder / "predictions")
        start = time.perf_counter()
        report = predictions.compare(tree, place, lambda f, pairs: each(f, pairs, WORKERS))
        seconds = time.perf_counter() - start
    assert report.images == IMAGES
    assert not report.problems
    return IMAGES / seconds


def write(folder: Path, gold: Sequence[Mask], prediction: Mask) -> None:
    """Write a release's gold masks, and predictions of all of them."""
    release = folder / "release"
    masks = [(release / FOLDER.format(k), mask) for k, mask in enumerate(gold, start=1)]
    for parent, mask in [*masks, (folder / "predictions", prediction)]:
        parent.mkdir(parents=True)
        for number in range(IMAGES):
            path = parent / f"frame{number}_merged.png"
            if number < DIFFERENT:
                path.write_bytes(png_bytes(np.roll(mask, number, axis=1)))
            else:
                path.hardlink_to(parent / f"frame{number % DIFFERENT}_merged.png")
