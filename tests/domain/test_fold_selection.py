"""Columns chosen by rules: learned from the training rows of each fold, the same for the same rows, told in the report."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.checks import check_spec
from app.domain.estimation.workload import workload_of
from app.domain.experiment import SelectionPart, Spec
from app.domain.recommendation.from_config import answers_of_config
from app.domain.training.development import HoldoutRule
from app.domain.training.preprocessing.pipeline import build_pipeline, columns_chosen
from app.domain.training.preprocessing.preparation import prepare
from app.domain.training.run import train
from app.domain.training.selection import Candidates, choose
from app.domain.training.selection_rules import describe, fault_of, read_rules, to_answer
from app.domain.training.tuning.inner_folds import facts_of, inner_folds
from app.domain.training.validation.splitting import make_split
from tests.domain.reading import known
from tests.domain.tables import make_spec, profile_of

pytestmark = pytest.mark.fits

COLUMNS = [f"x{position}" for position in range(12)]
RULES: dict[str, dict[str, Any]] = {
    "strongest": {"kind": "keep_strongest", "amount": 3},
    "informative": {"kind": "keep_strongest", "amount": 3, "measure": "mutual_information"},
    "uncorrelated": {"kind": "drop_correlated", "threshold": 0.6},
    "varying": {"kind": "drop_near_constant", "threshold": 0.04},
    "associated": {"kind": "keep_associated", "low": 0.1},
    "not associated": {"kind": "drop_associated", "high": 0.1},
}
SPLITS: dict[str, dict[str, Any]] = {
    "k-fold": {"validation": {"strategy": "k_fold", "parameters": {"n_splits": 4}, "holdout": {"fraction": 0.2}}},
    "time": {
        "task": {"target": "y", "time_column": "day"},
        "validation": {"strategy": "time_series", "parameters": {"n_splits": 3}, "holdout": {"fraction": 0.2}},
    },
    "groups": {
        "task": {"target": "y", "group_column": "site"},
        "validation": {"strategy": "group_k_fold", "parameters": {"n_splits": 3}, "holdout": {"fraction": 0.3}},
    },
    "one split": {"validation": {"strategy": "holdout", "parameters": {"percent": 30}}},
}


def table_of(rows: int = 160, *, seed: int = 4) -> pd.DataFrame:
    """Make twelve columns: three that matter, pairs that go together, some that hardly vary, a word and gaps."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(random.normal(size=(rows, 12)), columns=COLUMNS)
    frame["x5"] = frame["x0"] + 0.4 * random.normal(size=rows)
    frame["x6"] = frame["x1"] + 0.5 * random.normal(size=rows)
    frame["x7"] = random.normal(size=rows) ** 9
    frame.loc[random.random(rows) < 0.1, "x8"] = np.nan
    frame["x9"] = random.choice(["clay", "sand", "silt"], size=rows)
    frame["day"] = pd.date_range("2001-10-01", periods=rows, freq="D")
    frame["site"] = random.choice(["n1", "n2", "n3", "n4", "n5", "n6"], size=rows)
    frame["y"] = frame["x0"] + 0.7 * frame["x1"] - 0.5 * frame["x2"] + random.normal(size=rows)
    return frame


def spec_of(*rules: dict[str, Any], **parts: Any) -> Spec:
    spec = make_spec(selected=COLUMNS, **parts)
    values = spec.to_json()
    values["features"]["selection"] = list(rules)
    return Spec.model_validate(values)


def profile(frame: pd.DataFrame) -> DatasetProfile:
    return profile_of(frame, "day")


def report_of(spec: Spec, frame: pd.DataFrame) -> dict[str, Any]:
    result = train(spec, frame, profile(frame), on_progress=lambda _: None, should_stop=lambda: False)
    return result.report.to_json()


