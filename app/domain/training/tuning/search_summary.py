"""Dataclasses of the search part of a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from app.domain.json_values import Setting

# Number, state and score of one trial.
TrialScore: TypeAlias = tuple[int, str, float | None]


@dataclass(frozen=True, kw_only=True)
class SearchedParameter:
    """A hyperparameter that was searched."""

    name: str
    title: str


@dataclass(frozen=True, kw_only=True)
class FailureCount:
    """How many trials failed for one reason."""

    reason: str
    trials: int


@dataclass(frozen=True, kw_only=True)
class SearchSummary:
    """One search: how its trials ended, the best and the given score, and the values chosen."""

    part: str
    rows: int
    inner: int
    trials: int
    complete: int
    pruned: int
    failed: int
    best: float | None
    best_trial: int = 0
    given: float | None
    chosen: Mapping[str, Setting]
    scores: tuple[TrialScore, ...]
    failures: tuple[FailureCount, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ParameterCorrelation:
    """How strongly the score follows one parameter, positive where larger values scored better."""

    name: str
    title: str
    correlation: float


@dataclass(frozen=True, kw_only=True)
class TuningSummary:
    """All searches of an experiment; `sentence` says whether they agree."""

    metric: str
    title: str
    greater_is_better: bool
    sampler: str
    pruning: str
    budget: int
    limit: int | None
    parameters: tuple[SearchedParameter, ...]
    searches: tuple[SearchSummary, ...]
    importance: tuple[ParameterCorrelation, ...]
    sentence: str
