"""What the Features step shows is measured on development rows: held-out rows move none of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.associations.correlation import Method
from app.domain.recommendation.plan import Plan
from app.domain.training.development import HoldoutRule
from app.services.datasets.datasets import sound_rows_of
from app.services.drafts import draft_context, drafts
from app.services.measurements import associations, correlations, development, rankings, spreads
from app.services.measurements.request import kinds_of
from app.storage import columnar
from app.storage.tables import Dataset, DraftRow, User
from tests.services.tables import draft_on, upload

ROWS, HELD = 300, 60


def _table() -> pd.DataFrame:
    random = np.random.default_rng(6)
    frame = pd.DataFrame(random.normal(size=(ROWS, 6)).round(4), columns=[f"gauge_{position}" for position in range(6)])
    frame["soil"] = random.choice(["clay", "sand"], size=ROWS)
    frame.insert(0, "day", pd.date_range("2001-10-01", periods=ROWS).strftime("%Y-%m-%d"))
    frame["flow"] = (frame["gauge_0"] - frame["gauge_1"] + random.normal(size=ROWS)).round(4)
    return frame


def _poisoned(frame: pd.DataFrame, rows: Any) -> pd.DataFrame:
    random, changed = np.random.default_rng(1), frame.copy()
    for name in changed.columns:
        if name.startswith("gauge"):
            changed.loc[rows, name] = random.permutation(changed.loc[rows, name].to_numpy())
    changed.loc[rows, "flow"] = (changed.loc[rows, "gauge_5"] * 3).round(4)
    changed.loc[rows, "soil"] = "clay"
    return changed


def _draft(user: User, frame: pd.DataFrame, **data: str) -> tuple[DraftRow, Dataset]:
    dataset = upload(user, frame.to_csv(index=False).encode())
    return draft_on(user, dataset, target="flow", **data), dataset


def _plan(user: User, row: DraftRow) -> Plan:
    return drafts.plan_of(user, drafts.get_draft(user, row.id))


def _seen(user: User, row: DraftRow, dataset: Dataset) -> dict[str, Any]:
    """Return all that the Features step shows of how columns go with one another."""
    plan = _plan(user, row)
    assert plan.spec is not None
    rule = HoldoutRule.of(plan.spec)
    names = [choice.profile.name for choice in plan.columns]
    kinds = {choice.profile.name: choice.profile.kind for choice in plan.columns}
    every = kinds_of(datasets_profile(dataset), plan.spec.data.column_kinds)
    result = associations.known_for(dataset, plan.spec.task.target, every, rule)
    assert result is not None
    matrix = correlations.start(dataset, method=Method.AUTO, rule=rule)
    return {
        "strengths": {choice.profile.name: choice.facts.strength for choice in plan.columns},
        "spread of the target": result.target_std,
        "ranking": [(item.name, item.score) for item in rankings.ranking_for(dataset, "flow", rule=rule).items],
        "pairs": matrix.matrix.rows(),
        "picture": correlations.picture_of_pair(dataset, "gauge_0", "flow", rule=rule),
        "spreads": spreads.spreads_for(dataset, names[1:], kinds=kinds, rule=rule),
        "starting settings": [(suggestion.entry.id, suggestion.parameters) for suggestion in plan.ranking],
    }


@pytest.mark.parametrize("ordered", [True, False], ids=["time", "random rows"])
def test_held_out_rows_move_nothing_that_is_shown(user: User, ordered: bool) -> None:
    frame, answers = _table(), {} if ordered else {"time_column": "", "group_column": ""}
    row, dataset = _draft(user, frame, **answers)
    plan = _plan(user, row)
    assert plan.spec is not None
    current_values = np.flatnonzero(~np.asarray(development.rows_of(dataset, HoldoutRule.of(plan.spec))))
    assert len(current_values) == HELD
    assert ordered == (list(current_values) == list(range(ROWS - HELD, ROWS)))
    other, poisoned = _draft(user, _poisoned(frame, current_values), **answers)
    assert _seen(user, row, dataset) == _seen(user, other, poisoned)
    wild, all_rows = _draft(user, _poisoned(frame, np.arange(ROWS)), **answers)
    assert _seen(user, wild, all_rows)["strengths"] != _seen(user, row, dataset)["strengths"], (
        "what is not held out moves it"
    )


HOLDOUTS: dict[str, tuple[dict[str, str], int]] = {
    "from a date": ({"holdout_by": "date", "holdout_from": "2002-06-01"}, 57),
    "from one date to another": ({"holdout_by": "date", "holdout_from": "2002-05-01", "holdout_to": "2002-06-15"}, 88),
    "after a warm-up": ({"holdout_percent": "20", "warm_up": "30"}, 54),
}


@pytest.mark.parametrize("case", HOLDOUTS)
def test_rows_held_out_by_date_move_nothing_that_is_shown(user: User, case: str) -> None:
    changes, count = HOLDOUTS[case]

    def drawn(frame: pd.DataFrame) -> tuple[DraftRow, Dataset]:
        row, dataset = _draft(user, frame)
        version = drafts.get_draft(user, row.id).version
        drafts.save_answers(user, row.id, step="validation", changes=changes, version=version)
        return row, dataset

    frame = _table()
    row, dataset = drawn(frame)
    plan = _plan(user, row)
    assert plan.spec is not None
    assert draft_context.load(user, row.id).rule == HoldoutRule.of(plan.spec), "what is shown and measured is one"
    current_values = np.flatnonzero(~np.asarray(development.rows_of(dataset, HoldoutRule.of(plan.spec))))
    assert list(current_values) == list(range(ROWS - count, ROWS))
    other, poisoned = drawn(_poisoned(frame, current_values))
    assert _seen(user, row, dataset) == _seen(user, other, poisoned)


def test_another_share_held_out_is_measured_anew(user: User) -> None:
    row, dataset = _draft(user, _table())
    before = _seen(user, row, dataset)
    version = drafts.get_draft(user, row.id).version
    drafts.save_answers(user, row.id, step="validation", changes={"holdout_percent": "40"}, version=version)
    assert _seen(user, row, dataset)["strengths"] != before["strengths"]


def test_rows_are_left_out_of_a_sample_too(user: User) -> None:
    _, dataset = _draft(user, _table())
    profile = datasets_profile(dataset)
    keep = np.zeros(ROWS, dtype=bool)
    keep[10:40] = True
    path = sound_rows_of(dataset)
    whole = columnar.read_frame(path, profile, ["gauge_0"])
    some = columnar.read_frame(path, profile, ["gauge_0"], keep=keep)
    assert list(some["gauge_0"]) == list(whole["gauge_0"].iloc[10:40])
    drawn = columnar.read_frame(path, profile, ["gauge_0"], keep=keep, sample_rows=100)
    assert 0 < len(drawn) < 30
    assert set(drawn["gauge_0"]) <= set(some["gauge_0"])


def datasets_profile(dataset: Dataset) -> Any:
    from app.services.datasets import datasets

    profile = datasets.profile_of(dataset)
    assert profile is not None
    return profile
