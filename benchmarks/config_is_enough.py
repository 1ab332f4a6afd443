"""Whether a stranger repeats an experiment from its exported config and its data file alone.

Figure: of six exported configs (forward, groups, rolling, target encoding, multilayer perceptron, tuned) those whose
every prediction `rebuild.py` gives again to 1e-9, relative to the larger of 1 and the prediction, and whose every score
it gives again to 1e-9. That script runs in a process of its own and imports nothing of HydroML. The goal is 6 of 6.
Yardstick: the same configs without what was worked out, as they were exported before, of which none can be run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from app.domain.experiment import Spec
from app.domain.training.run import train
from tests.domain.reading import SAMPLES, read_path

SCRIPT = Path(__file__).with_name("rebuild.py")
RIVER = SAMPLES / "piscataquis_01031500_daily.csv"
WELL = SAMPLES / "gw_kingstown_usgs_daily.csv"
PENGUINS = SAMPLES / "rd_palmerpenguins_penguins_raw.csv"
BASINS = SAMPLES.parents[1] / "shared" / "data" / "hydro" / "camels_us_4basins_2000_2002.csv"
FLOW: dict[str, Any] = {"target": "discharge_mm", "kind": "regression", "time_column": "date"}
HEAD: dict[str, Any] = {"target": "head_m", "kind": "regression", "time_column": "date"}
MASS: dict[str, Any] = {"target": "Body Mass (g)", "kind": "regression"}
BEAK = ["Culmen Length (mm)", "Culmen Depth (mm)", "Flipper Length (mm)"]
RAIN = [
    {"columns": ["prcp_mm"], "kind": "lag", "parameters": {"steps": [1, 2, 3]}},
    {"columns": ["prcp_mm"], "kind": "rolling_sum", "parameters": {"window": 30}},
    {"columns": ["prcp_mm"], "kind": "antecedent_precipitation", "parameters": {"decay": 0.9}},
    {"columns": [], "kind": "date_parts", "parameters": {"parts": ["doy_cyclic"]}},
]
FORWARD: dict[str, Any] = {"strategy": "time_series", "parameters": {"n_splits": 3, "gap": 30}}


@dataclass(frozen=True)
class Job:
    """One experiment: a file, and the parts of its config."""

    name: str
    path: Path
    task: dict[str, Any]
    features: dict[str, Any]
    model: dict[str, Any]
    validation: dict[str, Any]
    choices: dict[str, Any] = field(default_factory=dict)
    primary: str = "nse"

    def spec(self) -> Spec:
        """Return its config."""
        metrics = {"primary": self.primary, "others": ["rmse"] if self.primary == "nse" else []}
        parts = {"task": self.task, "features": self.features, "model": self.model, "validation": self.validation}
        return Spec.model_validate({"name": self.name, **parts, "metrics": metrics})


def jobs() -> Iterator[Job]:
    """Yield the six."""
    current_values = {"holdout": {"fraction": 0.2}}
    lags = [{"columns": ["discharge_mm"], "kind": "lag", "parameters": {"steps": [1, 2]}}]
    lags += [{"columns": ["discharge_mm"], "kind": "rolling_mean", "parameters": {"window": 7}}]
    drivers = ["prcp_mm", "tmax_c", "tmin_c", "swe_mm", "vp_pa"]
    trees = {"estimator": "hist_gradient_boosting", "parameters": {"max_iter": 60}}
    yield Job(
        "forward", RIVER, FLOW, {"selected": drivers, "transforms": RAIN + lags}, trees, {**FORWARD, **current_values}
    )
    yield _groups()
    rolling = {**FORWARD, "parameters": {"n_splits": 4, "gap": 14, "window": "rolling"}}
    weather = [
        {"columns": ["rain_m", "evap_m"], "kind": "rolling_mean", "parameters": {"window": 90}},
        {"columns": ["head_m"], "kind": "difference", "parameters": {"step": 3}},
    ]
    rules = [{"kind": "drop_correlated", "threshold": 0.9}]
    features = {"selected": ["rain_m", "evap_m"], "transforms": weather, "selection": rules}
    yield Job("rolling", WELL, HEAD, features, {"estimator": "elastic_net"}, {**rolling, **current_values})
    words = [{"columns": ["Island", "Species", "Sex"], "kind": "target_encoding", "parameters": {"folds": 4}}]
    features = {"selected": [*BEAK, "Island", "Species", "Sex"], "transforms": words}
    folds = {"strategy": "k_fold", "parameters": {"n_splits": 4}, **current_values}
    yield Job("target encoding", PENGUINS, MASS, features, {"estimator": "random_forest"}, folds)
    perceptron = {"estimator": "multilayer_perceptron", "parameters": {"max_iter": 60}}
    yield Job(
        "perceptron", RIVER, FLOW, {"selected": drivers, "transforms": RAIN}, perceptron, {**FORWARD, **current_values}
    )
    search = {"enabled": True, "trials": 6, "inner": 2}
    tuned = {"estimator": "hist_gradient_boosting", "parameters": {"max_iter": 40}, "tuning": search}
    yield Job("tuned", RIVER, FLOW, {"selected": drivers, "transforms": RAIN[:2]}, tuned, {**FORWARD, **current_values})


def purposes() -> Iterator[Job]:
    """Yield more: what is not known yet when a prediction is made, in one series and at several sites."""
    every = [
        {"columns": ["discharge_mm"], "kind": "lag", "parameters": {"steps": [3, 4]}},
        {"columns": ["discharge_mm"], "kind": "rolling_mean", "parameters": {"window": 7}},
        {"columns": ["discharge_mm"], "kind": "last_known", "parameters": {"window": 5}},
        {"columns": ["discharge_mm"], "kind": "difference", "parameters": {"step": 2}},
        {"columns": ["prcp_mm"], "kind": "rolling_sum", "parameters": {"window": 30}},
        {"columns": ["prcp_mm"], "kind": "antecedent_precipitation", "parameters": {"decay": 0.9}},
        {"columns": ["tmax_c"], "kind": "cyclic", "parameters": {"period": 30.0}},
    ]
    current_values = {"holdout": {"fraction": 0.2}}
    ahead = {**FLOW, "purpose": "forecast", "horizon": 3, "drivers_known_ahead": False}
    features = {"selected": ["prcp_mm", "tmax_c"], "transforms": every}
    trees = {"estimator": "hist_gradient_boosting", "parameters": {"max_iter": 20}}
    yield Job("forecast", RIVER, ahead, features, {"estimator": "ridge"}, {**FORWARD, **current_values})
    dates = {**FORWARD, "holdout": {"from": "2006-10-01", "to": "2008-09-30"}, "warm_up": 365}
    yield Job("from a date", RIVER, {**FLOW, "purpose": "simulate"}, features | {"transforms": RAIN}, trees, dates)
    yield from _memories()
    yield _blend()
    yield from _even_decisions()
    sites = _groups()
    if sites.path == BASINS:
        rain = sites.features["selected"][0]
        lags = [{"columns": [rain], "kind": "lag", "parameters": {"steps": [2, 3]}}]
        ahead = {**sites.task, "purpose": "forecast", "horizon": 2, "drivers_known_ahead": False}
        features = {**sites.features, "transforms": lags}
        yield Job("forecast at sites", BASINS, ahead, features, sites.model, {**FORWARD, **current_values})


MEMORY = [
    {"columns": ["prcp_mm", "tmin_c", "tmax_c"], "kind": "degree_day_snow", "parameters": {"factor": 3}},
    {
        "columns": ["tmin_c", "tmax_c", "dayl_s"],
        "kind": "potential_evaporation",
        "parameters": {"method": "hargreaves", "sun_from": "day_length_s"},
    },
    {"columns": ["tmax_c"], "kind": "potential_evaporation", "parameters": {"latitude": 45.2}},
    {"columns": [], "kind": "day_length", "parameters": {"latitude": 45.2}},
    {"columns": ["prcp_mm", "tmin_c_hargreaves"], "kind": "effective_rain", "parameters": {}},
    {"columns": ["prcp_mm_liquid", "tmax_c"], "kind": "window_means", "parameters": {"windows": [3, 30, 90]}},
    {"columns": ["prcp_mm_liquid"], "kind": "window_sums", "parameters": {"windows": [7]}},
    {"columns": ["prcp_mm_liquid_mean_3", "prcp_mm"], "kind": "exponential_memory", "parameters": {"keeps": [0.9]}},
    {"columns": ["prcp_mm_liquid"], "kind": "lag", "parameters": {"steps": [3, 5]}},
    {"columns": ["prcp_mm_minus_tmin_c_hargreaves"], "kind": "cyclic", "parameters": {"period": 30.0}},
]


def _memories() -> Iterator[Job]:
    """Yield recipes with a memory and recipes on what others make, in a simulation and in a forecast."""
    current_values = {"holdout": {"fraction": 0.2}}
    features = {"selected": ["prcp_mm", "tmax_c"], "transforms": MEMORY}
    ahead = {**FLOW, "purpose": "forecast", "horizon": 3, "drivers_known_ahead": False}
    for name, task in (("memory", {**FLOW, "purpose": "simulate"}), ("memory ahead", ahead)):
        yield Job(name, RIVER, task, features, {"estimator": "ridge"}, {**FORWARD, **current_values, "warm_up": 90})


def _blend() -> Job:
    """Return a contest whose blend wins."""
    forest = {"estimator": "random_forest", "parameters": {"n_estimators": 30}}
    candidates = [{"estimator": "ridge"}, forest, {"estimator": "k_nearest_neighbors"}]
    folds = {"strategy": "k_fold", "parameters": {"n_splits": 4}, "holdout": {"fraction": 0.2}}
    features = {"selected": [*BEAK, "Sex", "Species"], "transforms": []}
    model = {"candidates": candidates, "blend": True}
    return Job("blend", PENGUINS, MASS, features, model, folds)


def _even_decisions() -> Iterator[Job]:
    """Yield classes whose decision weighs them alike, by one estimator and by a blend with one that does not."""
    forest = {"estimator": "random_forest", "parameters": {"n_estimators": 30, "class_weight": "decision"}}
    task = {"target": "Island", "kind": "multiclass"}
    folds = {"strategy": "stratified_k_fold", "parameters": {"n_splits": 4}, "holdout": {"fraction": 0.2}}
    features = {"selected": [*BEAK, "Sex"], "transforms": []}
    yield Job("even decision", PENGUINS, task, features, forest, folds, primary="accuracy")
    even: list[dict[str, Any]] = [
        {"max_features": 0.4, "min_samples_leaf": 5},
        {"max_features": 0.5, "min_samples_leaf": 8, "criterion": "entropy"},
        {"max_features": 0.3, "max_depth": 4},
        {"max_features": 0.25, "min_samples_leaf": 3, "criterion": "entropy"},
    ]
    trees = [{"estimator": "decision_tree", "parameters": {**item, "class_weight": "decision"}} for item in even]
    plain = {"max_features": 0.3, "max_depth": 4, "criterion": "entropy"}
    model = {"candidates": [*trees, {"estimator": "decision_tree", "parameters": plain}], "blend": True}
    species = {"target": "Species", "kind": "multiclass"}
    features = {"selected": [*BEAK, "Body Mass (g)"], "transforms": []}
    folds = {**folds, "holdout": {"fraction": 0.1}}
    yield Job("blend of classes", PENGUINS, species, features, model, folds, primary="accuracy")


def _groups() -> Job:
    """Return the job that holds out whole groups: basins where they are at hand, else islands."""
    strategy = {"strategy": "leave_one_group_out", "parameters": {}}
    if BASINS.exists():
        head = list(pd.read_csv(BASINS, nrows=1).columns)
        group, target = next(name for name in head if "gauge" in name or "basin" in name), _flow_of(head)
        task = {"target": target, "kind": "regression", "time_column": "date", "group_column": group}
        rain = next(name for name in head if "prcp" in name.lower())
        recipes = [{"columns": [rain], "kind": "rolling_sum", "parameters": {"window": 7}}]
        recipes += [{"columns": [rain], "kind": "lag", "parameters": {"steps": [1, 2]}}]
        warm = next(name for name in head if "tmax" in name.lower())
        features = {"selected": [rain, warm], "transforms": recipes}
        return Job("groups", BASINS, task, features, {"estimator": "ridge"}, strategy)
    task = {**MASS, "group_column": "Island"}
    return Job("groups", PENGUINS, task, {"selected": [*BEAK, "Sex"]}, {"estimator": "ridge"}, strategy)


def _flow_of(names: list[str]) -> str:
    return next(name for name in names if name.lower().startswith(("discharge", "q_", "qobs", "streamflow")))


@dataclass(frozen=True)
class Rebuilt:
    """What came of one: the largest difference of a prediction and of a score, and what the script said at its end."""

    name: str
    predictions: float
    scores: float
    said: str = ""

    @property
    def is_same(self) -> bool:
        """Return whether it is the same experiment."""
        return not self.said and self.predictions <= 1e-9 and self.scores <= 1e-9


def rebuild(job: Job, *, resolved: bool = True) -> Rebuilt:
    """Train, export, and have the script repeat it."""
    known, spec = read_path(job.path, job.choices), job.spec()
    result = train(spec, known.frame, known.profile, on_progress=lambda _: None, should_stop=lambda: False)
    report = result.report.to_json()
    config = {**spec.to_json(), **({"resolved": report["resolved"]} if resolved else {})}
    with tempfile.TemporaryDirectory() as name:
        exported, predictions = Path(name) / "config.json", Path(name) / "predictions.csv"
        exported.write_text(json.dumps(config), encoding="utf-8")
        result.predictions.to_csv(predictions, index=False)
        command = [sys.executable, "-I", str(SCRIPT), str(exported), str(job.path), str(predictions)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        return Rebuilt(job.name, float("inf"), float("inf"), done.stderr.strip().splitlines()[-1])
    answer = json.loads(done.stdout)
    current: Any = report["scores"]
    scores = current[job.primary]
    ours = [*scores["folds"], *([] if scores["holdout"] is None else [scores["holdout"]])]
    apart = max(abs(our - other) for our, other in zip(ours, answer["scores"].values(), strict=True))
    return Rebuilt(job.name, answer["difference"], apart)


def main() -> None:
    """Rebuild all six, with what was worked out and without."""
    wanted = sys.argv[1:]
    chosen = [job for job in jobs() if not wanted or job.name in wanted]
    more = [job for job in purposes() if not wanted or job.name in wanted]
    results = [(rebuild(job), rebuild(job, resolved=False)) for job in chosen]
    for item, bare in results:
        print(f"{item.name:16} predictions {item.predictions:.1e}  scores {item.scores:.1e}  {item.said}")
        print(f"{'':16} without `resolved`: {bare.said}")
    print(f"rebuilt: {sum(element.is_same for element, _ in results)} of {len(results)}; before: ", end="")
    print(f"{sum(bare.is_same for _, bare in results)} of {len(results)}")
    for rebuilt in (rebuild(job) for job in more):
        print(f"{rebuilt.name:18} predictions {rebuilt.predictions:.1e}  scores {rebuilt.scores:.1e}  {rebuilt.said}")


if __name__ == "__main__":
    main()
