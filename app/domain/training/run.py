"""A training from start to end: folds, hold-out, baselines, importance and report, without reading or writing."""

from __future__ import annotations

import platform
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pandas as pd

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.contest.executor import ContestMeans, Executor
from app.domain.contest.summary import ContestSummary
from app.domain.errors import TrainingError
from app.domain.estimators import registry
from app.domain.experiment import Spec, is_contest
from app.domain.training.absent_classes import notes_on_classes
from app.domain.training.fits_at_once import FitsAtOnce
from app.domain.training.fold_fit import FoldFit, fit_fold
from app.domain.training.gauged_sites import notes_on_sites
from app.domain.training.judging import judge_part
from app.domain.training.preprocessing.pipeline import columns_chosen
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.report import report
from app.domain.training.report.chart_series import ImportanceSeries
from app.domain.training.report.clock import IMPORTANCE, Clock, accounted_peak_mb
from app.domain.training.report.document import EnvironmentInfo
from app.domain.training.report.gap_report import fill_missing_rows
from app.domain.training.report.importance import permutation_importance
from app.domain.training.report.outcome import MostTrials, OnProgress, ShouldStop, TrainingResult
from app.domain.training.resolved.build import FittedPart
from app.domain.training.run_state import PartResult, TrainingRun
from app.domain.training.tuning import tuning
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation.splitting import Fold, make_split

PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "duckdb", "optuna")


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
    peak_memory_mb: Callable[[], float] = accounted_peak_mb,
    means: ContestMeans | None = None,
) -> TrainingResult:
    """Judge the config on the dataset.

    Parameters
    ----------
    spec, profile
        The frozen config, and what is known about the dataset.
    frame
        The dataset's rows in file order, with the user's column names; at least the columns the config names.
    on_progress, should_stop, most_trials, peak_memory_mb
        Called between fits, the last for the report. `most_trials` ends each search once somebody asked for that.
    means
        How a contest is carried out.

    Raises
    ------
    TrainingError
        With a sentence, when the data cannot carry the config.
    StoppedError
        When `should_stop` said so.
    """
    clock = Clock()
    with _one_thread():
        table = prepare(spec, frame, profile)
        split = make_split(spec, facts_of(table))
        run = TrainingRun(spec, table, split, profile, on_progress, should_stop, most_trials, peak_memory_mb)
        run.notes, run.clock = [*table.notes, *notes_on_sites(spec), *notes_on_classes(table, split)], clock
        contest = _compete(run, means)
        built = replace(report.build(run, environment=describe_environment()), contest=contest)
        return TrainingResult(built, report.predictions(run))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limit what is computed to one thread: the same bits on every machine, and other processors for the pages."""
    import sklearn.ensemble  # noqa: F401  # What is to be limited must be loaded before the limit.
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


def _refuse_target_as_feature(spec: Spec) -> None:
    """Refuse a config that was not checked and selects its target; one without a purpose runs as it did."""
    if spec.task.purpose is not None and spec.task.target in spec.features.selected:
        raise TrainingError("The target cannot be its own feature.", code="target_leakage")


def _carry_out(run: TrainingRun, means: ContestMeans) -> None:
    """Judge every fold, then measure what the last fit relies on."""
    run.report_progress("Reading the data")
    _refuse_target_as_feature(run.spec)
    with _collect_warnings(run.notes):
        fitted = _judge_all(run, means.executor)
        run.raise_if_cancelled()
        run.report_progress("Measuring what it relies on")
        last = run.holdout or run.folds[-1]
        with run.clock.part(IMPORTANCE):
            run.importance = _importance(run, fitted, last, means.executor)
        if run.table.missing is not None:
            run.raise_if_cancelled()
            run.done += 1
            run.report_progress("Filling the gaps of the record")
            run.filled = fill_missing_rows(run)
    run.done = run.total
    run.report_progress("Writing the report")


def _compete(run: TrainingRun, means: ContestMeans | None) -> ContestSummary | None:
    """Train one estimator, or let several compete; the run becomes that of the winner."""
    if not is_contest(run.spec):
        _carry_out(run, means or ContestMeans())
        return None
    from app.domain.contest.contest import Contest

    contest = Contest(run, means or ContestMeans())
    contest.say("Reading the data")
    _refuse_target_as_feature(run.spec)
    with _collect_warnings(run.notes):
        fitted = contest.carry_out()
        run.raise_if_cancelled()
        contest.say("Measuring what the winner relies on")
        last = run.holdout or run.folds[-1]
        with run.clock.part(IMPORTANCE):
            run.importance = _importance(run, fitted, last, contest.executor)
        if run.table.missing is not None:
            run.raise_if_cancelled()
            contest.say("Filling the gaps of the record")
            run.filled = fill_missing_rows(run)
    contest.done = contest.total
    contest.say("Writing the report")
    return contest.summary()


def _importance(run: TrainingRun, fitted: Any, last: PartResult, executor: Executor) -> ImportanceSeries:
    return permutation_importance(
        run.spec,
        run.table,
        fitted,
        rows=last.rows,
        basis=last.name,
        executor=executor,
        should_stop=run.should_stop,
    )


def _judge_all(run: TrainingRun, executor: Executor) -> Any:
    if executor.processes > 1 and not run.spec.model.tuning.enabled:
        return FitsAtOnce(run, executor).carry_out()
    fitted: Any = None
    for number, fold in enumerate(run.split.folds, start=1):
        run.raise_if_cancelled()
        run.report_progress(f"Fitting fold {number} of {len(run.split.folds)}")
        fitted, part = _judge(run, fold, f"fold {number}")
        run.folds.append(part)
        run.done += 1
        run.report_progress(f"Fold {number} of {len(run.split.folds)} scored")
    if run.split.holdout is not None:
        run.raise_if_cancelled()
        run.report_progress("Fitting on all development rows, scoring the held-out rows")
        fitted, run.holdout = _judge(run, Fold(run.split.development, run.split.holdout), "hold-out")
        run.done += 1
    return fitted


def _judge(run: TrainingRun, fold: Fold, name: str) -> tuple[Any, PartResult]:
    fit = _fit(run, fold, name)
    settings = None if fit.search is None else fit.search.chosen
    part = judge_part(
        run.spec,
        run.table,
        fold,
        name=name,
        predictions=fit.predicted,
        chosen=columns_chosen(fit.pipeline),
        fitted=FittedPart.of(name, fit.pipeline, run.table, settings=settings),
    )
    return fit.pipeline, part


def _fit(run: TrainingRun, fold: Fold, name: str) -> FoldFit:
    """Fit one fold, and collect its results for the report."""
    rows = f"the {len(fold.train):,} training rows of {name}"
    if run.spec.model.tuning.enabled:
        run.report_progress(f"Searching on {rows}", [])
    callbacks = tuning.SearchCallbacks(
        run.should_stop, run.most_trials, lambda trials: run.report_progress(f"Searching on {rows}", trials)
    )
    fit = fit_fold(run.spec, run.table, fold, name=name, number=len(run.folds), hooks=callbacks)
    run.clock.add(fit.clock)
    for category, message in fit.warned:
        warnings.warn(message, category, stacklevel=1)
    if fit.search is not None:
        run.searches.append(fit.search)
        run.done += len(fit.search.trials)
        if fit.search.best.score is None:
            metric = tuning.tuning_metric(run.spec).title
            run.notes.append(
                f"{metric} is not defined on the folds within {rows}, so no search could choose: "
                "its settings are as set."
            )
    return fit


PLAIN_WARNINGS = {
    "ConvergenceWarning": "The solver stopped before it had settled; more iterations or scaled features may help.",
}


@contextmanager
def _collect_warnings(notes: list[str]) -> Iterator[None]:
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


def describe_environment() -> EnvironmentInfo:
    """Return Python, platform and library versions, for the record."""
    import os
    from importlib.metadata import PackageNotFoundError, version

    packages = {}
    for name in (*PACKAGES, *registry.packages()):
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return EnvironmentInfo(
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        cpus=os.cpu_count() or 1,
        packages=packages,
    )
