"""A PDS image: fetches its files, and reads its label at once and its pixels on demand."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from labeling.images.ingest.pds import pds3, pds4
from labeling.images.ingest.pds.labels import ImageLabel, as_image, check_byte_order, check_size
from labeling.images.ingest.places import Place
from labeling.images.ingest.product_ids import parse_product_id
from labeling.images.ingest.products import Refused

if TYPE_CHECKING:
    import pdr

IMAGE_SUFFIX = ".img"
# A PDS3 label is preferred to a PDS4 one, which was added to older archives later
LABEL_SUFFIXES = (".lbl", ".xml")


@dataclass(frozen=True, slots=True, eq=False)
class PdsImage:
    """An .IMG with its label."""

    path: Path
    label: ImageLabel
    data: pdr.Data
    identifier: str

    def array(self) -> npt.NDArray[Any]:
        """Return the pixels, (H, W) or (H, W, bands). Raise Refused if some are missing."""
        label, path = self.label, self.path
        if label.data_file and label.data_file.lower() != path.name.lower():
            raise Refused(f"The label of {path.name} describes another file, {label.data_file}.")
        check_size(label, path)
        pixels: object = None
        with warnings.catch_warnings():
            # pdr warns if it cannot load; that is refused below
            warnings.filterwarnings("ignore", category=UserWarning, module=r"pdr\b")
            with contextlib.suppress(Exception):  # foreign files: any failure means unreadable
                self.data.load(self.identifier)
                pixels = self.data[self.identifier]
        image = as_image(pixels, label, path)
        check_byte_order(image, label, path)
        return image

    @property
    def geometry(self) -> str:
        """Return the geometry from the label, or from the camera model's type or the name."""
        if self.label.geometry:
            return self.label.geometry
        if self.label.camera_model is not None:
            return "linearised" if self.label.camera_model.model_type == "CAHV" else "raw"
        parts = parse_product_id(self.path.stem)
        return "linearised" if parts is not None and parts.is_linearised else "raw"


def labels_by_stem(names: list[str]) -> dict[str, str]:
    """Return the detached labels of a place by lower-case stem with folder."""
    found: dict[str, str] = {}
    for suffix in reversed(LABEL_SUFFIXES):
        found |= {stem_of(name): name for name in names if name.lower().endswith(suffix)}
    return found


def stem_of(name: str) -> str:
    """Return a name without its suffix in lower case, which all files of a product share."""
    return str(PurePosixPath(name).with_suffix("")).lower()


def open_image(place: Place, name: str, detached: Mapping[str, str]) -> PdsImage:
    """Open the image of a name in a place, with the label beside or inside. Raise Refused.

    `detached` are the place's labels, see `labels_by_stem`. Both files are fetched before either is
    read, because reading the label needs the data file.
    """
    path = place.fetch(name)
    label_name = detached.get(stem_of(name))
    label_path = place.fetch(label_name) if label_name is not None else None
    if not path.is_file():
        raise Refused(f"{path.name} does not exist.")
    if label_path is not None and label_path.suffix.lower() == ".xml":
        data, label, identifier = pds4.read(path, label_path)
        return PdsImage(path, label, data, identifier)
    data, label = pds3.read(path)
    return PdsImage(path, label, data, pds3.OBJECT)
