"""An exported config is enough: a script that knows nothing of HydroML repeats the experiment from it and the file."""

from __future__ import annotations

import ast
import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.domain.training.validation.splitting import get
from app.domain.vocabulary import SplitStrategy
from benchmarks.config_is_enough import SCRIPT, Job, jobs, purposes, rebuild

pytestmark = pytest.mark.fits

JOBS = [*jobs(), *purposes()]
# Those that take a second or two, and of which none is another with a part left out.
QUICK = (
    "groups",
    "target encoding",
    "from a date",
    "forecast at sites",
    "memory ahead",
    "blend",
    "even decision",
    "blend of classes",
)


def test_the_script_imports_nothing_of_ours() -> None:
    tree = ast.parse(Path(SCRIPT).read_text(encoding="utf-8"))
    plain = {name.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    named = {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not (plain | named) & {"app", "workers", "config", "tests", "benchmarks"}


@pytest.mark.parametrize(
    "job", [pytest.param(job, id=job.name, marks=() if job.name in QUICK else pytest.mark.slow) for job in JOBS]
)
def test_an_experiment_is_repeated_from_its_config(job: Job) -> None:
    rebuilt = rebuild(job)
    assert rebuilt.said == ""
    assert rebuilt.is_same, rebuilt


def test_flags_and_limits_are_followed_from_the_config(tmp_path: Path) -> None:
    path, draw = tmp_path / "lab.csv", random.Random(7)
    lines = ["day,flow,flow_cd,tp,no3,no3_rmk,ec,ec_ok"]
    for day in range(240):
        wet = draw.random() * 9
        flag, mark = draw.choice(["A", "A", "P", ""]), draw.choice(["", "", "<"])
        tp = draw.choice(["<0.05", '"<0,05"', "<-1"]) if wet < 2 else f"{wet / 40:.3f}"
        salt = f"{wet * 3:.2f},{draw.choice(['True', 'FALSE'])}"
        lines.append(
            f"{date(2001, 1, 1) + timedelta(day)},{wet + draw.random():.3f},{flag},{tp},{wet * 2:.2f},{mark},{salt}"
        )
    path.write_text("\n".join(lines), encoding="utf-8")
    choices = {
        "flags": [
            {"column": "flow", "flag": "flow_cd", "keep": ["A", ""]},
            {"column": "ec", "flag": "ec_ok", "keep": ["true"]},
        ],
        "censored": [{"column": "tp", "take": "half"}, {"column": "no3", "flag": "no3_rmk", "take": "half"}],
    }
    task = {"target": "flow", "kind": "regression", "time_column": "day"}
    features = {"selected": ["tp", "no3", "tp_censored", "ec"], "transforms": []}
    folds = {"strategy": "time_series", "parameters": {"n_splits": 3, "gap": 0}}
    rebuilt = rebuild(Job("flags", path, task, features, {"estimator": "ridge"}, folds, choices))
    assert rebuilt.said == ""
    assert rebuilt.is_same, rebuilt


@pytest.mark.parametrize("decimal", [".", ","])
def test_numbers_that_mean_missing_are_followed(tmp_path: Path, decimal: str) -> None:
    path, draw, comma = tmp_path / "gauge.csv", random.Random(7), decimal == ","
    between = ";" if comma else ","
    lines = [between.join(("day", "flow", "rain", "stage", "site"))]
    for day in range(240):
        rain = draw.random() * 9
        flow = draw.choice(["-999", "-999.0", "-9.99e2"]) if day % 11 == 0 else f"{rain * 2 + draw.random():.3f}"
        fallen = draw.choice(["-999.00", "-7777"]) if day % 7 == 0 else f"{rain:.3f}"
        stage = "8888.5" if day % 13 == 0 else f"{rain / 9:.3f}"
        cells = (flow, fallen, stage)
        texts = [cell.replace(".", ",") if comma else cell for cell in cells]
        lines.append(between.join((str(date(2001, 1, 1) + timedelta(day)), *texts, draw.choice(["a", "b", "-9", "?"]))))
    path.write_text("\n".join(lines), encoding="utf-8")
    markers: list[dict[str, object]] = [{"column": name, "value": "-999"} for name in ("flow", "rain", "gone")]
    markers += [{"column": "rain", "below": -5000}, {"column": "stage", "above": 8000}]
    markers += [{"column": "site", "value": word} for word in ("-9", "?")]
    task = {"target": "flow", "kind": "regression", "time_column": "day"}
    features = {"selected": ["rain", "stage", "site"], "transforms": []}
    folds = {"strategy": "time_series", "parameters": {"n_splits": 3, "gap": 0}}
    rebuilt = rebuild(Job("markers", path, task, features, {"estimator": "ridge"}, folds, {"markers": markers}))
    assert rebuilt.said == ""
    assert rebuilt.is_same, rebuilt


@pytest.mark.slow
@pytest.mark.parametrize(
    "strategy",
    [split_strategy for split_strategy in SplitStrategy if split_strategy is not SplitStrategy.STRATIFIED_K_FOLD],
)
def test_rows_of_every_strategy_are_found_again(strategy: SplitStrategy) -> None:
    sites = next(job for job in JOBS if job.name == "groups")
    parameters = {"n_splits": 2} if get(strategy).parameter("n_splits") else {}
    warm_up = {"warm_up": 10} if sites.task.get("time_column") else {}
    if get(strategy).needs_time and not warm_up:
        pytest.skip("the basins are not here")
    for current_values in ({"fraction": 0.3}, None):
        validation = {"strategy": strategy.value, "parameters": parameters, "holdout": current_values, **warm_up}
        rebuilt = rebuild(replace(sites, validation=validation))
        assert (rebuilt.said, rebuilt.is_same) == ("", True)


def test_a_config_without_what_was_worked_out_is_not_enough() -> None:
    job = next(job for job in JOBS if job.name == "rolling")
    assert rebuild(job, resolved=False).said.startswith("The config has no `resolved`")
