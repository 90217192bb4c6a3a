"""The cost of cleaning a label, estimated from its outlines in advance.

A few thousand points can keep a processor busy for minutes if outlines cross or cover each other
often. The causes are counted with array operations of bounded cost, and weighted by measured times
(``make bench``). One unit is about a microsecond of one processor core.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from terrain.geometry.invalid_polygons import TooTangled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# The largest cost of a label, from its text to the database, and the largest cost of the steps
# before it is known whether regions with overlapping bounding boxes overlap themselves.
MAX_COST = 250_000
MAX_COST_BEFORE = 50_000

# The largest total length of all outlines: rasterizing visits every pixel row that one crosses. A
# label that fills an image of 1024 x 1024 px with shapes of 30 px has 70,000 px.
MAX_LENGTH_PX = 1_000_000

# The largest number of pairs of nearby edges. Ordinary outlines have about three per point.
SPARE_EDGE_PAIRS = 100_000
EDGE_PAIRS_PER_POINT = 5

# Costs of: reading, checking and writing a point, a ring and a region; comparing two nearby edges;
# splitting and snapping two crossing edges of one region, or of two; testing on which side of an
# edge a face of a self-crossing outline lies.
POINT_COST = 3.5
RING_COST = 5.0
REGION_COST = 20.0
EDGE_PAIR_COST = 0.1
OWN_CROSSING_COST = 160.0
CROSSING_COST = 75.0
SIDE_COST = 0.02

# Costs of testing two regions with overlapping bounding boxes for overlap, and of subtracting the
# common area. All points in the common box count.
PAIR_COST = 6.0
PAIR_POINT_COST = 0.2
PAIR_REGION_POINT_COST = 0.005
OVERLAP_COST = 100.0
OVERLAP_POINT_COST = 0.5
OVERLAP_REGION_POINT_COST = 0.03

# Cells per side of the table that counts points in boxes.
TABLE_CELLS = 128

# The grid of coordinates, and by how much cells are widened against rounding, in its steps.
STEPS_PER_PX = 100
MARGIN = 0.001


@dataclass(frozen=True, slots=True)
class Outlines:
    """The rings of all regions in one array.

    ``points`` is float64 (n, 2), (x, y) in pixels on the grid of 0.01 px. ``firsts`` is where each
    ring starts, with n at the end, and ``region_of_ring`` the region that each belongs to, in
    ascending order. A ring has at least 3 points.
    """

    points: Floats
    firsts: Ints
    region_of_ring: Ints

    @property
    def ring_of_point(self) -> Ints:
        """Return the ring of each point: int64 (n,)."""
        return np.repeat(np.arange(len(self.region_of_ring)), np.diff(self.firsts))

    @property
    def region_firsts(self) -> Ints:
        """Return the index of each region's first point."""
        rings = np.flatnonzero(np.diff(self.region_of_ring, prepend=-1))
        starts: Ints = self.firsts[rings]
        return starts

    def rings_of(self, region: int) -> list[Floats]:
        """Return the points of each ring of a region."""
        first, last = np.searchsorted(self.region_of_ring, (region, region + 1))
        ends = self.firsts[first : last + 1].tolist()
        return [self.points[a:b] for a, b in pairwise(ends)]

    @property
    def next_points(self) -> Ints:
        """Return the index of the point that follows each point in its ring."""
        following = np.arange(1, len(self.points) + 1)
        following[self.firsts[1:] - 1] = self.firsts[:-1]
        return following


