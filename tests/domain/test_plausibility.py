"""Estimates below zero of a target that never is are counted and said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.training.validation.plausibility import BelowZero, below_zero, implausible_sentence
from tests.domain.tables import made
from tests.domain.test_report import run

FLOW = np.array([0.0, 1.0, 40.0])


@pytest.mark.parametrize(
    ("observed", "said", "expected"),
    [
        (FLOW, [0.5, -0.8, -0.1, 3.0], BelowZero(2, 4, -0.8)),
        (FLOW, [0.0, 2.0], None),
        (FLOW, [-1e-12, 2.0], None),
        (FLOW - 1, [-5.0], None),
        (FLOW, [], None),
        (np.zeros(3), [-0.1], BelowZero(1, 1, -0.1)),
    ],
)
def test_only_estimates_that_the_target_cannot_be_are_found(observed: Any, said: Any, expected: Any) -> None:
    assert below_zero(observed, np.asarray(said, dtype=float)) == expected


def test_the_sentence_says_how_many_how_low_and_how_to_read_them() -> None:
    assert implausible_sentence(BelowZero(17, 10_973, -0.8412), target="discharge_mm", unit="mm") == (
        "17 of 10,973 predictions are negative; discharge_mm never is in its data. The lowest is \u22120.841 mm. "
        "Read them as zero: scores and the file of predictions keep them as predicted."
    )
    assert implausible_sentence(BelowZero(1, 9, -1e-7), target="q", unit="").startswith(
        "1 of 9 predictions is negative"
    )
    assert "\u22121e\u22127." in implausible_sentence(BelowZero(1, 9, -1e-7), target="q", unit="")


def test_the_report_notes_what_its_own_predictions_hold() -> None:
    frame = made(120).rename(columns={"y": "flow_mm"})
    frame["flow_mm"] = np.maximum(frame["flow_mm"], 0)
    result = run(frame, task={"target": "flow_mm"})
    below = result.predictions["predicted"] < 0
    assert below.any()
    (note,) = [row for row in result.report.to_json()["notes"] if "negative" in row]
    assert note.startswith(f"{below.sum()} of 120 predictions are negative")
    assert " mm. Read them" in note
    signed: pd.DataFrame = made(120)
    assert signed["y"].min() < 0
    assert not any("negative" in row for row in run(signed).report.to_json()["notes"])
