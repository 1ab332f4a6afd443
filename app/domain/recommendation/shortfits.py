"""One short fit in the race of estimators: its expected work, its sample of rows, and its score."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.estimation.prior import prior_of
from app.domain.estimation.workload import Workload
from app.domain.experiment import Spec
from app.domain.recommendation.estimators import EstimatorSuggestion
from app.domain.training.gap_filling import fills_gaps, fit_rows
from app.domain.training.preprocessing.pipeline import build_pipeline
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation import baselines, metrics, scoring
from app.domain.training.validation.scoring import Predictions
from app.domain.training.validation.splitting import Fold, make_split

FIRST_ROWS = 400
MAX_JUDGED = 4_000
# No single fit may take a larger share of the work than this.
MAX_SHARE = 0.2
# What fitting takes once the settings were found on few rows, as a share of the search on all of them.
SETTLED_SHARE = 0.03
# A sample keeps so many rows of every class, or all of a class that has fewer.
ROWS_OF_A_CLASS = 10
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class JudgedFold:
    """The rows of a fold that short fits learn from, those that judge, and those whose target is known around a gap."""

    train: Rows
    rows: Rows
    known: Rows


@dataclass
class ShortFitCandidate:
    """One candidate on its way; `scores` are those of its last round, `rows` what its last fit learnt from.

    `predictions` are those that the scores judge, and `behind` the probability that it is worse than the best one.

    `workload` counts what a launch of it would be made of. `out` says why nothing more is fitted, and `affordable`
    turns False where the work that was left was less than a fit takes.
    """

    ranked: EstimatorSuggestion
    spec: Spec
    workload: Workload
    scores: list[float] = field(default_factory=list)
    before: float | None = None
    behind: float | None = None
    hits: list[float] = field(default_factory=list)
    predictions: list[Predictions] = field(default_factory=list)
    seconds: float = 0.0
    rows: int = 0
    most_rows: int = 0
    round: int = 0
    out: str = ""
    affordable: bool = True

    @property
    def mean(self) -> float:
        """Return the mean score of its last round; nothing is worse than no score."""
        return float(np.mean(self.scores)) if self.scores else -math.inf


@dataclass
class ShortFitRace:
    """All that one measuring gathers. `folds` are those of the first division, `again` those of further draws.

    `budget` is how much work all fits together may take and `spent` what those so far took, both as counted.
    `parts` are the folds of the last round as they were fitted, one for each of the `rivals`.
    """

    spec: Spec
    table: TrainingTable
    folds: tuple[Fold, ...]
    runners: list[ShortFitCandidate]
    budget: float
    began: float
    spent: float = 0.0
    again: tuple[Fold, ...] = ()
    rivals: list[float] = field(default_factory=list)
    rival_hits: list[float] = field(default_factory=list)
    parts: list[JudgedFold] = field(default_factory=list)

    @property
    def metric(self) -> metrics.Metric:
        """The metric that decides."""
        return metrics.get(self.spec.metrics.primary)

    @property
    def largest(self) -> float:
        """The most work that a single fit may take."""
        return MAX_SHARE * self.budget

    def left(self) -> float:
        """Return how much work is left."""
        return self.budget - self.spent

    def in_own_direction(self, scores: Sequence[float]) -> tuple[float, ...]:
        """Return scores in the direction and unit of the metric."""
        sign = 1.0 if self.metric.greater_is_better and not self.metric.signed else -1.0
        return tuple(round(sign * score, 6) for score in scores)


def folds_of(spec: Spec, table: TrainingTable) -> tuple[Fold, ...]:
    """Return the folds of a config, those that are fitted first at the front."""
    folds = make_split(spec, facts_of(table)).folds
    # Where time orders them, the later folds train on most rows.
    return tuple(reversed(folds)) if table.times is not None else folds


def count_work(race: ShortFitRace, candidate: ShortFitCandidate, rows: int) -> float:
    """Return the work of a fit on so many rows, counted from rows, columns and estimator.

    It is in seconds of the machine on which the counts were calibrated. No clock is asked, since on a busy machine
    that would give other rounds, other rows and another order to the same data.
    """

    def work(count: int) -> float:
        return prior_of(replace(candidate.workload, train_rows=count)).fit

    if rows <= FIRST_ROWS or not _has_settings_to_learn(race, candidate):
        return work(rows)
    return work(FIRST_ROWS) + SETTLED_SHARE * work(rows)


def _has_settings_to_learn(race: ShortFitRace, candidate: ShortFitCandidate) -> bool:
    """Return whether many rows can be learnt with what a search on few of them found; of classes that is no quicker."""
    return candidate.ranked.entry.settle is not None and not race.table.labels


def sample_rows(race: ShortFitRace, train: Rows, *, size: int, seed: int) -> Rows:
    """Return some of the training rows of a fold: the latest where time orders them, else drawn.

    Blocks that judge lie all over the record, so that what is learnt for them is drawn from all of it. Some rows of
    every class are among them, however rare it is.
    """
    if len(train) <= size:
        return train
    if race.table.times is not None and not fills_gaps(race.spec):
        order = train[::-1]
    else:
        order = train[np.random.default_rng([race.spec.reproducibility.seed, seed]).permutation(len(train))]
    some, rest = order[:size], order[size:]
    if race.table.labels:
        some = np.concatenate([some, _missed_rows(race.table.target[some], race.table.target[rest], rest)])
    return np.sort(some)


def _missed_rows(current_values: NDArray[Any], left: NDArray[Any], rest: Rows) -> Rows:
    """Return the rows to add, first ones first, so that a sample holds enough of every class."""
    more = []
    for label in np.unique(left):
        lacking = ROWS_OF_A_CLASS - int(np.sum(current_values == label))
        more.append(rest[left == label][: max(lacking, 0)])
    return np.concatenate(more)


def sample_judged_rows(fold: Fold, *, seed: int) -> Rows:
    """Return the rows that judge in a fold: all of them, or as many as suffice, drawn."""
    if len(fold.validation) <= MAX_JUDGED:
        return fold.validation
    drawn = np.random.default_rng(seed).permutation(len(fold.validation))[:MAX_JUDGED]
    return fold.validation[np.sort(drawn)]


def judged_fold(race: ShortFitRace, fold: Fold, *, size: int, seed: int) -> JudgedFold:
    """Return the rows that short fits look at in a fold: at most so many to learn from."""
    train = sample_rows(race, fold.train, size=size, seed=seed)
    # A gap is filled from all that is known around it, however few rows are learnt from.
    known = fold.train if fills_gaps(race.spec) else train
    return JudgedFold(train, sample_judged_rows(fold, seed=seed), known)


def fit(
    race: ShortFitRace,
    candidate: ShortFitCandidate,
    *,
    train: Rows,
    rows: Rows,
    number: int,
    known: Rows | None = None,
    most: float = math.inf,
) -> bool:
    """Fit and judge once; False where too little work is left for it or it cannot be done.

    `known` are the rows whose target is known around a gap, `train` where it is None. No fit takes more than `most`.
    """
    takes = count_work(race, candidate, len(train))
    if takes > race.largest or takes > most:
        candidate.out = "too much work for a short fit"
    candidate.affordable = takes <= min(race.largest, race.left())
    if candidate.out or not candidate.affordable:
        return False
    race.spent += takes
    start = time.perf_counter()
    try:
        pipeline = _fit_candidate(race, candidate, train, known)
        predictions = scoring.predict(pipeline, race.table.features.iloc[rows], classes=len(race.table.labels))
    except (ValueError, np.linalg.LinAlgError) as fault:
        candidate.out = str(fault).split("\n", maxsplit=1)[0][:200]
        return False
    score = _score(race, candidate.spec, rows, predictions)
    if score is None:
        candidate.out = "its score is not defined here"
        return False
    if candidate.round != number:
        _begin_round(candidate, number)
    candidate.scores.append(score[0])
    candidate.hits.append(score[1])
    candidate.predictions.append(predictions)
    candidate.seconds, candidate.rows = time.perf_counter() - start, len(train)
    candidate.most_rows = max(candidate.most_rows, len(train))
    return True


def _begin_round(candidate: ShortFitCandidate, number: int) -> None:
    """Forget what earlier rounds gave but their mean."""
    candidate.before = candidate.mean if candidate.scores else None
    candidate.scores, candidate.hits, candidate.predictions = [], [], []
    candidate.round, candidate.most_rows = number, 0


def _fit_candidate(race: ShortFitRace, candidate: ShortFitCandidate, train: Rows, known: Rows | None = None) -> Any:
    """Return a pipeline that learnt from these rows; a search within it looks at some of them only."""
    pipeline, settle = build_pipeline(candidate.spec, race.table), candidate.ranked.entry.settle
    if settle is not None and _has_settings_to_learn(race, candidate) and len(train) > FIRST_ROWS:
        some = sample_rows(race, train, size=FIRST_ROWS, seed=0)
        fit_rows(pipeline, race.table, some, known=known)
        pipeline.set_params(**{f"estimate__{name}": value for name, value in settle(pipeline[-1]).items()})
    return fit_rows(pipeline, race.table, train, known=known)


def _score(race: ShortFitRace, spec: Spec, rows: Rows, predictions: Predictions) -> tuple[float, float] | None:
    """Return the primary score, turned so that larger is better, and the share of right classes."""
    judged = scoring.judge(spec, race.table, rows, predictions)
    primary = judged[race.metric.id]
    if primary is None:
        return None
    return -race.metric.loss(0.0, primary), judged.get("accuracy") or 0.0


def baseline_scores(race: ShortFitRace, *, train: Rows, rows: Rows) -> tuple[float, float]:
    """Return the scores of the best baseline on the same rows."""
    results = []
    for entry in baselines.baselines_for_experiment(race.spec, race.table):
        predictions = Predictions(*entry.predict(race.table, train, rows), are_probabilities=True)
        results.append(_score(race, race.runners[0].spec, rows, predictions) or (-math.inf, 0.0))
    return max(results)