@dataclass(frozen=True, slots=True)
class Work:
    """The counts from which the cost of cleaning a label is computed.

    ``length_px`` is the length of all outlines, horizontal plus vertical; ``edge_pairs`` the
    pairs of nearby edges; ``own_crossings`` and ``crossings`` the crossings of edges of one region
    and of two; ``sides`` the tests of the even-odd rule; ``pairs`` the pairs of regions with
    overlapping bounding boxes, and ``pair_points`` the points in their common boxes. ``sizes`` are
    the numbers of points of the regions, and ``table`` counts points in boxes.
    """

    points: int
    rings: int
    regions: int
    length_px: float
    edge_pairs: int
    own_crossings: int
    crossings: int
    sides: int
    pairs: int
    pair_points: int
    pair_region_points: int
    sizes: Ints
    table: "PointTable"

    @property
    def before_overlaps(self) -> float:
        """Return the cost of repairing each region and of testing pairs for overlap."""
        return (
            OWN_CROSSING_COST * self.own_crossings
            + SIDE_COST * self.sides
            + PAIR_COST * self.pairs
            + PAIR_REGION_POINT_COST * self.pair_region_points
            + PAIR_POINT_COST * self.pair_points
        )

    @property
    def without_overlaps(self) -> float:
        """Return the cost if no two regions overlap."""
        return (
            POINT_COST * self.points
            + RING_COST * self.rings
            + REGION_COST * self.regions
            + EDGE_PAIR_COST * self.edge_pairs
            + CROSSING_COST * self.crossings
            + self.before_overlaps
        )

    @property
    def at_most(self) -> float:
        """Return the cost if all pairs with overlapping bounding boxes overlap."""
        return self.with_overlaps(self.pairs, self.pair_points, self.pair_region_points)

    def with_overlaps(self, pairs: int, pair_points: int, pair_region_points: int) -> float:
        """Return the cost if the given number of pairs overlap."""
        return (
            self.without_overlaps
            + OVERLAP_COST * pairs
            + OVERLAP_POINT_COST * pair_points
            + OVERLAP_REGION_POINT_COST * pair_region_points
        )

    def check_overlaps(self, pairs: Ints, boxes: Floats) -> None:
        """Raise TooTangled if these pairs cost too much; ``boxes`` are their shared boxes."""
        points = int(self.table.count(boxes).sum())
        region_points = int(self.sizes[pairs].sum())
        if self.with_overlaps(len(pairs), points, region_points) > MAX_COST:
            raise _stacked()


def _stacked() -> TooTangled:
    """Return the error for too many overlapping regions."""
    return TooTangled(
        "Too many shapes overlap or touch each other. Join those of the same kind, and delete "
        "those that others cover."
    )


def _tangled() -> TooTangled:
    """Return the error for too many crossing or nearby edges."""
    return TooTangled(
        "The outlines are too tangled: too many of them cross each other or lie close together. "
        "Draw them again with simpler outlines."
    )


def count_work(outlines: Outlines, width: int, height: int, least_overlap: float) -> Work:
    """Count the work of cleaning a label. Raises TooTangled if it exceeds the limits.

    ``least_overlap`` is the area in px2 below which an overlap of two regions is ignored.
    """
    frame = np.array([width, height], dtype=np.float64)
    points, following = outlines.points, outlines.next_points
    length = float(np.abs(points[following] - points).sum())
    if length > MAX_LENGTH_PX:
        raise TooTangled(
            "The outlines are %(length)d px long in total, but a drawing may have at most "
            "%(limit)d px: draw fewer or simpler outlines.",
            length=round(length),
            limit=MAX_LENGTH_PX,
        )
    inside = np.clip(points, 0.0, frame)
    firsts = outlines.region_firsts
    pairs, common = box_pairs(
        np.minimum.reduceat(inside, firsts), np.maximum.reduceat(inside, firsts), least_overlap
    )
    edge_pairs, a, b = _crossing_edges(points, following)
    region = np.repeat(outlines.region_of_ring, np.diff(outlines.firsts))
    own = region[a] == region[b]
    places = _places(points, points[following], a, b)
    table = PointTable(np.clip(np.concatenate([points, places]), 0.0, frame), frame)
    sizes = np.diff(firsts, append=len(points))
    work = Work(
        points=len(points),
        rings=len(outlines.region_of_ring),
        regions=len(firsts),
        length_px=length,
        edge_pairs=edge_pairs,
        own_crossings=int(own.sum()),
        crossings=int((~own).sum()),
        sides=_sides(points[:, 1], points[following, 1], places[own, 1]),
        pairs=len(pairs),
        pair_points=int(table.count(common).sum()),
        pair_region_points=int(sizes[pairs].sum()),
        sizes=sizes,
        table=table,
    )
    is_late = work.before_overlaps > MAX_COST_BEFORE
    if work.without_overlaps > MAX_COST or (is_late and work.at_most > MAX_COST):
        raise _larger_cost(work)
    return work


