"""How good the recommendations are, over the 38 tables of `../shared/data/benchmark`, and how soon they are there.

Figures: mean normalised regret of the first recommendation at most 0.02, and below "always histogram gradient
boosting", "always random forest" and the zero-shot defaults of FLAML in the same run; the best candidate among the
first three on at least 95 % of the tables; the first list within 500 ms and measured evidence within 10 s for a file
of 50 MB.

Regret is (best - chosen) / (best - dummy) of cross-validated means: 0 is the best candidate, 1 the dummy. A table has
at most ROWS rows, drawn with a seed; classes of fewer than five rows are left out. Each candidate is judged with its
recommended settings by FOLDS folds of another seed than the evidence has, in the product's own pipeline; one whose
single fit takes the processor more than FIT_SECONDS is no candidate. The evidence is measured as in the product: its
own folds on four fifths of the rows (a fifth is held out), and its own limit of work. "Tied" counts a candidate within
0.01 of the best as best.

The scores are cached by content beside the temporary files of this machine; `--fresh` forgets them. `--flaml PYTHON`
names an interpreter of an environment with flaml, lightgbm and xgboost; without it that line says so. `--speed`
measures only how soon the list and the evidence are there.

The rules were shaped on these 38 tables. `--unseen` judges them on the files of `../shared/data/hydro` and `general`,
on which they were not, and which are mostly series: each in the validation that is suggested for it, in FOLDS folds.
"""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pandas as pd

from app.domain.errors import TrainingError
from app.domain.experiment import ModelPart, ReproducibilityPart, Spec, ValidationPart
from app.domain.recommendation.estimators import EstimatorSuggestion
from app.domain.recommendation.evidence import measure
from app.domain.recommendation.verdict import ShortFitEvidence, order_estimators
from app.domain.training.preprocessing.pipeline import build_pipeline
from app.domain.training.preprocessing.preparation import TrainingTable, prepare
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation import scoring
from app.domain.training.validation.splitting import make_split
from tests.domain.reading import Known, known, read_path
from tests.domain.tables import REAL

ROWS, FOLDS, FIT_SECONDS, TIED = 2000, 3, 30, 0.01
RAREST = 5
# Files that the rules were not shaped on, with the target where the suggested one is not what anybody would predict.
UNSEEN = {
    "hydro/camels_us_4basins_2000_2002.csv": "",
    "hydro/camels_us_attributes_671.csv": "",
    "hydro/gw_heby_daily.csv": "",
    "hydro/gw_kingstown_usgs_daily.csv": "",
    "hydro/piscataquis_01031500_daily.csv": "",
    "hydro/reservoir_08049800_inflow.csv": "",
    "hydro/usgs_ChoptankFlow.csv": "",
    "hydro/usgs_GlacialRidge.csv": "",
    "hydro/usgs_KlamathTP.csv": "",
    "hydro/water_potability.csv": "",
    "general/BankChurners.csv": "Attrition_Flag",
    "general/marketing_campaign.csv": "",
    "general/pycaret_airquality.csv": "C6H6(GT)",
    "general/pycaret_house.csv": "",
    "general/rd_palmerpenguins_penguins_raw.csv": "Body Mass (g)",
    "general/telco_churn.csv": "",
    "general/uci_bank-full.csv": "",
    "general/uci_bike_sharing_hour.csv": "cnt",
}
CACHE = Path(tempfile.gettempdir()) / "hydroml-recommend.json"
FLAML_LEARNERS = ("lgbm", "rf")
ALWAYS = ("hist_gradient_boosting", "random_forest")
# What FLAML's zero-shot learners are fitted and asked by, in an environment of their own: one line of JSON comes back.
FLAML = """
import json, sys, warnings
warnings.simplefilter("ignore")
import numpy as np, pandas as pd
from flaml.default import preprocess_and_suggest_hyperparams
asked = json.load(open(sys.argv[1]))
held = np.load(asked["arrays"], allow_pickle=False)
X, y = pd.DataFrame(held["X"]), pd.Series(held["y"])
answers = []
for fold in range(asked["folds"]):
    train, rows = held[f"train{fold}"], held[f"rows{fold}"]
    task = "regression" if asked["regression"] else "classification"
    params, kind, X2, y2, transform, back = preprocess_and_suggest_hyperparams(
        task, X.iloc[train].reset_index(drop=True), y.iloc[train].reset_index(drop=True), asked["estimator"])
    params.pop("FLAML_sample_size", None)
    try:
        model = kind(**params, n_jobs=1)
    except TypeError:
        model = kind(**params)
    weights = None
    if asked["balanced"]:
        known, counts = np.unique(y2, return_counts=True)
        weights = (len(y2) / (len(known) * counts))[np.searchsorted(known, y2)]
    model.fit(X2, y2, sample_weight=weights)
    said = model.predict(transform.transform(X.iloc[rows].reset_index(drop=True)))
    if back is not None:
        said = back.inverse_transform(np.asarray(said).astype(int))
    answers.append([float(one) for one in np.asarray(said)])
print(json.dumps(answers))
"""


