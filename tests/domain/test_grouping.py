"""Groups by name and behaviour, on tables made for this; kinds of the columns that name them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.domain.recommendation.task import suggest_group
from tests.domain.reading import known

RNG = np.random.default_rng(5)


def _repeated(name: str, groups: int, times: int) -> pd.DataFrame:
    """Return a table in which each group has a size and a class of its own, and is measured some times."""
    positions = np.arange(groups * times)
    size, kind = RNG.normal(50, 9, groups).round(1), RNG.integers(1, 4, groups)
    return pd.DataFrame(
        {
            name: 100 + positions // times,
            "size": size[positions // times],
            "treatment": kind[positions // times],
            "reading": RNG.normal(size=len(positions)).round(4),
            "y": RNG.gamma(2, 5, len(positions)).round(3),
        }
    )


@pytest.mark.parametrize(
    "name",
    [
        "site",
        "subject#",
        "Subject",
        "patient_id",
        "plotID",
        "station",
        "wellnr",
        "basin_code",
        "gaugeId",
        "STAID",
        "tree",
    ],
)
def test_numbers_that_name_groups_are_groups_and_no_amounts(name: str) -> None:
    read = known(_repeated(name, 42, 9))
    column = read.profile.column(name)
    assert (column.kind, read.profile.group) == ("categorical", name)
    plan = read.plan({"data": {"target": "y"}})
    assert plan.spec is not None
    assert (plan.spec.task.group_column, plan.spec.validation.strategy) == (name, "group_k_fold")


def test_a_thing_measured_at_each_age_is_a_group_without_a_name_for_it() -> None:
    positions = np.arange(50 * 11)
    frame = pd.DataFrame(
        {
            "weight": RNG.integers(40, 300, len(positions)),
            "Time": positions % 11 * 2,
            "Kid": positions // 11,
            "Diet": positions // 11 % 4,
        }
    )
    read = known(frame)
    assert read.profile.group == "Kid"
    assert suggest_group(read.profile)[1] == "Each value of `Time` appears once for each of its 50 values."


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(
            pd.DataFrame({"year": np.repeat(range(1950, 1990), 12), "month": list(range(1, 13)) * 40}),
            id="months of years",
        ),
        pytest.param(pd.DataFrame({"meter": RNG.integers(0, 9, 480), "zone": RNG.integers(0, 3, 480)}), id="classes"),
        pytest.param(
            pd.DataFrame({"plan": RNG.integers(0, 9, 480), "tree": RNG.integers(0, 5, 480)}), id="not borne out"
        ),
        pytest.param(
            pd.DataFrame({"date": pd.date_range("2001-01-01", periods=480), "site": RNG.integers(0, 5, 480)}),
            id="one regular series",
        ),
        pytest.param(
            pd.DataFrame(
                {"gauge_id": [f"g{position:04d}" for position in range(480)], "basin": RNG.integers(0, 9, 480)}
            ),
            id="one row per site",
        ),
    ],
)
def test_what_repeats_by_chance_or_by_the_calendar_is_no_group(frame: pd.DataFrame) -> None:
    read = known(frame.assign(x=RNG.normal(size=480).round(4), y=RNG.normal(size=480).round(4)))
    assert (read.profile.group, suggest_group(read.profile)[0]) == ("", "")


def test_a_target_is_never_its_own_group() -> None:
    plan = known(_repeated("station", 6, 40)).plan({"data": {"target": "station"}})
    assert plan.spec is not None
    assert plan.spec.task.group_column is None


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("id", np.arange(1000, 1300), "identifier"),
        ("order", RNG.permutation(np.arange(7001, 7301)), "identifier"),
        ("depth_cm", np.arange(1000, 1300), "integer"),
        ("year", np.arange(1700, 2000), "datetime"),
        ("year", RNG.permutation(np.arange(1700, 2000)), "integer"),
        ("client_id", RNG.permutation(np.arange(0, 3000, 10)), "identifier"),
        ("weather_code", RNG.integers(1, 9, 300), "categorical"),
        ("hash_id", [f"{position:064x}" for position in range(300)], "identifier"),
        ("rooms", RNG.integers(1, 9, 300), "integer"),
    ],
)
def test_ids_and_codes_are_no_amounts(name: str, values: object, kind: str) -> None:
    read = known(pd.DataFrame({name: values, "x": RNG.normal(size=300).round(4)}))
    assert read.profile.column(name).kind == kind


def test_the_only_numbers_beside_dates_are_measured_even_if_they_count_up() -> None:
    dates = pd.date_range("2001-01-01", periods=60)
    assert known(pd.DataFrame({"date": dates, "Value": range(1, 61)})).profile.column("Value").kind == "integer"
    assert known(pd.DataFrame({"date": dates, "id": range(1, 61)})).profile.column("id").kind == "identifier"


def test_a_family_of_near_copies_is_one_finding() -> None:
    base = RNG.normal(10, 3, 300)
    frame = pd.DataFrame({f"s{position}": (base * (position + 1) + position).round(4) for position in range(12)})
    read = known(frame.assign(other=RNG.normal(size=300).round(4)))
    (finding,) = (item for item in read.profile.findings if item.code == "near_copy")
    assert finding.columns == tuple(f"s{position}" for position in range(12))
    assert [(remedy.label, remedy.columns) for remedy in finding.remedies] == [
        ("Leave out all but s0", finding.columns[1:])
    ]
