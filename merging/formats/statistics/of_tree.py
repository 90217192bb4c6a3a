"""Statistics of a release tree, counted from its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from labeling.images.ingest.product_ids import parse_product_id
from labeling.images.ingest.products import Refused
from labeling.images.ingest.rasters import decode_gray_png
from merging.formats.contents.facts import GOLD_VARIANTS
from merging.formats.statistics.counts import CameraCounts, Statistics
from merging.formats.tree.tree_files import Tree, Unreadable
from merging.formats.tree.trees import listing, read_image_metadata
from terrain.postprocess import pixels_per_class


@dataclass(frozen=True, slots=True)
class MaskFile:
    """A mask of a release: its variant and path."""

    variant: str
    path: str


@dataclass(frozen=True, slots=True)
class CountPixels:
    """Counts the pixels of the masks of a release. It can be sent to other processes.

    Raises:
        Unreadable: A mask is damaged.
    """

    tree: Tree

    def __call__(self, mask: MaskFile) -> dict[int, int]:
        try:
            return pixels_per_class(decode_gray_png(self.tree.read(mask.path), mask.path))
        except Refused as refused:
            raise Unreadable(f"The release is damaged: {refused}") from refused


#: Runs the counting for each mask, in any processes, and returns the results in order.
Run = Callable[[CountPixels, Sequence[MaskFile]], Iterable[dict[int, int]]]


def count_tree(
    tree: Tree, run: Run, known: Mapping[str, Mapping[str, str]] | None = None
) -> Statistics:
    """Return all statistics that can be counted from the files of a release.

    Without metadata, rover and camera come from the product id, and the number of labels of a mask
    is unknown. Agreement scores are always unknown.

    Args:
        tree: The release.
        run: Runs the counting, maybe in other processes.
        known: "rover", "camera", "orbital_class", "labels" by product id; None: from the release's
            `metadata/images.csv`, if it has one.

    Raises:
        Unreadable: There are no labels, or a mask is damaged.
    """
    names = tree.names()
    found = listing(names)
    if not found.gold and not found.train:
        raise Unreadable("There are no labels of a release here.")
    more = read_image_metadata(tree, names) if known is None else known
    totals = Statistics()
    frames, gold = set(found.frames), {each.product_id for each in found.gold}
    for product_id in sorted(frames | gold | found.train.keys()):
        row = more.get(product_id, {})
        labels = int(row["labels"]) if row.get("labels") else None
        is_test = product_id in gold
        is_train = product_id in found.train and not is_test
        counts = CameraCounts(
            images=int(product_id in frames),
            train_images=int(is_train),
            train_labels=labels if is_train else 0,
            test_images=int(is_test),
            test_labels=labels if is_test else 0,
        )
        totals.count_camera(*_camera(product_id, row), counts)
        if is_test:
            totals.orbital[row.get("orbital_class") or ""] += 1
    masks = [MaskFile("train", path) for path in found.train.values()]
    for each in found.gold:
        masks += map(MaskFile, GOLD_VARIANTS, each.paths)
    for mask, pixels in zip(masks, run(CountPixels(tree), masks), strict=True):
        totals.count_pixels(mask.variant, pixels)
    return totals


def _camera(product_id: str, known: Mapping[str, str]) -> tuple[str, str]:
    if known.get("rover") or known.get("camera"):
        return known.get("rover") or "", known.get("camera") or ""
    parts = parse_product_id(product_id)
    return (parts.rover, parts.camera) if parts else ("", "")
