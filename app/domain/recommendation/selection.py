"""Filters and rules that select or drop many columns at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.estimators.parameters import Parameter
from app.domain.json_values import JsonObject
from app.domain.vocabulary import ColumnKind

MAX_RULES = 50
MAX_WORD = 200
MODES = {
    "tick": "Ticked",
    "leave_out": "Left out",
    "only": "Nothing but these ticked",
    "invert": "Turned round",
}
USES = {"ticked": "ticked", "left_out": "not ticked"}
KINDS = {kind.value: kind.value for kind in ColumnKind}


def _share_parameter(name: str, title: str, high: float, unit: str = "") -> Parameter:
    return Parameter(name, title, "number", None, "", low=0, high=high, optional=True, unit=unit)


NUMBERS: tuple[Parameter, ...] = (
    _share_parameter("least_missing", "Missing, at least", 100, "%"),
    _share_parameter("most_missing", "Missing, at most", 100, "%"),
    _share_parameter("least_association", "Association, at least", 1),
    _share_parameter("most_association", "Association, at most", 1),
)


@dataclass(frozen=True)
class ColumnFacts:
    """What a filter may look at. `present` counts the rows with a value; `strength` is 0 to 1, None while unknown."""

    key: str
    name: str
    kind: str
    missing_percent: float
    present: int
    strength: float | None
    findings: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Filter:
    """Which columns are meant. An empty part asks nothing; association counts whatever its sign."""

    word: str = ""
    kind: str = ""
    finding: str = ""
    use: str = ""
    least_missing: float | None = None
    most_missing: float | None = None
    least_association: float | None = None
    most_association: float | None = None

    @property
    def empty(self) -> bool:
        """Return whether every column is meant."""
        return self == Filter()

    def matches(self, facts: ColumnFacts, *, ticked: bool) -> bool:
        """Return whether a column is meant. One whose association is unknown is in no range of associations."""
        return (
            (not self.word or self.word.lower() in facts.name.lower())
            and self.kind in ("", facts.kind)
            and (not self.finding or self.finding in facts.findings)
            and (not self.use or (self.use == "ticked") == ticked)
            and _lies_within(facts.missing_percent, self.least_missing, self.most_missing)
            and _lies_within(facts.strength, self.least_association, self.most_association)
        )

    def to_json(self) -> JsonObject:
        """Return the filter as plain JSON values."""
        return {name: value for name, value in asdict(self).items() if value not in ("", None)}

    def sentence(self) -> str:
        """Say in words which columns are meant."""
        parts = [f"the name holds \u201c{self.word[:40]}\u201d"] if self.word else []
        parts += [f"the kind is {self.kind}"] if self.kind else []
        parts += [f"found: {self.finding.replace('_', ' ')}"] if self.finding else []
        parts += [f"they were {USES[self.use]}"] if self.use else []
        parts += _range_words("missing", self.least_missing, self.most_missing, " %")
        parts += _range_words("association", self.least_association, self.most_association)
        return f"columns where {' and '.join(parts)}" if parts else "every column"


def _lies_within(value: float | None, low: float | None, high: float | None) -> bool:
    if low is None and high is None:
        return True
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def _range_words(noun: str, low: float | None, high: float | None, unit: str = "") -> list[str]:
    if low is not None and high is not None:
        return [f"{noun} is {low:g} to {high:g}{unit}"]
    if low is not None:
        return [f"{noun} is at least {low:g}{unit}"]
    return [f"{noun} is at most {high:g}{unit}"] if high is not None else []


def read_filter(values: Mapping[str, Any]) -> tuple[Filter, dict[str, str]]:
    """Return the filter that these raw values ask for, and a sentence for each that could not be understood.

    Parameters
    ----------
    values
        Field name -> what was typed, or a JSON value. What is not understood asks nothing.
    """
    results: dict[str, Any] = {}
    faults: dict[str, str] = {}
    word = values.get("word")
    if isinstance(word, str):
        results["word"] = word.strip()[:MAX_WORD]
    elif word is not None:
        faults["word"] = "This is no word to look for."
    for name, known in (("kind", KINDS), ("use", USES)):
        raw = values.get(name)
        if isinstance(raw, str) and raw in known:
            results[name] = raw
        elif raw:
            faults[name] = f"There is no such choice: {str(raw)[:40]}."
    finding = values.get("finding")
    if isinstance(finding, str) and finding.replace("_", "").isalnum() and finding.isascii() and len(finding) <= 60:
        results["finding"] = finding
    elif finding:
        faults["finding"] = "There is no such finding."
    for parameter in NUMBERS:
        try:
            results[parameter.name] = parameter.parse(values.get(parameter.name))
        except ValueError as fault:
            faults[parameter.name] = str(fault)
    return Filter(**results), faults


@dataclass(frozen=True)
class Rule:
    """One change of many columns at once.

    `columns` of a strategy maps the key of each column it leaves out to the key of the one that stands for it, or "".
    A rule without a strategy means what its filter matches, also when the facts change later.
    """

    mode: str
    filter: Filter = Filter()
    strategy: str = ""
    amount: float | None = None
    columns: Mapping[str, str] = field(default_factory=dict)

    def matches(self, facts: ColumnFacts, *, ticked: bool) -> bool:
        """Return whether the rule means this column."""
        return facts.key in self.columns if self.strategy else self.filter.matches(facts, ticked=ticked)

    def decide(self, facts: ColumnFacts, *, ticked: bool) -> bool:
        """Return whether the column is ticked after this rule."""
        meant = self.matches(facts, ticked=ticked)
        if self.mode == "only":
            return meant
        if not meant:
            return ticked
        return not ticked if self.mode == "invert" else self.mode == "tick"

    def to_json(self) -> JsonObject:
        """Return the rule as plain JSON values."""
        if self.strategy:
            return {
                "mode": self.mode,
                "strategy": self.strategy,
                "amount": self.amount,
                # Where no column stands for another, the keys alone are kept: 20,000 of them have to fit one answer.
                "columns": dict(self.columns) if any(self.columns.values()) else " ".join(self.columns),
            }
        return {"mode": self.mode, **self.filter.to_json()}


def read_rule(raw: Any) -> Rule:
    """Return the rule that was stored.

    Raises
    ------
    ValueError
        If it is of a shape that no page sends.
    """
    unknown = "A rule about columns could not be understood. Remove it and make it again."
    if not isinstance(raw, Mapping) or not isinstance(raw.get("mode"), str) or raw["mode"] not in MODES:
        raise ValueError(unknown)
    if not raw.get("strategy"):
        wanted, faults = read_filter(raw)
        if faults:
            raise ValueError(unknown)
        return Rule(raw["mode"], wanted)
    columns, amount = raw.get("columns"), raw.get("amount")
    if isinstance(columns, str):
        columns = dict.fromkeys(columns.split(), "")
    if not isinstance(raw["strategy"], str) or not isinstance(columns, Mapping):
        raise ValueError(unknown)
    if not all(isinstance(item, str) for pair in columns.items() for item in pair):
        raise ValueError(unknown)
    number = float(amount) if isinstance(amount, int | float) and abs(amount) < 1e15 else None
    return Rule(raw["mode"], strategy=raw["strategy"], amount=number, columns=columns)


def read_rules(raw: Any) -> tuple[tuple[Rule, ...], str]:
    """Return the rules that can be understood, in order, and a sentence where one cannot."""
    if not isinstance(raw, list):
        return (), "" if raw is None else "The rules about columns could not be understood."
    rules, fault = [], ""
    for item in raw[:MAX_RULES]:
        try:
            rules.append(read_rule(item))
        except ValueError as problem:
            fault = str(problem)
    return tuple(rules), fault


def append_rule(rules: Iterable[Rule], new: Rule) -> list[Rule]:
    """Return the rules with one more; turning the same columns round twice is as if nothing had been done."""
    current_values = list(rules)
    if current_values and new.mode == "invert" and current_values[-1] == new:
        return current_values[:-1]
    # A rule that asks what is ticked, or turns it round, depends on all that was done before it.
    if new.mode == "invert" or new.filter.use:
        return [*current_values, new]
    decides_all = new.mode == "only" or (new.filter.empty and not new.strategy)
    return [new] if decides_all else [*(rule for rule in current_values if rule != new), new]


def findings_by_column(profile: DatasetProfile) -> dict[str, frozenset[str]]:
    """Return the codes of the findings about each column that has some, by its name."""
    results: dict[str, set[str]] = {}
    for finding in profile.findings:
        for name in finding.columns:
            results.setdefault(name, set()).add(finding.code)
    return {name: frozenset(codes) for name, codes in results.items()}
