"""Names of the released AI4Mars tree, layouts v0.1 and v0.6 (docs/DATA_FORMATS.md). Pure.

    v0.1, under ai4mars-dataset-merged-<version>/
    msl/images/edr/<ID>.JPG                              the frame, 8-bit JPEG
    msl/images/mxy/<ID with EDR -> MXY>.png              1 = rover
    msl/images/rng-30m/<ID with EDR -> RNG>.png          1 = beyond the range limit
    msl/labels/train/<ID>.png                            class codes, 255 = no label
    msl/labels/test/masked-gold-min{1,2,3}-100agree/<ID>_merged.png

    v0.6: the same under msl/ncam, and
    msl/mcam/images/<ID>.JPG                             msl/mcam/labels/train/<ID>_15033_merged.png
    mer/images/eff/<id>.JPG                              gold images also in mer/images/test
    mer/images/mrl/<id, eff -> mrl>.png                  mer/images/rnl-30m/<id, eff -> rnl>.png
                                                         for frames of other types: <id>.png
    mer/labels/train/merged-unmasked/<id>_merged<N>.png  N labelers
    mer/labels/test/masked-gold-min{1,2,3}-100agree/<id>_16165_T0_merged.png
    m2020/images/ncam/<ID>.jpeg                          m2020/labels/NAV/<ID>_merged<N>.png

Gold masks of cameras without gold masks in v0.6 (Mastcam, Mars 2020) are named like those of
NAVCAM.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from labeling.images.ingest.product_ids import of_type
from merging.formats.contents.facts import GOLD_VARIANTS


class Layout(StrEnum):
    V0_1 = "v0.1"
    V0_6 = "v0.6"


@dataclass(frozen=True, slots=True)
class CameraPaths:
    """The folders and file names of one camera in a layout.

    `{id}` is the product id as a file name (`product_ids.file_stem`), `{n}` the number of labelers
    of the mask ("" if unknown), `{min}` 1, 2 or 3. `masks` are (key, folder, type) of the masks of
    a frame: the frame's type in the file name is replaced by that type.
    """

    frames: tuple[str, ...]
    gold_frames: tuple[str, ...]
    train: str
    gold: str
    masks: tuple[tuple[str, str, str], ...] = ()


_GOLD = "labels/test/masked-gold-min{min}-100agree/{id}"


def _navcam_of_msl(top: str) -> CameraPaths:
    return CameraPaths(
        frames=(f"{top}/images/edr/{{id}}.JPG",),
        gold_frames=(),
        train=f"{top}/labels/train/{{id}}.png",
        gold=f"{top}/{_GOLD}_merged.png",
        masks=(
            ("rover_mask", f"{top}/images/mxy", "MXY"),
            ("range_mask", f"{top}/images/rng-30m", "RNG"),
        ),
    )


_MER = CameraPaths(
    frames=("mer/images/eff/{id}.JPG",),
    gold_frames=("mer/images/test/{id}.JPG",),
    train="mer/labels/train/merged-unmasked/{id}_merged{n}.png",
    gold=f"mer/{_GOLD}_16165_T0_merged.png",
    masks=(("rover_mask", "mer/images/mrl", "MRL"), ("range_mask", "mer/images/rnl-30m", "RNL")),
)
_MASTCAM = CameraPaths(
    frames=("msl/mcam/images/{id}.JPG",),
    gold_frames=(),
    train="msl/mcam/labels/train/{id}_15033_merged.png",
    gold=f"msl/mcam/{_GOLD}_merged.png",
)
_M2020 = CameraPaths(
    frames=("m2020/images/ncam/{id}.jpeg",),
    gold_frames=(),
    train="m2020/labels/NAV/{id}_merged{n}.png",
    gold=f"m2020/{_GOLD}_merged.png",
)

#: By layout: rover and family of its camera -> folders and file names.
CAMERA_PATHS: Mapping[str, Mapping[tuple[str, str], CameraPaths]] = {
    Layout.V0_1: {("curiosity", "navcam"): _navcam_of_msl("msl")},
    Layout.V0_6: {
        ("curiosity", "navcam"): _navcam_of_msl("msl/ncam"),
        ("curiosity", "mastcam"): _MASTCAM,
        ("spirit", "navcam"): _MER,
        ("opportunity", "navcam"): _MER,
        ("perseverance", "navcam"): _M2020,
    },
}


def root(version: str) -> str:
    """Return the name of the folder of a release."""
    return f"ai4mars-dataset-merged-{version}"


def camera_paths(layout: str, rover: str, camera: str) -> CameraPaths | None:
    """Return the folders of a camera such as "navcam-left" in a layout, or None."""
    return CAMERA_PATHS[layout].get((rover, family_of(camera)))


def family_of(camera: str) -> str:
    """Return a camera without its eye: "navcam" for "navcam-left"."""
    return camera.removesuffix("-left").removesuffix("-right")


def paths(
    camera: CameraPaths, stem: str, *, is_gold: bool, labelers: int | None
) -> dict[str, list[str]]:
    """Return all paths of a frame and its files in the tree, by kind.

    Args:
        camera: The folders and file names of its camera.
        stem: The file name of the image, see `product_ids.file_stem`.
        is_gold: Whether the image is in the gold set.
        labelers: The number of labelers of the crowd's mask; None if unknown.

    Returns:
        Paths by "frame", "rover_mask" and "range_mask" (if the layout has them), and "train" or
        "gold-min1" to "gold-min3".
    """
    frames = (*camera.frames, *(camera.gold_frames if is_gold else ()))
    found = {"frame": [frame.format(id=stem) for frame in frames]}
    for key, folder, product_type in camera.masks:
        found[key] = [f"{folder}/{of_type(stem, product_type)}.png"]
    if is_gold:
        for minimum, variant in enumerate(GOLD_VARIANTS, start=1):
            found[variant] = [camera.gold.format(min=minimum, id=stem)]
    else:
        count = "" if labelers is None else labelers
        found["train"] = [camera.train.format(id=stem, n=count)]
    return found
