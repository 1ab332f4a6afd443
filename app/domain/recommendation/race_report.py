"""Results of the race of short fits so far: order, ties with the best, and the evidence."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from app.domain.experiment import Spec
from app.domain.recommendation.estimators import TOO_FEW
from app.domain.recommendation.paired_scores import is_tied_with_best
from app.domain.recommendation.shortfits import JudgedFold, ShortFitCandidate, ShortFitRace
from app.domain.recommendation.verdict import MeasuredEstimator, ShortFitEvidence
from app.domain.training.comparison import Comparison, JudgedPart, compare
from app.domain.training.preprocessing.preparation import TrainingTable
from app.domain.training.validation import metrics, splitting
from app.domain.training.validation.splitting import Fold


def judged_share(folds: Sequence[Fold]) -> float:
    """Return how many rows judge for each that trains, in the first fold to be fitted."""
    return len(folds[0].validation) / max(len(folds[0].train), 1)


def tied_candidates(race: ShortFitRace, ordered: list[ShortFitCandidate]) -> list[ShortFitCandidate]:
    """Return those that only luck tells from the best, itself among them, in the order of the rules.

    Two standard errors are luck where the rows are too few to tell a good model from a lucky one.
    """
    if not ordered:
        return []
    best = ordered[0]
    if not race.rivals:
        return [best]
    errors, rule = 2.0 if len(race.table.target) < TOO_FEW else 1.0, float(np.mean(race.rivals))
    same = [item for item in ordered if item.round == best.round]
    tied = [
        item
        for item in same
        if item is best
        or is_tied_with_best(
            item.scores,
            best.scores,
            baseline=rule,
            errors=errors,
            probability=probability_behind(race, item, best),
            is_baseline=item.ranked.entry.is_baseline,
        )
    ]
    return [runner for runner in race.runners if runner in tied]


def probability_behind(race: ShortFitRace, candidate: ShortFitCandidate, best: ShortFitCandidate) -> float | None:
    """Return how probable it is that one is worse than the best, by the rows of all folds; None where it is unknown."""
    if candidate is best or not len(candidate.predictions) == len(best.predictions) == len(race.parts):
        return None
    if candidate.behind is None:
        result = compare_candidates(race.spec, race.table, race.parts, best, candidate)
        candidate.behind = None if result is None or result.probability is None else round(result.probability, 4)
    return candidate.behind


def compare_candidates(
    spec: Spec,
    table: TrainingTable,
    parts: Sequence[JudgedFold],
    candidate: ShortFitCandidate,
    other: ShortFitCandidate,
) -> Comparison | None:
    """Return by how much one candidate is better than another on the rows that judged both."""
    both = zip(parts, candidate.predictions, other.predictions, strict=False)
    judged = [JudgedPart(part.rows, mine, theirs) for part, mine, theirs in both]
    metric, by_group = metrics.get(spec.metrics.primary), splitting.get(spec.validation.strategy).needs_group
    return compare(metric, table, judged, by_group=by_group, seed=spec.reproducibility.seed)


def candidates_in_order(race: ShortFitRace) -> list[ShortFitCandidate]:
    """Return the best first: those that were judged on most, by their scores, and then those that stopped earlier."""
    known = (runner for runner in race.runners if runner.scores)
    return sorted(known, key=lambda item: (-item.round, -len(item.scores), -item.mean))


def evidence_of(race: ShortFitRace, *, complete: bool) -> ShortFitEvidence:
    """Return the evidence so far."""
    runners = candidates_in_order(race)
    # While more folds are to come the rows are not resampled: the choice is made at the end.
    tied = tied_candidates(race, runners) if complete else runners[:1]
    items = tuple(
        MeasuredEstimator(
            estimator=runner.ranked.entry.id,
            rows=runner.most_rows,
            scores=race.in_own_direction(runner.scores),
            right=round(float(np.mean(runner.hits)), 6),
            seconds=round(runner.seconds, 4),
            round=runner.round,
            behind=runner.behind if complete else None,
            before=None if runner.before is None else race.in_own_direction([runner.before])[0],
        )
        for runner in runners
    )
    return ShortFitEvidence(
        metric=race.metric.id,
        rows=len(race.table.target),
        train_rows=max(len(fold.train) for fold in race.folds),
        judged_share=judged_share(race.folds),
        items=items,
        first=tied[0].ranked.entry.id if tied else "",
        tied=tuple(runner.ranked.entry.id for runner in tied),
        baseline=race.in_own_direction(race.rivals),
        baseline_right=round(float(np.mean(race.rival_hits)), 6) if race.rival_hits else 0.0,
        skipped={runner.ranked.entry.id: runner.out for runner in race.runners if runner.out},
        seconds=round(time.perf_counter() - race.began, 2),
        share=round(min(race.spent / max(race.budget, 1e-9), 1.0), 4),
        complete=complete,
    )
