"""Suggested columns for the model, each with the reason."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.domain.analysis.profiling.profile import Associations, ColumnProfile, DatasetProfile
from app.domain.recommendation.answers import AnswerReader
from app.domain.text.words import pluralise
from app.domain.training.preprocessing.knowledge import steps_before
from app.domain.vocabulary import ColumnKind, Purpose, TaskKind

KNOWN, NOT_KNOWN = "known", "not_known"
MAX_CATEGORIES = 50
MAX_MISSING = 0.95


@dataclass(frozen=True)
class FeatureContext:
    """What the suggestion may look at."""

    profile: DatasetProfile
    target: str
    task: TaskKind
    time_column: str
    group_column: str
    kinds: dict[str, ColumnKind]
    associations: Associations | None
    answers: dict[str, str] = field(default_factory=dict)
    purpose: Purpose | None = None
    horizon: int | None = None
    drivers_known_ahead: bool | None = None


def judge_column(context: FeatureContext, column: ColumnProfile) -> tuple[bool, str]:
    """Return whether a column is suggested as a feature, and why."""
    kind = context.kinds[column.name]
    rows = max(context.profile.rows, 1)
    left_out = _leave_out(context, column, kind, rows)
    if left_out:
        return False, left_out
    reasons = [f"{100 * column.missing / rows:.1f} % missing; filled in inside each fold."] if column.missing else []
    late = steps_before(context, column.name)
    reasons += [f"Taken as it was {pluralise(late, 'step')} before."] if late else []
    return True, " ".join(reasons)


def _leave_out(context: FeatureContext, column: ColumnProfile, kind: ColumnKind, rows: int) -> str:
    if column.name == context.time_column:
        return "The time column orders the rows; derive the season from it instead."
    if column.name == context.group_column:
        return "The group column says which rows belong together."
    if column.missing >= rows:
        return "Every value is missing."
    if kind is ColumnKind.CONSTANT or column.distinct <= 1:
        return "Constant: it carries no information."
    if kind is ColumnKind.IDENTIFIER:
        return "Looks like a row ID; a model would only memorise rows."
    if column.flag_of:
        return f"Quality flags of {column.flag_of}: they tell how it was measured, and may tell where it is missing."
    hindsight = _hindsight_reason(context, column.name)
    if hindsight:
        return hindsight
    if kind is ColumnKind.TEXT:
        return "Free text is not used as a feature."
    if kind is ColumnKind.DATETIME:
        return "A date; derived features use the time column."
    if column.missing > MAX_MISSING * rows:
        return f"{100 * column.missing / rows:.0f} % of its values are missing."
    if kind is ColumnKind.CATEGORICAL and column.distinct > max(MAX_CATEGORIES, rows // 20):
        return f"{column.distinct:,} different words are too many to learn from."
    return ""


def _hindsight_reason(context: FeatureContext, name: str) -> str:
    """Return why a column is left out that would not be known in time, or is likely not to be; else an empty text."""
    answer = context.answers.get(name)
    if answer == NOT_KNOWN:
        return "You said that it is not known at prediction time."
    leaks = context.associations.leaks_of(name) if context.associations else ()
    return leaks[0].evidence if answer != KNOWN and leaks and leaks[0].strong else ""


def read_leak_answers(reader: AnswerReader, profile: DatasetProfile) -> dict[str, str]:
    """Return the answers to "would you know this at prediction time?", by column."""
    given = {field for field in reader.draft.answers.get("features", {}) if field.startswith("leak.")}
    answers = {}
    # Most drafts answer nothing of that, and a table may have ten thousand columns.
    for column in profile.columns if given else ():
        field = f"leak.{column.key}"
        raw = reader.raw("features", field) if field in given else None
        if raw in (KNOWN, NOT_KNOWN):
            answers[column.name] = str(raw)
        elif raw not in (None, ""):
            reader.misread("features", field)
    return answers
