"""The training example, run unchanged; needs PyTorch, which AI4Mars does not install."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from simulation import training_trees
from tests.served import REPOSITORY

SCRIPT = REPOSITORY / "examples" / "train_segmentation.py"
#: A Python that has what requirements-train.in lists, where it is not the tests' own.
PYTHON = os.environ.get("AI4MARS_TRAIN_PYTHON", sys.executable)


def has_torch() -> bool:
    return subprocess.run([PYTHON, "-c", "import torch"], capture_output=True).returncode == 0


@pytest.mark.timeout(600)
@pytest.mark.skipif(
    not has_torch(),
    reason="no PyTorch: install requirements-train.in, or name a Python in AI4MARS_TRAIN_PYTHON",
)
def test_a_model_learns_and_its_predictions_can_be_evaluated(tmp_path: Path) -> None:
    list(training_trees.make_trees(tmp_path / "data", train=6, test=2, size=64, labels=5))
    tree = training_trees.tree_of(tmp_path / "data", "true")
    done = subprocess.run(
        [
            *(PYTHON, str(SCRIPT), str(tree), "--out", str(tmp_path / "out")),
            *("--truth", str(tmp_path / "data" / "truth"), "--device", "cpu"),
            *("--size", "64", "--epochs", "15", "--batch", "3", "--seeds", "1", "1"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    losses = [float(line.split()[-1]) for line in done.stdout.splitlines() if "epoch" in line]
    assert len(losses) == 30
    assert losses[14] < 0.7 * losses[0], "it learns"
    first, second = (json.loads(line) for line in done.stdout.splitlines() if line[0] == "{")
    assert first["scores"] == second["scores"], "one seed, one result"
    assert first["scores"]["truth"]["accuracy"] > 0.4

    images = {path.stem for path in (tmp_path / "data" / "truth").iterdir()}
    predictions = list((tmp_path / "out" / tree.name).iterdir())
    assert {path.stem for path in predictions} == images
    for path in predictions:
        with Image.open(path) as file:
            assert (file.mode, file.size) == ("L", (64, 64))
            assert set(np.unique(np.asarray(file)).tolist()) <= {0, 1, 2, 3}
