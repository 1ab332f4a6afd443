"""What the first choice gives away, with every threshold derived on tables that it is not judged on.

Figures: mean normalised regret of the first choice at most 0.015 after short fits and at most 0.04 by rules alone,
over the shared tables of `../shared/data` (every STRIDE-th of `benchmark`, and the files of `recommend.UNSEEN`), at
most ROWS rows each. The tables are dealt into three parts. Three times the thresholds of the rules, and how many
standard errors are a tie, are derived on two parts, one after another from a few values each, and judged on the third.
Beside it stand the thresholds of the product, "always random forest" and "always histogram gradient boosting".

Regret is that of `benchmarks.recommend`: candidates are judged in other folds than those of the short fits. What a
table gave is kept beside the temporary files of this machine, so that a run goes on where it was stopped; `--fresh`
forgets it.
"""

from __future__ import annotations

import pickle
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from app.domain.estimators import registry
from app.domain.recommendation.estimators import Thresholds, rank
from app.domain.recommendation.evidence import measure
from app.domain.recommendation.paired_scores import is_tied_with_best
from app.domain.recommendation.traits import Traits, traits_of_spec
from app.domain.recommendation.verdict import ShortFitEvidence
from app.domain.training.validation import metrics
from benchmarks import recommend

ROWS, STRIDE, PARTS = 1_000, 2, 3
STORE = Path(tempfile.gettempdir()) / "hydroml-regret"
GRID: dict[str, tuple[float, ...]] = {
    "small": (300, 500, 1_000),
    "some": (500, 1_500, 3_000),
    "large": (3_000, 10_000),
    "uneven": (3.0, 10.0, 30.0),
    "long_tail": (2.0, 3.0, 6.0),
    "coarse": (0.5, 0.7, 0.9),
    "weak": (0.1, 0.2, 0.3),
}
ERRORS = (0.0, 0.5, 1.0, 1.5)
ALWAYS = ("random_forest", "hist_gradient_boosting")


@dataclass(frozen=True)
class Table:
    """What one table gave: its traits, the regret of each candidate, and what the short fits measured."""

    name: str
    traits: Traits
    metric: str
    regrets: dict[str, float]
    evidence: ShortFitEvidence | None


def recorded(problem: recommend.Problem, cache: dict[str, Any]) -> Table:
    """Return the record of a table, measured now unless it was before."""
    path = STORE / f"{problem.name.replace('/', '_')}.pkl"
    if not path.exists():
        scores = recommend.scores_of(problem, cache, "")
        *_, evidence = measure(problem.spec, problem.data.frame, problem.data.profile, ranking=problem.ranking)
        record = {
            "scores": scores,
            "traits": traits_of_spec(problem.spec, problem.data.profile),
            "metric": problem.spec.metrics.primary,
            "evidence": evidence.to_json(),
        }
        path.write_bytes(pickle.dumps(record))
    current = pickle.loads(path.read_bytes())  # noqa: S301  # written by this program a moment ago
    short_fit_evidence = None if current["evidence"] is None else ShortFitEvidence.from_json(current["evidence"])
    return Table(
        problem.name, current["traits"], current["metric"], recommend.regrets_of(current["scores"]), short_fit_evidence
    )


def by_rules(table: Table, limits: Thresholds) -> str:
    """Return the estimator that the rules put first."""
    return rank(table.traits, metric=table.metric, thresholds=limits)[0].entry.id


def after_fits(table: Table, limits: Thresholds, errors: float) -> str:
    """Return the first choice after short fits, where so many standard errors are a tie."""
    evidence = table.evidence
    if evidence is None or not evidence.items or not evidence.baseline:
        return by_rules(table, limits)
    sign = 1.0 if metrics.get(evidence.metric).greater_is_better else -1.0
    best = [sign * score for score in evidence.items[0].scores]
    baseline = sign * float(np.mean(evidence.baseline))
    tied = {
        item.estimator
        for item in evidence.items
        if item.estimator in evidence.compared
        and is_tied_with_best(
            [sign * score for score in item.scores],
            best,
            baseline=baseline,
            errors=errors,
            probability=item.behind,
            is_baseline=registry.get(item.estimator).is_baseline,
        )
    }
    order = [suggestion.entry.id for suggestion in rank(table.traits, metric=table.metric, thresholds=limits)]
    return next((name for name in order if name in tied), evidence.items[0].estimator)


