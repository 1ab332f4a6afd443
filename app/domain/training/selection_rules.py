"""The kinds of selection rules, with their parameters and sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue, ValidationError

from app.domain.estimators.parameters import Parameter
from app.domain.experiment import MAX_SELECTION_RULES, SelectionPart
from app.domain.schema_words import sentence_of

AMOUNT = Parameter("amount", "How many", "integer", 20, "", low=1, high=20_000)
CORRELATION = Parameter("threshold", "Threshold", "number", 0.95, "", low=0.5, high=1)
VARIANCE = Parameter("threshold", "Least variance", "number", 0.0005, "", low=0, high=0.25, low_open=True)
LOW = Parameter("low", "Association, at least", "number", None, "", low=0, high=1, optional=True)
HIGH = Parameter("high", "Association, at most", "number", None, "", low=0, high=1, optional=True)
MEASURES = (("association", "Association"), ("mutual_information", "Mutual information"))
MEASURE = Parameter("measure", "Ranked by", "choice", "association", "", choices=MEASURES)


@dataclass(frozen=True)
class SelectionKind:
    """One kind of rule. `describe(rule, count)` says in a sentence what it does to `count` columns."""

    id: str
    title: str
    parameters: tuple[Parameter, ...]
    describe: Callable[[SelectionPart, int], str]

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of this name, or None."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    def value(self, rule: SelectionPart, name: str) -> Any:
        """Return the value of a parameter of a rule, the default where the rule does not say."""
        given = getattr(rule, name)
        parameter = self.parameter(name)
        return parameter.default if given is None and parameter is not None else given


def _describe_strongest(rule: SelectionPart, count: int) -> str:
    amount = amount_of(rule)
    by = ", ranked by mutual information" if rule.measure == "mutual_information" else ""
    if amount >= count:
        return f"Keeps the {amount:,} strongest columns, so all of {count:,}{by}."
    return f"Keeps the {amount:,} strongest of {count:,} columns{by}, chosen in each fold."


def _describe_correlated(rule: SelectionPart, _count: int) -> str:
    strong = f"{threshold_of(rule):g}"
    return f"Keeps the better of columns correlated at {strong} or more, chosen in each fold."


def _near_constant(rule: SelectionPart, _count: int) -> str:
    return f"Drops columns with a variance below {threshold_of(rule):g}, chosen in each fold."


def _describe_range(rule: SelectionPart) -> str:
    if rule.low is not None and rule.high is not None:
        return f"of {rule.low:g} to {rule.high:g}"
    if rule.low is not None:
        return f"of at least {rule.low:g}"
    return f"of at most {rule.high:g}" if rule.high is not None else "of any strength"


def _describe_associated(verb: str) -> Callable[[SelectionPart, int], str]:
    def describe(rule: SelectionPart, _count: int) -> str:
        among = f"{len(rule.columns):,} named columns" if rule.columns else "columns"
        if rule.columns and verb == "Keeps":
            return f"Keeps {among} only with an association {_describe_range(rule)}, chosen in each fold."
        return f"{verb} {among} with an association {_describe_range(rule)}, chosen in each fold."

    return describe


KINDS: tuple[SelectionKind, ...] = (
    SelectionKind("keep_strongest", "Keep the top columns", (AMOUNT, MEASURE), _describe_strongest),
    SelectionKind("drop_correlated", "Drop correlated columns", (CORRELATION,), _describe_correlated),
    SelectionKind("drop_near_constant", "Drop near-constant columns", (VARIANCE,), _near_constant),
    SelectionKind("keep_associated", "Keep columns by association", (LOW, HIGH), _describe_associated("Keeps")),
    SelectionKind("drop_associated", "Drop columns by association", (LOW, HIGH), _describe_associated("Drops")),
)
_BY_ID = {kind.id: kind for kind in KINDS}


def get(identifier: str) -> SelectionKind:
    """Return the kind of this id; KeyError if there is none."""
    return _BY_ID[identifier]


def amount_of(rule: SelectionPart) -> int:
    """Return how many columns a rule keeps that keeps the strongest."""
    return int(get(rule.kind).value(rule, "amount"))


def threshold_of(rule: SelectionPart) -> float:
    """Return the threshold of a rule, the default of its kind where it says none."""
    return float(get(rule.kind).value(rule, "threshold"))


def describe(rules: Iterable[SelectionPart], count: int) -> list[str]:
    """Return a sentence for each rule in order, for `count` selected columns."""
    sentences = []
    for rule in rules:
        sentences.append(get(rule.kind).describe(rule, count))
        count = min(count, amount_of(rule)) if rule.kind == "keep_strongest" else count
    return sentences


def most_kept(rules: Iterable[SelectionPart], count: int) -> int:
    """Return how many of `count` selected columns a fold keeps at most.

    Only a rule that keeps a number of columns says so before anything is measured.
    """
    amounts = [amount_of(rule) for rule in rules if rule.kind == "keep_strongest"]
    return min([count, *amounts])


def fault_of(rule: SelectionPart) -> str:
    """Return the fault of a rule that is valid by type, or an empty text."""
    kind = get(rule.kind)
    for name in ("amount", "threshold", "low", "high"):
        given, parameter = getattr(rule, name), kind.parameter(name)
        if given is None:
            continue
        if parameter is None:
            return f"{kind.title}: it has no setting {name}."
        try:
            parameter.parse(given)
        except ValueError as fault:
            return f"{parameter.title}: {fault}"
    if rule.kind in ("keep_associated", "drop_associated"):
        if rule.low is None and rule.high is None:
            return f"{kind.title}: give a lowest or a highest association."
        if rule.low is not None and rule.high is not None and rule.low > rule.high:
            return f"{kind.title}: the lowest association is above the highest."
    return ""


def read_rules(raw: Any) -> tuple[tuple[SelectionPart, ...], str]:
    """Return the rules of an answer that can be understood, in order, and a sentence where one cannot."""
    if not isinstance(raw, list):
        return (), "" if raw is None else "The rules that choose columns in each fold could not be understood."
    rules: list[SelectionPart] = []
    fault = ""
    for item in raw[:MAX_SELECTION_RULES]:
        try:
            rule = SelectionPart.model_validate(item)
        except ValidationError as problem:
            fault = sentence_of(problem.errors(include_url=False, include_input=False)[0])
            continue
        wrong = fault_of(rule)
        if wrong:
            fault = wrong
        else:
            rules.append(rule)
    return tuple(rules), fault


def to_answer(rules: Sequence[SelectionPart]) -> list[JsonValue]:
    """Return rules as the answer of a draft, without what is left to its default."""
    return [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules]
