"""The picture of one pair of columns: points, boxes or counts, from a sample of rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.domain.analysis.associations.column_block import NEVER, prepare
from app.domain.analysis.associations.correlation import Method, assemble_matrix, block_of, number_measure
from app.domain.training.development import HoldoutRule
from app.services.datasets.datasets import require_profile, sound_rows_of
from app.services.measurements import development
from app.services.measurements.request import Kinds, kinds_of, require_columns
from app.storage import columnar
from app.storage.tables import Dataset

SAMPLE_ROWS = 20_000
MAX_POINTS = 800
MAX_CLASSES = 12
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SEED = 42
Labels = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class ClassSpread:
    """The spread of a number within one class: the quantiles at 0.05, 0.25, 0.5, 0.75 and 0.95, and the rows."""

    label: str
    quantiles: tuple[float, ...]
    rows: int


@dataclass(frozen=True)
class PairPicture:
    """What a pair looks like. `kind` says which of the rest is filled.

    "scatter": `points`, a seeded sample, `column` across and `other` up. "boxes": one box for each class of `column`
    over the number `other` (the two change places where the class came second). "table": `counts[i][j]` rows of the
    classes `labels[0][i]` of `column` and `labels[1][j]` of `other`. "none": `reason` says why. `rows` have both
    values, of `sample_rows`; `value` and `measure` are on those, so on a sample they may differ a little from the
    matrix.
    """

    kind: str
    column: str
    other: str
    rows: int
    sample_rows: int
    value: float | None = None
    measure: str = ""
    points: tuple[tuple[float, float], ...] = ()
    boxes: tuple[ClassSpread, ...] = ()
    labels: Labels = ((), ())
    counts: tuple[tuple[int, ...], ...] = ()
    reason: str = ""


def picture_of_pair(
    dataset: Dataset,
    first: str,
    other: str,
    *,
    kinds: Kinds | None = None,
    method: Method = Method.AUTO,
    rule: HoldoutRule | None = None,
) -> PairPicture:
    """Return the picture of two columns.

    Raises
    ------
    DomainError
        If there is no such column.
    """
    profile = require_profile(dataset)
    require_columns(profile, (first, other), field="columns")
    if first == other:
        return PairPicture("none", first, other, 0, 0, reason="That is one column: choose two.")
    every = kinds_of(profile, kinds)
    unfit = next((name for name in (first, other) if every[name] in NEVER), None)
    if unfit is not None:
        reason = f"{unfit[:60]} holds {every[unfit].value} values, which no picture of a pair shows."
        return PairPicture("none", first, other, 0, 0, reason=reason)
    keep = development.rows_of(dataset, rule)
    frame = columnar.read_frame(sound_rows_of(dataset), profile, [first, other], sample_rows=SAMPLE_ROWS, keep=keep)
    return _draw_picture(frame, first, other, every, method)


def _draw_picture(frame: Any, first: str, other: str, kinds: Kinds, method: Method) -> PairPicture:
    block = prepare(frame, kinds)
    both = frame.replace([np.inf, -np.inf], np.nan).dropna()
    if block.number_places.size + block.class_places.size < 2 or both.empty:
        reason = "One of the two does not vary, or they share too few rows."
        return PairPicture("none", first, other, len(both), len(frame), reason=reason)
    measure = number_measure(method, holed=0, rows=len(frame))
    result = block_of(block, block, method=method, of_numbers=measure, places=(range(2), range(2)))
    matrix = assemble_matrix((first, other), [result])
    picture = PairPicture("scatter", first, other, len(both), len(frame), matrix.value(0, 1), matrix.measure(0, 1))
    if block.number_places.size == 2:
        return replace(picture, points=_sample_points(both))
    if block.class_places.size == 2:
        labels, counts = _count_table(both, first, other)
        return replace(picture, kind="table", labels=labels, counts=counts)
    word, number = (first, other) if int(block.class_places[0]) == 0 else (other, first)
    return replace(picture, kind="boxes", column=word, other=number, boxes=_class_spreads(both, word, number))


def _sample_points(both: Any) -> tuple[tuple[float, float], ...]:
    some = both.sample(min(len(both), MAX_POINTS), random_state=SEED).to_numpy(dtype=float)
    return tuple((float(x), float(y)) for x, y in some)


def _class_spreads(both: Any, word: str, number: str) -> tuple[ClassSpread, ...]:
    """Return a box for each of the commonest classes, the highest middle first."""
    boxes = []
    for label in both[word].value_counts().index[:MAX_CLASSES]:
        values = both[number][both[word] == label].to_numpy(dtype=float)
        quantiles = tuple(float(value) for value in np.quantile(values, QUANTILES))
        boxes.append(ClassSpread(str(label)[:60], quantiles, len(values)))
    return tuple(sorted(boxes, key=lambda box: -box.quantiles[2]))


def _count_table(both: Any, first: str, other: str) -> tuple[Labels, tuple[tuple[int, ...], ...]]:
    rows, columns = (list(both[name].value_counts().index[:MAX_CLASSES]) for name in (first, other))
    counts = both.groupby([first, other], observed=True).size()
    table = tuple(tuple(int(counts.get((row, column), 0)) for column in columns) for row in rows)
    return (tuple(str(row)[:60] for row in rows), tuple(str(column)[:60] for column in columns)), table