def poisoned(frame: pd.DataFrame, rows: Any, *, seed: int = 9) -> pd.DataFrame:
    """Return the table with wild values in these rows of every column but the one that orders or groups them."""
    random, changed = np.random.default_rng(seed), frame.copy()
    for name in [*COLUMNS, "y"]:
        if name != "x9":
            changed.loc[rows, name] = random.normal(1000, 500, size=len(rows))
    changed.loc[rows, "x9"] = "peat"
    return changed


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("rule", RULES)
def test_no_row_outside_the_training_rows_moves_a_choice(rule: str, split: str) -> None:
    frame = table_of()
    spec = spec_of(RULES[rule], **SPLITS[split])
    table = prepare(spec, frame, profile(frame))
    made = make_split(spec, facts_of(table))
    trains = [fold.train for fold in made.folds] + ([made.development] if made.holdout is not None else [])
    some_dropped = False
    for train_rows in trains:
        outside = np.setdiff1d(np.arange(len(table.target)), train_rows)
        other = prepare(spec, poisoned(frame, table.rows[outside] - 1), profile(frame))
        chosen = [
            columns_chosen(
                build_pipeline(spec, training_table).fit(
                    training_table.features.iloc[train_rows], training_table.target[train_rows]
                )
            )
            for training_table in (table, other)
        ]
        assert chosen[0] == chosen[1]
        assert chosen[0]
        some_dropped |= len(chosen[0]) < len(COLUMNS)
    assert some_dropped, "the rule chooses among these columns"


def test_a_search_chooses_anew_within_each_inner_fold() -> None:
    frame = table_of(120)
    tuning = {
        "enabled": True,
        "trials": 3,
        "inner": 2,
        "sampler": "random",
        "space": {"alpha": {"low": 0.1, "high": 9}},
    }
    spec = spec_of(RULES["strongest"], tuning=tuning)
    table = prepare(spec, frame, profile(frame))
    outer = make_split(spec, facts_of(table)).folds[0]
    for fold in inner_folds(spec, facts_of(table), outer.train):
        outside = np.setdiff1d(np.arange(120), fold.train)
        other = prepare(spec, poisoned(frame, outside), profile(frame))
        chosen = [
            columns_chosen(
                build_pipeline(spec, training_table).fit(
                    training_table.features.iloc[fold.train], training_table.target[fold.train]
                )
            )
            for training_table in (table, other)
        ]
        assert chosen[0] == chosen[1]
    report = report_of(spec, frame)
    assert report["tuning"] is not None
    assert report["features"]["selection"]["fits"] == 3


def test_the_trials_of_a_search_choose_once_for_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.domain.training import chosen_columns

    calls = []
    real = chosen_columns.choose
    monkeypatch.setattr(chosen_columns, "choose", lambda *parts: calls.append(1) or real(*parts))
    tuning = {"enabled": True, "trials": 4, "inner": 2, "sampler": "random", "pruning": "none"}
    report_of(spec_of(RULES["strongest"], tuning=tuning), table_of(120))
    assert len(calls) == 3 * (2 + 1), "three folds, each with two inner ones and its own fit"


def test_equal_columns_are_kept_in_the_order_of_the_config() -> None:
    random = np.random.default_rng(3)
    values = random.normal(size=60)
    frame = pd.DataFrame({"b": values, "a": values, "c": -values, "d": random.normal(size=60)})
    candidates = Candidates(frame, values + 0.1, frozenset(frame), classes=False, seed=1)
    for amount, expected in ((1, ("b",)), (2, ("b", "a")), (3, ("b", "a", "c"))):
        assert choose([SelectionPart(kind="keep_strongest", amount=amount)], candidates) == expected
    assert choose([SelectionPart(kind="drop_correlated", threshold=0.9)], candidates) == ("b", "d")


@pytest.mark.parametrize("rule", RULES)
def test_at_least_one_column_stays(rule: str) -> None:
    frame = pd.DataFrame({"flat": np.ones(40), "still": np.zeros(40)})
    candidates = Candidates(frame, np.arange(40.0), frozenset(frame), classes=False, seed=1)
    hard = SelectionPart(**{**RULES[rule], **({"low": 0.99} if "low" in RULES[rule] else {})})
    assert len(choose([hard, hard], candidates)) >= 1


def test_rules_follow_one_another() -> None:
    frame = table_of()
    candidates = Candidates(frame[COLUMNS], frame["y"].to_numpy(), frozenset(COLUMNS) - {"x9"}, classes=False, seed=1)
    rules = [SelectionPart(**RULES["uncorrelated"]), SelectionPart(kind="keep_strongest", amount=2)]
    assert choose(rules, candidates) == ("x0", "x1")
    both = choose([SelectionPart(kind="keep_strongest", amount=4)], candidates)
    assert {"x0", "x5"} <= set(both)


def test_the_same_seed_gives_the_same_report_bit_by_bit() -> None:
    frame, spec = table_of(), spec_of(*RULES.values(), **SPLITS["time"])
    first, second = (report_of(spec, frame) for _ in range(2))
    for report in (first, second):
        for name in ("timing", "memory_mb"):
            del report[name]
    assert json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)


