"""Every figure of a column is the one that NumPy and polars find, whichever short cut led to it."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import config
from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile
from app.storage.reading import read_file
from app.storage.reading.statistics import BINS, FEW_VALUES, QUANTILES, TOP, NumberFacts, count_values, describe_numbers

ROOT = Path(__file__).resolve().parents[2]
REAL = ROOT.parent / "shared" / "data"
DRAWN = np.random.default_rng(5)
MANY = 3 * FEW_VALUES
COLUMNS = {
    "whole, narrow": DRAWN.integers(-50, 50, MANY),
    "whole, wide": DRAWN.integers(-(10**6), 10**9, MANY),
    "whole, wider than 32 bits": DRAWN.integers(-(2**60), 2**60, MANY),
    "one decimal": np.round(DRAWN.gamma(2, 3, MANY), 1),
    "three decimals": np.round(DRAWN.normal(0, 1e4, MANY), 3),
    "many decimals": DRAWN.normal(0, 1, MANY),
    "decimals after the first ones": np.append(np.round(DRAWN.normal(0, 9, MANY), 1), [0.123456789, math.pi]),
    "large": np.round(DRAWN.normal(0, 1e17, MANY)),
    "one value": np.full(MANY, 7.25),
    "two zeros": np.append(np.zeros(MANY), [-0.0, 1.0]),
    "sorted": np.sort(DRAWN.normal(0, 1, MANY)),
    "few rows": np.array([3.0, 1.0, 2.0]),
    "one row": np.array([3.5]),
    "the largest": np.array([1.7e308, -1.7e308, 0.0] * MANY),
    "the smallest": np.array([5e-324, 0.0, -5e-324] * MANY),
}


def _described(numbers: Any) -> NumberFacts:
    return describe_numbers(numbers, count_values(numbers))


def _is_right(facts: NumberFacts | ColumnProfile, numbers: Any) -> None:
    """Compare with what NumPy says of the same numbers."""
    distinct, rows = np.unique(numbers, return_counts=True)
    assert facts.distinct == len(distinct)
    assert (facts.minimum, facts.maximum) == (float(distinct[0]), float(distinct[-1]))
    assert (facts.zeros, facts.negatives) == (int(np.sum(numbers == 0)), int(np.sum(numbers < 0)))
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = float(np.mean(numbers)), float(np.std(numbers, ddof=1)) if len(numbers) > 1 else math.nan
        quantiles = np.quantile(numbers, QUANTILES)
    assert facts.mean == (pytest.approx(mean, rel=1e-12, abs=1e-300) if math.isfinite(mean) else None)
    assert facts.std == (pytest.approx(std, rel=1e-10, abs=1e-300) if math.isfinite(std) else None)
    if np.isfinite(quantiles).all() and facts.quantiles:
        assert facts.quantiles == pytest.approx(quantiles, rel=1e-12, abs=1e-300)
    _histogram_is_right(facts, numbers)
    assert rows.sum() == len(numbers)


def _histogram_is_right(facts: NumberFacts | ColumnProfile, numbers: Any) -> None:
    edges = facts.edges if isinstance(facts, NumberFacts) else facts.histogram_edges
    counts = facts.counts if isinstance(facts, NumberFacts) else facts.histogram_counts
    assert sum(counts) == len(numbers)
    assert len(edges) == len(counts) + 1
    if len(counts) == BINS:
        inner = np.asarray(edges[1:-1])
        places = np.searchsorted(inner, np.asarray(numbers, dtype=float), side="right")
        assert list(counts) == np.bincount(places, minlength=BINS).tolist()


@pytest.mark.parametrize("name", list(COLUMNS))
def test_every_figure_is_the_one_that_numpy_finds(name: str) -> None:
    facts = _described(COLUMNS[name])
    _is_right(facts, COLUMNS[name])
    often = Counter(COLUMNS[name].tolist())
    best = sorted(often.items(), key=lambda item: (-item[1], item[0]))[:TOP]
    assert [(value, rows) for value, rows in facts.top] == best


@pytest.mark.parametrize("name", list(COLUMNS))
def test_outliers_lie_beyond_three_quartile_ranges(name: str) -> None:
    numbers = COLUMNS[name]
    with np.errstate(over="ignore"):
        q1, q3 = np.quantile(numbers.astype(float), (0.25, 0.75))
        fence = 3 * (q3 - q1)
    far = int(np.sum((numbers < q1 - fence) | (numbers > q3 + fence))) if 0 < fence < math.inf else 0
    assert _described(numbers).outliers in (far, None if not math.isfinite(fence) else far)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 2)), min_size=1, max_size=60), st.integers(1, 80))
def test_any_numbers_are_described_rightly_however_often_they_stand(values: list[float], times: int) -> None:
    _is_right(_described(np.array(values * times)), np.array(values * times))


def test_no_numbers_have_no_figures() -> None:
    facts = _described(np.array([], dtype=float))
    assert (facts.distinct, facts.mean, facts.quantiles, facts.counts) == (0, None, (), ())


FILES = [
    *sorted((ROOT / "samples").glob("*.csv")),
    *(
        REAL / name
        for name in (
            "hydro/piscataquis_01031500_daily_sentinel.csv",
            "hydro/camels_us_4basins_2000_2002.csv",
            "hydro/camels_us_attributes_671.csv",
            "hydro/reservoir_08049800_inflow.csv",
            "hydro/water_potability.csv",
            "general/BankChurners.csv",
            "general/california_housing.csv",
            "general/telco_churn.csv",
            "general/uci_bike_sharing_hour.csv",
            "general/uci_electrical_grid_leaky.csv",
            "general/pycaret_house.csv",
        )
    ),
]
ABSENT = ["", "NA", "NaN", "nan", " "]


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_real_files_have_the_figures_that_polars_and_numpy_find(tmp_path: Path, path: Path) -> None:
    if not path.exists():
        pytest.skip(f"{path.name} is not here")
    profile = read_file(path, tmp_path / "set", limits=config.Limits(), seconds=60, file_name=path.name)
    frame = pl.read_csv(path, infer_schema=False)
    columns = [column for column in profile.columns if not column.joined_from]
    assert (profile.rows, len(columns)) == frame.shape
    for column, series in zip(columns, frame, strict=True):
        _column_is_right(column, series.set(series.str.strip_chars().is_in(ABSENT), None), profile)


def _column_is_right(column: ColumnProfile, texts: pl.Series, profile: DatasetProfile) -> None:
    assert column.missing == texts.null_count(), column.name
    current = texts.drop_nulls()
    if column.storage in ("number", "integer"):
        numbers = current.str.strip_chars().cast(pl.Float64).to_numpy()
        if len(numbers):
            _is_right(column, numbers)
    elif column.storage == "text":
        assert column.distinct == current.n_unique(), column.name
        often = Counter(current.to_list())
        best = sorted(often.items(), key=lambda item: (-item[1], item[0]))[:TOP]
        assert [(value, rows) for value, rows in column.top_values] == [(value[:200], rows) for value, rows in best]
    elif column.storage == "datetime":
        assert column.distinct == current.n_unique(), column.name
        assert str(column.minimum)[:10] <= str(column.maximum)[:10]
