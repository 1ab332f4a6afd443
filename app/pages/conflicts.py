"""The page of incompatible settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from flask import Blueprint, Response

from app.domain import wizard
from app.domain.checks.conflict import Conflict
from app.domain.checks.conflicts import CONFLICTS
from app.domain.checks.settled_clashes import SETTLED, SettledClash
from app.domain.estimators import registry
from app.web.hypermedia import ViewContext, render_view

blueprint = Blueprint("conflicts", __name__)


WORDS = {"n_splits": "folds", "estimator": "estimator", "column": "columns", "transforms": "derived features"}


def _field_lines(fields: tuple[str, ...]) -> list[str]:
    """Return the fields of a row in words, those of several estimators once."""
    lines = []
    for field in fields:
        step, _, name = field.partition(".")
        owner, setting = name.rpartition(".")[::2]
        words = WORDS.get(setting, setting.replace("_", " "))
        entry = next((estimator for estimator in registry.ESTIMATORS if estimator.id == owner), None)
        parameter = entry.parameter(setting) if entry is not None else None
        title = parameter.title if parameter is not None else words.capitalize()
        lines.append(f"{wizard.step_of(step).title}: {title}")
    return list(dict.fromkeys(lines))


def _estimator_titles(row: Conflict) -> list[str]:
    owners = dict.fromkeys(field.split(".")[1] for field in row.between if field.startswith("model."))
    return [entry.title for entry in registry.ESTIMATORS if entry.id in owners]


@dataclass(frozen=True)
class ConflictLine:
    """A row of the table: its answers in words, once each, and the estimators concerned."""

    row: Conflict
    lines: list[str]
    methods: list[str]


@dataclass(frozen=True, kw_only=True)
class ConflictsContext(ViewContext):
    """The table of conflicts: the title of each step with its rows, and what is settled without asking."""

    page_name: ClassVar[str] = "pages/conflicts.html"
    groups: list[tuple[str, list[ConflictLine]]]
    settled: tuple[SettledClash, ...]


def _conflict_line(row: Conflict) -> ConflictLine:
    return ConflictLine(row, _field_lines(row.between), _estimator_titles(row))


@blueprint.get("/help/conflicts")
def show() -> Response:
    """Show the table, grouped by the step where the message stands."""
    groups = [
        (step.title, [_conflict_line(row) for row in CONFLICTS if row.between[0].startswith(f"{step.slug}.")])
        for step in wizard.STEPS
    ]
    return render_view(ConflictsContext(groups=[group for group in groups if group[1]], settled=SETTLED))
