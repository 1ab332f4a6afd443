"""The headline of a report: the verdict of the model against its baselines, and its sentences."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.hydrology.drivers import is_weather, recognise_drivers
from app.domain.purpose_words import purpose_title
from app.domain.text.messages import fill
from app.domain.text.numbers import format_score
from app.domain.text.words import pluralise
from app.domain.training.comparison import BEATS, LEVEL, LOSES, NO_BASELINE, UNDECIDED, Comparison, JudgedPart, compare
from app.domain.training.gauged_sites import GAUGED, uses_own_record
from app.domain.training.preprocessing.baseline_inputs import persistence_steps
from app.domain.training.report.document import Headline, Scores, VerdictInterval
from app.domain.training.run_state import PartResult, TrainingRun
from app.domain.training.validation import baselines, splitting
from app.domain.training.validation.metrics import Metric
from app.domain.training.validation.score_summary import ScoreSummary
from app.domain.vocabulary import Purpose, SplitStrategy

# These judge later moments than those that train.
FORWARD = (SplitStrategy.TIME_SERIES, SplitStrategy.HOLDOUT)
# What judged, where that is not what the purpose promises.
ONE_SIDE, NO_VALUES = "validated with known values on one side alone", "validated at sites without known values"
KNOWN_SITES = "validated at sites that trained"
BETTER_BY = " Over all {rows}, {metric} is better by {gain}, {level} interval {low} to {high}."
WORSE_BY = " Over all {rows}, {metric} is worse by {gain}, {level} interval {low} to {high}."
# The least that is said of a baseline decides: losing to one outweighs beating another.
RANKS = {LOSES: 0, UNDECIDED: 1, BEATS: 2}


@dataclass(frozen=True)
class Outcome:
    """The comparison of the model with its baselines: the state, the baseline meant, and the difference."""

    state: str
    against: str
    comparison: Comparison | None
    cuts: int

    def to_interval(self, metric: Metric) -> VerdictInterval:
        """Return the verdict of the contract, and what it was worked out from."""
        comparison = self.comparison
        return VerdictInterval(
            state=self.state,
            against=self.against,
            metric=metric.id,
            difference=None if comparison is None else comparison.difference,
            low=None if comparison is None else comparison.low,
            high=None if comparison is None else comparison.high,
            probability=None if comparison is None else comparison.probability,
            level=LEVEL,
            rows=0 if comparison is None else comparison.rows,
            cuts=self.cuts,
            resampled=None if comparison is None else comparison.unit,
            units=0 if comparison is None else comparison.units,
            block_length=None if comparison is None else comparison.block_length,
        )


def judge_against_baselines(run: TrainingRun, metric: Metric, first: str) -> Outcome:
    """Compare the model with every baseline on all rows that judged.

    `first` is the baseline that scores best on the rows which the headline speaks of. The verdict is about it, unless
    less can be said of another one. A difference on all rows that the held-out rows contradict is left undecided.
    """
    parts = [*run.folds, *([run.holdout] if run.holdout else [])]
    order = [first, *(name for name in parts[0].baseline_predictions if name != first)]
    outcomes = [_compare_with_baseline(run, metric, name, parts) for name in order]
    known = [outcome for outcome in outcomes if outcome.comparison is not None]
    if not known:
        return Outcome(_no_comparison_sentence(run, metric, first), first, None, len(parts))
    return min(known, key=lambda item: RANKS[item.state])


def _compare_with_baseline(run: TrainingRun, metric: Metric, name: str, parts: list[PartResult]) -> Outcome:
    entry = splitting.get(run.spec.validation.strategy)
    comparison = _compare_losses(run, metric, name, parts, by_group=entry.needs_group)
    if comparison is None:
        return Outcome(UNDECIDED, name, None, len(parts))
    state, current = comparison.state, None
    if run.holdout is not None and len(parts) > 1:
        # From a date on, the later rows of all groups are held out, though whole groups judge in the folds.
        by_group = entry.holds_out_groups(run.spec.validation.holdout)
        current = _compare_losses(run, metric, name, [run.holdout], by_group=by_group)
    if current is not None and current.low is not None and current.high is not None:
        against = current.high < 0 if state == BEATS else current.low > 0
        state = UNDECIDED if against else state
    return Outcome(state, name, comparison, len(parts))


def _compare_losses(
    run: TrainingRun, metric: Metric, name: str, parts: Iterable[PartResult], *, by_group: bool
) -> Comparison | None:
    judged = [JudgedPart(part.rows, part.predictions, part.baseline_predictions[name]) for part in parts]
    return compare(metric, run.table, judged, by_group=by_group, seed=run.spec.reproducibility.seed)


def _no_comparison_sentence(run: TrainingRun, metric: Metric, name: str) -> str:
    """Say what stands where nothing can be compared: no baseline has a value, or neither has."""
    parts = [*run.folds, *([run.holdout] if run.holdout else [])]
    own = any(part.scores[metric.id] is not None for part in parts)
    other = any(part.baseline_scores[name][metric.id] is not None for part in parts)
    return NO_BASELINE if own and not other else UNDECIDED


def build_headline(run: TrainingRun, metric: Metric, scores: Scores, rivals: Mapping[str, Scores]) -> Headline:
    """Say plainly whether the model beats its strongest baseline, on which rows, by how much, and how sure that is.

    `verdict` is "beats", "undecided", "loses" or "no_baseline", as the differences on all rows that judged bear it
    out; `beats` is true for the first alone. `score` and `baseline_score` are those of the rows held out, or else the
    means over the folds.
    """
    unseen = _decided_by_holdout(run, scores[metric.id])
    entries = {entry.id: entry for entry in baselines.baselines_for_experiment(run.spec, run.table)}
    decisive = {name: rival[metric.id].decisive(holdout=unseen) for name, rival in rivals.items()}
    outcome = judge_against_baselines(run, metric, baselines.strongest_baseline(metric, decisive))
    entry, other = entries[outcome.against], rivals[outcome.against][metric.id]
    score, rival = scores[metric.id].decisive(holdout=unseen), decisive[outcome.against]
    rows = len(run.holdout.rows) if unseen and run.holdout else sum(len(part.rows) for part in run.folds)
    digits = decimals_for([(score, rival)], decimals=2, most=6, best=metric.best)
    # The mean of errors of both signs would read as none.
    size = "mean absolute " if metric.signed and not unseen and len(run.folds) > 1 else ""
    figures = f"{size}{metric.title} {format_score(score, digits)} against {format_score(rival, digits)}"
    where, purpose = _judged_rows_words(run, rows, unseen=unseen), title_of_purpose(run, unseen=unseen)
    opening = _opening_words(outcome, entry.spoken)
    stands = f"{', ' if purpose else ': '}{figures}, {where}."
    if _contradicts(outcome, metric, score, rival):
        stands = f" over all validated rows, but not {where}: {figures}."
    opening = f"{purpose}: {opening[:1].lower()}{opening[1:]}" if purpose else opening
    return Headline(
        beats=outcome.state == BEATS,
        verdict=outcome.state,
        metric=metric.id,
        score=score,
        baseline_id=outcome.against,
        baseline_title=entry.title,
        baseline_score=rival,
        basis="holdout" if unseen else "folds",
        rows=rows,
        cuts=outcome.cuts,
        interval=outcome.to_interval(metric),
        purpose=purpose or None,
        sentence=f"{opening}{stands}{_interval_sentence(outcome, metric)}",
        detail=_detail(run, metric, scores[metric.id], other, name=entry.spoken, outcome=outcome) + _drivers_note(run),
    )


def title_of_purpose(run: TrainingRun, *, unseen: bool = False) -> str:
    """Return the purpose of the model as a headline opens, an empty text where its config names none.

    What the rows that judge do not show is not said: `unseen` tells that they were held out of all folds.

    Sites whose own target the model knows, by an earlier value or by having trained on it, are gauged: a score on them
    says nothing of a site never gauged, whatever folds they were judged in.
    """
    task, features, axis = run.spec.task, run.spec.features, run.profile.time_axis
    named = [*features.selected, *(column for part in features.transforms for column in part.columns)]
    aside = {task.target, task.time_column, task.group_column}
    uses_target = uses_own_record(run.spec)
    regular = axis is not None and axis.regular and axis.column == task.time_column
    title = purpose_title(
        task,
        step_seconds=axis.step_seconds if axis is not None and regular else None,
        drivers=[name for name in dict.fromkeys(named) if name not in aside and run.profile.has(name)],
        weather={driver.column for driver in recognise_drivers(run.profile) if is_weather(driver)},
        uses_target=uses_target,
        steps_back=persistence_steps(run.spec),
    )
    strategy, holdout = run.spec.validation.strategy, run.spec.validation.holdout
    by_group, forward = splitting.get(strategy).needs_group, strategy in FORWARD
    if task.purpose is Purpose.FILL_GAPS and (by_group or forward or unseen):
        return f"Gaps filled ({NO_VALUES if by_group else ONE_SIDE})"
    if task.purpose is Purpose.UNGAUGED:
        apart = by_group and (holdout is None or splitting.get(strategy).holds_out_groups(holdout))
        return title if apart else f"{title} ({KNOWN_SITES})"
    gauged = uses_target if by_group else forward and task.purpose in (Purpose.SIMULATE, Purpose.FORECAST)
    if run.table.groups is None or task.time_column is None or not gauged:
        return title
    return f"{title} ({GAUGED})" if title else f"{GAUGED[:1].upper()}{GAUGED[1:]}"


def _opening_words(outcome: Outcome, name: str) -> str:
    if outcome.state == BEATS:
        return f"It beats {name}"
    if outcome.state == LOSES:
        return f"It loses to {name}"
    comparison = outcome.comparison
    if outcome.cuts == 1 and comparison is not None and comparison.low is not None and comparison.low > 0:
        return f"One split alone does not decide whether it beats {name}"
    if comparison is None:
        return f"It cannot be compared with {name}"
    if comparison.state != UNDECIDED:
        return f"Folds and held-out rows disagree on whether it beats {name}"
    return f"It is about as good as {name}"


def _contradicts(outcome: Outcome, metric: Metric, score: float | None, rival: float | None) -> bool:
    """Return whether the two scores that are quoted say the opposite of the verdict on all rows that judged."""
    if score is None or rival is None or outcome.state not in (BEATS, LOSES):
        return False
    return metric.better(rival, score) if outcome.state == BEATS else metric.better(score, rival)


def _interval_sentence(outcome: Outcome, metric: Metric) -> str:
    """Say by how much it is better on all rows that judged, and the interval of that; nothing where there is none."""
    comparison = outcome.comparison
    if comparison is None or comparison.low is None or comparison.high is None:
        return ""
    digits = decimals_for(
        [(comparison.low, comparison.difference), (comparison.difference, comparison.high)], decimals=2, most=6
    )
    digits = decimals_for([(comparison.low, 0.0), (comparison.high, 0.0)], decimals=digits, most=6)
    better = comparison.difference >= 0
    ends = (comparison.low, comparison.high) if better else (-comparison.high, -comparison.low)
    low, high, gain = (format_score(value, digits) for value in (*ends, abs(comparison.difference)))
    return fill(
        BETTER_BY if better else WORSE_BY,
        rows=pluralise(comparison.rows, "validated row"),
        metric=metric.title,
        gain=gain,
        level=f"{100 * LEVEL:.0f} %",
        low=low,
        high=high,
    )


def _decided_by_holdout(run: TrainingRun, own: ScoreSummary) -> bool:
    """Return whether the rows held out decide, and not the folds since those rows are too few to have a score."""
    return run.holdout is not None and (own.holdout is not None or own.mean is None)


def _has_growing_folds(run: TrainingRun) -> bool:
    """Return whether later folds train on more rows, so that the spread over the folds is not that of luck alone."""
    parameters = {**splitting.get(run.spec.validation.strategy).defaults(), **run.spec.validation.parameters}
    return parameters.get("window") == "expanding"


def decimals_for(
    pairs: Iterable[tuple[float | None, float | None]], *, decimals: int, most: int, best: float | None = None
) -> int:
    """Return how many decimals tell the two numbers of every pair apart, and none of them from a best of 1."""
    values = [(number, other) for number, other in pairs if number is not None and other is not None]
    values += [(value, best) for pair in values for value in pair] if best == 1 else []

    def same(first: float, other: float) -> bool:
        return first != other and format_score(first, decimals) == format_score(other, decimals)

    while decimals < most and any(same(*pair) for pair in values):
        decimals += 1
    return decimals


def _judged_rows_words(run: TrainingRun, rows: int, *, unseen: bool) -> str:
    """Say on what rows a score stands."""
    if not unseen and len(run.folds) > 1:
        return f"on average over {len(run.folds)} folds"
    seen = pluralise(rows, "day") if _is_daily(run) else pluralise(rows, "row")
    return f"on {seen} it had never seen"


def _is_daily(run: TrainingRun) -> bool:
    axis = run.profile.time_axis
    return (
        axis is not None
        and axis.column == run.spec.task.time_column
        and axis.step_seconds == 86_400
        and not axis.duplicates
        and not run.table.labels
    )


def _detail(
    run: TrainingRun, metric: Metric, own: ScoreSummary, other: ScoreSummary, *, name: str, outcome: Outcome
) -> str:
    folds = [
        (mine, theirs)
        for mine, theirs in zip(own.folds, other.folds, strict=True)
        if mine is not None and theirs is not None
    ]
    won = sum(metric.better(mine, theirs) for mine, theirs in folds)
    mean, rival = own.decisive(holdout=False), other.decisive(holdout=False)
    digits = decimals_for([(mean, rival)], decimals=2, most=4, best=metric.best)
    spread = f" ± {format_score(own.std, digits)}" if own.std is not None and not metric.signed else ""
    times = "every time" if won == len(folds) else f"{won} of {len(folds)} times"
    if len(run.folds) == 1:
        return f"One split: {len(run.folds[0].train):,} rows trained, {len(run.folds[0].rows):,} validated."
    if not folds:
        return f"{metric.title} is not defined on any of the {len(run.folds)} folds, so there is nothing to compare."
    size = "mean absolute " if metric.signed else ""
    means = f"{size}{format_score(mean, digits)}{spread} against {format_score(rival, digits)} for {name}"
    chance = outcome.comparison.probability if outcome.comparison is not None else None
    sure = "" if chance is None else f" Probability that it is better: {_format_probability(chance)}."
    growing = " (later ones train on more rows)" if _has_growing_folds(run) else ""
    return f"Across the {len(run.folds)} folds{growing} it won {times}: {means}.{sure}"


def _drivers_note(run: TrainingRun) -> str:
    """Say that a forecast was judged with drivers that its user has to forecast first."""
    task = run.spec.task
    ahead = task.purpose is Purpose.FORECAST and task.drivers_known_ahead
    return " Drivers of the steps ahead were taken as measured." if ahead else ""


def _format_probability(share: float) -> str:
    """Write a share that resampling gave, which never shows that something is certain."""
    if share > 0.99:
        return "above 99 %"
    return "below 1 %" if share < 0.01 else f"{100 * share:.0f} %"
