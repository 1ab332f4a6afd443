"""What LightGBM and CatBoost bring to a contest, what they take, and how near their estimates are.

Without an argument, over every STRIDE-th table of `../shared/data/benchmark` and the other files without an order in
time, at most ROWS rows each: the suggested candidates compete on the same folds for log loss or R2; the blend of all of
them and the blend of those without boosters are judged on the same rows held out, normalised between the dummy (0) and
the best of all (1), with the seconds of the fits. `--tables N` takes the first N.

`--costs` compares the seconds of fits of several sizes with those that the estimate counts, and prints what a process
takes that has loaded them. Both need `make run EXTRAS=boosters` or `make .venv/.boosters`.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

import numpy as np
import pandas as pd

from app.domain.contest.blend import average, errors_on, find_weights
from app.domain.contest.contest import Contest, blendable
from app.domain.contest.executor import ContestMeans
from app.domain.contest.tasks import FitFailure, FitResult, FitTask
from app.domain.estimators import boosters, registry
from app.domain.experiment import CandidatePart, HoldoutPart, ModelPart, ValidationPart
from app.domain.recommendation.contest_answers import suggested_candidates
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.run_state import TrainingRun
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.tuning.tuning import SearchCallbacks
from app.domain.training.validation import scoring
from app.domain.training.validation.splitting import make_split
from app.domain.vocabulary import SplitStrategy, TaskKind
from benchmarks import recommend

ROWS, STRIDE, FOLDS = 1_200, 3, 5
NEVER = SearchCallbacks(lambda: False, lambda: None)
KINDS = frozenset(entry.id for entry in boosters.ENTRIES)


def problems() -> Iterator[recommend.Problem]:
    """Yield the tables, another third of them than those that shaped the rules of contests."""
    recommend.ROWS = ROWS
    others = (item for item in recommend.unseen() if not item.spec.task.time_column)
    return chain(islice(recommend.problems(), 1, None, STRIDE), others)


def contest_of(problem: recommend.Problem) -> Contest:
    """Return the contest of a table, with the dummy at the end."""
    spec, classes = problem.spec, problem.spec.task.kind.is_classification
    metric = "log_loss" if classes else "r2"
    plan = problem.data.plan(
        {
            "data": {"target": spec.task.target, "task_kind": spec.task.kind.value},
            "validation": {"primary_metric": metric},
        }
    )
    parts = [*suggested_candidates(plan.ranking), CandidatePart(estimator="dummy").model_dump()]
    model = ModelPart.model_validate({"candidates": parts, "blend": True})
    strategy = SplitStrategy.STRATIFIED_K_FOLD if classes else SplitStrategy.K_FOLD
    holdout = HoldoutPart.model_validate({"fraction": 0.3})
    validation = ValidationPart(strategy=strategy, parameters={"n_splits": FOLDS}, holdout=holdout)
    metrics = spec.metrics.model_copy(update={"primary": metric, "others": []})
    spec = spec.model_copy(update={"model": model, "validation": validation, "metrics": metrics})
    table = prepare(spec, problem.data.frame, problem.data.profile)
    split = make_split(spec, facts_of(table))
    run = TrainingRun(spec, table, split, problem.data.profile, lambda _: None, lambda: False)
    return Contest(run, ContestMeans())


def gains_of(contest: Contest) -> tuple[dict[str, float], dict[str, float]] | None:
    """Return normalised scores on the rows held out, and processor seconds, of both blends and each booster."""
    contest.execute(contest.state.tasks(), contest.state.add)
    state, shared, table = contest.state, contest.shared, contest.run.table
    last, classes = len(state.folds), bool(table.labels)
    # The dummy may have been ended early, and is what scores are counted from.
    judged = {*state.complete, len(shared.specs) - 1}
    outcomes = {item: shared.carry_out(FitTask(last, item), NEVER) for item in judged}
    results = {item: outcome for item, outcome in outcomes.items() if not isinstance(outcome, FitFailure)}
    named = {item: shared.specs[item].model.estimator for item in results}
    both = [item for item in blendable(state) if item in results and named[item] != "dummy"]
    groups = {"without": [item for item in both if named[item] not in KINDS], "with": both}
    losses, seconds = {}, {}
    for name, members in groups.items():
        folds = enumerate(state.folds)
        errors = [
            errors_on(state.metric, table, fold, [_of(contest, m, k).predictions for m in members]) for k, fold in folds
        ]
        weights = find_weights(errors, classes=classes, seed=42)
        blended = average([results[m].predictions for m in members], weights, classes=classes)
        losses[name] = scoring.judge(shared.specs[0], table, shared.fold_of(last).validation, blended)[state.metric.id]
        seconds[name] = sum(_of(contest, m, k).clock.work.get("fit", 0.0) for m in members for k in range(last))
    losses |= {
        named[item]: results[item].scores[state.metric.id] for item in results if named[item] in {*KINDS, "dummy"}
    }
    every = [*losses.values(), *(item.scores[state.metric.id] for item in results.values())]
    dummy = losses.pop("dummy")
    best = max(state.metric.loss(score, dummy) for score in every if score is not None)
    if best <= 0:
        return None
    return {name: state.metric.loss(score, dummy) / best for name, score in losses.items()}, seconds


def _of(contest: Contest, candidate: int, part: int) -> FitResult:
    return contest.state.results[candidate, part]


def quality(count: int) -> None:
    """Print what each table gave, and the mean so far."""
    gains, spent = [], []
    for problem in islice(problems(), count):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = gains_of(contest_of(problem))
        if found is None:
            print(f"{problem.name:34} nothing better than the dummy", flush=True)
            continue
        gains.append(found[0])
        spent.append(found[1])
        told = "  ".join(f"{name} {value:6.3f}" for name, value in found[0].items())
        print(f"{problem.name:34} {told}  {found[1]['without']:.0f} s, {found[1]['with']:.0f} s", flush=True)
        both = [(item["without"], item["with"]) for item in gains]
        change = [after - before for before, after in both]
        error = np.std(change, ddof=1) / len(change) ** 0.5 if len(change) > 1 else float("nan")
        means = [f"{np.mean(item):.3f} ({min(item):.3f})" for item in zip(*both, strict=True)]
        gain = f"{np.mean(change):+.4f} +- {error:.4f}"
        print(
            f"  {len(gains)} tables, mean (worst): without {means[0]}, with {means[1]}; {gain}, "
            f"better on {sum(item > 0 for item in change)}; "
            f"{np.mean([item['without'] for item in spent]):.0f} s, {np.mean([item['with'] for item in spent]):.0f} s",
            flush=True,
        )


def resident_mb() -> float:
    """Return the memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