@dataclass(frozen=True)
class Problem:
    """One table, read as the product reads it, with the plan of an untouched draft."""

    name: str
    data: Known
    spec: Spec
    ranking: tuple[EstimatorSuggestion, ...]


class TooSlowError(Exception):
    """A fit took more than FIT_SECONDS."""


@contextmanager
def limited() -> Iterator[None]:
    """End a fit that takes too long."""

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TooSlowError

    signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, FIT_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def problems() -> Iterator[Problem]:
    """Yield the tables; numbers are predicted where the name of a table of PMLB begins with one."""
    root = REAL / "benchmark"
    for path in sorted([*root.glob("pmlb/*"), *root.glob("openml/*")]):
        name = path.name.split(".")[0]
        from_pmlb = path.parent.name == "pmlb"
        frame = pd.read_csv(path, sep="\t" if from_pmlb else ",")
        if len(frame) > ROWS:
            frame = frame.sample(ROWS, random_state=0).reset_index(drop=True)
        regression = from_pmlb and name[0].isdigit()
        if not regression:
            frame["target"] = "class " + frame["target"].astype(str)
            frame = frame[frame["target"].map(frame["target"].value_counts()) >= RAREST].reset_index(drop=True)
        data = known(frame)
        task = {"task_kind": "regression"} if regression else {}
        plan = data.plan({"data": {"target": "target", **task}})
        assert plan.spec is not None, plan.problems
        assert plan.spec.task.kind.is_classification is not regression, name
        yield Problem(f"{path.parent.name}/{name}", data, plan.spec, plan.ranking)


def unseen() -> Iterator[Problem]:
    """Yield the files that the rules were not shaped on; of a series the last rows, else rows drawn with a seed."""
    for path, target in UNSEEN.items():
        data = read_path(REAL / path)
        answers = {"data": {"target": target}} if target else {}
        spec = data.plan(answers).spec
        assert spec is not None, path
        if len(data.frame) > ROWS:
            ordered = spec.task.time_column and not spec.task.group_column
            some = data.frame.tail(ROWS) if ordered else data.frame.sample(ROWS, random_state=0).sort_index()
            data = known(some.reset_index(drop=True))
        plan = data.plan({"data": {"target": spec.task.target, "task_kind": spec.task.kind.value}})
        assert plan.spec is not None, plan.problems
        yield Problem(path.removesuffix(".csv"), data, plan.spec, plan.ranking)


def folds_of(problem: Problem, table: TrainingTable) -> list[tuple[Any, Any]]:
    """Return the folds that judge: over all rows, and another draw or another cut than that of the evidence."""
    planned = problem.spec.validation
    parameters = {**planned.parameters, **({"n_splits": FOLDS} if "n_splits" in planned.parameters else {})}
    spec = problem.spec.model_copy(
        update={
            "validation": ValidationPart(strategy=planned.strategy, parameters=parameters),
            "reproducibility": ReproducibilityPart(seed=1),
        }
    )
    return [(fold.train, fold.validation) for fold in make_split(spec, facts_of(table)).folds]


def judged(problem: Problem, ranked: EstimatorSuggestion, table: TrainingTable) -> float | None:
    """Return the mean score of a candidate, or None where it cannot be fitted in time."""
    model = ModelPart(estimator=ranked.entry.id, parameters=ranked.parameters)
    spec = problem.spec.model_copy(update={"model": model})
    scores = []
    for train, rows in folds_of(problem, table):
        try:
            with limited():
                pipeline = build_pipeline(spec, table)
                pipeline.fit(table.features.iloc[train], table.target[train])
                predictions = scoring.predict(pipeline, table.features.iloc[rows], classes=len(table.labels))
        except (TooSlowError, ValueError):
            return None
        scores.append(scoring.judge(spec, table, rows, predictions)[spec.metrics.primary])
    return None if any(score is None for score in scores) else float(np.mean([score or 0.0 for score in scores]))


