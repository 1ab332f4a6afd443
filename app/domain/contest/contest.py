"""A contest from start to end: candidates on the same folds, the choice of the winner, and the hold-out.

The hold-out judges the winner alone and once, after everything that could be chosen was chosen.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from app.domain.contest.blend import BlendedModel, NestedBlend, average, blend_folds, can_blend
from app.domain.contest.choice_optimism import choice_optimism
from app.domain.contest.executor import ContestMeans, Executor
from app.domain.contest.leaderboard import Contender, difference, entries_of, ranked, simplest_of
from app.domain.contest.race import RULE
from app.domain.contest.state import ContestState
from app.domain.contest.summary import BLEND, BlendMember, BlendSummary, ContestSummary, PairedDifference
from app.domain.contest.tasks import FitFailure, FitResult, FitTask, Outcome, SharedInput
from app.domain.contest.words import blend_sentence, simplest_sentence, winner_sentence
from app.domain.errors import TrainingError
from app.domain.experiment import Spec, candidates_of
from app.domain.training.judging import judge_baselines, judge_part
from app.domain.training.report.outcome import Progress
from app.domain.training.resolved.build import FittedMember
from app.domain.training.run_state import PartResult, TrainingRun
from app.domain.training.tuning.tuning import SearchCallbacks, set_parameters, without_search
from app.domain.training.validation import scoring
from app.domain.training.validation.scoring import Predictions

# A blend is judged on each fold with weights from the others.
MIN_BLEND_FOLDS = 2


@dataclass(frozen=True)
class ContestWinner:
    """What won: one candidate, or the weighted members of the blend; its judged folds, and its key."""

    key: str
    members: tuple[int, ...]
    weights: tuple[float, ...]
    folds: tuple[PartResult, ...]


class Contest:
    """A contest under way, on the run that becomes the report of its winner."""

    def __init__(self, run: TrainingRun, means: ContestMeans) -> None:
        self.run, self.wishes = run, means.wishes
        self.executor: Executor = means.executor
        self.spec = run.spec
        self.shared = SharedInput(candidates_of(run.spec), run.table, run.split)
        rivals = tuple(judge_baselines(self.shared.specs[0], run.table, fold) for fold in run.split.folds)
        self.state = ContestState(self.shared, rivals)
        self.done = 0
        self.total = len(self.state.tasks()) + 2

    def carry_out(self) -> Any:
        """Judge every candidate, choose, judge the winner on the rows held out; return its fitted model."""
        self.say("Fitting the candidates")
        self.execute(self.state.tasks(), self._add)
        while True:
            if not self.state.complete:
                raise TrainingError(self._why_all_failed(), code="every_candidate_failed")
            choice = Choice(self)
            fitted = self._judge_winner(choice)
            if fitted is not None:
                break
        self.executor.close()
        self.done = self.total - 1
        self.choice = choice
        return fitted

    def execute(self, tasks: Sequence[FitTask], on_outcome: Any) -> None:
        """Run tasks by the executor."""
        callbacks = SearchCallbacks(self.run.should_stop, self.run.most_trials)
        self.executor.run(self.shared, tasks, callbacks=callbacks, on_outcome=on_outcome, is_wanted=self._is_wanted)

    def _is_wanted(self, task: FitTask) -> bool:
        if task.part < len(self.state.folds):
            self.state.apply(self.wishes())
        return self.state.is_wanted(task)

    def _add(self, outcome: Outcome) -> None:
        self.state.apply(self.wishes())
        self.state.add(outcome)
        self.done += 1
        if isinstance(outcome, FitResult):
            self.run.clock.add(outcome.clock)
        title, name = self.state.titles[outcome.task.candidate], self.shared.name_of(outcome.task.part)
        self.say(f"{title}: {name} failed" if isinstance(outcome, FitFailure) else f"{title}: {name} scored")

    def say(self, message: str) -> None:
        """Report the progress with a message."""
        progress = Progress(min(self.done, self.total), self.total, message, contest=self.state.progress())
        self.run.on_progress(progress)

    def _why_all_failed(self) -> str:
        reasons = {candidate: self.state.reason(candidate) for candidate in self.state.candidates}
        told = [f"{self.state.titles[item]}: {ending.reason}" for item, ending in reasons.items() if ending is not None]
        return f"No candidate was judged on every fold. {' '.join(told)}"[:2000]

    def _judge_winner(self, choice: Choice) -> Any:
        """Return the fitted winner, judged on the rows held out; None where a member failed there and is out."""
        run, winner = self.run, choice.winner
        self.say(
            "Fitting the winner on all development rows" if run.split.holdout is not None else "Fitting the winner"
        )
        last = len(self.state.folds) - (run.split.holdout is None)
        results: dict[int, FitResult] = {}
        failed: list[FitFailure] = []

        def keep(outcome: Outcome) -> None:
            if isinstance(outcome, FitFailure):
                failed.append(outcome)
                return
            results[outcome.task.candidate] = outcome
            run.clock.add(outcome.clock)

        self.execute([FitTask(last, member, keeps_model=True) for member in winner.members], keep)
        for failure in failed:
            self.state.fail(failure)
        if failed:
            return None
        self._take_over(choice, [results[member] for member in winner.members])
        models = [results[member].model for member in winner.members]
        if winner.key != BLEND:
            return models[0]
        return BlendedModel(models, winner.weights, classes=len(run.table.labels))

    def _take_over(self, choice: Choice, last: Sequence[FitResult]) -> None:
        """Make the run that of the winner: its config, its folds, its hold-out, its searches and its warnings."""
        run, winner = self.run, choice.winner
        lead = winner.members[int(np.argmax(winner.weights))]
        run.spec, run.folds, run.candidate = self.shared.specs[lead], list(winner.folds), lead + 1
        if winner.key == BLEND:
            settled = zip(winner.members, last, winner.weights, strict=True)
            run.averaged = tuple(
                (_settled(self.shared.specs[item], result), weight) for item, result, weight in settled
            )
            run.members = self._members(choice, dict(zip(winner.members, last, strict=True)))
        if run.split.holdout is not None:
            fold, name = self.shared.fold_of(len(self.state.folds)), self.shared.name_of(len(self.state.folds))
            predictions = last[0].predictions
            if winner.key == BLEND:
                members = [item.predictions for item in last]
                predictions = average(members, np.asarray(winner.weights), classes=bool(run.table.labels))
            told = last[winner.members.index(lead)]
            run.holdout = judge_part(
                run.spec, run.table, fold, name=name, predictions=predictions, chosen=told.chosen, fitted=told.fitted
            )
        results = [*(item for member in winner.members for item in self.state.results_of(member)), *last]
        if winner.key != BLEND:
            run.searches = [item.search for item in results if item.search is not None]
        for category, message in dict.fromkeys(pair for item in results for pair in item.warned):
            warnings.warn(message, category, stacklevel=1)

    def _members(self, choice: Choice, last: Mapping[int, FitResult]) -> tuple[FittedMember, ...]:
        """Return every candidate that has a share in any part of the blend, with what it takes to repeat it."""
        state, nested = self.state, choice.nested
        if nested is None:
            return ()
        names = [self.shared.name_of(part) for part in range(len(state.folds))]
        members = []
        for place, candidate in enumerate(choice.able):
            weights = {name: float(item[place]) for name, item in zip(names, nested.weights_by_fold, strict=True)}
            parts = [result.fitted for result in state.results_of(candidate)]
            if self.run.split.holdout is not None:
                weights[self.shared.name_of(len(names))] = float(nested.weights[place])
                parts += [last[candidate].fitted] if candidate in last else []
            if any(weights.values()):
                members.append(FittedMember(candidate + 1, self.shared.specs[candidate], weights, tuple(parts)))
        return tuple(members)

    def summary(self) -> ContestSummary:
        """Return the summary of the contest that the report keeps."""
        return self.choice.summary(self)


def _settled(spec: Spec, result: FitResult) -> Spec:
    """Return a candidate with the values that its last search found."""
    return spec if result.search is None else without_search(set_parameters(spec, result.search.chosen))


class Choice:
    """What the folds alone choose: the order, the blend, the winner, and the simplest that is as good."""

    def __init__(self, contest: Contest) -> None:
        state = contest.state
        self.state = state
        singles = ranked(state, [Contender.of_candidate(state, item) for item in state.complete])
        self.best = singles[0]
        self.able = blendable(state)
        self.blend, self.nested, parts = _blend(contest, self.best, self.able)
        self.order = singles if not parts else ranked(state, [*singles, Contender.of_blend(parts)])
        self.simplest = simplest_of(state, singles, self.best)
        best = int(self.best.key) - 1
        if self.blend is not None and self.blend.wins and self.nested is not None:
            members = tuple(int(member.key) - 1 for member in self.blend.members)
            self.winner = ContestWinner(BLEND, members, tuple(item.weight for item in self.blend.members), parts)
        else:
            self.winner = ContestWinner(self.best.key, (best,), (1.0,), candidate_parts(state, best))

    def summary(self, contest: Contest) -> ContestSummary:
        """Return the whole for the report."""
        state, run = self.state, contest.run
        holdout = None if run.holdout is None else run.holdout.scores
        entries = entries_of(state, self.order, best_single=self.best, holdout=holdout, winner=self.winner.key)
        summary = ContestSummary(
            metric=state.metric.id,
            entries=entries,
            winner=self.winner.key,
            simplest=self.simplest.key,
            sentence="",
            rule=RULE,
            blend=self.blend,
            optimism=choice_optimism(state.metric, self.order, self.winner.key),
            finished_early=state.finished_early,
            processes=contest.executor.processes,
        )
        sentence = winner_sentence(summary, metric=state.metric)
        simplest = simplest_sentence(summary, best=self.best.key)
        return replace(summary, sentence=sentence, simplest_sentence=simplest)


def candidate_parts(state: ContestState, candidate: int) -> tuple[PartResult, ...]:
    """Return the judged folds of a candidate."""
    spec, table = state.shared.specs[candidate], state.shared.table
    return tuple(
        judge_part(
            spec,
            table,
            fold,
            name=f"fold {number}",
            predictions=result.predictions,
            chosen=result.chosen,
            fitted=result.fitted,
            rivals=rivals,
        )
        for number, (fold, result, rivals) in enumerate(
            zip(state.folds, state.results_of(candidate), state.rivals, strict=True), start=1
        )
    )


def blendable(state: ContestState) -> list[int]:
    """Return the candidates that finished every fold and whose predictions can be averaged."""
    classes = bool(state.shared.table.labels)
    predictions_of = {item: [result.predictions for result in state.results_of(item)] for item in state.complete}
    return [item for item, predictions in predictions_of.items() if can_blend(predictions, classes=classes)]


def _blend(
    contest: Contest, best: Contender, able: Sequence[int]
) -> tuple[BlendSummary | None, NestedBlend | None, tuple[PartResult, ...]]:
    """Return the blend, where the config asks for one, and its judged folds; with the reason where there is none."""
    state, spec = contest.state, contest.spec
    if not spec.model.blend:
        return None, None, ()
    classes = bool(state.shared.table.labels)
    predictions = {item: [result.predictions for result in state.results_of(item)] for item in able}
    if len(state.folds) < MIN_BLEND_FOLDS:
        return (
            BlendSummary(reason="A blend needs two folds or more: one fold's rows judge what others chose."),
            None,
            (),
        )
    if len(able) < MIN_BLEND_FOLDS:
        what = "that give probabilities " if classes else ""
        return BlendSummary(reason=f"A blend needs two candidates {what}that finished every fold."), None, ()
    seed = spec.reproducibility.seed
    nested = blend_folds(state.metric, state.shared.table, state.folds, [predictions[item] for item in able], seed=seed)
    parts = _blend_parts(contest, nested.predictions, lead=able[int(np.argmax(nested.weights))])
    against_best = difference(state, Contender.of_blend(parts), best)
    members = sorted(
        (
            BlendMember(key=str(item + 1), title=state.titles[item], weight=float(weight))
            for item, weight in zip(able, nested.weights, strict=True)
            if weight > 0
        ),
        key=lambda member: (-member.weight, int(member.key)),
    )
    wins = is_surely_better(against_best) and len(members) > 1
    sentence = blend_sentence(members, against_best, wins=wins, metric=state.metric)
    return BlendSummary(members=tuple(members), wins=wins, against_best=against_best, sentence=sentence), nested, parts


def is_surely_better(paired_difference: PairedDifference | None) -> bool:
    """Return whether the interval of a difference lies above zero."""
    return paired_difference is not None and paired_difference.low is not None and paired_difference.low > 0


def _blend_parts(contest: Contest, predictions: Sequence[Predictions], *, lead: int) -> tuple[PartResult, ...]:
    """Return the judged folds of the blend; the columns that rules chose are the same for every member."""
    parts = candidate_parts(contest.state, lead)
    spec, table = contest.shared.specs[lead], contest.run.table
    return tuple(
        replace(part, predictions=prediction, scores=scoring.judge(spec, table, part.rows, prediction))
        for part, prediction in zip(parts, predictions, strict=True)
    )
