"""Measures of association against SciPy and pandas, and copies of the target that they give away."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from app.domain.analysis.associations.association import associate, correlation_ratio, cramers_v
from app.domain.analysis.profiling.profile import Association, Associations
from app.domain.vocabulary import ColumnKind
from tests.domain.reading import real_file, sample
from tests.domain.tables import kind_of


def _measure(frame: pd.DataFrame, target: str, **options: Any) -> Associations:
    return associate(frame, target, {str(name): kind_of(frame[name]) for name in frame.columns}, **options)


def _one(column: Any, target: Any) -> Association:
    return _measure(pd.DataFrame({"x": column, "y": target}), "y").items[0]


def _eta(classes: pd.Series, values: pd.Series) -> float:
    """Return the correlation ratio from the F statistic, which SciPy computes."""
    groups = [part.to_numpy() for _, part in values.groupby(classes)]
    f = stats.f_oneway(*groups).statistic
    between, within = len(groups) - 1, len(values) - len(groups)
    return float(np.sqrt(f * between / (f * between + within)))


def _bergsma(first: pd.Series, other: pd.Series) -> float:
    """Return the corrected Cramer's V from SciPy's chi-squared, by the formula of the paper."""
    table = pd.crosstab(first, other)
    (r, c), n = table.shape, int(table.to_numpy().sum())
    phi2 = stats.chi2_contingency(table, correction=False).statistic / n
    corrected = max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
    return float(np.sqrt(corrected / min(r - (r - 1) ** 2 / (n - 1) - 1, c - (c - 1) ** 2 / (n - 1) - 1)))


@pytest.mark.parametrize("name", ["prcp_mm", "tmax_c", "srad_wm2", "dayl_s"])
def test_two_numbers_go_together_by_spearman_as_scipy_has_it(name: str) -> None:
    river = sample("piscataquis_01031500_daily.csv")
    association = river.associations("discharge_mm").of(name)
    pair = river.frame[[name, "discharge_mm"]].dropna()
    assert association is not None
    assert (association.method, association.rows, association.copy_of_target) == ("Spearman", len(pair), False)
    assert association.value == pytest.approx(stats.spearmanr(pair[name], pair["discharge_mm"]).statistic, abs=1e-6)
    assert association.value == pytest.approx(pair[name].corr(pair["discharge_mm"], method="spearman"), abs=1e-6)


@pytest.mark.parametrize("name", ["Body Mass (g)", "Culmen Length (mm)", "Delta 13 C (o/oo)"])
def test_a_number_and_a_class_go_together_by_the_correlation_ratio(name: str) -> None:
    penguins = sample("rd_palmerpenguins_penguins_raw.csv")
    pair = penguins.frame[[name, "Species"]].dropna()
    for target, other in (("Species", name), (name, "Species")):
        association = penguins.associations(target).of(other)
        assert association is not None
        assert (association.method, association.rows) == ("correlation ratio", len(pair))
        assert association.value == pytest.approx(_eta(pair["Species"], pair[name]), abs=1e-6)


@pytest.mark.parametrize("name", ["Island", "studyName", "Sex", "Clutch Completion"])
def test_two_classes_go_together_by_cramers_v_corrected_as_bergsma_did(name: str) -> None:
    penguins = sample("rd_palmerpenguins_penguins_raw.csv")
    pair = penguins.frame[[name, "Species"]].dropna()
    association = penguins.associations("Species").of(name)
    assert association is not None
    assert (association.method, association.rows) == ("Cramér's V", len(pair))
    assert association.value == pytest.approx(_bergsma(pair[name], pair["Species"]), abs=1e-6)


def test_cramers_v_without_its_correction_is_scipys_on_many_rows() -> None:
    random = np.random.default_rng(0)
    first = random.integers(0, 4, size=200_000)
    other = np.where(random.random(200_000) < 0.4, first, random.integers(0, 4, size=200_000))
    plain = stats.contingency.association(pd.crosstab(first, other), method="cramer")
    assert cramers_v(first.astype(float), other.astype(float)) == pytest.approx(plain, abs=1e-3)


def test_the_measures_stay_between_nothing_and_everything() -> None:
    random = np.random.default_rng(1)
    classes = random.integers(0, 5, size=300).astype(float)
    assert correlation_ratio(classes, classes * 2 + 1) == pytest.approx(1)
    assert correlation_ratio(classes, np.ones(300)) == 0
    assert cramers_v(classes, 4 - classes) == pytest.approx(1)
    assert cramers_v(classes, random.integers(0, 3, size=300).astype(float)) < 0.2
    assert cramers_v(np.zeros(300), classes) == 0


def test_a_straight_line_of_the_target_is_its_copy_and_noise_is_none() -> None:
    random = np.random.default_rng(2)
    target = random.lognormal(size=200)
    for column in (target, -3 * target + 7, target * 35.3147):
        association = _one(column, target)
        assert association.copy_of_target
        assert abs(association.value or 0) == 1
        assert association.reason == "It is the target itself, or a straight line of it."
    near = _one(target + random.normal(scale=0.05, size=200), target)
    assert not near.copy_of_target
    assert near.reason == ""


def test_a_copy_with_holes_is_still_a_copy() -> None:
    target = np.random.default_rng(3).normal(size=200)
    association = _one(np.where(np.arange(200) % 3 == 0, np.nan, 2 * target), target)
    assert association.copy_of_target
    assert association.rows == 133


def test_words_and_numbers_that_name_the_classes_one_by_one_are_copies() -> None:
    target = np.random.default_rng(4).choice(["clay", "sand", "silt"], size=120)
    words = pd.Series(target).map({"clay": "C", "sand": "S", "silt": "Z"})
    coded = pd.Series(target).map({"clay": 1.5, "sand": 2.5, "silt": 9.5})
    merged = words.replace("Z", "S")
    assert _one(words, target).copy_of_target
    assert _one(coded, target).copy_of_target
    assert not _one(merged, target).copy_of_target


@pytest.mark.parametrize("function", [np.log, np.sqrt, np.square], ids=["log", "root", "square"])
def test_a_curve_of_the_target_is_its_copy_too(function: Any) -> None:
    target = np.random.default_rng(5).lognormal(size=300)
    association = _one(function(target), target)
    assert association.value == 1
    assert association.copy_of_target


def test_what_cannot_be_measured_says_why_and_has_no_value() -> None:
    frame = pd.DataFrame(
        {
            "y": np.random.default_rng(6).normal(size=60),
            "same": 1.0,
            "day": pd.date_range("2001-01-01", periods=60),
            "few": [*range(9), *[None] * 51],
            "name": [f"n{position}" for position in range(60)],
        }
    )
    reasons = {item.column: (item.method, item.value, item.reason) for item in _measure(frame, "y").items}
    assert reasons["same"] == ("none", None, "constant")
    assert reasons["day"] == ("none", None, "a date")
    assert reasons["few"] == ("none", None, "too few values that vary")


def test_many_names_are_no_class() -> None:
    frame = pd.DataFrame({"y": np.arange(500) % 7 * 1.5, "name": [f"n{position}" for position in range(500)]})
    assert _measure(frame, "y").items[0].reason == "nearly every row has its own value"


def test_the_kind_the_user_gave_decides_the_measure() -> None:
    random = np.random.default_rng(7)
    frame = pd.DataFrame({"y": random.normal(size=80), "code": random.integers(1, 5, size=80)})
    as_number = associate(frame, "y", {"y": ColumnKind.NUMERIC, "code": ColumnKind.INTEGER})
    as_word = associate(frame, "y", {"y": ColumnKind.NUMERIC, "code": ColumnKind.CATEGORICAL})
    assert (as_number.items[0].method, as_word.items[0].method) == ("Spearman", "correlation ratio")
    assert as_word.items[0].value == pytest.approx(_eta(frame["code"], frame["y"]), abs=1e-6)


def test_progress_is_told_column_by_column_and_only_what_was_asked_for_is_measured() -> None:
    frame = pd.DataFrame(np.random.default_rng(8).normal(size=(40, 4)), columns=list("abcy"))
    told: list[Association] = []
    everything = _measure(frame, "y", on_item=told.append)
    assert [item.column for item in told] == ["a", "b", "c"]
    assert everything.items == tuple(told)
    assert [item.column for item in _measure(frame, "y", columns=["c"]).items] == ["c"]
    assert everything.of("b") == told[1]
    assert everything.of("nobody") is None
    assert Associations.from_json(json.loads(json.dumps(everything.to_json()))) == everything


def test_a_model_s_own_output_beside_its_complement_is_a_copy() -> None:
    churn = real_file("general/BankChurners.csv")
    outputs = [column.name for column in churn.profile.columns if column.name.startswith("Naive_Bayes")]
    association = churn.associations(outputs[0]).of(outputs[1])
    assert association is not None
    assert association.copy_of_target


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("target", ["word", "large"])
def test_very_large_numbers_leave_no_nan_in_the_result(target: str) -> None:
    random = np.random.default_rng(9)
    frame = pd.DataFrame({"word": random.choice(["a", "b"], size=60), "large": random.normal(size=60) * 1e200})
    json.dumps(_measure(frame, target).to_json(), allow_nan=False)
