"""Export of orthographic views of images and labels, and of tiles by range (paper 4.2).

    DIR/geometry/<ID>.json           the position of the view on the ground, and the tiles
    DIR/images/<ID>.png              the frame, 8-bit grayscale, 0 where not visible
    DIR/labels/<variant>/<ID>.png    class codes, 255 where not visible or not labeled
    DIR/tiles/<ID>/<NNN>.png         tiles cut out of the frame; labels/ beside them

An image's geometry is written last, with a checksum of its inputs. So an export that was killed
continues where it stopped, and only changed images are written again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.annotation.services import postprocessing
from labeling.images.ingest.product_ids import file_stem
from labeling.images.ingest.products import NOMINAL_CAMERAS, Refused
from labeling.images.ingest.rasters import decode_gray
from labeling.images.preparation.pictures import png_bytes, read_gray, read_mask, read_range_png
from labeling.models import Image
from merging.formats.tree.tree_files import Tree, Unreadable
from merging.masks.services import merges
from terrain.camera import LEVEL_UP, CameraModel, Vector
from terrain.display.reduced_range import meters
from terrain.masks import NO_LABEL
from terrain.postprocess import Mask
from terrain.projection.orthographic import (
    Grid,
    GroundFrame,
    NoGround,
    Sources,
    ground_frame,
    mask_sources,
    sources_on_plane,
    sources_over_range,
    view_from_above,
)
from terrain.projection.tiles import Tile, ranges_of_rows, ranges_on_plane, tiles_by_range

#: Version of the files. Increase it to write files of earlier code again.
FORMAT = 1

WRITTEN, PRESENT, SKIPPED = "written", "present", "skipped"


class Skipped(Exception):
    """An image without an orthographic view. The message says why."""


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """What to export.

    Attributes:
        grid: The ground grid of a view.
        tile_m: The length of a tile, meters.
        limit_m: The maximum distance of a tile, meters.
        cut_tiles: Whether to write the tiles as files.
    """

    grid: Grid
    tile_m: float
    limit_m: float
    cut_tiles: bool


@dataclass(frozen=True, slots=True)
class Job:
    """One image to export, small enough to send to another process.

    Attributes:
        image_id: The image.
        out: The folder to write to.
        settings: What to export.
        released: A release and its files to take labels from, by variant; None for the present
            labels.
    """

    image_id: int
    out: Path
    settings: ViewSettings
    released: tuple[Tree, Mapping[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome for one image. `reason` says why it was skipped."""

    product_id: str
    status: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Ground:
    """The ground that an image shows. `range_m` is None for a plane."""

    camera: CameraModel
    frame: GroundFrame
    up: Vector
    ground_z: float
    range_m: npt.NDArray[np.float32] | None = field(repr=False)

    @property
    def name(self) -> str:
        """The kind of the ground: "plane" or "range map"."""
        return "plane" if self.range_m is None else "range map"

    def sources(self, grid: Grid, shape: tuple[int, int]) -> Sources:
        """Return the source pixels of each cell of the grid."""
        if self.range_m is None:
            return sources_on_plane(self.camera, self.frame, grid, shape)
        return sources_over_range(self.camera, self.frame, grid, shape, self.range_m)

    def ranges(self, shape: tuple[int, int]) -> npt.NDArray[np.float64]:
        """Return the range of each image row, meters."""
        if self.range_m is None:
            return ranges_on_plane(self.camera, shape, self.ground_z, self.up)
        return ranges_of_rows(self.range_m, shape[0])


def export_image(job: Job) -> Outcome:
    """Write the files of one image, unless they exist and were made from the same inputs."""
    image = Image.objects.select_related("campaign").get(pk=job.image_id)
    try:
        ground = _ground_of(image)
        masks = _masks_of(image, job.released)
    except (Skipped, NoGround) as reason:
        return Outcome(image.product_id, SKIPPED, str(reason))
    inputs = _inputs_hash(image, masks, job.settings)
    geometry = job.out / "geometry" / f"{file_stem(image.product_id)}.json"
    if _is_complete(geometry, job.out, inputs):
        return Outcome(image.product_id, PRESENT)
    geometry.unlink(missing_ok=True)
    files, tiles = _write_pictures(image, ground, masks, job)
    document = _document(image, ground, job.settings, tiles)
    document |= {"files": files, "inputs": inputs}
    _write(geometry, (json.dumps(document, indent=1) + "\n").encode())
    return Outcome(image.product_id, WRITTEN)


