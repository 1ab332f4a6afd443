"""The state of a contest while it runs: the outcome of every task, the candidates left, and their progress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.domain.contest.candidates import titles_of
from app.domain.contest.race import RaceStanding, hopeless_candidates, mean_score, place_of
from app.domain.contest.summary import BaselineLine, CandidateProgress, ContestProgress, EntryState
from app.domain.contest.tasks import FitFailure, FitResult, FitTask, Outcome, SharedInput
from app.domain.contest.wishes import ContestWishes
from app.domain.training.judging import JudgedBaselines
from app.domain.training.validation import baselines, scoring, splitting
from app.domain.training.validation.metrics import Metric

ORDER: tuple[EntryState, ...] = ("finished", "running", "waiting", "ended_early", "ended_by_user", "failed")


@dataclass(frozen=True)
class Ending:
    """Why a candidate is not judged on every fold, and after how many it ended."""

    state: EntryState
    reason: str
    folds: int


@dataclass
class ContestState:
    """What every candidate did so far.

    `rivals` are the baselines of each fold. `results` are by candidate and part; those of a candidate that ended after
    fewer folds are passed over, whoever fitted them first.
    """

    shared: SharedInput
    rivals: tuple[JudgedBaselines, ...]
    results: dict[tuple[int, int], FitResult] = field(default_factory=dict)
    failures: dict[int, tuple[FitFailure, ...]] = field(default_factory=dict)
    endings: dict[int, Ending] = field(default_factory=dict)
    finished_early: bool = False
    _round: int = 0
    _leader: int | None = None

    def __post_init__(self) -> None:
        self.titles = titles_of(self.shared.specs)
        self.metric: Metric = scoring.metrics_of(self.shared.specs[0])[0]
        self.folds = self.shared.split.folds
        self.by_group = splitting.get(self.shared.specs[0].validation.strategy).needs_group

    @property
    def candidates(self) -> range:
        """Return the places of the candidates in the config."""
        return range(len(self.shared.specs))

    @property
    def complete(self) -> tuple[int, ...]:
        """Return the candidates that were judged on every fold."""
        return tuple(
            candidate
            for candidate in self.candidates
            if candidate not in self.endings and self.judged(candidate) == len(self.folds)
        )

    def tasks(self) -> list[FitTask]:
        """Return every task of the folds, all candidates of one fold before the next."""
        return [FitTask(part, candidate) for part in range(len(self.folds)) for candidate in self.candidates]

    def is_wanted(self, task: FitTask) -> bool:
        """Return whether a task has still to be carried out."""
        return task.candidate not in self.endings and task.candidate not in self.failures

    def add(self, outcome: Outcome) -> None:
        """Keep what came of a task, and end whom the rule of the race ends."""
        task = outcome.task
        if isinstance(outcome, FitFailure):
            self.failures[task.candidate] = (*self.failures.get(task.candidate, ()), outcome)
        else:
            self.results[task.candidate, task.part] = outcome
        self._decide()

    def fail(self, failure: FitFailure) -> None:
        """Take a candidate out that failed after its folds."""
        self.endings[failure.task.candidate] = Ending("failed", failure.reason, len(self.folds))

    def apply(self, wishes: ContestWishes) -> None:
        """End the candidates that the owner wants to end; to finish early ends all but the leader."""
        for candidate in self.candidates:
            if str(candidate + 1) in wishes.ended and len(self._in_race(self._round)) > 1:
                self._end(candidate, "ended_by_user", "Ended on request")
        if not wishes.finish:
            return
        if self._leader is None:
            self._leader = self._leading()
        for candidate in self.candidates:
            if candidate != self._leader and self._end(candidate, "ended_by_user", "Finished early on request"):
                self.finished_early = True

    def _end(self, candidate: int, state: EntryState, reason: str) -> bool:
        """End a candidate that is not judged on every fold yet, and has not ended."""
        judged = self.judged(candidate)
        if candidate in self.endings or candidate in self.failures or judged == len(self.folds):
            return False
        self.endings[candidate] = Ending(state, f"{reason} after {judged} of {len(self.folds)} folds.", judged)
        return True

    def _leading(self) -> int | None:
        """Return the candidate with the best score so far, the first where none has any."""
        there = [candidate for candidate in self.candidates if self.is_wanted(FitTask(0, candidate))]
        scored = [(place_of(self.metric, score), item) for item in there if (score := self.score(item)) is not None]
        return min(scored)[1] if scored else next(iter(there), None)

    def judged(self, candidate: int) -> int:
        """Return on how many folds a candidate was judged, counted from the first without a hole."""
        ending = self.endings.get(candidate)
        most = len(self.folds) if ending is None else ending.folds
        for part in range(most):
            if (candidate, part) not in self.results:
                return part
        return most

    def score(self, candidate: int) -> float | None:
        """Return the mean primary score of the folds that a candidate was judged on."""
        return mean_score(self.metric, self._scores(candidate, self.judged(candidate)))

    def results_of(self, candidate: int) -> tuple[FitResult, ...]:
        """Return the results of the folds that a candidate was judged on."""
        return tuple(self.results[candidate, part] for part in range(self.judged(candidate)))

    def reason(self, candidate: int) -> Ending | None:
        """Return why a candidate is not judged on every fold; of several faults that of the first fold."""
        faults = self.failures.get(candidate)
        if faults and (candidate not in self.endings or self.endings[candidate].folds >= faults[0].task.part):
            first = min(faults, key=lambda fault: fault.task)
            return Ending("failed", first.reason, min(first.task.part, self.judged(candidate)))
        return self.endings.get(candidate)

    def _scores(self, candidate: int, folds: int) -> list[float | None]:
        return [self.results[candidate, part].scores[self.metric.id] for part in range(folds)]

    def _in_race(self, folds: int) -> list[int]:
        """Return the candidates that neither ended nor failed within the first folds."""
        return [
            candidate
            for candidate in self.candidates
            if candidate not in self.endings
            and not any(fault.task.part < folds for fault in self.failures.get(candidate, ()))
        ]

    def _decide(self) -> None:
        """Look at every round that is whole, in order: the rule sees the same folds whatever came first."""
        while self._round + 1 < len(self.folds):
            folds = self._round + 1
            there = self._in_race(folds)
            if any((item, part) not in self.results for item in there for part in range(folds)):
                return
            self._round = folds
            self._end_hopeless(there, folds)

    def _end_hopeless(self, there: Sequence[int], folds: int) -> None:
        standings = {
            element: RaceStanding(
                tuple(self._scores(element, folds)),
                tuple(self.results[element, part].predictions for part in range(folds)),
            )
            for element in there
        }
        hopeless = hopeless_candidates(
            self.metric,
            self.shared.table,
            self.folds[:folds],
            standings,
            baseline=self.strongest_baseline(folds),
            by_group=self.by_group,
            seed=self.shared.specs[0].reproducibility.seed,
        )
        for item in hopeless:
            reason = f"Ended early after {folds} of {len(self.folds)} folds: far behind the leader."
            self.endings[item] = Ending("ended_early", reason, folds)

    def baseline_scores(self, folds: int) -> dict[str, float | None]:
        """Return the mean primary score of each baseline over the first folds."""
        names = self.rivals[0].scores if self.rivals else {}
        scored = {name: [rival.scores[name][self.metric.id] for rival in self.rivals[:folds]] for name in names}
        return {name: mean_score(self.metric, scores) for name, scores in scored.items()}

    def strongest_baseline(self, folds: int) -> float | None:
        """Return the mean primary score of the best baseline over the first folds."""
        known = self.baseline_scores(folds)
        return known[baselines.strongest_baseline(self.metric, known)] if known else None

    def progress(self) -> ContestProgress:
        """Return the live leaderboard."""
        spec, table = self.shared.specs[0], self.shared.table
        titles = {entry.id: entry.title for entry in baselines.baselines_for_experiment(spec, table)}
        lines = sorted((self._line(candidate) for candidate in self.candidates), key=self._order)
        judged = max(max((line.folds_judged for line in lines), default=0), 1)
        return ContestProgress(
            metric=self.metric.id,
            folds=len(self.folds),
            candidates=tuple(lines),
            baselines=tuple(
                BaselineLine(id=name, title=titles[name], score=score)
                for name, score in self.baseline_scores(judged).items()
            ),
        )

    def _line(self, candidate: int) -> CandidateProgress:
        judged, ending = self.judged(candidate), self.reason(candidate)
        state: EntryState = "finished" if judged == len(self.folds) else "running" if judged else "waiting"
        return CandidateProgress(
            key=str(candidate + 1),
            title=self.titles[candidate],
            state=state if ending is None else ending.state,
            folds_judged=judged,
            score=self.score(candidate),
            reason="" if ending is None else ending.reason,
        )

    def _order(self, line: CandidateProgress) -> tuple[int, float, int]:
        group = 0 if line.state in ("finished", "running") else ORDER.index(line.state)
        place = float("inf") if line.score is None else place_of(self.metric, line.score)
        return group, place, int(line.key)
