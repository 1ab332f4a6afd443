"""Baselines by purpose: each agrees with plain loops that share no code with it, and knows no more than the model."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.experiment import Spec
from app.domain.training.preprocessing.baseline_inputs import persistence_steps
from app.domain.training.preprocessing.preparation import TrainingTable, columns_read, prepare
from app.domain.training.validation import baselines
from tests.domain.tables import make_spec, profile_of

pytestmark = pytest.mark.fits

EXACT: dict[str, Any] = {"rtol": 0, "atol": 1e-12}
SITES = {"a": (44.0, -70.0, 120.0, 0.3), "b": (44.2, -70.1, 700.0, 0.9), "c": (46.0, -67.0, 130.0, 0.35)}
SITES["d"] = (45.9, -67.2, 650.0, 0.8)


def record(kind: str = "daily", *, sites: tuple[str, ...] = ("a",), days: int = 900, seed: int = 3) -> pd.DataFrame:
    """Make records with absent days, unknown flow and unknown rain; "irregular" ones have a row every few days."""
    random, parts = np.random.default_rng(seed), []
    for number, site in enumerate(sites):
        times = pd.date_range("2001-10-01", periods=days, freq="D")
        if kind == "irregular":
            times = pd.Timestamp("2001-10-01") + pd.to_timedelta(np.cumsum(random.integers(1, 9, size=days)), unit="D")
        rain = random.gamma(0.4, 8.0, size=days)
        flow = 2 + number + np.convolve(rain, 0.2 * 0.7 ** np.arange(20))[:days] + random.gamma(1.0, 0.1, size=days)
        flow[random.random(days) < 0.15] = np.nan
        flow[200:230] = np.nan
        rain[random.random(days) < 0.02] = np.nan
        lat, lon, height, forest = SITES[site]
        values = {"date": times, "rain_mm": rain, "flow_mm": flow, "site": site, "lat": lat, "lon": lon}
        part = pd.DataFrame({**values, "height": height, "forest": forest})
        parts.append(part[random.random(days) > 0.04])
    return pd.concat(parts, ignore_index=True).sort_values(["date", "site"], ignore_index=True)


def spec_for(purpose: str | None, *, grouped: bool = False, lags: list[int] | None = None, **more: Any) -> Spec:
    transforms = [{"columns": ["flow_mm"], "kind": "lag", "parameters": {"steps": lags}}] if lags else []
    task = {"target": "flow_mm", "time_column": "date", "purpose": purpose, "group_column": "site" if grouped else None}
    for name in ("horizon", "drivers_known_ahead"):
        task[name] = more.pop(name, None)
    return make_spec(task=task, selected=more.pop("selected", ["rain_mm"]), transforms=transforms, **more)


def table_of(frame: pd.DataFrame, spec: Spec, *, regular: bool = True) -> TrainingTable:
    return prepare(spec, frame, profile_of(frame, "date" if regular else None))


def entry_of(spec: Spec, table: TrainingTable, identifier: str) -> baselines.BaselineEntry:
    return next(entry for entry in baselines.baselines_for_experiment(spec, table) if entry.id == identifier)


def halves(table: TrainingTable) -> tuple[Any, Any]:
    """Return the first six tenths of the rows and the others; rows of one moment stay together."""
    times = table.times
    assert times is not None
    cut = times.iloc[int(0.6 * len(times))]
    return np.flatnonzero(times < cut), np.flatnonzero(times >= cut)


def known_flow(frame: pd.DataFrame) -> list[tuple[pd.Timestamp, str, float]]:
    lines = zip(frame["date"], frame["site"], frame["flow_mm"], strict=True)
    return [(when, site, flow) for when, site, flow in lines if math.isfinite(flow)]


@pytest.mark.parametrize("lead", [1, 3, 7])
@pytest.mark.parametrize("sites", [("a",), ("a", "b", "c")], ids=["one site", "three sites"])
@pytest.mark.parametrize("kind", ["daily", "irregular"])
def test_persistence_agrees_with_plain_loops(kind: str, sites: tuple[str, ...], lead: int) -> None:
    frame = record(kind, sites=sites, days=300)
    spec = spec_for("forecast", grouped=len(sites) > 1, horizon=lead)
    table = table_of(frame, spec, regular=kind == "daily")
    train, rows = halves(table)
    predictions = entry_of(spec, table, "persistence").predict(table, train, rows)[0]
    expected = []
    for row in table.rows[rows]:
        now, site = frame["date"].iloc[row - 1], frame["site"].iloc[row - 1]
        moments = sorted(frame.loc[frame["site"] == site, "date"])
        place = moments.index(now)
        latest = now - pd.Timedelta(days=lead) if kind == "daily" else moments[place - lead]
        value = [flow for when, where, flow in known_flow(frame) if where == site and when <= latest][-1]
        expected.append(value)
    np.testing.assert_allclose(predictions, expected, **EXACT)


@pytest.mark.parametrize(
    ("horizon", "lags", "steps"),
    [(None, None, 1), (1, [30], 30), (3, None, 3), (3, [3, 5], 3), (3, [7, 4], 4), (7, [7], 7), (3, [1], 3)],
)
def test_persistence_looks_as_far_back_as_the_model(horizon: int | None, lags: list[int] | None, steps: int) -> None:
    spec = spec_for("forecast", horizon=horizon, lags=lags)
    assert persistence_steps(spec) == steps
    older = spec_for(None, lags=lags)
    assert persistence_steps(older) == 1


def test_a_window_of_the_target_looks_back_to_the_horizon() -> None:
    parts = [
        {"columns": ["flow_mm"], "kind": "lag", "parameters": {"steps": [20]}},
        {"columns": ["flow_mm"], "kind": "rolling_mean", "parameters": {"window": 7}},
    ]
    task = {"target": "flow_mm", "time_column": "date", "purpose": "forecast", "horizon": 3}
    assert persistence_steps(make_spec(task=task, selected=["rain_mm"], transforms=parts)) == 3


def test_persistence_says_how_far_back_its_value_lies() -> None:
    frame = record(days=120)
    for horizon, title in ((1, "Persistence"), (3, "Persistence, 3 days")):
        spec = spec_for("forecast", horizon=horizon)
        assert entry_of(spec, table_of(frame, spec), "persistence").title == title


@pytest.mark.parametrize("sites", [("a",), ("a", "b", "c")], ids=["one site", "three sites"])
@pytest.mark.parametrize("kind", ["daily", "irregular"])
def test_interpolation_agrees_with_plain_loops(kind: str, sites: tuple[str, ...]) -> None:
    frame = record(kind, sites=sites, days=300)
    spec = spec_for("fill_gaps", grouped=len(sites) > 1)
    table = table_of(frame, spec, regular=kind == "daily")
    assert table.times is not None
    judged = np.zeros(len(table.target), dtype=bool)
    for start in (0, 40, 100, len(judged) - 12):
        judged[start : start + 17] = True
    train, rows = np.flatnonzero(~judged), np.flatnonzero(judged)
    predictions = entry_of(spec, table, "linear_interpolation").predict(table, train, rows)[0]
    trained = [
        (frame["date"].iloc[row], frame["site"].iloc[row], frame["flow_mm"].iloc[row]) for row in table.rows[train] - 1
    ]
    expected = []
    for row in table.rows[rows] - 1:
        now, site = frame["date"].iloc[row], frame["site"].iloc[row]
        earlier = [line for line in trained if line[1] == site and line[0] < now]
        later = [line for line in trained if line[1] == site and line[0] > now]
        if earlier and later:
            (start, _, low), (end, _, high) = earlier[-1], later[0]
            expected.append(low + (high - low) * ((now - start) / (end - start)))
        else:
            expected.append(earlier[-1][2] if earlier else later[0][2])
    np.testing.assert_allclose(predictions, expected, **EXACT)


@pytest.mark.parametrize("sites", [("a",), ("a", "b", "c")], ids=["one site", "three sites"])
def test_runoff_ratio_agrees_with_plain_loops(sites: tuple[str, ...]) -> None:
    frame = record(sites=sites)
    spec = spec_for("simulate", grouped=len(sites) > 1)
    table = table_of(frame, spec)
    train, rows = halves(table)
    flow, rain = dict.fromkeys(sites, 0.0), dict.fromkeys(sites, 0.0)
    fallen: dict[tuple[str, pd.Timestamp], float] = {}
    for line in frame.itertuples():
        fallen[line.site, line.date] = line.rain_mm
    trained = list(table.rows[train] - 1)
    for row in trained:
        site, water, depth = frame["site"].iloc[row], frame["flow_mm"].iloc[row], frame["rain_mm"].iloc[row]
        if math.isfinite(depth):
            flow[site], rain[site] = flow[site] + water, rain[site] + depth
    mean = sum(frame["flow_mm"].iloc[row] for row in trained) / len(trained)
    daily, monthly = [], []
    for row in table.rows[rows] - 1:
        site, now, depth = frame["site"].iloc[row], frame["date"].iloc[row], frame["rain_mm"].iloc[row]
        ratio = flow[site] / rain[site]
        daily.append(ratio * depth if math.isfinite(depth) else mean)
        days = [fallen.get((site, now - pd.Timedelta(days=back)), math.nan) for back in range(30)]
        known = [value for value in days if math.isfinite(value)]
        monthly.append(ratio * sum(known) / len(known) if len(known) >= 24 else mean)
    for name, expected in (("rainfall_runoff_ratio", daily), ("rainfall_runoff_ratio_monthly", monthly)):
        np.testing.assert_allclose(entry_of(spec, table, name).predict(table, train, rows)[0], expected, **EXACT)


def test_the_mean_of_a_day_is_that_of_the_own_site() -> None:
    frame = record(sites=("a", "b", "c"))
    spec = spec_for("simulate", grouped=True)
    table = table_of(frame, spec)
    train, rows = halves(table)
    train = train[frame["site"].to_numpy()[table.rows[train] - 1] != "c"]
    predictions = entry_of(spec, table, "day_of_year_mean").predict(table, train, rows)[0]
    trained = frame.iloc[table.rows[train] - 1]
    days, mean, expected = trained["date"].dt.day_of_year, float(trained["flow_mm"].mean()), []
    for row in table.rows[rows] - 1:
        same = days == frame["date"].iloc[row].day_of_year
        if frame["site"].iloc[row] != "c":
            same &= trained["site"] == frame["site"].iloc[row]
        flows = [flow for flow, here in zip(trained["flow_mm"], same, strict=True) if here]
        expected.append(sum(flows) / len(flows) if flows else mean)
    np.testing.assert_allclose(predictions, expected, **EXACT)


def _haversine(first: str, other: str) -> float:
    (lat, lon), (lat2, lon2) = (tuple(math.radians(value) for value in SITES[site][:2]) for site in (first, other))
    half = math.sin((lat2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    return 2 * math.asin(math.sqrt(half))


def _unlikeness(first: str, other: str, trained: list[str]) -> float:
    total = 0.0
    for place in (2, 3):
        values = [SITES[site][place] for site in trained]
        centre = sum(values) / len(values)
        spread = math.sqrt(sum((value - centre) ** 2 for value in values) / len(values))
        total += ((SITES[first][place] - SITES[other][place]) / spread) ** 2
    return total


@pytest.mark.parametrize("located", [True, False], ids=["by position", "by attributes"])
@pytest.mark.parametrize("kind", ["daily", "irregular"])
def test_another_site_agrees_with_plain_loops(kind: str, located: bool) -> None:
    frame = record(kind, sites=tuple(SITES), days=200)
    if not located:
        frame = frame.drop(columns=["lat", "lon"])
    spec = spec_for("ungauged", grouped=True, selected=["rain_mm", "height", "forest"])
    table = table_of(frame, spec, regular=kind == "daily")
    name = "nearest_site" if located else "most_similar_site"
    ratios = ["rainfall_runoff_ratio"] + ["rainfall_runoff_ratio_monthly"] * (kind == "daily")
    seasonal = ["day_of_year_mean"] * (kind == "irregular")
    assert [entry.id for entry in baselines.baselines_for_experiment(spec, table)] == [name, *seasonal, *ratios, "mean"]
    assert table.groups is not None
    unlike_any = {}
    for site in SITES:
        train, rows = np.flatnonzero(table.groups != site), np.flatnonzero(table.groups == site)
        predictions = entry_of(spec, table, name).predict(table, train, rows)[0]
        others = [other for other in SITES if other != site]
        trained = {(where, when): flow for when, where, flow in known_flow(frame) if where != site}
        mean = sum(trained.values()) / len(trained)
        distances = {
            first: _haversine(site, first) if located else _unlikeness(site, first, others) for first in others
        }
        donor = min(others, key=lambda text: distances[text])
        unlike_any[site] = donor
        expected = []
        for row in table.rows[rows] - 1:
            now = frame["date"].iloc[row]
            flows = [trained[first, now] for first in others if (first, now) in trained]
            fallback = sum(flows) / len(flows) if flows else mean
            expected.append(trained.get((donor, now), fallback))
        np.testing.assert_allclose(predictions, expected, **EXACT)
    assert unlike_any["a"] == ("b" if located else "c")


def test_a_site_never_gauged_takes_day_and_ratio_of_others() -> None:
    frame = record(sites=tuple(SITES), days=900)
    spec = spec_for("ungauged", grouped=True)
    table = table_of(frame, spec)
    assert table.groups is not None
    assert table.times is not None
    train, rows = np.flatnonzero(table.groups != "b"), np.flatnonzero(table.groups == "b")
    trained = [(where, when, flow) for when, where, flow in known_flow(frame) if where != "b"]
    mean = sum(flow for _, _, flow in trained) / len(trained)
    days: dict[int, list[float]] = {}
    for _, when, flow in trained:
        days.setdefault(when.day_of_year, []).append(flow)
    rain = {(line.site, line.date): line.rain_mm for line in frame.itertuples() if np.isfinite(line.rain_mm)}
    pairs = [(flow, rain[where, when]) for where, when, flow in trained if (where, when) in rain]
    ratio = sum(flow for flow, _ in pairs) / sum(fallen for _, fallen in pairs)
    moments = [table.times.iloc[row] for row in rows]
    by_day = [
        sum(days[when.day_of_year]) / len(days[when.day_of_year]) if when.day_of_year in days else mean
        for when in moments
    ]
    by_rain = [ratio * rain["b", when] if ("b", when) in rain else mean for when in moments]
    for name, expected in (("day_of_year_mean", by_day), ("rainfall_runoff_ratio", by_rain)):
        entry = entry_of(spec, table, name)
        np.testing.assert_allclose(entry.predict(table, train, rows)[0], expected, **EXACT)
        assert "site itself" not in entry.sentence


def test_positions_are_read_though_they_are_no_features() -> None:
    frame = record(sites=tuple(SITES), days=60)
    profile = profile_of(frame, "date")
    assert columns_read(spec_for("ungauged", grouped=True), profile)[-2:] == ["lat", "lon"]
    assert "lat" not in columns_read(spec_for("simulate", grouped=True), profile)


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [
        (None, ["persistence", "day_of_year_mean", "mean"]),
        ("forecast", ["persistence", "day_of_year_mean", "mean"]),
        (
            "simulate",
            ["day_of_year_mean", "rainfall_runoff_ratio", "rainfall_runoff_ratio_monthly", "mean"],
        ),
        ("fill_gaps", ["linear_interpolation", "day_of_year_mean", "mean"]),
        (
            "ungauged",
            ["day_of_year_mean", "rainfall_runoff_ratio", "rainfall_runoff_ratio_monthly", "mean"],
        ),
        ("new_rows", ["mean"]),
    ],
)
def test_each_purpose_has_the_baselines_of_its_knowledge(purpose: str | None, expected: list[str]) -> None:
    frame = record()
    spec = spec_for(purpose)
    assert [entry.id for entry in baselines.baselines_for_experiment(spec, table_of(frame, spec))] == expected


def test_no_share_of_the_rain_is_told_of_a_water_level() -> None:
    frame = record().rename(columns={"flow_mm": "head_m"})
    spec = make_spec(task={"target": "head_m", "time_column": "date", "purpose": "simulate"}, selected=["rain_mm"])
    names = [entry.id for entry in baselines.baselines_for_experiment(spec, table_of(frame, spec))]
    assert names == ["day_of_year_mean", "mean"]


def test_what_a_baseline_predicts_rests_on_no_judged_value() -> None:
    frame = record(sites=tuple(SITES), days=800)
    for purpose in ("simulate", "fill_gaps", "ungauged"):
        spec = spec_for(purpose, grouped=True)
        table = table_of(frame, spec)
        assert table.groups is not None
        rows = np.flatnonzero(table.groups == "b") if purpose == "ungauged" else np.arange(500, 700)
        train = np.setdiff1d(np.arange(len(table.target)), rows)
        poisoned = frame.copy()
        poisoned.loc[table.rows[rows] - 1, "flow_mm"] = 1e9
        other = table_of(poisoned, spec)
        for entry in baselines.baselines_for_experiment(spec, table):
            before, after = (entry.predict(training_table, train, rows)[0] for training_table in (table, other))
            np.testing.assert_array_equal(before, after, err_msg=f"{purpose} {entry.id}")


@pytest.mark.parametrize("horizon", [1, 3, 7])
def test_persistence_rests_on_no_value_after_the_issue(horizon: int) -> None:
    frame = record(days=200)
    spec = spec_for("forecast", horizon=horizon)
    table = table_of(frame, spec)
    row = 120
    assert table.times is not None
    poisoned = frame.copy()
    poisoned.loc[poisoned["date"] > table.times.iloc[row] - pd.Timedelta(days=horizon), "flow_mm"] *= -1e9
    other = table_of(poisoned, spec)
    assert table.last_seen is not None
    assert other.last_seen is not None
    assert table.last_seen[row] == other.last_seen[row]


@pytest.mark.parametrize("grouped", [False, True], ids=["one site", "two sites"])
@pytest.mark.parametrize("depth", [math.nan, 0.0], ids=["unknown rain", "no rain"])
def test_without_rain_in_training_the_ratio_is_the_mean(depth: float, grouped: bool) -> None:
    frame = record(sites=("a", "b") if grouped else ("a",), days=200)
    spec = spec_for("simulate", grouped=grouped)
    cut = frame["date"].iloc[int(0.6 * len(frame))]
    frame.loc[frame["date"] < cut, "rain_mm"] = depth
    table = table_of(frame, spec)
    assert table.times is not None
    train, rows = np.flatnonzero(table.times < cut), np.flatnonzero(table.times >= cut)
    entry = entry_of(spec, table, "rainfall_runoff_ratio")
    assert baselines.count_unknown(entry.rule(table, train, rows)[0]) == len(rows)
    np.testing.assert_allclose(entry.predict(table, train, rows)[0], table.target[train].mean(), **EXACT)
