"""Suggestions about the data: what to predict, what kind of task it is, which columns carry time and groups."""

from __future__ import annotations

from app.domain.analysis.profile import ColumnProfile, DatasetProfile
from app.domain.hydrology.naming import looks_like_target
from app.domain.vocabulary import ColumnKind, TaskKind

FEW_CLASSES = 20
MOST_CLASSES = 50
MOST_MISSING = 0.2
NEVER_TARGETS = (ColumnKind.DATETIME, ColumnKind.IDENTIFIER, ColumnKind.CONSTANT)


def suggest_target(profile: DatasetProfile) -> tuple[str, str]:
    """Return the likely target and why, or two empty texts."""
    usable = [column for column in profile.columns if column.kind not in NEVER_TARGETS]
    for column in reversed(usable):
        if looks_like_target(column.name):
            return column.name, f"The name {column.name} says that this is what people want to know."
    last = profile.columns[-1] if profile.columns else None
    if last is not None and len(usable) > 1 and last is usable[-1] and _could_be_target(last, profile.rows):
        return last.name, "It is the last column, where the target often stands. Change it if that is wrong."
    return "", "Choose the column that you want to estimate."


def _could_be_target(column: ColumnProfile, rows: int) -> bool:
    """Say whether a column that is merely the last one may be suggested: mostly there, and no free text."""
    words = column.kind in (ColumnKind.CATEGORICAL, ColumnKind.TEXT)
    return column.missing <= MOST_MISSING * rows and not (words and column.distinct > MOST_CLASSES)


def infer_task(column: ColumnProfile, kind: ColumnKind) -> tuple[TaskKind, str]:
    """Return the kind of task that a target asks for, and why.

    Parameters
    ----------
    column
        The target's profile.
    kind
        Its kind, as the user said or as detected.
    """
    distinct = column.distinct
    if distinct == 2:
        return TaskKind.BINARY, f"It has exactly two values{_examples(column)}."
    if kind in (ColumnKind.CATEGORICAL, ColumnKind.TEXT, ColumnKind.BOOLEAN, ColumnKind.IDENTIFIER):
        return TaskKind.MULTICLASS, f"It holds {distinct:,} different words{_examples(column)}."
    if kind is ColumnKind.INTEGER and distinct <= FEW_CLASSES and _dense(column):
        return TaskKind.MULTICLASS, f"It holds only {distinct} different whole numbers, which look like classes."
    return TaskKind.REGRESSION, f"It holds {distinct:,} different numbers."


def _dense(column: ColumnProfile) -> bool:
    if not isinstance(column.minimum, int | float) or not isinstance(column.maximum, int | float):
        return False
    return column.maximum - column.minimum + 1 <= 2 * column.distinct


def _examples(column: ColumnProfile) -> str:
    words = [value[:40] for value, _ in column.top_values[:2]]
    such = "such as " if column.distinct > len(words) else ""
    return f" ({such}{' and '.join(words)})" if len(words) == 2 else ""


def suggest_time(profile: DatasetProfile) -> tuple[str, str]:
    """Return the time column and why, or two empty texts."""
    axis = profile.time_axis
    if axis is None:
        return "", "No column holds dates that order the rows."
    return axis.column, f"{axis.step_label.capitalize()} from {axis.start[:10]} to {axis.end[:10]}."


def suggest_group(profile: DatasetProfile) -> tuple[str, str]:
    """Return the group column and why: what is measured again and again, or tells rows of one date apart."""
    axis = profile.time_axis
    if profile.group:
        return profile.group, profile.group_reason
    if axis is None or axis.duplicates == 0:
        return "", "Each row stands for itself."
    if axis.group:
        return axis.group, f"Every date comes once for each of its {profile.column(axis.group).distinct:,} values."
    if axis.group is not None:
        return "", "Dates repeat, but no column tells the repeats apart."
    for column in profile.columns:
        few = 2 <= column.distinct <= max(2, profile.rows // 10)
        if few and column.kind in (ColumnKind.CATEGORICAL, ColumnKind.IDENTIFIER, ColumnKind.TEXT, ColumnKind.INTEGER):
            return column.name, f"Every date comes once for each of its {column.distinct:,} values."
    return "", "Dates repeat, but no column tells the repeats apart."
