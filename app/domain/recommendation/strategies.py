"""One-click strategies that drop many columns, such as correlated or near-constant ones."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.analysis.associations.correlation import RankedPair
from app.domain.errors import DomainError
from app.domain.estimators.parameters import Parameter
from app.domain.experiment import SelectionPart
from app.domain.hydrology.drivers import drivers_among, is_weather
from app.domain.hydrology.naming import is_static
from app.domain.recommendation.plan import ColumnChoice
from app.domain.recommendation.selection import Rule
from app.domain.text.numbers import format_score
from app.domain.training.selection_rules import AMOUNT, CORRELATION, MEASURE, VARIANCE


@dataclass(frozen=True)
class StrategyEvidence:
    """What a strategy may look at beside the columns: pairs among features, scores to rank by, and variances."""

    pairs: Sequence[RankedPair] = ()
    scores: Mapping[str, float] | None = None
    score_title: str = "association with the target"
    spreads: Mapping[str, float] | None = None


@dataclass(frozen=True)
class DroppedColumn:
    """A column that would be left out. `partner` is the one that stands for it, or None."""

    choice: ColumnChoice
    why: str
    partner: ColumnChoice | None = None


Find = Callable[[Sequence[ColumnChoice], Any, StrategyEvidence], list[DroppedColumn]]


@dataclass(frozen=True)
class ColumnStrategy:
    """One way of leaving columns out; `reason` is shown beside a column afterwards.

    What learns from the values of rows has the `kind` of a rule of the config, which each fold follows on its own
    training rows; any other way leaves out the very columns that were shown.
    """

    id: str
    title: str
    help: str
    amount: Parameter | None
    find: Find
    reason: str
    needs_pairs: bool = False
    kind: str = ""
    measure: Parameter | None = None

    def rule(self, amount: float | None, measure: str = "") -> SelectionPart:
        """Return the rule of the config for an amount, and a measure where there is a choice of them."""
        name = "amount" if self.kind == "keep_strongest" else "threshold"
        values: dict[str, Any] = {"kind": self.kind, name: amount}
        if self.measure is not None and measure:
            values["measure"] = measure
        return SelectionPart.model_validate(values)


@dataclass(frozen=True)
class Proposal:
    """What a strategy would do to the columns that are ticked now."""

    strategy: ColumnStrategy
    amount: float | None
    dropped: tuple[DroppedColumn, ...]
    kept: tuple[ColumnChoice, ...]

    @property
    def digest(self) -> str:
        """Return a short mark of exactly these columns, to see whether they are still the ones that were shown."""
        return hashlib.sha256(",".join(column.choice.profile.key for column in self.dropped).encode()).hexdigest()[:16]

    def rule(self) -> Rule:
        """Return the rule that does it."""
        columns = {
            column.choice.profile.key: column.partner.profile.key if column.partner else "" for column in self.dropped
        }
        return Rule("leave_out", strategy=self.strategy.id, amount=self.amount, columns=columns)


def _preference_key(choice: ColumnChoice, place: int) -> tuple[float, float, int]:
    strength = choice.facts.strength
    return (-(strength if strength is not None else -1.0), choice.facts.missing_percent, place)


def _correlated_columns(
    columns: Sequence[ColumnChoice], threshold: float, evidence: StrategyEvidence
) -> list[DroppedColumn]:
    """Keep the better one of each group: closer to the target, then fewer missing values, then earlier in the file."""
    by_name = {choice.profile.name: choice for choice in columns}
    near: dict[str, dict[str, float]] = {}
    for pair in evidence.pairs:
        if (
            abs(pair.value) >= threshold
            and pair.column in by_name
            and pair.other in by_name
            and pair.column != pair.other
        ):
            near.setdefault(pair.column, {})[pair.other] = pair.value
            near.setdefault(pair.other, {})[pair.column] = pair.value
    order = [choice for _, choice in sorted(enumerate(columns), key=lambda item: _preference_key(item[1], item[0]))]
    dropped_columns: dict[str, DroppedColumn] = {}
    for kept in order:
        if kept.profile.name in dropped_columns:
            continue
        for name, value in near.get(kept.profile.name, {}).items():
            # A better one that is near would have dropped this one before.
            if name not in dropped_columns:
                dropped_columns[name] = DroppedColumn(by_name[name], _goes_with(kept, by_name[name], value), kept)
    return [dropped_columns[choice.profile.name] for choice in columns if choice.profile.name in dropped_columns]


def _goes_with(kept: ColumnChoice, other: ColumnChoice, value: float) -> str:
    score = format_score(value, 3)
    ours, theirs = kept.facts.strength, other.facts.strength
    if ours is not None and ours > (theirs if theirs is not None else -1.0):
        better = "is closer to the target"
    elif kept.facts.missing_percent < other.facts.missing_percent:
        better = "has fewer values missing"
    else:
        better = "comes first in the file"
    return f"It goes with {kept.profile.name[:60]} ({score}), which is kept because it {better}."


def spread_of(choice: ColumnChoice) -> float | None:
    """Return the variance of a column brought to the range 0 to 1, or None where it has none.

    For words it is the variance p(1 - p) of "is the most frequent word", so that both lie between 0 and 0.25.
    """
    profile = choice.profile
    low, high = profile.minimum, profile.maximum
    if profile.std is not None and isinstance(low, int | float) and isinstance(high, int | float):
        return (profile.std / (high - low)) ** 2 if high > low else 0.0
    if profile.distinct <= 1:
        return 0.0
    if not profile.top_values or not choice.facts.present:
        return None
    share = profile.top_values[0][1] / choice.facts.present
    return share * (1 - share)


def _drop_near_constant(
    columns: Sequence[ColumnChoice], least: float, evidence: StrategyEvidence
) -> list[DroppedColumn]:
    dropped_columns = []
    for choice in columns:
        spread = spread_of(choice) if evidence.spreads is None else evidence.spreads.get(choice.profile.name)
        if spread is not None and spread < least:
            dropped_columns.append(
                DroppedColumn(choice, f"Its variance, brought to the range 0 to 1, is {spread:.2g}.")
            )
    return dropped_columns


def _keep_top(columns: Sequence[ColumnChoice], most: int, evidence: StrategyEvidence) -> list[DroppedColumn]:
    scores = evidence.scores
    if scores is None:
        scores = {column.profile.name: column.facts.strength for column in columns if column.facts.strength is not None}
    if not scores:
        raise DomainError(
            "How the columns go with the target is not measured yet. Wait a moment, and look again.",
            code="not_measured",
            field="strategy",
        )
    ranked = sorted(enumerate(columns), key=lambda item: (-scores.get(item[1].profile.name, -1.0), item[0]))
    ranks = {place: rank for rank, (place, _) in enumerate(ranked, start=1)}
    dropped_columns = []
    for place, choice in enumerate(columns):
        if ranks[place] > most:
            score = scores.get(choice.profile.name)
            by = evidence.score_title
            words = f"Rank {ranks[place]:,} by {by} ({score:.3f})." if score is not None else f"It has no {by}."
            dropped_columns.append(DroppedColumn(choice, words))
    return dropped_columns


def _column_families(columns: Sequence[ColumnChoice]) -> dict[str, str]:
    """Return "weather", "static" or "" for each column, by name, unit and values."""
    profiles = [choice.profile for choice in columns]
    weather = {driver.column for driver in drivers_among(profiles) if is_weather(driver)}
    static = {profile.name for profile in profiles if is_static(profile.name)}
    return {
        profile.name: "weather" if profile.name in weather else "static" if profile.name in static else ""
        for profile in profiles
    }


def _drop_family(wanted: str, title: str) -> Find:
    def find(columns: Sequence[ColumnChoice], _amount: Any, _evidence: StrategyEvidence) -> list[DroppedColumn]:
        words = {"": "It is neither weather nor a fixed attribute.", "weather": "It is weather."}
        words["static"] = "Its name says a fixed attribute of the place."
        families = _column_families(columns)
        dropped_columns = [
            DroppedColumn(choice, words[families[choice.profile.name]])
            for choice in columns
            if families[choice.profile.name] != wanted
        ]
        if len(dropped_columns) == len(columns):
            raise DomainError(
                f"None of the selected columns is {title}, so this would leave nothing.",
                code="rule_matches_nothing",
                field="strategy",
            )
        return dropped_columns

    return find


STRATEGIES: tuple[ColumnStrategy, ...] = (
    ColumnStrategy(
        "correlated",
        "Drop correlated columns",
        "Of columns correlated at least this strongly, the one closer to the target is kept.",
        CORRELATION,
        _correlated_columns,
        "Nearly the same as another column, which is kept",
        needs_pairs=True,
        kind="drop_correlated",
    ),
    ColumnStrategy(
        "variance",
        "Drop near-constant columns",
        "Variance after the column is brought to the range 0 to 1; for words, of being the most frequent one.",
        VARIANCE,
        _drop_near_constant,
        "Nearly constant",
        kind="drop_near_constant",
    ),
    ColumnStrategy(
        "top",
        "Keep the top columns",
        "Keeps the columns that rank highest against the target. One that helps only with others may be dropped.",
        AMOUNT,
        _keep_top,
        "Not among the strongest",
        kind="keep_strongest",
        measure=MEASURE,
    ),
    ColumnStrategy(
        "weather",
        "Weather only",
        "Keeps weather by name, unit and values: rain, temperature, radiation, humidity, wind, snow, evaporation.",
        None,
        _drop_family("weather", "weather"),
        "Not weather",
    ),
    ColumnStrategy(
        "static",
        "Static attributes only",
        "Keeps what stays the same for a place by its name: position, slope, soil, rock, cover, long-run climate.",
        None,
        _drop_family("static", "a static attribute"),
        "No static attribute by its name",
    ),
)


def strategy_of(identifier: str) -> ColumnStrategy:
    """Return a strategy by its id.

    Raises
    ------
    DomainError
        If there is none.
    """
    strategy = next((column_strategy for column_strategy in STRATEGIES if column_strategy.id == identifier), None)
    if strategy is None:
        raise DomainError("Choose one of the ways that are offered.", code="strategy_unknown", field="strategy")
    return strategy


def amount_of(strategy: ColumnStrategy, raw: Any) -> float | None:
    """Return the threshold or number of a strategy; None where it needs none.

    Parameters
    ----------
    strategy
        The strategy.
    raw
        What was typed; nothing stands for the default.

    Raises
    ------
    DomainError
        If it makes no sense.
    """
    if strategy.amount is None:
        return None
    try:
        result: float = strategy.amount.parse(raw if raw not in (None, "") else strategy.amount.default)
    except ValueError as fault:
        raise DomainError(f"{strategy.amount.title}: {fault}", code="amount_invalid", field="amount") from None
    return result


def propose(
    strategy: ColumnStrategy, raw: Any, columns: Sequence[ColumnChoice], evidence: StrategyEvidence
) -> Proposal:
    """Return the selected columns that a strategy would leave out.

    Parameters
    ----------
    strategy
        The strategy.
    raw
        The threshold or number as it was typed; ignored where the strategy needs none.
    columns
        Every column but the target, in file order.
    evidence
        The measures that a strategy may look at, as far as they are known.

    Raises
    ------
    DomainError
        If the amount makes no sense, or if what the strategy looks at is not there.
    """
    amount = amount_of(strategy, raw)
    ticked = [choice for choice in columns if choice.selected]
    dropped = strategy.find(ticked, amount, evidence)
    gone = {column.choice.profile.key for column in dropped}
    kept = tuple(choice for choice in ticked if choice.profile.key not in gone)
    return Proposal(strategy, amount, tuple(dropped), kept)


def why_dropped(identifier: str, *, amount: float | None, partner: str) -> str:
    """Return the sentence that stands beside a column which a strategy left out."""
    strategy = next((column_strategy for column_strategy in STRATEGIES if column_strategy.id == identifier), None)
    if strategy is None:
        return "Left out by a rule of yours."
    if partner:
        return f"Left out: it goes with {partner[:60]}, which is kept."
    text = f", {amount:g}" if amount is not None else ""
    return f"Left out: {strategy.reason[0].lower()}{strategy.reason[1:]} ({strategy.title.lower()}{text})."
