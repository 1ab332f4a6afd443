"""The hyperparameter search within the training rows of one fold.

Every fold, and the fit before the hold-out, has a search of its own that sees nothing but the rows which train there,
divided once more. The score of the fold is then that of a model on rows which no trial ever saw (Cawley and Talbot
2010, On over-fitting in model selection, JMLR 11, 2079-2107). The number of trials ends a search, never a clock, so
that the same seed finds the same values on any machine.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.errors import StoppedError, TrainingError
from app.domain.experiment import MetricsPart, Spec, TuningPart
from app.domain.json_values import Settings
from app.domain.training.preprocessing.pipeline import build_pipeline, parameters_of
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.report.outcome import MostTrials, ShouldStop
from app.domain.training.tuning.inner_folds import facts_of, inner_folds
from app.domain.training.tuning.search_space import Dimension, grid_settings, resolve
from app.domain.training.validation import metrics, scoring
from app.domain.training.validation.metrics import Metric
from app.domain.training.validation.splitting import Fold
from app.domain.vocabulary import SplitStrategy

COMPLETE, PRUNED, FAILED = "complete", "pruned", "failed"
# Trials that run through all inner folds before one may be given up for being worse than their median.
BEFORE_PRUNING = 4
# Seeds of neighbouring folds lie this far apart, so that searches do not draw the same values.
SEED_STEP = 7919


@dataclass(frozen=True)
class Trial:
    """One set of hyperparameters that was tried. `score` is its mean over the inner folds it was judged on.

    A trial failed with `reason`; it is `undefined` where it was fitted, and the metric has no value on any inner fold.
    """

    number: int
    state: str
    parameters: Settings
    score: float | None = None
    reason: str = ""
    undefined: bool = False


@dataclass(frozen=True)
class Search:
    """What the search of one part found: `chosen` holds the parameters of the best trial that was judged on all.

    Where the metric has no value on the inner folds, the best has no score and the config's own values.
    """

    part: str
    rows: int
    inner: int
    trials: tuple[Trial, ...]
    best: Trial
    given: Trial | None

    @property
    def chosen(self) -> Settings:
        """The values found."""
        return self.best.parameters


@dataclass(frozen=True)
class SearchCallbacks:
    """What a search asks between two fits, and what it tells after each trial."""

    should_stop: ShouldStop
    most_trials: MostTrials
    on_trial: Callable[[list[Trial]], None] = field(default=lambda _trials: None)


def tuning_metric(spec: Spec) -> Metric:
    """Return the metric that decides among trials; KeyError if there is no such metric."""
    return metrics.get(spec.model.tuning.metric or spec.metrics.primary)


def fits_per_outer_fold(spec: Spec) -> int:
    """Return how often the estimator is fitted for one fold at most: every trial on every inner fold, and once more."""
    tuning = spec.model.tuning
    if not tuning.enabled:
        return 1
    inner = 1 if spec.validation.strategy is SplitStrategy.HOLDOUT else tuning.inner
    return 1 + tuning.trials * inner


def set_parameters(spec: Spec, settings: Settings) -> Spec:
    """Return the config with the values that were found."""
    model = spec.model.model_copy(update={"parameters": {**spec.model.parameters, **settings}})
    return spec.model_copy(update={"model": model})


def without_search(spec: Spec) -> Spec:
    """Return the config with its values as they are and no search."""
    return spec.model_copy(update={"model": spec.model.model_copy(update={"tuning": TuningPart()})})


def search(
    spec: Spec, table: TrainingTable, rows: NDArray[np.intp], *, part: str, number: int, callbacks: SearchCallbacks
) -> Search:
    """Look for the best hyperparameters on some rows.

    Parameters
    ----------
    spec, table
        The config and what is trained on.
    rows
        The training rows of the fold; no other row is looked at.
    part, number
        The name of the fold and its place, from which the seed of the search is made.
    callbacks
        Called between fits.

    Raises
    ------
    TrainingError
        If the rows cannot be divided again, the space is empty, or every trial failed.
    StoppedError
        When `callbacks.should_stop` returns True.
    """
    space, faults = resolve(spec)
    if faults or not space:
        raise TrainingError(faults[0].message if faults else "There is nothing to search.", code="search_space_empty")
    folds = inner_folds(spec, facts_of(table), rows)
    item = _Searching(spec, table, folds, space, callbacks=callbacks)
    seed = (spec.reproducibility.seed + SEED_STEP * number) % 2**32
    item.run(seed)
    complete = [trial for trial in item.trials if trial.state == COMPLETE and trial.score is not None]
    if not complete and item.trials and all(trial.undefined for trial in item.trials):
        return Search(part, len(rows), len(folds), tuple(item.trials), Trial(0, FAILED, item.given), None)
    if not complete:
        reason = next((trial.reason for trial in item.trials if trial.reason), "no score was defined")
        raise TrainingError(f"Every trial of the search failed in {part}: {reason}", code="search_failed")
    best = item.best_of(complete)
    given = next((trial for trial in complete if trial.number == 1), None) if item.begins_as_given else None
    return Search(part, len(rows), len(folds), tuple(item.trials), best, given)


class _Searching:
    """One search while it runs."""

    def __init__(
        self,
        spec: Spec,
        table: TrainingTable,
        folds: tuple[Fold, ...],
        space: tuple[Dimension, ...],
        *,
        callbacks: SearchCallbacks,
    ) -> None:
        self.metric = tuning_metric(spec)
        judged = MetricsPart(primary=self.metric.id)
        self.spec = spec.model_copy(update={"metrics": judged})
        self.table, self.folds, self.space, self.callbacks = table, folds, space, callbacks
        self.trials: list[Trial] = []
        values = parameters_of(spec)
        self.given = {dimension.name: values[dimension.name] for dimension in space}
        # The values of the config are tried first, so that a search does not end below them without saying so.
        self.begins_as_given = all(dimension.holds(self.given[dimension.name]) for dimension in space)

    def best_of(self, trials: list[Trial]) -> Trial:
        """Return the trial with the best score, the first of equals."""
        best = trials[0]
        for trial in trials[1:]:
            if self.metric.better(float(trial.score or 0), float(best.score or 0)):
                best = trial
        return best

    def run(self, seed: int) -> None:
        """Try one set after another until the trials are used up."""
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        with warnings.catch_warnings():
            # A solver that does not settle in one of many trials is judged by its score.
            warnings.simplefilter("ignore")
            study = optuna.create_study(
                direction="maximize", sampler=self._sampler(seed), pruner=_make_pruner(self.spec.model.tuning.pruning)
            )
            budget = self._enqueue(study, seed)
            while len(self.trials) < min(budget, self.callbacks.most_trials() or budget):
                self._raise_if_cancelled()
                self.trials.append(self._try(study))
                self.callbacks.on_trial(self.trials)

    def _sampler(self, seed: int) -> Any:
        from optuna import samplers

        kind = self.spec.model.tuning.sampler
        if kind == "tpe":
            return samplers.TPESampler(seed=seed)
        if kind == "qmc":
            return samplers.QMCSampler(seed=seed, scramble=True)
        return samplers.RandomSampler(seed=seed)

    def _enqueue(self, study: Any, seed: int) -> int:
        """Put the values of the config first, and a grid behind them; returns how many trials there are."""
        trials = self.spec.model.tuning.trials
        first = [self.given] if self.begins_as_given else []
        if self.spec.model.tuning.sampler == "grid":
            points = [point for point in grid_settings(self.space, trials) if point not in first]
            drawn = np.random.default_rng(seed).permutation(len(points))
            first += [points[position] for position in drawn]
            trials = min(trials, len(first))
        for point in first[:trials]:
            study.enqueue_trial(point)
        return trials

    def _raise_if_cancelled(self) -> None:
        if self.callbacks.should_stop():
            raise StoppedError

    def _try(self, study: Any) -> Trial:
        import optuna

        drawn = study.ask()
        number, values = drawn.number + 1, {dimension.name: _draw(drawn, dimension) for dimension in self.space}
        scores: list[float] = []
        try:
            for step, fold in enumerate(self.folds, start=1):
                self._raise_if_cancelled()
                scores += self._judge(values, fold)
                if scores and step < len(self.folds):
                    drawn.report(self._worth(scores), step)
                    if drawn.should_prune():
                        study.tell(drawn, state=optuna.trial.TrialState.PRUNED)
                        return Trial(number, PRUNED, values, self._reported_score(scores))
        except (ValueError, np.linalg.LinAlgError, FloatingPointError) as fault:
            study.tell(drawn, state=optuna.trial.TrialState.FAIL)
            return Trial(number, FAILED, values, reason=str(fault).split("\n", maxsplit=1)[0][:200])
        if not scores:
            study.tell(drawn, state=optuna.trial.TrialState.FAIL)
            reason = f"{self.metric.title} is not defined on its inner folds."
            return Trial(number, FAILED, values, reason=reason, undefined=True)
        study.tell(drawn, self._worth(scores))
        return Trial(number, COMPLETE, values, self._reported_score(scores))

    def _judge(self, values: Settings, fold: Fold) -> list[float]:
        table = self.table
        pipeline = build_pipeline(set_parameters(self.spec, values), table)
        pipeline.fit(table.features.iloc[fold.train], table.target[fold.train])
        predictions = scoring.predict(pipeline, table.features.iloc[fold.validation], classes=len(table.labels))
        if not table.labels and not np.isfinite(predictions.values).all():
            raise ValueError("The estimator diverged: its estimates are not finite.")
        score = scoring.judge(self.spec, table, fold.validation, predictions)[self.metric.id]
        return [] if score is None else [abs(score) if self.metric.signed else score]

    def _reported_score(self, scores: list[float]) -> float:
        return float(np.mean(scores))

    def _worth(self, scores: list[float]) -> float:
        """Return the mean so that larger is better, as the study wants it."""
        mean = self._reported_score(scores)
        return mean if self.metric.greater_is_better and not self.metric.signed else -mean


def _make_pruner(kind: str) -> Any:
    from optuna import pruners

    if kind == "median":
        return pruners.MedianPruner(n_startup_trials=BEFORE_PRUNING)
    if kind == "halving":
        return pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
    return pruners.NopPruner()


def _draw(drawn: Any, dimension: Dimension) -> Any:
    if dimension.choices:
        return drawn.suggest_categorical(dimension.name, list(dimension.choices))
    if dimension.parameter.type == "integer":
        return int(drawn.suggest_int(dimension.name, int(dimension.low), int(dimension.high), log=dimension.log))
    return float(drawn.suggest_float(dimension.name, float(dimension.low), float(dimension.high), log=dimension.log))