def test_the_report_says_in_how_many_folds_a_column_was_chosen() -> None:
    report = report_of(spec_of(RULES["strongest"], **SPLITS["k-fold"]), table_of())
    told = report["features"]["selection"]
    assert told["rules"] == ["Keeps the 3 strongest of 12 columns, chosen in each fold."]
    assert (told["candidates"], told["fits"]) == (12, 5)
    assert sum(element["folds"] for element in told["columns"]) == 3 * 5
    assert told["columns"][0] == {"column": "x0", "folds": 5}
    assert [part["part"] for part in told["parts"]] == ["fold 1", "fold 2", "fold 3", "fold 4", "hold-out"]
    assert all(part["count"] == len(part["columns"]) == 3 for part in told["parts"])
    shuffled = {item["feature"] for item in report["charts"]["importance"]["items"]}
    assert shuffled == set(told["parts"][-1]["columns"]), "importance looks at what the last fit looks at"


def test_an_independent_script_rebuilds_it_from_config_and_data() -> None:
    frame, spec = table_of(), spec_of({"kind": "keep_strongest", "amount": 3}, **SPLITS["k-fold"])
    frame["x9"] = np.random.default_rng(8).normal(size=len(frame))
    frame["x8"] = frame["x8"].fillna(0.0)
    config = json.loads(json.dumps(spec.to_json()))
    result = train(spec, frame, profile(frame), on_progress=lambda _: None, should_stop=lambda: False)
    # From here on nothing of the product is used.
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, train_test_split
    from sklearn.preprocessing import StandardScaler

    (rule,) = config["features"]["selection"]
    seed, split = config["reproducibility"]["seed"], config["validation"]
    names, target = config["features"]["selected"], frame[config["task"]["target"]].to_numpy()
    current = round(len(frame) * split["holdout"]["fraction"])
    rest, out = (
        np.sort(part) for part in train_test_split(np.arange(len(frame)), test_size=current, random_state=seed)
    )
    folds = KFold(split["parameters"]["n_splits"], shuffle=True, random_state=seed).split(np.zeros(len(rest)))
    parts = [*((rest[first], rest[other]) for first, other in folds), (rest, out)]
    for (train_rows, rows), told in zip(parts, result.report.to_json()["features"]["selection"]["parts"], strict=True):
        goal = rankdata(target[train_rows])
        strength = [abs(np.corrcoef(rankdata(frame[name].iloc[train_rows]), goal)[0, 1]) for name in names]
        order = sorted(range(len(names)), key=lambda place: (-round(strength[place], 6), place))
        kept = [names[place] for place in sorted(order[: rule["amount"]])]
        assert told["columns"] == kept
        scaler = StandardScaler().fit(frame[kept].iloc[train_rows])
        model = Ridge(alpha=1.0).fit(scaler.transform(frame[kept].iloc[train_rows]), target[train_rows])
        answer = result.predictions[result.predictions["part"] == told["part"]]
        assert list(answer["row"]) == [row + 1 for row in rows]
        expected = model.predict(scaler.transform(frame[kept].iloc[rows]))
        assert answer["predicted"].to_numpy() == pytest.approx(expected, abs=1e-9)


def test_a_config_with_rules_goes_round_and_one_without_stays() -> None:
    frame = table_of()
    read = known(frame)
    plain = make_spec(selected=COLUMNS).to_json()
    assert "selection" not in plain["features"], "a config from before rules is written as it was"
    spec = spec_of(*RULES.values())
    assert spec.to_json()["features"]["selection"][0] == {**RULES["strongest"], "measure": "association"}
    assert Spec.model_validate_json(json.dumps(spec.to_json())) == spec
    answers = answers_of_config(spec, read.profile)
    plan = read.plan(answers)
    assert plan.spec is not None
    assert plan.spec.features.selection == spec.features.selection
    assert read_rules(to_answer(spec.features.selection)) == (tuple(spec.features.selection), "")


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ({"kind": "keep_strongest", "amount": 0}, "This must be at least 1."),
        ({"kind": "keep_strongest", "amount": "5"}, "This must be a whole number."),
        ({"kind": "magic"}, "This must be one of"),
        ({"kind": "drop_correlated", "threshold": 0.2}, "Threshold: Must be between 0.5 and 1; you wrote 0.2."),
        ({"kind": "drop_correlated", "amount": 5}, "Drop correlated columns: it has no setting amount."),
        ({"kind": "keep_associated"}, "give a lowest or a highest association."),
        ({"kind": "keep_associated", "low": 0.5, "high": 0.1}, "the lowest association is above the highest."),
        ("keep", "This must be an object."),
    ],
)
def test_a_rule_that_makes_no_sense_is_said_and_left_out(raw: Any, said: str) -> None:
    rules, fault = read_rules([raw, RULES["strongest"]])
    assert said in fault
    assert [rule.kind for rule in rules] == ["keep_strongest"]
    plan = known(table_of()).plan({"data": {"target": "y"}, "features": {"selection": [raw]}})
    (problem,) = (item for item in plan.problems if item.field == "selection")
    assert problem.code == "selection_invalid"
    assert problem.remedy is not None
    assert problem.remedy.changes == {"features": {"selection": None}}


