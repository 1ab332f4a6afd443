"""Short fits that measure the effect of the suggested feature set.

The first choice is fitted with the set and without it, each time with the settings that a launch would start from, on
the same rows of the same folds. What the race has measured already is not measured again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import TrainingError
from app.domain.experiment import Spec, TransformPart
from app.domain.recommendation.estimators import EstimatorSuggestion, rank
from app.domain.recommendation.race_report import candidates_in_order, compare_candidates, tied_candidates
from app.domain.recommendation.set_effect import SetEffect
from app.domain.recommendation.shortfits import (
    FIRST_ROWS,
    JudgedFold,
    ShortFitCandidate,
    ShortFitRace,
    count_work,
    fit,
    folds_of,
    judged_fold,
)
from app.domain.recommendation.traits import traits_of_spec
from app.domain.training.derived_measures import recipe_key
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.preprocessing.transforms import recipe_names

# What these fits together may take, as a share of the work of the race.
MAX_EFFECT_SHARE = 0.2
# Where so many folds take too much, fewer rows are learnt from, by this factor.
MIN_FOLDS, SMALLER = 2, 0.7
MakeCandidate = Callable[[Spec, EstimatorSuggestion], ShortFitCandidate]


@dataclass
class _Side:
    """The first choice with the set, or without it, in a race of its own on the same folds."""

    race: ShortFitRace
    candidate: ShortFitCandidate

    def work(self, part: JudgedFold) -> float:
        """Return the work that a fit on a fold takes."""
        return count_work(self.race, self.candidate, len(part.train))

    def fit(self, part: JudgedFold) -> bool:
        """Fit and judge on a fold; False where it cannot be done."""
        train, rows, known = part.train, part.rows, part.known
        return fit(self.race, self.candidate, train=train, rows=rows, known=known, number=self.candidate.round)


def measure_set_effect(
    race: ShortFitRace,
    frame: pd.DataFrame,
    profile: DatasetProfile,
    recipes: Sequence[TransformPart],
    *,
    make: MakeCandidate,
) -> SetEffect | None:
    """Measure the effect of the suggested set; None where it was not measured or takes too much work for two folds.

    Parameters
    ----------
    race
        A race that has ended; what the fits take is added to what it spent.
    frame, profile
        The rows, and their dataset.
    recipes
        The suggested set, whether it is in use or not.
    make
        Makes a candidate of a config and a suggestion, with the settings of short fits.
    """
    best = next(iter(tied_candidates(race, candidates_in_order(race))), None)
    if best is None or not recipes or len(race.parts) != len(best.scores):
        return None
    with_spec, without_spec = specs_with_and_without(race.spec, profile, recipes)
    try:
        without = _side(race, without_spec, frame, profile, best, make)
        if _keys(race.spec.features.transforms) == _keys(with_spec.features.transforms):
            parts = _affordable([without], race.parts, limit=MAX_EFFECT_SHARE * race.budget)
            if len(parts) >= min(MIN_FOLDS, len(race.parts)):
                return _judge(race, _Side(race, best), without, parts)
        with_set = _side(race, with_spec, frame, profile, best, make)
    except TrainingError:
        # The config without the set, or with it, cannot be trained: there is nothing to compare.
        return None
    return _judge(race, with_set, without, _smaller(race, [with_set, without], size=best.most_rows))


def _side(
    race: ShortFitRace,
    spec: Spec,
    frame: pd.DataFrame,
    profile: DatasetProfile,
    best: ShortFitCandidate,
    make: MakeCandidate,
) -> _Side:
    ranking = rank(traits_of_spec(spec, profile), metric=spec.metrics.primary)
    ranked = next(first for first in ranking if first.entry.id == best.ranked.entry.id)
    table, candidate = prepare(spec, frame, profile), make(spec, ranked)
    candidate.round = best.round
    other = replace(race, spec=spec, table=table, runners=[candidate], budget=math.inf, spent=0.0)
    return _Side(other, candidate)


def _affordable(sides: Sequence[_Side], parts: Sequence[JudgedFold], *, limit: float) -> list[JudgedFold]:
    """Return the first folds on which all sides can be fitted within so much work."""
    spent, result = 0.0, []
    for part in parts:
        spent += sum(side.work(part) for side in sides)
        if spent > limit:
            break
        result.append(part)
    return result


def _smaller(race: ShortFitRace, sides: Sequence[_Side], *, size: int) -> list[JudgedFold]:
    """Return folds of the config with the set, with as many training rows as two folds leave work for."""
    first, limit = sides[0].race, MAX_EFFECT_SHARE * race.budget
    folds = folds_of(first.spec, first.table)[: len(race.parts)]
    while True:
        parts = [judged_fold(first, fold, size=size, seed=index) for index, fold in enumerate(folds)]
        result = _affordable(sides, parts, limit=limit)
        if len(result) >= min(MIN_FOLDS, len(folds)):
            return result
        if size <= FIRST_ROWS:
            return []
        size = max(int(SMALLER * size), FIRST_ROWS)


def _judge(race: ShortFitRace, with_set: _Side, without: _Side, parts: Sequence[JudgedFold]) -> SetEffect | None:
    """Fit the sides that have no scores yet, and compare the two."""
    sides = [side for side in (with_set, without) if not side.candidate.scores]
    if not parts or not np.array_equal(with_set.race.table.rows, without.race.table.rows):
        return None
    if not all(side.fit(part) for part in parts for side in sides):
        return None
    race.spent += sum(side.race.spent for side in sides)
    spec, table = with_set.race.spec, with_set.race.table
    result = compare_candidates(spec, table, parts, with_set.candidate, without.candidate)
    return SetEffect(
        estimator=with_set.candidate.ranked.entry.id,
        metric=race.metric.id,
        rows=max(len(part.train) for part in parts),
        with_set=race.in_own_direction(with_set.candidate.scores[: len(parts)]),
        without_set=race.in_own_direction(without.candidate.scores[: len(parts)]),
        difference=None if result is None else round(result.difference, 6),
        low=None if result is None or result.low is None else round(result.low, 6),
        high=None if result is None or result.high is None else round(result.high, 6),
    )


def specs_with_and_without(spec: Spec, profile: DatasetProfile, recipes: Sequence[TransformPart]) -> tuple[Spec, Spec]:
    """Return a config with all of the set in use, and one with none of it nor of what works on its features."""
    keys = set(_keys(recipes))
    others = [part for part in spec.features.transforms if recipe_key(part) not in keys]
    kept = list[TransformPart]()
    for part in others:
        made = set(recipe_names(kept, spec.task))
        if all(profile.has(name) or name in made for name in part.columns):
            kept.append(part)
    return _with_recipes(spec, [*recipes, *others]), _with_recipes(spec, kept)


def _with_recipes(spec: Spec, recipes: Sequence[TransformPart]) -> Spec:
    features = spec.features.model_copy(update={"transforms": list(recipes)})
    return spec.model_copy(update={"features": features})


def _keys(recipes: Sequence[TransformPart]) -> list[tuple[str, tuple[str, ...], str]]:
    return [recipe_key(part) for part in recipes]
