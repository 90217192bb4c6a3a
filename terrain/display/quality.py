"""Quality measures of frames, and near-duplicates.

The authors of the paper removed black, saturated and rover-filled frames and near-duplicates from
their test set by hand. These measures let a manager do so by sorting. They use the linear frame,
since a stretch would hide wrong exposure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import cast

import numpy as np
import numpy.typing as npt

from terrain.display.tone import luminance

# Of 255. What is at most 4 came from 80 or less of 4,095 data numbers: it stretches to blocks of
# noise. The released JPEGs of saturated frames waver by a few grays below 255.
_DARKEST_USEFUL, _BRIGHTEST_USEFUL = 4, 250

# The grays between these shares of the terrain are its contrast: a glint or a hot pixel is not
_CONTRAST_SHARES = (0.05, 0.95)

# Detail is compared at these distances in pixels; a blur or a smooth ramp has a quarter of the
# difference over a quarter of the distance
_NEAR_PX, _FAR_PX = 1, 4

# Every row in this many, and in a row every pixel, is plenty for shares and means of a frame
_ROW_STEP = 4

# The perceptual hash: signs of the 64 lowest frequencies of the frame at 32 x 32 (C. Zauner,
# "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010)
_HASH_FRAME, _HASH_SIDE = 32, 8
_HASH_BITS = _HASH_SIDE * _HASH_SIDE
# An averaged cell needs no more than this many pixels a side
_HASH_SAMPLES = 8

# Frames that differ in so many bits of 64 at most show the same; the fewer where neither pose nor
# time can confirm it. Of 91 released frames the two most alike differ in 12.
_MOST_BITS = 6
_MOST_BITS_ALONE = 2
_POINTING_TOLERANCE_DEG = 1.0
_MOST_SECONDS = 10.0 * 60.0


@dataclass(frozen=True, slots=True)
class Quality:
    """The measures of one frame; shares are 0..1.

    dark_share, saturated_share: of the usable terrain, the part that is too dark or too bright;
    contrast: the range between its 5th and 95th percentile, as a share of the full scale;
    sharpness: 0 for a blurred or uniform image or a gradient, 1 for detail at the pixel scale.
    Where there is no usable terrain, these four are of the whole frame. rover_share: the part of
    the frame that shows the rover; terrain_share: the part that is usable terrain, neither rover
    nor beyond the range limit. fingerprint: 64 bits, a perceptual hash of the whole frame, see
    `near_duplicates`.
    """

    dark_share: float
    saturated_share: float
    contrast: float
    sharpness: float
    rover_share: float
    terrain_share: float
    fingerprint: int

    def to_json(self) -> dict[str, object]:
        """Return a JSON object; the fingerprint is 16 hexadecimal digits.

        Shares are rounded to 0.0001. The fingerprint is text because JavaScript numbers cannot hold
        64 bits.
        """
        document: dict[str, object] = {
            field.name: round(getattr(self, field.name), 4)
            for field in fields(self)
            if field.name != "fingerprint"
        }
        return document | {"fingerprint": f"{self.fingerprint:016x}"}

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Quality:
        """Return the quality of a `to_json` object. Raises KeyError or ValueError otherwise."""
        shares = {
            field.name: float(cast(float, document[field.name]))
            for field in fields(cls)
            if field.name != "fingerprint"
        }
        return cls(**shares, fingerprint=int(str(document["fingerprint"]), 16))


def measure_quality(
    linear: npt.NDArray[np.uint8],
    rover_mask: npt.NDArray[np.bool_] | None = None,
    beyond: npt.NDArray[np.bool_] | None = None,
) -> Quality:
    """Return the quality of a linear frame.

    linear: uint8 (H, W) or (H, W, 3); rover_mask, beyond: bool (H, W), True = rover, True = beyond
    the range limit. Every fourth row of the frame is measured, and all of the masks. Raises
    ValueError for an empty frame or a mask of another shape.

    >>> quality = measure_quality(np.full((8, 8), 255, dtype=np.uint8))
    >>> quality.saturated_share, quality.contrast, quality.terrain_share
    (1.0, 0.0, 1.0)
    """
    if not linear.size:
        raise ValueError("An empty frame has no quality.")
    shape = linear.shape[:2]
    usable = np.ones(shape, dtype=np.bool_)
    for mask in (rover_mask, beyond):
        if mask is not None:
            if mask.shape != shape:
                raise ValueError(f"The mask is {mask.shape}, the frame is {shape}.")
            usable &= ~mask
    rover = 0 if rover_mask is None else np.count_nonzero(rover_mask)
    gray = luminance(linear[::_ROW_STEP]).astype(np.int16)
    counted = usable[::_ROW_STEP]
    if not counted.any():
        counted = np.ones_like(counted)
    share = np.bincount(gray[counted], minlength=256) / np.count_nonzero(counted)
    total = np.cumsum(share)
    low, high = (int(np.searchsorted(total, part - 1e-9)) for part in _CONTRAST_SHARES)
    return Quality(
        dark_share=float(share[: _DARKEST_USEFUL + 1].sum()),
        saturated_share=float(share[_BRIGHTEST_USEFUL:].sum()),
        contrast=(high - low) / 255.0,
        sharpness=_sharpness(gray, counted),
        rover_share=float(rover / usable.size),
        terrain_share=float(np.count_nonzero(usable) / usable.size),
        fingerprint=fingerprint_of(linear),
    )


def _sharpness(gray: npt.NDArray[np.int16], counted: npt.NDArray[np.bool_]) -> float:
    """Return how much of the difference between distant pixels is between neighbors, 0..1."""
    pairs = counted[:, :-_FAR_PX] & counted[:, _FAR_PX:]
    if not pairs.any():
        return 0.0
    start = gray[:, :-_FAR_PX]
    far = np.abs(gray[:, _FAR_PX:] - start)[pairs].sum(dtype=np.int64)
    near = np.abs(gray[:, _NEAR_PX : _NEAR_PX - _FAR_PX] - start)[pairs].sum(dtype=np.int64)
    if not far:
        return 0.0
    of_a_ramp = _NEAR_PX / _FAR_PX
    return float(np.clip((near / far - of_a_ramp) / (1.0 - of_a_ramp), 0.0, 1.0))


def fingerprint_of(linear: npt.NDArray[np.uint8]) -> int:
    """Return the perceptual hash of a frame, 64 bits, independent of its exposure."""
    from scipy import fft

    step = max(1, min(linear.shape[:2]) // (_HASH_FRAME * _HASH_SAMPLES))
    gray = luminance(linear[::step, ::step]).astype(np.float64)
    for axis in (0, 1):
        length = gray.shape[axis]
        edges = np.linspace(0, length, _HASH_FRAME, endpoint=False).astype(np.intp)
        sizes = np.maximum(np.diff(np.append(edges, length)), 1)
        sums = np.add.reduceat(gray, edges, axis=axis)
        gray = sums / (sizes[:, None] if axis == 0 else sizes)
    waves = fft.dctn(gray, norm="ortho")[:_HASH_SIDE, :_HASH_SIDE].ravel()
    # the mean gray is no pattern, and rounding in a frame without any must not become one
    waves[0] = 0.0
    waves[np.abs(waves) < 1e-6] = 0.0
    bits = waves > np.median(waves)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


@dataclass(frozen=True, slots=True)
class FrameKey:
    """The facts by which two frames are recognized as near-duplicates.

    id: any number that identifies the frame. fingerprint: `Quality.fingerprint`. start_time:
    seconds since any fixed moment; clock: the spacecraft clock in seconds. site, drive: of the
    rover. pointing: (azimuth, elevation) in degrees. rover: its name, since two rovers may have
    equal site and drive numbers. exposure: the same for all products of one exposure of one camera,
    such as the raw and the linearised one. Unknown values are None or "".
    """

    id: int
    fingerprint: int
    start_time: float | None = None
    site: int | None = None
    drive: int | None = None
    pointing: tuple[float, float] | None = None
    clock: float | None = None
    rover: str = ""
    exposure: str = ""


def near_duplicates(frames: Sequence[FrameKey]) -> dict[int, int]:
    """Find near-duplicates: return {id of the later frame: id of the earlier frame}.

    Two frames are near-duplicates if they have the same rover, site and drive, point in the same
    direction within 1 degree (if both pointings are known), were taken within 10 minutes by the
    spacecraft clock or else by start time, and differ in at most 6 bits of their fingerprints. If
    place or time is unknown for both, at most 2 bits may differ. Frames with different kinds of
    time are not compared. Products of one exposure are duplicates whatever their fingerprints,
    since linearization changes the fingerprint.

    In the order of time, then id, each frame is compared with earlier frames that are not
    duplicates themselves, and assigned to the first match. So no value of the result is also a key.
    The work grows linearly with the number of frames: fingerprints that differ in n bits share at
    least one of n + 1 parts, so only frames with an equal part are compared, and frames older than
    10 minutes are dropped.

    >>> frames = [FrameKey(1, 0b1111, clock=0.0), FrameKey(2, 0b1110, clock=60.0)]
    >>> near_duplicates(frames)
    {2: 1}
    """
    duplicates: dict[int, int] = {}
    # (group, which part, its bits) -> frames that stay, the oldest first
    staying: dict[tuple[object, ...], deque[tuple[int, float, FrameKey]]] = {}
    # exposure -> the frame that stays for it
    of_exposure: dict[tuple[str, str], int] = {}
    for order, (time, frame) in enumerate(sorted(map(_timed, frames), key=_when)):
        exposure = (frame.rover, frame.exposure)
        if frame.exposure and exposure in of_exposure:
            duplicates[frame.id] = of_exposure[exposure]
            continue
        confirmed = time is not None and frame.site is not None and frame.drive is not None
        most_bits = _MOST_BITS if confirmed else _MOST_BITS_ALONE
        group = (frame.rover, frame.site, frame.drive, time and time[0])
        now = 0.0 if time is None else time[1]
        parts = [(group, *part) for part in _parts(frame.fingerprint, most_bits + 1)]
        found: tuple[int, float, FrameKey] | None = None
        for part in parts:
            earlier = staying.get(part)
            while earlier and now - earlier[0][1] > _MOST_SECONDS:
                earlier.popleft()
            for entry in earlier or ():
                if found is not None and entry[0] >= found[0]:
                    break
                if _are_similar(entry[2], frame, most_bits):
                    found = entry
        of_exposure[exposure] = frame.id if found is None else found[2].id
        if found is not None:
            duplicates[frame.id] = found[2].id
            continue
        for part in parts:
            staying.setdefault(part, deque()).append((order, now, frame))
    return duplicates


def _timed(frame: FrameKey) -> tuple[tuple[str, float] | None, FrameKey]:
    """Return a frame with its kind of time and its time."""
    if frame.clock is not None:
        return ("clock", frame.clock), frame
    if frame.start_time is not None:
        return ("start", frame.start_time), frame
    return None, frame


def _when(timed: tuple[tuple[str, float] | None, FrameKey]) -> tuple[str, float, int]:
    """Return the sort key of a frame: kind of time, time, id."""
    time, frame = timed
    return (*(time or ("", 0.0)), frame.id)


def _parts(fingerprint: int, count: int) -> list[tuple[int, int]]:
    """Split a fingerprint into `count` runs of bits: (position, bits) of each."""
    edges = [_HASH_BITS * part // count for part in range(count + 1)]
    return [(low, fingerprint >> low & (1 << high - low) - 1) for low, high in pairwise(edges)]


def _are_similar(a: FrameKey, b: FrameKey, most_bits: int) -> bool:
    """Return whether fingerprints and pointing of two frames are close enough."""
    if (a.fingerprint ^ b.fingerprint).bit_count() > most_bits:
        return False
    if a.pointing is None or b.pointing is None:
        return True
    turn = abs((a.pointing[0] - b.pointing[0] + 180.0) % 360.0 - 180.0)
    tilt = abs(a.pointing[1] - b.pointing[1])
    return max(turn, tilt) <= _POINTING_TOLERANCE_DEG
