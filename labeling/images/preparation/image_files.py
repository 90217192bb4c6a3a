"""Making all the files of an image from a product, without storing anything.

An import calls `prepare` for each frame, so it must be fast, see `tests/bench`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from labeling.images.ingest.products import Product
from labeling.images.preparation.pictures import (
    COPY_QUALITY,
    DISPLAY_QUALITY,
    jpeg_bytes,
    png_bytes,
    range_png,
    sizes,
    thumbnail_bytes,
)
from terrain.camera import CameraModel
from terrain.display.display import display_image
from terrain.display.nominal_view import nominal_camera_model
from terrain.display.quality import Quality, measure_quality
from terrain.display.range_limit import cut_row_mask, estimated_cut_row, per_pixel_mask, rows_beyond
from terrain.display.reduced_range import estimated_reduced_range, reduce_range
from terrain.display.scale_bar import ScaleBar, ground_to_label, scale_bar, scale_bar_width

RangeRule = Literal["cut-row", "per-pixel"]
RangeSource = Literal["product", "released", "estimated", "none"]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Parameters:
    """A campaign's settings for preparing images.

    Attributes:
        range_limit_m: Farthest ground to label, meters.
        range_rule: How ground beyond it is cut off, see `preprocess.range_limit`.
        scale_bar_m: Length of the scale bar, meters; None for the value of the image's rover.
    """

    range_limit_m: float
    scale_bar_m: float | None = None
    range_rule: RangeRule = "cut-row"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The derived files of one image, and its measures.

    Attributes:
        original: JPEG, as released.
        display: JPEG of full size.
        thumbnail: JPEG.
        copies: The smaller display images, JPEG, by width in pixels.
        range_map: The reduced range as `pictures.range_png`; None if not known.
        range_mask, rover_mask: PNG, 1 = beyond the limit, 1 = rover; None if not known.
        range_source: The source of the range mask.
        range_map_source: The source of the range map: "product", "estimated" or "none".
        estimated_camera: The camera model of the estimate, if the frame has none of its own.
    """

    original: bytes
    display: bytes
    thumbnail: bytes
    copies: dict[int, bytes]
    range_map: bytes | None
    range_mask: bytes | None
    rover_mask: bytes | None
    range_source: RangeSource
    range_map_source: RangeSource
    scale_bar: ScaleBar | None
    quality: Quality
    estimated_camera: CameraModel | None = None


def prepare(product: Product, parameters: Parameters) -> Prepared:
    """Make all derived files of a product (paper 3, 3.1.1)."""
    beyond, range_source = beyond_limit(product, parameters)
    estimated_camera = camera_of_mask(product, parameters)
    range_map, range_map_source = range_map_of(product, estimated_camera)
    bar = make_scale_bar(product, parameters, beyond)
    shown = display_image(product.pixels, beyond, product.rover_mask, bar)
    smaller = sizes(shown)
    smallest = next(iter(smaller.values()), shown)
    return Prepared(
        original=product.original_jpeg,
        display=jpeg_bytes(shown, DISPLAY_QUALITY),
        thumbnail=thumbnail_bytes(smallest),
        copies={width: jpeg_bytes(copy, COPY_QUALITY) for width, copy in smaller.items()},
        range_map=None if range_map is None else range_png(range_map),
        range_mask=_mask_png(product, "range_mask", beyond),
        rover_mask=_mask_png(product, "rover_mask", product.rover_mask),
        range_source=range_source,
        range_map_source=range_map_source,
        scale_bar=bar,
        quality=measure_quality(product.linear, product.rover_mask, beyond),
        estimated_camera=estimated_camera,
    )


def _mask_png(product: Product, name: str, mask: Mask | None) -> bytes | None:
    """Return the PNG of a mask: the delivered file itself if it is usable, else a new one."""
    if mask is None:
        return None
    return product.mask_pngs.get(name) or png_bytes(mask)


def beyond_limit(product: Product, parameters: Parameters) -> tuple[Mask | None, RangeSource]:
    """Return the pixels beyond the range limit, bool (H, W), and their source.

    The first available of: a delivered mask, the range product, and flat ground computed from the
    camera model and the known height of the camera. The last is marked as an estimate. A range
    product without a single range is ignored.
    """
    if product.range_mask is not None:
        return product.range_mask, "released"
    limit = parameters.range_limit_m
    if product.range_m is not None and (product.range_m > 0.0).any():
        rule = per_pixel_mask if parameters.range_rule == "per-pixel" else cut_row_mask
        return rule(product.range_m, limit), "product"
    camera, nominal = product.camera_model, product.nominal
    if camera is not None and nominal is not None:
        height, width = product.height, product.width
        cut = estimated_cut_row(camera, height, width, limit, nominal.ground_z, product.up)
        return rows_beyond(cut, height, width), "estimated"
    return None, "none"


def camera_of_mask(product: Product, parameters: Parameters) -> CameraModel | None:
    """Estimate the camera model of a frame without one from its delivered range mask.

    The row where the mask ends is at the range limit, and the design of the camera is known. None
    without such a mask or design, or if all of the frame is within the limit or beyond it.
    """
    if product.camera_model is not None or product.range_mask is None or product.nominal is None:
        return None
    return nominal_camera_model(
        product.nominal,
        product.height,
        product.width,
        rows_masked(product.range_mask),
        parameters.range_limit_m,
    )


def rows_masked(mask: Mask) -> int:
    """Return how many rows from the top are masked as a whole."""
    whole = mask.all(axis=1)
    return mask.shape[0] if whole.all() else int(np.argmin(whole))


def range_map_of(
    product: Product, estimated_camera: CameraModel | None = None
) -> tuple[npt.NDArray[np.uint16] | None, RangeSource]:
    """Return the reduced range of a frame and its source: "product", "estimated" or "none".

    `estimated_camera` replaces a missing camera model.
    """
    if product.range_m is not None and (product.range_m > 0.0).any():
        return reduce_range(product.range_m), "product"
    camera, nominal = product.camera_model or estimated_camera, product.nominal
    if camera is not None and nominal is not None:
        height, width = product.height, product.width
        reduced = estimated_reduced_range(camera, height, width, nominal.ground_z, product.up)
        return reduced, "estimated"
    return None, "none"


def make_scale_bar(
    product: Product, parameters: Parameters, beyond: Mask | None
) -> ScaleBar | None:
    """Return the scale bar, on ground to be labeled.

    None if no range is known, or no ground has room for it.
    """
    cut = None
    if beyond is not None:
        cut = rows_masked(beyond)
        if cut == product.height:
            return None
    return scale_bar(
        parameters.scale_bar_m or scale_bar_width(product.rover),
        product.height,
        product.width,
        product.nominal,
        limit_m=parameters.range_limit_m,
        camera=product.camera_model,
        up=product.up,
        range_m=product.range_m,
        cut=cut,
        ground=ground_to_label(
            product.height,
            product.width,
            limit_m=parameters.range_limit_m,
            rover=product.rover_mask,
            beyond=beyond,
            range_m=product.range_m,
        ),
    )
