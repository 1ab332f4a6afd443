"""Rules about the dataset, the target and the task."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.analysis.findings.questions import CODE as MARKER
from app.domain.analysis.findings.questions import open_marks
from app.domain.analysis.findings.time_questions import NOT_UNDERSTOOD
from app.domain.analysis.findings.wording import LEFT_OUT, LEFT_OUT_ONE, on_rows, share
from app.domain.checks.check_context import CheckContext, error, notice, warning
from app.domain.problems import Problem, Remedy
from app.domain.text.messages import fill_count, join_sentences
from app.domain.training.preprocessing.transforms import longest_memory, output_names
from app.domain.vocabulary import ColumnKind, Purpose, Severity, TaskKind

MIN_ROWS = 10
FEW_ROWS = 100
MANY_CLASSES = 50
MAX_CLASSES = 1000
MOSTLY_MISSING = 0.5
SAY_THE_FORM = Remedy('Say how times are written under "How the file was read" on the Data step.')
ANOTHER_TARGET = Remedy("Choose another target.")


def columns_exist(subject: CheckContext) -> Iterator[Problem]:
    """Every column that the config names is in the dataset."""
    task, made, has = subject.spec.task, set(output_names(subject.spec)), subject.profile.has
    selected = subject.spec.features.selected
    for field, name in (
        ("target", task.target),
        ("time_column", task.time_column),
        ("group_column", task.group_column),
    ):
        if name is not None and not has(name):
            remedy = Remedy("Choose a column that the dataset has.")
            if field != "target":
                remedy = Remedy(f"Use no {field.replace('_', ' ')}", {"data": {field: ""}})
            yield _unknown_column("data", field, name, remedy)
    gone = list(dict.fromkeys(name for name in selected if not has(name)))
    left = {"features": {"selected": [text for text in selected if has(text)]}}
    for name in gone:
        yield _unknown_column(
            "features", "", name, Remedy("Leave it out" if len(gone) == 1 else "Leave them out", patch=left)
        )
    for place, part in enumerate(subject.spec.features.transforms):
        # A recipe may work on what another one derives.
        unknown = next((name for name in part.columns if name not in made and not has(name)), None)
        if unknown is not None:
            recipes = subject.recipes
            without = {"features": {"transforms": [*recipes[:place], *recipes[place + 1 :]]}}
            yield _unknown_column("features", "transforms", unknown, Remedy("Remove that derived feature", without))


def _unknown_column(step: str, field: str, name: str, remedy: Remedy) -> Problem:
    return error(step, field, "column_unknown", f"The dataset has no column named {name[:60]}.", remedy)


def target_has_values(subject: CheckContext) -> Iterator[Problem]:
    """The target varies, and is there in most rows."""
    target, rows = subject.target, max(subject.profile.rows, 1)
    name = target.name[:60]
    if subject.rows == 0:
        yield error("data", "target", "target_all_missing", f"{name} is missing on every row.", ANOTHER_TARGET)
    elif target.distinct <= 1:
        kind = "one class" if subject.spec.task.kind.is_classification else "one value"
        message = f"{name} holds only {kind}: there is nothing to learn."
        yield error("data", "target", "constant", message, ANOTHER_TARGET)
    elif target.missing > MOSTLY_MISSING * rows:
        share = 100 * target.missing / rows
        message = f"{name} is missing on {share:.0f} % of the rows; {subject.rows:,} rows remain."
        remedy = Remedy("Choose a target that was measured more often, or accept fewer rows.")
        yield warning("data", "target", "target_mostly_missing", message, remedy)
    elif target.missing:
        message = _describe_missing_rows(subject, name)
        yield notice("data", "target", "target_missing_rows", message, Remedy("No action needed."))


def _describe_missing_rows(subject: CheckContext, name: str) -> str:
    """Say what becomes of the rows without a target."""
    missing = subject.target.missing
    if subject.spec.task.purpose is Purpose.FILL_GAPS:
        return f"{name} is missing {on_rows(missing)}; gaps between known values are filled."
    return fill_count(missing, LEFT_OUT_ONE, LEFT_OUT, name=name, share=share(missing, subject.profile.rows))


def target_fits_task(subject: CheckContext) -> Iterator[Problem]:
    """A number is not predicted from words, nor words from numbers without end."""
    if subject.rows == 0:
        # Another check already reports that there are no rows, and no task is a remedy for that.
        return
    kind, task = subject.kind(subject.target.name), subject.spec.task.kind
    words = (ColumnKind.CATEGORICAL, ColumnKind.TEXT, ColumnKind.DATETIME)
    remedy = _remedy_of_task(subject, kind)
    if not task.is_classification and (kind in words or subject.target.storage == "text"):
        message = f"{subject.target.name[:60]} does not hold numbers, so regression cannot predict it."
        yield error("data", "task_kind", "target_not_numeric", message, remedy)
    if task.value == "binary" and subject.target.distinct > 2:
        message = f"{subject.target.name[:60]} has {subject.target.distinct:,} values; a binary task needs two."
        marks = ", ".join(mark[:20] for mark in open_marks(subject.profile, subject.target.name))
        if marks:
            # The same task would be inferred again until somebody says what the mark means.
            message = join_sentences((message, f"Say first whether {marks} means missing."))
            remedy = Remedy("Predict several classes", {"data": {"task_kind": TaskKind.MULTICLASS.value}})
        yield error("data", "task_kind", "not_binary", message, remedy)
    if subject.kind(subject.target.name) is ColumnKind.IDENTIFIER:
        message = f"{subject.target.name[:60]} names rows one by one: nothing can be learnt about it."
        yield error("data", "target", "identifier", message, ANOTHER_TARGET)


def _remedy_of_task(subject: CheckContext, kind: ColumnKind) -> Remedy:
    """Return the remedy for a target that the task cannot predict; dates are no task's target."""
    target = subject.target
    if kind is ColumnKind.DATETIME:
        return Remedy("Choose another target", {"data": {"target": ""}})
    if target.storage == "text" and kind.is_number:
        return Remedy("Use the kind that was found", {"data": {f"kind.{target.key}": ""}})
    return Remedy("Use the inferred task", {"data": {"task_kind": ""}})


