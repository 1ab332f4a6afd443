"""Reports that today's code and earlier versions wrote still open, and are written as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.domain.training.report.document import Report

# Each is {config, report} of a small experiment, run by the code of the day in its name.
STORED = sorted((Path(__file__).resolve().parents[1] / "reports").glob("*.json"))
TODAY = [path for path in STORED if path.stem.startswith("2026-11-30")]


def stored(path: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["report"]
    return values


def known_of(output: Any, before: Any) -> Any:
    """Return an output without the keys that were added since `before`, in the order in which it was written."""
    if isinstance(output, dict) and isinstance(before, dict):
        return {key: known_of(value, before[key]) for key, value in output.items() if key in before}
    if isinstance(output, list) and isinstance(before, list) and len(output) == len(before):
        return [known_of(*pair) for pair in zip(output, before, strict=True)]
    return output


@pytest.mark.parametrize("path", TODAY, ids=lambda path: path.stem)
def test_a_report_is_written_as_it_was_read(path: Path) -> None:
    known = known_of(Report.from_json(stored(path)).to_json(), stored(path))
    assert json.dumps(known, allow_nan=False) == json.dumps(stored(path))


def differences(before: Any, after: Any, place: str = "") -> list[str]:
    """Return where a value of the older report is gone or another one; what was added does not count."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [line for key in before for line in differences(before[key], after.get(key), f"{place}/{key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [
            line
            for position in range(len(before))
            for line in differences(before[position], after[position], f"{place}/{position}")
        ]
    return [] if before == after else [f"{place}: {before} became {after}"]


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_report_of_an_earlier_version_keeps_all_it_says(path: Path) -> None:
    assert differences(stored(path), Report.from_json(stored(path)).to_json()) == []


def test_the_unit_of_an_older_report_comes_from_its_target() -> None:
    before = stored(next(path for path in STORED if path.stem == "2026-11-25-regression"))
    before["task"]["target"] = "flow_mm"
    report = Report.from_json(before)
    units = {metric.id: metric.unit for metric in report.metrics}
    assert (report.task.unit, units["rmse"], units["nse"]) == ("mm", "mm", "")


@pytest.mark.parametrize("broken", [{}, {"task": None}, {"schema": 1, "task": {"unit": ""}}])
def test_what_is_no_report_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Report.from_json(broken)


def test_a_split_may_be_told_a_list_of_lengths() -> None:
    values = stored(TODAY[0])
    values["split"]["parameters"] = {"lengths": [3, 10, 30], "share": 0.1, "n_splits": 5, "window": None}
    report = Report.from_json(values)
    assert report.split.parameters["lengths"] == (3, 10, 30)
    assert report.to_json()["split"]["parameters"] == values["split"]["parameters"]