def test_a_config_with_a_faulty_rule_is_told_with_a_patch() -> None:
    frame = table_of()
    spec = spec_of(
        {"kind": "drop_correlated", "threshold": 0.1}, {"kind": "keep_associated", "columns": ["gone"], "low": 0.1}
    )
    codes = [problem.code for problem in check_spec(spec, profile(frame), None) if problem.field == "selection"]
    assert codes == ["selection_invalid", "selection_invalid"]
    assert fault_of(spec.features.selection[0])


def test_the_estimate_counts_with_the_number_kept() -> None:
    frame = table_of()
    whole, some = spec_of(), spec_of(RULES["strongest"])
    before, after = (workload_of(spec, profile(frame)) for spec in (whole, some))
    assert (before.columns, after.columns) == (12, 3)
    assert after.width < before.width
    assert after.importance_calls < before.importance_calls
    assert describe(some.features.selection, 12) == ["Keeps the 3 strongest of 12 columns, chosen in each fold."]


@pytest.mark.parametrize("split", SPLITS)
def test_development_rows_are_all_but_the_held_out_ones(split: str) -> None:
    frame = table_of().sample(frac=1, random_state=5).reset_index(drop=True)
    frame.loc[3, "y"] = np.nan
    spec = spec_of(**SPLITS[split])
    rule = HoldoutRule.of(spec)
    assert rule is not None
    table = prepare(spec, frame, profile(frame))
    made = make_split(spec, facts_of(table))
    current_values = made.holdout if made.holdout is not None else made.folds[0].validation
    expected = np.ones(len(frame), dtype=bool)
    expected[table.rows[current_values] - 1] = False
    assert (rule.development(frame, profile(frame)) == expected).all()
    assert HoldoutRule.from_json(json.loads(json.dumps(rule.to_json()))) == rule
    assert HoldoutRule.of(spec_of()) is None


def test_only_what_decides_about_held_out_rows_is_in_their_rule() -> None:
    spec = spec_of(**SPLITS["time"])
    more = spec.model_copy(update={"features": make_spec(selected=["x1"]).features})
    parameters = {"n_splits": 5, "gap": 3}
    more = more.model_copy(update={"validation": spec.validation.model_copy(update={"parameters": parameters})})
    assert HoldoutRule.of(more) == HoldoutRule.of(spec)
    other = replace_fraction(spec, 0.25)
    assert HoldoutRule.of(other) != HoldoutRule.of(spec)


def replace_fraction(spec: Spec, fraction: float) -> Spec:
    assert spec.validation.holdout is not None
    holdout = spec.validation.holdout.model_copy(update={"fraction": fraction})
    return spec.model_copy(update={"validation": spec.validation.model_copy(update={"holdout": holdout})})


def test_the_penalty_of_lasso_starts_from_development_rows() -> None:
    from app.domain.analysis.associations.association import associate
    from app.domain.recommendation.traits import traits_of_spec

    frame = table_of()
    kinds = {column.name: column.kind for column in profile(frame).columns}
    associations = [associate(values, "y", kinds) for values in (frame, frame.iloc[:100])]
    spreads = [traits_of_spec(spec_of(), profile(frame), item).target_std for item in (*associations, None)]
    assert spreads[:2] == pytest.approx([frame["y"].std(), frame["y"].iloc[:100].std()])
    assert spreads[2] == 0.0, "nothing is known of it before it is measured"
    assert replace(associations[0], items=()).with_values_of(associations[1]).target_std == associations[1].target_std