def flaml(problem: Problem, table: TrainingTable, python: str, estimator: str) -> float | None:
    """Return the mean score of one of FLAML's zero-shot learners on the same folds, or None where it fails."""
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OrdinalEncoder

    codes = ColumnTransformer([("words", OrdinalEncoder(), list(table.categories))], remainder="passthrough")
    folds = folds_of(problem, table)
    with tempfile.TemporaryDirectory() as name:
        arrays = Path(name) / "arrays.npz"
        parts = {f"train{index}": train for index, (train, _) in enumerate(folds)}
        parts.update({f"rows{index}": rows for index, (_, rows) in enumerate(folds)})
        np.savez(arrays, X=codes.fit_transform(table.features).astype(float), y=table.target, **parts)
        path = Path(name) / "asked.json"
        regression = not table.labels
        values = {"arrays": str(arrays), "folds": len(folds), "regression": regression, "estimator": estimator}
        # Our own candidates weigh the classes where the score does, so FLAML's are given the same chance.
        values["balanced"] = problem.spec.metrics.primary == "balanced_accuracy"
        path.write_text(json.dumps(values))
        done = subprocess.run([python, "-c", FLAML, path], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"  FLAML failed on {problem.name}: {done.stderr.strip().splitlines()[-1][:200]}")
        return None
    scores = []
    for (_, rows), answers in zip(folds, json.loads(done.stdout.splitlines()[-1]), strict=True):
        values = np.asarray(answers) if regression else np.asarray(answers).astype(int)
        scores.append(
            scoring.judge(problem.spec, table, rows, scoring.Predictions(values))[problem.spec.metrics.primary]
        )
    return float(np.mean([score or 0.0 for score in scores]))


def key_of(problem: Problem, table: TrainingTable, what: str) -> str:
    """Return a key by content: the rows, the config and what is asked about them."""
    folds = len(folds_of(problem, table))
    rows = pd.util.hash_pandas_object(problem.data.frame).to_numpy().tobytes()
    text = json.dumps([problem.spec.to_json()["features"], ROWS, folds, what], sort_keys=True)
    return hashlib.sha256(rows + text.encode()).hexdigest()[:24]


def scores_of(problem: Problem, cache: dict[str, Any], python: str) -> dict[str, float | None]:
    """Return candidate -> mean score, FLAML's learners among them where its interpreter is given."""
    table = prepare(problem.spec, problem.data.frame, problem.data.profile)
    results: dict[str, float | None] = {}
    for suggestion in problem.ranking:
        if suggestion.entry.max_rows is not None and len(table.target) > suggestion.entry.max_rows:
            continue
        key = key_of(problem, table, json.dumps([suggestion.entry.id, suggestion.parameters], sort_keys=True))
        if key not in cache:
            cache[key] = judged(problem, suggestion, table)
        results[suggestion.entry.id] = cache[key]
    for learner in FLAML_LEARNERS if python else ():
        key = key_of(problem, table, f"flaml {learner}, balanced")
        if key not in cache:
            value = flaml(problem, table, python, learner)
            if value is None:
                continue
            cache[key] = value
        results[f"flaml {learner}"] = cache[key]
    CACHE.write_text(json.dumps(cache))
    return results


def regrets_of(scores: dict[str, float | None]) -> dict[str, float]:
    """Return candidate -> normalised regret; what could not be judged stands with the dummy."""
    ours = [score for name, score in scores.items() if score is not None and not name.startswith("flaml")]
    best, dummy = max(ours), scores["dummy"] or 0.0
    span = max(best - dummy, 1e-9)
    return {name: 1.0 if score is None else min((best - score) / span, 1.0) for name, score in scores.items()}


def evidence_of(problem: Problem) -> tuple[list[str], float]:
    """Return the order after short fits, as the product makes them, and the seconds they took."""
    start = time.perf_counter()
    evidence: ShortFitEvidence | None = None
    try:
        for part in measure(problem.spec, problem.data.frame, problem.data.profile, ranking=problem.ranking):
            evidence = part
    except TrainingError as fault:
        print(f"  {problem.name}: {fault.message}")
        evidence = None
    return [
        estimator.entry.id for estimator in order_estimators(problem.ranking, evidence)
    ], time.perf_counter() - start


