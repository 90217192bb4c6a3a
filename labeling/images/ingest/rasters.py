"""Reading untrusted image files: bounded, complete, and of the expected kind."""

from __future__ import annotations

import contextlib
import hashlib
import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from labeling.images.ingest.products import Refused
from labeling.images.preparation.pictures import jpeg_bytes
from terrain.display.tone import linear

# 64 megapixels: 60 times a NAVCAM frame. The header is checked before anything is decoded, so a
# file of a few kilobytes cannot request gigabytes.
MAX_PIXELS = 64_000_000
# ... and no file of a single frame is larger
MAX_BYTES = 256_000_000

# Encoding a frame again must not lose anything visible
JPEG_QUALITY = 95
GRAY_JPEG_QUALITY = JPEG_QUALITY

#: Shortest side of a frame, pixels: the hash that finds near-duplicates averages it to 32 x 32
#: cells, and anything smaller is an icon.
MIN_SIDE_PX = 32

#: A mask has at most this many values: the classes of a campaign, and no label.
MASK_VALUES = 16

#: Pillow's names of the accepted picture formats.
PICTURE_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP")

# Accepted modes, and what they are converted to: transparency is dropped
_TAKEN_AS = {
    "1": "L",
    "LA": "L",
    "La": "L",
    "P": "RGB",
    "PA": "RGB",
    "RGBA": "RGB",
    "RGBa": "RGB",
    "RGBX": "RGB",
    "CMYK": "RGB",
    "YCbCr": "RGB",
}
_DEEP_MODES = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
# Most cameras with more than 8 bits have 12, and store them in 16
_TWELVE_BITS, _SIXTEEN_BITS = 12, 16
_AS_IT_IS = 1
_ORIENTATION_TAG = 0x0112
_PHOTOMETRIC_TAG, _WHITE_IS_ZERO = 262, 0
# Formats of which a file may hold several pictures; a JPEG of a phone contains its own preview
_MAY_BE_MANY = frozenset({"PNG", "TIFF", "WEBP", "GIF"})

#: First bytes of files of a format.
_SIGNATURES = {
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "JPEG": (b"\xff\xd8\xff",),
    "TIFF": (b"II*\0", b"MM\0*"),
}

