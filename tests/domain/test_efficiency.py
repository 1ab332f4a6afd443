"""Hydrological efficiencies: known values from the papers, invariances, and what has no value."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.domain.hydrology import efficiency, naming
from tests.domain.tables import real

QUICK = settings(derandomize=True, deadline=None, max_examples=40)
FLOWS = arrays(np.float64, 15, elements=st.integers(1, 8000).map(lambda eighths: eighths / 8)).filter(
    lambda flows: np.ptp(flows) > 1
)
OBSERVED = np.array([1.0, 2.0, 4.0, 8.0, 5.0])
ALL = [efficiency.nse, efficiency.kge_2009, efficiency.kge_2012, efficiency.log_nse]


@pytest.mark.parametrize("function", ALL)
@QUICK
@given(observed=FLOWS, estimated=FLOWS)
def test_no_efficiency_exceeds_one(function: Callable[..., float], observed: np.ndarray, estimated: np.ndarray) -> None:
    assert function(observed, estimated) <= 1 + 1e-12
    assert function(observed, observed) == pytest.approx(1)


def test_the_mean_flow_scores_what_the_papers_say() -> None:
    mean = np.full_like(OBSERVED, OBSERVED.mean())
    assert efficiency.nse(OBSERVED, mean) == pytest.approx(0, abs=1e-12)
    assert efficiency.kge_2009(OBSERVED, mean) == pytest.approx(1 - math.sqrt(2))
    assert efficiency.kge_2012(OBSERVED, mean) == pytest.approx(1 - math.sqrt(2))
    assert efficiency.rsr(OBSERVED, mean) == pytest.approx(1)
    assert efficiency.pbias(OBSERVED, mean) == pytest.approx(0, abs=1e-12)


def test_a_constant_that_floating_point_does_not_divide_evenly_is_still_constant() -> None:
    tenths = np.full(7, 0.1)
    assert efficiency.kge_2009(OBSERVED, np.full(5, 0.1)) < 0
    assert math.isnan(efficiency.nse(tenths, np.arange(7.0)))
    assert math.isnan(efficiency.kge_2012(tenths, np.arange(1.0, 8.0)))
    assert math.isnan(efficiency.rsr(tenths, np.arange(7.0)))


def test_doubling_every_flow_costs_only_what_the_formula_says() -> None:
    assert efficiency.kge_2009(OBSERVED, 2 * OBSERVED) == pytest.approx(1 - math.sqrt(2))
    # The ratio of the coefficients of variation does not see a factor, so only the volume counts in the later form.
    assert efficiency.kge_2012(OBSERVED, 2 * OBSERVED) == pytest.approx(0)
    assert efficiency.pbias(OBSERVED, 2 * OBSERVED) == pytest.approx(100)


def test_a_mirrored_hydrograph_is_worse_than_the_mean() -> None:
    mirrored = 2 * OBSERVED.mean() - OBSERVED
    assert efficiency.nse(OBSERVED, mirrored) == pytest.approx(-3)
    assert efficiency.kge_2009(OBSERVED, mirrored) == pytest.approx(-1)


@QUICK
@given(observed=FLOWS, estimated=FLOWS, factor=st.sampled_from([0.001, 0.0283168, 86.4, 35.3147]))
def test_the_unit_does_not_matter(observed: np.ndarray, estimated: np.ndarray, factor: float) -> None:
    for function in (*ALL, efficiency.pbias, efficiency.rsr):
        changed = function(observed * factor, estimated * factor)
        assert changed == pytest.approx(function(observed, estimated), rel=1e-6, abs=1e-8)


@QUICK
@given(observed=FLOWS, estimated=FLOWS)
def test_rsr_is_the_root_of_one_minus_nse(observed: np.ndarray, estimated: np.ndarray) -> None:
    expected = math.sqrt(max(0.0, 1 - efficiency.nse(observed, estimated)))
    assert efficiency.rsr(observed, estimated) == pytest.approx(expected, rel=1e-6, abs=1e-7)


@QUICK
@given(observed=FLOWS, estimated=FLOWS)
def test_bias_has_the_sign_of_the_surplus(observed: np.ndarray, estimated: np.ndarray) -> None:
    surplus = float(estimated.sum() - observed.sum())
    if abs(surplus) > 1e-6:
        assert math.copysign(1, efficiency.pbias(observed, estimated)) == math.copysign(1, surplus)


def test_log_nse_by_hand_with_a_day_of_no_flow() -> None:
    observed, estimated = np.array([0.0, 1.0, 2.0]), np.array([0.5, 1.0, 1.5])
    epsilon = 0.01
    logs, answers = (
        [math.log(value + epsilon) for value in observed],
        [math.log(value + epsilon) for value in estimated],
    )
    mean = sum(logs) / 3
    errors = sum((log - other) ** 2 for log, other in zip(logs, answers, strict=True))
    total = sum((log - mean) ** 2 for log in logs)
    assert efficiency.log_nse(observed, estimated) == pytest.approx(1 - errors / total)


def test_log_nse_takes_an_estimate_below_zero_for_zero_and_stays_finite() -> None:
    observed = np.array([0.0, 1.0, 2.0])
    low = efficiency.log_nse(observed, np.array([-3.0, 1.0, 2.0]))
    assert low == pytest.approx(1)
    assert math.isfinite(low)


def test_log_nse_refuses_observations_below_zero_with_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"needs values of zero or more\.$"):
        efficiency.log_nse(np.array([-0.1, 1.0]), np.array([1.0, 1.0]))


def test_a_dry_river_has_neither_log_nse_nor_bias() -> None:
    dry = np.zeros(4)
    assert math.isnan(efficiency.log_nse(dry, np.ones(4)))
    assert math.isnan(efficiency.pbias(dry, np.ones(4)))
    assert math.isnan(efficiency.kge_2009(dry, np.ones(4)))


def test_one_row_alone_has_no_efficiency() -> None:
    for function in (efficiency.nse, efficiency.kge_2009, efficiency.kge_2012, efficiency.rsr):
        assert math.isnan(function(np.array([2.0]), np.array([2.0])))


def test_kge_has_no_value_where_the_mean_is_zero() -> None:
    swinging = np.array([-2.0, 0.0, 2.0])
    assert math.isnan(efficiency.kge_2009(swinging, np.array([1.0, 2.0, 3.0])))
    assert math.isnan(efficiency.kge_2012(np.array([1.0, 2.0, 3.0]), swinging))
    assert math.isfinite(efficiency.kge_2009(np.array([1.0, 2.0, 3.0]), swinging))


def test_yesterday_as_an_estimate_of_a_real_river_agrees_with_pandas() -> None:
    flow = real("hydro/piscataquis_01031500_daily.csv")["discharge_mm"].dropna()
    observed, estimated = flow.iloc[1:].to_numpy(), flow.shift(1).iloc[1:].to_numpy()
    r = flow.autocorr(1)
    assert r == pytest.approx(np.corrcoef(observed, estimated)[0, 1])
    ratios = estimated.std() / observed.std() - 1, estimated.mean() / observed.mean() - 1
    assert efficiency.kge_2009(observed, estimated) == pytest.approx(1 - math.hypot(r - 1, *ratios))
    assert efficiency.nse(observed, estimated) == pytest.approx(2 * r - 1, abs=0.01)


@pytest.mark.parametrize("name", ["prcp_mm", "Rain", "precipitation", "rainfall_mm", "PPT"])
def test_rain_is_known_by_its_name(name: str) -> None:
    assert naming.is_rain(name)


@pytest.mark.parametrize("name", ["prcp_mm_lag_1", "rain_sum_7", "discharge_mm", "terrain", "prcp_mean_30"])
def test_what_is_derived_or_something_else_is_no_rain(name: str) -> None:
    assert not naming.is_rain(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("discharge_mm", True), ("Q", True), ("y", True), ("streamflow", True), ("prcp_mm", False), ("quality", False)],
)
def test_a_target_is_known_by_its_name(name: str, expected: bool) -> None:
    assert naming.looks_like_target(name) is expected
