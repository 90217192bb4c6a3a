"""Rovers and cameras as named in labels, and which of their images are imported."""

from __future__ import annotations

import re
from collections.abc import Collection

from labeling.images.ingest.pds.labels import FRAME, ImageLabel
from labeling.images.ingest.product_ids import parse_product_id
from labeling.images.ingest.products import ON_REQUEST, Refused

ROVERS = {
    "MSL": "curiosity",
    "M2020": "perseverance",
    "MER1": "opportunity",
    "MER2": "spirit",
}

# INSTRUMENT_ID of PDS3, ops_instrument_key of PDS4
_FAMILIES = (
    ("navcam", re.compile(r"NAV(CAM)?_(LEFT|RIGHT)")),
    ("mastcam", re.compile(r"MAST_(LEFT|RIGHT)")),
    ("mastcam-z", re.compile(r"(MCZ|ZCAM|MASTCAM_?Z)_(LEFT|RIGHT)")),
    ("pancam", re.compile(r"PANCAM_(LEFT|RIGHT)")),
    ("hazcam", re.compile(r".*HAZ")),
    ("microscopic-imager", re.compile(r"MI($|_)|MICROSCOPIC")),
)
_TAKEN = frozenset({"navcam", "mastcam", "mastcam-z"})

# The engineering cameras of Spirit, Opportunity and Curiosity have one full size. Other cameras
# send parts of their detector as frames: a side shorter than this is a thumbnail.
_FULL_FRAME = (1024, 1024)
_LEAST_SIDE = 200
_ONE_SIZE = {("curiosity", "navcam"), ("curiosity", "hazcam")} | {
    (rover, family)
    for rover in ("opportunity", "spirit")
    for family in ("navcam", "hazcam", "pancam", "microscopic-imager")
}


def check_frame(label: ImageLabel, name: str, allow: Collection[str]) -> tuple[str, str, str]:
    """Return (rover, camera, eye) of a frame by its label. Raise Refused if it is not imported.

    Args:
        label: The frame's label.
        name: The frame's name in messages.
        allow: Those of `products.ON_REQUEST` that are imported too.

    Returns:
        The rover, a camera such as "navcam-left", and "left", "right" or "" for a single camera.
    """
    family = _family(label.instrument)
    if family not in _TAKEN | (ON_REQUEST & set(allow)):
        raise Refused(
            f"{name} is from the camera {label.instrument}, not from a NAVCAM, Mastcam or "
            "Mastcam-Z" + _others(family)
        )
    if label.host not in ROVERS:
        raise Refused(f"{name} is from the spacecraft {label.host}, not from {', '.join(ROVERS)}.")
    rover = ROVERS[label.host]
    if label.derived != FRAME:
        raise Refused(f"{name} is a {label.derived} product, not a frame.")
    _check_full(label, name, rover, family)
    eye = "right" if "RIGHT" in label.instrument else "left" if "LEFT" in label.instrument else ""
    return rover, f"{family}-{eye}" if eye else family, eye


def _family(instrument: str) -> str:
    for family, pattern in _FAMILIES:
        if pattern.match(instrument.upper().replace("-", "_")):
            return family
    return ""


def _others(family: str) -> str:
    return f"; allow {family} in the campaign to import it." if family in ON_REQUEST else "."


def _check_full(label: ImageLabel, name: str, rover: str, family: str) -> None:
    """Raise Refused for a downsampled or cropped frame, a thumbnail, or a non-picture."""
    bands, lines, samples = label.shape
    parts = parse_product_id(name.rpartition(".")[0])
    if "THUMB" in label.image_type:
        raise Refused(f"{name} is a thumbnail; only full frames are imported.")
    if (rover, family) in _ONE_SIZE and ((lines, samples) != _FULL_FRAME or bands != 1):
        raise Refused(
            f"{name} is {samples} x {lines} pixels: downsampled, cropped or a thumbnail. "
            f"Only full frames of {_FULL_FRAME[1]} x {_FULL_FRAME[0]} pixels and one band are "
            "imported."
        )
    if parts is not None and not parts.is_full_frame:
        raise Refused(f"{name} is downsampled or a thumbnail; only full frames are imported.")
    if min(lines, samples) < _LEAST_SIDE:
        raise Refused(
            f"{name} is {samples} x {lines} pixels: a thumbnail. The shorter side of a "
            f"frame has at least {_LEAST_SIDE} pixels."
        )
    if bands not in {1, 3}:
        raise Refused(f"{name} has {bands} bands; a frame has one, or three from a color camera.")
