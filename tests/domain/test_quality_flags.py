"""Quality flags: known beside their values by name or format, said once, and never suggested as features.

The names were taken from files of the USGS, GHCN-Daily, ECA&D and Environment Canada; the last test is judged on tables
that the rules were not made on.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.findings.quality_flags import mark_flag_columns
from app.domain.recommendation.task import suggest_target
from app.domain.vocabulary import ColumnKind
from tests.domain.reading import known, real_file

ROWS = 200


def series(**columns: object) -> pd.DataFrame:
    """Return a daily series with rain, flow and further columns."""
    random = np.random.default_rng(1)
    days = pd.date_range("2001-01-01", periods=ROWS, freq="D").strftime("%Y-%m-%d")
    values = {"rain": random.gamma(1, 2, ROWS).round(2), "flow": random.gamma(2, 3, ROWS).round(3)}
    return pd.DataFrame({"day": days, **values, **columns})


WORDS = ["A", "P", "A e", "Ice"] * (ROWS // 4)
CODES = [0, 1, 9, 0] * (ROWS // 4)


@pytest.mark.parametrize(
    ("name", "values"),
    [("rain_cd", WORDS), ("rain_flag", CODES), ("Rain Flag", WORDS), ("Q_rain", CODES), ("rain_ATTRIBUTES", WORDS),
     ("rain.qualifier", WORDS)],
)  # fmt: skip
def test_flag_beside_its_value_is_no_feature(name: str, values: list[object]) -> None:
    table = known(series(**{name: values}))
    assert table.profile.column(name).flag_of == "rain"
    plan = table.plan({"data": {"target": "flow"}})
    assert plan.spec is not None
    assert name not in plan.spec.features.selected
    assert "rain" in plan.spec.features.selected
    finding = next(item for item in table.profile.findings if item.code == "quality_flags")
    assert finding.columns == (name,)
    assert "quality flags of `rain`" in finding.message


def test_flag_that_stands_last_is_no_suggested_target() -> None:
    profile = known(series(flow_cd=WORDS)).profile
    assert suggest_target(profile)[0] == "flow"
    last = known(series(flow_cd=WORDS).rename(columns={"flow": "x_00060", "flow_cd": "x_00060_cd"})).profile
    name, why = suggest_target(last)
    assert (name, why[:41]) == ("x_00060", "It is the last column beside quality flag")


def test_flag_keeps_its_kind() -> None:
    profile = known(series(rain_cd=WORDS, Q_flow=CODES)).profile
    assert profile.column("rain_cd").kind is ColumnKind.CATEGORICAL
    assert profile.column("Q_flow").kind is ColumnKind.INTEGER


def test_name_alone_tells_of_the_value_before_it() -> None:
    assert known(series(qualifier=WORDS)).profile.column("qualifier").flag_of == "flow"


@pytest.mark.parametrize(
    ("name", "values"),
    [("quality", CODES), ("rain_cd", np.arange(ROWS) / 7), ("land_flag", WORDS), ("flow_sum", CODES)],
)
def test_measured_column_is_no_flag(name: str, values: object) -> None:
    assert known(series(**{name: values})).profile.column(name).flag_of == ""


def test_format_says_what_a_flag_tells_of() -> None:
    columns = [*known(series(SYM_of_the_office=WORDS)).profile.columns]
    assert columns[-1].flag_of == ""
    assert mark_flag_columns(columns, {"SYM_of_the_office": "flow"})[-1].flag_of == "flow"


@pytest.mark.parametrize(
    "file", ["general/winequality-red.csv", "general/BankChurners.csv", "general/titanic_kaggle_train.csv"]
)
def test_tables_of_other_fields_have_no_flags(file: str) -> None:
    assert [column.name for column in real_file(file).profile.columns if column.flag_of] == []
