"""A target that is measured now and then gets its last known value and the age of it, not lags that are empty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.checks.rules import check_transforms
from app.domain.recommendation.derived_features import suggest_transforms
from app.domain.recommendation.features import FeatureContext, judge_column
from app.domain.recommendation.sparse_records import lags_are_mostly_empty
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.run import train
from app.domain.vocabulary import Purpose, Severity, TaskKind
from tests.domain.tables import make_spec, profile_of, real


def heads(every: int, *, days: int = 420) -> tuple[pd.DataFrame, DatasetProfile]:
    """Return heads that are read every so many days beside daily rain, and their profile."""
    random = np.random.default_rng(5)
    rain = random.gamma(0.5, 4.0, days)
    head = np.convolve(rain, 0.97 ** np.arange(200))[:days] + random.normal(scale=0.2, size=days)
    frame = pd.DataFrame({"day": pd.date_range("2001-10-01", periods=days, freq="D"), "rain_mm": rain, "head_m": head})
    frame["head_m"] = frame["head_m"].where(frame.index % every == 0)
    return frame, profile_of(frame, "day")


def context_of(profile: DatasetProfile, *, purpose: Purpose | None, horizon: int | None) -> FeatureContext:
    kinds = {column.name: column.kind for column in profile.columns}
    return FeatureContext(
        profile, "head_m", TaskKind.REGRESSION, "day", "", kinds, None, purpose=purpose, horizon=horizon,
        drivers_known_ahead=True,
    )  # fmt: skip


@pytest.mark.parametrize(("every", "sparse"), [(1, False), (3, True), (7, True), (30, True)])
def test_most_lags_of_a_weekly_head_are_empty(every: int, sparse: bool) -> None:
    assert lags_are_mostly_empty(heads(every)[1], "head_m") is sparse


@pytest.mark.parametrize(
    ("every", "purpose", "kinds"),
    [
        (7, Purpose.FORECAST, ["last_known"]),
        (1, Purpose.FORECAST, ["lag", "window_means"]),
        (7, None, ["lag"]),
        (7, Purpose.SIMULATE, []),
    ],
)
def test_a_sparse_target_is_suggested_its_last_value(every: int, purpose: Purpose | None, kinds: list[str]) -> None:
    profile = heads(every)[1]
    recipes, reason = suggest_transforms(context_of(profile, purpose=purpose, horizon=2), ["rain_mm"])
    assert [recipe["kind"] for recipe in recipes if "head_m" in recipe["columns"]] == kinds
    if kinds == ["last_known"]:
        assert recipes[0]["parameters"] == {"window": 35}
    assert ("the last known value of the target and its age" in reason) is (kinds == ["last_known"])


def test_the_last_known_head_trains_where_lags_are_empty() -> None:
    frame, profile = heads(7)
    task = {"target": "head_m", "time_column": "day", "purpose": "forecast", "horizon": 1, "drivers_known_ahead": True}
    forward = {"strategy": "time_series", "parameters": {"n_splits": 3}}
    scores = {}
    for kind, parameters in (("lag", {"steps": [1, 2, 3]}), ("last_known", {})):
        recipe = {"kind": kind, "columns": ["head_m"], "parameters": parameters}
        spec = make_spec(task=task, selected=["rain_mm"], transforms=[recipe], validation=forward)
        assert all(problem.severity is not Severity.ERROR for problem in check_transforms(spec, profile))
        table = prepare(spec, frame, profile)
        empty = table.features[list(table.derived)].isna().all()
        assert empty.all() if kind == "lag" else not empty.any()
        result = train(spec, frame, profile, on_progress=lambda _: None, should_stop=lambda: False)
        scores[kind] = result.report.to_json()["scores"]["nse"]["mean"]
    assert scores["last_known"] > scores["lag"] + 0.2


def test_fortnightly_heads_of_heby_have_a_last_value() -> None:
    frame = real("hydro/gw_heby_daily.csv", parse_dates=["date"])
    profile = profile_of(frame, "date")
    assert lags_are_mostly_empty(profile, "head_m")
    recipe = {"kind": "last_known", "columns": ["head_m"]}
    spec = make_spec(
        task={"target": "head_m", "time_column": "date", "purpose": "forecast", "horizon": 1},
        selected=["prec_mm"], transforms=[recipe],
    )  # fmt: skip
    table = prepare(spec, frame, profile)
    assert float(table.features["head_m_last"].isna().mean()) < 0.1
    early = table.features.iloc[1:200]
    assert float(early["head_m_last_age"].median()) > 10


def test_a_late_driver_says_how_old_its_value_is() -> None:
    profile = heads(1)[1]
    context = context_of(profile, purpose=Purpose.FORECAST, horizon=2)
    rain = profile.column("rain_mm")
    assert judge_column(context, rain) == (True, "")
    assert judge_column(replace(context, drivers_known_ahead=False), rain) == (True, "Taken as it was 2 steps before.")
