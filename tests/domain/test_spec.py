"""The schema of a config: what it holds, what it refuses, and that it travels as JSON unchanged."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.experiment import NAME_LENGTH, SCHEMA_VERSION, Draft, Spec
from app.domain.vocabulary import ColumnKind, SplitStrategy, TaskKind

QUIET = settings(max_examples=50, deadline=None, derandomize=True)
CONTRACT: dict[str, Any] = {
    "schema_version": 1,
    "name": "River",
    "description": "",
    "tags": ["daily"],
    "task": {"target": "discharge_mm", "kind": "regression", "time_column": "date", "group_column": None},
    "features": {
        "selected": ["prcp_mm"],
        "transforms": [{"columns": ["prcp_mm"], "kind": "lag", "parameters": {"steps": [1, 2, 3]}}],
    },
    "model": {
        "estimator": "hist_gradient_boosting",
        "parameters": {},
        "tuning": {
            "enabled": False,
            "trials": 30,
            "metric": "nse",
            "sampler": "tpe",
            "pruning": "median",
            "inner": 3,
            "space": {"max_depth": {"fixed": False, "low": 2, "high": 20, "log": True, "choices": None}},
        },
    },
    "validation": {
        "strategy": "time_series",
        "parameters": {"n_splits": 5, "gap": 7},
        "holdout": {"fraction": 0.2},
    },
    "metrics": {"primary": "nse", "others": ["kge_2012", "rmse", "pbias"]},
    "reproducibility": {"seed": 42},
}
LEAST: dict[str, Any] = {
    "task": {"target": "y", "kind": "binary"},
    "features": {"selected": []},
    "model": {"estimator": "ridge"},
    "validation": {"strategy": "k_fold"},
    "metrics": {"primary": "accuracy"},
}


def _with(path: str, value: Any, base: dict[str, Any] = CONTRACT) -> dict[str, Any]:
    """Return a config in which one place holds another value."""
    changed = copy.deepcopy(base)
    *parents, last = path.split(".")
    place = changed
    for name in parents:
        place = place.setdefault(name, {})
    place[last] = value
    return changed


def _faults(values: Any) -> list[str]:
    """Return where a config is refused."""
    with pytest.raises(ValidationError) as caught:
        Spec.model_validate(values)
    return [".".join(str(part) for part in item["loc"]) for item in caught.value.errors(include_url=False)]


def test_the_config_of_the_contract_is_read_and_written_unchanged() -> None:
    outputs = Spec.model_validate(CONTRACT).to_json()
    assert {name: outputs[name] for name in CONTRACT} == CONTRACT
    # What the contract's example leaves out beside the dataset is what was said about columns: nothing.
    left = {name: outputs[name] for name in outputs if name not in CONTRACT}
    assert left == {"data": {"column_kinds": {}}, "leakage": {"answers": {}}}


def test_what_is_left_out_has_the_defaults_of_the_contract() -> None:
    spec = Spec.model_validate(LEAST)
    assert (spec.schema_version, spec.reproducibility.seed) == (SCHEMA_VERSION, 42)
    assert (spec.name, spec.description, spec.tags) == ("", "", [])
    assert (spec.task.time_column, spec.task.group_column, spec.validation.holdout) == (None, None, None)
    assert spec.model.tuning.enabled is False


@pytest.mark.parametrize("part", ["task", "features", "model", "validation", "metrics"])
def test_a_part_that_has_no_default_must_be_there(part: str) -> None:
    assert _faults({name: value for name, value in CONTRACT.items() if name != part}) == [part]


def test_a_config_from_before_searches_had_a_space_is_read() -> None:
    short = Spec.model_validate(_with("model.tuning", {"enabled": True, "trials": 7, "metric": "nse"})).model.tuning
    assert (short.trials, short.sampler, short.pruning, short.inner, short.space) == (7, "tpe", "median", 3, {})


@pytest.mark.parametrize(
    "path",
    [
        "extra",
        "data.extra",
        "task.extra",
        "features.extra",
        "model.extra",
        "model.tuning.extra",
        "validation.extra",
        "validation.holdout.extra",
        "metrics.extra",
        "reproducibility.extra",
    ],
)
def test_an_unknown_field_is_refused_by_name_wherever_it_stands(path: str) -> None:
    assert _faults(_with(path, 1)) == [path]


def test_an_unknown_field_of_a_recipe_is_refused() -> None:
    assert _faults(_with("features.transforms", [{"kind": "lag", "reach": 3}])) == ["features.transforms.0.reach"]


@pytest.mark.parametrize("version", [0, 2, -1, 1.5, "2", "1", None, [1]])
def test_only_the_known_version_is_read(version: Any) -> None:
    assert _faults(_with("schema_version", version)) == ["schema_version"]


@pytest.mark.parametrize(
    ("path", "good", "bad"),
    [
        ("reproducibility.seed", [0, 2**32 - 1], [-1, 2**32, 0.5, "x", None]),
        ("validation.holdout.fraction", [1e-9, 0.2, 0.899], [0, -0.1, 0.9, 1, float("nan"), float("inf"), "x"]),
        ("model.tuning.trials", [1, 10_000], [0, 10_001, -1, 2.5]),
        ("model.tuning.inner", [2, 10], [1, 11, 2.5, "x"]),
        ("model.tuning.sampler", ["tpe", "random", "qmc", "grid"], ["luck", None]),
        ("model.tuning.pruning", ["none", "median", "halving"], ["late", None]),
        ("name", ["", "n" * NAME_LENGTH], ["n" * (NAME_LENGTH + 1), 5, None]),
        ("description", ["d" * 5000], ["d" * 5001]),
        ("tags", [[], ["t" * 50] * 20], [["t" * 51], [""], ["t"] * 21, "t", [1]]),
        ("task.target", ["y", "n" * 1000, "Ziel (m³/s)"], ["", "n" * 1001, None, 5]),
        ("task.time_column", [None, "day"], ["", 5]),
        ("features.selected", [[], ["a"]], [[""], [None], "a", [1]]),
        ("data.column_kinds", [{}, {"a": "numeric"}], [{"a": "number"}, {"": "numeric"}, {"a": None}, []]),
    ],
)
def test_the_bounds_of_a_field_hold_at_their_edges(path: str, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        outputs = Spec.model_validate(_with(path, value)).to_json()
        for name in path.split("."):
            outputs = outputs[name]
        assert outputs == value
    for value in bad:
        assert all(place.startswith(path) for place in _faults(_with(path, value))), value


@pytest.mark.parametrize("kind", list(TaskKind))
def test_every_kind_of_task_is_known_by_its_word(kind: TaskKind) -> None:
    assert Spec.model_validate(_with("task.kind", kind.value)).task.kind is kind


@pytest.mark.parametrize("strategy", list(SplitStrategy))
def test_every_strategy_is_known_by_its_word(strategy: SplitStrategy) -> None:
    assert Spec.model_validate(_with("validation.strategy", strategy.value)).validation.strategy is strategy


@pytest.mark.parametrize(("path", "word"), [("task.kind", "Regression"), ("validation.strategy", "kfold")])
def test_a_word_that_is_not_on_the_list_is_refused(path: str, word: str) -> None:
    assert _faults(_with(path, word)) == [path]


@pytest.mark.parametrize("values", [None, [], "", 5, {}, [CONTRACT]])
def test_what_is_no_config_at_all_is_refused(values: Any) -> None:
    assert _faults(values)


def test_a_config_cannot_be_changed_after_it_was_made() -> None:
    spec = Spec.model_validate(CONTRACT)
    with pytest.raises(ValidationError):
        spec.name = "other"
    with pytest.raises(ValidationError):
        spec.task.target = "other"


NAMES = st.text(min_size=1, max_size=12)
NUMBERS = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.none() | st.booleans() | NUMBERS | st.text(max_size=8)
SPECS = st.fixed_dictionaries(
    {
        "name": st.text(max_size=40),
        "tags": st.lists(st.text(min_size=1, max_size=10), max_size=5),
        "data": st.fixed_dictionaries(
            {"column_kinds": st.dictionaries(NAMES, st.sampled_from([kind.value for kind in ColumnKind]), max_size=3)}
        ),
        "task": st.fixed_dictionaries({"target": NAMES, "kind": st.sampled_from([kind.value for kind in TaskKind])}),
        "features": st.fixed_dictionaries({"selected": st.lists(NAMES, max_size=4)}),
        "model": st.fixed_dictionaries(
            {
                "estimator": NAMES,
                "parameters": st.dictionaries(NAMES, VALUES | st.lists(VALUES, max_size=3), max_size=3),
            }
        ),
        "validation": st.fixed_dictionaries(
            {
                "strategy": st.sampled_from([strategy.value for strategy in SplitStrategy]),
                "holdout": st.none() | st.fixed_dictionaries({"fraction": st.floats(0.001, 0.89)}),
            }
        ),
        "metrics": st.fixed_dictionaries({"primary": NAMES, "others": st.lists(NAMES, max_size=3)}),
        "reproducibility": st.fixed_dictionaries({"seed": st.integers(0, 2**32 - 1)}),
    }
)


@QUIET
@given(values=SPECS)
def test_a_config_goes_through_json_text_and_back_unchanged(values: dict[str, Any]) -> None:
    spec = Spec.model_validate(values)
    text = json.dumps(spec.to_json(), allow_nan=False)
    assert Spec.model_validate(json.loads(text)) == spec
    assert Spec.model_validate_json(text) == spec


def test_a_draft_tells_an_empty_answer_from_none_at_all() -> None:
    draft = Draft({"data": {"target": "", "time_column": None}})
    assert draft.has("data", "target")
    assert draft.has("data", "time_column")
    assert not draft.has("data", "group_column")
    assert not draft.has("model", "estimator")
    assert draft.get("data", "target", "y") == ""
    assert draft.get("data", "group_column", "site") == "site"
    assert draft.get("model", "estimator") is None


def test_config_without_a_purpose_stays_as_it_was() -> None:
    task = Spec.model_validate(CONTRACT).to_json()["task"]
    assert set(task) == {"target", "kind", "time_column", "group_column"}


def test_config_keeps_its_purpose() -> None:
    answers = {"purpose": "forecast", "horizon": 3, "drivers_known_ahead": False}
    spec = Spec.model_validate({**CONTRACT, "task": {**CONTRACT["task"], **answers}})
    assert answers.items() <= spec.to_json()["task"].items()
    with pytest.raises(ValidationError, match="horizon"):
        Spec.model_validate({**CONTRACT, "task": {**CONTRACT["task"], "horizon": 0}})
