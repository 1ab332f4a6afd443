"""What a training worked out: rules of windows, rows by rule and hash, steps as data, and what is given against it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.json_values import from_json
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.resolved import document
from app.domain.training.resolved.build import resolve_unfitted
from app.domain.training.resolved.differences import (
    MAX_DIFFERENCES,
    fitted_differences,
    unfitted_differences,
    version_differences,
)
from app.domain.training.resolved.document import Resolved
from app.domain.training.resolved.row_sets import RowDescriber, hash_of, runs_of
from app.domain.training.run import train
from tests.domain.tables import made, make_spec, profile_of

DOCS = Path(__file__).resolve().parents[2] / "docs" / "resolved.md"
RECIPES = [
    {"columns": ["y"], "kind": "lag", "parameters": {"steps": [1, 4]}},
    {"columns": ["y"], "kind": "rolling_mean", "parameters": {"window": 5}},
    {"columns": ["a"], "kind": "rolling_sum", "parameters": {"window": 7}},
    {"columns": ["a"], "kind": "cyclic", "parameters": {"period": 12.0}},
    {"columns": [], "kind": "date_parts", "parameters": {"parts": ["doy_cyclic", "year"]}},
]
FORWARD: dict[str, Any] = {
    "task": {"target": "y", "time_column": "day"},
    "selected": ["a", "b", "word"],
    "transforms": RECIPES,
    "validation": {"strategy": "time_series", "parameters": {"n_splits": 3, "gap": 2}, "holdout": {"fraction": 0.2}},
}


def resolved_of(frame: pd.DataFrame, **parts: Any) -> dict[str, Any]:
    """Train on a frame, and return the resolved part of its report."""
    spec = make_spec(**parts)
    profile = profile_of(frame, spec.task.time_column)
    result = train(spec, frame, profile, on_progress=lambda _: None, should_stop=lambda: False)
    return json.loads(json.dumps(result.report.to_json()["resolved"], allow_nan=False))


def test_what_is_written_is_read_by_its_own_schema() -> None:
    for parts in (FORWARD, {**FORWARD, "estimator": "multilayer_perceptron", "parameters": {"max_iter": 20}}):
        resolved = resolved_of(made(120), **parts)
        assert from_json(Resolved, resolved).to_json() == resolved


@pytest.mark.parametrize("wrong", [{"more": 1}, {"seed": -1}, {"seed": "42"}, {"parts": [{}]}, {"schema": 2}])
def test_the_schema_refuses_what_it_does_not_know(wrong: dict[str, Any]) -> None:
    resolved = resolved_of(made(120), **FORWARD)
    with pytest.raises(ValueError, match="validation error"):
        from_json(Resolved, {**resolved, **wrong})


def test_every_field_of_the_schema_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    kinds = [kind for kind in vars(document).values() if is_dataclass(kind) and isinstance(kind, type)]
    names = {field.name for kind in kinds for field in fields(kind)}
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_windows_say_what_they_look_at() -> None:
    derived = {item["name"]: item for item in resolved_of(made(120), **FORWARD)["derived"]}
    assert list(derived)[:4] == ["y_lag_1", "y_lag_4", "y_mean_5", "a_sum_7"]
    lag, target, rain = derived["y_lag_4"], derived["y_mean_5"], derived["a_sum_7"]
    assert (lag["offset"], lag["inclusive"], lag["by"], lag["step_seconds"]) == (4, False, "time", 86_400.0)
    assert (target["offset"], target["inclusive"], target["window"], target["minimum_known"]) == (1, False, 5, 4)
    assert (rain["offset"], rain["inclusive"], rain["window"], rain["minimum_known"]) == (0, True, 7, 6)
    assert derived["a_circle_12_cos"]["parameters"] == {"period": 12.0, "wave": "cosine"}
    assert derived["day_year"]["parameters"] == {"part": "year"}


def test_steps_by_moment_are_said_where_the_step_varies() -> None:
    frame = made(120).drop(index=range(40, 60, 3)).assign(day=lambda rows: rows["day"] + pd.to_timedelta(7, "h"))
    frame.loc[frame.index[5], "day"] += pd.Timedelta(hours=3)
    derived = resolved_of(frame, **FORWARD)["derived"]
    assert {item["by"] for item in derived} == {"moment", "row"}
    assert all("step_seconds" not in item for item in derived)


def test_rows_are_proven_by_a_hash_anybody_can_compute() -> None:
    frame = made(120).sample(frac=1, random_state=3).reset_index(drop=True)
    resolved = resolved_of(frame, **FORWARD)
    order = np.argsort(frame["day"].to_numpy(), kind="stable") + 1
    part = resolved["parts"][0]["validation"]
    days = frame["day"].iloc[order - 1]
    inside = order[days.between(part["start"], part["end"]).to_numpy()]
    assert part["rule"] == "dates"
    assert hashlib.sha256("\n".join(map(str, inside)).encode()).hexdigest() == part["sha256"]
    assert resolved["table"]["sha256"] == hash_of(order)


def test_runs_of_numbers_are_their_neighbours() -> None:
    assert runs_of(np.array([5, 1, 2, 3, 9])) == ((1, 3), (5, 5), (9, 9))
    assert runs_of(np.array([], dtype=np.intp)) == ()


def test_groups_name_their_rows() -> None:
    task = {"target": "y", "group_column": "site"}
    frame = made(120).assign(site=lambda rows: np.repeat(["a", "b", "c"], len(rows) // 3))
    resolved = resolved_of(frame, task=task, validation={"strategy": "leave_one_group_out"})
    assert [part["validation"]["groups"] for part in resolved["parts"]] == [["a"], ["b"], ["c"]]
    assert [part["train"]["groups"] for part in resolved["parts"]] == [["b", "c"], ["a", "c"], ["a", "b"]]


def test_dates_held_out_and_warm_up_are_rows_by_rule() -> None:
    current_values = {"from": "2002-01-01", "to": "2002-01-20"}
    validation = {**FORWARD["validation"], "holdout": current_values, "warm_up": 7}
    resolved = resolved_of(made(120), **{**FORWARD, "validation": validation})
    assert (resolved["split"]["holdout"], resolved["split"]["warm_up"]) == (current_values, 7)
    last = resolved["parts"][-1]
    assert (last["name"], last["validation"]["rule"]) == ("hold-out", "dates")
    assert (last["validation"]["start"], last["validation"]["end"]) == ("2002-01-01T00:00:00", "2002-01-20T00:00:00")
    assert resolved["split"]["development"] == last["train"]
    assert last["train"]["start"] == "2001-10-08T00:00:00"


def test_rows_that_chance_draws_are_listed_then_drawn() -> None:
    spec, frame = make_spec(), made(90)
    table = prepare(spec, frame, profile_of(frame))
    rows = np.sort(np.random.default_rng(1).choice(90, 40, replace=False))
    listed = RowDescriber(table, np.arange(90)).describe(rows)
    drawn = RowDescriber(table, np.arange(90), left=3).describe(rows)
    assert (listed.rule, drawn.rule, drawn.runs) == ("rows", "drawn", None)
    assert sum(last - first + 1 for first, last in listed.runs or ()) == 40
    assert listed.sha256 == drawn.sha256
    rest = RowDescriber(table, np.arange(90)).describe(np.setdiff1d(np.arange(90), rows), others=rows)
    assert rest.rule == "rest"


def test_chosen_columns_and_found_settings_stand_with_their_part() -> None:
    rules = {"kind": "keep_strongest", "amount": 1}
    spec = make_spec(**FORWARD).model_copy(update={"features": make_spec(**FORWARD).features})
    features = spec.features.model_copy(update={"selection": [document_rule(rules)]})
    tuned = spec.model.model_copy(
        update={"tuning": spec.model.tuning.model_copy(update={"enabled": True, "trials": 3, "inner": 2})}
    )
    spec, frame = spec.model_copy(update={"features": features, "model": tuned}), made(120)
    result = train(spec, frame, profile_of(frame, "day"), on_progress=lambda _: None, should_stop=lambda: False)
    outputs = result.report.to_json()["resolved"]
    assert outputs["selection"] == [{"kind": "keep_strongest", "amount": 1, "measure": "association", "seed": 42}]
    for number, part in enumerate(outputs["parts"]):
        assert len(part["chosen"]) == 1
        assert part["search_seed"] == 42 + 7919 * number
        assert set(part["settings"]) == {"alpha"}
        alpha = part.get("estimator", outputs["estimator"])["parameters"]["alpha"]
        assert alpha == part["settings"]["alpha"]
        columns = [name for item in part["prepare"] for name in item["columns"]]
        assert set(part["chosen"]) <= set(columns)
        assert len(columns) == 1 + len(outputs["derived"])


def document_rule(values: dict[str, Any]) -> Any:
    from app.domain.experiment import SelectionPart

    return SelectionPart.model_validate(values)


def _unfitted() -> dict[str, Any]:
    frame = made(120)
    return resolve_unfitted(make_spec(**FORWARD), frame, profile_of(frame, "day"), given={}).to_json()


def test_what_training_writes_differs_in_nothing_from_what_is_checked() -> None:
    assert unfitted_differences(resolved_of(made(120), **FORWARD), _unfitted()) == ()


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda item: item.update(seed=7), "resolved.seed"),
        (lambda element: element.update(magic=1), "resolved.magic"),
        (lambda entry: entry["table"].update(rows=True), "resolved.table.rows"),
        (lambda member: member["table"].update(sha256="0" * 64), "resolved.table.sha256"),
        (lambda each_item: each_item["derived"][2].update(offset=0), "resolved.derived.y_mean_5.offset"),
        (lambda one: one["parts"][1]["train"].update(count=1), "resolved.parts.fold 2.train.count"),
        (lambda one: one["parts"].pop(), "resolved.parts"),
        (lambda one: one.update(parts="all"), "resolved.parts"),
        (lambda one: one["estimator"]["parameters"].update(alpha=2), "resolved.estimator.parameters.alpha"),
        (lambda one: one["prepare"][0]["steps"][0].update(step="x"), "resolved.prepare.numbers.steps.1.step"),
    ],
)
def test_a_difference_is_told_by_its_place(change: Any, place: str) -> None:
    given = json.loads(json.dumps(_unfitted()))
    change(given)
    (difference,) = unfitted_differences(given, _unfitted())
    assert difference.place == place
    assert difference.sentence.startswith(f"{place} is given as ")
    assert difference.sentence.endswith(".")


def test_what_is_left_out_or_only_learned_is_not_compared() -> None:
    assert unfitted_differences({}, _unfitted()) == ()
    assert unfitted_differences({"seed": 42, "magic": None}, _unfitted()) == ()
    given = {"parts": [{**part, "settings": {"alpha": 3}} for part in _unfitted()["parts"]]}
    assert unfitted_differences(given, _unfitted()) == ()
    (difference, *_) = fitted_differences(given, {"parts": [{"name": "fold 1", "settings": {"alpha": 4}}] * 4})
    assert difference.sentence == "resolved.parts.fold 1.settings.alpha is given as 3, and worked out as 4."


def test_versions_are_compared_by_themselves() -> None:
    assert version_differences({"versions": {"numpy": "1"}}, {"numpy": "1", "pandas": "2"}) == ()
    (difference,) = version_differences({"versions": {"numpy": "1"}}, {"numpy": "2"})
    assert difference.sentence == "resolved.versions.numpy is given as 1, and worked out as 2."
    (unknown,) = version_differences({"versions": {"torch": "2"}}, {"numpy": "2"})
    assert "nothing of that name" in unknown.sentence
    assert version_differences({"versions": [1]}, {})


def test_no_more_differences_are_told_than_anybody_reads() -> None:
    given = {f"more {number}": number for number in range(1000)}
    assert len(unfitted_differences(given, _unfitted())) == MAX_DIFFERENCES
