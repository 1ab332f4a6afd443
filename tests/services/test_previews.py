"""Previews of recipes: computed on rows that are really there, in their order, each group by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.errors import DomainError
from app.domain.experiment import TransformPart
from app.services.measurements import previews
from app.services.measurements.previews import TransformPreview
from app.storage.tables import Dataset, User
from tests.domain.tables import make_spec
from tests.services.tables import upload

ROWS = 400
TASK = {"target": "flow", "time_column": "day", "group_column": "site"}


def _frame() -> pd.DataFrame:
    random = np.random.default_rng(8)
    days = pd.date_range("2001-01-01", periods=ROWS // 2, freq="D")
    values = pd.DataFrame({"day": days, "site": "n1", "rain": np.arange(ROWS // 2, dtype=float)})
    two = values.assign(site="n2", rain=values["rain"] + 1000)
    frame = pd.concat([values, two]).assign(soil=random.choice(["clay", "sand"], size=ROWS))
    frame["flow"] = frame["rain"] / 7 + random.normal(size=ROWS)
    frame.loc[frame.index % 10 == 2, "soil"] = None
    return frame.sample(frac=1, random_state=1)


@pytest.fixture
def shuffled(user: User) -> Dataset:
    """A file whose rows are in no order."""
    return upload(user, _frame().to_csv(index=False).encode())


def _preview(
    dataset: Dataset, kind: str, *columns: str, recipes: tuple[Any, ...] = (), **parameters: Any
) -> TransformPreview:
    spec = make_spec(task=TASK, selected=["rain", "soil"], transforms=list(recipes))
    return previews.preview(dataset, spec, TransformPart(columns=list(columns), kind=kind, parameters=parameters))


def test_earlier_values_are_those_of_the_same_site_in_time(shuffled: Dataset) -> None:
    preview = _preview(shuffled, "lag", "rain", steps=[1, 2])
    assert (preview.ordered, preview.whole, preview.preview.comes) == (True, True, 2)
    for row in preview.preview.rows:
        (now,), (before, earlier) = row.before, row.after
        assert (before, earlier) == (now - 1, now - 2)
        assert row.moment.startswith("2001-07-")


def test_what_a_recipe_makes_of_another_ones_column_is_shown(shuffled: Dataset) -> None:
    window = {"columns": ["rain"], "kind": "rolling_mean", "parameters": {"window": 2}}
    preview = _preview(shuffled, "log", "rain_mean_2", recipes=(window,), offset=1.0).preview
    for row in preview.rows:
        if row.before[0] is not None:
            assert row.after[0] == pytest.approx(np.log(row.before[0] + 1))


def test_recipes_before_it_on_the_same_column_are_done_first(shuffled: Dataset) -> None:
    fill = {"columns": ["soil"], "kind": "impute_most_frequent", "parameters": {}}
    preview = _preview(shuffled, "one_hot", "soil", recipes=(fill,), most=50).preview
    assert preview.earlier == ("Fill with the most frequent",)
    assert [spread.name for spread in preview.after] == ["soil = clay", "soil = sand"]
    assert preview.before[0].missing > 0
    assert preview.comes == 2


def test_a_preview_says_what_a_launch_would_be_told(shuffled: Dataset) -> None:
    preview = _preview(shuffled, "log", "rain", offset=0.0)
    (problem,) = preview.problems
    assert problem.code == "not_positive"
    assert preview.preview.after[0].missing == 1


def test_a_preview_that_cannot_be_made_ends_in_a_sentence(shuffled: Dataset) -> None:
    with pytest.raises(DomainError, match="does not hold numbers"):
        _preview(shuffled, "scale_standard", "soil")
    with pytest.raises(DomainError, match="not in the dataset"):
        _preview(shuffled, "log", "gone", offset=1.0)


def test_a_large_dataset_is_previewed_from_a_bounded_part(user: User) -> None:
    many = pd.concat(
        [_frame().assign(site=lambda frame, index=position: frame["site"] + f" {index}") for position in range(8)]
    )
    dataset = upload(user, many.to_csv(index=False).encode())
    for kind, columns in (("scale_robust", ["rain"]), ("difference", ["rain"])):
        view = _preview(dataset, kind, *columns)
        assert view.preview.rows_used == previews.SAMPLE_ROWS
        assert not view.whole
