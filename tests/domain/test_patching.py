"""What a remedy changes in a config itself: applied, its problem is gone and no error has come."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from app.domain.analysis.profiling.profile import Associations
from app.domain.checks import check_spec
from app.domain.checks.merging import merge_patch
from app.domain.checks.patching import patch_of
from app.domain.checks.schema import read_config
from app.domain.experiment import Spec
from app.domain.problems import Problem
from app.domain.vocabulary import Severity
from tests.domain.faults import Case, cases, table
from tests.domain.reading import Known
from tests.domain.tables import make_spec
from tests.domain.test_conflicts import MET

DAY = {"target": "y", "kind": "regression", "time_column": "day"}
LAG = {"columns": ["a"], "kind": "lag", "parameters": {"steps": [7]}}
SEARCH = {"enabled": True}


def _words(problem: Problem) -> str:
    return f"{problem.severity.value} {problem.step} {problem.field} {problem.code}"


def _all_heal(spec: Spec, known: Known, measured: Associations | None) -> int:
    """Apply every remedy that changes the config, each by itself; returns how many there were."""
    problems, remedy = check_spec(spec, known.profile, measured), 0
    told = Counter(map(_words, problems))
    errors = {_words(item) for item in problems if item.severity is Severity.ERROR}
    for problem in problems:
        patch = patch_of(problem, spec, known.profile, measured)
        if not patch:
            continue
        after, misfits = read_config(merge_patch(spec.to_json(), patch))
        assert after is not None, misfits
        left = Counter(_words(item) for item in check_spec(after, known.profile, measured))
        assert left[_words(problem)] < told[_words(problem)], patch
        assert {text for text in left if text.startswith("error")} <= errors, patch
        remedy += 1
    return remedy


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_patch_of_a_remedy_heals_what_a_draft_has_come_to(case: Case) -> None:
    known = table(case.table)
    plan = known.plan(case.answers, associated=True)
    if plan.spec is not None:
        _all_heal(plan.spec, known, known.associations(plan.spec.task.target))


@pytest.mark.parametrize("row", sorted(MET))
def test_the_patch_of_a_remedy_heals_what_clashes(row: str) -> None:
    name, parts = MET[row]
    _all_heal(make_spec(**parts), table(name), None)


@pytest.mark.parametrize(
    "parts",
    [
        {"selected": ["a", "y"]},
        {"selected": ["a", "gone"]},
        {"selected": ["a", "b", "a"]},
        {"task": {**DAY, "time_column": "gone"}},
        {"task": {**DAY, "group_column": "gone"}},
        {"task": DAY, "transforms": [LAG, {**LAG, "columns": ["gone"]}]},
        {"task": DAY, "transforms": [LAG, {"columns": ["a"], "kind": "one_hot"}]},
        {"task": DAY, "transforms": [LAG, {"columns": ["a"], "kind": "magic"}]},
        {"task": DAY, "transforms": [LAG, {**LAG, "parameters": {"often": 3}}]},
        {"estimator": "oracle", "parameters": {"depth": 3}, "tuning": {**SEARCH, "space": {"depth": {}}}},
        {"parameters": {"depth": 3}},
        {"parameters": {"alpha": "much"}},
        {"validation": {"strategy": "time_series", "parameters": {"n_splits": 3, "gap": 5}}},
        {"validation": {"strategy": "k_fold", "parameters": {"folds": 3}}},
        {"validation": {"strategy": "k_fold", "parameters": {"n_splits": 21}}},
        {"primary": "luck"},
        {"others": ["rmse", "luck", "accuracy", "mae"]},
        {"tuning": {**SEARCH, "metric": "luck"}},
        {"tuning": {**SEARCH, "space": {"alpha": {"low": -1}, "depth": {}}}},
        {"tuning": {**SEARCH, "space": {"fit_intercept": {"choices": []}}}},
        {"tuning": {**SEARCH, "space": {"alpha": {"fixed": True}}}},
    ],
)
def test_the_patch_of_a_remedy_heals_what_comes_from_elsewhere(parts: dict[str, Any]) -> None:
    assert _all_heal(make_spec(**parts), table("400"), None)


@pytest.mark.parametrize(
    ("part", "value", "healed"),
    [
        ("seed", "42", True),
        ("reproducibility", 3, True),
        ("tags", "rain", True),
        ("more", 1, True),
        ("metrics", None, False),
        ("tags", [""], False),
    ],
)
def test_a_part_that_does_not_fit_and_is_not_needed_is_taken_out(part: str, value: Any, healed: bool) -> None:
    config = make_spec().to_json()
    config.update({"reproducibility": {"seed": value}} if part == "seed" else {part: value})
    spec, misfits = read_config(config)
    assert spec is None
    remedy = misfits[0].remedy
    assert remedy is not None
    assert bool(remedy.patch) == healed
    assert (read_config(merge_patch(config, remedy.patch))[0] is not None) == healed


def test_a_merge_patch_does_what_its_standard_says() -> None:
    # The cases of appendix A of RFC 7396 that an object can meet.
    for target, patch, result in (
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ):
        assert merge_patch(target, patch) == result
