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

from app.domain.analysis.profile import DatasetProfile
from app.domain.errors import StoppedError, TrainingError
from app.domain.experiment import Spec
from app.domain.training import baselines, report, scoring
from app.domain.training.clock import FIT, IMPORTANCE, Clock
from app.domain.training.importance import permutation_importance
from app.domain.training.outcome import OnProgress, Progress, ShouldStop, TrainingResult
from app.domain.training.pipeline import build_pipeline
from app.domain.training.preparation import Table, prepare
from app.domain.training.scoring import Predicted
from app.domain.training.splitting import Fold, RowFacts, Split, make_split

PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "duckdb")
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Part:
    """One judged part: a fold, or the hold-out."""

    name: str
    train: Rows
    rows: Rows
    said: Predicted
    scores: dict[str, float | None]
    baseline_scores: dict[str, dict[str, float | None]]
    baseline_said: dict[str, Predicted]


@dataclass
class Run:
    """All that one training gathers on its way to the report."""

    spec: Spec
    table: Table
    split: Split
    profile: DatasetProfile
    on_progress: OnProgress
    should_stop: ShouldStop
    folds: list[Part] = field(default_factory=list)
    holdout: Part | None = None
    importance: dict[str, Any] | None = None
    notes: list[str] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    done: int = 0

    @property
    def total(self) -> int:
        """The number of things to do: each fold, the hold-out, and the importance."""
        return len(self.split.folds) + (self.split.holdout is not None) + 1

    def say(self, message: str) -> None:
        """Tell how far it is, with the score of every fold judged so far."""
        self.on_progress(Progress(self.done, self.total, message, tuple(_fold_line(self, part) for part in self.folds)))

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
    spec: Spec, frame: pd.DataFrame, profile: DatasetProfile, *, on_progress: OnProgress, should_stop: ShouldStop
) -> TrainingResult:
    """Judge the config on the dataset.

    Parameters
    ----------
    spec
        The frozen config.
    frame
        The dataset's rows in file order, with the user's column names; at least the columns the config names.
    profile
        What is known about the dataset.
    on_progress, should_stop
        Called between fits.

    Raises
    ------
    TrainingError
        With a sentence, when the data cannot carry the config.
    StoppedError
        When `should_stop` said so.
    """
    # What is to be limited to one thread must be loaded first, or the limit passes it by.
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import threadpool_limits

    clock = Clock()
    # One thread gives the same bits on every machine, and leaves the other processors to the pages.
    with threadpool_limits(limits=1):
        table = prepare(spec, frame, profile)
        run = Run(
            spec, table, _split(spec, table), profile, on_progress, should_stop, notes=list(table.notes), clock=clock
        )
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


def _split(spec: Spec, table: Table) -> Split:
    facts = RowFacts(
        rows=len(table.target),
        classes=table.target if table.labels else None,
        groups=table.groups,
        steps=None if table.times is None else pd.factorize(table.times)[0],
    )
    return make_split(spec, facts)


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
    pipeline = build_pipeline(spec, table)
    try:
        with run.clock.part(FIT):
            pipeline.fit(table.features.iloc[fold.train], table.target[fold.train])
            said = scoring.predict(pipeline, table.features.iloc[fold.validation], classes=len(table.labels))
    except (ValueError, np.linalg.LinAlgError) as fault:
        raise TrainingError(
            f"The estimator could not be fitted: {_first_sentence(fault)}", code="fit_failed"
        ) from fault
    if not table.labels and not np.isfinite(said.values).all():
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
    )


def _first_sentence(fault: Exception) -> str:
    return str(fault).split("\n", maxsplit=1)[0][:300]


def _fold_line(run: Run, part: Part) -> dict[str, Any]:
    primary = scoring.metrics_of(run.spec)[0].id
    rival = next(iter(part.baseline_scores.values()))
    return {
        "fold": part.name,
        "metric": primary,
        "score": part.scores[primary],
        "baseline": rival[primary],
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
    for name in PACKAGES:
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
