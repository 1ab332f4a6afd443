"""The questions about leaks, what was answered, and what is worth saying about a target."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.analysis.leakage import question_of
from app.domain.analysis.profile import Finding, Leak, Remedy
from app.domain.analysis.signal import signal_finding
from app.domain.recommendation.plan import Plan
from app.domain.vocabulary import Severity
from app.services import associations
from app.services.datasets import profile_of
from app.services.measuring import Kinds, kinds_of
from app.storage.tables import Dataset


@dataclass(frozen=True)
class LeakQuestion:
    """One recorded question about one column: would you know this at prediction time?

    `field` is the answer's field on the Features step ("leak.c3"), and `answer` is "known", "not_known" or "". `strong`
    says that the column stays unticked until it is answered. `others` are columns that belong to the evidence.
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


def questions_for(dataset: Dataset, plan: Plan) -> list[LeakQuestion]:
    """Return a question for each column that may give the target away, the surest first; none until it is measured.

    A column is asked about once, with all that is known of it. What was answered stays in the list with its answer.
    """
    profile, spec = profile_of(dataset), plan.spec
    if profile is None or spec is None or not profile.has(spec.task.target):
        return []
    target, kinds = spec.task.target, kinds_of(profile, spec.data.column_kinds)
    found = associations.associations_for(dataset, target, kinds)
    if found is None:
        return []
    answers = spec.leakage.answers
    questions = []
    for column in found.suspects():
        leak = _of_a_moment(found.leaks_of(column))
        if leak is not None:
            key = profile.column(column).key
            questions.append(_question(leak, key, target, answers.get(column, "")))
    return sorted(questions, key=lambda one: -one.score)


def _of_a_moment(leaks: tuple[Leak, ...]) -> Leak | None:
    """Return the surest suspicion, with the evidence of all others; what is about the split is not asked here."""
    asked = [leak for leak in leaks if leak.code != "group_leakage"]
    if not asked:
        return None
    evidence = " ".join(dict.fromkeys(leak.evidence for leak in asked))
    others = tuple(dict.fromkeys(name for leak in asked for name in leak.others))
    return Leak(asked[0].column, asked[0].code, asked[0].score, evidence, others)


def _question(leak: Leak, key: str, target: str, answer: str) -> LeakQuestion:
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
    )


def findings_for(dataset: Dataset, target: str, kinds: Kinds | None = None) -> list[Finding]:
    """Return what is worth saying about a target: that nothing goes with it, and each leak, the surest first.

    For a large dataset a worker is asked, and there is nothing to say before it has measured.
    """
    profile = profile_of(dataset)
    if profile is None or not profile.has(target):
        return []
    found = associations.associations_for(dataset, target, kinds_of(profile, kinds))
    if found is None:
        return []
    leaks = [leak for column in found.suspects() for leak in found.leaks_of(column)]
    weak = signal_finding(found)
    return [*((weak,) if weak else ()), *(_finding(leak, target) for leak in sorted(leaks, key=lambda one: -one.score))]


def is_measured(dataset: Dataset, target: str, kinds: Kinds | None = None) -> bool:
    """Say whether everything that may give a target away has been looked at."""
    profile = profile_of(dataset)
    if profile is None or not profile.has(target):
        return False
    found = associations.associations_for(dataset, target, kinds_of(profile, kinds))
    return found is not None and found.complete


def _finding(leak: Leak, target: str) -> Finding:
    severity = Severity.WARNING if leak.strong else Severity.NOTICE
    remedies = () if leak.code == "group_leakage" else (Remedy("Leave it out", "leave_out", columns=(leak.column,)),)
    message = f"`{leak.column[:60]}`: {leak.evidence}"
    return Finding(leak.code, severity, (leak.column, *leak.others), message, question_of(leak, target), remedies)
