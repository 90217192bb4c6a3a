"""The released AI4Mars tree: JPEG frames, some with rover masks and 30 m masks.

    msl/ncam/images/edr/<ID>.JPG                      Curiosity's NAVCAM; in release 0.1 msl/images
    msl/ncam/images/mxy/<ID, EDR -> MXY>.png          1 = rover
    msl/ncam/images/rng-30m/<ID, EDR -> RNG>.png      1 = beyond 30 m
    msl/mcam/images/<ID>.JPG                          Mastcam, in color, without masks
    mer/images/eff/<id>.JPG                           Spirit and Opportunity; masks MRL and RNL
    mer/images/test/<id>.JPG                          gold images, a second time
    m2020/images/ncam/<ID>.jpeg                       Perseverance

The product id gives all metadata except the time; the sol only for Mastcam and Perseverance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt

from labeling.images.ingest.leftovers import MASK, is_in_mask_folder, why_unused
from labeling.images.ingest.places import Place
from labeling.images.ingest.product_ids import (
    RANGE_TYPES,
    ROVER_MASK_TYPES,
    XYZ_TYPES,
    ProductId,
    of_type,
    parse_product_id,
    with_type,
)
from labeling.images.ingest.products import (
    MSL_PRESET,
    Candidate,
    Product,
    Refused,
    Unused,
    preset_of,
)
from labeling.images.ingest.rasters import (
    checksum,
    decode_frame,
    decode_gray,
    is_bare_gray_png,
    read_bytes,
)

# (mask, True = masked; the PNG itself if it has our format); (None, None) without a mask
DeliveredMask = tuple[npt.NDArray[np.bool_] | None, bytes | None]

_JPEG_SUFFIXES = (".jpg", ".jpeg")
_MER_ROVERS = frozenset({"opportunity", "spirit"})
_NO_FRAMES = RANGE_TYPES | XYZ_TYPES | ROVER_MASK_TYPES


@dataclass(frozen=True, slots=True)
class _Layout:
    """One kind of frame in the release.

    Attributes:
        folder: The last parts of its folder's path.
        title: Its name in error messages.
        rovers, family: Those of its product ids.
        released_type: Product type of the frames in the released dataset; releases of this site
            have other types in the same folder.
        rover_masks, range_masks: (sibling folder, product type in the name) of the masks.
    """

    folder: tuple[str, ...]
    title: str
    rovers: frozenset[str]
    family: str
    released_type: str = ""
    takes_color: bool = True
    rover_masks: tuple[tuple[str, str], ...] = ()
    range_masks: tuple[tuple[str, str], ...] = ()

    def holds(self, parts: ProductId | None) -> bool:
        """Return whether the parts of a product id belong to this kind of frame."""
        return (
            parts is not None
            and parts.rover in self.rovers
            and parts.family == self.family
            and parts.product_type not in _NO_FRAMES
        )


_EDR = _Layout(
    folder=("images", "edr"),
    title="a NAVCAM EDR or RDR product",
    rovers=frozenset({"curiosity"}),
    family="navcam",
    released_type="EDR",
    takes_color=False,
    rover_masks=(("mxy", "MXY"),),
    range_masks=(("rng-30m", "RNG"),),
)
_EFF = _Layout(
    folder=("images", "eff"),
    title="a NAVCAM frame (EFF, FFL, ILF ...) of Spirit or Opportunity",
    rovers=_MER_ROVERS,
    family="navcam",
    released_type="EFF",
    takes_color=False,
    rover_masks=(("mrl", "MRL"), ("mxy", "MXY"), ("mxy", "MRL")),
    range_masks=(("rnl-30m", "RNL"), ("rng-30m", "RNG"), ("rng-30m", "RNL")),
)
_GOLD = replace(_EFF, folder=("images", "test"))
_MCAM = _Layout(
    folder=("mcam", "images"),
    title="a Mastcam product",
    rovers=frozenset({"curiosity"}),
    family="mastcam",
)
_M2020 = _Layout(
    folder=("images", "ncam"),
    title="a Mars 2020 NAVCAM product",
    rovers=frozenset({"perseverance"}),
    family="navcam",
)
_LAYOUTS = (_EDR, _EFF, _GOLD, _MCAM, _M2020)
_MASK_FOLDERS = frozenset(
    folder for layout in _LAYOUTS for folder, _ in (*layout.rover_masks, *layout.range_masks)
)


class Ai4MarsTree:
    """A source of released frames; see the module's docstring for its layout.

    `above` are the names of the folders above the place, since the place itself may be a folder of
    frames. `within` is a prefix of the names to list, "" for all; masks may be elsewhere.
    """

    def __init__(self, place: Place, above: tuple[str, ...] = (), within: str = "") -> None:
        self.place = place
        self.above = above
        self.within = within
        self.preset = MSL_PRESET
        self.mask_folders: frozenset[str] = frozenset()

    @classmethod
    def find(
        cls, place: Place, above: tuple[str, ...] = (), within: str = ""
    ) -> Ai4MarsTree | None:
        """Return the tree in a place; None if no folder has the name and the frames of such a tree.

        `images/edr` alone is enough. The other folder names are common, so their frames must also
        be named like those of a rover.
        """
        names = place.names()
        tree = cls(place, above[-2:], within)
        tree.mask_folders = _mask_folders(names)
        found = [(layout, name) for name in names if (layout := tree._listed_layout_of(name))]
        known = [(layout, name) for layout, name in found if layout.holds(_parts(name))]
        if not known and not any(layout is _EDR for layout, _ in found):
            return None
        parts = (_parts(name) for _, name in known)
        tree.preset = preset_of({each.rover for each in parts if each is not None})
        return tree

    def candidates(self) -> list[Candidate]:
        """Return every JPEG of the frame folders, sorted by product id, without opening files.

        Gold MER frames are listed once, although the release has them twice.
        """
        found = [(self._listed_layout_of(name), name) for name in self.place.names()]
        trained = {_file(name) for layout, name in found if layout is _EFF}
        return sorted(
            (
                Candidate(_stem(name), name)
                for layout, name in found
                if layout is not None and not (layout is _GOLD and _file(name) in trained)
            ),
            key=lambda candidate: (candidate.product_id, candidate.name),
        )

    def unused(self) -> list[Unused]:
        """Return all files that are neither a frame nor a frame's mask."""
        listed = {candidate.name for candidate in self.candidates()}
        masks = {path for name in listed for path in self._mask_paths(name)}
        names = [name for name in self.place.names() if name.startswith(self.within)]
        others = [
            Unused(name, self._why_unused(name))
            for name in names
            if name not in listed and name not in masks
        ]
        left_out = [each for each in self.place.left_out() if each.name.startswith(self.within)]
        return left_out + others

    def _why_unused(self, name: str) -> str:
        if self._layout_of(name) is _GOLD:
            return "It is the same frame as the one with this name in images/eff."
        if name.rpartition("/")[0].rpartition("/")[2] in self.mask_folders:
            return "It is a mask of a frame that does not exist here."
        if name.lower().endswith(".png") and is_in_mask_folder(name, self.above):
            return MASK
        if name.lower().endswith(_JPEG_SUFFIXES):
            return "It is in no folder of frames of the released tree, such as images/edr."
        if name.lower().endswith((".img", ".lbl", ".xml")):
            return "It belongs to a PDS product. Import its folder separately."
        return why_unused(name)

    def checksum(self, candidate: Candidate) -> str:
        return checksum(self.place.fetch(candidate.name))

    def load(self, candidate: Candidate, allow: Collection[str] = frozenset()) -> Product:
        """Read a frame and its masks. Raise Refused, which names the faulty file.

        `allow` is as in `products.Source`; the release has no such cameras.
        """
        file = _file(candidate.name)
        layout = self._layout_of(candidate.name)
        parts = parse_product_id(candidate.product_id)
        if layout is None or parts is None or not layout.holds(parts):
            expected = "a frame of the release" if layout is None else layout.title
            raise Refused(f"{file} is not named like {expected}.")
        if not parts.is_full_frame:
            raise Refused(f"{file} is downsampled or cropped; only full frames are imported.")
        content = read_bytes(self.place.fetch(candidate.name))
        frame = decode_frame(content, file, ("JPEG",), layout.takes_color)
        size = (frame.linear.shape[1], frame.linear.shape[0])
        rover, rover_png = self._mask(candidate.name, layout.rover_masks, size)
        beyond, beyond_png = self._mask(candidate.name, layout.range_masks, size)
        delivered = {"rover_mask": rover_png, "range_mask": beyond_png}
        return Product(
            product_id=candidate.product_id,
            rover=parts.rover,
            camera=parts.camera,
            eye=parts.eye,
            sol=parts.sol,
            start_time=None,
            site=parts.site,
            drive=parts.drive,
            sequence=parts.sequence,
            linear=frame.linear,
            original_jpeg=frame.jpeg,
            pixels=frame.pixels,
            source_path=candidate.name,
            source_sha256=hashlib.sha256(content).hexdigest(),
            rover_mask=rover,
            range_mask=beyond,
            mask_pngs={name: png for name, png in delivered.items() if png is not None},
            geometry="linearised" if parts.is_linearised else "raw",
        )

    def _listed_layout_of(self, name: str) -> _Layout | None:
        return self._layout_of(name) if name.startswith(self.within) else None

    def _layout_of(self, name: str) -> _Layout | None:
        """Return the kind of frame of a file, by its folder; None for all other files."""
        if not name.lower().endswith(_JPEG_SUFFIXES):
            return None
        return _layout_of_folder(self.above, name.rpartition("/")[0])

    def _mask(
        self, frame: str, places: tuple[tuple[str, str], ...], size: tuple[int, int]
    ) -> DeliveredMask:
        """Return the mask of a frame; (None, None) if there is no file."""
        for name in self._mask_names(frame, places):
            path = self.place.find(name)
            if path is not None:
                return _read_mask(path, size)
        return None, None

    def _mask_names(self, frame: str, places: tuple[tuple[str, str], ...]) -> Iterator[str]:
        """Yield the possible names of a frame's mask, the best first."""
        images = PurePosixPath(frame).parent.parent
        for folder, product_type in places:
            if folder in self.mask_folders:
                for stem in self._mask_stems(frame, product_type):
                    yield (images / folder / f"{stem}.png").as_posix()

    def _mask_stems(self, frame: str, product_type: str) -> Iterator[str]:
        """Yield the possible names of a frame's mask without suffix.

        In earlier releases of this site, masks were named as those of an EFF for all types of
        frames. Such a mask belongs to the EFF, if there is one.
        """
        layout, product_id = self._layout_of(frame), _stem(frame)
        yield (own := of_type(product_id, product_type))
        if layout is not None and layout.released_type and own == product_id:
            released = with_type(product_id, layout.released_type)
            if self.place.find(str(PurePosixPath(frame).with_stem(released))) is None:
                yield with_type(product_id, product_type)

    def _mask_paths(self, frame: str) -> Iterator[str]:
        layout = self._layout_of(frame)
        if layout is not None and layout.holds(_parts(frame)):
            yield from self._mask_names(frame, layout.rover_masks)
            yield from self._mask_names(frame, layout.range_masks)


