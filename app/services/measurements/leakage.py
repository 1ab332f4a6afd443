"""Questions about leaks of a draft, with their answers, and findings about a target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from app.domain.analysis.findings.signal import signal_finding
from app.domain.analysis.leakage.leakage import question_of
from app.domain.analysis.profiling.profile import Associations, DatasetProfile, Finding, FindingRemedy, Leak
from app.domain.experiment import Spec
from app.domain.recommendation.plan import Plan
from app.domain.training.development import HoldoutRule
from app.domain.vocabulary import RunState, Severity
from app.services.datasets.datasets import damage_of, profile_of
from app.services.measurements import associations, runner
from app.services.measurements.request import Kinds, kinds_of
from app.storage.tables import Dataset


@dataclass(frozen=True)
class LeakQuestion:
    """One recorded question about one column: would you know this at prediction time?

    `field` is the answer's field on the Features step ("leak.c3"), and `answer` is "known", "not_known" or "". `strong`
    says that the column stays unticked until it is answered. `others` are columns that belong to the evidence;
    `is_part` says that the target is the sum of the column and these. `columns` and their `fields` are all that one
    answer decides about.
    """

    column: str
    key: str
    field: str
    code: str
    score: float
    strong: bool
    evidence: str
    question: str
    answer: str = ""
    others: tuple[str, ...] = ()
    is_part: bool = False
    columns: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeakSearch:
    """How far the search for leaks is, and what is asked.

    `state` is "measured", "measuring", "stopped" where it failed or was stopped, or "unasked" where nobody had it done
    yet; `measured` of `columns` are done.
    Of the parts of a sum there is one question.
    """

    state: str
    questions: tuple[LeakQuestion, ...] = ()
    measured: int = 0
    columns: int = 0

    @property
    def open(self) -> tuple[LeakQuestion, ...]:
        """Return the unanswered questions about leaks."""
        return tuple(question for question in self.questions if not question.answer)


def search_for(dataset: Dataset, plan: Plan) -> LeakSearch:
    """Return how far the search for leaks of a draft's target is, open questions first, the surest first.

    Nothing is begun for it.
    """
    profile, spec = profile_of(dataset), plan.spec
    if profile is None or spec is None or not profile.has(spec.task.target):
        return LeakSearch("measured")
    target, kinds = spec.task.target, kinds_of(profile, spec.data.column_kinds)
    result = associations.known_for(dataset, target, kinds, HoldoutRule.of(spec))
    questions = sorted(
        join_questions(questions_of(profile, spec, result)),
        key=lambda question: (bool(question.answer), -question.score),
    )
    state = "measured" if plan.columns_measured else state_of(dataset, target, kinds, HoldoutRule.of(spec))
    measured = 0 if result is None else len(result.items)
    return LeakSearch(state, tuple(questions), measured, len(profile.columns) - 1)


def state_of(dataset: Dataset, target: str, kinds: Kinds, rule: HoldoutRule | None) -> str:
    """Return how far the comparison with the target is, by the words of `LeakSearch`.

    A job may have ended since a plan was made: it is looked at once more.
    """
    requests = associations.open_requests_for(dataset, target, kinds, rule)
    jobs = [runner.find_job(associations.MEASUREMENT, request) for request in requests]
    if not requests:
        return "measured"
    if any(job is not None and job.state in (RunState.FAILED.value, RunState.CANCELLED.value) for job in jobs):
        return "stopped"
    if None in jobs:
        # Of damaged rows nothing can be measured, however often it is asked for.
        return "unasked" if damage_of(dataset) is None else "stopped"
    return "measuring"


def search_again(dataset: Dataset, plan: Plan) -> None:
    """Restart the search for leaks where it failed or was stopped."""
    profile, spec = profile_of(dataset), plan.spec
    if profile is not None and spec is not None and not plan.columns_measured:
        associations.ask(
            dataset, spec.task.target, kinds_of(profile, spec.data.column_kinds), again=True, rule=HoldoutRule.of(spec)
        )


def join_questions(questions: Iterable[LeakQuestion]) -> list[LeakQuestion]:
    """Return the questions with one for all parts of a sum, unless these were answered differently one by one."""
    by_column = {question.column: question for question in questions}
    whole: list[LeakQuestion] = []
    used_names: set[str] = set()
    for question in by_column.values():
        if question.column in used_names:
            continue
        others = [by_column[name] for name in question.others if name in by_column] if question.is_part else []
        together = all(other.is_part and other.answer == question.answer for other in others)
        group = [question, *(other for other in others if other.column not in used_names)] if together else [question]
        used_names.update(leak_question.column for leak_question in group)
        whole.append(
            replace(
                question,
                columns=tuple(leak_question.column for leak_question in group),
                fields=tuple(leak_question.field for leak_question in group),
                strong=any(leak_question.strong for leak_question in group),
            )
        )
    return whole


def questions_of(profile: DatasetProfile, spec: Spec, result: Associations | None) -> list[LeakQuestion]:
    """Return a question for each column that may give the target away, the surest first; none until it is measured.

    A column is asked about once, with all that is known of it. What was answered stays in the list with its answer.
    """
    if result is None:
        return []
    target, answers = spec.task.target, spec.leakage.answers
    questions = []
    for column in result.suspects():
        leak = _surest_leak(result.leaks_of(column))
        if leak is not None:
            key = profile.column(column).key
            questions.append(_leak_question(leak, key, target, answers.get(column, "")))
    return sorted(questions, key=lambda question: -question.score)


def _surest_leak(leaks: tuple[Leak, ...]) -> Leak | None:
    """Return the surest suspicion, with the evidence of all others; what is about the split is not asked here."""
    query = [leak for leak in leaks if leak.code != "group_leakage"]
    if not query:
        return None
    evidence = " ".join(dict.fromkeys(leak.evidence for leak in query))
    first, parts = query[0], [leak for leak in query if leak.is_part]
    others = tuple(dict.fromkeys(name for leak in parts or query for name in leak.others))
    return Leak(first.column, first.code, first.score, evidence, others, bool(parts))


def _leak_question(leak: Leak, key: str, target: str, answer: str) -> LeakQuestion:
    return LeakQuestion(
        column=leak.column,
        key=key,
        field=f"leak.{key}",
        code=leak.code,
        score=leak.score,
        strong=leak.strong,
        evidence=leak.evidence,
        question=question_of(leak, target),
        answer=answer,
        others=leak.others,
        is_part=leak.is_part,
        columns=(leak.column,),
        fields=(f"leak.{key}",),
    )


def findings_for(dataset: Dataset, target: str, kinds: Kinds | None = None) -> list[Finding]:
    """Return the findings about a target: that no column is associated with it, and each leak, the surest first.

    For a large dataset a worker is asked, and there is nothing to say before it has measured.
    """
    profile = profile_of(dataset)
    if profile is None or not profile.has(target):
        return []
    result = associations.associations_for(dataset, target, kinds_of(profile, kinds))
    if result is None:
        return []
    leaks = [leak for column in result.suspects() for leak in result.leaks_of(column)]
    weak = signal_finding(result)
    return [
        *((weak,) if weak else ()),
        *(_leak_finding(leak, target) for leak in sorted(leaks, key=lambda item: -item.score)),
    ]


def is_measured(dataset: Dataset, target: str, kinds: Kinds | None = None) -> bool:
    """Return whether everything that may give a target away has been looked at."""
    profile = profile_of(dataset)
    if profile is None or not profile.has(target):
        return False
    result = associations.associations_for(dataset, target, kinds_of(profile, kinds))
    return result is not None and result.complete


def _leak_finding(leak: Leak, target: str) -> Finding:
    severity = Severity.WARNING if leak.strong else Severity.NOTICE
    remedies = (
        () if leak.code == "group_leakage" else (FindingRemedy("Leave it out", "leave_out", columns=(leak.column,)),)
    )
    message = f"`{leak.column[:60]}`: {leak.evidence}"
    return Finding(leak.code, severity, (leak.column, *leak.others), message, question_of(leak, target), remedies)
