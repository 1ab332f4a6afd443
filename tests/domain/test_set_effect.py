"""What the suggested set brings: the first choice with and without it, on the same rows, whether it is in use or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.experiment import TransformPart
from app.domain.recommendation import evidence as racing
from app.domain.recommendation import set_fits
from app.domain.recommendation.evidence import measure
from app.domain.recommendation.set_effect import SetEffect
from app.domain.recommendation.set_fits import specs_with_and_without
from app.domain.recommendation.suggested_set import suggested_recipes
from app.domain.recommendation.verdict import ShortFitEvidence
from tests.domain.reading import Known, known

pytestmark = pytest.mark.fits
ROWS = 1_500


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "MAX_CANDIDATES", 3)
    monkeypatch.setattr(racing, "MAX_TREES", 10)


@pytest.fixture(scope="module")
def river() -> Known:
    """A made river that answers to the rain of a month."""
    random = np.random.default_rng(5)
    rain = random.gamma(0.4, 8.0, size=ROWS).round(2)
    flow = pd.Series(rain).rolling(30, min_periods=1).mean() + random.gamma(1.0, 0.1, ROWS)
    times = pd.date_range("2001-10-01", periods=ROWS)
    warmth = (12 + 8 * np.sin(np.arange(ROWS) / 58)).round(2)
    return known(pd.DataFrame({"day": times, "rain_mm": rain, "temp_c": warmth, "flow_mm": flow.round(4)}))


def effect_of(data: Known, *, budget: float = 60.0, **features: Any) -> tuple[ShortFitEvidence, SetEffect | None]:
    plan = data.plan({"data": {"target": "flow_mm", "purpose": "simulate"}, "features": features})
    assert plan.spec is not None
    recipes = suggested_recipes(plan)
    assert recipes
    ranking = plan.ranking
    *_, result = measure(plan.spec, data.frame, data.profile, ranking=ranking, budget=budget, suggested=recipes)
    return result, result.set_effect


def test_the_set_in_use_is_compared_with_its_absence(river: Known) -> None:
    result, effect = effect_of(river)
    assert effect is not None
    assert effect.estimator == result.choice
    own = result.of(result.choice)
    assert own is not None
    assert effect.with_set == own.scores[: len(effect.with_set)], "what the race measured is not measured again"
    assert len(effect.with_set) == len(effect.without_set) >= 2
    assert np.mean(effect.with_set) > np.mean(effect.without_set) + 0.2
    assert effect.low is not None
    assert effect.high is not None
    assert 0.2 < effect.low < effect.high
    count = len(effect.with_set)
    assert effect.folds_won == count
    assert effect.scores.endswith(f"; better in {count} of {count} folds")


def test_a_set_that_is_off_is_measured_as_well(river: Known) -> None:
    result, effect = effect_of(river, transforms=[])
    assert effect is not None
    assert effect.estimator == result.choice
    assert effect.folds_won == len(effect.with_set)
    assert effect.low is not None
    assert effect.low > 0


def test_too_little_work_for_all_rows_takes_fewer_of_them(river: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    # A thousand rows take one second, so that 1.61 s are too little for two folds of all rows.
    monkeypatch.setattr(set_fits, "count_work", lambda _race, _one, rows: rows / 1_000)
    monkeypatch.setattr(set_fits, "MAX_EFFECT_SHARE", 1.61 / 60)
    _, part = effect_of(river)
    assert part is not None
    assert part.rows == 400
    assert len(part.with_set) == 2
    monkeypatch.setattr(set_fits, "MAX_EFFECT_SHARE", 0.0)
    assert effect_of(river)[1] is None


def test_what_the_set_takes_is_counted(river: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = effect_of(river)
    monkeypatch.setattr(set_fits, "MAX_EFFECT_SHARE", 0.0)
    without, _ = effect_of(river)
    assert result.share > without.share


def test_the_effect_survives_being_stored(river: Known) -> None:
    result, effect = effect_of(river)
    assert ShortFitEvidence.from_json(result.to_json()).set_effect == effect
    earlier = {name: value for name, value in result.to_json().items() if name != "set_effect"}
    assert ShortFitEvidence.from_json(earlier).set_effect is None


def test_without_the_set_goes_what_works_on_its_features(river: Known) -> None:
    plan = river.plan({"data": {"target": "flow_mm", "purpose": "simulate"}})
    recipes = [*suggested_recipes(plan)]
    made = TransformPart(columns=["rain_mm_mean_7"], kind="lag", parameters={"steps": [1]})
    own = TransformPart(columns=["rain_mm"], kind="lag", parameters={"steps": [9]})
    assert plan.spec is not None
    features = plan.spec.features.model_copy(update={"transforms": [*recipes, made, own]})
    spec = plan.spec.model_copy(update={"features": features})
    whole, bare = specs_with_and_without(spec, river.profile, recipes)
    assert whole.features.transforms == [*recipes, made, own]
    assert bare.features.transforms == [own]


def test_a_set_that_hurts_says_so() -> None:
    effect = SetEffect("ridge", "rmse", 500, (2.0, 2.2), (1.9, 2.3), -0.05, -0.2, 0.1)
    assert effect.folds_won == 1
    assert effect.scores == "RMSE 2.100; without: 2.100; better in 1 of 2 folds"
    assert effect.interval == "\u22120.200 to 0.100"
    assert SetEffect("ridge", "rmse", 500, (2.0,), (1.9,)).interval == ""