def _larger_cost(work: Work) -> TooTangled:
    """Return the error that names the larger part of the cost: crossings or overlaps."""
    crossing = (
        OWN_CROSSING_COST * work.own_crossings
        + CROSSING_COST * work.crossings
        + SIDE_COST * work.sides
    )
    return _tangled() if crossing > work.at_most / 2 else _stacked()


def _sides(start: Floats, end: Floats, levels: Floats) -> int:
    """Return the number of pairs of an edge and a level that the edge crosses."""
    levels = np.sort(levels)
    low, high = np.minimum(start, end), np.maximum(start, end)
    reached = np.searchsorted(levels, high, side="right") - np.searchsorted(levels, low)
    return int(reached.sum())


class PointTable:
    """A summed-area table that bounds the number of points in a box."""

    def __init__(self, points: Floats, size: Floats) -> None:
        self.cell = size / TABLE_CELLS
        column, row = np.minimum(points / self.cell, TABLE_CELLS - 1).astype(np.int64).T
        counts = np.bincount(row * TABLE_CELLS + column, minlength=TABLE_CELLS**2)
        self.sums = np.zeros((TABLE_CELLS + 1, TABLE_CELLS + 1), dtype=np.int64)
        self.sums[1:, 1:] = counts.reshape(TABLE_CELLS, TABLE_CELLS).cumsum(axis=0).cumsum(axis=1)

    def count(self, boxes: Floats) -> Ints:
        """Return the number of points in the cells that each box touches: int64 (n,)."""
        left, top = np.minimum(boxes[:, :2] / self.cell, TABLE_CELLS - 1).astype(np.int64).T
        right, bottom = np.minimum(boxes[:, 2:] / self.cell, TABLE_CELLS - 1).astype(np.int64).T + 1
        counts: Ints = (
            self.sums[bottom, right]
            - self.sums[top, right]
            - self.sums[bottom, left]
            + self.sums[top, left]
        )
        return counts


def box_pairs(low: Floats, high: Floats, least_area: float) -> tuple[Ints, Floats]:
    """Return the pairs of boxes (k, 2) that share enough area, and their common boxes (k, 4).

    ``low`` and ``high`` are the corners (n, 2) of each box; each pair has the smaller index first.

    >>> low, high = np.array([(0.0, 0.0), (2.0, 2.0)]), np.array([(4.0, 4.0), (6.0, 6.0)])
    >>> pairs, common = box_pairs(low, high, least_area=0.5)
    >>> pairs.tolist(), common.tolist()
    ([[0, 1]], [[2.0, 2.0, 4.0, 4.0]])
    """
    # Sorted by left side, a box can overlap only with those that start before its right side.
    order = np.argsort(low[:, 0], kind="stable")
    left = low[order, 0]
    count = np.searchsorted(left, high[order, 0]) - np.arange(1, len(order) + 1)
    count = np.maximum(count, 0)
    first = np.repeat(np.arange(len(order)), count)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    a, b = order[first], order[second]
    common_low = np.maximum(low[a], low[b])
    common_high = np.minimum(high[a], high[b])
    sides = common_high - common_low
    meet = (sides > 0).all(axis=1) & (sides.prod(axis=1) > least_area)
    pairs = np.stack([np.minimum(a, b)[meet], np.maximum(a, b)[meet]], axis=1)
    return pairs, np.concatenate([common_low[meet], common_high[meet]], axis=1)


def _crossing_edges(points: Floats, following: Ints) -> tuple[int, Ints, Ints]:
    """Return the number of pairs of nearby edges, and the pairs of edges that cross.

    An edge that ends on another edge or partly coincides with it counts as crossing; edges that
    share an end point do not. Raises TooTangled for too many nearby pairs.
    """
    steps = np.round(points * STEPS_PER_PX)
    edge, cell = _cells(steps, steps[following] - steps)
    # One sort key: the cell, then the edge.
    keys = np.sort(cell * len(points) + edge)
    cell, edge = np.divmod(keys, len(points))
    ends = np.searchsorted(cell, cell, side="right")
    count = ends - np.arange(1, len(edge) + 1)
    edge_pairs = int(count.sum())
    if edge_pairs > SPARE_EDGE_PAIRS + EDGE_PAIRS_PER_POINT * len(points):
        raise _tangled()
    first = np.repeat(np.arange(len(edge)), count)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    a, b = edge[first], edge[second]
    whole = steps.astype(np.int64)
    crossing = _crossing_pairs(whole, whole[following], a, b)
    pair = np.unique(a[crossing] * len(points) + b[crossing])
    a, b = np.divmod(pair, len(points))
    return edge_pairs, a, b


