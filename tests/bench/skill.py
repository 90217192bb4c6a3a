"""The skill of a campaign's labelers in PostgreSQL, through the command, with two workers."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from terrain.bitplanes import regions_to_planes, unpack_planes
from terrain.skill.dawid_skene import fit
from terrain.skill.patterns import NO_VOTE, vote_patterns
from terrain.skill.votes import ImageVotes, collect_votes
from tests import servers
from tests.bench import crowd, many_labels
from tests.bench.figures import Figure
from tests.served import REPOSITORY

IMAGES = 3_500
#: The reference goes through pixels one image at a time, so it is timed on these and scaled.
SAMPLE, ROUNDS = 2, 5


def seconds_to_estimate(database: str, home: Path) -> float:
    """Create a campaign in an empty database and estimate it; only the estimate is timed."""
    environment = {
        **os.environ,
        "AI4MARS_HOME": str(home),
        "DATABASE_URL": database,
        "DJANGO_SETTINGS_MODULE": "ai4mars_site.settings",
    }

    def run(*command: str) -> None:
        subprocess.run(
            [sys.executable, *command],
            cwd=REPOSITORY,
            env=environment,
            check=True,
            capture_output=True,
        )

    run("manage.py", "migrate", "--verbosity", "0")
    run("-m", "tests.bench.many_labels", str(IMAGES))
    began = time.perf_counter()
    run("manage.py", "estimate_skill", "--campaign", many_labels.SLUG, "--workers", "2")
    return time.perf_counter() - began


def pixel_by_pixel(drawn: np.ndarray, rounds: int) -> np.ndarray:
    """Return confusion matrices by equations 2.3 to 2.5 of Dawid and Skene over all pixels.

    ``drawn`` is uint8 (pixels, labelers); the result float64 (labelers, classes, classes).
    """
    classes = len(crowd.CODES)
    drawn = drawn[(drawn != NO_VOTE).any(axis=1)]
    one_hot = (drawn[:, :, None] == np.arange(classes)).astype(np.float64)
    chances = one_hot.sum(axis=1)
    chances /= chances.sum(axis=1, keepdims=True)
    for _ in range(rounds):
        prior = chances.mean(axis=0)
        counts = np.einsum("it,iwd->wtd", chances, one_hot, optimize=True)
        matrices = np.maximum(counts / counts.sum(axis=2, keepdims=True), 1e-10)
        matrices /= matrices.sum(axis=2, keepdims=True)
        likelihood = np.log(prior) + np.einsum(
            "iwd,wtd->it", one_hot, np.log(matrices), optimize=True
        )
        chances = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
    return matrices


def reference() -> tuple[float, float]:
    """Return the seconds for a sample, by pixel and by pattern; both give the same matrices."""
    size = crowd.SIZE
    planes = [
        [regions_to_planes(regions, crowd.CODES, size, size) for regions in crowd.labels(number)]
        for number in range(SAMPLE)
    ]
    masks = [
        np.stack([unpack_planes(label, crowd.CODES, size, size).ravel() for label in image], axis=1)
        for image in planes
    ]
    began = time.perf_counter()
    expected = pixel_by_pixel(np.concatenate(masks), ROUNDS)
    naive = time.perf_counter() - began
    began = time.perf_counter()
    votes = collect_votes(
        (ImageVotes(vote_patterns(image), range(crowd.LABELERS)) for image in planes),
        crowd.LABELERS,
        len(crowd.CODES),
    )
    model = fit(votes, rounds=ROUNDS, tolerance=-1)
    patterns = time.perf_counter() - began
    assert np.allclose(model.matrices, expected, atol=1e-6)
    return naive, patterns


def run() -> list[Figure]:
    naive, patterns = reference()
    server = servers.start_postgres()
    with tempfile.TemporaryDirectory() as folder:
        seconds = seconds_to_estimate(servers.create_database(server, "bench_skill"), Path(folder))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [
        Figure(f"skill: {IMAGES:,} images x 10 labels, PostgreSQL, 2 workers", seconds, "s", 60.0),
        Figure("skill: peak memory of a process", peak, "MiB"),
        Figure(
            f"skill: NumPy by pixels, {ROUNDS} rounds, {SAMPLE} images scaled to {IMAGES:,}",
            naive / SAMPLE * IMAGES,
            "s",
        ),
        Figure(
            f"skill: the same by patterns, {SAMPLE} images, times faster", naive / patterns, "x"
        ),
    ]
