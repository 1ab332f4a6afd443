"""One table and one set of answers for every rule of the checks, made to break that rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from tests.domain.reading import Answers, Known, known, sample
from tests.domain.tables import made

RIVER, WELL = "piscataquis_01031500_daily.csv", "gw_kingstown_usgs_daily.csv"
NO_TIME = {"time_column": ""}
AHEAD = {"purpose": "forecast"}
Row = tuple[str, Answers, str]


@dataclass(frozen=True)
class Case:
    """A problem that the answers on a table must give: "severity step field code"."""

    table: str
    answers: Answers
    problem: str

    @property
    def name(self) -> str:
        return f"{self.problem} ({self.table})"


def _odd(rows: int = 400) -> pd.DataFrame:
    """Return the made table with columns that are of no use, and targets that are hard to learn."""
    frame, positions = made(rows), np.arange(rows)
    frame["same"] = 7.5
    frame["void"] = np.nan
    frame["name"] = [f"well {place:04d}" for place in positions]
    frame["copy"] = 3 * frame["y"] + 2
    frame["mostly"] = frame["y"].where(positions % 5 < 2)
    frame["holed"] = frame["y"].where(positions % 50 > 0)
    frame["lonely"] = np.where(positions == 3, "odd", np.where(positions % 2, "even", "uneven"))
    frame["dry"] = np.maximum(frame["y"], 0)
    frame["rare"] = np.where(positions < 4, "odd", np.where(positions % 2, "even", "uneven"))
    return frame


def _lost(rows: int = 400) -> pd.DataFrame:
    """Return the made table with a target on half of the rows, and two small sites among those without one."""
    frame, positions = made(rows), np.arange(rows)
    frame["site"] = np.where(
        positions < 4, "n5", np.where(positions < 6, "n6", frame["site"].replace({"n5": "n1", "n6": "n2"}))
    )
    frame["y"] = frame["y"].where((positions % 2 == 1) & (positions > 5))
    return frame


def _wells(rows: int = 400) -> pd.DataFrame:
    """Return the made table with rows that belong together by well, and a name that speaks of what is over."""
    frame, random = made(rows), np.random.default_rng(7)
    frame["well_id"] = random.choice(["w1", "w2", "w3", "w4"], size=rows)
    frame["y"] += frame["well_id"].map({"w1": 0.0, "w2": 3.0, "w3": 6.0, "w4": 9.0})
    frame["duration"] = random.normal(size=rows) + 0.5 * frame["y"]
    return frame


def _panel() -> pd.DataFrame:
    """Return the made table with every day once for each of four sites."""
    frame = made(400)
    frame["day"] = np.repeat(frame["day"].to_numpy()[:100], 4)
    frame["site"] = np.tile(["n1", "n2", "n3", "n4"], 100)
    return frame


def _unclear() -> pd.DataFrame:
    return made(200).assign(
        day=[f"2013-01-{position % 28 + 1:02d}T00:00{'Z' if position % 2 else ''}" for position in range(200)]
    )


def _either_order() -> pd.DataFrame:
    days = [f"{position * 5 % 12 + 1:02d}/{position * 7 % 12 + 1:02d}/{1800 + position}" for position in range(200)]
    return made(200).assign(day=days)


TABLES: dict[str, Callable[[], pd.DataFrame]] = {
    "odd": _odd,
    "twice": lambda: pd.concat([made(200), made(200).head(40)]),
    "wells": _wells,
    "still": lambda: made(400).assign(flow=lambda frame: frame["y"].where(np.arange(400) >= 340, 504.0)),
    "panel": _panel,
    "lost": _lost,
    "one": lambda: made(200).assign(alone=np.where(np.arange(200) == 7, "wet", "dry")),
    "marked": lambda: made(200).assign(level=np.where(np.arange(200) % 9 == 4, -999.0, np.arange(200) * 0.7 % 13 + 20)),
    "equal": lambda: made(400).assign(again=lambda frame: frame["a"]),
    "unclear": _unclear,
    "either order": _either_order,
}


@cache
def table(name: str) -> Known:
    """Return a table by name, read as the product reads it; a number is that of the rows of the made table."""
    if name.endswith(".csv"):
        return sample(name)
    return known(TABLES[name]() if name in TABLES else made(int(name)))


def _a(*, target: str = "y", **steps: dict[str, Any]) -> Answers:
    """Return answers with a target, and what a case adds to each step."""
    data = {"target": target, **steps.pop("data", {})}
    return {"data": data, **steps}


def _lag(steps: int) -> dict[str, Any]:
    return {"transforms": [{"columns": ["a"], "kind": "lag", "parameters": {"steps": [steps]}}]}


@cache
def cases() -> tuple[Case, ...]:
    """Return every case; tables are only read when this is asked for."""
    return tuple(
        Case(name, answers, problem)
        for part in (
            _about_data,
            _about_purpose,
            _about_features,
            _about_models,
            _about_tuning,
            _about_judging,
            _about_folds,
            _about_groups,
            _about_dates,
            _about_gaps,
        )
        for name, answers, problem in part()
    )


def _about_purpose() -> Iterator[Row]:
    for purpose in ("simulate", "forecast", "fill_gaps"):
        yield "400", _a(data={"purpose": purpose, **NO_TIME}), "error data purpose purpose_needs_time"
    yield "400", _a(data={"purpose": "ungauged", "group_column": ""}), "error data purpose purpose_needs_sites"
    yield "400", _a(data={**AHEAD, "horizon": "400"}), "error data horizon horizon_too_long"
    recent = {"transforms": [{"columns": ["y"], "kind": "lag", "parameters": {"steps": [1]}}]}
    yield "400", _a(data={"purpose": "simulate"}, features=recent), "error features transforms target_never_known"
    ahead = {**AHEAD, "horizon": "3"}
    yield "400", _a(data=ahead, features=recent), "error features transforms target_not_known_yet"
    yield "400", _a(data=ahead, features=_lag(2)), "error features transforms driver_not_known_yet"
    yield "400", _a(data={"purpose": "new_rows"}, features=_lag(2)), "error features transforms no_earlier_rows"


def _about_dates() -> Iterator[Row]:
    late = {"holdout_by": "date", "holdout_from": "2016-10-01"}
    yield RIVER, _a(target="discharge_mm", validation=late), "error validation holdout_from holdout_outside"
    never = {"time_column": "day", "group_column": "site", "purpose": "ungauged"}
    for split, field in (
        ({"strategy": "time_series"}, "strategy"),
        ({"holdout_by": "date", "holdout_from": "2001-12-20"}, "holdout_from"),
    ):
        yield "panel", _a(data=never, validation=split), f"warning validation {field} sites_not_held_out"
    last = {"holdout_by": "date", "holdout_from": "2002-01-08", "strategy": "leave_one_group_out"}
    grouped = _a(data={"time_column": "day", "group_column": "site"}, validation=last)
    yield "panel", grouped, "warning validation holdout_from holdout_too_small"
    yield RIVER, _a(target="discharge_mm", validation={"warm_up": "20000"}), "error validation warm_up warm_up_too_long"
    years = {"time_series.align": "water_year", "time_series.n_splits": 20}
    early = {"holdout_by": "date", "holdout_from": "1990-10-01", **years}
    yield RIVER, _a(target="discharge_mm", validation=early), "error validation time_series.n_splits too_few_years"


def _about_gaps() -> Iterator[Row]:
    gaps = {"purpose": "fill_gaps"}
    yield (
        "400",
        _a(data=gaps, validation={"holdout_percent": "20"}),
        "warning validation holdout_percent holdout_is_no_gap",
    )
    dated = {"holdout_by": "date", "holdout_from": "2002-09-01"}
    yield "400", _a(data=gaps, validation=dated), "warning validation holdout_from holdout_is_no_gap"
    yield "400", _a(data=gaps, validation={"strategy": "k_fold"}), "warning validation strategy gaps_without_blocks"
    long = {"masked_blocks.lengths": "300"}
    yield "400", _a(data=gaps, validation=long), "error validation masked_blocks.lengths blocks_too_long"
    line = {"estimator": "linear_interpolation"}
    yield "400", _a(data={"purpose": "simulate"}, model=line), "error model estimator estimator_of_another_purpose"


def _about_data() -> Iterator[Row]:
    for_classes = {"task_kind": "multiclass"}
    yield "odd", _a(target="void"), "error data target target_all_missing"
    yield "odd", _a(target="same"), "error data target constant"
    yield "odd", _a(target="mostly"), "warning data target target_mostly_missing"
    yield "odd", _a(target="holed"), "notice data target target_missing_rows"
    yield "odd", _a(target="name"), "error data target identifier"
    yield "odd", _a(target="lonely"), "warning data target class_with_one_row"
    yield "400", _a(target="three", data={"task_kind": "regression"}), "error data task_kind target_not_numeric"
    yield "400", _a(target="three", data={"task_kind": "binary"}), "error data task_kind not_binary"
    own = {"time_column": "", "group_column": "three"}
    yield "400", _a(target="three", data=own), "error data group_column group_is_target"
    yield "1500", _a(data=for_classes), "error data target too_many_classes"
    yield "400", _a(data=for_classes), "warning data target many_classes"
    yield "9", _a(), "error data target too_few_rows"
    yield "60", _a(), "warning data target too_few_rows"
    yield "400", _a(data={"time_column": "a"}), "error data time_column time_column_unreadable"
    yield "400", _a(data={"group_column": "day"}, features=_lag(7)), "warning data group_column group_is_time"
    yield "marked", _a(), "warning data  marker_unanswered"
    yield "marked", _a(target="level"), "warning data target marker_unanswered"
    yield "unclear", _a(), "warning data time_column looks_like_time_not_understood"
    yield "either order", _a(), "warning data time_column looks_like_time_not_understood"


def _about_features() -> Iterator[Row]:
    nothing = {table("400").key(name): False for name in ("a", "b", "word", "site", "two", "three")}
    yield "400", _a(features={**nothing, "transforms": []}), "error features  no_features"
    dull = {column.key: column.name in ("same", "void") for column in table("odd").profile.columns}
    ticked_dull = {f"column.{key}": on for key, on in dull.items()}
    yield "odd", _a(features={**ticked_dull, "transforms": []}), "error features  features_constant"
    for name, code in (
        ("copy", "target_leakage"),
        ("void", "all_missing"),
        ("same", "constant"),
        ("name", "identifier"),
    ):
        field = table("odd").key(name)
        yield "odd", _a(features={field: True}), f"warning features {field} {code}"
    every = {"selection": [{"kind": "keep_strongest", "amount": 50}]}
    yield "400", _a(features=every), "notice features selection selection_keeps_all"
    yield "wells", _a(), f"notice features {table('wells').key('duration')} known_only_afterwards"
    yield "400", _a(data=NO_TIME, features=_lag(1)), "error features transforms time_column_missing"
    alone = {"time_column": "day", "group_column": ""}
    yield "panel", _a(data=alone, features=_lag(1)), "error features transforms times_repeat"
    yield "panel", _a(data={**alone, "purpose": "fill_gaps"}), "error data group_column gaps_mix_series"
    yield "400", _a(features=_lag(101)), "warning features transforms memory_too_long"
    yield "400", _a(features={"transforms": "lag"}), "error features transforms transform_invalid"
    yield "400", _a(features=_lag(400)), "error features transforms memory_too_long"
    yield from _about_recipes()
    yield from _about_weather()


def _recipes(*recipes: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"transforms": [{"kind": kind, "columns": [column]} for kind, column in recipes], **more}


def _about_weather() -> Iterator[Row]:
    pair = {"kind": "potential_evaporation", "columns": ["a", "again"]}
    equal = [{**pair, "parameters": {"method": "hargreaves", "latitude": 45}}]
    yield "equal", _a(features={"transforms": equal}), "error features transforms temperatures_equal"
    snow = [{"kind": "degree_day_snow", "columns": ["b", "a"], "parameters": {"factor": factor}} for factor in (2, 4)]
    yield "400", _a(features={"transforms": snow}), "error features transforms derived_twice"


def _about_recipes() -> Iterator[Row]:
    where = "features transforms"
    yield "400", _a(features=_recipes(("box_cox", "a"))), f"error {where} not_positive"
    yield "400", _a(features=_recipes(("log", "a"))), f"warning {where} not_positive"
    yield "400", _a(features=_recipes(("ordinal", "word"), ("one_hot", "word"))), f"error {where} transform_conflict"
    yield "400", _a(features=_recipes(("scale_robust", "a"), ("log", "a"))), f"error {where} transform_conflict"
    yield (
        "400",
        _a(features=_recipes(("one_hot", "word"), ("scale_robust", "word"))),
        f"error {where} transform_conflict",
    )
    yield (
        "400",
        _a(features=_recipes(("scale_robust", "a"), ("scale_min_max", "a"))),
        f"warning {where} transform_conflict",
    )
    unticked = {table("400").key("b"): False}
    yield "400", _a(features=_recipes(("yeo_johnson", "b"), **unticked)), f"warning {where} transform_unused"
    ticked = {table("odd").key("same"): True}
    yield "odd", _a(features=_recipes(("scale_robust", "same"), **ticked)), f"warning {where} transform_constant"
    trees = {"estimator": "random_forest"}
    yield "400", _a(model=trees, features=_recipes(("scale_robust", "a"))), f"notice {where} scaling_pointless"
    yield "odd", _a(target="rare", features=_recipes(("target_encoding", "word"))), f"warning {where} rare_class"
    ticked = {table("odd").key("name"): True}
    yield "odd", _a(features=_recipes(("target_encoding", "name"), **ticked)), f"warning {where} rare_words"
    for kind, column in (("scale_robust", "word"), ("one_hot", "a"), ("log", "y"), ("cyclic", "y"), ("log", "gone")):
        yield "400", _a(features=_recipes((kind, column))), f"error {where} transform_invalid"


def _about_models() -> Iterator[Row]:
    process, boosting = {"estimator": "gaussian_process"}, "hist_gradient_boosting"
    neighbors = {"estimator": "k_nearest_neighbors", "k_nearest_neighbors.n_neighbors": "200"}
    yield "400", _a(model={"estimator": "oracle"}), "error model estimator estimator_unknown"
    yield "400", _a(model={"estimator": "gaussian_naive_bayes"}), "error model estimator estimator_unfit"
    yield "400", _a(target="two", model={"estimator": "lasso"}), "error model estimator estimator_unfit"
    yield "400", _a(model={"estimator": "ridge", "ridge.alpha": "-1"}), "error model ridge.alpha parameter_invalid"
    yield RIVER, _a(target="discharge_mm", model=process), "error model estimator too_many_rows"
    yield WELL, _a(target="head_m", model=process), "warning model estimator too_many_rows"
    yield (
        "400",
        _a(model={"estimator": boosting, f"{boosting}.loss": "poisson"}),
        f"error model {boosting}.loss loss_needs_positive",
    )
    yield "400", _a(model=neighbors), "error model k_nearest_neighbors.n_neighbors too_many_neighbors"
    solver = {"estimator": "logistic_regression", "logistic_regression.penalty": "l1"}
    yield "400", _a(target="two", model=solver), "error model logistic_regression.solver solver_without_l1"


def _tuned(estimator: str = "ridge", **answers: Any) -> dict[str, Any]:
    """Return answers of the Model step with the search on; fields of it are given with underscores for points."""
    named = {name.replace("__", "."): value for name, value in answers.items()}
    return {"estimator": estimator, "tuning.enabled": "true", **named}


def _about_tuning() -> Iterator[Row]:
    low, high = "space__ridge__alpha__low", "space__ridge__alpha__high"
    yield "400", _a(model=_tuned(**{low: "-1"})), "error model space.ridge.alpha.low parameter_invalid"
    yield "400", _a(model=_tuned(**{low: "5", high: "2"})), "error model space.ridge.alpha.high search_range_empty"
    yield "400", _a(model=_tuned(**{high: "1e9"})), "error model space.ridge.alpha.high parameter_invalid"
    kept = {"space__ridge__alpha__search": "false"}
    yield "400", _a(model=_tuned(**kept)), "error model tuning.enabled search_space_empty"
    none = {
        "space__support_vector_machine__kernel__search": "true",
        "space__support_vector_machine__kernel__choices": [],
    }
    where = "space.support_vector_machine.kernel.choices"
    yield "400", _a(model=_tuned("support_vector_machine", **none)), f"error model {where} search_range_empty"
    zero = {"search": "true", "low": "0", "high": "1", "scale": "log"}
    factors = {f"space__elastic_net__l1_ratio__{name}": value for name, value in zero.items()}
    where = "space.elastic_net.l1_ratio.low"
    yield "400", _a(model=_tuned("elastic_net", **factors)), f"error model {where} search_log_of_zero"
    for name, value in (("trials", "0"), ("inner", "1"), ("sampler", "luck"), ("pruning", "late")):
        field = f"tuning.{name}"
        yield "400", _a(model=_tuned(**{f"tuning__{name}": value})), f"error model {field} parameter_invalid"
    for metric, code in (("luck", "unknown"), ("roc_auc", "unfit"), ("log_nse", "needs_positive")):
        yield "400", _a(model=_tuned(tuning__metric=metric)), f"error model tuning.metric metric_{code}"
    row, few = _tuned(tuning__metric="log_loss"), {"holdout_percent": "0", "time_series.n_splits": "2"}
    yield "400", _a(target="two", model=row), "error model tuning.metric metric_needs_probabilities"
    yield from _about_searched_pairs()
    still, wells = {"strategy": "time_series"}, {"strategy": "group_k_fold", "group_k_fold.n_splits": "3"}
    spread = "notice model tuning.metric metric_needs_spread"
    yield "still", _a(target="flow", model=_tuned(), validation=still), spread
    yield "still", _a(target="flow", data={"group_column": "site"}, model=_tuned(), validation=wells), spread
    gap = {**few, "time_series.gap": "110", "strategy": "time_series"}
    yield "400", _a(model=_tuned(), validation=gap), "error model tuning.inner inner_folds_impossible"
    fewer = {**few, "time_series.gap": "25", "strategy": "time_series"}
    many = _tuned(tuning__inner="10")
    yield "400", _a(model=many, validation=fewer), "notice model tuning.inner inner_folds_fewer"


def _about_searched_pairs() -> Iterator[Row]:
    penalty = "space__logistic_regression__penalty"
    several = _tuned("logistic_regression", **{f"{penalty}__search": "true"})
    where = "error model space.logistic_regression.penalty"
    yield "400", _a(target="two", model=several), f"{where}.choices search_clash"
    alone = {**several, "space.logistic_regression.penalty.choices": ["l1"]}
    yield "400", _a(target="two", model=alone), f"{where}.search search_clash"
    loss = _tuned("hist_gradient_boosting", space__hist_gradient_boosting__loss__search="true")
    yield "400", _a(model=loss), "error model space.hist_gradient_boosting.loss.choices search_clash"
    share = _tuned("extra_trees", space__extra_trees__max_samples__search="true")
    yield "400", _a(model=share), "error model space.extra_trees.max_samples.search search_clash"


def _judged(strategy: str = "time_series", **answers: Any) -> dict[str, Any]:
    """Return answers of the Validation step; settings of the strategy are given by their short names."""
    whole = {"holdout_percent", "seed", "primary_metric", "other_metrics"}
    named = {name if name in whole else f"{strategy}.{name}": value for name, value in answers.items()}
    return {"strategy": strategy, **named}


def _about_judging() -> Iterator[Row]:
    for target, field, metric, code in (
        ("y", "primary_metric", "luck", "metric_unknown"),
        ("y", "other_metrics", ["luck"], "metric_unknown"),
        ("y", "primary_metric", "roc_auc", "metric_unfit"),
        ("two", "other_metrics", ["rmse"], "metric_unfit"),
        ("y", "primary_metric", "log_nse", "metric_needs_positive"),
        ("two", "primary_metric", "log_loss", "metric_needs_probabilities"),
        ("y", "seed", "-1", "parameter_invalid"),
        ("y", "holdout_percent", "81", "parameter_invalid"),
    ):
        model = {"estimator": "ridge"} if code == "metric_needs_probabilities" else {}
        yield "400", _a(target=target, model=model, validation={field: metric}), f"error validation {field} {code}"
    yield "400", _a(validation={"holdout_percent": "1"}), "warning validation holdout_percent holdout_too_small"
    yield "20", _a(validation=_judged(holdout_percent="10")), "warning validation holdout_percent holdout_too_small"
    for name, percent in (("400", "1"), ("20", "20")):
        short = {"strategy": "holdout", "holdout.percent": percent}
        yield name, _a(data=NO_TIME, validation=short), "warning validation holdout.percent holdout_too_small"
    for strategy, data, problem in (
        ("time_series", NO_TIME, "error validation strategy time_column_missing"),
        ("group_k_fold", {}, "error validation strategy group_column_missing"),
        ("stratified_k_fold", {}, "error validation strategy strategy_needs_classes"),
        ("leave_one_group_out", {"group_column": "day"}, "error validation strategy too_many_groups"),
        ("oracle", {}, "error validation strategy strategy_unknown"),
        ("k_fold", {}, "warning validation strategy random_split_in_time"),
    ):
        yield "400", _a(data=data, validation=_judged(strategy)), problem


def _about_folds() -> Iterator[Row]:
    at_random = {"data": NO_TIME, "validation": {"strategy": "k_fold"}}
    yield "wells", _a(**at_random), "notice validation strategy group_leakage"
    yield "twice", _a(**at_random), "warning validation strategy duplicates_across_folds"
    yield "400", _a(validation=_judged("k_fold", n_splits="1")), "error validation k_fold.n_splits parameter_invalid"
    yield "20", _a(validation=_judged("k_fold", n_splits="11")), "error validation k_fold.n_splits too_few_rows"
    yield (
        "odd",
        _a(target="rare", validation=_judged("stratified_k_fold", n_splits="5")),
        "error validation stratified_k_fold.n_splits rare_class",
    )
    yield (
        "one",
        _a(target="alone", data=NO_TIME, validation=_judged("k_fold")),
        "error validation strategy one_class_fold",
    )
    yield "400", _a(validation=_judged(gap="300")), "error validation time_series.gap gap_too_long"
    yield "400", _a(data=AHEAD, validation=_judged(gap="1")), "warning validation time_series.gap gap_short"
    own = {"transforms": [{"columns": ["y"], "kind": "lag", "parameters": {"steps": [14]}}]}
    yield "60", _a(data=AHEAD, features=own), "notice validation time_series.gap gap_short"


def _about_groups() -> Iterator[Row]:
    yield (
        "400",
        _a(data={"group_column": "site"}, validation=_judged("group_k_fold", n_splits="7")),
        "error validation group_k_fold.n_splits too_few_groups",
    )
    lost = {**NO_TIME, "group_column": "site"}
    yield (
        "lost",
        _a(data=lost, validation=_judged("group_k_fold", n_splits="5", holdout_percent="0")),
        "error validation group_k_fold.n_splits too_few_groups",
    )
    grouped = {**NO_TIME, "group_column": "alone"}
    yield (
        "one",
        _a(target="two", data=grouped, validation=_judged("group_k_fold", n_splits="2")),
        "error validation strategy group_too_large",
    )
    yield (
        "one",
        _a(data=grouped, validation=_judged("group_k_fold", n_splits="2")),
        "error validation strategy group_too_large",
    )
