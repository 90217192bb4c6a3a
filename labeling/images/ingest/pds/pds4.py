"""PDS4 labels (XML) of Perseverance's cameras; `pdr` reads the pixels.

The dictionaries in use: pds (the array and its file), geom (camera model, frames, counters), img
(subframe, sampling), img_surface (camera, geometry, derived products), msn and msn_surface (sol,
clock, times, sequence), proc. Elements are found by their local names, whatever the versions of the
dictionaries. The structure was checked against a real label of a Navcam ECM product.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from labeling.images.ingest.pds import labels
from labeling.images.ingest.pds.labels import ROVER_FRAMES, ImageLabel
from labeling.images.ingest.products import Refused, RoverPose
from terrain.camera import CameraModel

if TYPE_CHECKING:
    import pdr

Element = ElementTree.Element

# Labels of this mission have about 200 kB
_MAX_LABEL_BYTES = 16_000_000

# (bytes of a value, whether it has a sign) of the data types of camera images and maps
_DATA_TYPES = {
    "UnsignedByte": (1, False),
    "SignedByte": (1, True),
    "UnsignedMSB2": (2, False),
    "UnsignedLSB2": (2, False),
    "SignedMSB2": (2, True),
    "SignedLSB2": (2, True),
    "UnsignedMSB4": (4, False),
    "SignedMSB4": (4, True),
    "IEEE754MSBSingle": (4, True),
    "IEEE754LSBSingle": (4, True),
}

_VECTORS = {
    "c": "Vector_Center",
    "a": "Vector_Axis",
    "h": "Vector_Horizontal",
    "v": "Vector_Vertical",
    "o": "Vector_Optical",
    "r": "Radial_Terms",
    "e": "Entrance_Terms",
}

_THUMBNAIL = "THUMBNAIL"


def read(path: Path, label_path: Path) -> tuple[pdr.Data, ImageLabel, str]:
    """Read the product of an .IMG and its .xml, without the pixels. Raise Refused.

    Returns the product, its label, and the name of the image in `pdr`.
    """
    import pdr

    root = _parse(label_path)
    label, identifier = _image_label(root, path)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module=r"pdr\b")
        try:
            data = pdr.read(str(label_path))
        except (
            Exception
        ) as error:  # a parser of foreign files: any failure means an unreadable label
            raise Refused(f"The label of {path.name} cannot be read: {error}.") from error
    return data, label, identifier


def _parse(path: Path) -> Element:
    if path.stat().st_size > _MAX_LABEL_BYTES:
        raise Refused(f"{path.name} is larger than any label.")
    content = path.read_bytes()
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        # entities can grow without bound or name other files; no PDS4 label has any
        raise Refused(f"{path.name} declares XML entities; no PDS4 label does.")
    try:
        return ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError) as error:
        raise Refused(f"The label {path.name} cannot be read: {error}.") from error


def _image_label(root: Element, path: Path) -> tuple[ImageLabel, str]:
    area, array = _array_of(root, path)
    shape, bits, signed = _layout(array, path)
    lidvid = _text(root, "Identification_Area", "logical_identifier")
    camera_parent = _find(root, "Camera_Model_Parameters")
    frame = _text(camera_parent, "coordinate_space_frame_type")
    model = _camera_model(camera_parent, path) if frame in ROVER_FRAMES else None
    pointing = _derived_geometry(root)
    subframe = _find(root, "Imaging", "Subframe")
    label = ImageLabel(
        product_id=lidvid.rsplit(":", 1)[-1].upper(),
        host="M2020"
        if ":mars2020_" in lidvid.lower()
        else _text(root, "Investigation_Area", "name"),
        instrument=_text(root, "Instrument_Information", "ops_instrument_key") or "without a name",
        shape=shape,
        mean=labels.number(_text(array, "Object_Statistics", "mean")),
        sample_bits=bits,
        significant_bits=labels.significant_bits(
            _text(root, "Imaging", "Sampling", "sample_bit_mask"), bits, signed
        ),
        offset=labels.whole(_text(array, "offset")) or 0,
        data_file=_text(area, "File", "file_name") or path.name,
        file_bytes=labels.whole(_text(area, "File", "file_size")),
        derived=_text(root, "Derived_Product_Parameters", "derived_image_type_name").upper()
        or labels.FRAME,
        image_type=_image_type(root),
        sources=tuple(_sources(root, lidvid)),
        sol=labels.whole(_text(root, "Surface_Mission", "start_sol_number")),
        start_time=labels.utc(_text(root, "Time_Coordinates", "start_date_time")),
        spacecraft_clock=_text(root, "Mission_Information", "spacecraft_clock_start"),
        local_true_solar_time=_text(root, "Surface_Mission", "start_local_true_solar_time"),
        motion_counter=_motion_counter(root),
        sequence=_text(root, "Command_Execution", "sequence_id").upper(),
        geometry=labels.geometry_of(_text(root, "Geometry_Projection", "geometry_projection_type")),
        camera_model=model,
        camera_frame=frame if model is not None else "",
        data_frame=_text(root, "Derived_Product_Parameters", "coordinate_space_frame_type"),
        pose=_pose(root, path),
        pointing=labels.pointing_of(
            _text(pointing, "instrument_azimuth"), _text(pointing, "instrument_elevation"), model
        ),
        field_of_view=labels.pair(_text(subframe, "sample_fov"), _text(subframe, "line_fov")),
    )
    return label, _text(array, "local_identifier")


def _array_of(root: Element, path: Path) -> tuple[Element, Element]:
    """Return (file area, image array) of the first array of pixels that the label describes."""
    for area in _all(root, "File_Area_Observational"):
        for kind in ("Array_3D_Image", "Array_2D_Image"):
            array = _find(area, kind)
            if array is not None:
                return area, array
    raise Refused(f"The label of {path.name} describes no image.")


def _layout(array: Element, path: Path) -> tuple[tuple[int, int, int], int, bool]:
    """Return ((bands, lines, samples), bits of a value, whether it has a sign)."""
    kind = _text(array, "Element_Array", "data_type")
    if kind not in _DATA_TYPES:
        raise Refused(
            f"The values of {path.name} are {kind or 'of no type'}, which no camera writes."
        )
    size = {
        _text(axis, "axis_name").lower(): labels.whole(_text(axis, "elements"))
        for axis in _all(array, "Axis_Array")
    }
    lines, samples = size.get("line"), size.get("sample")
    if lines is None or samples is None:
        raise Refused(f"The label of {path.name} does not give the size of its image.")
    bytes_each, signed = _DATA_TYPES[kind]
    return (size.get("band") or 1, lines, samples), 8 * bytes_each, signed


def _camera_model(parameters: Element | None, path: Path) -> CameraModel:
    document: dict[str, object] = {"model_type": _text(parameters, "model_type")}
    model = _find(parameters, f"{document['model_type']}_Model")
    for letter, name in _VECTORS.items():
        vector = _find(model, name)
        if vector is not None:
            document[letter] = [part.text for part in vector]
    document["t"] = _text(model, "cahvore_model_type")
    document["p"] = _text(model, "cahvore_model_parameter")
    return labels.camera_model_of(document, path)


def _pose(root: Element, path: Path) -> RoverPose | None:
    """Return the final definition of the rover's frame (not the initial state)."""
    for definition in _all(root, "Coordinate_Space_Definition"):
        present = _find(definition, "Coordinate_Space_Present")
        if _text(present, "coordinate_space_frame_type") not in ROVER_FRAMES:
            continue
        quaternion = _find(definition, "Quaternion_Plus_Direction")
        offset = _find(definition, "Vector_Origin_Offset")
        reference = _find(definition, "Coordinate_Space_Reference")
        return labels.pose_of(
            _frame_of(reference),
            [part.text for part in offset] if offset is not None else None,
            [_text(quaternion, name) for name in ("qcos", "qsin1", "qsin2", "qsin3")]
            if quaternion is not None
            else None,
            path,
        )
    return None


