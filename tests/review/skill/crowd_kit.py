"""Makes `crowd_kit.json`: the results of crowd-kit's Dawid-Skene model for some votes.

crowd-kit has half a gigabyte of dependencies for other models, so it is not a development
dependency; its results are stored instead. To compute them again:

    .venv/bin/uv run --no-project --with crowd-kit==1.4.2 python tests/review/skill/crowd_kit.py
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

KEPT = Path(__file__).with_suffix(".json")
#: Patterns, labelers, classes, share of votes that are missing, rounds.
CASES = ((60, 5, 3, 0.3, 1), (60, 5, 3, 0.3, 12), (90, 8, 4, 0.5, 40), (40, 4, 2, 0.0, 300))


def votes(case: int) -> np.ndarray:
    """Return votes of labelers of different skill, uint8 (patterns, labelers), 255 for none."""
    patterns, labelers, classes, missing, _ = CASES[case]
    rng = np.random.default_rng([17, case])
    truth = rng.integers(classes, size=patterns)
    skill = rng.uniform(0.45, 0.95, labelers)
    right = rng.random((patterns, labelers)) < skill
    drawn = np.where(right, truth[:, None], rng.integers(classes, size=right.shape))
    drawn[(rng.random(right.shape) < missing) & (np.arange(labelers) > 0)] = 255
    return drawn.astype(np.uint8)


def answer(case: int) -> dict[str, Any]:
    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    drawn, rounds = votes(case), CASES[case][4]
    pattern, labeler = np.nonzero(drawn != 255)
    table = pd.DataFrame(
        {"task": pattern, "worker": labeler, "label": drawn[pattern, labeler].astype(int)}
    )
    # It stops when the bound grows by less than tol: never before the last round.
    model = DawidSkene(n_iter=rounds, tol=-1e9).fit(table)
    chances = model.probas_.sort_index(axis=0).sort_index(axis=1)
    return {"votes": drawn.tolist(), "rounds": rounds, "posteriors": chances.to_numpy().tolist()}


if __name__ == "__main__":
    kept = {
        "crowd-kit": version("crowd-kit"),
        "cases": [answer(case) for case in range(len(CASES))],
    }
    KEPT.write_text(json.dumps(kept))
