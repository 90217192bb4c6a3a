"""A release of AI4Mars read for training, with NumPy and Pillow alone.

Works on layouts v0.1 and v0.6 and all of their missions. Copy it: it needs nothing else of AI4Mars.
Class code 255 means no label, in a mask and in everything below.
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
#: Folders of masks; where one of them is not 0, nothing is known of the ground.
MASK_FOLDERS = ("mxy", "mrl", "rng-30m", "rnl-30m")
GOLD = ("min1", "min2", "min3")
# <ID>.png, <ID>_merged.png, <ID>_merged3.png, <ID>_15033_merged.png, <ID>_16165_T0_merged.png
_SUFFIX = re.compile(r"(_\d{5}(_T\d+)?)?_merged\d*$")


class NotARelease(Exception):
    """A folder without the images and labels of a release; the sentence says what is missing."""


@dataclass(frozen=True, slots=True)
class Example:
    """An image, its label, and the masks of what must not be learned from (rover, far ground)."""

    product_id: str
    image: Path
    label: Path
    masks: tuple[Path, ...]


def examples(tree: Path, split: str) -> list[Example]:
    """The examples of a released tree, sorted by image id.

    split: "train", or "min1", "min2", "min3" for the gold labels on which so many experts agree.
    Raises NotARelease when there is none, or a label has no image.
    """
    images = {path.stem: path for path in _files(tree, "images", (".jpg", ".jpeg"))}
    masks: dict[str, list[Path]] = {}
    for path in _files(tree, "images", (".png",)):
        if path.parent.name in MASK_FOLDERS:
            # A frame of another type than EDR and EFF has masks of its own name.
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
    """A label as uint8 (height, width), 255 also under the masks; (size, size) where one is given.

    Resized by nearest neighbor: a class code is no number to take the mean of.
    """
    with Image.open(example.label) as file:
        label = np.array(file.convert("L"))
    for path in example.masks:
        with Image.open(path) as file:
            label[np.asarray(file.convert("L")) != 0] = NO_LABEL
    return resized(label, (size, size)) if size else label


def read_image(example: Example, size: int | None = None) -> Picture:
    """An image as float32 (height, width), of mean 0 and deviation 1; (size, size) where given.

    Released frames are dark, and each is exposed for itself: only what differs within it counts.
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
    """A mask of another (height, width), by nearest neighbor."""
    picture = Image.fromarray(mask)
    return np.array(picture.resize((shape[1], shape[0]), Image.Resampling.NEAREST))


def composition(labels: Iterable[Mask]) -> dict[int, float]:
    """The share of each class in the labeled pixels of all labels, by code; the shares sum to 1.

    Only classes that occur; {} when nothing is labeled.
    """
    counts = np.zeros(256, dtype=np.int64)
    for label in labels:
        counts += np.bincount(label.ravel(), minlength=256)
    counts[NO_LABEL] = 0
    total = int(counts.sum())
    return {int(code): int(counts[code]) / total for code in np.flatnonzero(counts)}


def class_weights(shares: dict[int, float]) -> list[float]:
    """How much a pixel of each class counts in the loss: `1 - share` (paper section 4)."""
    return [1.0 - shares[code] for code in sorted(shares)]


def to_indices(label: Mask, codes: Sequence[int]) -> Mask:
    """Class codes as places in `codes`, which is what a model predicts; 255 for any other code."""
    table = np.full(256, NO_LABEL, dtype=np.uint8)
    table[list(codes)] = np.arange(len(codes))
    return table[label]


def to_codes(indices: Mask, codes: Sequence[int]) -> Mask:
    """The inverse of `to_indices`."""
    table = np.full(256, NO_LABEL, dtype=np.uint8)
    table[: len(codes)] = list(codes)
    return table[indices]


def confusion(true: Mask, predicted: Mask, codes: Sequence[int]) -> Counts:
    """Pixels by true (row) and predicted class (column), in the order of `codes`; int64.

    Only pixels with a true class of `codes`; a prediction of none of them counts in a last column.
    """
    row, column = to_indices(true, codes), to_indices(predicted, codes)
    column = np.where(column == NO_LABEL, len(codes), column)
    known = row != NO_LABEL
    shape = (len(codes), len(codes) + 1)
    pairs = row[known].astype(np.int64) * shape[1] + column[known]
    return np.bincount(pairs, minlength=shape[0] * shape[1]).reshape(shape)


def accuracy(counts: Counts) -> float:
    """The share of pixels that were predicted as what they are; NaN without pixels."""
    total = int(counts.sum())
    return float(np.trace(counts)) / total if total else float("nan")


def iou(counts: Counts) -> list[float]:
    """Intersection over union of each class; NaN for one that is neither there nor predicted."""
    square = counts[:, :-1]
    hit = np.diagonal(square).astype(np.float64)
    union = counts.sum(axis=1) + square.sum(axis=0) - hit
    return [float(h / u) if u else float("nan") for h, u in zip(hit, union, strict=True)]


def mean_iou(counts: Counts) -> float:
    """The mean of `iou` over the classes that are there or predicted."""
    known = [value for value in iou(counts) if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def write_prediction(folder: Path, product_id: str, mask: Mask) -> None:
    """A prediction as `manage.py evaluate_predictions` takes it: <ID>.png, 8-bit gray codes."""
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(folder / f"{product_id}.png")


def _files(tree: Path, inside: str, suffixes: Collection[str]) -> list[Path]:
    """Files below any folder of this name, by the end of their names, whatever its case."""
    return sorted(
        path
        for path in tree.rglob("*")
        if path.suffix.lower() in suffixes and inside in path.relative_to(tree).parts[:-1]
    )


def _split_of(path: Path) -> str:
    gold = re.fullmatch(r"masked-gold-(min[123])-100agree", path.parent.name)
    return gold.group(1) if gold else "train"


def _without_type(product_id: str) -> str:
    """An id without the three letters that say EDR, MXY or RNG: what a frame and its masks share.

    They begin at the 14th character, of Spirit and Opportunity (ids that begin with a digit) at
    the 12th.
    """
    at = 11 if product_id[:1].isdigit() else 13
    return product_id[:at] + product_id[at + 3 :]
