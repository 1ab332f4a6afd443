"""The stored result of a contest: leaderboard, winner and blend, and the progress of candidates while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.domain.json_values import Setting
from app.domain.training.validation.score_summary import ScoreSummary

# The key of the blend on a leaderboard; candidates have their number, from "1" on.
BLEND = "blend"
BLEND_TITLE = "Blend"
EntryState = Literal["waiting", "running", "finished", "ended_early", "ended_by_user", "failed"]


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """By how much an entry is better than another on the same rows, in the unit of the metric; above zero it is.

    `low` and `high` bound the interval of `level`, and `probability` is that of a difference above zero; they are None
    where too little can be resampled. `resampled` says what was drawn: "row", "block" or "group", of which there are
    `units`.
    """

    against: str
    against_title: str
    difference: float
    low: float | None
    high: float | None
    probability: float | None
    level: float
    resampled: str
    units: int


@dataclass(frozen=True, kw_only=True)
class ContestEntry:
    """One line of a leaderboard: a candidate, or the blend of several.

    `key` is the number of a candidate in the config, from "1" on, or "blend". `rank` is None for one that failed.
    `scores` hold the folds, and the hold-out for the winner alone. `reason` says why an entry was not judged on every
    fold. `seconds` are those of its fits on the wall, `work_seconds` of the processor; `predict_seconds` is what 1,000
    rows take, and `size_mb` is the model of the last fold as it is stored. `against_next` is the difference to the
    entry below, and `against_best` to the best single candidate.
    """

    key: str
    title: str
    rank: int | None
    state: EntryState
    reason: str = ""
    estimator: str = ""
    parameters: Mapping[str, Setting | tuple[Any, ...]] = field(default_factory=dict)
    is_tuned: bool = False
    folds_judged: int = 0
    scores: Mapping[str, ScoreSummary] = field(default_factory=dict)
    seconds: float = 0.0
    work_seconds: float = 0.0
    predict_seconds: float | None = None
    size_mb: float | None = None
    against_next: PairedDifference | None = None
    against_best: PairedDifference | None = None
    notes: tuple[str, ...] = ()

    @property
    def is_blend(self) -> bool:
        """Return whether it is the blend."""
        return self.key == BLEND


@dataclass(frozen=True, kw_only=True)
class BlendMember:
    """A candidate in the blend, and its share."""

    key: str
    title: str
    weight: float


@dataclass(frozen=True, kw_only=True)
class BlendSummary:
    """The blend: its members, the largest share first, and whether it is better than the best single candidate.

    `against_best` is judged with weights that each fold had no part in. `sentence` tells the shares in words, and
    `reason` why there is no blend, "" where there is one.
    """

    members: tuple[BlendMember, ...] = ()
    wins: bool = False
    against_best: PairedDifference | None = None
    sentence: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ChoiceOptimism:
    """By how much the choice among `candidates` flatters the fold score of the winner, in the unit of the metric.

    `low` and `high` bound the 90 % interval of the estimate; None where the folds cannot tell.
    """

    candidates: int
    metric: str
    amount: float | None
    low: float | None = None
    high: float | None = None
    sentence: str = ""


@dataclass(frozen=True, kw_only=True)
class ContestSummary:
    """What came of a contest. The report around it is that of the winner.

    `entries` are in the order of their ranks, the failed ones last. `winner` and `simplest` are keys of entries;
    `simplest` is the simplest candidate that is not told apart from the best single one, and may be the winner itself.
    `rule` says when a candidate is ended early, and `finished_early` that somebody asked for the end of the whole.
    """

    metric: str
    entries: tuple[ContestEntry, ...]
    winner: str
    simplest: str
    sentence: str
    simplest_sentence: str = ""
    rule: str = ""
    blend: BlendSummary | None = None
    optimism: ChoiceOptimism | None = None
    finished_early: bool = False
    processes: int = 1

    def entry(self, key: str) -> ContestEntry:
        """Return the entry with a key; KeyError where there is none."""
        for entry in self.entries:
            if entry.key == key:
                return entry
        raise KeyError(key)

    @property
    def winning(self) -> ContestEntry:
        """Return the entry of the winner."""
        return self.entry(self.winner)


@dataclass(frozen=True, kw_only=True)
class CandidateProgress:
    """How far a candidate is: folds judged, the mean of their primary scores, and what it is doing or why it ended."""

    key: str
    title: str
    state: EntryState
    folds_judged: int
    score: float | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class BaselineLine:
    """A line to beat: the mean primary score of a baseline over the folds that at least one candidate was judged on."""

    id: str
    title: str
    score: float | None


@dataclass(frozen=True, kw_only=True)
class ContestProgress:
    """The live leaderboard: the best score first, then those that wait, then those that ended or failed."""

    metric: str
    folds: int
    candidates: tuple[CandidateProgress, ...]
    baselines: tuple[BaselineLine, ...] = ()
