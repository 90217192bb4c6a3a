"""Preparing frames: from the data of an EDR and its range product to all derived files."""

import io
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from multiprocessing.pool import Pool
from pathlib import Path

import numpy as np

from labeling.images.ingest.products import Product
from labeling.images.preparation.image_files import Parameters, beyond_limit, prepare
from labeling.images.preparation.pictures import (
    COPY_QUALITY,
    jpeg_bytes,
    range_png,
    read_range_png,
    sizes,
    thumbnail_bytes,
)
from simulation.scenes.scene import Scene, make_scene
from terrain.display.display import display_image
from terrain.display.quality import FrameKey, measure_quality, near_duplicates
from terrain.display.reduced_range import reduce_range
from terrain.display.tone import linear
from tests.bench.figures import Figure, milliseconds

PARAMETERS = Parameters(range_limit_m=30.0, scale_bar_m=0.5)
PER_PIXEL = Parameters(range_limit_m=30.0, scale_bar_m=0.5, range_rule="per-pixel")
RELEASE_QUALITY = 95
PROCESSES = 2
IMAGES = 60
FEW, MANY = 200, 2000


def product_of(scene: Scene) -> Product:
    """Return a scene as the PDS reader would return its data and range."""
    frame = linear(scene.dn)
    return Product(
        product_id=scene.product_id,
        rover="curiosity",
        camera="navcam-left",
        eye="left",
        sol=scene.sol,
        start_time=None,
        site=scene.site,
        drive=scene.drive,
        sequence="",
        linear=frame,
        original_jpeg=jpeg_bytes(frame, RELEASE_QUALITY),
        pixels=scene.dn,
        source_path="",
        source_sha256="",
        camera_model=scene.camera,
        rover_mask=scene.rover_mask,
        range_m=scene.range_m,
    )


def prepare_scene(scene: Scene, parameters: Parameters = PARAMETERS) -> int:
    """Make all derived files of a scene; return their total size in bytes."""
    prepared = prepare(product_of(scene), parameters)
    files = [prepared.original, prepared.display, prepared.thumbnail, *prepared.copies.values()]
    maps = (prepared.range_map, prepared.range_mask, prepared.rover_mask)
    return sum(len(file) for file in (*files, *filter(None, maps)))


def images_per_second(scenes: list[Scene], processes: int) -> float:
    """Return how many frames several processes prepare per second of wall-clock time."""
    with _pool(processes, scenes) as pool:
        pool.map(_prepare_many, [1] * processes, chunksize=1)
        start = time.perf_counter()
        pool.map(_prepare_many, [IMAGES // processes] * processes, chunksize=1)
        return IMAGES / (time.perf_counter() - start)


def peak_mebibytes(count: int, scenes: list[Scene]) -> float:
    """Return the peak memory of a separate process that prepares a number of frames."""
    with _pool(1, scenes) as pool:
        return pool.apply(_prepare_many, (count,))


def _pool(processes: int, scenes: list[Scene]) -> Pool:
    """Return new processes that have loaded the scenes, so that no frame is sent while timing."""
    context = multiprocessing.get_context("spawn")
    return context.Pool(processes, initializer=_keep_at_hand, initargs=(scenes,))


# In a process of the pool: the scenes it was started with
_at_hand: list[Scene] = []


def _keep_at_hand(scenes: list[Scene]) -> None:
    _at_hand.extend(scenes)


def _prepare_many(count: int) -> float:
    """Prepare a number of frames; return the peak memory of this process so far, in MiB."""
    for number in range(count):
        prepare_scene(_at_hand[number % len(_at_hand)])
    return _peak_mebibytes()


def _peak_mebibytes() -> float:
    """Return the peak memory of this process, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        # of this program alone: what getrusage says on Linux includes the one that started it
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # kibibytes, but bytes on a Mac
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


def many_frames(count: int) -> list[FrameKey]:
    """Return a long mission: thirty frames at each place, half a minute apart, some taken twice."""
    rng = np.random.default_rng(7)
    prints = rng.integers(0, 2**63, count).tolist()
    for late in range(5, count, 10):
        prints[late] = prints[late - 1] ^ 1
    return [
        FrameKey(number, prints[number], 30.0 * number, number // 300, number % 300 // 30)
        for number in range(count)
    ]


def stages(scene: Scene) -> dict[str, Callable[[], object]]:
    """Return the steps of preparation, to time them separately."""
    product = product_of(scene)
    beyond, _ = beyond_limit(product, PARAMETERS)
    shown = display_image(scene.dn, beyond, scene.rover_mask)
    smallest = next(iter(sizes(shown).values()))
    reduced = reduce_range(scene.range_m)
    assert np.array_equal(read_range_png(io.BytesIO(range_png(reduced))), reduced)
    return {
        "linear frame and release JPEG": lambda: product_of(scene),
        "range mask": lambda: beyond_limit(product, PARAMETERS),
        "display image": lambda: display_image(scene.dn, beyond, scene.rover_mask),
        "full-size display JPEG": lambda: jpeg_bytes(shown, 90),
        "smaller copies": lambda: [jpeg_bytes(it, COPY_QUALITY) for it in sizes(shown).values()],
        "thumbnail": lambda: thumbnail_bytes(smallest),
        "reduced range": lambda: range_png(reduce_range(scene.range_m)),
        "quality": lambda: measure_quality(product.linear, scene.rover_mask, beyond),
    }


def run() -> list[Figure]:
    scenes = [make_scene(seed) for seed in range(4)]
    figures = [
        Figure(
            "preparing: an EDR with range, 1024 x 1024, all files",
            milliseconds(lambda: prepare_scene(scenes[0])),
            "ms",
            100,
        )
    ]
    for name, work in stages(scenes[0]).items():
        target = 10.0 if name == "quality" else None
        figures.append(Figure(f"preparing: {name}", milliseconds(work), "ms", target))
    by_pixel = milliseconds(lambda: prepare_scene(scenes[0], PER_PIXEL))
    frames = many_frames(35_000)
    assert len(near_duplicates(frames)) == len(range(5, 35_000, 10))
    finding = milliseconds(lambda: near_duplicates(frames), repeat=3)
    one, two = images_per_second(scenes, 1), images_per_second(scenes, PROCESSES)
    few, many = peak_mebibytes(FEW, scenes), peak_mebibytes(MANY, scenes)
    return [
        *figures,
        Figure("preparing: the whole with a per-pixel range mask", by_pixel, "ms", 100),
        Figure("preparing: in one process", one, "/s"),
        Figure(f"preparing: in {PROCESSES} processes", two, "/s", 20, at_least=True),
        Figure(f"preparing: peak memory after {FEW} frames", few, "MiB"),
        Figure(f"preparing: peak memory after {MANY} frames", many, "MiB", round(1.1 * few)),
        Figure("preparing: near-duplicates of 35,000 frames", finding, "ms"),
    ]