_KINDS = {
    "1": "a one-bit image",
    "P": "a palette image",
    "PA": "a palette image",
    "LA": "a gray image with transparency",
    "RGB": "a color image",
    "RGBA": "a color image",
    "CMYK": "a color image",
    "YCbCr": "a color image",
    "I;16": "a 16-bit image",
    "I": "an image of 32-bit numbers",
    "F": "an image of floating-point numbers",
}


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes. Raise Refused if it cannot be read or is larger than any frame."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise Refused(f"{path.name} has {size:,} bytes; more than {MAX_BYTES:,} are not read.")
        return path.read_bytes()
    except OSError as error:
        raise Refused(f"{path.name} cannot be read: {error.strerror}.") from error


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal. Raise Refused if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Refused(f"{path.name} cannot be read: {error.strerror}.") from error


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A decoded frame.

    `linear` is uint8 (H, W), or (H, W, 3) red, green, blue. `pixels` is the same, or uint16 (H, W)
    if the file has more bits. `jpeg` is `linear` as a JPEG of one or three channels.
    """

    linear: npt.NDArray[np.uint8]
    pixels: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
    jpeg: bytes


def decode_gray(
    content: bytes, name: str, file_format: str, size: tuple[int, int] | None = None
) -> npt.NDArray[np.uint8]:
    """Decode an 8-bit grayscale image file: uint8 (H, W), read-only.

    Args:
        content: The file.
        name: The file's name in messages.
        file_format: "JPEG" or "PNG".
        size: The required (width, height); None for any up to MAX_PIXELS.

    Raises:
        Refused: The file is truncated, of another kind (palette, color, 16 bits) or size.
    """
    with _opened(content, name, (file_format,)) as picture:
        if size is not None and picture.size != size:
            raise Refused(
                f"{name} is {picture.width} x {picture.height} pixels, "
                f"but its image is {size[0]} x {size[1]}."
            )
        _check_is_gray(picture, name)
        return np.asarray(picture, dtype=np.uint8)


def decode_gray_png(
    content: bytes, name: str, size: tuple[int, int] | None = None
) -> npt.NDArray[np.uint8]:
    """Decode a PNG as `decode_gray` does, with GDAL, in two thirds of the time.

    GDAL fills missing pixels with black, so the file's checksums are verified first.
    """
    from rasterio.errors import NotGeoreferencedWarning, RasterioIOError
    from rasterio.io import MemoryFile

    found = _size_of_whole_gray_png(content)
    if found is not None and size in (None, found):
        with warnings.catch_warnings(), contextlib.suppress(RasterioIOError):
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with MemoryFile(content) as file, file.open(driver="PNG") as picture:
                pixels: npt.NDArray[np.uint8] = picture.read(1)
                return pixels
    return decode_gray(content, name, "PNG", size)


def _size_of_whole_gray_png(content: bytes) -> tuple[int, int] | None:
    """Return (width, height) of an 8-bit gray PNG with all its chunks and valid checksums.

    None for any other file, or a larger one than is accepted.
    """
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        return None
    at, kind, size = 8, b"", None
    while kind != b"IEND":
        head = content[at : at + 8]
        if len(head) < 8:
            return None
        length, kind = struct.unpack(">I4s", head)
        data = content[at + 8 : at + 8 + length]
        at += 12 + length
        if content[at - 4 : at] != zlib.crc32(kind + data).to_bytes(4, "big"):
            return None
        if kind == b"IHDR":
            if length != 13:
                return None
            width, height, depth, color = struct.unpack_from(">IIBB", data)
            if (depth, color) != (8, 0) or not 0 < width * height <= MAX_PIXELS:
                return None
            size = (width, height)
    return size


def is_bare_gray_png(content: bytes) -> bool:
    """Return whether a file is an 8-bit gray PNG with pixels only, without metadata.

    Such a mask is stored unchanged.
    """
    if _size_of_whole_gray_png(content) is None:
        return False
    at, kinds = 8, set()
    while at < len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        kinds.add(kind)
        at += 12 + length
        if kind == b"IEND":
            break
    return at == len(content) and kinds == {b"IHDR", b"IDAT", b"IEND"}


def decode_frame(
    content: bytes,
    name: str,
    formats: tuple[str, ...] = PICTURE_FORMATS,
    takes_color: bool = True,
) -> Frame:
    """Decode a frame, gray or in color, from a picture file.

    A JPEG of one channel, or of three that differ, keeps its bytes, unless its EXIF orientation
    rotates it. A frame with three equal channels becomes gray; CMYK becomes RGB. 16-bit gray keeps
    its depth in `pixels`, see `_deep_frame`.

    Args:
        content: The file.
        name: The file's name in messages.
        formats: Accepted formats of Pillow, recognized by content.
        takes_color: Whether color frames are accepted.

    Raises:
        Refused: As for `decode_gray`, and for a frame smaller than MIN_SIDE_PX, a file of several
            images, or another type of numbers.
    """
    with _opened(content, name, formats) as picture:
        _check_is_one_frame(picture, name)
        is_inverted = picture.format == "TIFF" and _is_white_zero(picture)
        picture.load()  # Pillow turns a TIFF upright with this
        is_whole = picture.format == "JPEG" and picture.mode in {"L", "RGB"}
        if picture.getexif().get(_ORIENTATION_TAG, _AS_IT_IS) != _AS_IT_IS:
            is_whole = False
            picture = ImageOps.exif_transpose(picture)
        if picture.mode in _DEEP_MODES:
            return _deep_frame(np.array(picture).astype(np.uint16), is_inverted)
        if takes_color:
            picture = picture.convert(_TAKEN_AS.get(picture.mode, picture.mode))
        pixels = np.array(picture, dtype=np.uint8) if picture.mode in {"L", "RGB"} else None
        if pixels is not None and pixels.ndim == 3 and (pixels == pixels[:, :, :1]).all():
            pixels, is_whole = np.ascontiguousarray(pixels[:, :, 0]), False
        if pixels is None and takes_color:
            raise Refused(
                f"{name} is {_kind_of(picture)}. Save it in gray or RGB with 8 bits per channel, "
                "or in gray with 16 bits."
            )
        if pixels is None or (pixels.ndim == 3 and not takes_color):
            _check_is_gray(picture, name)
        assert pixels is not None  # other kinds have just been refused
        jpeg = content if is_whole else jpeg_bytes(pixels, JPEG_QUALITY)
        return Frame(pixels, pixels, jpeg)


def _deep_frame(deep: npt.NDArray[np.uint16], is_inverted: bool) -> Frame:
    """Make a frame of 16-bit gray: the upper 8 of 12 bits if no value needs more, else of 16.

    Files of 12-bit cameras are stored with 16 bits, whose upper 8 would be nearly black. With
    `is_inverted`, 0 is white.
    """
    bits = _TWELVE_BITS if deep.max(initial=0) < 1 << _TWELVE_BITS else _SIXTEEN_BITS
    if is_inverted:
        deep = np.subtract((1 << bits) - 1, deep, dtype=np.uint16)
    upper = linear(deep, bits)
    return Frame(upper, deep, jpeg_bytes(upper, JPEG_QUALITY))


def _is_white_zero(picture: Pillow.Image) -> bool:
    """Return whether 0 is white in a 16-bit TIFF; Pillow inverts other depths itself."""
    tags = getattr(picture, "tag_v2", {})
    return bool(tags.get(_PHOTOMETRIC_TAG) == _WHITE_IS_ZERO)


def _check_is_one_frame(picture: Pillow.Image, name: str) -> None:
    if min(picture.size) < MIN_SIDE_PX:
        raise Refused(
            f"{name} is {picture.width} x {picture.height} pixels; a picture has at least "
            f"{MIN_SIDE_PX} on its shorter side."
        )
    count = getattr(picture, "n_frames", 1)
    if picture.format in _MAY_BE_MANY and count > 1:
        raise Refused(
            f"{name} holds {count} pictures. Save the one to import as a file of its own."
        )


def has_few_values(content: bytes) -> bool:
    """Return whether a file is a one-channel PNG with so few values that it is probably a mask."""
    try:
        with _opened(content, "", ("PNG",)) as picture:
            if picture.mode not in {"1", "L", "P"}:
                return False
            return np.unique(np.array(picture)).size <= MASK_VALUES
    except Refused:
        return False


@contextmanager
def _opened(content: bytes, name: str, formats: tuple[str, ...]) -> Iterator[Pillow.Image]:
    """Open an image file of these formats, checked and bounded. Raise Refused."""
    with warnings.catch_warnings():
        # Pillow's own warning of bombs starts above our limit
        warnings.simplefilter("ignore", Pillow.DecompressionBombWarning)
        # ... and damaged metadata does not matter
        warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\b")
        try:
            with Pillow.open(io.BytesIO(content), formats=formats) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise Refused(
                        f"{name} has {picture.width} x {picture.height} pixels; "
                        f"more than {MAX_PIXELS:,} are not read."
                    )
                yield picture
        except UnidentifiedImageError as error:
            if not content:
                raise Refused(f"{name} is empty: it has no bytes.") from error
            # A file with the signature of a format has it, even if too little is there to open it.
            if any(_begins_as(content, file_format) for file_format in formats):
                raise Refused(
                    f"{name} is truncated or damaged: its header cannot be read."
                ) from error
            listed = ", ".join(formats[:-1]) + f" or {formats[-1]}" if formats[1:] else formats[0]
            raise Refused(f"{name} is not a {listed} image.") from error
        except Pillow.DecompressionBombError as error:
            raise Refused(f"{name} claims far more than {MAX_PIXELS:,} pixels.") from error
        except (OSError, SyntaxError, ValueError, EOFError) as error:
            raise Refused(f"{name} is truncated or damaged: {error}.") from error


def _begins_as(content: bytes, file_format: str) -> bool:
    """Return whether content starts with the signature of a format, or is a prefix of it."""
    return any(
        content[: len(signature)] == signature[: len(content)]
        for signature in _SIGNATURES.get(file_format, ())
    )


def _check_is_gray(picture: Pillow.Image, name: str) -> None:
    if picture.mode != "L":
        raise Refused(
            f"{name} is {_kind_of(picture)}; it must be 8-bit grayscale without a palette."
        )


def _kind_of(picture: Pillow.Image) -> str:
    return _KINDS.get(picture.mode, f"an image of mode {picture.mode}")
