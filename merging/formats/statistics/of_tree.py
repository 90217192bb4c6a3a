"""The paper's numbers of a released tree, counted from its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from labeling.images.ingest.product_ids import parse_product_id
from labeling.images.ingest.products import Refused
from labeling.images.ingest.rasters import decode_gray_png
from merging.formats.contents.facts import GOLD_VARIANTS
from merging.formats.statistics.counts import CameraCounts, Statistics
from merging.formats.tree.tree_files import Tree, Unreadable
from merging.formats.tree.trees import known_of_images, listing
from terrain.postprocess import pixels_per_class


@dataclass(frozen=True, slots=True)
class MaskFile:
    variant: str
    path: str


@dataclass(frozen=True, slots=True)
class CountPixels:
    """Counts the pixels of a release's masks, in any process. Raises Unreadable."""

    tree: Tree

    def __call__(self, mask: MaskFile) -> dict[int, int]:
        try:
            return pixels_per_class(decode_gray_png(self.tree.read(mask.path), mask.path))
        except Refused as refused:
            raise Unreadable(f"The release is damaged: {refused}") from refused


#: Calls the counting for each mask, in whatever processes, and gives the results in order.
Run = Callable[[CountPixels, Sequence[MaskFile]], Iterable[dict[int, int]]]


def count_tree(
    tree: Tree, run: Run, known: Mapping[str, Mapping[str, str]] | None = None
) -> Statistics:
    """All that the files of a release tell.

    `known` says more of images by product id: "rover", "camera", "orbital_class", "labels"; where
    it is None, the release's own `metadata/images.csv` does, and without that the product id. How
    many labels a mask was merged from is then not known, and agreement scores never are. Raises
    Unreadable.
    """
    names = tree.names()
    found = listing(names)
    if not found.gold and not found.train:
        raise Unreadable("There are no labels of a release here.")
    more = known_of_images(tree, names) if known is None else known
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
