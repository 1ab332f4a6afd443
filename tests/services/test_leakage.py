"""Questions about leaks as the pages ask them, and findings about a target."""

from __future__ import annotations

import pytest
from flask import Flask

from app.domain.recommendation.plan import Plan
from app.domain.vocabulary import Severity
from app.services import experiments
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.services.measurements import associations, leakage, runner
from app.services.measurements.request import kinds_of
from app.storage.tables import Dataset, User
from tests.services.tables import draft_on, save, upload

ROWS = 200
SUMMED = "a,b,duration,y\n" + "".join(
    f"{position * 7 % 31},{position * 11 % 17},{position * 7 % 31 + position * 13 % 23},{position * 7 % 31 + position * 11 % 17}\n"
    for position in range(ROWS)
)


def _questions(dataset: Dataset, plan: Plan) -> list[leakage.LeakQuestion]:
    profile = datasets.profile_of(dataset)
    assert profile is not None
    assert plan.spec is not None
    kinds = kinds_of(profile, plan.spec.data.column_kinds)
    return leakage.questions_of(profile, plan.spec, associations.known_for(dataset, plan.spec.task.target, kinds))


@pytest.fixture
def summed(user: User) -> Dataset:
    return upload(user, SUMMED.encode())


def test_each_suspected_column_is_asked_about_once_the_surest_first(user: User, summed: Dataset) -> None:
    plan = drafts.plan_of(user, draft_on(user, summed, target="y"))
    questions = _questions(summed, plan)
    assert [(question.column, question.code, question.strong) for question in questions] == [
        ("a", "target_leakage", True),
        ("b", "target_leakage", True),
        ("duration", "known_only_afterwards", False),
    ]
    assert questions[0].evidence == "a + b is y."
    assert questions[0].others == ("b",)
    assert questions[0].question == "Would you know a and b at the moment when y is to be predicted?"
    assert [choice.selected for choice in plan.columns] == [False, False, True]


def test_an_answer_is_kept_and_decides(user: User, summed: Dataset) -> None:
    row = draft_on(user, summed, target="y")
    first = _questions(summed, drafts.plan_of(user, row))
    save(user, row, step="features", **{first[0].field: "known", first[2].field: "not_known"})
    plan = drafts.plan_of(user, drafts.get_draft(user, row.id))
    assert [question.answer for question in _questions(summed, plan)] == ["known", "", "not_known"]
    assert [choice.selected for choice in plan.columns] == [True, False, False]
    assert plan.spec is not None
    assert plan.spec.to_json()["leakage"] == {"answers": {"a": "known", "duration": "not_known"}}


def test_an_answer_of_another_shape_is_refused_at_its_field(user: User, summed: Dataset) -> None:
    row = draft_on(user, summed, target="y")
    save(user, row, step="features", **{"leak.c0": ["maybe"]})
    plan = drafts.plan_of(user, drafts.get_draft(user, row.id))
    assert [(error.field, error.code) for error in plan.errors_of("features")] == [("leak.c0", "answer_unreadable")]


def test_findings_name_the_leaks_of_a_target(summed: Dataset) -> None:
    findings = leakage.findings_for(summed, "y")
    assert [(finding.code, finding.severity, finding.columns[0]) for finding in findings] == [
        ("target_leakage", Severity.WARNING, "a"),
        ("target_leakage", Severity.WARNING, "b"),
        ("known_only_afterwards", Severity.NOTICE, "duration"),
    ]
    assert findings[0].remedies[0].columns == ("a",)
    assert leakage.findings_for(summed, "gone") == []


def test_columns_that_decide_a_class_together_are_named(user: User) -> None:
    lines = [
        f"{'ab'[position % 2]},{'pqr'[position % 3]},{position * 7 % 31},{'xy'[(position % 2) * (position % 3) == 2]}"
        for position in range(600)
    ]
    dataset = upload(user, "\n".join(["left,right,other,y", *lines]).encode())
    findings = leakage.findings_for(dataset, "y")
    assert {(finding.columns[0], finding.severity) for finding in findings} == {
        ("left", Severity.WARNING),
        ("right", Severity.WARNING),
    }
    assert "Each combination of" in findings[0].message
    assert "on all 600 rows looked at" in findings[0].message


def test_flags_and_gaps_of_the_target_are_named(user: User) -> None:
    lines = [
        f"{'' if position % 5 == 0 else position * 7 % 31},{'M' if position % 5 == 0 else 'A'},{'' if position % 5 == 0 else position * 11 % 17},{position % 13}"
        for position in range(600)
    ]
    dataset = upload(user, "\n".join(["flow,flow_qc,width,other", *lines]).encode())
    findings = {finding.columns[0]: finding for finding in leakage.findings_for(dataset, "flow")}
    assert findings["flow_qc"].severity is Severity.WARNING
    assert "on 120 of the 120 rows where flow is missing" in findings["flow_qc"].message
    assert findings["width"].severity is Severity.NOTICE
    assert "other" not in findings


def test_a_sample_without_leaks_asks_nothing(user: User) -> None:
    river = datasets.use_sample(user, "piscataquis")
    assert leakage.findings_for(river, "discharge_mm") == []


@pytest.mark.usefixtures("app")
def test_what_is_not_measured_yet_is_not_asked(user: User, summed: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "INLINE_CELLS", 0)
    plan = drafts.plan_of(user, draft_on(user, summed, target="y"))
    assert _questions(summed, plan) == []
    assert leakage.findings_for(summed, "y") == []


def test_blocks_find_the_same_leaks(app: Flask, user: User, summed: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = leakage.findings_for(summed, "y")
    other = upload(user, SUMMED.encode(), "again.csv")
    monkeypatch.setattr(associations, "MAX_BLOCK_COLUMNS", 1)
    assert app.testing is False or leakage.findings_for(other, "y") == whole
    assert leakage.findings_for(other, "y") == whole


def _launched(user: User, dataset: Dataset, **answers: str) -> list[dict[str, str]]:
    row = draft_on(user, dataset, target="y")
    version = save(user, row, step="features", **answers)
    made = experiments.launch(user, row.id, version=version, idempotency_key="key")
    return made.warnings or []


def test_a_question_that_nobody_answered_stays_with_the_launch(user: User, summed: Dataset) -> None:
    query = [row for row in _launched(user, summed) if row["code"] == "known_only_afterwards"]
    assert [(row["step"], row["severity"]) for row in query] == [("features", "notice")]
    assert query[0]["message"].startswith("Would you know duration at prediction time?")


def test_an_answered_question_is_not_open(user: User, summed: Dataset) -> None:
    (duration,) = [
        question
        for question in _questions(summed, drafts.plan_of(user, draft_on(user, summed, target="y")))
        if question.column == "duration"
    ]
    open_then = _launched(user, summed, **{duration.field: "known"})
    assert not [row for row in open_then if row["code"] in ("known_only_afterwards", "leaks_not_measured")]


def test_a_launch_before_leaks_were_looked_for_says_so(
    user: User, summed: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "INLINE_CELLS", 0)
    (unmeasured,) = [row for row in _launched(user, summed) if row["code"] == "leaks_not_measured"]
    assert unmeasured["message"] == "Leaks had been looked for in 0 of 3 columns."
    assert (unmeasured["step"], unmeasured["severity"]) == ("features", "notice")
