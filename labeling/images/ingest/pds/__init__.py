"""PDS products of the rovers' cameras, read through `pdr`: a source of frames.

PDS3: Curiosity's NAVCAM (EDR, and radiometric or linearised RDR) and Mastcam; Spirit's and
Opportunity's NAVCAM (EFF, FFL, ILF, RAD, RSL and their kin). PDS4: Perseverance's Navcam and
Mastcam-Z. The label is beside the .IMG (.LBL or .xml, in either letter case) or inside it.

The 8-bit form of a frame is the upper 8 of the bits that SAMPLE_BIT_MASK names: DN >> 4 for the 12
bits of EDR, EFF, FFL, ILF and RSL, DN >> 7 for the 15 of RAD, whose radiances are scaled to their
own full scale, and the value itself for 8 bits. So a RAD frame looks darker than the EFF of the
same moment; its display image, which is stretched, does not.
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
    """The PDS products of a place. names: the .IMG files that may be frames.

    is_whole: whether the whole place is imported, and not only these.
    """

    place: Place
    names: tuple[str, ...]
    companions: Companions
    is_whole: bool = True

    @classmethod
    def find(cls, place: Place, only: str | None = None) -> PdsProducts | None:
        """The products of a place, or None when there are none.

        only: the name of one .IMG, or of its label, when nothing else is to be taken; companions
        are found beside it all the same.
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
        """The preset for the rovers that the products' names tell; Curiosity's when none does."""
        parts = (parse_product_id(PurePosixPath(name).stem) for name in self.names)
        return preset_of({each.rover for each in parts if each is not None})

    def candidates(self) -> list[Candidate]:
        """Every .IMG but companions, sorted by product id; nothing is opened.

        A label or a picture without its .IMG is no product, see `unused`. Of several versions of a
        product the newest comes first.
        """
        newest_first = sorted(self.names, reverse=True)
        found = [Candidate(without_version(PurePosixPath(n).stem), n) for n in newest_first]
        return sorted(found, key=lambda candidate: candidate.product_id)

    def unused(self) -> list[Unused]:
        """What is no frame, no label of one, and no companion of a frame's exposure."""
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
        """Read a frame, its label and its companions. Raises Refused when it is no whole frame of
        a camera that is taken. allow: see `products.Source`.
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
    """The label's word for the product, if it is one; else what its file is called.

    Where they differ in letter case only, as those of Spirit and Opportunity do, it is the file's:
    so are frames and masks of the released dataset named.
    """
    named = without_version(label.product_id)
    if parse_product_id(named) is None or named.upper() == candidate.product_id.upper():
        return candidate.product_id
    return named


def _why_unused(name: str, stems: Collection[str]) -> str:
    if is_picture(name):
        return (
            "It is a picture in a folder of PDS products, of which the .IMG files are imported. "
            "Import a folder of pictures alone to take it."
        )
    if stem_of(name) in stems and name.lower().endswith(LABEL_SUFFIXES):
        return "The product has another label, which is read."
    return why_unused(name)


def _pixels(image: npt.NDArray[Any], name: str) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """Data numbers as uint8 or uint16, negative ones as 0. Raises Refused for fractions."""
    if not np.issubdtype(image.dtype, np.integer):
        raise Refused(f"The pixels of {name} are not the integers of a camera frame.")
    return data_numbers(image)
