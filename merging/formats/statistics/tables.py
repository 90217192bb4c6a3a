"""The paper's tables and figures as tables of plain values, for files and terminals. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from merging.formats.contents.facts import VARIANTS
from merging.formats.statistics.counts import CROWD, EXPERT, CameraCounts, Statistics, shares
from terrain.agreement.distribution import BARS
from terrain.metrics.text_tables import align_columns

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table. `name` is its file name. None in `rows` is unknown or undefined."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Value]]


def tables(totals: Statistics, classes: Mapping[int, str]) -> list[Table]:
    """Return Tables 1 and 2, and Figures 3, 5 and 6 of the paper. `classes` are names by code."""
    return [
        _cameras(totals),
        _terrain(totals),
        _composition(totals, classes),
        _scores(totals),
        _agreement(totals, classes),
    ]


def text(table: Table) -> str:
    """Return the table for a terminal: shares in percent, "-" for unknown values."""
    lines = [table.columns, *([_cell(value) for value in row] for row in table.rows)]
    return "\n".join(align_columns(lines, words=2))


def _cell(value: Value) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{100 * value:.2f} %"
    return f"{value:,}" if isinstance(value, int) else value


def _cameras(totals: Statistics) -> Table:
    def row(rover: str, camera: str, counts: CameraCounts) -> Sequence[Value]:
        return (
            rover,
            camera,
            counts.images,
            counts.train_images,
            counts.train_labels,
            counts.test_images,
            counts.test_labels,
        )

    rows = [row(*each) for each in totals.table_1()]
    return Table(
        "cameras",
        "Images, train and test labels by camera (paper, Table 1)",
        (
            "rover",
            "camera",
            "images",
            "train_images",
            "train_labels",
            "test_images",
            "test_labels",
        ),
        [*rows, row("all", "", totals.total())],
    )


def _terrain(totals: Statistics) -> Table:
    return Table(
        "terrain",
        "Gold images by terrain class from orbit (paper, Table 2)",
        ("orbital_class", "images"),
        [(name or "unknown", images) for name, images in totals.table_2()],
    )


def _composition(totals: Statistics, classes: Mapping[int, str]) -> Table:
    """Return the composition by class, with class weights of the training set (paper 4)."""
    codes = list(classes)
    weights = totals.class_weights(codes)
    compositions = {name: totals.composition(name, codes) for name in VARIANTS}
    columns = [f"{kind}_{name}" for name in VARIANTS for kind in ("pixels", "share")]
    rows: list[Sequence[Value]] = []
    for code, title in classes.items():
        cells: list[Value] = []
        for name, composition in compositions.items():
            pixels = totals.pixels[name][code] if name in totals.pixels else 0
            cells += [pixels, None if composition is None else composition[code]]
        rows.append((code, title, *cells, None if weights is None else weights[code]))
    return Table(
        "composition",
        "Composition by class, and class weights (paper, Figure 3 and section 4)",
        ("code", "class", *(column.replace("-", "_") for column in columns), "class_weight"),
        rows,
    )


def _scores(totals: Statistics) -> Table:
    crowd, experts = (totals.scores.get(role, [0] * BARS) for role in (CROWD, EXPERT))
    return Table(
        "scores",
        "Agreement scores (paper, Figure 5)",
        ("from", "below", "crowd", "experts"),
        [(n / BARS, (n + 1) / BARS, crowd[n], experts[n]) for n in range(BARS)],
    )


def _agreement(totals: Statistics, classes: Mapping[int, str]) -> Table:
    rows: list[Sequence[Value]] = []
    for code, counts in totals.agreement(list(classes)).items():
        rows.append((code, classes[code], *counts, *(shares(counts) or (None, None, None))))
    return Table(
        "agreement",
        "Gold pixels by how many experts agreed (paper, Figure 6)",
        (
            *("code", "class", "pixels_1", "pixels_2", "pixels_3"),
            *("share_1", "share_2", "share_3"),
        ),
        rows,
    )
