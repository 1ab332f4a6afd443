"""What is said about a target: its task, its classes and their shares, its missing rows and its tail."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.profiling.targets import TargetFacts, target_summary
from app.domain.vocabulary import ColumnKind, Severity, TaskKind
from tests.domain.reading import known, real_file, sample

RNG = np.random.default_rng(6)


def _facts(values: list[Any], **parts: Any) -> TargetFacts:
    frame = pd.DataFrame({"y": values, "other": np.arange(len(values)) * 1.5})
    return target_summary(known(frame).profile, "y", **parts)


def _codes(facts: TargetFacts) -> set[str]:
    return {finding.code for finding in facts.findings}


def test_two_even_classes_have_no_finding() -> None:
    facts = _facts(["yes", "no"] * 100)
    assert (facts.task, facts.imbalance, facts.findings) == (TaskKind.BINARY, None, ())
    assert [(share.count, share.share) for share in facts.classes] == [(100, 0.5), (100, 0.5)]


@pytest.mark.parametrize(
    ("rare", "degree", "severity"),
    [(300, "mild", Severity.NOTICE), (117, "moderate", Severity.WARNING), (9, "extreme", Severity.WARNING)],
)
def test_uneven_classes_are_named_by_degree(rare: int, degree: str, severity: Severity) -> None:
    facts = _facts(["no"] * (1000 - rare) + ["yes"] * rare)
    assert facts.imbalance is not None
    assert (facts.imbalance.degree, facts.imbalance.severity) == (degree, severity)
    assert facts.imbalance.ratio == pytest.approx((1000 - rare) / rare, abs=0.01)
    assert facts.imbalance.baseline == pytest.approx(1 - rare / 1000)
    assert facts.imbalance.minority_share == pytest.approx(rare / 1000)
    assert "imbalance" in _codes(facts)


def test_ten_classes_of_a_tenth_each_are_in_balance() -> None:
    assert _facts([position % 10 for position in range(500)]).imbalance is None


def test_a_class_of_too_few_rows_is_named() -> None:
    facts = _facts(["a"] * 60 + ["b"] * 50 + ["c"] * 3)
    (rare,) = [finding for finding in facts.findings if finding.code == "rare_class"]
    assert "(c)" in rare.message


def test_rows_that_follow_in_time_are_not_offered_to_be_dealt_out() -> None:
    classes = ["no"] * 270 + ["yes"] * 30
    plain = target_summary(known(pd.DataFrame({"y": classes, "x": range(300)})).profile, "y")
    assert plain.findings[0].remedies[0].changes == {"validation.strategy": "stratified_k_fold"}
    days = pd.date_range("2001-01-01", periods=300)
    timed = target_summary(known(pd.DataFrame({"day": days, "y": classes, "x": range(300)})).profile, "y")
    assert timed.findings[0].remedies == ()


@pytest.mark.parametrize(("values", "said"), [([7.5] * 60, "only one value"), ([None] * 60, "no value")])
def test_a_target_without_two_values_is_an_error(values: list[Any], said: str) -> None:
    facts = _facts(values)
    (finding,) = facts.findings
    assert (finding.code, finding.severity) == ("single_class", Severity.ERROR)
    assert said in finding.message


def test_a_number_has_a_tail_and_a_share_of_noughts() -> None:
    rain = np.random.default_rng(0).gamma(0.5, 9, 400).round(2)
    rain[:150] = 0
    facts = _facts(rain.tolist())
    assert facts.task is TaskKind.REGRESSION
    assert facts.skew is not None
    assert facts.skew > 0.5
    assert facts.zero_share == pytest.approx((rain == 0).mean())
    assert _codes(facts) == {"skewed_target"}
    assert "it is 0 on" in facts.findings[0].message
    even = _facts(np.random.default_rng(0).normal(50, 9, 400).round(2).tolist())
    assert even.skew == pytest.approx(0, abs=0.2)
    assert even.findings == ()
    few = _facts([0.5, 1.5, 2.5, 90.5], task=TaskKind.REGRESSION)
    assert "skewed_target" not in _codes(few), "four values may lie like this by luck"


def test_what_the_user_said_about_kind_and_task_holds() -> None:
    values = [position % 7 for position in range(210)]
    assert _facts(values).task is TaskKind.MULTICLASS
    assert _facts(values, task=TaskKind.REGRESSION).classes == ()
    assert _facts(values, kind=ColumnKind.NUMERIC).task is TaskKind.REGRESSION


def test_a_target_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        target_summary(sample("piscataquis_01031500_daily.csv").profile, "no such column")


def test_missing_targets_are_counted_and_the_facts_travel_as_json() -> None:
    facts = target_summary(sample("piscataquis_01031500_daily.csv").profile, "discharge_mm")
    assert _codes(facts) == {"target_missing", "skewed_target"}
    values = json.loads(json.dumps(facts.to_json()))
    assert (values["name"], values["task"], values["missing"]) == ("discharge_mm", "regression", 92)
    assert {"classes", "imbalance"}.isdisjoint(values)


def test_the_classes_of_a_real_target() -> None:
    values = target_summary(real_file("general/uci_bank-full.csv").profile, "y").to_json()
    assert values["classes"][1] == {"value": "yes", "count": 5289, "share": 0.116985}
    assert (values["imbalance"]["degree"], values["imbalance"]["ratio"]) == ("moderate", 7.55)


@pytest.mark.parametrize(
    ("values", "task", "waits_for"),
    [
        pytest.param(RNG.integers(0, 26, 3000), "multiclass", "classes", id="26 classes of one size"),
        pytest.param(RNG.poisson(9, 3000).clip(1, 26), "regression", "classes", id="counts"),
        pytest.param(RNG.integers(3, 9, 3000), "multiclass", None, id="few"),
        pytest.param(RNG.integers(0, 900, 3000), "regression", None, id="many"),
        pytest.param(RNG.permutation(33), "regression", None, id="each once"),
        pytest.param(RNG.normal(size=3000).round(3), "regression", None, id="decimals"),
    ],
)
def test_whole_numbers_that_may_be_classes_are_a_question(values: Any, task: str, waits_for: str | None) -> None:
    facts = _facts([*values])
    assert (facts.task, facts.waits_for) == (task, waits_for)
    findings = [item for item in facts.findings if item.code == "task_unclear"]
    assert len(findings) == (waits_for is not None)
    for finding in findings:
        assert finding.remedies[0].changes == {"data.task_kind": task}
        assert finding.remedies[0].label.endswith("(suggested)")


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["?" if position % 10 == 0 else f"{position * 0.37:.2f}" for position in range(300)], "regression"),
        (["?" if position % 10 == 0 else ("yes", "no")[position % 2] for position in range(300)], "binary"),
        (["-" if position % 10 == 0 else "abc"[position % 3] for position in range(300)], "multiclass"),
        ([-999.0 if position % 10 == 0 else position * 0.37 for position in range(300)], "regression"),
    ],
)
def test_a_task_waits_while_a_mark_of_its_target_is_open(values: list[Any], task: str) -> None:
    read = known(pd.DataFrame({"x": RNG.normal(size=300).round(4), "y": values}))
    facts = target_summary(read.profile, "y")
    assert (facts.task, facts.waits_for) == (task, "marks")
    finding = next(item for item in facts.findings if item.code == "task_waits")
    assert [remedy.kind for remedy in finding.remedies] == ["reading", "reading"]
    plan = read.plan({"data": {"target": "y"}})
    assert "task_waits" in {problem.code for problem in plan.problems}
    settled = read.plan({"data": {"target": "y", "task_kind": task}})
    assert "task_waits" not in {problem.code for problem in settled.problems}
