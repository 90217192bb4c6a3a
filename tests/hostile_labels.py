"""Labels that nobody would draw: families of outlines that are slow to clean, of any size.

Each function returns regions on an image of ``SIZE`` x ``SIZE`` pixels; ``FAMILIES`` draws the
parameters of each family from a random generator.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from terrain.geometry.regions import Region

SIZE = 512

Points = npt.NDArray[np.float64]


def circle(x: float, y: float, radius: float, points: int, turn: float = 0.0) -> Points:
    angle = turn + np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], axis=1)


def regions_of(*rings: Points) -> list[Region]:
    """Return one region for each ring."""
    return [Region(number % 4, (ring,)) for number, ring in enumerate(rings)]


def nested_circles(count: int, points: int, shrinking: bool = False) -> list[Region]:
    """Return concentric circles, from the inside out or from the outside in."""
    radii = [1 + number * SIZE * 0.48 / count for number in range(count)]
    rings = [circle(SIZE / 2, SIZE / 2, radius, points) for radius in radii]
    return regions_of(*(rings[::-1] if shrinking else rings))


def stacked_circles(count: int, points: int, shift: float) -> list[Region]:
    """Return circles of one size, each shifted a little from the one before."""
    return regions_of(
        *(circle(150 + shift * number, SIZE / 2, 120, points, number) for number in range(count))
    )


def scattered_circles(
    count: int, points: int, radius: float, rng: np.random.Generator
) -> list[Region]:
    places = rng.uniform(0, SIZE, (count, 2))
    return regions_of(*(circle(x, y, radius, points) for x, y in places))


def comb(teeth: int, slant: float = 0.0, upright: bool = True, height: float = 400.0) -> Points:
    """Return one outline with many teeth."""
    x = 50 + np.linspace(0, 400, 2 * teeth)
    y = np.where(np.arange(2 * teeth) % 2, 50.0, 50.0 + height)
    outline = np.stack([x + slant * (y > 50), y], axis=1)
    outline = np.concatenate([outline, [[460 + abs(slant), 45], [45, 45]]])
    return outline if upright else outline[:, ::-1]


def crossed_combs(teeth: int, height: float = 400.0) -> list[Region]:
    return regions_of(comb(teeth, height=height), comb(teeth, upright=False, height=height))


def cut_comb(teeth: int, bars: int) -> list[Region]:
    """Return bars, then a comb that they cut into pieces."""
    edges = np.linspace(60, 440, 2 * bars).reshape(-1, 2)
    rings = [np.array([[40, a], [470, a], [470, b], [40, b]]) for a, b in edges]
    return regions_of(*rings, comb(teeth))


def spiral(turns: int, points: int, width: float = 0.4) -> Points:
    """Return a long strip in the form of a spiral."""
    angle = np.linspace(0, 2 * np.pi * turns, points // 2)
    radius = 5 + 240 * angle / angle[-1]
    step = 240 / turns * width
    around = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    outer = SIZE / 2 + (radius + step)[:, None] * around
    return np.concatenate([SIZE / 2 + radius[:, None] * around, outer[::-1]])


def star(points: int, inner: float = 5.0, x: float = SIZE / 2, outer: float = 250.0) -> Points:
    """Return long spikes around one center."""
    outline = circle(x, SIZE / 2, 1, points)
    radius = np.where(np.arange(points) % 2, outer, inner)[:, None]
    return np.array([x, SIZE / 2]) + (outline - [x, SIZE / 2]) * radius


def star_polygon(points: int, skip: int) -> Points:
    """Return a self-crossing ring: each corner is joined to a distant one."""
    return circle(SIZE / 2, SIZE / 2, 250, points)[np.arange(points) * skip % points]


def grid_of_bars(count: int, thickness: float = 1.0) -> list[Region]:
    """Return horizontal bars crossed by vertical bars."""
    rings = []
    for a in np.linspace(10, SIZE - 10, count):
        rings.append(np.array([[5, a], [507, a], [507, a + thickness], [5, a + thickness]]))
    rings += [ring[:, ::-1] for ring in rings]
    return regions_of(*rings)


def near_coincident(copies: int, points: int, rng: np.random.Generator) -> list[Region]:
    """Return copies of one outline, shifted by hundredths of a pixel."""
    outline = circle(SIZE / 2, SIZE / 2, 200, points) + rng.uniform(-2, 2, (points, 2))
    return regions_of(*(outline + rng.uniform(-0.02, 0.02, (points, 2)) for _ in range(copies)))


def scribble(points: int, step: float, rng: np.random.Generator) -> Points:
    """Return a random walk of a pen that never lifts."""
    walk = rng.normal(0, step, (points, 2)).cumsum(axis=0)
    # Folded back at the edges.
    return np.abs((walk + SIZE / 2) % (2 * SIZE) - SIZE)


def tiny(count: int, points: int, rng: np.random.Generator, spread: float = SIZE) -> list[Region]:
    places = rng.uniform(0, spread, (count, 2))
    return regions_of(*(circle(x, y, 2.0, points) for x, y in places))


def sieve(holes: int, points: int, rng: np.random.Generator, layers: int = 1) -> list[Region]:
    """Return stacked regions with many holes."""
    side = int(np.ceil(np.sqrt(holes)))
    step = (SIZE - 20) / side
    found = []
    for layer in range(layers):
        frame = np.array([[5, 5], [507, 5], [507, 507], [5, 507]], dtype=np.float64)
        rings = [
            circle(15 + step * (n % side), 15 + step * (n // side), step * 0.45, points)
            + rng.uniform(-0.3, 0.3, 2)
            for n in range(holes)
        ]
        found.append(Region(layer % 4, (frame, *rings)))
    return found


def slivers(count: int, rng: np.random.Generator, width: float = 0.05) -> list[Region]:
    """Return long thin strips in all directions."""
    rings = []
    for angle in rng.uniform(0, np.pi, count):
        along = np.array([np.cos(angle), np.sin(angle)]) * 240
        aside = np.array([-along[1], along[0]]) / 240 * width
        middle = rng.uniform(200, 312, 2)
        rings.append(np.array([middle - along, middle + along, middle + along + aside]))
    return regions_of(*rings)


def parallel_slivers(count: int, points: int) -> list[Region]:
    """Return parallel, slanted strips: their boxes overlap but they do not."""
    rings = []
    for number in range(count):
        shift = np.array([number * 250 / count, -number * 250 / count])
        there = np.linspace([20, 20], [480, 480], points)
        rings.append(np.concatenate([there, there[::-1] + np.array([0.3, -0.3])]) + shift)
    return regions_of(*rings)


def touching(petals: int, points: int) -> Points:
    """Return a ring that returns to one point again and again."""
    rings = []
    for turn in np.linspace(0, 2 * np.pi, petals, endpoint=False):
        petal = circle(0, 0, 1, points, turn + np.pi) + np.array([np.cos(turn), np.sin(turn)])
        rings.append(SIZE / 2 + petal * 100)
    return np.concatenate(rings)


def self_covering(turns: int, points: int) -> Points:
    """Return a circle that is traced many times."""
    return np.concatenate([circle(SIZE / 2, SIZE / 2, 200, points)] * turns)


def zigzag(points: int, height: float, rows: int = 1) -> list[Region]:
    """Return zigzag bands that cross the straight bands below them."""
    rings = []
    for row in range(rows):
        top = 20 + row * (470 / rows)
        x = np.linspace(5, 507, points)
        y = top + np.where(np.arange(points) % 2, 0.0, height)
        edge = np.stack([x, y], axis=1)
        rings.append(np.concatenate([edge, [[507, top + 300 / rows], [5, top + 300 / rows]]]))
    straight = np.array([[2.0, 30], [510, 30], [510, 480], [2, 480]])
    return regions_of(straight, *rings)


def patchwork(
    side: int, points: int, rng: np.random.Generator, unsteady: float = 0.0
) -> list[Region]:
    """Return areas that fill the image and share borders, as people draw with snapping."""
    step = (SIZE - 20) / side
    corners = 10 + step * np.stack(np.meshgrid(*[np.arange(side + 1)] * 2), axis=-1)
    corners[1:-1, 1:-1] += rng.uniform(-0.3, 0.3, (side - 1, side - 1, 2)) * step
    borders: dict[tuple[tuple[int, int], tuple[int, int]], Points] = {}

    def border(a: tuple[int, int], b: tuple[int, int]) -> Points:
        if (a, b) not in borders:
            share = np.linspace(0, 1, points + 1)[:, None]
            bend = rng.normal(0, 0.02 * step, (points + 1, 2)).cumsum(axis=0) / np.sqrt(points)
            bend -= bend[0] + (bend[-1] - bend[0]) * share
            line = corners[a] + (corners[b] - corners[a]) * share + bend
            borders[a, b], borders[b, a] = line[:-1], line[:0:-1]
        return borders[a, b]

    rings = []
    for row in range(side):
        for column in range(side):
            around = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
            ring = np.concatenate(
                [border(a, b) for a, b in zip(around, [*around[1:], around[0]], strict=True)]
            )
            rings.append(ring + rng.normal(0, unsteady, ring.shape))
    return regions_of(*rings)


def _between(rng: np.random.Generator, low: float, high: float) -> int:
    """Return an integer whose logarithm is uniformly distributed."""
    return int(np.exp(rng.uniform(np.log(low), np.log(high + 1))))


FAMILIES: dict[str, Callable[[np.random.Generator], list[Region]]] = {
    "nested": lambda rng: nested_circles(
        _between(rng, 2, 300), _between(rng, 3, 1000), bool(rng.integers(2))
    ),
    "stacked": lambda rng: stacked_circles(
        _between(rng, 2, 300), _between(rng, 3, 1000), rng.uniform(0.01, 2)
    ),
    "scattered": lambda rng: scattered_circles(
        _between(rng, 2, 2000), _between(rng, 3, 100), _between(rng, 2, 200), rng
    ),
    "comb": lambda rng: regions_of(
        comb(_between(rng, 2, 20_000), rng.uniform(-40, 40), height=_between(rng, 1, 400))
    ),
    "crossed combs": lambda rng: crossed_combs(_between(rng, 2, 300), _between(rng, 50, 400)),
    "cut comb": lambda rng: cut_comb(_between(rng, 2, 1000), _between(rng, 1, 100)),
    "spiral": lambda rng: regions_of(
        spiral(_between(rng, 2, 500), _between(rng, 100, 50_000), rng.uniform(0.05, 0.9))
    ),
    "two spirals": lambda rng: regions_of(
        spiral(turns := _between(rng, 2, 300), _between(rng, 100, 20_000), rng.uniform(0.1, 0.9)),
        spiral(turns, _between(rng, 100, 20_000), rng.uniform(0.1, 0.9)) + rng.uniform(-5, 5, 2),
    ),
    "star": lambda rng: regions_of(star(_between(rng, 4, 20_000), rng.uniform(0.1, 200))),
    "two stars": lambda rng: regions_of(
        star(_between(rng, 4, 2_000), rng.uniform(0.1, 200)),
        star(_between(rng, 4, 2_000), rng.uniform(0.1, 200), SIZE / 2 + rng.uniform(-50, 50)),
    ),
    "star polygon": lambda rng: regions_of(
        star_polygon(points := 2 * _between(rng, 2, 2_000) + 1, _between(rng, 2, points // 2))
    ),
    "grid of bars": lambda rng: grid_of_bars(_between(rng, 2, 500), rng.uniform(0.05, 3)),
    "near-coincident": lambda rng: near_coincident(
        _between(rng, 2, 100), _between(rng, 3, 5_000), rng
    ),
    "scribble": lambda rng: regions_of(
        scribble(_between(rng, 4, 50_000), _between(rng, 1, 200), rng)
    ),
    "many scribbles": lambda rng: regions_of(
        *(scribble(_between(rng, 4, 200), _between(rng, 1, 50), rng) for _ in range(50))
    ),
    "tiny": lambda rng: tiny(
        _between(rng, 100, 2_000), _between(rng, 3, 25), rng, _between(rng, 20, SIZE)
    ),
    "sieve": lambda rng: sieve(
        _between(rng, 2, 5_000), _between(rng, 3, 20), rng, _between(rng, 1, 20)
    ),
    "slivers": lambda rng: slivers(_between(rng, 2, 1_000), rng, rng.uniform(0.02, 2)),
    "parallel slivers": lambda rng: parallel_slivers(_between(rng, 2, 800), _between(rng, 2, 100)),
    "touching": lambda rng: regions_of(touching(_between(rng, 2, 300), _between(rng, 3, 300))),
    "self-covering": lambda rng: regions_of(
        self_covering(_between(rng, 2, 300), _between(rng, 3, 1_000))
    ),
    "zigzag": lambda rng: zigzag(
        _between(rng, 4, 5_000), _between(rng, 1, 300), _between(rng, 1, 10)
    ),
    "patchwork": lambda rng: patchwork(
        _between(rng, 2, 44), _between(rng, 2, 50), rng, rng.uniform(0, 1) ** 4
    ),
}
