"""Building the search part of a report: trials, values found in each part, and their agreement."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from app.domain.estimators import registry
from app.domain.experiment import Spec
from app.domain.training.tuning.search_space import resolve
from app.domain.training.tuning.search_summary import (
    FailureCount,
    ParameterCorrelation,
    SearchedParameter,
    SearchSummary,
    TrialScore,
    TuningSummary,
)
from app.domain.training.tuning.tuning import COMPLETE, FAILED, PRUNED, Search, Trial, tuning_metric

MAX_SCORES = 300
MAX_FAILURES = 5
# Fewer trials than this say nothing of a rank correlation.
MIN_TRIALS = 8
# Folds whose values for a parameter lie this many times apart do not agree on it.
FAR_APART = 5.0


def describe(spec: Spec, searches: list[Search], *, limit: int | None) -> TuningSummary | None:
    """Return the summary of the searches, None where there was none."""
    if not searches:
        return None
    metric, tuning, entry = tuning_metric(spec), spec.model.tuning, registry.get(spec.model.estimator)
    titles = {parameter.name: parameter.title for parameter in entry.parameters}
    return TuningSummary(
        metric=metric.id,
        title=metric.title,
        greater_is_better=metric.greater_is_better and not metric.signed,
        sampler=tuning.sampler,
        pruning=tuning.pruning,
        budget=tuning.trials,
        limit=limit,
        parameters=tuple(
            SearchedParameter(name=dimension.name, title=titles[dimension.name]) for dimension in resolve(spec)[0]
        ),
        searches=tuple(_search(search) for search in searches),
        importance=parameter_correlations(spec, searches),
        sentence=agreement_sentence(spec, searches),
    )


def _search(search: Search) -> SearchSummary:
    states = Counter(trial.state for trial in search.trials)
    reasons = Counter(trial.reason for trial in search.trials if trial.state == FAILED)
    return SearchSummary(
        part=search.part,
        rows=search.rows,
        inner=search.inner,
        trials=len(search.trials),
        complete=states[COMPLETE],
        pruned=states[PRUNED],
        failed=states[FAILED],
        best=search.best.score,
        best_trial=search.best.number,
        given=None if search.given is None else search.given.score,
        chosen=search.chosen,
        scores=scores_of(search.trials),
        failures=tuple(
            FailureCount(reason=reason, trials=count) for reason, count in reasons.most_common(MAX_FAILURES)
        ),
    )


def scores_of(trials: tuple[Trial, ...] | list[Trial]) -> tuple[TrialScore, ...]:
    """Return [number, state, score] of at most 300 trials, evenly drawn."""
    every = max(1, -(-len(trials) // MAX_SCORES))
    return tuple((trial.number, trial.state, trial.score) for trial in trials[::every])


def parameter_correlations(spec: Spec, searches: list[Search]) -> tuple[ParameterCorrelation, ...]:
    """Return how strongly the score follows each parameter that has an order: Spearman's rank correlation.

    It is the mean over the searches with at least eight complete trials, positive where larger values scored better.
    """
    from scipy.stats import spearmanr

    metric = tuning_metric(spec)
    correlations = []
    for dimension in resolve(spec)[0]:
        if dimension.choices:
            continue
        values = []
        for search in searches:
            judged = [trial for trial in search.trials if trial.state == COMPLETE]
            x = [float(trial.parameters[dimension.name] or 0) for trial in judged]
            y = [float(trial.score or 0) for trial in judged]
            if len(judged) >= MIN_TRIALS and len(set(x)) > 1 and len(set(y)) > 1:
                values.append(float(spearmanr(x, y).statistic))
        if values:
            sign = 1 if metric.greater_is_better and not metric.signed else -1
            mean = round(sign * float(np.mean(values)), 3)
            title = dimension.parameter.title
            correlations.append(ParameterCorrelation(name=dimension.name, title=title, correlation=mean))
    return tuple(sorted(correlations, key=lambda correlation: -abs(correlation.correlation)))


def agreement_sentence(spec: Spec, searches: list[Search]) -> str:
    """Return whether the parts found alike values; where they do not, the choice hardly matters, or is luck."""
    if len(searches) < 2:
        return ""
    apart = [
        dimension.parameter.title
        for dimension in resolve(spec)[0]
        if _format_spread([item.chosen[dimension.name] for item in searches])
    ]
    if not apart:
        return "The searches of all parts found alike values."
    return (
        f"The searches do not agree on {', '.join(apart)}: what is best there hangs on the rows, or hardly matters. "
        "The score is that of searching, not of one set of values."
    )


def _format_spread(values: list[Any]) -> bool:
    if any(isinstance(value, bool | str) for value in values):
        return len(set(values)) > 1
    low, high = min(values), max(values)
    return bool(high > FAR_APART * low) if low > 0 else bool(high - low > 0.5)
