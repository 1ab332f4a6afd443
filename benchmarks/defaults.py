"""Whether what is launched with everything accepted is worse than what stood beside it, judged as a launch judges.

Figure: on none of the tables is the default worse than an estimator that the short fits measured to the end, or than a
baseline of the same information, beyond the 90 % interval of the paired difference.

Each table is read as the product reads it, at most ROWS of it, or three times as many in time: the last ones of a
series, else drawn with a seed. The plan takes every suggestion, the short fits run as in the product, and the plan
follows them. Then the default, the first one of the rules and the best OTHERS of the fits are launched, each with its
own starting settings, and judged on all folds and on the rows held out, which no short fit saw; so are the baselines.
The interval resamples blocks of days in a series, and rows elsewhere. The score of the rows held out is told beside.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from app.domain.experiment import Draft, ModelPart, Spec
from app.domain.recommendation.evidence import measure
from app.domain.recommendation.propose import make_plan
from app.domain.training.comparison import JudgedPart, compare
from app.domain.training.preprocessing.pipeline import build_pipeline
from app.domain.training.preprocessing.preparation import TrainingTable, prepare
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation import baselines, metrics, scoring
from app.domain.training.validation.scoring import Predictions
from app.domain.training.validation.splitting import make_split
from tests.domain.reading import MACHINE, Known, known, read_path
from tests.domain.tables import REAL

ROWS, OTHERS = 4_000, 2
# File, target where another one is suggested, and columns that give the target away.
TABLES: dict[str, tuple[str, tuple[str, ...]]] = {
    "hydro/piscataquis_01031500_daily.csv": ("", ()),
    "hydro/gw_kingstown_usgs_daily.csv": ("", ()),
    "hydro/challenge/well_germany.csv": ("", ()),
    "hydro/challenge/well_netherlands.csv": ("", ()),
    "hydro/camels_us_4basins_2000_2002.csv": ("", ()),
    "general/uci_concrete_data.xls": ("", ()),
    "general/california_housing.csv": ("median_house_value", ()),
    "general/telco_churn.csv": ("", ()),
    "general/uci_bike_sharing_hour.csv": ("cnt", ("casual", "registered", "instant")),
    "benchmark/pmlb/adult.tsv.gz": ("target", ()),
}


Parts = list[tuple[Any, Any]]


@dataclass(frozen=True)
class Judged:
    """One estimator or baseline with its score on the last part, and what it predicts on each."""

    name: str
    score: float
    predictions: list[Predictions]


def table_of(path: str) -> tuple[Known, dict[str, Any]]:
    """Return a table as it is read, cut to ROWS, and the answers to begin with."""
    target, left_out = TABLES[path]
    frame = pd.read_csv(REAL / path, sep="\t") if path.endswith(".tsv.gz") else None
    if frame is not None:
        frame["target"] = "class " + frame["target"].astype(str)
    data = known(frame) if frame is not None else read_path(REAL / path)
    spec = data.plan({"data": {"target": target}} if target else {}).spec
    assert spec is not None, path
    target = spec.task.target
    frame = data.frame.drop(columns=[name for name in left_out if name in data.frame])
    if spec.task.time_column and not spec.task.group_column:
        frame = frame.tail(3 * ROWS)
    elif len(frame) > ROWS and not spec.task.group_column:
        frame = frame.sample(ROWS, random_state=0).sort_index()
    data = known(frame.reset_index(drop=True))
    return data, {"data": {"target": target, "task_kind": spec.task.kind.value}}


def judge(spec: Spec, table: TrainingTable, parts: Parts, *, name: str, values: Any) -> Judged | None:
    """Return how an estimator does on each part; None where it cannot be fitted."""
    made = spec.model_copy(update={"model": ModelPart(estimator=name, parameters=values)})
    results = []
    for train, rows in parts:
        pipeline = build_pipeline(made, table)
        try:
            pipeline.fit(table.features.iloc[train], table.target[train])
            results.append(scoring.predict(pipeline, table.features.iloc[rows], classes=len(table.labels)))
        except (ValueError, np.linalg.LinAlgError):
            return None
    score = scoring.judge(made, table, parts[-1][1], results[-1])[spec.metrics.primary]
    return None if score is None else Judged(name, score, results)


def beside(spec: Spec, table: TrainingTable, parts: Parts) -> list[Judged]:
    """Return the baselines of the same information."""
    judgeds = []
    for entry in baselines.baselines_for_experiment(spec, table):
        answers = [Predictions(*entry.predict(table, train, rows), are_probabilities=True) for train, rows in parts]
        score = scoring.judge(spec, table, parts[-1][1], answers[-1])[spec.metrics.primary]
        if score is not None:
            judgeds.append(Judged(f"baseline {entry.id}", score, answers))
    return judgeds


def worse_than(spec: Spec, table: TrainingTable, parts: Parts, ours: Judged, theirs: Judged) -> bool:
    """Return whether the default is worse beyond the interval of the difference."""
    paired = [
        JudgedPart(rows, mine, other)
        for (_, rows), mine, other in zip(parts, ours.predictions, theirs.predictions, strict=True)
    ]
    comparison = compare(metrics.get(spec.metrics.primary), table, paired, by_group=False, seed=42)
    return comparison is not None and comparison.high is not None and comparison.high < 0


def tell(path: str) -> bool:
    """Print one table, and return whether anything beside the default is better beyond its interval."""
    data, answers = table_of(path)
    by_rules = data.plan(answers)
    assert by_rules.spec is not None, by_rules.problems
    *_, evidence = measure(by_rules.spec, data.frame, data.profile, ranking=by_rules.ranking)
    spec = make_plan(Draft(answers), data.profile, None, machine=MACHINE, evidence=evidence).spec
    assert spec is not None
    table = prepare(spec, data.frame, data.profile)
    split = make_split(spec, facts_of(table))
    parts: Parts = [(fold.train, fold.validation) for fold in split.folds]
    if split.holdout is not None:
        parts.append((split.development, split.holdout))
    values = {suggestion.entry.id: suggestion.parameters for suggestion in by_rules.ranking}
    judged = {
        name: judge(spec, table, parts, name=name, values=values[name])
        for name in dict.fromkeys((spec.model.estimator, by_rules.spec.model.estimator, *evidence.compared[:OTHERS]))
    }
    ours = judged[spec.model.estimator]
    assert ours is not None, path
    others = [element for name, element in judged.items() if element is not None and name != ours.name]
    better = [other for other in (*others, *beside(spec, table, parts)) if worse_than(spec, table, parts, ours, other)]
    all_others = ", ".join(f"{other.name} {other.score:.3f}" for other in others)
    print(f"{Path(path).name:36} {spec.metrics.primary} {ours.name} {ours.score:.3f}; {all_others}", flush=True)
    print(
        f"  by rules {by_rules.spec.model.estimator}; fits took {evidence.seconds:.1f} s, {evidence.share:.2f} of work"
    )
    for item in better:
        print(f"  worse than {item.name} {item.score:.3f} beyond the interval")
    return bool(better)


def main() -> None:
    """Print each table and how many defaults are worse; arguments name some of the tables."""
    from threadpoolctl import threadpool_limits

    wanted = [path for path in TABLES if not sys.argv[1:] or any(word in path for word in sys.argv[1:])]
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        worse = [path for path in wanted if tell(path)]
    print(f"\ndefault worse beyond its interval on {len(worse)} of {len(wanted)}, goal 0: {', '.join(worse)}")


if __name__ == "__main__":
    main()
