"""Training from end to end: folds, hold-out, baselines, importance, report. Nothing here reads or writes a file."""

from __future__ import annotations

import platform
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import StoppedError, TrainingError
from app.domain.estimators import registry
from app.domain.experiment import Spec
from app.domain.training.preprocessing.pipeline import build_pipeline, columns_chosen
from app.domain.training.preprocessing.preparation import Table, prepare
from app.domain.training.report import report
from app.domain.training.report.clock import FIT, IMPORTANCE, SEARCH, Clock
from app.domain.training.report.importance import permutation_importance
from app.domain.training.report.outcome import MostTrials, OnProgress, Progress, ShouldStop, TrainingResult
from app.domain.training.tuning import tuning
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.tuning.tuning_report import scores_of
from app.domain.training.validation import baselines, scoring
from app.domain.training.validation.scoring import Predicted
from app.domain.training.validation.splitting import Fold, Split, make_split

PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "duckdb", "optuna")
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Part:
    """One judged part: a fold, or the hold-out. `chosen` are the columns that rules kept on its training rows."""

    name: str
    train: Rows
    rows: Rows
    said: Predicted
    scores: dict[str, float | None]
    baseline_scores: dict[str, dict[str, float | None]]
    baseline_said: dict[str, Predicted]
    chosen: tuple[str, ...] | None = None


@dataclass
class Run:
    """All that one training gathers on its way to the report."""

    spec: Spec
    table: Table
    split: Split
    profile: DatasetProfile
    on_progress: OnProgress
    should_stop: ShouldStop
    most_trials: MostTrials = lambda: None
    folds: list[Part] = field(default_factory=list)
    holdout: Part | None = None
    importance: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    searches: list[tuning.Search] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    done: int = 0

    @property
    def total(self) -> int:
        """The number of things to do: each fold and the hold-out with their trials, and the importance."""
        judged = len(self.folds) + (self.holdout is not None)
        left = len(self.split.folds) + (self.split.holdout is not None) - judged
        spent = judged + sum(len(one.trials) for one in self.searches[:judged])
        return spent + left * (1 + self.trials_each) + 1

    @property
    def trials_each(self) -> int:
        """How many trials a search takes."""
        tuned = self.spec.model.tuning
        return min(tuned.trials, self.most_trials() or tuned.trials) if tuned.enabled else 0

    def say(self, message: str, trials: list[tuning.Trial] | None = None) -> None:
        """Tell how far it is, with the score of every fold judged so far and the trials of the search under way."""
        lines = tuple(_fold_line(self, part) for part in self.folds)
        under_way = None if trials is None else _search_line(self, trials)
        done = min(self.done + len(trials or ()), self.total)
        self.on_progress(Progress(done, self.total, message, lines, under_way))

    def stop_if_asked(self) -> None:
        """Raise StoppedError when the user has cancelled."""
        if self.should_stop():
            raise StoppedError


def load_libraries() -> None:
    """Load what every training needs, so that neither its time nor its memory is taken for those of the first fit."""
    import sklearn.compose
    import sklearn.ensemble
    import sklearn.impute
    import sklearn.metrics
    import sklearn.model_selection
    import sklearn.pipeline
    import sklearn.preprocessing  # noqa: F401


def train(
    spec: Spec,
    frame: pd.DataFrame,
    profile: DatasetProfile,
    *,
    on_progress: OnProgress,
    should_stop: ShouldStop,
    most_trials: MostTrials = lambda: None,
) -> TrainingResult:
    """Judge the config on the dataset.

    Parameters
    ----------
    spec, profile
        The frozen config, and what is known about the dataset.
    frame
        The dataset's rows in file order, with the user's column names; at least the columns the config names.
    on_progress, should_stop, most_trials
        Called between fits. `most_trials` ends each search at that many trials, once somebody asked for that.

    Raises
    ------
    TrainingError
        With a sentence, when the data cannot carry the config.
    StoppedError
        When `should_stop` said so.
    """
    import sklearn.ensemble  # noqa: F401  # What is to be limited to one thread must be loaded before the limit.
    from threadpoolctl import threadpool_limits

    clock = Clock()
    # One thread gives the same bits on every machine, and leaves the other processors to the pages.
    with threadpool_limits(limits=1):
        table = prepare(spec, frame, profile)
        split = make_split(spec, facts_of(table))
        notes = list(table.notes)
        run = Run(spec, table, split, profile, on_progress, should_stop, most_trials, notes=notes, clock=clock)
        _carry_out(run)
        made = report.build(run, environment=describe_environment())
    return TrainingResult(made, report.predictions(run))


def _carry_out(run: Run) -> None:
    """Judge every fold, then measure what the last fit relies on."""
    run.say("Reading the data")
    with _collected_warnings(run.notes):
        fitted = _judge_all(run)
        run.stop_if_asked()
        run.say("Measuring what it relies on")
        last = run.holdout or run.folds[-1]
        with run.clock.part(IMPORTANCE):
            run.importance = permutation_importance(run.spec, run.table, fitted, rows=last.rows, basis=last.name)
    run.done = run.total
    run.say("Writing the report")


