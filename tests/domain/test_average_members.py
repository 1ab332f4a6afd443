"""Members of an average: the change from the closest feature, roots, and a network that stays within bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.neural_network import MLPRegressor
from sklearn.tree import DecisionTreeRegressor

from app.domain.estimators import registry
from app.domain.estimators.members import BoundedNetwork, ChangeRegressor, RootRegressor, closest_feature
from app.domain.estimators.parameters import ParameterValues
from app.domain.vocabulary import TaskKind


def recession(rows: int = 400) -> tuple[Any, Any]:
    """Return rain, noise and yesterday's flow, and the flow."""
    random = np.random.default_rng(3)
    rain, flow = random.gamma(0.4, 5.0, rows), np.zeros(rows)
    for day in range(1, rows):
        flow[day] = 0.9 * flow[day - 1] + 0.2 * rain[day]
    return np.column_stack([rain, random.normal(size=rows), np.roll(flow, 1)])[1:], flow[1:]


def test_the_last_observed_value_is_found_on_the_rows_that_teach() -> None:
    values, flow = recession()
    assert closest_feature(values, flow)[0] == 2
    values[:300, 2] = np.nan
    assert closest_feature(values, flow)[0] is None, "what is mostly missing tells too little"


def test_a_tree_that_learns_the_change_goes_beyond_what_it_saw() -> None:
    values, flow = recession()
    change = ChangeRegressor(DecisionTreeRegressor(random_state=0)).fit(values, flow)
    higher = np.array([[0.0, 0.0, 10 * flow.max()]])
    assert change.predict(higher)[0] > 9 * flow.max()
    assert change.regressor_.predict(values) + values[:, 2] == pytest.approx(change.predict(values))


def test_a_missing_last_value_takes_its_median() -> None:
    values, flow = recession()
    values[5:9, 2] = np.nan
    change = ChangeRegressor(DecisionTreeRegressor(random_state=0)).fit(values, flow)
    assert np.isfinite(change.predict(values)).all()
    assert change.fill_ == pytest.approx(np.nanmedian(values[:, 2]))


def test_where_no_feature_is_close_the_target_itself_is_learnt() -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=(200, 3))
    target = 100 + values[:, 0]
    change = ChangeRegressor(LinearRegression()).fit(values, target)
    assert change.feature_ is None
    assert change.predict(values) == pytest.approx(target)


def test_roots_are_learnt_and_squared_again() -> None:
    values = np.linspace(0, 3, 50)[:, None]
    root = RootRegressor(LinearRegression()).fit(values, values[:, 0] ** 2)
    assert root.predict(values) == pytest.approx(values[:, 0] ** 2)
    assert root.predict(np.array([[-1.0]]))[0] == 0.0
    with pytest.raises(ValueError, match="without negative values"):
        RootRegressor(LinearRegression()).fit(values, values[:, 0] - 1)


@pytest.mark.parametrize("roots", [False, True])
def test_a_network_stays_near_what_was_observed(roots: bool) -> None:
    values, flow = recession()
    values[3, 1] = np.nan
    network = MLPRegressor(hidden_layer_sizes=(16,), batch_size=1_000, max_iter=60, random_state=0)
    fitted = BoundedNetwork(network, roots=roots).fit(values, flow)
    far = fitted.predict(np.array([[1e6, 0.0, 1e6], [-1e6, 0.0, -1e6]]))
    top = (1.25 * np.sqrt(flow.max())) ** 2 if roots else 1.25 * flow.max()
    assert far.max() <= top + 1e-9
    assert far.min() >= 0.0
    near = fitted.predict(values)
    assert 1 - np.mean((near - flow) ** 2) / np.var(flow) > 0.5


def test_the_network_weighs_a_fifth_beside_the_trees() -> None:
    entry = registry.get("averaged_trees")
    values = dict(entry.defaults(TaskKind.REGRESSION)) | {"loss": "both", "network_passes": 5, "n_estimators": 5}
    average = entry.build(TaskKind.REGRESSION, ParameterValues(values), 0)
    weights = dict(zip([name for name, _ in average.estimators], average.weights, strict=True))
    assert weights["network"] / sum(weights.values()) == pytest.approx(0.2)
    without = ParameterValues({**values, "network_passes": 0})
    assert "network" not in dict(entry.build(TaskKind.REGRESSION, without, 0).estimators)
    assert entry.work(1_000, 9, ParameterValues(values)) > entry.work(1_000, 9, without)


def test_a_forecast_learns_the_change_and_the_roots() -> None:
    entry, (rows, flow) = registry.get("averaged_trees"), recession()
    values = dict(entry.defaults(TaskKind.REGRESSION)) | {"loss": "roots", "change": True, "n_estimators": 5}
    average = entry.build(TaskKind.REGRESSION, ParameterValues(values), 0)
    kinds = {name: type(member).__name__ for name, member in average.estimators}
    assert kinds == {
        "boosting_squared_error": "ChangeRegressor",
        "boosting_roots": "RootRegressor",
        "trees": "ChangeRegressor",
    }
    assert np.isfinite(average.fit(rows, flow).predict(rows)).all()
