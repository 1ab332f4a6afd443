"""One short fit in the race of the estimators: what it will take, which rows it sees, and how it is judged."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.experiment import Spec
from app.domain.recommendation.estimators import EstimatorSuggestion
from app.domain.training.gap_filling import fills_gaps, fit_rows
from app.domain.training.preprocessing.pipeline import build_pipeline
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.validation import baselines, metrics, scoring
from app.domain.training.validation.scoring import Predictions
from app.domain.training.validation.splitting import Fold

FIRST_ROWS = 400
MAX_JUDGED = 4_000
# No single fit may take a larger share of the time than this.
MAX_SHARE = 0.2
# What fitting takes once the settings were found on few rows, as a share of the search on all of them.
SETTLED_SHARE = 0.03
# Fits may take so much longer than foreseen.
MARGIN = 1.3
Rows = NDArray[np.intp]


@dataclass
class ShortFitCandidate:
    """One candidate on its way; `scores` are those of its last round, `seconds` and `rows` those of its last fit.

    `out` says why nothing more is fitted, and `in_time` turns False where there was no time for a fit.
    """

    ranked: EstimatorSuggestion
    spec: Spec
    scores: list[float] = field(default_factory=list)
    before: float | None = None
    hits: list[float] = field(default_factory=list)
    seconds: float = 0.0
    rows: int = 0
    most_rows: int = 0
    round: int = 0
    out: str = ""
    in_time: bool = True

    @property
    def mean(self) -> float:
        """Return the mean score of its last round; nothing is worse than no score."""
        return float(np.mean(self.scores)) if self.scores else -math.inf


@dataclass
class ShortFitRace:
    """All that one measuring gathers. `folds` are those of the first division, `again` those of further draws."""

    spec: Spec
    table: TrainingTable
    folds: tuple[Fold, ...]
    runners: list[ShortFitCandidate]
    deadline: float
    began: float
    again: tuple[Fold, ...] = ()
    rivals: list[float] = field(default_factory=list)
    rival_hits: list[float] = field(default_factory=list)

    @property
    def metric(self) -> metrics.Metric:
        """The metric that decides."""
        return metrics.get(self.spec.metrics.primary)

    @property
    def longest(self) -> float:
        """The most seconds that a single fit may take."""
        return MAX_SHARE * (self.deadline - self.began)

    def left(self) -> float:
        """Return how many seconds are left."""
        return self.deadline - time.perf_counter()


def estimate_seconds(race: ShortFitRace, one: ShortFitCandidate, rows: int) -> float:
    """Return the seconds that a fit on so many rows will take, by its last fit or else by its count of work."""
    entry, values, width = one.ranked.entry, one.ranked.parameters, race.table.features.shape[1]

    def work(count: int) -> float:
        whole = entry.work(count, width, values) * entry.machines(len(race.table.labels))
        if count <= FIRST_ROWS or not _settles(race, one):
            return whole
        return entry.work(FIRST_ROWS, width, values) + SETTLED_SHARE * whole

    return one.seconds * work(rows) / max(work(one.rows), 1e-9) if one.rows else work(rows)


def _settles(race: ShortFitRace, one: ShortFitCandidate) -> bool:
    """Return whether many rows can be learnt with what a search on few of them found; of classes that is no quicker."""
    return one.ranked.entry.settle is not None and not race.table.labels


def sample_rows(race: ShortFitRace, train: Rows, *, size: int, seed: int) -> Rows:
    """Return some of the training rows of a fold: the latest where time orders them, else drawn.

    Blocks that judge lie all over the record, so that what is learnt for them is drawn from all of it.
    """
    if len(train) <= size:
        return train
    if race.table.times is not None and not fills_gaps(race.spec):
        return train[-size:]
    drawn = np.random.default_rng([race.spec.reproducibility.seed, seed]).permutation(len(train))[:size]
    return train[np.sort(drawn)]


def sample_judged_rows(fold: Fold, *, seed: int) -> Rows:
    """Return the rows that judge in a fold: all of them, or as many as suffice, drawn."""
    if len(fold.validation) <= MAX_JUDGED:
        return fold.validation
    drawn = np.random.default_rng(seed).permutation(len(fold.validation))[:MAX_JUDGED]
    return fold.validation[np.sort(drawn)]


def fit(
    race: ShortFitRace, one: ShortFitCandidate, *, train: Rows, rows: Rows, number: int, known: Rows | None = None
) -> bool:
    """Fit and judge once; False where there is no time for it or it cannot be done.

    `known` are the rows whose target is known around a gap, those that train where it is None.
    """
    takes = estimate_seconds(race, one, len(train))
    if takes > race.longest:
        one.out = "too slow for a short fit"
    one.in_time = takes <= min(race.longest, race.left() / MARGIN)
    if one.out or not one.in_time:
        return False
    start = time.perf_counter()
    try:
        pipeline = _fit_candidate(race, one, train, known)
        said = scoring.predict(pipeline, race.table.features.iloc[rows], classes=len(race.table.labels))
    except (ValueError, np.linalg.LinAlgError) as fault:
        one.out = str(fault).split("\n", maxsplit=1)[0][:200]
        return False
    score = _score(race, one.spec, rows, said)
    if score is None:
        one.out = "its score is not defined here"
        return False
    if one.round != number:
        one.before = one.mean if one.scores else None
        one.scores, one.hits, one.round, one.most_rows = [], [], number, 0
    one.scores.append(score[0])
    one.hits.append(score[1])
    one.seconds, one.rows = time.perf_counter() - start, len(train)
    one.most_rows = max(one.most_rows, one.rows)
    return True


def _fit_candidate(race: ShortFitRace, one: ShortFitCandidate, train: Rows, known: Rows | None = None) -> Any:
    """Return a pipeline that learnt from these rows; a search within it looks at some of them only."""
    pipeline, settle = build_pipeline(one.spec, race.table), one.ranked.entry.settle
    if settle is not None and _settles(race, one) and len(train) > FIRST_ROWS:
        some = sample_rows(race, train, size=FIRST_ROWS, seed=0)
        fit_rows(pipeline, race.table, some, known=known)
        pipeline.set_params(**{f"estimate__{name}": value for name, value in settle(pipeline[-1]).items()})
    return fit_rows(pipeline, race.table, train, known=known)


def _score(race: ShortFitRace, spec: Spec, rows: Rows, said: Predictions) -> tuple[float, float] | None:
    """Return the primary score, turned so that larger is better, and the share of right classes."""
    judged = scoring.judge(spec, race.table, rows, said)
    primary = judged[race.metric.id]
    if primary is None:
        return None
    return -race.metric.loss(0.0, primary), judged.get("accuracy") or 0.0


def rival(race: ShortFitRace, *, train: Rows, rows: Rows) -> tuple[float, float]:
    """Return the scores of the best baseline on the same rows."""
    found = []
    for entry in baselines.for_experiment(race.spec, race.table):
        said = Predictions(*entry.predict(race.table, train, rows), are_probabilities=True)
        found.append(_score(race, race.runners[0].spec, rows, said) or (-math.inf, 0.0))
    return max(found)