def _derived_geometry(root: Element) -> Element | None:
    """Return the group with the pointing in the rover's frame."""
    for derived in _all(root, "Derived_Geometry"):
        if _frame_of(_find(derived, "Coordinate_Space_Reference")) in ROVER_FRAMES:
            return derived
    return None


def _frame_of(reference: Element | None) -> str:
    """Return the frame, such as "SITE_FRAME", of a reference by name or id ("SITE_FRAME_30")."""
    identifier = _text(reference, "local_identifier_reference")
    named = _text(reference, "coordinate_space_frame_type")
    return named or identifier.partition("_FRAME")[0] + ("_FRAME" if identifier else "")


def _motion_counter(root: Element) -> dict[str, int]:
    """Return the motion counter of the final state, which comes first in the label, before the
    initial one.
    """
    indices = list(_all(_find(root, "Motion_Counter"), "Motion_Counter_Index"))
    return labels.counters(
        [_text(index, "index_id") for index in indices],
        [_text(index, "index_value_number") for index in indices],
    )


def _image_type(root: Element) -> str:
    """Return "THUMBNAIL" if either of two elements says so."""
    word = _text(root, "Instrument_Information", "image_type").upper()
    return _THUMBNAIL if _THUMBNAIL in word else word


def _sources(root: Element, lidvid: str) -> Iterator[str]:
    """Yield the ids of all products that the label refers to, except itself and browse images."""
    for element in root.iter():
        if _local(element) not in {"lid_reference", "lidvid_reference"} or not element.text:
            continue
        identifier = element.text.strip().split("::")[0]
        name = identifier.rsplit(":", 1)[-1].upper()
        if ":browse:" not in identifier and identifier != lidvid and "_" in name:
            yield name.removesuffix(".IMG")


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _all(parent: Element | None, name: str) -> Iterator[Element]:
    """Yield every element of this local name below the parent, in document order."""
    if parent is not None:
        yield from (child for child in parent.iter() if _local(child) == name)


def _find(parent: Element | None, *names: str) -> Element | None:
    """Return the first element down a path of local names, with any number of levels between."""
    for name in names:
        parent = next(_all(parent, name), None)
    return parent


def _text(parent: Element | None, *names: str) -> str:
    """Return the text of the first element down a path; "" if there is none."""
    found = _find(parent, *names)
    return labels.text(found.text if found is not None else None)