def _judge_all(run: Run) -> Any:
    fitted: Any = None
    for number, fold in enumerate(run.split.folds, start=1):
        run.stop_if_asked()
        run.say(f"Fitting fold {number} of {len(run.split.folds)}")
        fitted, part = _judge(run, fold, f"fold {number}")
        run.folds.append(part)
        run.done += 1
        run.say(f"Fold {number} of {len(run.split.folds)} judged")
    if run.split.holdout is not None:
        run.stop_if_asked()
        run.say("Fitting on all development rows, judging the rows held out")
        fitted, run.holdout = _judge(run, Fold(run.split.development, run.split.holdout), "hold-out")
        run.done += 1
    return fitted


def _judge(run: Run, fold: Fold, name: str) -> tuple[Any, Part]:
    spec, table = run.spec, run.table
    if table.labels and len(np.unique(table.target[fold.train])) < 2:
        raise TrainingError(
            f"The training rows of {name} hold one class only. Choose stratified folds or fewer of them.",
            code="one_class_fold",
        )
    pipeline = build_pipeline(_tuned(run, fold, name), table)
    try:
        with run.clock.part(FIT):
            pipeline.fit(table.features.iloc[fold.train], table.target[fold.train])
            said = scoring.predict(pipeline, table.features.iloc[fold.validation], classes=len(table.labels))
    except (ValueError, np.linalg.LinAlgError) as fault:
        raise TrainingError(
            f"The estimator could not be fitted: {_first_sentence(fault)}", code="fit_failed"
        ) from fault
    given = said.scores if table.labels else said.values
    if given is not None and not np.isfinite(given).all():
        raise TrainingError("The estimator diverged: its estimates are not finite.", code="diverged")
    said_by = {
        entry.id: Predicted(*entry.predict(table, fold.train, fold.validation), are_probabilities=True)
        for entry in baselines.for_experiment(spec, table)
    }
    return pipeline, Part(
        name=name,
        train=fold.train,
        rows=fold.validation,
        said=said,
        scores=scoring.judge(spec, table, fold.validation, said),
        baseline_scores={key: scoring.judge(spec, table, fold.validation, value) for key, value in said_by.items()},
        baseline_said=said_by,
        chosen=columns_chosen(pipeline),
    )


def _tuned(run: Run, fold: Fold, name: str) -> Spec:
    """Return the config with what a search on the training rows of this fold found, or as it is."""
    if not run.spec.model.tuning.enabled:
        return run.spec
    rows = f"the {len(fold.train):,} training rows of {name}"
    asked = tuning.Asked(run.should_stop, run.most_trials, lambda trials: run.say(f"Searching on {rows}", trials))
    run.say(f"Searching on {rows}", [])
    # What a trial takes is fitting, so the estimate learns from it; of that, what the search takes is told apart.
    with run.clock.part(FIT), run.clock.part(SEARCH):
        found = tuning.search(run.spec, run.table, fold.train, part=name, number=len(run.searches), asked=asked)
    run.searches.append(found)
    if found.best.score is None:
        metric = tuning.tuning_metric(run.spec).title
        note = (
            f"{metric} is not defined on the folds within {rows}, so no search could choose: its settings are as set."
        )
        run.notes.append(note)
    run.done += len(found.trials)
    return tuning.with_parameters(run.spec, found.chosen)


def _search_line(run: Run, trials: list[tuning.Trial]) -> dict[str, Any]:
    metric = tuning.tuning_metric(run.spec)
    known = [one.score for one in trials if one.state == tuning.COMPLETE and one.score is not None]
    largest = metric.greater_is_better and not metric.signed
    return {
        "done": len(trials),
        "total": run.trials_each,
        "metric": metric.id,
        "best": (max(known) if largest else min(known)) if known else None,
        "limited": run.most_trials() is not None,
        "scores": scores_of(trials),
    }


def _first_sentence(fault: Exception) -> str:
    return str(fault).split("\n", maxsplit=1)[0][:300]


def _fold_line(run: Run, part: Part) -> dict[str, Any]:
    metric = scoring.metrics_of(run.spec)[0]
    known = {name: scores[metric.id] for name, scores in part.baseline_scores.items()}
    rival = baselines.strongest(metric, known)
    titles = {entry.id: entry.title for entry in baselines.for_experiment(run.spec, run.table)}
    return {
        "fold": part.name,
        "metric": metric.id,
        "score": part.scores[metric.id],
        "baseline": known[rival],
        "baseline_title": titles[rival],
        "train_rows": len(part.train),
        "validation_rows": len(part.rows),
    }


PLAIN_WARNINGS = {
    "ConvergenceWarning": "The solver stopped before it had settled; more iterations or scaled features may help.",
}


@contextmanager
def _collected_warnings(notes: list[str]) -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    sentences = [PLAIN_WARNINGS.get(item.category.__name__) for item in caught]
    notes.extend(dict.fromkeys(sentence for sentence in sentences if sentence))
    # A library's plans for its own future are nothing that the reader of a result can act on.
    plans = (FutureWarning, DeprecationWarning, PendingDeprecationWarning)
    others = {item.category.__name__ for item in caught if not issubclass(item.category, plans)} - set(PLAIN_WARNINGS)
    if others:
        notes.append(f"The libraries warned while fitting: {', '.join(sorted(others))}.")


def describe_environment() -> dict[str, Any]:
    """Return Python, platform and library versions, for the record."""
    import os
    from importlib.metadata import PackageNotFoundError, version

    packages = {}
    for name in (*PACKAGES, *registry.BROUGHT.packages):
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count() or 1,
        "packages": packages,
    }
