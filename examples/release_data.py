"""Read a release of AI4Mars for training, with only NumPy and Pillow.

Supports layouts v0.1 and v0.6 and all their missions. You can copy this file: it imports nothing
else from AI4Mars. Class code 255 means no label, in a mask and in everything below.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

Mask = npt.NDArray[np.uint8]
Picture = npt.NDArray[np.float32]
Counts = npt.NDArray[np.int64]

NO_LABEL = 255
#: Folders of masks. Where a mask is not 0, the pixel has no label.
MASK_FOLDERS = ("mxy", "mrl", "rng-30m", "rnl-30m")
GOLD = ("min1", "min2", "min3")
# <ID>.png, <ID>_merged.png, <ID>_merged3.png, <ID>_15033_merged.png, <ID>_16165_T0_merged.png
_SUFFIX = re.compile(r"(_\d{5}(_T\d+)?)?_merged\d*$")


class NotARelease(Exception):
    """A folder lacks the images or labels of a release; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Example:
    """An image, its label, and the masks of pixels to ignore (rover, beyond the range limit)."""

    product_id: str
    image: Path
    label: Path
    masks: tuple[Path, ...]


def examples(tree: Path, split: str) -> list[Example]:
    """Return the examples of a released tree, sorted by image id.

    Args:
        split: "train", or "min1", "min2", "min3" for gold labels with 1, 2, 3 agreeing experts.

    Raises:
        NotARelease: There are no examples, or a label has no image.
    """
    images = {path.stem: path for path in _files(tree, "images", (".jpg", ".jpeg"))}
    masks: dict[str, list[Path]] = {}
    for path in _files(tree, "images", (".png",)):
        if path.parent.name in MASK_FOLDERS:
            # Frames of types other than EDR and EFF have masks with the same name.
            key = path.stem if path.stem in images else _without_type(path.stem)
            masks.setdefault(key, []).append(path)
    found = []
    for path in _files(tree, "labels", (".png",)):
        if _split_of(path) == split:
            product_id = _SUFFIX.sub("", path.stem)
            if product_id not in images:
                raise NotARelease(f"The label {path} has no image {product_id}.JPG in {tree}.")
            named = masks.get(product_id) or masks.get(_without_type(product_id), [])
            beside = tuple(named)
            found.append(Example(product_id, images[product_id], path, beside))
    if not found:
        raise NotARelease(f"There are no {split} labels in {tree}. Name the folder of a release.")
    return sorted(found, key=lambda example: example.product_id)


def read_label(example: Example, size: int | None = None) -> Mask:
    """Return a label as uint8 (height, width) or (size, size); masked pixels are 255 too.

    It is resized by nearest neighbor, because class codes cannot be averaged.
    """
    with Image.open(example.label) as file:
        label = np.array(file.convert("L"))
    for path in example.masks:
        with Image.open(path) as file:
            label[np.asarray(file.convert("L")) != 0] = NO_LABEL
    return resized(label, (size, size)) if size else label


def read_image(example: Example, size: int | None = None) -> Picture:
    """Return an image as float32 (height, width) or (size, size), normalized.

    The mean is 0 and the standard deviation 1. Released frames are dark and differ in exposure.
    """
    with Image.open(example.image) as file:
        gray = file.convert("L")
        if size:
            gray = gray.resize((size, size), Image.Resampling.BILINEAR)
        picture = np.asarray(gray, dtype=np.float32)
    spread = np.float32(picture.std() or 1.0)
    centered: Picture = picture - picture.mean()
    return centered / spread


def resized(mask: Mask, shape: tuple[int, int]) -> Mask:
    """Return a mask resized to (height, width) by nearest neighbor."""
    picture = Image.fromarray(mask)
    return np.array(picture.resize((shape[1], shape[0]), Image.Resampling.NEAREST))


def composition(labels: Iterable[Mask]) -> dict[int, float]:
    """Return the share of each class in the labeled pixels of all labels, by code.

    The shares sum to 1. Only classes that occur are listed; {} if no pixel is labeled.
    """
    counts = np.zeros(256, dtype=np.int64)
    for label in labels:
        counts += np.bincount(label.ravel(), minlength=256)
    counts[NO_LABEL] = 0
    total = int(counts.sum())
    return {int(code): int(counts[code]) / total for code in np.flatnonzero(counts)}


def class_weights(shares: dict[int, float]) -> list[float]:
    """Return the weight of each class in the loss: `1 - share` (paper section 4)."""
    return [1.0 - shares[code] for code in sorted(shares)]


def to_indices(label: Mask, codes: Sequence[int]) -> Mask:
    """Return class codes as indices into `codes`, as a model predicts them; 255 for other codes."""
    table = np.full(256, NO_LABEL, dtype=np.uint8)
    table[list(codes)] = np.arange(len(codes))
    return table[label]


def to_codes(indices: Mask, codes: Sequence[int]) -> Mask:
    """Return indices into `codes` as class codes; the inverse of `to_indices`."""
    table = np.full(256, NO_LABEL, dtype=np.uint8)
    table[: len(codes)] = list(codes)
    return table[indices]


def confusion(true: Mask, predicted: Mask, codes: Sequence[int]) -> Counts:
    """Return the confusion matrix: pixels by true (row) and predicted class (column), int64.

    Rows and columns are in the order of `codes`. Pixels whose true class is not in `codes` are
    ignored. Predictions of other codes count in an additional last column.
    """
    row, column = to_indices(true, codes), to_indices(predicted, codes)
    column = np.where(column == NO_LABEL, len(codes), column)
    known = row != NO_LABEL
    shape = (len(codes), len(codes) + 1)
    pairs = row[known].astype(np.int64) * shape[1] + column[known]
    return np.bincount(pairs, minlength=shape[0] * shape[1]).reshape(shape)


def accuracy(counts: Counts) -> float:
    """Return the share of correctly predicted pixels; NaN without pixels."""
    total = int(counts.sum())
    return float(np.trace(counts)) / total if total else float("nan")


def iou(counts: Counts) -> list[float]:
    """Return the intersection over union of each class; NaN for a class that does not occur."""
    square = counts[:, :-1]
    hit = np.diagonal(square).astype(np.float64)
    union = counts.sum(axis=1) + square.sum(axis=0) - hit
    return [float(h / u) if u else float("nan") for h, u in zip(hit, union, strict=True)]


def mean_iou(counts: Counts) -> float:
    """Return the mean of `iou` over the classes that occur in truth or prediction."""
    known = [value for value in iou(counts) if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def write_prediction(folder: Path, product_id: str, mask: Mask) -> None:
    """Write a prediction for `manage.py evaluate_predictions`: <ID>.png, 8-bit grayscale codes."""
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(folder / f"{product_id}.png")


def _files(tree: Path, inside: str, suffixes: Collection[str]) -> list[Path]:
    """Return the files below folders of this name that end with a suffix, ignoring its case."""
    return sorted(
        path
        for path in tree.rglob("*")
        if path.suffix.lower() in suffixes and inside in path.relative_to(tree).parts[:-1]
    )


def _split_of(path: Path) -> str:
    gold = re.fullmatch(r"masked-gold-(min[123])-100agree", path.parent.name)
    return gold.group(1) if gold else "train"


def _without_type(product_id: str) -> str:
    """Return an id without its product type (EDR, MXY, RNG): the part that frame and masks share.

    The type begins at the 14th character; for Spirit and Opportunity (ids that begin with a digit)
    at the 12th.
    """
    at = 11 if product_id[:1].isdigit() else 13
    return product_id[:at] + product_id[at + 3 :]
