"""Datasets for the training tests: real files where they are, small made ones elsewhere, each with its profile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, ImportReport, TimeAxis
from app.domain.analysis.profiling.units import unit_of
from app.domain.experiment import Spec
from app.domain.training.preprocessing.recipes import TransformEntry
from app.domain.vocabulary import ColumnKind

REAL = Path(__file__).resolve().parents[3] / "shared" / "data"


def real(name: str, **reading: Any) -> pd.DataFrame:
    """Read a real file, or skip where it is absent."""
    path = REAL / name
    if not path.exists():
        pytest.skip(f"{name} is not here")
    frame: pd.DataFrame = pd.read_csv(path, **reading)
    return frame


def kind_of(values: pd.Series) -> ColumnKind:
    if pd.api.types.is_datetime64_any_dtype(values):
        return ColumnKind.DATETIME
    if values.nunique(dropna=True) <= 1:
        return ColumnKind.CONSTANT
    if pd.api.types.is_bool_dtype(values):
        return ColumnKind.BOOLEAN
    if pd.api.types.is_integer_dtype(values):
        return ColumnKind.INTEGER
    return ColumnKind.NUMERIC if pd.api.types.is_numeric_dtype(values) else ColumnKind.CATEGORICAL


def axis_of(frame: pd.DataFrame, column: str) -> TimeAxis:
    times = frame[column].dropna().sort_values().drop_duplicates()
    steps = times.diff().dropna().dt.total_seconds()
    step = float(steps.mode().iloc[0])
    return TimeAxis(
        column=column,
        start=str(times.iloc[0]),
        end=str(times.iloc[-1]),
        step_seconds=step,
        step_label="daily" if step == 86_400 else "regular",
        regular=True,
        gaps=int((steps > step).sum()),
        duplicates=int(frame[column].duplicated().sum()),
    )


def profile_of(frame: pd.DataFrame, time_column: str | None = None) -> DatasetProfile:
    """Profile a frame as far as training looks at a profile."""
    columns = tuple(
        ColumnProfile(
            name=str(name),
            key=f"c{index}",
            kind=kind_of(frame[name]),
            kind_reason="",
            storage="",
            missing=int(frame[name].isna().sum()),
            distinct=int(frame[name].nunique()),
            unit=unit_of(str(name)),
        )
        for index, name in enumerate(frame.columns)
    )
    report = ImportReport(len(frame), len(frame), 0, "utf-8", ",")
    axis = axis_of(frame, time_column) if time_column else None
    return DatasetProfile(len(frame), columns, report, time_axis=axis)


def needed_by(entry: TransformEntry) -> dict[str, Any]:
    """Return the parameters without which a recipe cannot be followed."""
    return {field.name: 45.0 for field in entry.parameters if field.name == "latitude"}


def make_spec(**parts: Any) -> Spec:
    """Build a config from the parts a test cares about."""
    task = {"target": "y", "kind": "regression", **parts.get("task", {})}
    regression = task["kind"] == "regression"
    contest = {name: parts[name] for name in ("candidates", "blend") if name in parts}
    values = {
        "task": task,
        "features": {"selected": parts.get("selected", ["a", "b"]), "transforms": parts.get("transforms", [])},
        "model": {
            "estimator": parts.get("estimator", "ridge"),
            "parameters": parts.get("parameters", {}),
            "tuning": parts.get("tuning", {}),
            **contest,
        },
        "validation": parts.get("validation", {"strategy": "k_fold", "parameters": {"n_splits": 3}}),
        "metrics": {
            "primary": parts.get("primary", "nse" if regression else "balanced_accuracy"),
            "others": parts.get("others", ["rmse", "kge_2012"] if regression else ["roc_auc", "log_loss"]),
        },
        "reproducibility": {"seed": parts.get("seed", 42)},
        "data": {"column_kinds": parts.get("kinds", {})},
    }
    return Spec.model_validate(values)


def made(rows: int = 120, *, seed: int = 0) -> pd.DataFrame:
    """Make a table with two numbers, a word, a daily date, a group, and targets of each kind."""
    random = np.random.default_rng(seed)
    a, b = random.normal(size=rows), random.normal(size=rows)
    word = random.choice(["clay", "sand", "silt"], size=rows)
    y = 2 * a - b + (word == "clay") + random.normal(scale=0.3, size=rows)
    return pd.DataFrame(
        {
            "day": pd.date_range("2001-10-01", periods=rows, freq="D"),
            "a": a,
            "b": b,
            "word": word,
            "site": random.choice(["n1", "n2", "n3", "n4", "n5", "n6"], size=rows),
            "y": y,
            "two": np.where(y > 0, "wet", "dry"),
            "three": np.select([y < -1, y < 1], ["low", "mid"], "high"),
        }
    )


PISCATAQUIS: dict[str, Any] = {
    "task": {"target": "discharge_mm", "time_column": "date"},
    "selected": ["prcp_mm", "tmax_c", "tmin_c", "srad_wm2", "vp_pa", "dayl_s"],
    "transforms": [
        {"columns": ["discharge_mm"], "kind": "lag", "parameters": {"steps": [1, 2, 3]}},
        {"columns": ["prcp_mm"], "kind": "lag", "parameters": {"steps": [1, 2, 3]}},
        {"columns": ["prcp_mm"], "kind": "rolling_sum", "parameters": {"window": 7}},
        {"columns": ["prcp_mm"], "kind": "rolling_sum", "parameters": {"window": 30}},
        {"columns": [], "kind": "date_parts", "parameters": {"parts": ["doy_cyclic"]}},
    ],
    "estimator": "hist_gradient_boosting",
    "validation": {
        "strategy": "time_series",
        "parameters": {"n_splits": 5, "gap": 30},
        "holdout": {"fraction": 0.2},
    },
    "others": ["kge_2012", "rmse", "pbias"],
}
