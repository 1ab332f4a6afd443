"""Rules about the selected columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from app.domain.checks.check_context import CheckContext, error, notice, warning
from app.domain.estimators import registry
from app.domain.problems import Problem, Remedy
from app.domain.training.preprocessing.transforms import output_names
from app.domain.training.selection_rules import amount_of, describe, fault_of
from app.domain.vocabulary import ColumnKind


def leave_out(subject: CheckContext, name: str) -> Remedy:
    """Return the button that leaves a feature out, where others are left to learn from."""
    alone = all(text == name for text in subject.spec.features.selected)
    if alone and not output_names(subject.spec):
        return Remedy("Tick another column instead.")
    return Remedy("Leave it out", {"features": {subject.field(name): False}})


def some_features(subject: CheckContext) -> Iterator[Problem]:
    """At least one feature is there."""
    if not subject.spec.features.selected and not output_names(subject.spec):
        message = "Tick at least one column: a model needs something to look at."
        yield error("features", "", "no_features", message, Remedy("Tick a column on the Features step."))


def some_feature_varies(subject: CheckContext) -> Iterator[Problem]:
    """At least one feature tells rows apart; a baseline asks none of them."""
    selected, estimator = subject.spec.features.selected, subject.spec.model.estimator
    is_requested = not (registry.has(estimator) and registry.get(estimator).is_baseline)
    if (
        not selected
        or output_names(subject.spec)
        or not is_requested
        or any(_varies(subject, name) for name in selected)
    ):
        return
    message = "Every ticked column is the same on every row: there is nothing to learn from."
    yield error("features", "", "features_constant", message, Remedy("Tick a column that varies."))


def _varies(subject: CheckContext, name: str) -> bool:
    column = subject.profile.column(name)
    # Where only some of its rows are missing, that they are is known of each row.
    return column.distinct > 1 or 0 < column.missing < subject.profile.rows


def _remove_column_remedy(subject: CheckContext, name: str) -> Remedy:
    others = (first for first in subject.spec.features.selected if first != name)
    if any(_varies(subject, other) for other in others) or output_names(subject.spec):
        return leave_out(subject, name)
    return Remedy("Tick a column that varies.")


def useless_columns(subject: CheckContext) -> Iterator[Problem]:
    """No column that can only mislead or weigh."""
    rows, kinds = subject.profile.rows, subject.spec.data.column_kinds
    for name in subject.spec.features.selected:
        column = subject.profile.column(name)
        kind = kinds.get(name, column.kind)
        say = warning
        if column.missing >= rows:
            code, message = "all_missing", f"{name[:60]} is missing on every row."
        elif column.distinct == 1 and column.missing:
            say, code = notice, "constant"
            message = f"{name[:60]} has one value only, so it shows no more than where it is missing."
        elif kind is ColumnKind.CONSTANT or column.distinct <= 1:
            code, message = "constant", f"{name[:60]} is constant: it carries no information."
        elif column.storage == "text" and kind in (ColumnKind.IDENTIFIER, ColumnKind.TEXT):
            code = "identifier"
            message = f"{name[:60]} holds {column.distinct:,} different texts, which a model would only memorise."
        else:
            continue
        yield say("features", subject.field(name), code, message, _remove_column_remedy(subject, name))


def selection_rules_fit(subject: CheckContext) -> Iterator[Problem]:
    """Every rule that chooses columns in each fold is whole, names columns that are there, and has something to do."""
    rules, count = subject.spec.features.selection, len(set(subject.spec.features.selected))
    for place, rule in enumerate(rules):
        others = [selection.model_dump(mode="json") for index, selection in enumerate(rules) if index != place]
        remedy = Remedy("Remove this rule", {"features": {"selection": others or None}})
        gone = next((name for name in rule.columns if not subject.profile.has(name)), None)
        fault = fault_of(rule) or (f"There is no column named {gone[:60]}." if gone is not None else "")
        if fault:
            yield error("features", "selection", "selection_invalid", fault, remedy)
        elif rule.kind == "keep_strongest" and amount_of(rule) >= count > 0:
            message = f"{describe([rule], count)[0]} It changes nothing."
            yield notice("features", "selection", "selection_keeps_all", message, remedy)


def each_named_once(subject: CheckContext) -> Iterator[Problem]:
    """No column is named twice; training takes it once."""
    selected = subject.spec.features.selected
    named = Counter(selected)
    if len(named) == len(selected):
        return
    twice = next(name for name, times in named.items() if times > 1)
    remedy = Remedy("Name it once", patch={"features": {"selected": list(named)}})
    message = f"{twice[:60]} is named more than once among the features; it is taken once."
    yield notice("features", subject.field(twice), "named_twice", message, remedy)
