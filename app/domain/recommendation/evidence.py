"""The race of short fits that ranks estimators on growing samples of the development rows.

Successive halving (Jamieson & Talwalkar 2016, AISTATS; for choosing among learners Mohr & van Rijn 2023, TPAMI, arXiv
2111.14514): all candidates learn from few rows, the better half from more, until the work is spent or the last round
has used every fold. All of a round are judged on the same rows of the same folds, so that differences are paired.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.estimation.prior import prior_of
from app.domain.estimation.workload import workload_of
from app.domain.estimators.parameters import ParameterValues
from app.domain.experiment import MetricsPart, ModelPart, ReproducibilityPart, Spec, TransformPart
from app.domain.recommendation.estimators import EstimatorSuggestion
from app.domain.recommendation.race_report import evidence_of
from app.domain.recommendation.set_fits import MakeCandidate, measure_set_effect
from app.domain.recommendation.shortfits import (
    FIRST_ROWS,
    MAX_JUDGED,
    MAX_SHARE,
    JudgedFold,
    ShortFitCandidate,
    ShortFitRace,
    baseline_scores,
    count_work,
    fit,
    folds_of,
    judged_fold,
)
from app.domain.recommendation.verdict import ShortFitEvidence
from app.domain.training.preprocessing.preparation import TrainingTable, prepare
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation.splitting import Fold, make_split
from app.domain.vocabulary import SplitStrategy

# What all fits together may take, counted in seconds of the machine that the counts of work were calibrated on.
BUDGET = 14.0
GROWTH = 16
# The first round has at most so many rows.
MAX_FIRST_ROWS = 1_600
FIRST_FOLDS = 2
MAX_CANDIDATES = 10
MAX_TREES = 40
# The network within an average: it weighs little there, and most of what it learns comes early.
MAX_NETWORK_PASSES = 20
# Boosting whose fit on all rows takes more than this share of the work makes fewer and larger steps in short fits.
MAX_BOOSTING_SHARE = 0.05
MIN_STEPS, MAX_STEP = 60, 0.2
# A network whose fit takes more than a single one may goes over the rows less often, but at least so often.
MIN_PASSES = 40
# Where at least so many of the finalists can learn from all rows, who cannot holds nobody up.
ENOUGH_ABLE = 3
# Where the next rows take too much work, fewer are tried, by this factor.
SMALLER = 0.7
# At least so many go on to a last round, however the first ones ended.
FINALISTS = 3
# The first so many of the rules go on with them: on few rows nobody sees yet what boosting makes of many.
PROTECTED = 2
# Before the last round, all fits of a round together may take such a share of the work left where more could go on.
EARLY_SHARE = 0.3
# In a first round of some of the rows no single fit may take more than this share of the work.
MAX_EARLY_FIT = 0.04
# Who takes no larger share of the work left than this goes on in any case: leaving it behind saves nothing.
CHEAP_SHARE = 0.03
# A finalist whose paired differences say so this clearly is not fitted any further.
CLEARLY = 2.5
# Where rows are drawn into folds, the last round draws so many times as long as work is left: one draw is partly luck.
DRAWS = 3
DRAWN = (SplitStrategy.K_FOLD, SplitStrategy.STRATIFIED_K_FOLD)


def measure(
    spec: Spec,
    frame: pd.DataFrame,
    profile: DatasetProfile,
    *,
    ranking: Sequence[EstimatorSuggestion],
    budget: float | None = None,
    suggested: Sequence[TransformPart] = (),
) -> Generator[ShortFitEvidence, None, None]:
    """Fit candidates on growing parts of the training rows and yield the evidence, at last complete.

    Parameters
    ----------
    spec
        The config; its validation, hold-out, metric and seed are used. Rows held out are never looked at.
    frame, profile, ranking
        The rows with the user's column names, the profile of their dataset, and the estimators in the order of rules.
    budget
        How much work all fits together may take, BUDGET where it is None; see `count_work`.
    suggested
        The recipes of the suggested set, of which the last evidence says what they bring.

    Raises
    ------
    TrainingError
        If the data cannot carry the config.
    """
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import threadpool_limits

    began, budget = time.perf_counter(), BUDGET if budget is None else budget
    make = partial(_make_runner, profile=profile, budget=budget)
    with threadpool_limits(limits=1), warnings.catch_warnings():
        # Short fits stop before they have settled; that is what they are for.
        warnings.simplefilter("ignore")
        race = _race(spec, prepare(spec, frame, profile), _race_candidates(ranking, profile.rows), make, budget, began)
        yield from _run(race)
        effect = measure_set_effect(race, frame, profile, suggested, make=make)
    yield replace(evidence_of(race, complete=True), set_effect=effect)


def _race(
    spec: Spec,
    table: TrainingTable,
    candidates: Sequence[EstimatorSuggestion],
    make: MakeCandidate,
    budget: float,
    began: float,
) -> ShortFitRace:
    runners = [make(spec, candidate) for candidate in candidates]
    return ShortFitRace(spec, table, folds_of(spec, table), runners, budget=budget, began=began)


def _race_candidates(ranking: Sequence[EstimatorSuggestion], rows: int) -> list[EstimatorSuggestion]:
    """Return who takes part: nobody whom so many rows are too many, and of lines that tie only some.

    A baseline that is launched where nothing beats it stands first, so that it is suggested where luck alone tells.
    """
    alike = {"linear_regression", "elastic_net"}
    able = [
        suggestion
        for suggestion in ranking
        if suggestion.entry.competes and rows <= (suggestion.entry.max_rows or rows)
    ]
    plain = [suggestion for suggestion in able if suggestion.entry.is_baseline]
    others = [
        suggestion for suggestion in able if not suggestion.entry.is_baseline and suggestion.entry.id not in alike
    ]
    return [*plain, *others][:MAX_CANDIDATES]


def _make_runner(
    spec: Spec, ranked: EstimatorSuggestion, *, profile: DatasetProfile, budget: float
) -> ShortFitCandidate:
    others = ["accuracy"] if spec.task.kind.is_classification and spec.metrics.primary != "accuracy" else []
    judged = MetricsPart(primary=spec.metrics.primary, others=others)
    values = dict(ranked.parameters)
    if "n_estimators" in values:
        # A forest of fewer trees is hardly worse, and shows as well which estimator suits.
        values["n_estimators"] = min(values["n_estimators"], MAX_TREES)
    if "network_passes" in values:
        values["network_passes"] = min(values["network_passes"], MAX_NETWORK_PASSES)

    def made(values: Mapping[str, float | str | bool | None]) -> ShortFitCandidate:
        model = ModelPart(estimator=ranked.entry.id, parameters=dict(values))
        fitted = spec.model_copy(update={"model": model, "metrics": judged})
        suggestion = replace(ranked, parameters=ParameterValues(values))
        work = workload_of(fitted, profile)
        return ShortFitCandidate(suggestion, fitted, replace(work, judge_rows=min(work.judge_rows, MAX_JUDGED)))

    runner = made(values)
    share = prior_of(runner.workload).fit / max(budget, 1e-9)
    if share > MAX_BOOSTING_SHARE and {"max_iter", "learning_rate"} <= set(values):
        return made(_enlarge_boosting_steps(ParameterValues(values), share / MAX_BOOSTING_SHARE))
    if share > MAX_SHARE and {"max_iter", "layers"} <= set(values):
        passes = min(max(int(0.9 * values["max_iter"] * MAX_SHARE / share), MIN_PASSES), values["max_iter"])
        return made({**values, "max_iter": passes})
    return runner


def _enlarge_boosting_steps(values: ParameterValues, times: float) -> ParameterValues:
    """Return the settings of boosting that takes so many times less work, and learns about as much in all."""
    steps = max(int(values["max_iter"] / times), min(MIN_STEPS, values["max_iter"]))
    rate = values["learning_rate"] * values["max_iter"] / steps
    rate = max(min(rate, MAX_STEP), values["learning_rate"])
    return ParameterValues({**values, "max_iter": steps, "learning_rate": rate})


def _redraw_folds(spec: Spec, table: TrainingTable, folds: Sequence[Fold]) -> tuple[Fold, ...]:
    """Return the folds of further draws among the same rows, where the strategy draws them once."""
    if spec.validation.strategy not in DRAWN:
        return ()
    rows = np.sort(np.concatenate([fold.validation for fold in folds]))
    undivided, results = spec.validation.model_copy(update={"holdout": None}), []
    for draw in range(1, DRAWS):
        seed = ReproducibilityPart(seed=(spec.reproducibility.seed + draw) % 2**32)
        other = spec.model_copy(update={"validation": undivided, "reproducibility": seed})
        for fold in make_split(other, facts_of(table).of(rows)).folds:
            results.append(Fold(rows[fold.train], rows[fold.validation]))
    return tuple(results)


def sizes_of(rows: int, first: int = FIRST_ROWS) -> list[int]:
    """Return how many training rows each round uses: sixteen times as many as before, at last all of them."""
    sizes, size = [], first
    while size < 0.7 * rows:
        sizes.append(size)
        size *= GROWTH
    return [*sizes, rows]


def _round_sizes(race: ShortFitRace) -> list[int]:
    """Return the rows of each round: all of them at once where that is little work, else as many as all can begin with.

    A small first round says little, and work that it takes is missing for the folds of the last one.
    """
    rows = max(len(fold.train) for fold in race.folds)
    if len(race.folds) * _early_work(race, rows) <= EARLY_SHARE * race.budget:
        return [rows]
    first = min(MAX_FIRST_ROWS, rows)
    while first > FIRST_ROWS and FIRST_FOLDS * _early_work(race, first) > EARLY_SHARE * race.budget:
        first = max(int(SMALLER * first), FIRST_ROWS)
    return sizes_of(rows, first)


def _early_work(race: ShortFitRace, rows: int) -> float:
    """Return the work of one fit of every candidate, but of those that take a large part of an early round."""
    takes = (count_work(race, runner, rows) for runner in race.runners)
    return sum(min(work, MAX_EARLY_FIT * race.budget) for work in takes)


def _run(race: ShortFitRace) -> Iterator[ShortFitEvidence]:
    sizes = _round_sizes(race)
    alive, number = list(race.runners), 0
    race.again = _redraw_folds(race.spec, race.table, race.folds)
    while sizes and alive:
        size, number = sizes.pop(0), number + 1
        folds = race.folds[:FIRST_FOLDS] if sizes else (*race.folds, *race.again)
        judged = yield from _round(race, alive, number=number, size=size, folds=folds, final=not sizes)
        if not sizes or not judged:
            return
        fitting = _affordable_rows(race, judged, at_least=size, at_most=sizes[0])
        if fitting == size:
            # More rows would take too much work, so what is left goes into the other folds.
            alive = _select_survivors(race, judged, rows=size, last=True)
            others = (*race.folds[FIRST_FOLDS:], *race.again)
            yield from _round(race, alive, number=number, size=size, folds=others, final=True, goes_on=True)
            return
        sizes = sizes if fitting == sizes[0] else [fitting]
        alive = _select_survivors(race, judged, rows=fitting, last=len(sizes) == 1)


def _affordable_rows(race: ShortFitRace, runners: list[ShortFitCandidate], *, at_least: int, at_most: int) -> int:
    """Return how many rows the next round can have, so that its work alone leaves none of the best behind.

    One so slow that it cannot learn from as many rows as most of the best, or twice as many, holds nobody up.
    """
    best = sorted(runners, key=lambda short_fit_candidate: -short_fit_candidate.mean)[:FINALISTS]
    able = [candidate for candidate in best if count_work(race, candidate, at_most) <= race.largest]
    if len(able) < min(ENOUGH_ABLE, len(best)):
        able = [candidate for candidate in best if count_work(race, candidate, 2 * at_least) <= race.largest] or best
    rows = at_most
    while rows > at_least:
        takes = [count_work(race, candidate, rows) for candidate in able]
        if max(takes) <= race.largest and FIRST_FOLDS * sum(takes) <= race.left():
            return rows
        rows = int(SMALLER * rows)
    return at_least


def _select_survivors(
    race: ShortFitRace, runners: list[ShortFitCandidate], *, rows: int, last: bool
) -> list[ShortFitCandidate]:
    """Return the better half, the first of the rules, who costs next to nothing, and for whom work is left."""
    folds = len(race.folds if last else race.folds[:FIRST_FOLDS])
    ordered = sorted(runners, key=lambda item: -item.mean)
    kept = ordered[: max(FINALISTS, len(ordered) // 2)]
    kept += [
        short_fit_candidate
        for short_fit_candidate in ordered
        if short_fit_candidate in race.runners[:PROTECTED] and short_fit_candidate not in kept
    ]
    left = race.left() * (1.0 if last else EARLY_SHARE)
    left -= folds * sum(count_work(race, short_fit_candidate, rows) for short_fit_candidate in kept)
    for candidate in ordered:
        takes = folds * count_work(race, candidate, rows)
        if candidate not in kept and takes <= max(left, CHEAP_SHARE * race.left()):
            kept.append(candidate)
            left -= takes
    return kept


def _round(
    race: ShortFitRace,
    alive: list[ShortFitCandidate],
    *,
    number: int,
    size: int,
    folds: Sequence[Fold],
    final: bool,
    goes_on: bool = False,
) -> Generator[ShortFitEvidence, None, list[ShortFitCandidate]]:
    """Fit fold by fold, each candidate once on each; returns those that were judged on all folds that came about.

    One that `goes_on` adds folds to those which the same candidates were judged on.
    """
    rivals, hits = (list(race.rivals), list(race.rival_hits)) if goes_on else (list[float](), list[float]())
    running = list(alive) if goes_on else list[ShortFitCandidate]()
    parts = list(race.parts) if goes_on else list[JudgedFold]()
    for index, fold in enumerate(folds, start=len(rivals)):
        part = judged_fold(race, fold, size=size, seed=index)
        train, rows, known = part.train, part.rows, part.known
        if race.table.labels and len(np.unique(race.table.target[train])) < 2:
            continue
        chosen = list(running) if rivals else list(alive)
        most = MAX_EARLY_FIT * race.budget if number == 1 and not final else math.inf
        done = [
            peer for peer in chosen if fit(race, peer, train=train, known=known, rows=rows, number=number, most=most)
        ]
        if not done or (rivals and any(candidate not in done and not candidate.out for candidate in chosen)):
            # The work is spent: what only some were judged on compares nobody.
            _drop_last_fold(done if rivals else ())
            break
        rule, hit = baseline_scores(race, train=known, rows=rows)
        rivals.append(rule)
        hits.append(hit)
        parts.append(part)
        running = _is_worth_fitting(race, done) if final else done
        race.rivals, race.rival_hits, race.parts = rivals, hits, parts
        yield evidence_of(race, complete=False)
    return [candidate for candidate in alive if candidate.round == number and candidate.scores]


def _drop_last_fold(candidates: Sequence[ShortFitCandidate]) -> None:
    for candidate in candidates:
        candidate.scores.pop()
        candidate.hits.pop()
        candidate.predictions.pop()


def _is_worth_fitting(race: ShortFitRace, runners: list[ShortFitCandidate]) -> list[ShortFitCandidate]:
    """Return who goes on to the next fold: not those clearly behind, and no more than work is left for."""
    ordered = sorted(
        (runner for runner in runners if not _clearly_behind(runner, runners)), key=lambda candidate: -candidate.mean
    )
    while (
        len(ordered) > 2
        and sum(count_work(race, short_fit_candidate, short_fit_candidate.rows) for short_fit_candidate in ordered)
        > race.left()
    ):
        ordered.pop()
    return ordered


def _clearly_behind(candidate: ShortFitCandidate, others: Sequence[ShortFitCandidate]) -> bool:
    best = max(others, key=lambda other: other.mean)
    if len(candidate.scores) < 3 or candidate is best or len(others) <= 2 or len(candidate.scores) != len(best.scores):
        return False
    gaps = np.asarray(best.scores) - np.asarray(candidate.scores)
    return bool(gaps.mean() > CLEARLY * gaps.std(ddof=1) / math.sqrt(len(gaps)))
