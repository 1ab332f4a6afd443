"""The goal of a draft: target, task, time and group columns, and column kinds, known before its plan."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.analysis.findings.questions import open_marks
from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.experiment import Draft
from app.domain.problems import Problem, Remedy
from app.domain.recommendation.answers import AnswerReader
from app.domain.recommendation.features import FeatureContext, read_leak_answers
from app.domain.recommendation.purpose import read_purpose
from app.domain.recommendation.task import (
    TASK_WORDS,
    TaskSuggestion,
    suggest_group,
    suggest_target,
    suggest_task,
    suggest_time,
)
from app.domain.vocabulary import ColumnKind, Purpose, Severity, TaskKind

NOTHING = ""


@dataclass(frozen=True)
class Goal:
    """What a draft aims at. `time_column` and `group_column` are empty where there is none.

    `purpose` is None for what was imported from a config that has none; `horizon` and `drivers_known_ahead` are set for
    a forecast alone.
    """

    target: str
    task: TaskKind
    time_column: str
    group_column: str
    kinds: dict[str, ColumnKind]
    purpose: Purpose | None = None
    horizon: int | None = None
    drivers_known_ahead: bool | None = None


def goal_of(draft: Draft, profile: DatasetProfile) -> Goal | None:
    """Return the goal of a draft, as its plan will have it.

    Parameters
    ----------
    draft
        The user's raw answers.
    profile
        The dataset's profile.

    Returns
    -------
    Goal or None
        None where no column can be predicted yet.
    """
    return read_goal(AnswerReader(draft), profile)


def read_goal(reader: AnswerReader, profile: DatasetProfile, associations: Associations | None = None) -> Goal | None:
    """Read the goal of a draft from its answers; None where no column can be predicted yet.

    Parameters
    ----------
    reader
        The raw answers; suggestions, reasons and problems are recorded in it.
    profile
        The dataset's profile.
    associations
        What is known so far of the columns beside the target: what gives it away drives nothing.
    """
    kinds, target = _column_kinds(reader, profile), _choose_target(reader, profile)
    if not target:
        return None
    context = FeatureContext(
        profile=profile,
        target=target,
        task=_choose_task(reader, profile, target, kinds[target]),
        time_column=_choose_column(reader, profile, "time_column", *suggest_time(profile)),
        group_column=_choose_column(reader, profile, "group_column", *_group_beside(target, *suggest_group(profile))),
        kinds=kinds,
        associations=associations,
        answers=read_leak_answers(reader, profile),
    )
    answered = read_purpose(reader, context)
    return Goal(
        target=target,
        task=context.task,
        time_column=context.time_column,
        group_column=context.group_column,
        kinds=kinds,
        **vars(answered),
    )


def _choose_target(reader: AnswerReader, profile: DatasetProfile) -> str:
    """Return the target; an empty text where none can be predicted, which is recorded."""
    suggested, why = suggest_target(profile)
    target = reader.text("data", "target", suggested, why)
    if target and not profile.has(target):
        reader.wrong(
            "data", "target", f"There is no column named {target[:60]}. Choose another target.", code="target_unknown"
        )
        return ""
    if not target:
        message = "Choose the column to predict."
        chosen = Remedy(f"Estimate {suggested[:60]}", {"data": {"target": None}}) if suggested else None
        reader.wrong("data", "target", message, code="target_missing", remedy=chosen or Remedy("Choose a column."))
    return target


def _choose_task(reader: AnswerReader, profile: DatasetProfile, target: str, kind: ColumnKind) -> TaskKind:
    marks = open_marks(profile, target)
    suggestion = suggest_task(profile.column(target), kind, marks=marks)
    inferred, reason = suggestion.kind, suggestion.reason
    reader.suggest("data", "inferred_task", inferred.value, reason)
    words = reader.text("data", "task_kind", NOTHING, reason)
    if not words:
        _ask_about_task(reader, suggestion, target, marks=list(marks))
    try:
        return TaskKind(words) if words else inferred
    except ValueError:
        reader.wrong("data", "task_kind", f"{words[:40]} is no kind of task.", code="task_unknown")
        return inferred


def _ask_about_task(reader: AnswerReader, suggestion: TaskSuggestion, target: str, *, marks: list[str]) -> None:
    """Record that the task of the target is only suggested, where an answer could change it."""
    if marks:
        text = ", ".join(mark[:20] or "blank" for mark in marks[:4])
        message = f"The task of {target[:60]} waits for your answer: does {text} mean missing?"
        remedy = Remedy("Answer on the Data step.")
        reader.problems.append(Problem("data", "task_kind", Severity.WARNING, "task_waits", message, remedy))
    elif suggestion.question:
        message = f"{target[:60]}: {suggestion.question[0].lower()}{suggestion.question[1:]}"
        remedy = Remedy(f"Confirm {TASK_WORDS[suggestion.kind]}", {"data": {"task_kind": suggestion.kind.value}})
        reader.problems.append(Problem("data", "task_kind", Severity.WARNING, "task_unclear", message, remedy))


def _group_beside(target: str, group: str, why: str) -> tuple[str, str]:
    """Return the suggested group unless it is what shall be predicted."""
    return ("", "The target cannot be the group column.") if group == target else (group, why)


def _choose_column(reader: AnswerReader, profile: DatasetProfile, field: str, suggested: str, why: str) -> str:
    name = reader.text("data", field, suggested, why)
    if name and not profile.has(name):
        reader.wrong("data", field, f"There is no column named {name[:60]}.", code="column_unknown")
        return suggested
    return name


def _column_kinds(reader: AnswerReader, profile: DatasetProfile) -> dict[str, ColumnKind]:
    kinds = {}
    for column in profile.columns:
        raw = reader.raw("data", f"kind.{column.key}")
        try:
            kinds[column.name] = ColumnKind(raw) if raw else column.kind
        except (ValueError, TypeError):
            kinds[column.name] = column.kind
            reader.wrong("data", f"kind.{column.key}", f"{str(raw)[:40]} is no kind of column.", code="kind_unknown")
    return kinds