def _cells(starts: Floats, lines: Floats) -> tuple[Ints, Ints]:
    """Return the grid cells that each edge passes through, as pairs of an edge and a cell.

    The cell size is the mean length of the edges; longer edges are split.
    """
    reach = np.abs(lines).max(axis=1)
    size = max(2.0, float(reach.mean()))
    pieces = np.ceil(reach / size).astype(np.int64)
    pieces[pieces == 0] = 1
    edge = np.repeat(np.arange(len(starts)), pieces)
    number = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    share = 1 / pieces[edge]
    begin = starts[edge] + lines[edge] * (number * share)[:, None]
    end = starts[edge] + lines[edge] * ((number + 1) * share)[:, None]
    origin = starts.min(axis=0) - 1
    low = np.floor((np.minimum(begin, end) - MARGIN - origin) / size).astype(np.int64)
    high = np.floor((np.maximum(begin, end) + MARGIN - origin) / size).astype(np.int64)
    columns = int(high[:, 0].max()) + 2
    # A piece is no longer than a cell and touches two of them in each direction at most.
    entries = []
    for right in (0, 1):
        for down in (0, 1):
            there = np.ones(len(low), dtype=np.bool_)
            if right:
                there &= high[:, 0] > low[:, 0]
            if down:
                there &= high[:, 1] > low[:, 1]
            at = (low[there, 1] + down) * columns + low[there, 0] + right
            entries.append((edge[there], at))
    edges, cells = (np.concatenate(each) for each in zip(*entries, strict=True))
    return edges, cells


def _crossing_pairs(start: Ints, end: Ints, a: Ints, b: Ints) -> npt.NDArray[np.bool_]:
    """Return which pairs of edges cross, exactly, in whole-number coordinates."""
    low, high = np.minimum(start, end), np.maximum(start, end)
    # Each point as one number, to exclude edges with a common end quickly.
    first, last = (points[:, 0] * 2**31 + points[:, 1] for points in (start, end))
    near = np.flatnonzero(
        (low[a, 0] <= high[b, 0])
        & (low[b, 0] <= high[a, 0])
        & (low[a, 1] <= high[b, 1])
        & (low[b, 1] <= high[a, 1])
        & (first[a] != first[b])
        & (first[a] != last[b])
        & (last[a] != first[b])
        & (last[a] != last[b])
    )
    p, q, r, s = start[a[near]], end[a[near]], start[b[near]], end[b[near]]
    crossing = (np.sign(_side(p, q, r)) * np.sign(_side(p, q, s)) <= 0) & (
        np.sign(_side(r, s, p)) * np.sign(_side(r, s, q)) <= 0
    )
    crosses = np.zeros(len(a), dtype=np.bool_)
    crosses[near[crossing]] = True
    return crosses


def _side(p: Ints, q: Ints, of: Ints) -> Ints:
    """Return on which side of line p-q each point lies: positive, negative or 0."""
    side: Ints = (q[:, 0] - p[:, 0]) * (of[:, 1] - p[:, 1]) - (q[:, 1] - p[:, 1]) * (
        of[:, 0] - p[:, 0]
    )
    return side


def _places(start: Floats, end: Floats, a: Ints, b: Ints) -> Floats:
    """Return the points where edges cross; the middle of the first edge if they coincide."""
    p, r = start[a], start[b]
    d, e = end[a] - p, end[b] - r
    turn = d[:, 0] * e[:, 1] - d[:, 1] * e[:, 0]
    along = (r[:, 0] - p[:, 0]) * e[:, 1] - (r[:, 1] - p[:, 1]) * e[:, 0]
    share = np.divide(along, turn, out=np.full(len(turn), 0.5), where=turn != 0)
    places: Floats = p + d * np.clip(share, 0, 1)[:, None]
    return places