def _ground_of(image: Image) -> _Ground:
    """Return the ground from measured ranges, or else the plane under the rover's wheels."""
    if not image.camera_model:
        raise Skipped("The image has no camera model, so the ground in its pixels is unknown.")
    camera = CameraModel.from_json(image.camera_model)
    nominal = NOMINAL_CAMERAS.get((image.rover, image.camera.removesuffix(f"-{image.eye}")))
    if nominal is None:
        raise Skipped(
            f"The height of {image.camera or 'this camera'} on {image.rover or 'its rover'} is "
            "unknown, so the position of the ground is unknown."
        )
    up: Vector = tuple(image.details.get("up") or LEVEL_UP)
    range_m = None
    if image.range_map and image.range_map_source == Image.RangeSource.PRODUCT:
        with image.range_map.open("rb") as file:
            range_m = meters(read_range_png(file))
    frame = ground_frame(camera, nominal.ground_z, up)
    return _Ground(camera, frame, up, nominal.ground_z, range_m)


def _masks_of(image: Image, released: tuple[Tree, Mapping[str, str]] | None) -> dict[str, Mask]:
    """Return the image's masks by variant, from a release or as currently merged."""
    masks = {}
    if released is not None:
        tree, names = released
        size = (image.width, image.height)
        for variant, name in names.items():
            try:
                masks[variant] = decode_gray(tree.read(name), name, "PNG", size)
            except (Refused, Unreadable) as error:
                raise Skipped(str(error)) from error
    elif merges.mergeable(image.campaign).filter(pk=image.pk).exists():
        for variant, merged in merges.merge_image(image.pk).items():
            with merged.mask.open("rb") as file:
                masks[variant] = read_mask(file)
    return masks


def _inputs_hash(image: Image, masks: Mapping[str, Mask], settings: ViewSettings) -> str:
    """Return the SHA-256 of everything that determines the files."""
    inputs = {
        "format": FORMAT,
        "image": [image.content_sha256, image.camera_model, image.details.get("up")],
        "files": [image.original.name, image.range_map.name],
        "masks": [image.rover_mask.name, image.range_mask.name],
        "labels": {name: hashlib.sha256(mask.data).hexdigest() for name, mask in masks.items()},
        "wanted": asdict(settings),
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _is_complete(geometry: Path, out: Path, inputs: str) -> bool:
    if not geometry.is_file():
        return False
    try:
        written = json.loads(geometry.read_bytes())
        same = written["inputs"] == inputs
        return same and all((out / name).is_file() for name in written["files"])
    except (ValueError, KeyError, TypeError):
        # Incomplete, or from another program: it is written again.
        return False


def _write_pictures(
    image: Image, ground: _Ground, masks: Mapping[str, Mask], job: Job
) -> tuple[list[str], list[Tile]]:
    """Write the view, the views of the labels, and the tiles.

    Return the names of the files, and the tiles.
    """
    shape, name = (image.height, image.width), file_stem(image.product_id)
    with image.original.open("rb") as file:
        frame = read_gray(file)
    removed = postprocessing.removed_pixels(image)
    sources = mask_sources(ground.sources(job.settings.grid, shape), removed)
    pictures = {f"images/{name}.png": view_from_above(frame, sources, 0)}
    for variant, mask in masks.items():
        pictures[f"labels/{variant}/{name}.png"] = view_from_above(mask, sources, NO_LABEL)
    tiles = tiles_by_range(
        ground.ranges(shape),
        image.width,
        ground.camera.focal_length_px,
        ground.frame.height,
        job.settings.tile_m,
        job.settings.limit_m,
    )
    shutil.rmtree(job.out / "tiles" / name, ignore_errors=True)
    if job.settings.cut_tiles:
        for number, tile in enumerate(tiles):
            window = slice(tile.top, tile.bottom), slice(tile.left, tile.right)
            pictures[f"tiles/{name}/{number:03d}.png"] = frame[window]
            for variant, mask in masks.items():
                pictures[f"tiles/{name}/labels/{variant}/{number:03d}.png"] = mask[window]
    for path, picture in pictures.items():
        _write(job.out / path, png_bytes(np.ascontiguousarray(picture)))
    return list(pictures), tiles


def _document(
    image: Image, ground: _Ground, settings: ViewSettings, tiles: list[Tile]
) -> dict[str, Any]:
    """Return the geometry, which relates pixels of the view to the ground and to a map."""
    grid, frame = settings.grid, ground.frame
    rows, columns = grid.shape
    return {
        "product_id": image.product_id,
        "rows": rows,
        "columns": columns,
        "meters_per_pixel": grid.meters_per_pixel,
        "world_file": list(grid.world_file()),
        "ground": ground.name,
        "frame": {
            "name": image.details.get("camera_frame", ""),
            "foot": list(frame.foot),
            "ahead": list(frame.ahead),
            "right": list(frame.right),
            "up": list(frame.up),
            "camera_height_m": frame.height,
        },
        "pose": image.details.get("pose"),
        "site": image.site,
        "drive": image.drive,
        "nothing_seen": {"image": 0, "label": NO_LABEL},
        "tile_m": settings.tile_m,
        "tiles": [asdict(tile) for tile in tiles],
    }


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
