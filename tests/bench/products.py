"""Importing PDS products through the command: EDR and range product read, prepared and stored.

A second import, which finds all products present, takes as long to start; that time is subtracted.
"""

import os
import tempfile
from pathlib import Path

import numpy as np

from simulation.scenes.scene import make_scene
from tests.bench.figures import Figure
from tests.bench.importing import run_command, seconds_of_import
from tests.labeling.images.ingest.pds_writer import write_frame, write_map

FRAMES = 200


def write_products(folder: Path) -> None:
    """Write a simulated scene under many names, each a little brighter, in the real byte layout."""
    scene = make_scene(5)
    for number in range(FRAMES):
        edr = f"NLB_{500_000_000 + number}EDR_F0310000NCAM00200M1"
        dn = np.minimum(scene.dn.astype(np.int16) + number, 4095)
        write_frame(folder, edr, dn, scene.camera, geometry="LINEARIZED")
        write_map(
            folder,
            edr.replace("EDR_", "RNG_"),
            scene.range_m,
            scene.camera,
            geometry="LINEARIZED",
            sources=(edr,),
        )


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        home, source = Path(folder) / "home", Path(folder) / "pds"
        source.mkdir()
        write_products(source)
        # A gigabyte that was just written is not to be written out while the import is timed.
        os.sync()
        run_command(home, "migrate", "--verbosity", "0")
        seconds = seconds_of_import(home, source) - seconds_of_import(home, source)
    name = "products: EDR and range through the command"
    return [Figure(name, FRAMES / seconds, "/s", 20, True)]
