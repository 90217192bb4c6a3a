"""PDS3 labels (ODL), attached or detached, of Curiosity, Spirit and Opportunity, read by `pdr`.

Keys such as LINES are repeated in several groups; those of OBJECT = IMAGE are used.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeling.images.ingest.pds import labels
from labeling.images.ingest.pds.labels import ROVER_FRAMES, ImageLabel
from labeling.images.ingest.products import Refused

if TYPE_CHECKING:
    import pdr

Keys = Mapping[str, Any]

# Groups are named differently in MSL's detached labels and in all others
_CAMERA_GROUPS = ("GEOMETRIC_CAMERA_MODEL_PARMS", "GEOMETRIC_CAMERA_MODEL")
_ROVER_GROUPS = ("ROVER_COORD_SYSTEM_PARMS", "ROVER_COORDINATE_SYSTEM")
_POINTING_GROUPS = ("ROVER_DERIVED_GEOMETRY_PARMS", "ROVER_DERIVED_GEOMETRY")
_STATE_GROUPS = ("INSTRUMENT_STATE_PARMS", "INSTRUMENT_STATE")
_DERIVED_GROUPS = ("DERIVED_IMAGE_PARMS", "DERIVED_IMAGE")

OBJECT = "IMAGE"


def read(path: Path) -> tuple[pdr.Data, ImageLabel]:
    """Read the product of an .IMG, without its pixels, and its label. Raise Refused."""
    import pdr

    with warnings.catch_warnings():
        # pdr warns of a label that ends early; missing keys are refused by name below
        warnings.filterwarnings("ignore", category=UserWarning, module=r"pdr\b")
        try:
            # With the label's path, pdr does not search the whole folder for it, which would cost
            # the square of the number of products.
            data = pdr.read(str(path), label_fn=str(_label_beside(path)))
        except (
            Exception
        ) as error:  # a parser of foreign files: any failure means an unreadable label
            raise Refused(f"The label of {path.name} cannot be read: {error}.") from error
    keys: Keys = data.metadata
    if OBJECT not in data.keys() or not isinstance(keys.get(OBJECT), Mapping):  # noqa: SIM118
        raise Refused(f"{path.name} has no readable PDS3 label of an image.")
    return data, _image_label(keys, path)


def _label_beside(path: Path) -> Path:
    """Return the detached label of a product, or the product itself with its attached label."""
    beside = (path.with_suffix(suffix) for suffix in (".LBL", ".lbl"))
    return next((label for label in beside if label.is_file()), path)


def _image_label(keys: Keys, path: Path) -> ImageLabel:
    image = keys[OBJECT]
    lines, samples = labels.whole(image.get("LINES")), labels.whole(image.get("LINE_SAMPLES"))
    if lines is None or samples is None:
        raise Refused(f"The label of {path.name} does not give the size of its image.")
    bits = labels.whole(image.get("SAMPLE_BITS")) or 16
    data_file, offset = _pointer(keys, path)
    state = _group(keys, _STATE_GROUPS)
    camera = _group(keys, _CAMERA_GROUPS)
    frame = labels.text(camera.get("REFERENCE_COORD_SYSTEM_NAME"))
    model = _camera_model(camera, path) if frame in ROVER_FRAMES else None
    derived = _group(keys, _DERIVED_GROUPS)
    pointing = _group(keys, _POINTING_GROUPS)
    rover = _group(keys, _ROVER_GROUPS)
    return ImageLabel(
        product_id=labels.text(keys.get("PRODUCT_ID")),
        host=labels.text(keys.get("INSTRUMENT_HOST_ID")) or "without a name",
        instrument=labels.text(keys.get("INSTRUMENT_ID")) or "without a name",
        mean=labels.number(image.get("MEAN")),
        shape=(labels.whole(image.get("BANDS")) or 1, lines, samples),
        sample_bits=bits,
        significant_bits=labels.significant_bits(
            image.get("SAMPLE_BIT_MASK"), bits, "UNSIGNED" not in str(image.get("SAMPLE_TYPE", ""))
        ),
        offset=offset,
        data_file=data_file,
        file_bytes=_file_bytes(keys),
        derived=labels.text(derived.get("DERIVED_IMAGE_TYPE")) or labels.FRAME,
        image_type=labels.text(keys.get("IMAGE_TYPE")).upper(),
        sources=_sources(keys, derived),
        sol=labels.whole(keys.get("PLANET_DAY_NUMBER")),
        start_time=labels.utc(keys.get("START_TIME")),
        spacecraft_clock=labels.text(keys.get("SPACECRAFT_CLOCK_START_COUNT")),
        local_true_solar_time=labels.text(keys.get("LOCAL_TRUE_SOLAR_TIME")),
        motion_counter=_motion_counter(keys),
        sequence=labels.text(keys.get("SEQUENCE_ID")).upper(),
        geometry=labels.geometry_of(keys.get("GEOMETRY_PROJECTION_TYPE")),
        camera_model=model,
        camera_frame=frame if model is not None else "",
        data_frame=labels.text(derived.get("REFERENCE_COORD_SYSTEM_NAME")),
        pose=labels.pose_of(
            labels.text(rover.get("REFERENCE_COORD_SYSTEM_NAME")),
            rover.get("ORIGIN_OFFSET_VECTOR"),
            rover.get("ORIGIN_ROTATION_QUATERNION"),
            path,
        ),
        pointing=labels.pointing_of(
            pointing.get("INSTRUMENT_AZIMUTH"), pointing.get("INSTRUMENT_ELEVATION"), model
        ),
        field_of_view=labels.pair(
            state.get("AZIMUTH_FOV", state.get("HORIZONTAL_FOV")),
            state.get("ELEVATION_FOV", state.get("VERTICAL_FOV")),
        ),
    )


def _pointer(keys: Keys, path: Path) -> tuple[str, int]:
    """Return the file with the pixels ("" for this one) and the bytes before the first of them.

    The IMAGE pointer is a record number from 1, a byte number from 1 with the unit BYTES, or a
    file's name with or without one of these.
    """
    pointer = keys.get(f"^{OBJECT}")
    parts = list(pointer) if isinstance(pointer, tuple | list) else [pointer]
    name = str(parts.pop(0)).strip() if parts and isinstance(parts[0], str) else ""
    place = parts[0] if parts else 1
    unit = keys.get("RECORD_BYTES")
    if isinstance(place, Mapping):
        place, unit = place.get("value"), 1
    if not isinstance(place, int) or (place != 1 and not isinstance(unit, int)):
        raise Refused(f"The label of {path.name} does not say where its image begins.")
    return name, (place - 1) * (unit if isinstance(unit, int) else 0)


def _file_bytes(keys: Keys) -> int | None:
    records, size = keys.get("FILE_RECORDS"), keys.get("RECORD_BYTES")
    return records * size if isinstance(records, int) and isinstance(size, int) else None


def _camera_model(group: Keys, path: Path) -> Any:
    document: dict[str, object] = {"model_type": group.get("MODEL_TYPE")}
    for number, name in enumerate(group.get("MODEL_COMPONENT_ID", ()), start=1):
        document[str(name).lower()] = group.get(f"MODEL_COMPONENT_{number}")
    return labels.camera_model_of(document, path)


def _motion_counter(keys: Keys) -> dict[str, int]:
    values = keys.get("ROVER_MOTION_COUNTER")
    names = keys.get("ROVER_MOTION_COUNTER_NAME")
    if not isinstance(values, tuple | list):
        return {}
    return labels.counters(names if isinstance(names, tuple | list) else ("SITE", "DRIVE"), values)


def _sources(keys: Keys, derived: Keys) -> tuple[str, ...]:
    """Return the ids in SOURCE_PRODUCT_ID, and of a derived product's source."""
    found: list[object] = []
    for value in (keys.get("SOURCE_PRODUCT_ID"), derived.get("INPUT_PRODUCT_ID")):
        found += value if isinstance(value, tuple | list) else [value]
    return tuple(word.upper() for word in map(labels.text, found) if word)


def _group(keys: Keys, names: tuple[str, ...]) -> Keys:
    """Return the first of these groups that the label has; empty if it has none."""
    for name in names:
        group = keys.get(name)
        if isinstance(group, Mapping):
            return group
    return {}
