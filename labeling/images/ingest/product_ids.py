"""Parsing of product ids: rover, camera, clock, type, site, drive, sequence.

Sources: MSL Camera and LIBS EDR/RDR Data Products SIS (D-38107), MSL Mastcam, MAHLI and MARDI SIS
(Malin 2013), MER Camera EDR/RDR Data Products SIS (D-22846), Mars 2020 Camera SIS (D-99960), file
naming conventions. Checked against the labels of real products and the names of the release.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote, unquote

# NLB_516721703EDR_F0540992CCAM15900M1: instrument, eye and electronics string, clock, type,
# linearized or not, geometry (F full frame, D downsampled), site, drive, sequence, version
_MSL = re.compile(
    r"N(?P<eye>[LR])(?P<string>[AB])_(?P<clock>\d{9})(?P<type>[A-Z0-9]{3})(?P<linearised>[_L])"
    r"(?P<geometry>[A-Z])(?P<site>[A-Z0-9]{3})(?P<drive>[A-Z0-9]{4})(?P<sequence>[A-Z0-9_]{9})"
    r"[A-Z][A-Z0-9_]",
    re.IGNORECASE,
)

# 0174ML0009370000105185E01_DRCL: sol, camera, sequence, command, image id, kind of image, group of
# pictures, processing
_MASTCAM = re.compile(
    r"(?P<sol>\d{4})M(?P<eye>[LR])(?P<sequence>\d{6})\d{3}\d{7}(?P<kind>[A-Z])\d{2}"
    r"(_(?P<type>[A-Z]{4}))?",
    re.IGNORECASE,
)

# 2N292280938EFFB100P0703L0M1: rover, instrument, clock, type, site, drive, sequence, eye, filter,
# producer, version
_MER = re.compile(
    r"(?P<rover>[12])N(?P<clock>\d{9})(?P<type>[A-Z0-9]{3})(?P<site>[A-Z0-9#]{2})"
    r"(?P<drive>[A-Z0-9#]{2})(?P<sequence>[A-Z][A-Z0-9]{4})(?P<eye>[LR])[0-9][A-Z][A-Z0-9]",
    re.IGNORECASE,
)

# NLF_0629_0722782785_631ECM_N0301344NCAM00427_06_095J01: instrument, color, sol, clock and its
# thousandths, type, linearized or not, normal or thumbnail, site, drive, sequence, tile or zoom,
# compression, producer, version. The released images are named without the version.
_M2020 = re.compile(
    r"(?P<instrument>[NZ])(?P<eye>[LR])(?P<color>[A-Z0-9_])_(?P<sol>\d{4})_(?P<clock>\d{10})_"
    r"(?P<thousandths>\d{3})(?P<type>[A-Z0-9]{3})(?P<linearised>[_A-Z])(?P<geometry>[NT])"
    r"(?P<site>[A-Z0-9]{3})(?P<drive>[A-Z0-9]{4})(?P<sequence>[A-Z0-9_]{9})(?P<part>.{4})"
    r"[A-Z0-9]{3}[A-Z](?P<version>[A-Z0-9]{2})?",
    re.IGNORECASE,
)

# Product ids of any engineering camera of these missions, NAVCAM or not
_MISSION_NAME = re.compile(
    r"[12][A-Z]\d{9}[A-Z0-9#]+|[A-Z]{2}[A-Z0-9_]_(\d{9}|\d{4}_\d{10}_)[A-Z0-9_]+", re.IGNORECASE
)

_MER_ROVERS = {"1": "opportunity", "2": "spirit"}
_EYES = {"L": "left", "R": "right"}
_M2020_CAMERAS = {"N": "navcam", "Z": "mastcam-z"}
# Mastcam's image types from G on are thumbnails, videos and focus merges, without terrain to label
# at full size
_MASTCAM_FULL = frozenset("ABCDEF")

# The third letter of these MER types says that they are linearized: FFL, RSL, RNL, XYL ...
_MER_LINEARISED = re.compile(r"..L", re.IGNORECASE)

#: Types of companion products.
RANGE_TYPES = frozenset({"RNG", "RNL", "RNM"})
XYZ_TYPES = frozenset({"XYZ", "XYL", "XYM"})
ROVER_MASK_TYPES = frozenset({"MXY", "MRL"})


@dataclass(frozen=True, slots=True)
class ProductId:
    """The parts of a product id; codes are in upper case.

    Attributes:
        rover: "curiosity", "perseverance", "opportunity" or "spirit".
        family: "navcam", "mastcam" or "mastcam-z".
        eye: "left" or "right".
        clock: Whole seconds of the spacecraft clock, None if the id has none.
        product_type: "EDR", "RNG", "DRCL" ...
        is_full_frame: Neither downsampled nor a thumbnail (True for MER, whose ids do not say).
        is_linearised: Whether the id says that the product is linearized.
        site, drive: None if the id has none, or its digits do not suffice.
        sol: None if the id has none.
        exposure: Shared by all products of one exposure of one eye.
    """

    rover: str
    family: str
    eye: str
    clock: int | None
    product_type: str
    is_full_frame: bool
    is_linearised: bool
    site: int | None
    drive: int | None
    sequence: str
    sol: int | None
    exposure: str

    @property
    def camera(self) -> str:
        """Return the camera, such as "navcam-left"."""
        return f"{self.family}-{self.eye}"


#: Most bytes of the name of an image's files, without what a release adds.
MAX_FILE_STEM = 200


def file_stem(product_id: str) -> str:
    """Return an id as a name of files, without suffix; no two ids share one.

    Letters and digits of all scripts, `_`, `-` and inner dots are kept; everything else is
    percent-encoded, as UTF-8. The ids of the missions do not change.

    >>> file_stem("NLB_516721703EDR_F0540992CCAM15900M1")
    'NLB_516721703EDR_F0540992CCAM15900M1'
    >>> file_stem("sol 1/a%.b")
    'sol%201%2Fa%25.b'
    """
    stem = "".join(
        char if char.isalnum() or char in "._-" else quote(char, safe="") for char in product_id
    )
    # Hidden files, and names that programs read as options
    return f"%{ord(stem[0]):02X}{stem[1:]}" if stem[:1] in {".", "-"} else stem


def file_stems(product_ids: Iterable[str]) -> dict[str, str]:
    """Return file names for the ids whose `file_stem` differs from another's in case alone.

    Some file systems treat such names as equal, so these get a hash; other ids are omitted.

    >>> sorted(file_stems(["A", "a", "b"]).items())
    [('A', 'A~559aead0'), ('a', 'a~ca978112')]
    """
    alike: dict[str, list[str]] = {}
    for product_id in product_ids:
        alike.setdefault(file_stem(product_id).casefold(), []).append(product_id)
    return {
        product_id: f"{file_stem(product_id)}~{sha256(product_id.encode()).hexdigest()[:8]}"
        for twins in alike.values()
        if len(twins) > 1
        for product_id in twins
    }


def id_of_stem(stem: str) -> str:
    """Return the id of a `file_stem` or a name of `file_stems`.

    >>> id_of_stem("sol%201%2Fa%25.b"), id_of_stem("A~559aead0")
    ('sol 1/a%.b', 'A')
    """
    return unquote(stem.partition("~")[0])


def parse_product_id(product_id: str) -> ProductId | None:
    """Parse a product id, ignoring case; return None if it matches no known pattern."""
    for pattern, reader in (
        (_MSL, _read_msl),
        (_MER, _read_mer),
        (_M2020, _read_m2020),
        (_MASTCAM, _read_mastcam),
    ):
        if match := pattern.fullmatch(product_id):
            return reader({name: (text or "").upper() for name, text in match.groupdict().items()})
    return None


def parse_navcam_id(product_id: str) -> ProductId | None:
    """Parse an MSL or MER NAVCAM product id, ignoring case; return None for any other."""
    if _MSL.fullmatch(product_id) or _MER.fullmatch(product_id):
        return parse_product_id(product_id)
    return None


def is_mission_name(stem: str) -> bool:
    """Return whether a file has the name of a rover's product, of any camera."""
    return parse_product_id(stem) is not None or _MISSION_NAME.fullmatch(stem) is not None


