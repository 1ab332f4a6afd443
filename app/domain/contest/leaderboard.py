"""The leaderboard of a contest: ranks by fold scores, and paired differences between entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.contest.candidates import complexity_of, settings_of
from app.domain.contest.race import mean_score, place_of
from app.domain.contest.state import ContestState
from app.domain.contest.summary import BLEND, BLEND_TITLE, ContestEntry, EntryState, PairedDifference
from app.domain.training.comparison import LEVEL, JudgedPart, compare
from app.domain.training.run_state import PartResult
from app.domain.training.validation import scoring
from app.domain.training.validation.scoring import Predictions


@dataclass(frozen=True)
class Contender:
    """An entry that was judged on every fold: its key, and scores and predictions fold by fold."""

    key: str
    title: str
    scores: tuple[dict[str, float | None], ...]
    predictions: tuple[Predictions, ...]

    @classmethod
    def of_candidate(cls, state: ContestState, candidate: int) -> Contender:
        """Return a candidate as a contender."""
        results = state.results_of(candidate)
        scores, predictions = (
            tuple(result.scores for result in results),
            tuple(result.predictions for result in results),
        )
        return cls(str(candidate + 1), state.titles[candidate], scores, predictions)

    @classmethod
    def of_blend(cls, parts: Sequence[PartResult]) -> Contender:
        """Return the blend as a contender."""
        return cls(BLEND, BLEND_TITLE, tuple(part.scores for part in parts), tuple(part.predictions for part in parts))


def ranked(state: ContestState, contenders: Sequence[Contender]) -> list[Contender]:
    """Return contenders, the best mean over the folds first; of equals the one that is named first."""

    def place(contender: Contender) -> float:
        score = mean_score(state.metric, [item[state.metric.id] for item in contender.scores])
        return float("inf") if score is None else place_of(state.metric, score)

    return sorted(contenders, key=place)


def difference(state: ContestState, contender: Contender, other: Contender) -> PairedDifference | None:
    """Return by how much an entry is better than another on the rows of all folds; None where it has no value."""
    judged = [
        JudgedPart(fold.validation, mine, theirs)
        for fold, mine, theirs in zip(state.folds, contender.predictions, other.predictions, strict=True)
    ]
    spec = state.shared.specs[0]
    result = compare(state.metric, state.shared.table, judged, by_group=state.by_group, seed=spec.reproducibility.seed)
    if result is None:
        return None
    return PairedDifference(
        against=other.key,
        against_title=other.title,
        difference=result.difference,
        low=result.low,
        high=result.high,
        probability=result.probability,
        level=LEVEL,
        resampled=result.unit,
        units=result.units,
    )


def entries_of(
    state: ContestState,
    order: Sequence[Contender],
    *,
    best_single: Contender,
    holdout: Mapping[str, float | None] | None,
    winner: str,
) -> tuple[ContestEntry, ...]:
    """Return the lines of the leaderboard: contenders in their order, then those that ended, then those that failed."""
    entries = []
    for place, contender in enumerate(order):
        following = order[place + 1] if place + 1 < len(order) else None
        entry = ContestEntry(
            key=contender.key,
            title=contender.title,
            rank=place + 1,
            state="finished",
            folds_judged=len(contender.scores),
            scores=scoring.summarise_scores(contender.scores, holdout if contender.key == winner else None),
            against_next=None if following is None else difference(state, contender, following),
            against_best=None if contender.key == best_single.key else difference(state, contender, best_single),
        )
        entries.append(entry if contender.key == BLEND else _with_candidate(state, entry, int(contender.key) - 1))
    incomplete = [_incomplete(state, candidate) for candidate in state.candidates if candidate not in state.complete]
    incomplete.sort(key=lambda entry: (entry.state == "failed", _place(state, entry)))
    for entry in incomplete:
        rank = None if entry.state == "failed" else len(entries) + 1
        entries.append(replace(entry, rank=rank))
    return tuple(entries)


def _place(state: ContestState, entry: ContestEntry) -> float:
    score = entry.scores[state.metric.id].decisive(holdout=False) if entry.scores else None
    return float("inf") if score is None else place_of(state.metric, score)


def _incomplete(state: ContestState, candidate: int) -> ContestEntry:
    ending = state.reason(candidate)
    kind: EntryState = "failed" if ending is None else ending.state
    entry = ContestEntry(
        key=str(candidate + 1),
        title=state.titles[candidate],
        rank=None,
        state=kind,
        reason="" if ending is None else ending.reason,
        folds_judged=state.judged(candidate),
        scores=scoring.summarise_scores((result.scores for result in state.results_of(candidate)), None),
    )
    return _with_candidate(state, entry, candidate)


def _with_candidate(state: ContestState, entry: ContestEntry, candidate: int) -> ContestEntry:
    """Return an entry with the facts of a candidate alone: its settings, time and size."""
    spec, results = state.shared.specs[candidate], state.results_of(candidate)
    sizes = [result.size_mb for result in results if result.size_mb is not None]
    return replace(
        entry,
        estimator=spec.model.estimator,
        parameters=settings_of(spec),
        is_tuned=spec.model.tuning.enabled,
        seconds=round(sum(result.seconds for result in results), 3),
        work_seconds=round(sum(sum_of_fits(result.clock.work) for result in results), 3),
        predict_seconds=round(sum(result.predict_seconds for result in results) / len(results), 6) if results else None,
        size_mb=sizes[-1] if sizes else None,
    )


def sum_of_fits(work: Mapping[str, float]) -> float:
    """Return the seconds of fitting, in which those of searching are."""
    return work.get("fit", 0.0)


def simplest_of(state: ContestState, order: Sequence[Contender], best_single: Contender) -> Contender:
    """Return the simplest candidate that the folds do not tell from the best single one, by the interval; else itself.

    Of equally simple candidates the better one is taken.
    """
    alike = [best_single]
    for contender in order:
        if contender.key in (BLEND, best_single.key):
            continue
        result = difference(state, contender, best_single)
        if result is not None and result.high is not None and result.high >= 0:
            alike.append(contender)
    return min(alike, key=lambda item: complexity_of(state.shared.specs[int(item.key) - 1]))