def target_is_not_the_group(subject: CheckContext) -> Iterator[Problem]:
    """Groups that are the target's own values would leave classes that no fold has seen."""
    if subject.spec.task.group_column == subject.spec.task.target:
        remedy = Remedy("Use no group column", {"data": {"group_column": ""}})
        message = "The target cannot be the group column: folds would validate on classes never seen."
        yield error("data", "group_column", "group_is_target", message, remedy)


def time_is_not_the_group(subject: CheckContext) -> Iterator[Problem]:
    """Where features look back, moments are no groups: before each of them there is nothing in its own group."""
    task = subject.spec.task
    if task.group_column is not None and task.group_column == task.time_column and longest_memory(subject.spec):
        remedy = Remedy("Use no group column", {"data": {"group_column": ""}})
        message = "Features look back within a group, and each moment is a group of its own: they hold nothing."
        yield warning("data", "group_column", "group_is_time", message, remedy)


def classes_are_usable(subject: CheckContext) -> Iterator[Problem]:
    """There are not too many classes, and none has a single row."""
    if not subject.spec.task.kind.is_classification:
        return
    classes = subject.target.distinct
    if classes > MAX_CLASSES:
        message = f"{subject.target.name[:60]} has {classes:,} classes; the limit is {MAX_CLASSES:,}."
        yield error("data", "target", "too_many_classes", message, _regression_remedy(subject))
    elif classes > MANY_CLASSES:
        message = f"{classes:,} classes leave few rows for each."
        yield warning("data", "target", "many_classes", message, _regression_remedy(subject))
    counts = subject.class_counts
    if counts and min(counts) == 1 and classes > 1:
        alone = sum(count == 1 for count in counts)
        message = fill_count(
            alone,
            "{count} class has only one row, which can train or validate, not both.",
            "{count} classes have only one row, which can train or validate, not both.",
        )
        remedy = Remedy("Join rare classes in the file, or take their rows out.")
        yield warning("data", "target", "class_with_one_row", message, remedy)


def _regression_remedy(subject: CheckContext) -> Remedy:
    """Return the remedy for a task with very many classes: predict numbers as numbers."""
    if subject.kind(subject.target.name).is_number and subject.target.storage != "text":
        return Remedy("Estimate the number itself", {"data": {"task_kind": TaskKind.REGRESSION.value}})
    return Remedy("Join classes in the file, or choose another target.")


def enough_rows(subject: CheckContext) -> Iterator[Problem]:
    """There are rows enough to learn anything from."""
    if 0 < subject.rows < MIN_ROWS:
        message = f"{subject.rows} rows have a target; at least {MIN_ROWS} are needed for training and validation."
        yield error("data", "target", "too_few_rows", message, Remedy("Bring more rows, or choose another target."))
    elif subject.rows < FEW_ROWS:
        message = f"{subject.rows:,} rows are few, so chance can change the score a lot."
        remedy = Remedy("Bring more rows, or read the score with its spread over the folds.")
        yield warning("data", "target", "too_few_rows", message, remedy)


def time_column_is_dates(subject: CheckContext) -> Iterator[Problem]:
    """The time column was read as dates."""
    name = subject.spec.task.time_column
    if name is not None and subject.profile.column(name).storage != "datetime":
        remedy = Remedy("Use no time column", {"data": {"time_column": ""}})
        message = f"{name[:60]} does not hold dates, so it cannot order the rows."
        yield error("data", "time_column", "time_column_unreadable", message, remedy)


def marks_are_answered(subject: CheckContext) -> Iterator[Problem]:
    """Yield a question for each value of a used column that may mean missing, until it is answered."""
    task = subject.spec.task
    used = {task.target, *subject.spec.features.selected}
    open_ones = [
        finding
        for finding in subject.profile.findings
        if finding.code == MARKER and finding.severity is Severity.WARNING
    ]
    names = list(dict.fromkeys(name for item in open_ones for name in item.columns if name in used))
    if not names:
        return
    others = len(names) - 1
    more = "" if not others else " and 1 other column" if others == 1 else f" and {others:,} other columns"
    hold = "hold" if others else "holds"
    message = f"{names[0][:60]}{more} {hold} values that may mean missing. Say what they mean before you launch."
    field = "target" if names == [task.target] else ""
    yield warning("data", field, "marker_unanswered", message, Remedy('Answer under "Worth knowing" on the Data step.'))


def times_are_understood(subject: CheckContext) -> Iterator[Problem]:
    """A column that looks like times was read as times, and in the one order of day and month that there is."""
    time = subject.spec.task.time_column
    for finding in subject.profile.findings:
        name = finding.columns[0][:60] if finding.columns else ""
        if finding.code != NOT_UNDERSTOOD:
            continue
        if time is None:
            message = f"{name} looks like times that were not understood, so the rows are split without regard to time."
            yield warning("data", "time_column", NOT_UNDERSTOOD, message, SAY_THE_FORM)
        elif time in finding.columns:
            message = f"Day and month in {name} could be the other way round; its order in time rests on a guess."
            yield warning("data", "time_column", NOT_UNDERSTOOD, message, SAY_THE_FORM)
