"""What short fits say about the estimators, on rows that the last score never needs.

Successive halving (Jamieson & Talwalkar 2016, AISTATS; for choosing among learners Mohr & van Rijn 2023, TPAMI, arXiv
2111.14514): all candidates learn from few rows, the better half from more, until the time is over or the last round has
used every fold. All of a round are judged on the same rows of the same folds, so that their differences are paired.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from app.domain.analysis.profile import DatasetProfile
from app.domain.experiment import MetricsPart, ModelPart, Spec
from app.domain.recommendation.estimators import Ranked
from app.domain.recommendation.verdict import Evidence, Measured
from app.domain.training import baselines, metrics, scoring
from app.domain.training.inner import facts_of
from app.domain.training.pipeline import build_pipeline
from app.domain.training.preparation import Table, prepare
from app.domain.training.scoring import Predicted
from app.domain.training.splitting import Fold, make_split

SECONDS = 7.5
FIRST_ROWS, GROWTH = 400, 4
FIRST_FOLDS = 2
MOST_CANDIDATES = 10
MOST_TREES = 80
# At least so many go on to a last round, however the first ones ended.
FINALISTS = 4
# The first so many of the rules go on with them: on few rows nobody sees yet what boosting makes of many.
PROTECTED = 2
MOST_JUDGED = 4_000
# No single fit may take a larger share of the time than this.
LARGEST_SHARE = 0.2
# A finalist whose paired differences say so this clearly is not fitted any further.
CLEARLY = 2.5
# Fits may take so much longer than foreseen.
MARGIN = 1.3
ONE_FOLDS_LUCK = 0.1
Rows = NDArray[np.intp]
Keep = Callable[[Evidence], bool]


@dataclass
class _Runner:
    """One candidate on its way; `scores` are those of its last round, `seconds` and `rows` those of its last fit."""

    ranked: Ranked
    spec: Spec
    scores: list[float] = field(default_factory=list)
    before: float | None = None
    hits: list[float] = field(default_factory=list)
    seconds: float = 0.0
    rows: int = 0
    most_rows: int = 0
    round: int = 0
    out: str = ""

    @property
    def mean(self) -> float:
        return float(np.mean(self.scores)) if self.scores else -math.inf


@dataclass
class Race:
    """All that one measuring gathers."""

    spec: Spec
    table: Table
    folds: tuple[Fold, ...]
    runners: list[_Runner]
    keep: Keep
    deadline: float
    began: float
    rivals: list[float] = field(default_factory=list)
    rival_hits: list[float] = field(default_factory=list)
    going_on: bool = True

    @property
    def metric(self) -> metrics.Metric:
        """The metric that decides."""
        return metrics.get(self.spec.metrics.primary)

    def left(self) -> float:
        """Return how many seconds are left."""
        return self.deadline - time.perf_counter()


def measure(
    spec: Spec,
    frame: pd.DataFrame,
    profile: DatasetProfile,
    *,
    ranking: Sequence[Ranked],
    keep: Keep,
    seconds: float = SECONDS,
) -> Evidence:
    """Fit candidates on growing parts of the folds' training rows, and say what came of it.

    Parameters
    ----------
    spec
        The config; its validation, hold-out, metric and seed are used, its estimator is not. Rows held out are never
        looked at.
    frame, ranking
        The rows with the user's column names, and the estimators in the order of the rules.
    keep
        Told after each fold what is known; measuring ends where it returns False.
    seconds
        After this long no fit is begun any more.

    Raises
    ------
    TrainingError
        If the data cannot carry the config.
    """
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import threadpool_limits

    began = time.perf_counter()
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Short fits stop before they have settled; that is what they are for.
        warnings.simplefilter("ignore")
        table = prepare(spec, frame, profile)
        runners = [_runner(spec, one) for one in _candidates(ranking, rows=profile.rows)]
        race = Race(spec, table, _folds(spec, table), runners, keep, deadline=began + seconds, began=began)
        _run(race)
    return _evidence(race, complete=True)


def _candidates(ranking: Sequence[Ranked], *, rows: int) -> list[Ranked]:
    """Return who takes part: no baseline, nobody whom so many rows are too many, and of lines that tie only some."""
    alike = {"linear_regression", "elastic_net"}
    able = (one for one in ranking if not one.entry.is_baseline and rows <= (one.entry.max_rows or rows))
    return [one for one in able if one.entry.id not in alike][:MOST_CANDIDATES]


def _runner(spec: Spec, ranked: Ranked) -> _Runner:
    others = ["accuracy"] if spec.task.kind.is_classification and spec.metrics.primary != "accuracy" else []
    values = dict(ranked.parameters)
    if "n_estimators" in values:
        # A forest of fewer trees is hardly worse, and shows as well which estimator suits.
        values["n_estimators"] = min(values["n_estimators"], MOST_TREES)
    ranked = replace(ranked, parameters=values)
    model = ModelPart(estimator=ranked.entry.id, parameters=values)
    judged = MetricsPart(primary=spec.metrics.primary, others=others)
    return _Runner(ranked, spec.model_copy(update={"model": model, "metrics": judged}))


def _folds(spec: Spec, table: Table) -> tuple[Fold, ...]:
    folds = make_split(spec, facts_of(table)).folds
    # Where time orders them, the later folds train on most rows.
    return tuple(reversed(folds)) if table.times is not None else folds


def sizes_of(rows: int) -> list[int]:
    """Return how many training rows each round uses: four times as many as before, at last all of them."""
    sizes, size = [], FIRST_ROWS
    while size < 0.7 * rows:
        sizes.append(size)
        size *= GROWTH
    return [*sizes, rows]


def _run(race: Race) -> None:
    sizes = sizes_of(max(len(fold.train) for fold in race.folds))
    alive = list(race.runners)
    for number, size in enumerate(sizes, start=1):
        last = number == len(sizes)
        folds = race.folds if last else race.folds[:FIRST_FOLDS]
        begun = _round(race, alive, number=number, size=size, folds=folds, final=last)
        if not begun or not race.going_on:
            return
        alive = _better_half(begun, race.runners[:PROTECTED])


def _better_half(runners: list[_Runner], protected: Sequence[_Runner]) -> list[_Runner]:
    ordered = sorted(runners, key=lambda one: -one.mean)
    kept = ordered[: max(FINALISTS, len(ordered) // 2)]
    return [*kept, *(one for one in ordered if one in protected and one not in kept)]


def _round(
    race: Race, alive: list[_Runner], *, number: int, size: int, folds: Sequence[Fold], final: bool
) -> list[_Runner]:
    """Fit fold by fold, each candidate once on each; returns those that were judged on all folds that came about."""
    rivals: list[float] = []
    hits: list[float] = []
    running: list[_Runner] = []
    for at, fold in enumerate(folds):
        train, rows = _part(race, fold, size=size, seed=at), _judged(fold, seed=at)
        if race.table.labels and len(np.unique(race.table.target[train])) < 2:
            continue
        chosen = list(running) if rivals else list(alive)
        done = [one for one in chosen if _fit(race, one, train=train, rows=rows, number=number)]
        if not done or (rivals and any(one not in done and not one.out for one in chosen)):
            # The time is over: what only some were judged on compares nobody.
            for one in done if rivals else ():
                one.scores.pop()
                one.hits.pop()
            break
        rival, hit = _rival(race, train=train, rows=rows)
        rivals.append(rival)
        hits.append(hit)
        running = _worth_it(race, done) if final else done
        race.rivals, race.rival_hits = rivals, hits
        race.going_on = race.keep(_evidence(race, complete=False))
        if not race.going_on:
            break
    return [one for one in alive if one.round == number and one.scores]


def _worth_it(race: Race, runners: list[_Runner]) -> list[_Runner]:
    """Return who goes on to the next fold: not those clearly behind, and no more than there is time for."""
    ordered = sorted((one for one in runners if not _clearly_behind(one, runners)), key=lambda one: -one.mean)
    while len(ordered) > 2 and MARGIN * sum(one.seconds for one in ordered) > race.left():
        ordered.pop()
    return ordered


def _clearly_behind(one: _Runner, others: Sequence[_Runner]) -> bool:
    best = max(others, key=lambda other: other.mean)
    if len(one.scores) < 3 or one is best or len(others) <= 2 or len(one.scores) != len(best.scores):
        return False
    gaps = np.asarray(best.scores) - np.asarray(one.scores)
    return bool(gaps.mean() > CLEARLY * gaps.std(ddof=1) / math.sqrt(len(gaps)))


def _part(race: Race, fold: Fold, *, size: int, seed: int) -> Rows:
    """Return training rows of a fold: the latest where time orders them, else drawn."""
    if len(fold.train) <= size:
        return fold.train
    if race.table.times is not None:
        return fold.train[-size:]
    drawn = np.random.default_rng([race.spec.reproducibility.seed, seed]).permutation(len(fold.train))[:size]
    return fold.train[np.sort(drawn)]


def _judged(fold: Fold, *, seed: int) -> Rows:
    if len(fold.validation) <= MOST_JUDGED:
        return fold.validation
    drawn = np.random.default_rng(seed).permutation(len(fold.validation))[:MOST_JUDGED]
    return fold.validation[np.sort(drawn)]


def _fit(race: Race, one: _Runner, *, train: Rows, rows: Rows, number: int) -> bool:
    """Fit and judge once; False where there is no time for it or it cannot be done."""
    entry, values = one.ranked.entry, one.ranked.parameters
    width = race.table.features.shape[1]
    foreseen = entry.work(len(train), width, values) * entry.machines(len(race.table.labels))
    if one.rows:
        foreseen = one.seconds * entry.work(len(train), width, values) / max(entry.work(one.rows, width, values), 1e-9)
    if foreseen > LARGEST_SHARE * (race.deadline - race.began):
        one.out = "too slow for a short fit"
    if one.out or foreseen * MARGIN > race.left():
        return False
    start = time.perf_counter()
    try:
        pipeline = build_pipeline(one.spec, race.table)
        pipeline.fit(race.table.features.iloc[train], race.table.target[train])
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


def _score(race: Race, spec: Spec, rows: Rows, said: Predicted) -> tuple[float, float] | None:
    """Return the primary score, turned so that larger is better, and the share of right classes."""
    judged = scoring.judge(spec, race.table, rows, said)
    primary = judged[race.metric.id]
    if primary is None:
        return None
    return -race.metric.loss(0.0, primary), judged.get("accuracy") or 0.0


def _rival(race: Race, *, train: Rows, rows: Rows) -> tuple[float, float]:
    """Return what the best baseline scores on the same rows."""
    found = []
    for entry in baselines.for_experiment(race.spec, race.table):
        said = Predicted(*entry.predict(race.table, train, rows), are_probabilities=True)
        found.append(_score(race, race.runners[0].spec, rows, said) or (-math.inf, 0.0))
    return max(found)


def _rules_first(race: Race, ordered: list[_Runner]) -> list[_Runner]:
    """Return the order with the first of the rules at the front among those that only luck tells from the best.

    Luck is one standard error of the paired differences, or, where one fold alone was judged, a tenth of what the best
    gains over the baseline.
    """
    best = ordered[0] if ordered else None
    if best is None or not race.rivals:
        return ordered
    tied = []
    for one in ordered:
        if (one.round, len(one.scores)) != (best.round, len(best.scores)):
            continue
        gaps = np.asarray(best.scores) - np.asarray(one.scores)
        if len(gaps) > 1:
            luck = float(gaps.std(ddof=1)) / math.sqrt(len(gaps))
        else:
            luck = ONE_FOLDS_LUCK * abs(best.mean - float(np.mean(race.rivals)))
        if one is best or gaps.mean() <= luck:
            tied.append(one)
    front = next(one for one in race.runners if one in tied)
    return [front, *(one for one in ordered if one is not front)]


def _evidence(race: Race, *, complete: bool) -> Evidence:
    # Who went further was better than who was left behind, whatever the scores on other rows say.
    known = (one for one in race.runners if one.scores)
    runners = _rules_first(race, sorted(known, key=lambda one: (-one.round, -len(one.scores), -one.mean)))
    sign = 1.0 if race.metric.greater_is_better and not race.metric.signed else -1.0
    items = tuple(
        Measured(
            estimator=one.ranked.entry.id,
            rows=one.most_rows,
            scores=tuple(round(sign * score, 6) for score in one.scores),
            right=round(float(np.mean(one.hits)), 6),
            seconds=round(one.seconds, 4),
            round=one.round,
            before=None if one.before is None else round(sign * one.before, 6),
        )
        for one in runners
    )
    return Evidence(
        metric=race.metric.id,
        rows=len(race.table.target),
        train_rows=max(len(fold.train) for fold in race.folds),
        judged_share=len(race.folds[0].validation) / max(len(race.folds[0].train), 1),
        items=items,
        baseline=tuple(round(sign * score, 6) for score in race.rivals),
        baseline_right=round(float(np.mean(race.rival_hits)), 6) if race.rival_hits else 0.0,
        skipped={one.ranked.entry.id: one.out for one in race.runners if one.out},
        seconds=round(time.perf_counter() - race.began, 2),
        complete=complete,
    )
