"""Rules about the chosen columns and derived features."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.checks.subject import Subject, error, warning
from app.domain.experiment import TransformPart
from app.domain.problems import Problem, Remedy
from app.domain.training.transforms import derived_names
from app.domain.training.transforms import get as get_transform
from app.domain.vocabulary import ColumnKind


def _leave_out(subject: Subject, name: str) -> Remedy:
    return Remedy("Leave it out", {"features": {subject.field(name): False}})


def some_features(subject: Subject) -> Iterator[Problem]:
    """At least one feature is there."""
    if not subject.spec.features.selected and not subject.spec.features.transforms:
        yield error("features", "", "no_features", "Tick at least one column: a model needs something to look at.")


def useless_columns(subject: Subject) -> Iterator[Problem]:
    """No column that can only mislead or weigh."""
    for name in subject.spec.features.selected:
        column, kind = subject.profile.column(name), subject.kind(name)
        field, remedy = subject.field(name), _leave_out(subject, name)
        if column.missing >= subject.profile.rows:
            yield warning("features", field, "all_missing", f"{name[:60]} is missing on every row.", remedy)
        elif kind is ColumnKind.CONSTANT or column.distinct <= 1:
            yield warning("features", field, "constant", f"{name[:60]} is constant: it carries no information.", remedy)
        elif kind in (ColumnKind.IDENTIFIER, ColumnKind.TEXT) and column.storage == "text":
            message = f"{name[:60]} holds {column.distinct:,} different texts, which a model would only memorise."
            yield warning("features", field, "identifier", message, remedy)


def _names(subject: Subject, part: TransformPart) -> list[str]:
    return derived_names(part, time_column=subject.spec.task.time_column)


def transforms_fit(subject: Subject) -> Iterator[Problem]:
    """Derived features have a time column, and look neither at the present target nor too far back."""
    remedy = Remedy("Remove the derived features", {"features": {"transforms": []}})
    if subject.spec.features.transforms and subject.spec.task.time_column is None:
        message = "Derived features need a time column. Choose one on the Data step, or remove them."
        yield error("features", "transforms", "time_column_missing", message, remedy)
    for part in subject.spec.features.transforms:
        try:
            parameters = get_transform(part.kind).parse(part.parameters)
        except KeyError:
            yield error(
                "features", "transforms", "transform_unknown", f"There is no derived feature {part.kind[:40]}.", remedy
            )
            continue
        except ValueError as fault:
            yield error("features", "transforms", "transform_invalid", str(fault), remedy)
            continue
        taken = [name for name in _names(subject, part) if subject.profile.has(name)]
        if taken:
            message = f"The file has a column named {taken[0][:60]} already, so that derived feature is left out."
            yield warning("features", "transforms", "name_taken", message)
        reach = max([*parameters.get("steps", [0]), parameters.get("window", 0)])
        if reach > subject.profile.rows // 4:
            rows = f"{subject.profile.rows:,} rows"
            message = f"A derived feature looks back {reach:,} steps, more than a quarter of the {rows}."
            yield warning("features", "transforms", "memory_too_long", message)