def is_frame_folder(parts: tuple[str, ...]) -> bool:
    """Return whether a path ends in a folder of frames that has mask folders beside it."""
    return any(layout.folder == parts[-2:] for layout in _LAYOUTS if layout.range_masks)


def _mask_folders(names: list[str]) -> frozenset[str]:
    folders = {name.rpartition("/")[0] for name in names}
    return _MASK_FOLDERS & {folder.rpartition("/")[2] for folder in folders}


@lru_cache(maxsize=64)
def _layout_of_folder(above: tuple[str, ...], folder: str) -> _Layout | None:
    end = (*above, *folder.split("/"))[-2:] if folder else above[-2:]
    return next((layout for layout in _LAYOUTS if layout.folder == end), None)


def _parts(name: str) -> ProductId | None:
    return parse_product_id(_stem(name))


def _file(name: str) -> str:
    return name.rpartition("/")[2]


def _stem(name: str) -> str:
    return _file(name).rpartition(".")[0]


def _read_mask(path: Path, size: tuple[int, int]) -> DeliveredMask:
    content = read_bytes(path)
    mask = decode_gray(content, path.name, "PNG", size)
    if mask.max() > 1:
        raise Refused(f"{path.name} has the value {mask.max()}; a mask has only 0 and 1.")
    return mask.astype(np.bool_), content if is_bare_gray_png(content) else None
