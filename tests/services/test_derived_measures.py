"""Derived features and memory as measurements: on development rows alone, at once or by a worker, part by part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.associations.association import associate
from app.domain.experiment import TransformPart
from app.domain.recommendation.suggested_set import SetUse, add_set, derived_config, remove_set, suggested_set
from app.domain.training import derived_measures
from app.domain.training.preprocessing.transforms import output_names
from app.domain.vocabulary import ColumnKind
from app.services.datasets.datasets import sound_rows_of
from app.services.drafts import draft_context, drafts
from app.services.drafts.draft_context import DraftContext
from app.services.drafts.plans import plans_made
from app.services.measurements import derived_rankings, development, memory, runner
from app.services.measurements.derived_rankings import DerivedState
from app.storage import columnar, jobs
from app.storage.tables import DraftRow, User
from tests.services.measured import work_off
from tests.services.tables import draft_on, save, upload

ROWS = 900
# A fifth is held out, but for the warm-up: no more than this is known to be.
HELD = 160
LATE = {"columns": ["rain_mm"], "kind": "rolling_mean", "parameters": {"window": 45}}


def _table() -> pd.DataFrame:
    random = np.random.default_rng(6)
    rain = random.gamma(0.5, 6.0, size=ROWS)
    frame = pd.DataFrame({"day": pd.date_range("2001-10-01", periods=ROWS), "rain_mm": rain.round(3)})
    frame["temp_c"] = (10 * np.sin(np.arange(ROWS) / 58) + random.normal(0, 3, ROWS)).round(3)
    frame["soil"] = random.choice(["clay", "sand"], size=ROWS)
    frame["flow_mm"] = (frame["rain_mm"].rolling(30, min_periods=1).mean() + random.gamma(1, 0.2, ROWS)).round(4)
    return frame


def _draft(user: User, frame: pd.DataFrame) -> DraftRow:
    return draft_on(user, upload(user, frame.to_csv(index=False).encode()), target="flow_mm", purpose="simulate")


@pytest.fixture
def river(user: User) -> DraftRow:
    return _draft(user, _table())


def _context(user: User, row: DraftRow) -> DraftContext:
    return draft_context.load(user, drafts.get_draft(user, row.id).id)


def _derived(draft: DraftContext, *, start: bool = True) -> DerivedState:
    assert draft.dataset is not None
    ask = derived_rankings.derived_for if start else derived_rankings.known_of
    return ask(draft.dataset, draft.derived_config, draft.rule)


def _kept(draft: DraftContext) -> int:
    """Return how many rows are not held out; they come first."""
    assert draft.dataset is not None
    kept = development.rows_of(draft.dataset, draft.rule)
    assert kept is not None
    assert kept[: kept.sum()].all()
    return int(kept.sum())


def test_derived_features_are_measured_at_once_on_few_rows(user: User, river: DraftRow) -> None:
    draft = _context(user, river)
    assert _derived(draft, start=False).state == "none"
    state = _derived(draft)
    assert state.state == "finished"
    assert set(state.names) == set(state.items)
    assert state.rows_used == _kept(draft)
    strongest = max(state.items.values(), key=lambda column: abs(column.association.value or 0))
    assert strongest.name.startswith("rain_mm_")
    assert abs(strongest.association.value or 0) > 0.6


def test_a_derived_feature_goes_with_the_target_as_a_plain_loop_says(user: User, river: DraftRow) -> None:
    save(user, river, step="features", transforms=[LATE])
    draft = _context(user, river)
    measured = _derived(draft).items["rain_mm_mean_45"]
    table = _table().iloc[: _kept(draft)]
    means = [
        np.mean(table["rain_mm"][index - 44 : index + 1]) if index >= 35 else np.nan for index in range(len(table))
    ]
    for position in range(35, 44):
        means[position] = np.mean(table["rain_mm"][: position + 1])
    plain = pd.DataFrame({"mean": means, "flow_mm": table["flow_mm"]})
    kinds = dict.fromkeys(plain.columns, ColumnKind.NUMERIC)
    assert measured.association.value == pytest.approx(associate(plain, "flow_mm", kinds).items[0].value)


def test_held_out_rows_move_no_measure(user: User, river: DraftRow) -> None:
    poisoned = _table()
    late = poisoned.index >= ROWS - HELD
    for name in ("rain_mm", "temp_c", "flow_mm"):
        poisoned.loc[late, name] = np.linspace(0, 30, HELD)
    results = []
    for row in (river, _draft(user, poisoned)):
        draft = _context(user, row)
        assert draft.dataset is not None
        lags = memory.memory_for(draft.dataset, draft.plan, draft.rule).lags
        results.append((_derived(draft).items, lags))
    assert results[0] == results[1]


def test_a_worker_measures_derived_features_part_by_part(
    user: User, river: DraftRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "INLINE_CELLS", 0)
    monkeypatch.setattr(derived_measures, "MAX_BLOCK_COLUMNS", 2)
    draft = _context(user, river)
    state = _derived(draft)
    assert (state.state, state.items) == ("queued", {})
    assert state.job_id is not None
    assert not work_off(jobs.get_job(state.job_id), parts=2)
    part = _derived(draft, start=False)
    assert 2 <= len(part.items) < len(part.names)


def _with_late(user: User, row: DraftRow) -> list[Any]:
    """Return the suggested recipes and one more; the longest of them decides about warm-up and so about the rows."""
    return [*_context(user, row).plan.values["features"]["transforms"], LATE]


def test_what_was_derived_before_is_not_measured_again(
    user: User, river: DraftRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = _derived(_context(user, river))
    save(user, river, step="features", transforms=_with_late(user, river))
    names: list[str] = []
    whole = derived_measures.measure_derived
    monkeypatch.setattr(
        derived_measures, "measure_derived", lambda rows, spec, new: names.extend(new) or whole(rows, spec, new)
    )
    more = _derived(_context(user, river))
    assert names == ["rain_mm_mean_45"]
    assert {name: more.items[name] for name in few.items} == few.items
    # The same rows in other bytes are another dataset, of which nothing is known.
    other = upload(user, _table().to_csv(index=False, lineterminator="\r\n").encode())
    alone = draft_on(user, other, target="flow_mm", purpose="simulate")
    save(user, alone, step="features", transforms=_with_late(user, alone))
    assert _derived(_context(user, alone)).items == more.items


def test_features_known_all_together_are_not_even_read(
    user: User, river: DraftRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(user, river, step="features", transforms=_with_late(user, river))
    known = _derived(_context(user, river))
    save(user, river, step="features", transforms=None)
    monkeypatch.delattr(derived_rankings.DerivedRequest, "read_rows")
    result = _derived(_context(user, river))
    assert (result.state, result.rows_used) == ("finished", known.rows_used)
    assert dict(result.items) == {name: known.items[name] for name in known.items if name != "rain_mm_mean_45"}


def test_a_confirmed_kind_measures_nothing_anew(user: User, river: DraftRow, monkeypatch: pytest.MonkeyPatch) -> None:
    known = _derived(_context(user, river))
    save(user, river, step="data", **{"kind.c1": "numeric"})
    assert _derived(_context(user, river), start=False) == known


def test_a_column_is_told_by_what_it_is_made_of(user: User, river: DraftRow) -> None:
    draft = _context(user, river)
    assert draft.derived_config is not None
    data, task = draft.derived_config.data, draft.derived_config.task

    def origins(*parts: TransformPart) -> dict[str, str]:
        return derived_measures.column_origins(derived_measures.measured_spec(data, task, parts))

    windows = {"windows": [3, 30]}
    alone = origins(TransformPart(columns=["rain_mm"], kind="window_means", parameters=windows))
    both = origins(TransformPart(columns=["temp_c", "rain_mm"], kind="window_means", parameters=windows))
    assert alone.items() < both.items()
    slow, quick = (
        origins(
            TransformPart(columns=["rain_mm"], kind="exponential_memory", parameters={"keeps": [share]}),
            TransformPart(columns=[f"rain_mm_memory_{share}"], kind="lag", parameters={"steps": [2]}),
        )
        for share in (0.9, 0.95)
    )
    assert not slow.items() & quick.items()


def test_a_long_table_is_read_in_the_order_of_time(
    user: User, river: DraftRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.measurements.request.MAX_SERIES_ROWS", 400)
    state = _derived(_context(user, river))
    assert state.rows_used == 400


def test_rows_in_order_leave_out_what_is_not_wanted(user: User, river: DraftRow) -> None:
    draft = _context(user, river)
    assert draft.dataset is not None
    assert draft.profile is not None
    keep = np.arange(ROWS) % 3 > 0
    rows = sound_rows_of(draft.dataset)
    frame = columnar.read_in_order(rows, draft.profile, ["flow_mm"], by=["day"], limit=300, keep=keep)
    assert frame["flow_mm"].tolist() == _table()["flow_mm"][:300][keep[:300]].tolist()


def test_what_is_derived_needs_no_plan(user: User, river: DraftRow) -> None:
    plans_made.forget()
    draft = _context(user, river)
    alone = draft.derived_config
    assert alone is not None
    assert alone.suggested
    assert "plan" not in draft.__dict__
    assert alone == derived_config(draft.plan)
    assert draft.plan.spec is not None
    assert alone.names == output_names(draft.plan.spec)


def test_a_recipe_that_cannot_be_followed_says_why(user: User, river: DraftRow) -> None:
    draft = _context(user, river)
    assert draft.derived_config is not None
    assert draft.dataset is not None
    wrong = TransformPart(columns=["flow_mm"], kind="lag", parameters={"steps": [1]})
    config = replace(draft.derived_config, suggested=(wrong,))
    state = derived_rankings.derived_for(draft.dataset, config, draft.rule)
    assert (state.state, state.items) == ("finished", {})
    assert "a simulation knows no value of flow_mm" in state.reason


def test_memory_of_a_river_is_measured_on_its_drivers(user: User, river: DraftRow) -> None:
    draft = _context(user, river)
    assert draft.dataset is not None
    state = memory.memory_for(draft.dataset, draft.plan, draft.rule)
    assert dict(state.drivers) == {"rain_mm": "rain", "temp_c": "temperature"}
    rain = state.lags.curves[0]
    assert (rain.driver, state.state) == ("rain_mm", "finished")
    assert 14 <= rain.remembered <= 60
    assert memory.known_of(draft.dataset, draft.plan, draft.rule) == state


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"time_column": ""}, "Without a time column, nothing was before."),
        ({"target": "soil"}, "Only a number has a correlation with what was before."),
    ],
)
def test_a_memory_that_cannot_be_measured_says_why(
    user: User, river: DraftRow, data: dict[str, Any], reason: str
) -> None:
    save(user, river, step="data", **data)
    draft = _context(user, river)
    assert draft.dataset is not None
    state = memory.known_of(draft.dataset, draft.plan, draft.rule)
    assert (state.state, state.reason) == ("none", reason)


def test_the_switch_leaves_alone_what_else_was_added(user: User, river: DraftRow) -> None:
    plan = _context(user, river).plan
    whole = suggested_set(plan)
    assert whole is not None
    assert (whole.use, add_set(plan)) == (SetUse.ALL, None)
    save(user, river, step="features", transforms=[*remove_set(plan), LATE])
    off = _context(user, river).plan
    result = suggested_set(off)
    assert result is not None
    assert (result.use, result.missing) == (SetUse.NONE, len(whole.recipes))
    save(user, river, step="features", transforms=add_set(off))
    again = _context(user, river).plan
    back = suggested_set(again)
    assert back is not None
    assert (back.use, len(remove_set(again))) == (SetUse.ALL, 1)
    save(user, river, step="features", transforms=again.values["features"]["transforms"][1:])
    part = suggested_set(_context(user, river).plan)
    assert part is not None
    assert (part.use, part.missing) == (SetUse.SOME, 1)
