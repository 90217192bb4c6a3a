"""The cost of cleaning pathological labels: the worst of each kind, accepted and refused.

Two known attacks are also timed without limits, in a separate process that is killed after a time
limit (`tests.plain_cleaning`).
"""

import json
import multiprocessing
import resource
import signal
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import orjson

from terrain.bitplanes import regions_to_mask
from terrain.geometry.cleaning import clean_regions
from terrain.geometry.invalid_polygons import InvalidPolygons
from terrain.geometry.regions import (
    MAX_POINTS,
    Region,
    parse_regions,
    regions_to_json,
)
from tests import plain_cleaning
from tests.bench.figures import Figure
from tests.hostile_labels import FAMILIES, SIZE, circle, nested_circles, patchwork, regions_of, tiny

CODES = range(4)
TRIES = 25
#: Beyond this many seconds of a processor the plain way is ended.
MOST_SECONDS = 30

ACCEPTED_SECONDS = 0.3
REFUSED_SECONDS = 0.1


def run() -> list[Figure]:
    figures = []
    for name, regions in _named().items():
        figures += _figures(name, [regions])
        if "nested" in name:
            before, verb = _plain_seconds(regions)
            figures.append(Figure(f"hostile: {name}, without bounds{verb}", before, "s"))
    for family, draw in FAMILIES.items():
        figures += _figures(family, [_drawn(draw, seed) for seed in range(TRIES)])
    return figures


def _named() -> dict[str, list[Region]]:
    rng = np.random.default_rng(5)
    return {
        "60 nested circles of 480 points": nested_circles(60, 480),
        "200 nested circles of 960 points": nested_circles(200, 960),
        "100 areas of 200 points, honest": patchwork(10, 50, rng),
        "1500 rocks of 25 points, honest": tiny(1500, 25, rng),
        "one outline of 40,000 points": regions_of(circle(256, 256, 200, MAX_POINTS)),
    }


def _drawn(draw: Callable[[np.random.Generator], list[Region]], seed: int) -> list[Region]:
    return draw(np.random.default_rng(seed))


def _figures(name: str, labels: Sequence[list[Region]]) -> list[Figure]:
    """Return figures of the worst accepted and the worst refused of these labels."""
    worst: dict[bool, float] = {}
    for regions in labels:
        text = orjson.dumps([_sent(region) for region in regions])
        accepted, seconds = _measured(text)
        worst[accepted] = max(worst.get(accepted, 0.0), seconds)
    figures = []
    if True in worst:
        figures.append(Figure(f"hostile: {name}, accepted", worst[True], "s", ACCEPTED_SECONDS))
    if False in worst:
        figures.append(Figure(f"hostile: {name}, refused", worst[False], "s", REFUSED_SECONDS))
    return figures


def _sent(region: Region) -> dict[str, Any]:
    return {"class": region.code, "rings": [ring.tolist() for ring in region.rings]}


def _measured(text: bytes) -> tuple[bool, float]:
    """Return whether a label is accepted, and seconds: until it is refused, without decoding; or in
    total.
    """
    start = time.process_time()
    decoded = orjson.loads(text)
    read = time.process_time()
    try:
        cleaned = clean_regions(parse_regions(decoded, CODES, SIZE, SIZE), SIZE, SIZE)
    except InvalidPolygons:
        return False, time.process_time() - read
    json.dumps(regions_to_json(cleaned))
    regions_to_mask(cleaned, SIZE, SIZE)
    return True, time.process_time() - start


def _plain_seconds(regions: list[Region]) -> tuple[float, str]:
    """Return the seconds that cleaning takes without limits, and a note if it was ended."""
    context = multiprocessing.get_context("fork")
    answer = context.SimpleQueue()
    process = context.Process(target=_clean_plainly, args=(regions, answer))
    process.start()
    process.join()
    if process.exitcode == -signal.SIGXCPU:
        return MOST_SECONDS, " (ended)"
    return float(answer.get()), ""


def _clean_plainly(regions: list[Region], answer: "multiprocessing.SimpleQueue[float]") -> None:
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + MOST_SECONDS, used + MOST_SECONDS + 1))
    start = time.process_time()
    plain_cleaning.clean(regions, SIZE, SIZE)
    answer.put(time.process_time() - start)
