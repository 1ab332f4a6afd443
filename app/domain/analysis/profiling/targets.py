"""The description of a target: task, classes and their imbalance, or the distribution of its numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from app.domain.analysis.findings.questions import open_marks
from app.domain.analysis.findings.wording import LEFT_OUT, LEFT_OUT_ONE, on_rows, quote_column, share
from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, Finding, FindingRemedy
from app.domain.json_values import JsonObject
from app.domain.recommendation.task import TASK_WORDS, TaskSuggestion, suggest_task
from app.domain.text.messages import fill_count
from app.domain.vocabulary import ColumnKind, Severity, TaskKind

# Of the rarest class: below these shares imbalance is mild, moderate, extreme.
MILD, MODERATE, EXTREME = 0.4, 0.2, 0.01
# A class of fewer rows than folds is in some fold's training or judging, never in all.
MIN_OF_CLASS = 10
# Below so many values, the quantiles of any column may lie like this by luck.
ENOUGH_FOR_A_TAIL = 30
SKEWED = 0.5
MANY_ZEROS = 0.2
CLASSES_SHOWN = 60
TASK_ANSWERS = {TaskKind.REGRESSION: "Amounts: regression", TaskKind.MULTICLASS: "Classes"}


@dataclass(frozen=True)
class ClassShare:
    """One class of a target: its word, its rows, and its share of the rows that have a target."""

    value: str
    count: int
    share: float


@dataclass(frozen=True)
class Imbalance:
    """How uneven the classes are. `ratio` is the commonest class over the rarest; `baseline` is the commonest's share.

    Whoever always answers the commonest class is right on `baseline` of the rows: accuracy below says nothing.
    """

    degree: str
    ratio: float
    minority_share: float
    baseline: float
    severity: Severity
    message: str


@dataclass(frozen=True)
class TargetFacts:
    """A target as the API and the page show it. `skew` and `zero_share` are None for classes.

    `waits_for` says that `task` is only suggested until a person has answered: "marks" that may mean missing, or
    whether whole numbers are "classes" or amounts. It is None where nothing is open.
    """

    name: str
    task: TaskKind
    reason: str
    missing: int
    waits_for: str | None = None
    classes: tuple[ClassShare, ...] = ()
    imbalance: Imbalance | None = None
    skew: float | None = None
    zero_share: float | None = None
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> JsonObject:
        """Return plain JSON values: what is empty for this task is left out."""
        values = asdict(self)
        return {key: value for key, value in values.items() if value is not None and value != ()}


def target_summary(
    profile: DatasetProfile,
    target: str,
    *,
    kind: ColumnKind | None = None,
    task: TaskKind | None = None,
    answered: bool = False,
) -> TargetFacts:
    """Return the facts about a target.

    Parameters
    ----------
    profile
        The dataset.
    target
        The name of one of its columns.
    kind, task
        The target's kind and task; found out where None.
    answered
        Whether the user said which task it is, so that nothing is asked.

    Raises
    ------
    KeyError
        If there is no such column.
    """
    column = profile.column(target)
    marks = open_marks(profile, target)
    suggestion = suggest_task(column, kind or column.kind, marks=marks)
    chosen = task or suggestion.kind
    waits_for = None if answered else "marks" if marks else "classes" if suggestion.question else None
    facts = _describe_target(column, profile.rows, replace(suggestion, kind=chosen), waits_for)
    open_ones = tuple(_target_questions(facts, column, suggestion, marks))
    findings = (*open_ones, *_target_findings(facts, column, profile.rows, in_time=profile.time_axis is not None))
    return replace(facts, findings=findings)


def _describe_target(column: ColumnProfile, rows: int, task: TaskSuggestion, waits_for: str | None) -> TargetFacts:
    """Return the facts that the values of a target give for a task, without findings."""
    present = rows - column.missing
    classes = _class_shares(column, present) if task.kind.is_classification else ()
    whole = len(classes) == column.distinct
    imbalance = _imbalance(column, classes) if whole and len(classes) > 1 else None
    number = task.kind is TaskKind.REGRESSION and column.storage in ("number", "integer")
    return TargetFacts(
        name=column.name,
        task=task.kind,
        reason=task.reason,
        missing=column.missing,
        waits_for=waits_for,
        classes=classes,
        imbalance=imbalance,
        skew=_skew(column) if number else None,
        zero_share=column.zeros / present if number and present and column.zeros is not None else None,
    )


def _target_questions(
    facts: TargetFacts, column: ColumnProfile, suggestion: TaskSuggestion, marks: Mapping[str, Finding]
) -> Iterator[Finding]:
    """Yield what has to be answered before the task is sure, with the answers as buttons."""
    name, word = quote_column(column.name), TASK_WORDS[suggestion.kind]
    if facts.waits_for == "marks":
        text = ", ".join(mark[:20] or "blank" for mark in list(marks)[:4])
        message = (
            f"The task of {name} waits for your answer: does {text} mean missing? Until then, {word} is suggested."
        )
        remedies = next(iter(marks.values())).about(column.name).remedies
        yield Finding("task_waits", Severity.WARNING, (column.name,), message, remedies=remedies)
    elif facts.waits_for == "classes":
        message = f"{name}: {suggestion.question[0].lower()}{suggestion.question[1:]} Which are they?"
        order = sorted((TaskKind.REGRESSION, TaskKind.MULTICLASS), key=lambda task: task is not suggestion.kind)
        buttons = tuple(
            FindingRemedy(
                TASK_ANSWERS[task] + (" (suggested)" if task is suggestion.kind else ""),
                "draft",
                {"data.task_kind": task.value},
            )
            for task in order
        )
        yield Finding("task_unclear", Severity.WARNING, (column.name,), message, remedies=buttons)


def _class_shares(column: ColumnProfile, present: int) -> tuple[ClassShare, ...]:
    visible_rows = column.top_values[:CLASSES_SHOWN]
    return tuple(ClassShare(value, count, round(count / max(present, 1), 6)) for value, count in visible_rows)


def _imbalance(column: ColumnProfile, classes: tuple[ClassShare, ...]) -> Imbalance | None:
    """Return how uneven the classes are, None where even the rarest has its fair part.

    The degrees are those of Google's course on imbalanced datasets, for two classes; of more, a class's share is
    taken relative to an even split, so that ten classes of a tenth each are in balance.
    """
    common, rare = classes[0], classes[-1]
    fair = rare.share * len(classes) / 2
    if fair >= MILD:
        return None
    degree = "extreme" if fair < EXTREME else "moderate" if fair < MODERATE else "mild"
    ratio = common.count / max(rare.count, 1)
    total, word = sum(class_share.count for class_share in classes), common.value[:40]
    message = (
        f"{quote_column(column.name)} is {word} on {share(common.count, total)} of its rows and {rare.value[:40]} "
        f"{on_rows(rare.count)}. Always answering {word} is right that often, so use balanced accuracy or F1."
    )
    severity = Severity.NOTICE if degree == "mild" else Severity.WARNING
    return Imbalance(degree, round(ratio, 2), rare.share, common.share, severity, message)


def _skew(column: ColumnProfile) -> float | None:
    """Return how far the upper tail outreaches the lower, -1 to 1, 0 for a symmetric one.

    (q95 + q5 - 2 median) / (q95 - q5): Bowley's measure with outer quantiles (Hinkley, 1975, Biometrika 62, 101-111),
    which one extreme value cannot move as it moves the third moment.
    """
    if len(column.quantiles) != 5:
        return None
    low, _, middle, _, high = column.quantiles
    return round((high + low - 2 * middle) / (high - low), 4) if high > low else None


def _target_findings(facts: TargetFacts, column: ColumnProfile, rows: int, *, in_time: bool) -> Iterator[Finding]:
    name, mine = quote_column(column.name), (column.name,)
    other = (FindingRemedy("Choose another target", "draft", {"data.target": ""}),)
    if column.distinct <= 1:
        message = f"{name} holds only one value, so there is nothing to learn."
        if not column.distinct:
            message = f"{name} holds no value, so there is nothing to learn."
        elif facts.task.is_classification:
            message = f"{name} holds only one class, so there is nothing to learn."
        yield Finding("single_class", Severity.ERROR, mine, message, remedies=other)
        return
    if column.missing:
        message = fill_count(column.missing, LEFT_OUT_ONE, LEFT_OUT, name=name, share=share(column.missing, rows))
        severity = Severity.WARNING if column.missing > 0.5 * rows else Severity.NOTICE
        yield Finding("target_missing", severity, mine, message)
    if facts.imbalance is not None:
        # Rows that follow one another in time are not to be dealt out, whatever their classes.
        stratified = FindingRemedy(
            "Keep the shares in every fold", "draft", {"validation.strategy": "stratified_k_fold"}
        )
        buttons = () if in_time else (stratified,)
        yield Finding("imbalance", facts.imbalance.severity, mine, facts.imbalance.message, remedies=buttons)
    rare = [class_share for class_share in facts.classes if class_share.count < MIN_OF_CLASS]
    if rare:
        words = ", ".join(class_share.value[:40] for class_share in rare[-3:])
        many = f"{len(rare):,} classes of {name} have" if len(rare) > 1 else f"One class of {name} has"
        message = f"{many} fewer than {MIN_OF_CLASS} rows ({words}), so no fold can both train and validate on them."
        yield Finding("rare_class", Severity.WARNING, mine, message)
    if facts.skew is not None and abs(facts.skew) >= SKEWED and rows - column.missing >= ENOUGH_FOR_A_TAIL:
        yield _skew_finding(facts, column, name)


def _skew_finding(facts: TargetFacts, column: ColumnProfile, name: str) -> Finding:
    tail = "high" if (facts.skew or 0) > 0 else "low"
    zeros = ""
    if facts.zero_share is not None and facts.zero_share >= MANY_ZEROS:
        zeros = f" and it is 0 {on_rows(column.zeros or 0)}"
    message = f"{name} has a long tail of {tail} values{zeros}: a few rows decide the squared error."
    remedy = "Also look at log NSE or MAE."
    return Finding("skewed_target", Severity.NOTICE, (column.name,), message, remedy)
