"""By how much the fold score that chose a winner lies above its score on rows that chose nothing, and what is told.

Figure: over 30 tables, the mean of that difference and its 90 % interval over the tables, beside the mean of what the
notes of the contests say; the latter lies within the interval. Scores are divided by the lead of the winner over the
dummy on the rows held out, so that tables add up.

Tables: PMLB and OpenML of `../shared/data/benchmark`, drawn with a seed, ROWS rows each, of which 60 % are held out, so
that what judges is known well and what chooses is not. Candidates are few and cheap. The winner is judged twice: fitted
on all development rows, as the product does, and as the models of its folds, which learnt from a fifth fewer rows; only
the second has nothing in it but the choice.
"""

from __future__ import annotations

import argparse
import random
import warnings
from dataclasses import dataclass
from itertools import islice

import numpy as np
from scipy.stats import t

from app.domain.contest.blend import average
from app.domain.contest.contest import Contest
from app.domain.contest.executor import ContestMeans
from app.domain.contest.tasks import FitResult, FitTask, SharedInput, carry_out
from app.domain.experiment import HoldoutPart, ModelPart, ValidationPart
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.run_state import TrainingRun
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation import scoring
from app.domain.training.validation.splitting import Fold, Split, make_split
from app.domain.vocabulary import SplitStrategy
from benchmarks import recommend

ROWS, TABLES, FOLDS, HELD_OUT, LEVEL = 500, 30, 5, 0.6, 0.9
TREES = [("decision_tree", {"max_depth": depth}) for depth in (2, 4, 6)]
OTHERS = [("k_nearest_neighbors", {"n_neighbors": count}) for count in (5, 15, 40)]
FOREST = [("extra_trees", {"n_estimators": 20})]
LINES: dict[bool, list[tuple[str, dict[str, int]]]] = {True: [("logistic_regression", {})], False: [("ridge", {})]}


@dataclass(frozen=True)
class Flattered:
    """By how much a fold score is too good: of the fitted winner, of the models of its folds, and as told."""

    refitted: float
    same_rows: float
    told: float


def measured(problem: recommend.Problem, seed: int) -> Flattered | None:
    """Let the candidates compete on one table; None where its winner is no better than the dummy."""
    spec, classes = problem.spec, problem.spec.task.kind.is_classification
    parts = [{"estimator": name, "parameters": values} for name, values in [*LINES[classes], *TREES, *OTHERS, *FOREST]]
    model = ModelPart.model_validate({"candidates": [*parts, {"estimator": "dummy"}], "blend": True})
    validation = ValidationPart(
        strategy=SplitStrategy.STRATIFIED_K_FOLD if classes else SplitStrategy.K_FOLD,
        parameters={"n_splits": FOLDS},
        holdout=HoldoutPart.model_validate({"fraction": HELD_OUT}),
    )
    metric = spec.metrics.model_copy(update={"primary": "log_loss" if classes else "r2", "others": []})
    repeated = spec.reproducibility.model_copy(update={"seed": seed})
    spec = spec.model_copy(
        update={"model": model, "validation": validation, "metrics": metric, "reproducibility": repeated}
    )
    table = prepare(spec, problem.data.frame, problem.data.profile)
    split = make_split(spec, facts_of(table))
    run = TrainingRun(spec, table, split, problem.data.profile, lambda _: None, lambda: False)
    contest = Contest(run, ContestMeans())
    contest.carry_out()
    return _flattered(contest, split)


def _flattered(contest: Contest, split: Split) -> Flattered | None:
    """Return by how much the fold score of the winner lies above its scores on the rows held out."""
    summary, metric, run = contest.summary(), contest.state.metric, contest.run
    assert split.holdout is not None
    assert run.holdout is not None
    judging = Split(tuple(Fold(fold.train, split.holdout) for fold in split.folds), split.development, split.holdout)
    shared = SharedInput(contest.shared.specs, contest.shared.table, judging)
    winner = contest.choice.winner
    same_rows = [_of_fold(shared, number, winner.members, winner.weights) for number in range(len(split.folds))]
    final = run.holdout.scores[metric.id]
    dummy = carry_out(FitTask(len(split.folds), len(shared.specs) - 1), shared)
    fold, note = summary.winning.scores[metric.id].mean, summary.optimism
    if not isinstance(dummy, FitResult) or final is None or fold is None or note is None or note.amount is None:
        return None
    floor = dummy.scores[metric.id]
    lead = 0.0 if floor is None else metric.loss(final, floor)
    if lead <= 0:
        return None
    return Flattered(
        metric.loss(fold, final) / lead, metric.loss(fold, float(np.mean(same_rows))) / lead, note.amount / lead
    )


def _of_fold(shared: SharedInput, number: int, members: tuple[int, ...], weights: tuple[float, ...]) -> float:
    """Return the score, on the rows held out, of what the winner is when it learns from one fold's training rows."""
    results = [carry_out(FitTask(number, member), shared) for member in members]
    predictions = [result.predictions for result in results if isinstance(result, FitResult)]
    answer = average(predictions, np.asarray(weights), classes=bool(shared.table.labels))
    spec, rows = shared.specs[0], shared.split.folds[number].validation
    return scoring.judge(spec, shared.table, rows, answer)[spec.metrics.primary] or 0.0


def interval(values: list[float]) -> tuple[float, float, float]:
    """Return the mean of values over tables, and the ends of its interval."""
    mean, count = float(np.mean(values)), len(values)
    spread = float(np.std(values, ddof=1) / np.sqrt(count) * t.ppf((1 + LEVEL) / 2, count - 1))
    return mean, mean - spread, mean + spread


def main() -> None:
    """Print what every table gave, and the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tables", type=int, default=TABLES)
    args = parser.parse_args()
    recommend.ROWS = ROWS
    problems = list(recommend.problems())
    random.Random(20).shuffle(problems)
    founds: list[Flattered] = []
    for problem in islice(problems, args.tables):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = measured(problem, 42)
        if found is None:
            print(f"{problem.name:30} no better than the dummy", flush=True)
            continue
        founds.append(found)
        print(
            f"{problem.name:28} fitted {found.refitted:+.3f}, same rows {found.same_rows:+.3f}, told {found.told:+.3f}",
            flush=True,
        )
    for name in ("refitted", "same_rows", "told"):
        mean, low, high = interval([getattr(found, name) for found in founds])
        print(f"{len(founds)} tables: {name:9} {mean:+.4f}, 90 % interval {low:+.4f} to {high:+.4f}")


if __name__ == "__main__":
    main()
