"""HydroML's contest beside its first choice, FLAML and AutoGluon, on rows that chose nothing.

Figures: the score on the rows held out, normalised between the dummy (0) and the best of all methods (1), in the mean
over the tables (goal 0.98 without boosters, 0.99 with them) and in the worst (0.95, 0.96); paired differences to FLAML
and to AutoGluon at medium quality without neural nets, with their standard errors (goal above 0); on how many tables
the blend is worse than the best single candidate by over 0.005 (goal 5 %).

    taskset -c 0 python -m benchmarks.compare --flaml PYTHON --gluon PYTHON [--held 1] [--seconds 60] [--aside]

Tables: `compare_tables.py`; with `--aside` those put aside, and else the others. Every method sees the same rows and
columns, those that HydroML derives among them, and one processor. HydroML: the plan of an untouched draft asked for log
loss or R2, its short fits, and "Let several compete" as it is suggested; the first choice is fitted once. The others
have `--seconds` of processor time, see `compare_rivals.py`. What was fitted is kept beside the temporary files of
this machine by its settings, not by the code of the product; `--fresh` forgets it. `--rivals` only fits the others,
and prints nothing about them. `--rules` leaves the short fits out: what is suggested before they end.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import pickle
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from app.domain.contest.blend import average
from app.domain.contest.contest import Contest
from app.domain.contest.executor import ContestMeans, SharedWork
from app.domain.contest.summary import BLEND
from app.domain.contest.tasks import FitFailure, FitResult, FitTask, Outcome, SharedInput, carry_out
from app.domain.experiment import ModelPart, with_model
from app.domain.json_values import JsonObject
from app.domain.recommendation.contest_answers import suggested_candidates
from app.domain.recommendation.evidence import measure
from app.domain.recommendation.verdict import order_estimators
from app.domain.training.preprocessing.preparation import TrainingTable, prepare
from app.domain.training.run_state import TrainingRun
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.tuning.tuning import SearchCallbacks
from app.domain.training.validation import metrics, scoring
from app.domain.training.validation.scoring import Predictions
from app.domain.training.validation.splitting import Split, make_split
from benchmarks.compare_tables import ComparedTable, compared, drawn

STORE = Path(tempfile.gettempdir()) / "hydroml-compare"
ROWS, SECONDS, WORSE = 1_000, 60.0, 0.005
ANSWER = "answer of this row"
RIVALS = ("flaml", "gluon")
SHOWN = ("first choice", "best single", "blend", "contest", *RIVALS)


class Kept:
    """What was made once for a table, kept by a name."""

    def __init__(self, table: str, held: int, rows: int) -> None:
        self.folder = STORE / f"{table.replace('/', '_')}-{held}-{rows}"
        self.folder.mkdir(parents=True, exist_ok=True)

    def get(self, name: str, make: Callable[[], Any]) -> tuple[Any, float]:
        """Return a value, and the processor seconds that it took when it was made."""
        path = self.folder / f"{hashlib.sha256(name.encode()).hexdigest()[:20]}.pkl"
        if path.exists():
            return pickle.loads(path.read_bytes())  # type: ignore[no-any-return]  # noqa: S301
        start = time.process_time()
        value = make(), time.process_time() - start
        path.write_bytes(pickle.dumps(value))
        return value


@dataclass
class KeptFits:
    """Carries out tasks one after another, those alone that are not kept; counts the seconds that each took once."""

    kept: Kept
    seconds: float = 0.0
    processes: int = 1
    grown_mb: float = 0.0

    def outcome(self, shared: SharedInput, task: FitTask) -> Outcome:
        """Return the outcome of a task without its model."""
        asked = json.dumps(shared.specs[task.candidate].model.model_dump(mode="json"), sort_keys=True)
        callbacks = SearchCallbacks(lambda: False, lambda: None)

        def make() -> Outcome:
            return carry_out(replace(task, keeps_model=False), shared, callbacks)

        outcome, seconds = self.kept.get(f"{asked} {task.part}", make)
        self.seconds += seconds
        # A contest wants its winner's model, which nobody asks here.
        model = {} if isinstance(outcome, FitFailure) else {"model": "not kept"}
        return replace(outcome, task=task, **model)  # type: ignore[no-any-return]

    def run(
        self,
        shared: SharedWork[Any, Any],
        tasks: Iterable[Any],
        *,
        callbacks: SearchCallbacks,
        on_outcome: Callable[[Any], None],
        is_wanted: Callable[[Any], bool] = lambda _task: True,
    ) -> None:
        """Hand over the outcomes of tasks in their order; a contest alone asks for them."""
        for task in tasks:
            if is_wanted(task):
                assert isinstance(shared, SharedInput), shared
                on_outcome(self.outcome(shared, task))

    def close(self) -> None:
        """Nothing waits here."""


@dataclass
class Compared:
    """A table, its rows and its folds, and what is kept of it."""

    table: ComparedTable
    kept: Kept
    seed: int = 0
    by_rules: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    @cached_property
    def prepared(self) -> TrainingTable:
        """Return the rows and columns that every method sees."""
        return prepare(self.table.spec, self.table.data.frame, self.table.data.profile)

    @cached_property
    def split(self) -> Split:
        """Return the folds and the rows held out."""
        return make_split(self.table.spec, facts_of(self.prepared))

    def order(self) -> tuple[list[str], float]:
        """Return the estimators as short fits put them, and the seconds that these took; by rules alone if asked."""
        table = self.table
        if self.by_rules:
            return [name for name, _ in table.starts], 0.0

        def make() -> list[str]:
            *_, evidence = measure(table.spec, table.data.frame, table.data.profile, ranking=table.ranking)
            return [item.entry.id for item in order_estimators(table.ranking, evidence)]

        # With other estimators at hand, other fits are made.
        return self.kept.get(f"short fits of {sorted(name for name, _ in table.starts)}", make)

    def candidates(self) -> list[JsonObject]:
        """Return the candidates that the product suggests."""
        by_id = {item.entry.id: item for item in self.table.ranking}
        classes = self.table.spec.task.kind.is_classification
        return suggested_candidates([by_id[name] for name in self.order()[0]], classes=classes)

    def judge(self, predictions: Predictions) -> float:
        """Return the score of predictions of the rows held out."""
        rows = self.split.holdout
        assert rows is not None
        score = scoring.judge(self.table.spec, self.prepared, rows, predictions)[self.table.spec.metrics.primary]
        assert score is not None
        return score


def hydroml(case: Compared, candidates: Sequence[JsonObject]) -> dict[str, float]:
    """Return the scores of the contest, of its blend and best single candidate, and of the first choice alone."""
    model = ModelPart.model_validate({"candidates": list(candidates), "blend": True})
    spec, fits = case.table.spec.model_copy(update={"model": model}), KeptFits(case.kept)
    run = TrainingRun(spec, case.prepared, case.split, case.table.data.profile, lambda _: None, lambda: False)
    contest = Contest(run, ContestMeans(executor=fits))
    contest.carry_out()
    case.seconds["contest"] = fits.seconds + case.order()[1]
    choice, last = contest.choice, len(case.split.folds)

    def of(candidate: int) -> FitResult:
        result = fits.outcome(contest.shared, FitTask(last, candidate))
        assert isinstance(result, FitResult), result
        return result

    before = fits.seconds
    results = {"first choice": case.judge(of(0).predictions)}
    case.seconds["first choice"] = fits.seconds - before + case.order()[1]
    results["best single"] = case.judge(of(int(choice.best.key) - 1).predictions)
    results["blend"] = results["best single"]
    if choice.nested is not None:
        members = [of(item).predictions for item in choice.able]
        results["blend"] = case.judge(
            average(members, np.asarray(choice.nested.weights), classes=bool(case.prepared.labels))
        )
    results["contest"] = results["blend" if choice.winner.key == BLEND else "best single"]
    return results


def dummy(case: Compared) -> float:
    """Return the score of the dummy on the rows held out."""
    shared = SharedInput((with_model(case.table.spec, ModelPart(estimator="dummy")),), case.prepared, case.split)
    outcome = KeptFits(case.kept).outcome(shared, FitTask(len(case.split.folds), 0))
    assert isinstance(outcome, FitResult), outcome
    return case.judge(outcome.predictions)


def rival(case: Compared, method: str, python: str, seconds: float) -> float | None:
    """Return the score of FLAML or AutoGluon; None where it failed, which is printed."""
    answer, _ = case.kept.get(f"{method} {seconds}", lambda: _ask(case, method, python, seconds))
    if "error" in answer:
        print(f"  {method} failed on {case.table.name}: {answer['error']}")
        return None
    case.seconds[method] = answer["seconds"]
    values = np.asarray(answer["values"])
    if not case.prepared.labels:
        return case.judge(Predictions(values))
    shares = np.zeros((len(values), len(case.prepared.labels)))
    shares[:, answer["classes"]] = values
    return case.judge(Predictions(np.argmax(shares, axis=1), shares, are_probabilities=True))


def _ask(case: Compared, method: str, python: str, seconds: float) -> JsonObject:
    """Write the rows for a rival, run it in its own environment, and return what it printed."""
    table, split = case.prepared, case.split
    assert split.holdout is not None
    with tempfile.TemporaryDirectory() as name:
        for part, rows in (("train", split.development), ("held", split.holdout)):
            frame = table.features.iloc[rows]
            if part == "train":
                frame = frame.assign(**{ANSWER: table.target[rows]})
            frame.to_csv(f"{name}/{part}.csv", index=False)
        asked = {
            "categories": list(table.categories),
            "classes": len(table.labels),
            "seconds": seconds,
            "seed": case.seed,
            "ordered": case.table.is_ordered,
        }
        Path(f"{name}/asked.json").write_text(json.dumps(asked))
        script = Path(__file__).with_name("compare_rivals.py")
        done = subprocess.run([python, script, method, name], capture_output=True, text=True, check=False, cwd=name)
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1][:300]}
    answer: JsonObject = json.loads(done.stdout.splitlines()[-1])
    return answer


def case_of(name: str, held: int, rows: int, *, by_rules: bool = False) -> Compared:
    """Return a table with one of its hold-outs, read once."""
    kept = Kept(name, held, rows)
    boosters = os.environ.get("HYDROML_BOOSTERS", "")
    table, _ = kept.get(f"table {boosters}".strip(), lambda: compared(name, held, rows))
    return Compared(table, kept, held, by_rules)


def normalised(case: Compared, scores: dict[str, float]) -> dict[str, float] | None:
    """Return scores between the dummy (0) and the best of all (1); None where none is better than the dummy."""
    metric, floor = metrics.get(case.table.spec.metrics.primary), dummy(case)
    gains = {name: metric.loss(score, floor) for name, score in scores.items()}
    best = max(gains.values())
    return {name: gain / best for name, gain in gains.items()} if best > 0 else None


def tell(rows: Sequence[dict[str, float]], seconds: Sequence[dict[str, float]]) -> None:
    """Print the figures over some tables."""
    frame, spent = pd.DataFrame(rows), pd.DataFrame(seconds)
    print(f"\n{len(frame)} tables and hold-outs; mean, worst, processor seconds in the mean")
    for name in (item for item in SHOWN if item in frame):
        work = f"{spent[name].mean():5.0f} s" if name in spent else ""
        print(f"  {name:14} {frame[name].mean():.3f}  {frame[name].min():.3f}  {work}")
    for other in (item for item in ("first choice", "best single", *RIVALS) if item in frame):
        gain = (frame["contest"] - frame[other]).dropna()
        error = gain.std(ddof=1) / np.sqrt(len(gain))
        print(
            f"  contest over {other:14} {gain.mean():+.4f} +- {error:.4f}, better on {(gain > 0).sum()} of {len(gain)}"
        )
    worse = (frame["blend"] < frame["best single"] - WORSE).sum()
    print(f"  blend worse than the best single by over {WORSE}: {worse} of {len(frame)}", flush=True)


def main() -> None:
    """Print what every table gave, and the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--flaml", default="")
    parser.add_argument("--gluon", default="")
    parser.add_argument("--held", type=int, default=1)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    for name in ("--aside", "--rivals", "--rules", "--fresh"):
        parser.add_argument(name, action="store_true")
    args = parser.parse_args()
    if args.fresh:
        shutil.rmtree(STORE, ignore_errors=True)
    rows, seconds = [], []
    names = drawn()[args.aside] if not args.rivals else [*drawn()[0], *drawn()[1]]
    for name, held in ((name, held) for held in range(args.held) for name in names):
        case = case_of(name, held, args.rows, by_rules=args.rules)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pythons = {"flaml": args.flaml, "gluon": args.gluon}
            rivals = {key: rival(case, key, python, args.seconds) for key, python in pythons.items() if python}
            if args.rivals:
                continue
            scores = hydroml(case, case.candidates())
        found = normalised(case, scores | {key: score for key, score in rivals.items() if score is not None})
        if found is None:
            print(f"{name:34} nothing better than the dummy", flush=True)
            continue
        rows.append(found)
        seconds.append(case.seconds)
        print(
            f"{name[-32:]:32} {held} " + "  ".join(f"{key} {found[key]:.3f}" for key in SHOWN if key in found),
            flush=True,
        )
    tell(rows, seconds)


if __name__ == "__main__":
    main()
