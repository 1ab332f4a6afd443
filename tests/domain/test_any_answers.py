"""Answers of any shape that JSON can have: the plan never raises, and what it says stays in order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.estimators import registry
from app.domain.experiment import Draft, Spec
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import make_plan
from app.domain.training.preprocessing.transforms import TRANSFORMS
from app.domain.training.validation import metrics
from app.domain.training.validation.splitting import STRATEGIES
from app.domain.vocabulary import ColumnKind, Severity, TaskKind
from app.domain.wizard import SLUGS
from tests.domain.faults import table
from tests.domain.reading import MACHINE, Known, sample
from tests.variants import slow_but

QUIET = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
RIVER, PENGUINS = "piscataquis_01031500_daily.csv", "rd_palmerpenguins_penguins_raw.csv"
TABLES = ("odd", "20", RIVER, PENGUINS)
ODD_TEXT = st.text(st.characters(), max_size=12) | st.sampled_from(["", " ", "\x00", "\ud800", "é" * 300, "1" * 5000])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ODD_TEXT | st.just(10**400)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD_TEXT, inner, max_size=3), max_leaves=6
)


def _columns(known: Known) -> list[str]:
    return [column.name for column in known.profile.columns]


def _near_words(known: Known) -> st.SearchStrategy[Any]:
    """Return answers that are nearly right: words of the house, in the right place or not."""
    words = [*_columns(known), *(entry.id for entry in registry.ESTIMATORS), *(metric.id for metric in metrics.METRICS)]
    words += [*TaskKind, *ColumnKind, *(entry.id.value for entry in STRATEGIES)]
    numbers = ["0", "1", "2", "20", "0,5", "-1", "1e400", "nan", "4294967296", "5,000", "0.004"]
    return st.sampled_from([str(word) for word in words]) | st.sampled_from(numbers)


def _recipes(known: Known) -> st.SearchStrategy[Any]:
    kinds = st.sampled_from([*(entry.kind for entry in TRANSFORMS), "magic", "", None, 5])
    columns = JSON | st.lists(st.sampled_from([*_columns(known), "gone"]), max_size=3)
    amounts = JSON | st.lists(st.integers(-1, 500), max_size=4) | st.sampled_from(["1, 2; 3", "7", "doy_cyclic"])
    parameters = JSON | st.dictionaries(
        st.sampled_from(["steps", "window", "parts", "offset", "decay", "most", "folds", "x"]), amounts, max_size=3
    )
    recipe = st.fixed_dictionaries({}, optional={"kind": kinds, "columns": columns, "parameters": parameters})
    return st.lists(recipe | JSON, max_size=4)


def _fields(known: Known) -> dict[str, list[str]]:
    keys = [column.key for column in known.profile.columns]
    model = [f"{entry.id}.{parameter.name}" for entry in registry.ESTIMATORS for parameter in entry.parameters]
    validation = [f"{entry.id.value}.{parameter.name}" for entry in STRATEGIES for parameter in entry.parameters]
    validation += ["strategy", "holdout_percent", "seed", "primary_metric", "other_metrics"]
    return {
        "data": ["dataset_id", "target", "task_kind", "time_column", "group_column", *(f"kind.{key}" for key in keys)],
        "features": ["transforms", "rules", *(f"column.{key}" for key in keys)],
        "model": ["estimator", "ranking", *model],
        "validation": validation,
        "review": ["name", "description", "tags", "notes"],
    }


@st.composite
def _drafts(draw: st.DrawFn, known: Known) -> dict[str, dict[str, Any]]:
    fields, near, recipes = _fields(known), _near_words(known), _recipes(known)
    answers: dict[str, dict[str, Any]] = {}
    for step in draw(st.lists(st.sampled_from(SLUGS), unique=True)):
        names = st.sampled_from(fields[step]) | ODD_TEXT
        current_values = answers.setdefault(step, {})
        for name in draw(st.lists(names, max_size=6)):
            current_values[name] = draw(recipes if name == "transforms" else near | near | JSON)
    if draw(st.booleans()):
        # Without a target that is there the plan ends early, so half of the drafts have one.
        answers.setdefault("data", {})["target"] = draw(st.sampled_from(_columns(known)))
    return answers


def _known(name: str) -> Known:
    return sample(name) if name.endswith(".csv") else table(name)


def _is_in_order(plan: Plan) -> None:
    steps = [SLUGS.index(item.step) for item in plan.problems]
    assert steps == sorted(steps)
    for problem in plan.problems:
        assert problem.code
        assert problem.message.strip()
        assert len(problem.message) < 400
        assert problem.severity in tuple(Severity)
        assert problem.remedy is not None
        assert problem.remedy.label
        assert set(problem.remedy.changes) <= set(SLUGS)
    assert set(plan.values) == set(plan.suggestions) == set(SLUGS)
    # What is suggested is the product's own, so it can always be written down, whatever was answered.
    json.dumps(plan.suggestions, allow_nan=False)
    if plan.spec is None:
        assert any(item.severity is Severity.ERROR for item in plan.problems)
    else:
        assert Spec.model_validate(json.loads(json.dumps(plan.spec.to_json(), allow_nan=False))) == plan.spec
    assert all(choice.reason for choice in plan.columns if not choice.selected)


@pytest.mark.parametrize("name", slow_but(("odd",), TABLES))
def test_no_answer_makes_the_plan_raise(name: str) -> None:
    known = _known(name)

    @QUIET
    @given(answers=_drafts(known))
    def think(answers: dict[str, dict[str, Any]]) -> None:
        before = json.dumps(answers, default=str)
        plan = make_plan(Draft(answers), known.profile, None, machine=MACHINE)
        _is_in_order(plan)
        assert json.dumps(answers, default=str) == before
        for step, fields in answers.items():
            for field, raw in fields.items():
                if not (step == "features" and field == "transforms" and not isinstance(raw, list)):
                    assert plan.values[step][field] is raw

    think()


@pytest.mark.parametrize("name", slow_but(("odd",), TABLES))
def test_a_plan_made_twice_is_the_same(name: str) -> None:
    known = _known(name)

    @settings(QUIET, max_examples=25)
    @given(answers=_drafts(known))
    def think(answers: dict[str, dict[str, Any]]) -> None:
        plan, other = (make_plan(Draft(answers), known.profile, None, machine=MACHINE) for _ in range(2))
        assert (plan.spec, plan.problems, plan.columns, plan.reasons) == (
            other.spec,
            other.problems,
            other.columns,
            other.reasons,
        )

    think()


@pytest.mark.parametrize("answers", [{}, {"data": {}}, {"nowhere": {"target": "y"}}, {step: {} for step in SLUGS}])
def test_answers_to_nothing_change_nothing(answers: dict[str, dict[str, Any]]) -> None:
    known = _known(RIVER)
    assert known.plan(answers).spec == known.plan().spec


@pytest.mark.parametrize("step", ["data", "features", "model", "validation", "review"])
@pytest.mark.parametrize("raw", [None, True, 0, -1, 0.5, "", "x", [], [[]], {}, {"a": [None]}, "1" * 5000, 10**400])
def test_every_field_takes_every_shape(step: str, raw: Any) -> None:
    known = _known("20")
    for field in _fields(known)[step]:
        answers: dict[str, dict[str, Any]] = {"data": {"target": "y"}}
        answers.setdefault(step, {})[field] = raw
        _is_in_order(make_plan(Draft(answers), known.profile, None, machine=MACHINE))


@pytest.mark.parametrize("parameters", [[1], {"parts": [[]]}, "steps"])
def test_a_recipe_with_odd_parameters_is_refused_in_a_sentence(parameters: Any) -> None:
    answers = {"features": {"transforms": [{"kind": "date_parts", "columns": [], "parameters": parameters}]}}
    (problem,) = (item for item in _known(RIVER).plan(answers).problems if item.field == "transforms")
    assert problem.message[0].isupper()
    assert problem.message.endswith(".")