def _read_msl(part: dict[str, str]) -> ProductId:
    return ProductId(
        rover="curiosity",
        family="navcam",
        eye=_EYES[part["eye"]],
        clock=int(part["clock"]),
        product_type=part["type"],
        is_full_frame=part["geometry"] == "F",
        is_linearised=part["linearised"] == "L",
        site=_decimal(part["site"]),
        drive=_decimal(part["drive"]),
        sequence=part["sequence"].strip("_"),
        sol=None,
        exposure=f"N{part['eye']}{part['string']} {part['clock']} {part['geometry']}"
        f"{part['site']}{part['drive']}{part['sequence']}",
    )


def _read_mer(part: dict[str, str]) -> ProductId:
    return ProductId(
        rover=_MER_ROVERS[part["rover"]],
        family="navcam",
        eye=_EYES[part["eye"]],
        clock=int(part["clock"]),
        product_type=part["type"],
        is_full_frame=True,
        is_linearised=bool(_MER_LINEARISED.fullmatch(part["type"])),
        site=_counter_mer(part["site"]),
        drive=_counter_mer(part["drive"]),
        sequence=part["sequence"],
        sol=None,
        exposure=f"{part['rover']}N{part['eye']} {part['clock']} "
        f"{part['site']}{part['drive']}{part['sequence']}",
    )


