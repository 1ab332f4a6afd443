"""Starting hyperparameters and the first list: fitted to the data, within bounds, and said with its numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.associations.association import associate
from app.domain.estimators import registry
from app.domain.recommendation.estimators import rank
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.starting_values import starting_parameters
from app.domain.recommendation.traits import Traits, traits_of
from app.domain.vocabulary import ColumnKind, Purpose, TaskKind
from tests.domain.reading import known, sample
from tests.domain.tables import profile_of

PLAIN = Traits(TaskKind.REGRESSION, rows=1000, numbers=8, words=0, width=8, target_values=900, target_std=2.0, tail=1.2)
CLASSES = replace(PLAIN, task=TaskKind.MULTICLASS, classes=3, rarest=300, commonest=350, target_values=3, tail=0.0)
SHAPES = [
    PLAIN,
    CLASSES,
    replace(PLAIN, rows=3, target_std=0.0),
    replace(PLAIN, rows=5_000_000, numbers=900, width=900),
    replace(PLAIN, ordered=True, memory_steps=30, derived=4, width=12, tail=9.0),
    replace(PLAIN, numbers=0, words=4, word_values=150, width=120, missing_share=0.2),
    replace(CLASSES, rows=40_000, classes=200, rarest=1, commonest=20_000),
    replace(CLASSES, task=TaskKind.BINARY, classes=2, rarest=2, commonest=998),
]


@pytest.mark.parametrize("traits", SHAPES)
def test_every_starting_value_is_one_that_the_form_takes(traits: Traits) -> None:
    for entry in registry.estimators_for_task(traits.task):
        values = starting_parameters(entry, traits)
        assert set(values) == set(entry.defaults(traits.task))
        for parameter in entry.parameters_for(traits.task):
            assert parameter.parse(values[parameter.name]) == values[parameter.name]


def test_classes_weigh_the_same_where_they_are_uneven_unless_probabilities_are_judged() -> None:
    uneven, forest = replace(CLASSES, rarest=20), registry.get("random_forest")
    assert starting_parameters(forest, CLASSES)["class_weight"] == "none"
    assert starting_parameters(forest, uneven)["class_weight"] == "decision"
    assert starting_parameters(registry.get("support_vector_machine"), uneven)["class_weight"] == "balanced"
    for metric in ("log_loss", "accuracy", "roc_auc"):
        assert starting_parameters(forest, uneven, metric=metric)["class_weight"] == "none"


def test_the_penalty_of_lasso_is_in_the_unit_of_the_target() -> None:
    lasso = registry.get("lasso")
    millimetres = starting_parameters(lasso, replace(PLAIN, target_std=1500.0))["alpha"]
    assert millimetres == pytest.approx(1000 * starting_parameters(lasso, replace(PLAIN, target_std=1.5))["alpha"])


@pytest.mark.parametrize("traits", SHAPES)
def test_every_estimator_is_ranked_once_with_reasons_and_the_baseline_comes_last(traits: Traits) -> None:
    ranked = rank(traits)
    assert {suggestion.entry.id for suggestion in ranked} == {
        entry.id for entry in registry.estimators_for_task(traits.task)
    }
    assert ranked[-1].entry.is_baseline
    assert not any(suggestion.entry.is_baseline for suggestion in ranked[:-1])
    assert all(suggestion.reasons and suggestion.cautions for suggestion in ranked)
    assert f"{traits.rows:,} rows" in ranked[0].reasons[0]


def test_a_long_tail_and_noise_and_a_short_memory_change_who_goes_first() -> None:
    assert rank(PLAIN)[0].entry.id == "extra_trees"
    tailed = rank(replace(PLAIN, tail=5.0))[0]
    assert tailed.entry.id == "hist_gradient_boosting"
    assert "a long tail (5.0 to 1 about the median)" in tailed.reasons[0]
    noisy = rank(replace(PLAIN, strongest=("wind", 0.08)))
    assert noisy[0].entry.id == "random_forest"
    assert "no column is associated with the target by more than 0.08" in noisy[0].reasons[0]
    boosting = next(suggestion for suggestion in noisy if suggestion.entry.id == "hist_gradient_boosting")
    assert boosting.cautions[0].startswith("The strongest column, wind, is associated by only 0.08")
    short = rank(replace(PLAIN, ordered=True, memory_steps=3, derived=3))[0]
    assert short.entry.id == "ridge"
    assert "look back 3 steps" in short.reasons[0]


def test_classes_go_by_balance_and_size() -> None:
    def first(**traits: int) -> str:
        return rank(replace(CLASSES, **traits))[0].entry.id

    assert first(rows=5000) == "hist_gradient_boosting"
    assert first(rows=800) == "random_forest"
    assert first(rows=5000, rarest=20, commonest=4000) == "random_forest"
    assert first(rows=60) == "logistic_regression"


def test_what_cannot_carry_the_rows_stands_behind_what_can() -> None:
    order = [estimator_suggestion.entry.id for estimator_suggestion in rank(replace(PLAIN, rows=100_000))]
    assert order.index("support_vector_machine") > order.index("decision_tree")
    suggestion = next(
        estimator_suggestion
        for estimator_suggestion in rank(replace(PLAIN, rows=100_000))
        if estimator_suggestion.entry.id == "gaussian_process"
    )
    assert suggestion.cautions[0] == "100,000 rows are more than the 3,000 it can handle"


def test_the_reasons_name_the_numbers_of_the_data() -> None:
    plan = sample("piscataquis_01031500_daily.csv").plan()
    first = plan.ranking[0]
    assert first.entry.id == "averaged_trees"
    assert first.reasons[0].startswith("12,692 rows, ")
    assert "63 features of past weather" in first.reasons[0]


def test_the_plan_starts_from_what_is_recommended() -> None:
    plan = sample("rd_palmerpenguins_penguins_raw.csv").plan({"data": {"target": "Species"}})
    assert plan.spec is not None
    first = plan.ranking[0]
    assert plan.spec.model.estimator == first.entry.id
    assert plan.spec.model.parameters == first.parameters
    name = f"{first.entry.id}.min_samples_leaf"
    assert plan.suggestions["model"][name] == first.parameters["min_samples_leaf"]


def test_what_speaks_of_few_rows_is_said_where_they_are_few_and_a_series_is_not_judged_by_single_columns() -> None:
    def cautions(**traits: Any) -> str:
        ranked = rank(replace(PLAIN, **traits))
        return " ".join(
            next(suggestion for suggestion in ranked if suggestion.entry.id == "hist_gradient_boosting").cautions
        )

    assert "400 rows are few for boosting" in cautions(rows=400)
    assert "few for boosting" not in cautions(rows=40_000)
    assert "noise" in cautions(rows=40_000, strongest=("wind", 0.1))
    assert "noise" not in cautions(rows=40_000, strongest=("wind", 0.1), ordered=True, memory_steps=30, derived=10)


def faint(rows: int = 400, **more: Any) -> Traits:
    return replace(PLAIN, rows=rows, numbers=20, width=10, explained=0.12, strongest=("a", 0.25), **more)


def test_few_rows_with_a_faint_signal_start_from_a_line_held_back() -> None:
    first = rank(faint())[0]
    assert first.entry.id == "ridge"
    assert "one by one the columns explain 12 % of the target" in first.reasons[0]
    assert rank(faint(rows=5000))[0].entry.id != "ridge"
    assert rank(replace(faint(), explained=0.6))[0].entry.id != "ridge"
    assert rank(replace(faint(), explained=None, strongest=None))[0].entry.id == "extra_trees"


def test_the_penalty_of_ridge_is_the_noise_per_column() -> None:
    ridge = registry.get("ridge")

    def penalty(traits: Traits) -> float:
        return float(str(starting_parameters(ridge, traits)["alpha"]))

    assert penalty(faint()) == pytest.approx(20 * 0.88 / 0.12, rel=0.05)
    assert penalty(replace(faint(), explained=0.0)) == pytest.approx(400, rel=0.05), "never more than the rows"
    assert penalty(replace(faint(), explained=1.0)) == penalty(replace(faint(), explained=None)) == 1.0


def test_what_single_columns_explain_is_not_counted_where_chance_gives_it() -> None:
    random = np.random.default_rng(3)
    frame = pd.DataFrame(random.normal(size=(400, 40)), columns=[f"x{position}" for position in range(40)])
    noise = frame.assign(y=random.normal(size=400))
    told = frame.assign(y=frame["x0"] + random.normal(scale=3, size=400))
    for table, low, high in ((noise, 0.0, 0.05), (told, 0.05, 0.2)):
        traits = traits_of(
            profile_of(table),
            task=TaskKind.REGRESSION,
            target="y",
            selected=list(frame.columns),
            kinds={},
            associations=associate(table, "y", dict.fromkeys(table.columns, ColumnKind.NUMERIC)),
        )
        assert traits.explained is not None
        assert low <= traits.explained <= high


def timed_table(*, classes: bool) -> pd.DataFrame:
    random = np.random.default_rng(5)
    frame = pd.DataFrame(random.normal(size=(800, 4)).round(4), columns=list("abcd"))
    frame.insert(0, "day", pd.date_range("2001-10-01", periods=800).strftime("%Y-%m-%d"))
    y = frame["a"] + 0.5 * frame["b"] + random.normal(size=800)
    return frame.assign(y=np.where(y > 0.5, "wet", "dry") if classes else y.round(4))


@pytest.mark.parametrize("classes", [False, True], ids=["number", "classes"])
def test_held_out_targets_move_no_starting_setting(classes: bool) -> None:
    frame = timed_table(classes=classes)
    poisoned = frame.copy()
    poisoned.loc[640:, "y"] = "wet" if classes else np.linspace(50, 9e5, 160).round(4)
    answers = {"data": {"target": "y", "time_column": "day", "task_kind": "binary" if classes else "regression"}}
    plan, other = (known(first).plan_as_measured(answers) for first in (frame, poisoned))

    def started(result: Plan) -> list[tuple[str, dict[str, Any]]]:
        return [(suggestion.entry.id, dict(suggestion.parameters)) for suggestion in result.ranking]

    assert started(plan) == started(other)
    assert plan.suggestions["model"] == other.suggestions["model"]


def test_boosting_for_gaps_takes_slow_steps_on_few_columns() -> None:
    plain, gaps = (
        next(
            suggestion
            for suggestion in rank(replace(PLAIN, purpose=purpose))
            if suggestion.entry.id == "hist_gradient_boosting"
        ).parameters
        for purpose in (None, Purpose.FILL_GAPS)
    )
    assert gaps["learning_rate"] == plain["learning_rate"] == 0.04
    assert gaps["max_features"] < plain["max_features"] == 0.5


def test_an_amount_of_some_thousand_rows_is_boosted_in_small_steps() -> None:
    def boosting(**changes: Any) -> Any:
        ranking = rank(replace(PLAIN, **changes))
        return next(item for item in ranking if item.entry.id == "hist_gradient_boosting").parameters

    amount, mark = boosting(rows=1_000, target_values=400), boosting(rows=1_000, target_values=5)
    assert (amount["learning_rate"], amount["max_iter"]) == (0.04, 500)
    assert mark["learning_rate"] > amount["learning_rate"]
    assert boosting(rows=50_000, target_values=400)["max_iter"] == 300


def test_a_forecast_learns_the_change_and_sites_trust_the_network() -> None:
    flow = {"rows": 8_000, "ordered": True, "memory_steps": 365, "derived": 60, "tail": 9.0, "never_negative": True}

    def average(**changes: Any) -> Any:
        ranking = rank(replace(PLAIN, **flow, **changes))
        return next(item for item in ranking if item.entry.id == "averaged_trees").parameters

    simulated, ahead = average(purpose=Purpose.SIMULATE), average(purpose=Purpose.FORECAST)
    assert (simulated["loss"], simulated["change"], simulated["network_passes"]) == ("both", False, 40)
    assert (ahead["loss"], ahead["change"], ahead["network_passes"]) == ("roots", True, 40)
    several = average(purpose=Purpose.FORECAST, grouped=True)
    assert several["network_share"] > simulated["network_share"]
    assert (several["loss"], several["change"], several["network_passes"]) == ("poisson", False, 40)
