"""Encoding and decoding of image files; other modules of this app need no Pillow."""

from __future__ import annotations

import io
import zlib
from collections.abc import Mapping
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image as Pillow

THUMBNAIL_PX = 320

#: Longest side of a picture in the tutorial or the field guide
LESSON_PX = 1280

#: Widths of the smaller copies of a display image, pixels: phones, tablets, double density
RESPONSIVE_WIDTHS = (320, 640, 1280)

#: JPEG quality of the full-size display image: at 90, blocks look like sand when zoomed in
DISPLAY_QUALITY = 90

#: JPEG quality of the smaller copies. Not WebP: a file smaller by a twelfth takes 14 times as long,
#: and an import makes 70,000
COPY_QUALITY = 80

# Pillow first reduces by a whole number, which is fast, then by the rest
_WHOLE_STEPS_FIRST = 1.0

# Ranges are noise to a compressor: more effort gains little
_FAST_PNG = 1


def width_of(content: bytes) -> int | None:
    """Return the width of an image file in pixels; None if the content is not a complete image."""
    try:
        with Pillow.open(io.BytesIO(content)) as picture:
            picture.load()
            return int(picture.width)
    except (OSError, SyntaxError):
        return None


def png_bytes(mask: npt.NDArray[np.uint8] | npt.NDArray[np.bool_]) -> bytes:
    """Encode an 8-bit grayscale PNG without palette, as in the released dataset."""
    # a mask is long runs of few values: run-length encoding is faster, and the file is smaller
    return _encoded(mask.view(np.uint8), "PNG", compress_level=6, compress_type=zlib.Z_RLE)


def class_png(mask: npt.NDArray[np.uint8], colors: Mapping[int, str]) -> bytes:
    """Encode a mask of class codes in colors like "#E69F00", as a PNG with a palette.

    `mask` is uint8 (H, W). Codes without a color (255, and unknown ones) are transparent.
    """
    palette = np.zeros((256, 3), dtype=np.uint8)
    clear = np.zeros(256, dtype=np.uint8)
    for code, color in colors.items():
        palette[code] = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        clear[code] = 255
    picture = Pillow.fromarray(mask)
    picture.putpalette(palette.tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", transparency=clear.tobytes())
    return buffer.getvalue()


def jpeg_bytes(frame: npt.NDArray[np.uint8], quality: int = 92) -> bytes:
    """Encode a uint8 frame as a baseline JPEG: grayscale for (H, W), color for (H, W, 3)."""
    return _encoded(frame, "JPEG", quality=quality)


def webp_bytes(frame: npt.NDArray[np.uint8]) -> bytes:
    """Encode a uint8 (H, W) or (H, W, 3) frame as a small WebP picture for a lesson."""
    picture = Pillow.fromarray(frame)
    picture.thumbnail((LESSON_PX, LESSON_PX), Pillow.Resampling.LANCZOS)
    return _encoded(np.asarray(picture), "WEBP", quality=80, method=6)


def thumbnail_bytes(frame: npt.NDArray[np.uint8]) -> bytes:
    """Encode a uint8 (H, W) or (H, W, 3) frame as a small JPEG for lists."""
    picture = Pillow.fromarray(frame)
    size = (THUMBNAIL_PX, THUMBNAIL_PX)
    picture.thumbnail(size, Pillow.Resampling.HAMMING, reducing_gap=_WHOLE_STEPS_FIRST)
    return _encoded(np.asarray(picture), "JPEG", quality=85)


def sizes(frame: npt.NDArray[np.uint8]) -> dict[int, npt.NDArray[np.uint8]]:
    """Scale a frame to RESPONSIVE_WIDTHS; return the copies by width in pixels, smallest first.

    `frame` is uint8 (H, W) or (H, W, 3), as are the copies. Only widths smaller than the frame's
    are made; empty for a frame of 320 pixels or less.
    """
    height, width = frame.shape[:2]
    copies = {}
    picture = Pillow.fromarray(frame)
    for narrower in sorted((w for w in RESPONSIVE_WIDTHS if w < width), reverse=True):
        lower = max(1, round(height * narrower / width))
        # each from the next larger one: a quarter of the pixels to average, in fours at half the
        # size
        picture = picture.resize(
            (narrower, lower), Pillow.Resampling.HAMMING, reducing_gap=_WHOLE_STEPS_FIRST
        )
        copies[narrower] = np.asarray(picture)
    return dict(sorted(copies.items()))


def range_png(reduced: npt.NDArray[np.uint16]) -> bytes:
    """Encode a reduced range as an RGB PNG: red the upper 8 bits, green the lower 8, blue 0.

    `reduced` is uint16 (h, w) centimeters, see `preprocess.reduced_range`. Two channels are used
    because a canvas has 8 bits per channel, so a browser drops the lower half of a 16-bit PNG.
    """
    channels = np.zeros((*reduced.shape, 3), dtype=np.uint8)
    channels[..., 0] = reduced >> 8
    channels[..., 1] = reduced & 255
    return _encoded(channels, "PNG", compress_level=_FAST_PNG)


def rgb_png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Encode uint8 (H, W, 3) data, not colors, as a lossless PNG."""
    return _encoded(pixels, "PNG", compress_level=6, compress_type=zlib.Z_RLE)


def read_range_png(file: IO[bytes]) -> npt.NDArray[np.uint16]:
    """Decode a `range_png` to the reduced range, uint16 (h, w) centimeters."""
    with Pillow.open(file) as picture:
        channels = np.asarray(picture.convert("RGB"), dtype=np.uint16)
    reduced: npt.NDArray[np.uint16] = np.left_shift(channels[..., 0], 8)
    return reduced + channels[..., 1]


def read_mask(file: IO[bytes]) -> npt.NDArray[np.uint8]:
    """Decode a stored single-channel mask as uint8 (H, W)."""
    with Pillow.open(file) as picture:
        return np.asarray(picture.convert("L"))


def read_frame(file: IO[bytes]) -> npt.NDArray[np.uint8]:
    """Decode a stored image as uint8: (H, W) for a grayscale file, (H, W, 3) for a color one."""
    with Pillow.open(file) as picture:
        return np.asarray(picture if picture.mode == "L" else picture.convert("RGB"))


def read_gray(file: IO[bytes]) -> npt.NDArray[np.uint8]:
    """Decode a stored image as uint8 (H, W); a color image becomes its luminance."""
    with Pillow.open(file) as picture:
        return np.asarray(picture.convert("L"))


def _encoded(pixels: npt.NDArray[np.uint8], file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, file_format, **options)
    return buffer.getvalue()
