"""Suggested target, task, time column and group column."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from dataclasses import dataclass

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile
from app.domain.analysis.profiling.series import mixes_series
from app.domain.hydrology.naming import looks_like_target, names_sites
from app.domain.vocabulary import ColumnKind, TaskKind

# So many whole numbers are taken for classes, more are asked about, and of still more nobody would want classes.
SURE_CLASSES = 10
# A class has some rows; numbers that hardly come twice are amounts.
MIN_PER_CLASS = 2
MAX_CLASSES = 50
# The commonest of classes of about one size has at most so many times the rows of the rarest.
EVEN_CLASSES = 3.0
# How alike the rows of neighbouring numbers are where these are amounts (an autocorrelation at lag 1).
SMOOTH = 0.4
WHOLE = re.compile(r"^[+-]?\d{1,15}$")
# Whole numbers of a column so named are classes, however many rows each of them has.
CLASS_NAMES = re.compile(
    r"(^|[_ .-])(class|classes|label|labels|category|categories|letter|species|type)($|[_ .-])", re.IGNORECASE
)
MAX_MISSING = 0.2
TASK_WORDS = {
    TaskKind.REGRESSION: "regression",
    TaskKind.BINARY: "two classes",
    TaskKind.MULTICLASS: "several classes",
}
NEVER_TARGETS = (ColumnKind.DATETIME, ColumnKind.IDENTIFIER, ColumnKind.CONSTANT)


def suggest_target(profile: DatasetProfile) -> tuple[str, str]:
    """Return the likely target and why, or two empty texts."""
    # The flags of a value stand behind it, and often last; their names hold that of the value.
    measured = [column for column in profile.columns if not column.flag_of]
    usable = [column for column in measured if column.kind not in NEVER_TARGETS]
    for column in reversed(usable):
        if looks_like_target(column.name):
            return column.name, "Suggested because of its name."
    last = measured[-1] if measured else None
    if last is not None and len(usable) > 1 and last is usable[-1] and _could_be_target(last, profile.rows):
        beside = "" if last is profile.columns[-1] else " beside quality flags"
        return last.name, f"It is the last column{beside}, where the target often is. Change it if that is wrong."
    return "", "Choose the column to predict."


def _could_be_target(column: ColumnProfile, rows: int) -> bool:
    """Return whether a column that is merely the last one may be suggested: mostly there, and no free text."""
    words = column.kind in (ColumnKind.CATEGORICAL, ColumnKind.TEXT)
    return column.missing <= MAX_MISSING * rows and not (words and column.distinct > MAX_CLASSES)


@dataclass(frozen=True)
class TaskSuggestion:
    """The task that a target asks for, and why. `question` is why that is not sure, "" where it is."""

    kind: TaskKind
    reason: str
    question: str = ""


def infer_task(column: ColumnProfile, kind: ColumnKind) -> tuple[TaskKind, str]:
    """Return the kind of task that a target asks for, and why.

    Parameters
    ----------
    column
        The target's profile.
    kind
        Its kind, as the user said or as detected.
    """
    suggestion = suggest_task(column, kind)
    return suggestion.kind, suggestion.reason


def suggest_task(column: ColumnProfile, kind: ColumnKind, *, marks: Collection[str] = ()) -> TaskSuggestion:
    """Return the kind of task that a target asks for, why, and what is to be asked first.

    Parameters
    ----------
    column
        The target's profile.
    kind
        Its kind, as the user said or as detected.
    marks
        Values of it that may mean missing and that nobody has answered for: they are no classes.

    Notes
    -----
    Whole numbers without gaps may be classes or amounts. Up to `SURE_CLASSES` of them are taken for classes; of more,
    up to `MAX_CLASSES`, the name suggests one, or else the rows of each: those of amounts rise and fall along the
    numbers, and those of classes are alike or follow no order.
    """
    words = _example_values(column, marks)
    current_values = {value for value, _ in column.top_values}
    distinct = column.distinct - sum(mark in current_values for mark in marks)
    if distinct == 2:
        return TaskSuggestion(TaskKind.BINARY, f"It has exactly two values{words}.")
    is_number = kind is ColumnKind.IDENTIFIER and column.storage in ("number", "integer")
    if kind in (ColumnKind.CATEGORICAL, ColumnKind.TEXT, ColumnKind.BOOLEAN, ColumnKind.IDENTIFIER) and not is_number:
        return TaskSuggestion(TaskKind.MULTICLASS, f"It holds {distinct:,} different words{words}.")
    whole = f"It holds {distinct:,} different whole numbers"
    held_by = sum(count for value, count in column.top_values if value not in marks)
    repeats = held_by >= MIN_PER_CLASS * distinct
    if kind is ColumnKind.INTEGER and 2 < distinct <= MAX_CLASSES and repeats and _is_dense(column, marks):
        if distinct <= SURE_CLASSES:
            return TaskSuggestion(TaskKind.MULTICLASS, f"{whole}, which look like classes.")
        question = f"{whole}: they may be classes or amounts."
        if CLASS_NAMES.search(column.name) or _look_like_classes(column, marks):
            return TaskSuggestion(TaskKind.MULTICLASS, f"{whole}, probably classes.", question)
        return TaskSuggestion(TaskKind.REGRESSION, f"{whole}, probably amounts.", question)
    return TaskSuggestion(TaskKind.REGRESSION, f"It holds {distinct:,} different numbers.")


def _look_like_classes(column: ColumnProfile, marks: Collection[str]) -> bool:
    """Return whether the rows per whole number are those of classes: alike in size, or in no order of the numbers."""
    counts = [
        count for _, count in sorted((int(value), count) for value, count in column.top_values if value not in marks)
    ]
    if max(counts) <= EVEN_CLASSES * min(counts):
        return True
    mean = sum(counts) / len(counts)
    spread = sum((count - mean) ** 2 for count in counts)
    together = sum((first - mean) * (other - mean) for first, other in itertools.pairwise(counts))
    return together < SMOOTH * spread


def _is_dense(column: ColumnProfile, marks: Collection[str]) -> bool:
    """Return whether the whole numbers of a column leave few out, and all of them are known with their rows."""
    values = [value for value, _ in column.top_values if value not in marks]
    if len(column.top_values) != column.distinct or not all(WHOLE.match(value) for value in values):
        return False
    numbers = [int(value) for value in values]
    return max(numbers) - min(numbers) + 1 <= 2 * len(numbers)


def _example_values(column: ColumnProfile, marks: Collection[str]) -> str:
    words = [value[:40] for value, _ in column.top_values if value not in marks][:2]
    such = "such as " if column.distinct - len(marks) > len(words) else ""
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
        return "", "No grouping found."
    few = not mixes_series(profile.rows, axis.duplicates)
    if few and not (axis.group and names_sites(axis.group)):
        # Almost any column tells apart the few rows that share a time.
        return "", "A few dates repeat, too few for several series."
    if axis.group:
        return axis.group, f"Each date appears once per value ({profile.column(axis.group).distinct:,} values)."
    if axis.group is not None:
        return "", "Dates repeat, but no column tells the repeats apart."
    for column in profile.columns:
        few = 2 <= column.distinct <= max(2, profile.rows // 10)
        if few and column.kind in (ColumnKind.CATEGORICAL, ColumnKind.IDENTIFIER, ColumnKind.TEXT, ColumnKind.INTEGER):
            return column.name, f"Each date appears once per value ({column.distinct:,} values)."
    return "", "Dates repeat, but no column tells the repeats apart."
