"""Answers that go along when a file is read again: by name, and nothing of a column that is gone."""

from __future__ import annotations

from typing import Any

from app.domain.analysis.import_options.migrate_answers import migrate_answers
from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, ImportReport
from app.domain.vocabulary import ColumnKind


def _profile(*names: str) -> DatasetProfile:
    columns = tuple(
        ColumnProfile(name, f"c{index}", ColumnKind.NUMERIC, "", "number", missing=0, distinct=3)
        for index, name in enumerate(names)
    )
    return DatasetProfile(1, columns, ImportReport(1, 1, 0, "utf-8", ","))


BEFORE, AFTER = _profile("day", "rain", "old", "flow"), _profile("flow", "day", "rain", "new")


def _kept(answers: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return migrate_answers(answers, BEFORE, AFTER)


def test_answers_about_a_column_follow_its_name() -> None:
    answers = {"data": {"kind.c1": "text", "target": "flow"}, "features": {"column.c0": False, "known.c3": "yes"}}
    assert _kept(answers) == {
        "data": {"kind.c2": "text", "target": "flow"},
        "features": {"column.c1": False, "known.c0": "yes"},
    }


def test_what_was_said_about_a_column_that_is_gone_is_left_out() -> None:
    answers = {"data": {"kind.c2": "text", "target": "old", "time_column": "day"}, "features": {"column.c2": True}}
    assert _kept(answers) == {"data": {"time_column": "day"}}


def test_a_recipe_loses_the_column_that_is_gone_and_goes_with_the_last() -> None:
    recipes = [
        {"kind": "lag", "columns": ["old", "rain"], "parameters": {"steps": [1]}},
        {"kind": "lag", "columns": ["old"], "parameters": {"steps": [1]}},
        {"kind": "date_parts", "columns": [], "parameters": {"parts": ["doy_cyclic"]}},
    ]
    kept = _kept({"features": {"transforms": recipes}})["features"]["transforms"]
    assert [recipe["columns"] for recipe in kept] == [["rain"], []]


def test_everything_else_stays_as_it_is_and_the_dataset_does_not() -> None:
    answers: dict[str, dict[str, Any]] = {
        "data": {"dataset_id": "x", "group_column": ""},
        "model": {"estimator": "ridge", "ridge.alpha": "3"},
        "validation": {"seed": "7"},
        "features": {"transforms": "odd", "column.c99": True},
    }
    expected = {**answers, "data": {"group_column": ""}}
    assert _kept(answers) == expected
