"""What a contest gives: its winner and its blend beside the best single candidate, on rows that chose nothing.

Figures, over every STRIDE-th table of `../shared/data/benchmark` and the files of `recommend.UNSEEN` that are no
series, at most ROWS rows each, for log loss or R2: the score on the rows held out, normalised between the dummy (0) and
the best of all (1), of the first recommendation, the best single candidate by the folds, the blend, and the winner; on
how many tables the blend is worse than the best single by more than 0.005; and by how much the fold score of the winner
lies above its hold-out score, beside what the note says of that. The candidates are the first five of the
recommendation, and histogram gradient boosting a second time, slower and wider.

`--noise` lets eight candidates and their blend compete on 20 tables of noise, of which at most one may beat its
baseline. `--parallel` compares the processor time of one contest with that of its bare fits (goal 1.15), and six fits
on two processes with one (goal 0.58 on a machine with two idle processors). `--tables N` takes the first N tables, and
`--rows N` other numbers of rows.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import pandas as pd

from app.domain.contest.blend import average
from app.domain.contest.contest import Contest
from app.domain.contest.executor import ContestMeans
from app.domain.contest.summary import BLEND
from app.domain.contest.tasks import FitFailure, FitTask
from app.domain.experiment import CandidatePart, HoldoutPart, ModelPart, Spec, ValidationPart
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.report.clock import Clock
from app.domain.training.run import train
from app.domain.training.run_state import TrainingRun
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.tuning.tuning import SearchCallbacks
from app.domain.training.validation import scoring
from app.domain.training.validation.splitting import Split, make_split
from app.domain.vocabulary import SplitStrategy
from benchmarks import recommend
from tests.domain.reading import known
from workers.task_pool import TaskPool

ROWS, STRIDE, FOLDS, WORSE = 1_200, 3, 5, 0.005
SECOND = CandidatePart(
    estimator="hist_gradient_boosting", parameters={"learning_rate": 0.03, "max_iter": 400, "max_features": 0.5}
)


@dataclass(frozen=True)
class Found:
    """What came of one table: scores on the rows held out by method, normalised, and how the fold score flatters."""

    name: str
    scores: dict[str, float]
    flattered: float
    told: float | None
    winner: str
    seconds: float
    bare: float


def tables(rows: int) -> Iterator[recommend.Problem]:
    """Yield the tables: of `benchmark` every third, and other files without an order in time."""
    recommend.ROWS = rows
    first = islice(recommend.problems(), 0, None, STRIDE)
    others = (item for item in recommend.unseen() if not item.spec.task.time_column)
    return chain(first, others)


def contest_of(problem: recommend.Problem) -> Spec:
    """Return the contest of a table."""
    spec, classes = problem.spec, problem.spec.task.kind.is_classification
    first = [item for item in problem.ranking if not item.entry.is_baseline][:5]
    parts = [CandidatePart(estimator=item.entry.id, parameters=item.parameters) for item in first]
    parts = [part for part in parts if part != SECOND] + [SECOND, CandidatePart(estimator="dummy")]
    model = ModelPart.model_validate({"candidates": [part.model_dump() for part in parts], "blend": True})
    strategy = SplitStrategy.STRATIFIED_K_FOLD if classes else SplitStrategy.K_FOLD
    validation = ValidationPart(
        strategy=strategy, parameters={"n_splits": FOLDS}, holdout=HoldoutPart.model_validate({"fraction": 0.3})
    )
    metrics = spec.metrics.model_copy(update={"primary": "log_loss" if classes else "r2", "others": []})
    return spec.model_copy(update={"model": model, "validation": validation, "metrics": metrics})


def judged(problem: recommend.Problem) -> Found | None:
    """Let the candidates of a table compete, and judge every one of them on the rows held out, and the blend."""
    spec, clock = contest_of(problem), Clock()
    table = prepare(spec, problem.data.frame, problem.data.profile)
    split = make_split(spec, facts_of(table))
    run = TrainingRun(spec, table, split, problem.data.profile, lambda _: None, lambda: False)
    contest = Contest(run, ContestMeans())
    contest.carry_out()
    summary = contest.summary()
    seconds, state, choice = clock.total_work(), contest.state, contest.choice
    metric, scores = state.metric, _held_out_scores(contest, split)
    winner = summary.winner
    dummy = str(len(state.shared.specs))
    methods = {"first": "1", "best single": choice.best.key, "blend": BLEND, "winner": winner}
    gains = {key: metric.loss(value, scores[dummy]) for key, value in scores.items() if value is not None}
    best = max(gains.values())
    if best <= 0 or not set(methods.values()) <= set(gains):
        return None
    fold = summary.winning.scores[metric.id].mean
    note = summary.optimism
    bare = sum(result.clock.work.get("fit", 0.0) for result in state.results.values())
    return Found(
        problem.name,
        {name: gains[key] / best for name, key in methods.items()},
        metric.loss(fold or 0.0, scores[winner] or 0.0) / best,
        None if note is None or note.amount is None else note.amount / best,
        summary.winning.title,
        seconds,
        bare,
    )


def _held_out_scores(contest: Contest, split: Split) -> dict[str, float | None]:
    """Return the score of each finished candidate, of the dummy and of the blend on the rows held out."""
    state, choice, table, spec = contest.state, contest.choice, contest.run.table, contest.run.spec
    last, callbacks = len(split.folds), SearchCallbacks(lambda: False, lambda: None)
    current = {
        item: contest.shared.carry_out(FitTask(last, item), callbacks)
        for item in {*state.complete, len(state.shared.specs) - 1}
    }
    results = {item: result for item, result in current.items() if not isinstance(result, FitFailure)}
    scores = {str(item + 1): result.scores[state.metric.id] for item, result in results.items()}
    if choice.nested is not None:
        members = [results[item].predictions for item in choice.able]
        answer = average(members, np.asarray(choice.nested.weights), classes=bool(table.labels))
        scores[BLEND] = scoring.judge(spec, table, split.holdout, answer)[state.metric.id]
    return scores


def quality(count: int, rows: int) -> None:
    """Print what every table gave, and the figures."""
    founds: list[Found] = []
    for problem in islice(tables(rows), count):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            item = judged(problem)
        if item is None:
            print(f"{problem.name:34} nothing better than the dummy", flush=True)
            continue
        founds.append(item)
        told = "  ".join(f"{name} {value:6.3f}" for name, value in item.scores.items())
        over = f"{item.seconds / item.bare:4.2f}x"
        print(f"{item.name:34} {told}  {item.winner[:30]:30} {item.bare:5.1f} s {over}", flush=True)
        _tell(founds)


def _tell(founds: list[Found]) -> None:
    names = founds[0].scores
    means = "  ".join(
        f"{name} {np.mean([run.scores[name] for run in founds]):.3f} ({min(run.scores[name] for run in founds):.3f})"
        for name in names
    )
    worse = sum(run.scores["blend"] < run.scores["best single"] - WORSE for run in founds)
    gain = [run.scores["blend"] - run.scores["best single"] for run in founds]
    error = np.std(gain, ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else float("nan")
    print(
        f"  {len(founds)} tables, mean (worst): {means}; blend over best single {np.mean(gain):+.4f} +- {error:.4f}, "
    )
    flattered, told = [run.flattered for run in founds], [run.told for run in founds if run.told is not None]
    spread = np.std(flattered, ddof=1) / np.sqrt(len(flattered)) if len(flattered) > 1 else float("nan")
    print(f"  fold over hold-out score {np.mean(flattered):+.4f} +- {spread:.4f}, the notes say {np.mean(told):+.4f}")
    print(f"  worse by over {WORSE} on {worse}; time over bare fits ", end="")
    print(f"{sum(run.seconds for run in founds) / sum(run.bare for run in founds):.2f}x", flush=True)


def noise() -> None:
    """Print on how many tables of noise the winner of eight candidates and their blend beats its baseline."""
    names = ["ridge", "lasso", "random_forest", "extra_trees", "hist_gradient_boosting", "k_nearest_neighbors"]
    names += ["decision_tree", "support_vector_machine"]
    few = {"random_forest": {"n_estimators": 50}, "extra_trees": {"n_estimators": 50}}
    beaten = 0
    for seed in range(20):
        random = np.random.default_rng(1000 + seed)
        frame = pd.DataFrame(random.normal(size=(300, 8)), columns=[f"x{position}" for position in range(8)]).round(6)
        frame["y"] = random.normal(size=300).round(6)
        data = known(frame)
        spec = data.plan({"data": {"target": "y"}}).spec
        assert spec is not None
        parts = [{"estimator": name, "parameters": few.get(name, {})} for name in names]
        model = ModelPart.model_validate({"candidates": parts, "blend": True})
        features = spec.features.model_copy(
            update={"selected": [f"x{position}" for position in range(8)], "selection": []}
        )
        spec = spec.model_copy(update={"model": model, "features": features})
        report = train(spec, data.frame, data.profile, on_progress=lambda _: None, should_stop=lambda: False).report
        beaten += report.headline.beats
        print(f"noise {seed}: {report.contest.winner if report.contest else ''} {report.headline.verdict}", flush=True)
    print(f"beats: {beaten} of 20 (goal at most 1)")


def parallel() -> None:
    """Print the ratio of a contest to its bare fits, and of two processes to one."""
    random = np.random.default_rng(1)
    columns = {f"x{position}": random.normal(size=12_000) for position in range(12)}
    y = columns["x0"] * columns["x1"] + np.sin(columns["x2"]) + random.normal(size=12_000)
    data = known(pd.DataFrame({**columns, "y": y}).round(6))
    spec = data.plan({"data": {"target": "y"}}).spec
    assert spec is not None
    forests = [{"estimator": "extra_trees", "parameters": {"n_estimators": count}} for count in (60, 61)]
    model = ModelPart.model_validate({"candidates": forests})
    validation = ValidationPart(strategy=SplitStrategy.K_FOLD, parameters={"n_splits": 3})
    spec = spec.model_copy(update={"model": model, "validation": validation})
    walls: dict[int, float] = {}
    for processes in (1, 2):
        pool, clock = TaskPool(processes), Clock()
        report = train(
            spec,
            data.frame,
            data.profile,
            on_progress=lambda _: None,
            should_stop=lambda: False,
            means=ContestMeans(executor=pool),
        ).report
        walls[processes] = time.perf_counter() - clock.started
        assert report.contest is not None
        bare = sum(entry.work_seconds for entry in report.contest.entries)
        print(
            f"{processes} processes: {walls[processes]:.1f} s on the wall, {clock.total_work():.1f} s of processors, "
        )
        print(f"  bare fits {bare:.1f} s, {pool.grown_mb:.0f} MB more")
    print(f"two processes over one, everything included: {walls[2] / walls[1]:.2f}")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--noise", action="store_true")
    parser.add_argument("--parallel", action="store_true")
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=ROWS)
    args = parser.parse_args()
    if args.noise:
        noise()
    elif args.parallel:
        parallel()
    else:
        quality(args.tables, args.rows)


if __name__ == "__main__":
    main()
