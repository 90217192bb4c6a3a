"""The benchmark table: ``python -m tests.bench``, or with names for some benchmarks.

Each benchmark is a module with a ``run`` that first checks that all compared methods give the same
result. A missed target is marked in its line, but does not make the run fail, because it also
depends on the machine's load.
"""

import sys
from collections.abc import Callable

from tests.bench import (
    agreement,
    drawing_page,
    evaluation,
    hostile,
    importing,
    merging,
    orthographic,
    polygons,
    preparing,
    products,
    queue,
    release,
    review_page,
    scoring,
    skill,
    start_up,
    web_process,
)
from tests.bench.figures import Figure

BENCHMARKS: dict[str, Callable[[], list[Figure]]] = {
    "agreement": agreement.run,
    "drawing-page": drawing_page.run,
    "evaluation": evaluation.run,
    "hostile": hostile.run,
    "importing": importing.run,
    "merging": merging.run,
    "orthographic": orthographic.run,
    "polygons": polygons.run,
    "preparing": preparing.run,
    "products": products.run,
    "queue": queue.run,
    "release": release.run,
    "review-page": review_page.run,
    "scoring": scoring.run,
    "skill": skill.run,
    "start-up": start_up.run,
    "web-process": web_process.run,
}


def main(names: list[str]) -> int:
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"There is no benchmark {', '.join(sorted(unknown))}: use {', '.join(BENCHMARKS)}.")
        return 2
    for name in names or BENCHMARKS:
        for figure in BENCHMARKS[name]():
            print(figure, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