def tell(title: str, first: list[float], three: list[float]) -> None:
    """Print one line of figures."""
    best, tied = np.mean(np.asarray(three) <= 0), np.mean(np.asarray(three) <= TIED)
    line = f"{title:44} mean regret {np.mean(first):.4f}, median {np.median(first):.4f}, worst {np.max(first):.3f}"
    print(line + (f"; best in first three {100 * best:.0f} % ({100 * tied:.0f} % tied)" if three[0] >= 0 else ""))


def quality(tables: Iterable[Problem], python: str) -> None:
    """Print regrets over some tables."""
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import threadpool_limits

    cache: dict[str, Any] = json.loads(CACHE.read_text()) if CACHE.exists() else {}
    first: dict[str, list[float]] = {}
    three: dict[str, list[float]] = {"rules": [], "evidence": []}
    seconds = []
    for problem in tables:
        with threadpool_limits(limits=1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            regrets = regrets_of(scores_of(problem, cache, python))
        measured, took = evidence_of(problem)
        seconds.append(took)
        rules = [suggestion.entry.id for suggestion in problem.ranking]
        for title, order in (("rules", rules), ("evidence", measured)):
            first.setdefault(title, []).append(regrets.get(order[0], 1.0))
            three[title].append(min(regrets.get(name, 1.0) for name in order[:3]))
        for name in (*ALWAYS, *(name for name in regrets if name.startswith("flaml"))):
            first.setdefault(name, []).append(regrets[name])
        line = f"{rules[0]} {first['rules'][-1]:.3f}, measured {measured[0]} {first['evidence'][-1]:.3f}"
        print(f"{problem.name:28} {line}, first three {three['evidence'][-1]:.3f}, {took:.1f} s", flush=True)
    print(f"\n{len(seconds)} tables, at most {ROWS:,} rows each; evidence took {max(seconds):.1f} s at most")
    tell("first recommendation, by rules alone", first["rules"], three["rules"])
    tell("first recommendation, after short fits", first["evidence"], three["evidence"])
    for name in [*ALWAYS, *(name for name in first if name.startswith("flaml"))]:
        tables = "" if len(first[name]) == len(seconds) else f", {len(first[name])} tables"
        tell(f"always {name}{tables}", first[name], [-1.0])
    if not python:
        print(f"{'FLAML zero-shot':44} not run: no interpreter given by --flaml")


def speed() -> None:
    """Print how soon the list and the evidence are there for a file of 50 MB, read from Parquet as the worker does."""
    from app.domain.estimation import estimate
    from app.services.measurements.recommendations import MAX_ROWS
    from app.storage.columnar import read_frame
    from benchmarks.findings import profiled
    from tests.domain.reading import MACHINE

    random = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frame = pd.DataFrame(
            random.normal(size=(300_000, 20)).round(6), columns=[f"v{position}" for position in range(20)]
        )
        frame["y"] = (frame["v0"] * frame["v1"] + frame["v2"] ** 2 + random.normal(size=len(frame))).round(4)
        frame.to_csv(folder / "made.csv", index=False)
        megabytes = (folder / "made.csv").stat().st_size / 1e6
        profile = profiled(folder / "made.csv", folder)
        data = Known(profile, frame.head(1))
        plan = data.plan({"data": {"target": "y"}})
        start = time.perf_counter()
        plan = data.plan({"data": {"target": "y"}})
        assert plan.spec is not None
        for suggestion in plan.ranking:
            model = ModelPart(estimator=suggestion.entry.id, parameters=suggestion.parameters)
            estimate(plan.spec.model_copy(update={"model": model}), profile, MACHINE)
        listed = time.perf_counter() - start
        start = time.perf_counter()
        names = [column.name for column in profile.columns]
        rows = read_frame(folder / "data.parquet", profile, names, sample_rows=MAX_ROWS)
        *_, fits = measure(plan.spec, rows, profile, ranking=plan.ranking)
        took = time.perf_counter() - start
    print(f"a file of {megabytes:.0f} MB, {profile.rows:,} rows x {len(profile.columns)} columns")
    print(
        f"first list with estimates {1000 * listed:.0f} ms; measured evidence {took:.1f} s ({fits.items[0].estimator})"
    )


def main() -> None:
    """Print all figures."""
    if "--fresh" in sys.argv:
        CACHE.unlink(missing_ok=True)
    python = sys.argv[sys.argv.index("--flaml") + 1] if "--flaml" in sys.argv else ""
    if "--unseen" in sys.argv:
        quality(unseen(), python)
        return
    speed()
    if "--speed" not in sys.argv:
        quality(problems(), python)


if __name__ == "__main__":
    main()