def costs() -> None:
    """Print what loading takes, and fits against what is counted for them."""
    import sklearn.ensemble  # noqa: F401  # It is there before them in the process of a job.

    for package in boosters.PACKAGES.values():
        before, started = resident_mb(), time.process_time()
        __import__(package)
        print(f"loading {package}: {resident_mb() - before:.0f} MB, {time.process_time() - started:.2f} s", flush=True)
    near = []
    for rows, features in ((300, 8), (3_000, 8), (3_000, 60), (30_000, 12), (100_000, 20)):
        random = np.random.default_rng(1)
        X = random.normal(size=(rows, features))
        y = X[:, 0] * X[:, 1] + random.normal(size=rows)
        for entry in registry.BOOSTERS:
            for task in (TaskKind.REGRESSION, TaskKind.BINARY, TaskKind.MULTICLASS):
                values = entry.defaults(task)
                target = (
                    y if task is TaskKind.REGRESSION else np.digitize(y, [0] if task is TaskKind.BINARY else [-1, 1])
                )
                before, started = resident_mb(), time.process_time()
                entry.build(task, values, 1).fit(pd.DataFrame(X), target)
                taken = time.process_time() - started
                counted = entry.work(rows, features, values) * entry.machines(3 if task is TaskKind.MULTICLASS else 2)
                near.append(0.5 <= taken / counted <= 2)
                memory = (
                    f"{resident_mb() - before:5.0f} MB more, {entry.memory_mb(rows, features, values):5.0f} counted"
                )
                size = f"{rows:7,} x {features:2}"
                print(
                    f"{entry.id:9} {task.value:11} {size}: {taken:6.2f} s, {counted:6.2f} counted, {memory}", flush=True
                )
    print(f"within a factor of 2: {sum(near)} of {len(near)}")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--costs", action="store_true")
    args = parser.parse_args()
    if not registry.BOOSTERS:
        print("LightGBM and CatBoost are not installed: make .venv/.boosters")
    elif args.costs:
        costs()
    else:
        quality(args.tables)


if __name__ == "__main__":
    main()