def _read_m2020(part: dict[str, str]) -> ProductId:
    return ProductId(
        rover="perseverance",
        family=_M2020_CAMERAS[part["instrument"]],
        eye=_EYES[part["eye"]],
        clock=int(part["clock"]),
        product_type=part["type"],
        is_full_frame=part["geometry"] == "N",
        is_linearised=part["linearised"] == "L",
        site=_decimal(part["site"]),
        drive=_decimal(part["drive"]),
        sequence=part["sequence"].strip("_"),
        sol=int(part["sol"]),
        exposure=f"{part['instrument']}{part['eye']} {part['clock']}.{part['thousandths']} "
        f"{part['geometry']}{part['site']}{part['drive']}{part['sequence']}{part['part']}",
    )


def _read_mastcam(part: dict[str, str]) -> ProductId:
    return ProductId(
        rover="curiosity",
        family="mastcam",
        eye=_EYES[part["eye"]],
        clock=None,
        product_type=part["type"],
        is_full_frame=part["kind"] in _MASTCAM_FULL,
        # the L of DRCL: corrected for lens distortion
        is_linearised=part["type"].endswith("L"),
        site=None,
        drive=None,
        sequence=part["sequence"],
        sol=int(part["sol"]),
        exposure="",
    )


def _decimal(digits: str) -> int | None:
    """Return a decimal number; None if it contains letters, so that the label is used instead."""
    return int(digits) if digits.isdecimal() else None


def _counter_mer(digits: str) -> int | None:
    """Return a MER counter: 00-99 decimal, then A0 = 100 ... AZ = 135, B0 = 136 ...

    A letter and a base-36 digit.
    """
    if digits.isdecimal():
        return int(digits)
    if digits[0].isalpha() and digits[1].isalnum():
        return 100 + (int(digits[0], 36) - 10) * 36 + int(digits[1], 36)
    return None


def without_version(product_id: str) -> str:
    """Return a Mars 2020 product id without its two digits of version, in its own letter case.

    The released images have such names, and a new version is the same frame. Ids of other patterns
    are returned unchanged.
    """
    match = _M2020.fullmatch(product_id)
    if match is not None and match["version"]:
        return product_id[: -len(match["version"])]
    return product_id


# The type of the frames in the released dataset, and the position of its letters in an id
_RELEASED_TYPES = {"curiosity": ("EDR", 13), "opportunity": ("EFF", 11), "spirit": ("EFF", 11)}


def of_type(product_id: str, product_type: str) -> str:
    """Return the name of a frame's mask: its id with the type EDR (MSL) or EFF (MER) replaced.

    `product_type` is the type of the mask, "MXY", "RNG", "MRL" or "RNL", written in the letter case
    of the id. An id of another type or pattern is returned unchanged, since an EFF and an FFL of
    one exposure have different masks.

        >>> of_type("2n292280938effb100p0703l0m1", "MRL")
        '2n292280938mrlb100p0703l0m1'
        >>> of_type("2N292280938FFLB100P0703L0M1", "MRL")
        '2N292280938FFLB100P0703L0M1'
    """
    parts = parse_product_id(product_id)
    if parts is None or parts.rover not in _RELEASED_TYPES:
        return product_id
    frame_type, _begins = _RELEASED_TYPES[parts.rover]
    return with_type(product_id, product_type) if parts.product_type == frame_type else product_id


def with_type(product_id: str, product_type: str) -> str:
    """Return the id of another product of the same exposure; unchanged unless MSL or MER."""
    parts = parse_product_id(product_id)
    if parts is None or parts.rover not in _RELEASED_TYPES or parts.family != "navcam":
        return product_id
    _frame_type, begins = _RELEASED_TYPES[parts.rover]
    place = slice(begins, begins + 3)
    written = product_type.lower() if product_id[place].islower() else product_type
    return product_id[: place.start] + written + product_id[place.stop :]
