"""Predicted masks and the gold masks of a release: matching, problems, comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from labeling.images.ingest.places import Place
from labeling.images.ingest.products import Refused
from labeling.images.ingest.rasters import decode_gray_png, read_bytes
from merging.formats.tree.tree_files import Tree, Unreadable
from merging.formats.tree.trees import GoldFiles, classes_of, listing
from terrain.masks import Mask
from terrain.metrics.confusion import (
    Evaluation,
    InconsistentGold,
    UnknownCodes,
    count_pixels,
    evaluate_variants,
)
from terrain.metrics.contingency import Counts


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem of predictions that is reported instead of guessed.

    Attributes:
        kind: One of the kinds below.
        name: The file of the prediction, or the image without one.
        sentence: What is wrong.
    """

    kind: str
    name: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.name}: {self.sentence}"


MISSING, UNKNOWN, TWICE, REFUSED, CODES = "missing", "unknown", "twice", "refused", "codes"


@dataclass(frozen=True, slots=True)
class Pair:
    """The gold masks of an image and the file of its prediction."""

    gold: GoldFiles
    prediction: str


def pair_up(gold: Sequence[GoldFiles], names: Iterable[str]) -> tuple[list[Pair], list[Problem]]:
    """Find the prediction of each gold image by its name.

    A prediction has the name of the gold masks (`<ID>_merged.png`) or of the image (`<ID>.png`), in
    any folder. Reported as problems are images without a prediction, files without a gold image,
    and several predictions of one image, none of which is used.
    """
    of_name = {name: each for each in gold for name in (each.label, each.product_id)}
    found: dict[GoldFiles, list[str]] = {}
    problems = []
    for name in sorted(names):
        stem, _, suffix = name.rpartition("/")[2].rpartition(".")
        if suffix.lower() != "png":
            problems.append(Problem(UNKNOWN, name, "It is not a PNG. Predictions are PNG masks."))
        elif stem not in of_name:
            sentence = "The release has no gold mask of this name. Remove or rename the file."
            problems.append(Problem(UNKNOWN, name, sentence))
        else:
            found.setdefault(of_name[stem], []).append(name)
    pairs = []
    for each in gold:
        files = found.get(each, [])
        if len(files) == 1:
            pairs.append(Pair(each, files[0]))
        elif not files:
            sentence = f"Its prediction is missing. Name it {each.product_id}.png."
            problems.append(Problem(MISSING, each.product_id, sentence))
        for name in files[1:]:
            sentence = f"It predicts the same image as {files[0]}. Keep one of them."
            problems.append(Problem(TWICE, name, sentence))
    return pairs, problems


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares the pairs of a release and a folder of predictions, in any process."""

    tree: Tree
    predictions: Place
    codes: tuple[int, ...]

    def __call__(self, pair: Pair) -> Counts | Problem:
        """Return the confusion matrices of an image, from `count_pixels`, or its problem.

        Raises:
            Unreadable: The release is damaged.
        """
        gold = [self._gold_mask(path) for path in pair.gold.paths]
        if len({mask.shape for mask in gold}) > 1:
            raise Unreadable(f"The gold masks of {pair.gold.product_id} have different sizes.")
        height, width = gold[0].shape
        file = pair.prediction.rpartition("/")[2]
        try:
            content = read_bytes(self.predictions.fetch(pair.prediction))
            prediction = decode_gray_png(content, file, (width, height))
            return count_pixels(gold, prediction, self.codes)
        except Refused as refused:
            return Problem(REFUSED, pair.prediction, f"It{str(refused).removeprefix(file)}")
        except UnknownCodes as unknown:
            return Problem(CODES, pair.prediction, self._about_codes(unknown.codes))
        except InconsistentGold as broken:
            raise Unreadable(f"The gold masks of {pair.gold.product_id}: {broken}") from broken

    def _gold_mask(self, path: str) -> Mask:
        try:
            return decode_gray_png(self.tree.read(path), path)
        except Refused as refused:
            raise Unreadable(f"The release is damaged: {refused}") from refused

    def _about_codes(self, codes: Sequence[int]) -> str:
        strange = ", ".join(map(str, codes[:8])) + (" ..." if len(codes) > 8 else "")
        known = ", ".join(map(str, self.codes))
        return f"It has the codes {strange}, which are not classes. Use {known} and 255."


@dataclass(frozen=True, slots=True)
class Report:
    """The result of comparing predictions with a release.

    `images` of the `gold_images` were compared. `evaluations` is by "min1", "min2", "min3".
    """

    classes: Mapping[int, str]
    gold_images: int
    images: int
    evaluations: Mapping[str, Evaluation]
    problems: Sequence[Problem]

    def to_json(self) -> dict[str, Any]:
        """Return the report in types of JSON."""
        return {
            "classes": {str(code): name for code, name in self.classes.items()},
            "gold_images": self.gold_images,
            "images": self.images,
            "evaluations": {name: each.to_json() for name, each in self.evaluations.items()},
            "problems": [asdict(problem) for problem in self.problems],
        }


#: Runs the comparison for each pair, in any processes, and returns the results in order.
Run = Callable[[Comparison, Sequence[Pair]], Iterable[Counts | Problem]]


def compare(
    tree: Tree, predictions: Place, run: Run, classes: Mapping[int, str] | None = None
) -> Report:
    """Compare all predictions with the gold masks of a release.

    Predictions with problems are listed in the report and left out of its figures.

    Args:
        tree: The release.
        predictions: The place of the predictions.
        run: Runs the comparison, maybe in other processes.
        classes: The class names by code; None: those of the release.

    Raises:
        Unreadable: The release is damaged, or has no gold masks.
    """
    names = tree.names()
    gold = listing(names).gold
    if not gold:
        raise Unreadable("This release has no gold masks to compare with.")
    known = classes_of(tree, names) if classes is None else classes
    codes = tuple(known)
    pairs, problems = pair_up(gold, predictions.names())
    counts = []
    for outcome in run(Comparison(tree, predictions, codes), pairs):
        if isinstance(outcome, Problem):
            problems.append(outcome)
        else:
            counts.append(outcome)
    shape = (len(counts), 3, len(codes), len(codes) + 1)
    stacked = np.array(counts, dtype=np.int64).reshape(shape).transpose(1, 0, 2, 3)
    return Report(known, len(gold), len(counts), evaluate_variants(stacked, codes), problems)
