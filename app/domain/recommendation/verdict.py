"""Conclusions from short fits: order of estimators, expected scores and advice."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from app.domain.json_values import JsonObject
from app.domain.recommendation.estimators import TOO_FEW, EstimatorSuggestion
from app.domain.recommendation.paired_scores import Standing, compare_scores, standard_error
from app.domain.recommendation.set_effect import SetEffect
from app.domain.recommendation.traits import Traits
from app.domain.training.validation import metrics
from app.domain.vocabulary import Severity

# Below these two, hardly anything is learnt: the share of a baseline's wrong rows that are put right, and the share
# of the way from the baseline's score to the best possible one.
FEW_RIGHTED, LITTLE_GAIN = 0.2, 0.35
# The same for a number: the share of the way to the best possible score.
LITTLE_EXPLAINED = 0.02
# Where luck alone could have made the gain, less than this share of the way is called no signal.
LITTLE_BY_LUCK = 0.1
CONFIDENCE = 0.9
# Below so many rows, more of them help most.
FEW_ROWS = 500


@dataclass(frozen=True)
class MeasuredEstimator:
    """One estimator as short fits saw it.

    `scores` are those of the folds of its last round, in the metric's own direction and unit; `rows` is how many rows
    it learnt from there, `before` its mean in the round before. `right` is the share of rows whose class was right,
    and `behind` the probability that it is worse than the best one, where rows tell.
    """

    estimator: str
    rows: int
    scores: tuple[float, ...]
    right: float
    seconds: float
    round: int
    before: float | None = None
    behind: float | None = None

    @property
    def mean(self) -> float:
        """Return the mean score."""
        return float(np.mean(self.scores))


@dataclass(frozen=True)
class ShortFitEvidence:
    """What short fits say, the best first. `baseline` are the scores of the best rule that learns nothing.

    `train_rows` is what a fold of the real thing trains on, `judged_share` how many rows judge for each that trains.
    `tied` are those that only luck tells from the best, and `first` is the one of them that the rules put first.
    `share` is how much of the work that the fits may take was spent, and `set_effect` what the suggested set brings.
    """

    metric: str
    rows: int
    train_rows: int
    judged_share: float
    items: tuple[MeasuredEstimator, ...]
    baseline: tuple[float, ...]
    baseline_right: float = 0.0
    skipped: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    complete: bool = False
    first: str = ""
    tied: tuple[str, ...] = ()
    share: float = 1.0
    set_effect: SetEffect | None = None

    @property
    def choice(self) -> str:
        """Return the estimator to choose: the rules' first of the tied ones; "" where nothing was measured."""
        return self.first or (self.items[0].estimator if self.items else "")

    @property
    def compared(self) -> tuple[str, ...]:
        """Return those that were judged on the same rows and folds to the end; the others stopped earlier."""
        best = self.items[0] if self.items else None
        return tuple(
            item.estimator
            for item in self.items
            if best is not None and (item.round, len(item.scores)) == (best.round, len(best.scores))
        )

    def standing_of(self, item: MeasuredEstimator) -> Standing:
        """Return how an estimator stands beside the best baseline on the same folds."""
        sign = 1.0 if metrics.get(self.metric).greater_is_better else -1.0
        scores, rivals = [sign * score for score in item.scores], [sign * number for number in self.baseline]
        return compare_scores(scores, rivals, shared=self.judged_share)

    def of(self, estimator: str) -> MeasuredEstimator | None:
        """Return the measurement of an estimator, or None."""
        return next((item for item in self.items if item.estimator == estimator), None)

    def to_json(self) -> JsonObject:
        """Return plain JSON values."""
        return asdict(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> ShortFitEvidence:
        """Build from what `to_json` gave."""
        items = tuple(MeasuredEstimator(**{**value, "scores": tuple(value["scores"])}) for value in values["items"])
        tuples = {name: tuple(values.get(name, ())) for name in ("baseline", "tied")}
        effect = values.get("set_effect")
        set_effect = None if effect is None else SetEffect.from_json(effect)
        return ShortFitEvidence(**{**values, "items": items, "set_effect": set_effect, **tuples})


@dataclass(frozen=True)
class ExpectedScore:
    """The score to expect, as a range in the metric's own unit. `basis` is "rules" or "short fits"."""

    score_low: float
    score_high: float
    metric: str
    basis: str


@dataclass(frozen=True)
class Advice:
    """One thing worth knowing before anything is launched, and what would help, "" where nothing is known to.

    `code` is no_signal, below_baseline, near_baseline or too_few_rows.
    """

    code: str
    severity: Severity
    message: str
    help: str = ""


def order_estimators(
    ranking: Sequence[EstimatorSuggestion], evidence: ShortFitEvidence | None
) -> tuple[EstimatorSuggestion, ...]:
    """Return the estimators in the order of the evidence, each with what it scored as its first reason.

    The one to choose comes first and the others by their scores. Those without any evidence follow in the order of the
    rules, and the baseline comes last.
    """
    if evidence is None:
        return tuple(ranking)
    place = {item.estimator: index for index, item in enumerate(evidence.items)}
    place[evidence.choice] = -1

    def key(suggestion: EstimatorSuggestion) -> tuple[bool, int]:
        return not suggestion.entry.competes, place.get(suggestion.entry.id, len(place))

    scored = [_add_score(estimator_suggestion, evidence) for estimator_suggestion in sorted(ranking, key=key)]
    if scored and scored[0].entry.is_baseline and evidence.of(scored[0].entry.id) is not None:
        why = f"No estimator clearly beats {scored[0].entry.title.lower()} in short fits"
        scored[0] = replace(scored[0], reasons=(why, *scored[0].reasons), score=why)
    return tuple(scored)


def _add_score(ranked: EstimatorSuggestion, evidence: ShortFitEvidence) -> EstimatorSuggestion:
    """Return the suggestion with what it scored: a reason above the baseline, a caution below it, neither if tied."""
    measured = evidence.of(ranked.entry.id)
    if measured is None or not evidence.baseline:
        return ranked
    unit, rule = metrics.get(evidence.metric).title, float(np.mean(evidence.baseline))
    words = f"{unit} {measured.mean:.3f} in short fits, best baseline {rule:.3f}".replace("-", "\u2212")
    standing = evidence.standing_of(measured)
    if standing is Standing.WORSE:
        words = f"{words}, which is better"
        return replace(ranked, cautions=(words, *ranked.cautions), score=words)
    if standing is Standing.TIED:
        words = f"{words}: a tie"
        return replace(ranked, even=(words, *ranked.even), score=words)
    return replace(ranked, reasons=(words, *ranked.reasons), score=words)


def expected_score(measured: MeasuredEstimator, evidence: ShortFitEvidence) -> ExpectedScore | None:
    """Return the range in which the cross-validated score of a launch is to be expected, nine times in ten.

    The spread between folds, pooled over the estimators that were judged on them, is widened for their sharing rows
    (Nadeau & Bengio 2003, Machine Learning 52, eq. 7); where fewer rows were learnt from than a launch has, the better
    end moves by what the last growth of the rows brought. On too few rows it reaches down to the worst fold of the
    first three. None where one fold alone was judged.
    """
    from scipy.stats import t

    count = len(measured.scores)
    alike = [item for item in evidence.items if item.round == measured.round and len(item.scores) >= 2]
    if count < 2:
        return None
    own, pooled = np.var(measured.scores, ddof=1), np.median([np.var(estimator.scores, ddof=1) for estimator in alike])
    spread = math.sqrt(float(own + pooled) / 2 * (1 / count + evidence.judged_share))
    reach = float(t.ppf((1 + CONFIDENCE) / 2, 2 * (count - 1))) * spread
    low, high = measured.mean - reach, measured.mean + reach
    if evidence.rows < TOO_FEW:
        low = min(low, *(score for item in evidence.items[:3] for score in item.scores))
    if measured.before is not None and measured.rows < evidence.train_rows:
        growth = measured.mean - measured.before
        low, high = low + min(growth, 0.0), high + max(growth, 0.0)
    return _expected_range(low, high, evidence.metric, "short fits")


def expected_by_rules(traits: Traits, metric: str) -> ExpectedScore | None:
    """Return a wide range from the task alone: from the baseline's score, or what the strongest column says by itself.

    One column that goes with the target by r explains r squared of a number by itself, so a model that learns should
    not do worse. None for a metric that has no such scale.
    """
    alone = traits.strongest[1] ** 2 if traits.strongest is not None else 0.0
    if metric in ("r2", "nse"):
        return ExpectedScore(round(0.5 * alone, 3), round(max(0.95, alone), 3), metric, "rules")
    if metric in ("accuracy", "balanced_accuracy", "roc_auc"):
        chance = {"accuracy": traits.commonest / max(traits.rows, 1), "roc_auc": 0.5}.get(metric)
        chance = 1 / max(traits.classes, 2) if chance is None else chance
        low = chance + 0.5 * alone * (1 - chance)
        return ExpectedScore(round(low, 3), round(max(0.98, low), 3), metric, "rules")
    if metric in ("rmse", "mae") and traits.target_std > 0:
        return ExpectedScore(
            float(f"{0.1 * traits.target_std:.3g}"), float(f"{traits.target_std:.3g}"), metric, "rules"
        )
    current = metrics.get(metric)
    bounded = current.greater_is_better and current.best == 1.0
    return ExpectedScore(0.0, 0.98, metric, "rules") if bounded else None


def _expected_range(low: float, high: float, metric: str, basis: str) -> ExpectedScore:
    current = metrics.get(metric)
    if current.greater_is_better and current.best == 1.0:
        high = min(high, 1.0)
    elif current.best == 0.0 and not current.signed:
        low = max(low, 0.0)
    return ExpectedScore(float(f"{low:.4g}"), float(f"{high:.4g}"), metric, basis)


def advice_for(traits: Traits, evidence: ShortFitEvidence | None) -> tuple[Advice, ...]:
    """Return the advice that comes first: too few rows, or nothing learnt from them."""
    advices = []
    if 0 < traits.rows < TOO_FEW:
        message = (
            f"{traits.rows:,} rows with a target are too few to tell a good model from a lucky one: "
            "take every score as a rough range, and a simple model before a clever one."
        )
        advices.append(Advice("too_few_rows", Severity.WARNING, message))
    if evidence is not None and evidence.complete and evidence.items and evidence.baseline:
        advices += [replace(advice, help=what_would_help(traits)) for advice in _signal_advice(evidence)]
    return tuple(advices)


def what_would_help(traits: Traits) -> str:
    """Return a sentence on the change that would most likely bring a model above the baseline."""
    if traits.ordered and not traits.memory_steps:
        return "What would help: earlier values and longer sums of the drivers, on the Features step."
    if traits.rows < FEW_ROWS:
        return "What would help: more rows, or fewer and better columns."
    if traits.ordered:
        return "What would help: a driver that is not among the columns, or a longer memory of those that are."
    return "What would help: columns that tell more about the target, or a target that the columns can tell."


def _signal_advice(evidence: ShortFitEvidence) -> list[Advice]:
    best, metric = evidence.items[0], metrics.get(evidence.metric)
    title, unit = _estimator_title(best.estimator), metric.title
    count = min(len(best.scores), len(evidence.baseline))
    folds = f"{count} folds" if count > 1 else "one fold"
    gains = [-metric.loss(rule, score) for score, rule in zip(best.scores, evidence.baseline, strict=False)]
    gain, rule = float(np.mean(gains)), float(np.mean(evidence.baseline))
    numbers = f"{title} scores {best.mean:.3f} and the best baseline {rule:.3f} ({unit}, {folds})"
    perfect, lucky = metric.best, gain <= standard_error(gains, shared=evidence.judged_share)
    share = gain / abs(perfect - rule) if perfect is not None and perfect != rule else 1.0
    # What a part of the rows does not show yet, all of them may.
    whole = best.rows >= evidence.train_rows
    part = "" if whole else f" They learnt from {best.rows:,} of {evidence.train_rows:,} rows; more may change it."
    little, right = _is_little(evidence, share, lucky=lucky)
    if evidence.standing_of(best) is Standing.WORSE:
        message = f"The best baseline does better than every estimator in the short fits: {numbers}.{part}"
        return [Advice("below_baseline", Severity.WARNING, message)]
    if whole and (gain <= 0 or (little and lucky)):
        message = f"No estimator clearly beats the baseline: {numbers}."
        return [Advice("no_signal", Severity.WARNING, message)]
    if whole and little:
        return [Advice("no_signal", Severity.WARNING, f"Hardly any signal: {numbers}.{right}")]
    if lucky:
        message = f"No estimator clearly differs from the baseline so far: {numbers}.{part}"
        if whole:
            message = f"The gain over the baseline differs much from fold to fold: {numbers}."
        return [Advice("near_baseline", Severity.NOTICE, f"{message} A launch uses all folds.")]
    return []


def _is_little(evidence: ShortFitEvidence, share: float, *, lucky: bool) -> tuple[bool, str]:
    """Return whether a gain is next to nothing, and of classes how many rows come out right."""
    barely = share < (LITTLE_BY_LUCK if lucky else LITTLE_EXPLAINED)
    if not evidence.baseline_right:
        return barely, ""
    # Weighing classes costs right rows; what is learnt shows in the one that is right most often.
    most = max(item.right for item in evidence.items if item.round == evidence.items[0].round)
    wrong = 1 - evidence.baseline_right
    righted = (most - evidence.baseline_right) / wrong if wrong > 0 else 1.0
    right = (
        f" At most {100 * most:.0f} % of the rows come out right; "
        f"always saying the most common class, {100 * evidence.baseline_right:.0f} %."
    )
    return (lucky and barely) or (righted < FEW_RIGHTED and share < LITTLE_GAIN), right


def _estimator_title(estimator: str) -> str:
    from app.domain.estimators import registry

    return registry.get(estimator).title
