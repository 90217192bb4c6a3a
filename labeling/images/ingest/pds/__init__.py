"""A source of PDS products of the rovers' cameras, read with `pdr`.

PDS3: Curiosity's NAVCAM (EDR, and radiometric or linearized RDR) and Mastcam; Spirit's and
Opportunity's NAVCAM (EFF, FFL, ILF, RAD, RSL and similar types). PDS4: Perseverance's Navcam and
Mastcam-Z. The label is beside the .IMG (.LBL or .xml, in either letter case) or inside it.

The 8-bit form of a frame is the upper 8 of the bits in SAMPLE_BIT_MASK: DN >> 4 for the 12 bits of
EDR, EFF, FFL, ILF and RSL, DN >> 7 for the 15 of RAD, whose radiances are scaled to their own full
scale, and the value itself for 8 bits. So a RAD frame looks darker than the EFF of the same moment;
its display image, which is stretched, does not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.images.ingest.leftovers import is_picture, why_unused
from labeling.images.ingest.pds.cameras import check_frame
from labeling.images.ingest.pds.companions import Companions, find_companions
from labeling.images.ingest.pds.images import (
    IMAGE_SUFFIX,
    LABEL_SUFFIXES,
    labels_by_stem,
    open_image,
    stem_of,
)
from labeling.images.ingest.pds.labels import ImageLabel
from labeling.images.ingest.places import Place
from labeling.images.ingest.product_ids import parse_product_id, without_version
from labeling.images.ingest.products import Candidate, Product, Refused, Unused, preset_of
from labeling.images.ingest.rasters import GRAY_JPEG_QUALITY, checksum, read_bytes
from labeling.images.preparation.pictures import jpeg_bytes
from terrain.display.tone import data_numbers, linear


@dataclass(frozen=True, slots=True)
class PdsProducts:
    """The PDS products of a place. `names` are the .IMG files that may be frames.

    `is_whole` says whether the whole place is imported, not only these.
    """

    place: Place
    names: tuple[str, ...]
    companions: Companions
    is_whole: bool = True

    @classmethod
    def find(cls, place: Place, only: str | None = None) -> PdsProducts | None:
        """Return the products of a place; None if there are none.

        `only` is the name of one .IMG, or of its label, to import alone, with companions beside it.
        """
        files = place.names()
        images = [name for name in files if name.lower().endswith(IMAGE_SUFFIX)]
        companions, frames = find_companions(place, images, labels_by_stem(files))
        if only is not None:
            if not only.lower().endswith((IMAGE_SUFFIX, *LABEL_SUFFIXES)):
                return None
            frames = [name for name in images if stem_of(name) == stem_of(only)]
        return cls(place, tuple(frames), companions, only is None) if frames else None

    @property
    def preset(self) -> str:
        """Return the preset for the rovers in the products' names; by default Curiosity's."""
        parts = (parse_product_id(PurePosixPath(name).stem) for name in self.names)
        return preset_of({each.rover for each in parts if each is not None})

    def candidates(self) -> list[Candidate]:
        """Return every .IMG except companions, sorted by product id; no file is opened.

        A label or an image file without its .IMG is not a product, see `unused`. The newest version
        of a product comes first.
        """
        newest_first = sorted(self.names, reverse=True)
        found = [Candidate(without_version(PurePosixPath(n).stem), n) for n in newest_first]
        return sorted(found, key=lambda candidate: candidate.product_id)

    def unused(self) -> list[Unused]:
        """Return all files that are not a frame, a frame's label or a frame's companion."""
        if not self.is_whole:
            return []
        files = self.place.names()
        stems = {stem_of(name) for name in files if name.lower().endswith(IMAGE_SUFFIX)}
        labels = {name for stem, name in self.companions.detached.items() if stem in stems}
        taken = set(self.names) | labels | self.companions.of_frames(self.names)
        others = [Unused(name, _why_unused(name, stems)) for name in files if name not in taken]
        return self.place.left_out() + others

    def checksum(self, candidate: Candidate) -> str:
        return checksum(self.place.fetch(candidate.name))

    def load(self, candidate: Candidate, allow: Collection[str] = frozenset()) -> Product:
        """Read a frame, its label and its companions; `allow` is as in `products.Source`.

        Raises Refused if it is not a full frame of an accepted camera.
        """
        image = open_image(self.place, candidate.name, self.companions.detached)
        label, path = image.label, image.path
        rover, camera, eye = check_frame(label, path.name, allow)
        pixels = _pixels(image.array(), path.name)
        frame = linear(pixels, label.significant_bits)
        notes: list[str] = []
        return Product(
            product_id=_product_id(label, candidate),
            rover=rover,
            camera=camera,
            eye=eye,
            sol=label.sol,
            start_time=label.start_time,
            site=label.motion_counter.get("SITE"),
            drive=label.motion_counter.get("DRIVE"),
            sequence=label.sequence,
            linear=frame,
            original_jpeg=jpeg_bytes(frame, GRAY_JPEG_QUALITY),
            pixels=pixels,
            source_path=candidate.name,
            source_sha256=hashlib.sha256(read_bytes(path)).hexdigest(),
            camera_model=label.camera_model,
            up=label.up,
            rover_mask=self.companions.rover_mask_of(candidate.name, image, notes),
            range_m=self.companions.range_of(candidate.name, image, notes),
            spacecraft_clock=label.spacecraft_clock,
            local_true_solar_time=label.local_true_solar_time,
            motion_counter=label.motion_counter,
            camera_frame=label.camera_frame,
            pose=label.pose,
            pointing=label.pointing,
            field_of_view=label.field_of_view,
            geometry=label.geometry,
            notes=tuple(notes),
        )


def _product_id(label: ImageLabel, candidate: Candidate) -> str:
    """Return the product id of the label if it has one, or else of the file name.

    If they differ in case only, as for Spirit and Opportunity, the file name is used: the released
    dataset names its frames and masks so.
    """
    named = without_version(label.product_id)
    if parse_product_id(named) is None or named.upper() == candidate.product_id.upper():
        return candidate.product_id
    return named


def _why_unused(name: str, stems: Collection[str]) -> str:
    if is_picture(name):
        return (
            "It is a picture in a folder of PDS products, of which only the .IMG files are "
            "imported. Import a folder of pictures separately."
        )
    if stem_of(name) in stems and name.lower().endswith(LABEL_SUFFIXES):
        return "The product has another label, which is used."
    return why_unused(name)


def _pixels(image: npt.NDArray[Any], name: str) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """Return data numbers as uint8 or uint16, negative ones as 0. Raise Refused for fractions."""
    if not np.issubdtype(image.dtype, np.integer):
        raise Refused(f"The pixels of {name} are not integers, as those of a camera frame are.")
    return data_numbers(image)
