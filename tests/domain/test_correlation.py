"""The matrix against pandas, SciPy and scikit-learn, on data with holes, constants, ties and infinities."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import mutual_info_score

from app.domain.analysis.associations import correlation
from app.domain.analysis.associations.association import MIN_ROWS, cramers_v_of_codes
from app.domain.analysis.associations.column_block import prepare
from app.domain.analysis.associations.correlation import (
    MEASURES,
    Block,
    Matrix,
    Method,
    assemble_matrix,
    block_of,
    groups_of,
    places_of,
)
from app.domain.vocabulary import ColumnKind
from tests.domain.reading import real_file, sample
from tests.domain.tables import kind_of


def matrix_of(frame: pd.DataFrame, method: Method = Method.AUTO, **kinds: ColumnKind) -> Matrix:
    """Compute the whole matrix the way the worker does, block by block."""
    every = {str(name): kinds.get(str(name), kind_of(frame[name])) for name in frame.columns}
    groups = groups_of(frame.shape[1])
    slabs = [prepare(frame.iloc[:, group.start : group.stop], every) for group in groups]
    holed = sum(len(slab.holed) for slab in slabs)
    measure = correlation.number_measure(method, holed=holed, rows=len(frame))
    blocks = [
        block_of(slabs[i], slabs[j], method=method, of_numbers=measure, places=(groups[i], groups[j]))
        for i, j in places_of(groups)
    ]
    return assemble_matrix([str(name) for name in frame.columns], blocks)


def hard_numbers(rows: int = 400, columns: int = 40, *, seed: int = 0) -> pd.DataFrame:
    """Make columns with holes, ties, far offsets, tiny scales, infinities, and some that do not vary."""
    random = np.random.default_rng(seed)
    shared = random.normal(size=rows)
    frame = pd.DataFrame(
        {f"n{index}": random.normal(size=rows) + shared * random.normal() for index in range(columns)}, dtype=float
    )
    frame["n1"] = frame["n1"].round(0)
    frame["n2"] = frame["n2"] * 0.1 + 1e3
    frame["n3"] = frame["n3"] * 1e-12
    frame["n4"] = np.exp(4 * frame["n4"])
    frame["n5"] = 7.0
    frame["n6"] = np.nan
    frame["n7"] = (frame["n7"] > 0.5).astype(float)
    for position in range(8, columns):
        frame.loc[random.random(rows) < 0.02 * (position % 9), f"n{position}"] = np.nan
    frame.loc[3, "n9"], frame.loc[4, "n9"], frame.loc[5, "n10"] = np.inf, -np.inf, np.inf
    frame.loc[20:, "n11"] = np.nan
    # On the rows that n12 shares with n13 it is constant, and all of its spread lies elsewhere.
    frame["n12"] = np.where(np.arange(rows) < 200, 0.1, shared * 1e3)
    frame["n13"] = np.where(np.arange(rows) < 200, shared, np.nan)
    return frame


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_numbers_go_together_as_pandas_has_it(method: Any) -> None:
    frame = hard_numbers()
    matrix = matrix_of(frame, Method(method))
    expected = frame.replace([np.inf, -np.inf], np.nan).corr(method=method, min_periods=MIN_ROWS).to_numpy().copy()
    constant = frame.columns.get_loc("n12"), frame.columns.get_loc("n13")
    assert matrix.value(*constant) is None
    expected[constant] = expected[constant[::-1]] = np.nan
    np.testing.assert_allclose(matrix.values, expected, rtol=0, atol=1e-9)
    assert matrix.known.all()


def test_an_offset_of_a_billion_costs_no_digit() -> None:
    random = np.random.default_rng(1)
    plain = random.integers(-1000, 1000, size=(500, 2)).astype(float)
    plain[random.random((500, 2)) < 0.1] = np.nan
    near, far = (matrix_of(pd.DataFrame(values, columns=["a", "b"]), Method.PEARSON) for values in (plain, plain + 1e9))
    assert near.value(0, 1) == pytest.approx(far.value(0, 1), abs=1e-14)


def test_spearman_on_common_rows_is_scipys() -> None:
    frame = hard_numbers(seed=2).replace([np.inf, -np.inf], np.nan)
    matrix = matrix_of(frame, Method.SPEARMAN)
    for i, j in ((0, 1), (1, 20), (7, 26), (9, 10), (17, 26)):
        both = frame.iloc[:, [i, j]].dropna().to_numpy()
        expected = stats.spearmanr(both[:, 0], both[:, 1]).statistic
        assert matrix.value(i, j) == pytest.approx(expected, abs=1e-9)
        assert matrix.measure(i, j) == "Spearman"


def mixed(rows: int = 500, *, seed: int = 3) -> pd.DataFrame:
    """Make words, truth values and numbers, all with holes."""
    random = np.random.default_rng(seed)
    soil = random.choice(["clay", "sand", "silt", "peat"], size=rows)
    frame = pd.DataFrame(
        {
            "soil": soil,
            "use": np.where(random.random(rows) < 0.5, soil, random.choice(["crop", "wood", "town"], size=rows)),
            "wet": random.random(rows) < np.where(soil == "peat", 0.9, 0.3),
            "depth": random.normal(size=rows) + (soil == "clay"),
            "slope": random.gamma(2, size=rows),
            "same": "one",
        }
    ).astype({"soil": object, "use": object, "wet": object, "same": object})
    frame["wet"] = frame["wet"].astype(bool)
    for name, share in (("soil", 0.1), ("use", 0.2), ("depth", 0.15)):
        frame.loc[random.random(rows) < share, name] = np.nan
    return frame


def test_auto_chooses_by_kind_and_says_which() -> None:
    matrix = matrix_of(mixed())
    positions = {name: place for place, name in enumerate(matrix.names)}
    assert matrix.measure(positions["soil"], positions["use"]) == "Cramér's V"
    assert (
        matrix.measure(positions["soil"], positions["depth"])
        == matrix.measure(positions["depth"], positions["soil"])
        == "correlation ratio"
    )
    assert matrix.measure(positions["depth"], positions["slope"]) == "Spearman"
    assert matrix.measure(positions["soil"], positions["same"]) == "none"
    assert matrix.value(positions["soil"], positions["same"]) is None
    assert set(MEASURES) == {"none", "Pearson", "Spearman", "Cramér's V", "correlation ratio"}


def test_classes_go_together_as_bergsma_wrote_by_scipys_chi_squared() -> None:
    frame = mixed()
    matrix = matrix_of(frame, Method.CRAMERS_V)
    positions = {name: place for place, name in enumerate(matrix.names)}
    for first, other in (("soil", "use"), ("soil", "wet"), ("use", "wet")):
        table = pd.crosstab(frame[first], frame[other])
        (r, c), n = table.shape, int(table.to_numpy().sum())
        phi2 = stats.chi2_contingency(table, correction=False).statistic / n
        corrected = max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
        expected = np.sqrt(corrected / min(r - (r - 1) ** 2 / (n - 1) - 1, c - (c - 1) ** 2 / (n - 1) - 1))
        assert matrix.value(positions[first], positions[other]) == pytest.approx(float(expected), abs=1e-9)
    assert matrix.value(positions["soil"], positions["depth"]) is None


def test_a_number_and_a_class_have_the_ratio_of_scipys_f() -> None:
    frame = mixed()
    matrix = matrix_of(frame)
    positions = {name: place for place, name in enumerate(matrix.names)}
    for word, number in (("soil", "depth"), ("use", "slope"), ("wet", "depth")):
        both = frame[[word, number]].dropna()
        groups = [part.to_numpy() for _, part in both[number].groupby(both[word])]
        f = stats.f_oneway(*groups).statistic * (len(groups) - 1) / (len(both) - len(groups))
        assert matrix.value(positions[word], positions[number]) == pytest.approx(float(np.sqrt(f / (1 + f))), abs=1e-9)


def test_a_table_of_many_empty_cells_gives_the_same() -> None:
    random = np.random.default_rng(4)
    first, other = random.integers(0, 2000, size=5000), random.integers(0, 900, size=5000)
    table = pd.crosstab(first, other).to_numpy()
    n, (r, c) = table.sum(), table.shape
    phi2 = stats.chi2_contingency(table, correction=False).statistic / n
    corrected = max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
    expected = np.sqrt(corrected / min(r - (r - 1) ** 2 / (n - 1) - 1, c - (c - 1) ** 2 / (n - 1) - 1))
    assert cramers_v_of_codes(first, other) == pytest.approx(float(expected), abs=1e-9)
    # scikit-learn sees the same pairs: what is one class for one is one class for the other.
    assert mutual_info_score(first, other) > 0


def test_blocks_make_the_matrix_that_one_block_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = hard_numbers(columns=50)
    frame["word"] = np.where(frame["n0"] > 0, "up", "down")
    monkeypatch.setattr(correlation, "BLOCK_COLUMNS", 9)
    small = matrix_of(frame)
    monkeypatch.setattr(correlation, "FIRST_COLUMNS", 100)
    whole = matrix_of(frame)
    np.testing.assert_allclose(small.values, whole.values, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(small.measures, whole.measures)
    np.testing.assert_allclose(whole.values, whole.values.T, rtol=0, atol=1e-15)


def test_a_block_travels_as_bytes_and_one_of_another_size_is_refused() -> None:
    random = np.random.default_rng(5)
    values = random.normal(size=(3, 4))
    values[1, 2] = np.nan
    block = Block(range(3), range(5, 9), values, random.integers(0, 5, size=(3, 4)).astype(np.uint8))
    again = Block.from_bytes(range(3), range(5, 9), block.to_bytes())
    np.testing.assert_array_equal(again.values, block.values)
    np.testing.assert_array_equal(again.measures, block.measures)
    with pytest.raises(ValueError, match="wrong size"):
        Block.from_bytes(range(3), range(5, 8), block.to_bytes())


def test_what_has_not_come_is_not_known_and_has_no_value() -> None:
    frame = hard_numbers(columns=40)
    groups = groups_of(40)
    slab = prepare(frame.iloc[:, : groups[0].stop], {str(name): kind_of(frame[name]) for name in frame.columns})
    first = block_of(slab, slab, method=Method.PEARSON, of_numbers=correlation.PEARSON, places=(groups[0], groups[0]))
    part = assemble_matrix([str(name) for name in frame.columns], [first])
    assert part.known.sum() == len(groups[0]) ** 2
    assert part.value(0, 39) is None
    assert all(line.column in frame.columns[: groups[0].stop] for line in part.ranked())


def test_the_ranked_pairs_are_all_above_the_threshold_strongest_first() -> None:
    matrix = matrix_of(sample("piscataquis_01031500_daily.csv").frame)
    lines = matrix.ranked(threshold=0.3)
    sizes = [abs(line.value) for line in lines]
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) >= 0.3
    assert all("tmin" in (line.column + line.other) for line in matrix.ranked(word="TMIN"))
    assert all(line.column != line.other for line in lines)
    assert matrix.rows()[0][0] is None, "a date goes with nothing"


@pytest.mark.parametrize("rows", [0, 1, 2, MIN_ROWS - 1])
@pytest.mark.parametrize("method", list(Method))
def test_too_few_rows_give_a_matrix_without_values(rows: int, method: Method) -> None:
    matrix = matrix_of(mixed().iloc[:rows], method, depth=ColumnKind.NUMERIC, slope=ColumnKind.NUMERIC)
    assert np.isnan(matrix.values).all()
    assert matrix.ranked() == []


def test_very_large_and_very_small_numbers_keep_their_correlation() -> None:
    random = np.random.default_rng(6)
    plain = random.normal(size=(200, 2)) @ np.array([[1.0, 0.5], [0.0, 1.0]])
    frame = pd.DataFrame(plain * [1e300, 1e-300], columns=["large", "small"])
    result = matrix_of(frame, Method.PEARSON).value(0, 1)
    assert result == pytest.approx(np.corrcoef(plain.T)[0, 1], abs=1e-9)


def test_all_constant_columns_give_no_pair_and_no_fault() -> None:
    frame = pd.DataFrame({"a": np.ones(50), "b": np.full(50, np.inf), "c": [None] * 50})
    assert matrix_of(frame).ranked() == []


def test_many_ranks_make_auto_take_pearsons() -> None:
    assert correlation.number_measure(Method.AUTO, holed=500, rows=100_000) == correlation.PEARSON
    assert correlation.number_measure(Method.SPEARMAN, holed=500, rows=100_000) == correlation.SPEARMAN
    assert correlation.number_measure(Method.AUTO, holed=0, rows=100_000) == correlation.SPEARMAN


def test_a_real_table_agrees_with_pandas_everywhere() -> None:
    house = real_file("general/pycaret_house.csv").frame
    numbers = house.select_dtypes("number")
    matrix = matrix_of(numbers, Method.SPEARMAN, **dict.fromkeys(map(str, numbers.columns), ColumnKind.NUMERIC))
    expected = numbers.corr(method="spearman", min_periods=MIN_ROWS).to_numpy()
    np.testing.assert_allclose(matrix.values, expected, rtol=0, atol=1e-9)