def mean_regret(tables: Sequence[Table], choose: Callable[[Table], str]) -> float:
    """Return the mean regret of a way to choose."""
    return float(np.mean([table.regrets.get(choose(table), 1.0) for table in tables]))


def derived(tables: Sequence[Table]) -> tuple[Thresholds, float]:
    """Return the thresholds and the errors of a tie with the least regret; where many are alike, the product's."""
    limits = Thresholds()
    for _ in range(2):
        for name, values in GRID.items():
            current = (getattr(limits, name), *values)
            results = [mean_regret(tables, _rules_with(replace(limits, **{name: value}))) for value in current]
            limits = replace(limits, **{name: current[int(np.argmin(results))]})
    errors = (1.0, *ERRORS)
    results = [mean_regret(tables, _fits_with(limits, value)) for value in errors]
    return limits, errors[int(np.argmin(results))]


def _rules_with(limits: Thresholds) -> Callable[[Table], str]:
    return lambda table: by_rules(table, limits)


def _fits_with(limits: Thresholds, errors: float) -> Callable[[Table], str]:
    return lambda table: after_fits(table, limits, errors)


def tell(tables: Sequence[Table]) -> None:
    """Print the regret of every table and of every way to choose."""
    product = Thresholds()
    for table in tables:
        rules, fits = by_rules(table, product), after_fits(table, product, 1.0)
        regrets = f"rules {rules} {table.regrets.get(rules, 1.0):.3f}, fits {fits} {table.regrets.get(fits, 1.0):.3f}"
        print(f"{table.name:36} {regrets}, best {min(table.regrets, key=lambda name: table.regrets[name])}")
    rules, fits = list[float](), list[float]()
    for part in range(PARTS):
        left_out = [table for index, table in enumerate(tables) if index % PARTS == part]
        limits, errors = derived([table for index, table in enumerate(tables) if index % PARTS != part])
        rules += [table.regrets.get(by_rules(table, limits), 1.0) for table in left_out]
        fits += [table.regrets.get(after_fits(table, limits, errors), 1.0) for table in left_out]
        print(f"part {part + 1}: {limits}, {errors} errors are a tie")
    print(f"\n{len(tables)} tables, thresholds derived {PARTS} times on two thirds, judged on the third left out")
    print(f"by rules alone {np.mean(rules):.4f}, goal 0.04; after short fits {np.mean(fits):.4f}, goal 0.015")
    own = mean_regret(tables, _rules_with(product)), mean_regret(tables, _fits_with(product, 1.0))
    print(f"with the thresholds of the product: {own[0]:.4f}; {own[1]:.4f}")
    for name in ALWAYS:
        print(f"always {name} {np.mean([table.regrets.get(name, 1.0) for table in tables]):.4f}")


def main() -> None:
    """Measure the tables that were not measured yet, and print all figures; `--known` takes only what is there."""
    from threadpoolctl import threadpool_limits

    if "--fresh" in sys.argv:
        shutil.rmtree(STORE, ignore_errors=True)
    STORE.mkdir(exist_ok=True)
    recommend.ROWS = ROWS
    problems = [*islice(recommend.problems(), 1, None, STRIDE), *recommend.unseen()]
    if "--known" in sys.argv:
        problems = [item for item in problems if (STORE / f"{item.name.replace('/', '_')}.pkl").exists()]
    with threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tell([recorded(problem, {}) for problem in problems])


if __name__ == "__main__":
    main()
