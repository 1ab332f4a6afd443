"""What is drawn of a matrix: bytes that say the same as the table, within the size of a page."""

from __future__ import annotations

import base64

import numpy as np
import pytest

from app.domain.analysis.associations.correlation import Matrix
from app.domain.vocabulary import ColumnKind
from app.services.measurements.correlations import ClassSpread, PairPicture
from app.web.charts import heatmap, pair

SPEARMAN, RATIO = 2, 4


def _matrix(columns: int, *, seed: int = 0, names: list[str] | None = None) -> Matrix:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(60, columns)) + random.normal(size=(60, 1))
    values = np.corrcoef(rows, rowvar=False)
    current_values = names or [f"gauge_{position}" for position in range(columns)]
    measures = np.full((columns, columns), SPEARMAN, dtype=np.uint8)
    return Matrix(tuple(current_values), values, measures, np.ones((columns, columns), dtype=bool))


def _drawn(matrix: Matrix, **more: object) -> heatmap.Heatmap:
    keys = {name: f"c{index}" for index, name in enumerate(matrix.names)}
    kinds = dict.fromkeys(matrix.names, ColumnKind.NUMERIC)
    return heatmap.build(matrix, keys=keys, kinds=kinds, **more)  # type: ignore[arg-type]


def _bytes(drawn: heatmap.Heatmap) -> np.ndarray:
    return np.frombuffer(base64.b64decode(drawn.cells), dtype=np.int8)


def test_every_pair_is_one_byte_of_hundredths_below_the_diagonal() -> None:
    matrix = _matrix(7)
    matrix.values[3, 1] = matrix.values[1, 3] = np.nan
    matrix.known[5, 0] = matrix.known[0, 5] = False
    below = np.tril_indices(7, k=-1)
    expected = np.where(np.isnan(matrix.values[below]), heatmap.NO_VALUE, np.rint(matrix.values[below] * 100))
    expected[[(i, j) == (5, 0) for i, j in zip(*below, strict=True)]] = heatmap.NOT_YET
    assert np.array_equal(np.nan_to_num(_bytes(_drawn(matrix))), expected)


def test_a_picture_of_500_columns_is_smaller_than_a_page_may_be() -> None:
    names = [f"{position:03d}_{'a long name of a column that says much'}" for position in range(500)]
    drawn = _drawn(_matrix(500, names=names))
    sent = sum(len(part) for part in (drawn.names, drawn.keys, drawn.order, drawn.cells))
    assert drawn.count == 500
    assert sent < 190_000
    assert len(drawn.rows) <= heatmap.MAX_GROUPS


def test_more_than_500_columns_are_narrowed_to_those_with_the_strongest_pairs() -> None:
    matrix = _matrix(520)
    matrix.values[519, 518] = matrix.values[518, 519] = -0.999
    drawn = _drawn(matrix)
    assert (drawn.count, drawn.left_out) == (500, 20)
    assert {"gauge_518", "gauge_519"} <= set(drawn.names.split("\n"))


def test_a_word_and_a_threshold_narrow_it() -> None:
    matrix = _matrix(12)
    assert _drawn(matrix, word="gauge_1").names.split("\n") == ["gauge_1", "gauge_10", "gauge_11"]
    strong = _drawn(matrix, threshold=0.6)
    places = [int(name.split("_")[1]) for name in strong.names.split("\n") if name]
    others = np.abs(matrix.values - np.eye(12))
    assert places == [position for position in range(12) if others[position].max() >= 0.6]
    assert _drawn(matrix, word="nowhere").count == 0


def test_the_table_says_the_same_numbers_and_knows_its_shades() -> None:
    matrix = _matrix(4)
    rows = _drawn(matrix).rows
    assert [row.name for row in rows] == list(matrix.names)
    for i, row in enumerate(rows):
        for j, cell in enumerate(row.cells):
            if i == j:
                assert (cell.shade, cell.text) == ("self", "\u00b7")
            else:
                assert cell.text == heatmap.format_strength(float(matrix.values[i, j]))
                assert cell.shade == heatmap.shade_class(float(matrix.values[i, j]))


@pytest.mark.parametrize(
    ("value", "shade", "text"),
    [
        (None, "none", ""),
        (0.0, "z0", ".00"),
        (-0.004, "z0", ".00"),
        (0.05, "p1", ".05"),
        (-0.2, "n2", "\u2212.20"),
        (0.59, "p3", ".59"),
        (-0.8, "n5", "\u2212.80"),
        (1.0, "p5", "1.00"),
    ],
)
def test_a_value_has_its_step_and_its_words(value: float | None, shade: str, text: str) -> None:
    assert (heatmap.shade_class(value), heatmap.format_strength(value)) == (shade, text)


def test_the_measures_are_told_by_the_kinds_of_a_pair() -> None:
    matrix = _matrix(3)
    matrix.measures[2, :] = matrix.measures[:, 2] = RATIO
    keys = {name: name for name in matrix.names}
    kinds = dict(zip(matrix.names, [ColumnKind.NUMERIC, ColumnKind.INTEGER, ColumnKind.CATEGORICAL], strict=True))
    drawn = heatmap.build(matrix, keys=keys, kinds=kinds)
    assert (drawn.classes, drawn.measures) == ("nnw", "nn:Spearman;nw:correlation ratio;ww:correlation ratio")


def test_the_order_of_the_clusters_holds_every_column_once() -> None:
    drawn = _drawn(_matrix(30), clustered=True)
    assert sorted(int(moment) for moment in drawn.order.split(",")) == list(range(30))
    assert sum(len(group.names) for group in drawn.groups) == 30


def test_a_pair_of_numbers_is_drawn_as_points() -> None:
    points = tuple((float(position), float(position * position)) for position in range(20))
    drawn = pair.build(PairPicture("scatter", "a", "b", 5000, 20, 0.9, "Spearman", points=points))
    assert drawn.kind == "scatter"
    assert drawn.sentence == "a and b, Spearman 0.90, on 5,000 rows that have both."
    assert drawn.note == "20 of 5,000 rows, drawn by chance."
    assert all(0 <= value <= 100 for point in drawn.points for value in point)


def test_a_class_and_a_number_are_drawn_as_boxes_with_their_quantiles_beside_them() -> None:
    boxes = tuple(ClassSpread(f"class {position}", (0.0, 1.0, 2.0, 3.0, 4.0 + position), 10) for position in range(15))
    drawn = pair.build(PairPicture("boxes", "word", "b", 150, 150, 0.4, "correlation ratio", boxes=boxes))
    assert (drawn.kind, len(drawn.boxes)) == ("boxes", 12)
    assert "12 most frequent of 15 classes" in drawn.note
    assert drawn.numbers is not None
    assert drawn.numbers.rows[0] == ("class 0", "0", "1", "2", "3", "4", "10")


def test_two_classes_are_a_table_and_nothing_is_said_in_words() -> None:
    labels = (("wet", "dry"), ("low", "high"))
    drawn = pair.build(PairPicture("table", "a", "b", 10, 10, labels=labels, counts=((1, 2), (3, 4000))))
    assert drawn.numbers is not None
    assert drawn.numbers.rows == (("wet", "1", "2"), ("dry", "3", "4,000"))
    empty = pair.build(PairPicture("none", "a", "b", 0, 0, reason="No row has both."))
    assert (empty.kind, empty.note) == ("none", "No row has both.")
