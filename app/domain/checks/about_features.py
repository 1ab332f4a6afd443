"""Rules about the chosen columns."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.checks.subject import Subject, error, warning
from app.domain.problems import Problem, Remedy
from app.domain.training.transforms import names_made
from app.domain.vocabulary import ColumnKind


def _leave_out(subject: Subject, name: str) -> Remedy:
    return Remedy("Leave it out", {"features": {subject.field(name): False}})


def some_features(subject: Subject) -> Iterator[Problem]:
    """At least one feature is there."""
    if not subject.spec.features.selected and not names_made(subject.spec):
        message = "Tick at least one column: a model needs something to look at."
        yield error("features", "", "no_features", message, Remedy("Tick a column on the Features step."))


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
