"""One-click ways to leave columns out: what each would drop, why, and what it says where it cannot."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.associations.correlation import RankedPair
from app.domain.errors import DomainError
from app.domain.hydrology.naming import is_static
from app.domain.recommendation.plan import ColumnChoice, Plan
from app.domain.recommendation.strategies import (
    STRATEGIES,
    Proposal,
    StrategyEvidence,
    propose,
    strategy_of,
    why_dropped,
)
from tests.domain.reading import Known, known

ROWS = 400


def _frame() -> pd.DataFrame:
    random = np.random.default_rng(1)
    rain, noise = random.gamma(1.0, size=ROWS), random.normal(size=ROWS)
    flow = rain + 0.2 * random.normal(size=ROWS)
    holed = rain + 0.01 * random.normal(size=ROWS)
    holed[:40] = np.nan
    rare = np.zeros(ROWS)
    rare[0] = 1000.0
    return pd.DataFrame(
        {
            "noise": noise,
            "prcp_holed": holed,
            "prcp_mm": rain,
            "rare": rare,
            "elev_mean": random.normal(size=ROWS),
            "soil": ["clay"] * (ROWS - 1) + ["sand"],
            "flow": flow,
        }
    )


@pytest.fixture(scope="module")
def table() -> Known:
    return known(_frame())


@pytest.fixture(scope="module")
def plan(table: Known) -> Plan:
    answers: dict[str, dict[str, Any]] = {"data": {"target": "flow"}, "features": {"rules": [{"mode": "tick"}]}}
    return table.plan(answers, associated=True)


def _pairs(table: Known) -> list[RankedPair]:
    numbers = table.frame.select_dtypes("number").corr(method="spearman")
    names = list(numbers.columns)
    return [
        RankedPair(name, other, float(numbers.loc[name, other]), "Spearman")
        for index, name in enumerate(names)
        for other in names[index + 1 :]
    ]


def _proposed(identifier: str, raw: Any, columns: tuple[ColumnChoice, ...], evidence: StrategyEvidence) -> Proposal:
    return propose(strategy_of(identifier), raw, columns, evidence)


def _dropped(proposal: Proposal) -> dict[str, str]:
    return {column.choice.profile.name: column.why for column in proposal.dropped}


def test_of_two_that_go_together_the_one_closer_to_the_target_is_kept(table: Known, plan: Plan) -> None:
    proposal = _proposed("correlated", "0.9", plan.columns, StrategyEvidence(pairs=_pairs(table)))
    answers = _dropped(proposal)
    better, worse = sorted(("prcp_mm", "prcp_holed"), key=lambda name: -(_choice(plan, name).facts.strength or 0))
    assert set(answers) == {worse}
    assert f"It goes with {better}" in answers[worse]
    assert answers[worse].endswith("which is kept because it is closer to the target.")
    key = {column.name: column.key for column in table.profile.columns}
    assert proposal.rule().columns == {key[worse]: key[better]}
    assert better in {choice.profile.name for choice in proposal.kept}


def _choice(plan: Plan, name: str) -> ColumnChoice:
    return next(column for column in plan.columns if column.profile.name == name)


def test_without_associations_fewer_missing_values_decide_and_then_the_place_in_the_file(table: Known) -> None:
    answers: dict[str, dict[str, Any]] = {"data": {"target": "flow"}, "features": {"rules": [{"mode": "tick"}]}}
    columns = table.plan(answers).columns
    answer = _dropped(_proposed("correlated", 0.9, columns, StrategyEvidence(pairs=_pairs(table))))
    assert set(answer) == {"prcp_holed"}
    assert "because it has fewer values missing" in answer["prcp_holed"]
    alike = [RankedPair("noise", "elev_mean", -0.99, "Spearman")]
    answer = _dropped(_proposed("correlated", 0.9, columns, StrategyEvidence(pairs=alike)))
    assert answer == {
        "elev_mean": "It goes with noise (\u22120.990), which is kept because it comes first in the file."
    }


def test_a_chain_keeps_what_no_kept_column_stands_for(plan: Plan) -> None:
    """Of a - b - c, where b is best, both others go; where a is best, c stays, for b that it goes with is gone."""
    names = [column.profile.name for column in plan.columns if column.facts.strength is not None][:3]
    best, middle, last = sorted(names, key=lambda name: -(_choice(plan, name).facts.strength or 0))
    through_best = [RankedPair(best, middle, 0.96, "Spearman"), RankedPair(best, last, 0.96, "Spearman")]
    assert set(_dropped(_proposed("correlated", 0.95, plan.columns, StrategyEvidence(pairs=through_best)))) == {
        middle,
        last,
    }
    through_middle = [RankedPair(best, middle, 0.96, "Spearman"), RankedPair(middle, last, 0.96, "Spearman")]
    assert set(_dropped(_proposed("correlated", 0.95, plan.columns, StrategyEvidence(pairs=through_middle)))) == {
        middle
    }


def test_what_hardly_varies_is_found_among_numbers_and_words(plan: Plan) -> None:
    answers = _dropped(_proposed("variance", "0.003", plan.columns, StrategyEvidence()))
    assert set(answers) == {"rare", "soil"}
    assert answers["soil"] == "Its variance, brought to the range 0 to 1, is 0.0025."
    assert _dropped(_proposed("variance", "0.000001", plan.columns, StrategyEvidence())) == {}


def test_the_strongest_are_kept_by_association_or_by_scores(plan: Plan) -> None:
    answers = _dropped(_proposed("top", "2", plan.columns, StrategyEvidence()))
    assert set(answers) == {column.profile.name for column in plan.columns} - {"prcp_mm", "prcp_holed"}
    assert any("Rank 3 by association with the target (" in why for why in answers.values())
    scored = StrategyEvidence(scores={"noise": 2.0, "soil": 1.0}, score_title="mutual information")
    answers = _dropped(_proposed("top", 1, plan.columns, scored))
    assert answers["soil"] == "Rank 2 by mutual information (1.000)."
    assert answers["prcp_mm"] == "It has no mutual information."


def test_weather_and_static_columns_are_told_apart(plan: Plan) -> None:
    weather = _dropped(_proposed("weather", None, plan.columns, StrategyEvidence()))
    assert {"prcp_mm", "prcp_holed"} & set(weather) == set()
    assert weather["elev_mean"] == "Its name says a fixed attribute of the place."
    static = _proposed("static", None, plan.columns, StrategyEvidence())
    assert {choice.profile.name for choice in static.kept} == {"elev_mean", "soil"}


@pytest.mark.parametrize(
    ("static", "names"),
    [
        (True, "elev_mean slope_mean area_gages2 p_mean pet_mean aridity frac_snow high_prec_freq low_prec_timing"),
        (True, "sand_frac soil_depth_statsgo geol_1st_class carbonate_rocks_frac lai_max gauge_lat dom_land_cover"),
        (False, "discharge_mm q flow_cd site_no baseflow_index level head_m etage templates windows y prcp_mm"),
    ],
)
def test_names_of_fixed_attributes_are_known(static: bool, names: str) -> None:
    assert {name: is_static(name) for name in names.split()} == dict.fromkeys(names.split(), static)


@pytest.mark.parametrize(
    ("identifier", "raw", "said"),
    [
        ("correlated", "much", "Threshold: Must be a number, 0.5 to 1; you wrote much."),
        ("correlated", "2", "Threshold: Must be between 0.5 and 1; you wrote 2."),
        ("top", "0", "How many: Must be between 1 and 20,000; you wrote 0."),
        ("top", "1.5", "How many: Must be a whole number, 1 to 20,000; you wrote 1.5."),
    ],
)
def test_an_amount_that_makes_no_sense_is_refused(plan: Plan, identifier: str, raw: str, said: str) -> None:
    with pytest.raises(DomainError) as fault:
        _proposed(identifier, raw, plan.columns, StrategyEvidence())
    assert (fault.value.message, fault.value.field) == (said, "amount")


def test_what_is_not_measured_or_would_leave_nothing_is_said(table: Known, plan: Plan) -> None:
    bare = table.plan({"data": {"target": "flow"}}).columns
    with pytest.raises(DomainError, match="not measured yet"):
        _proposed("top", 3, bare, StrategyEvidence())
    only_noise = tuple(column for column in plan.columns if column.profile.name == "noise")
    with pytest.raises(DomainError, match="would leave nothing"):
        _proposed("weather", None, only_noise, StrategyEvidence())
    with pytest.raises(DomainError, match="Choose one of the ways"):
        strategy_of("magic")


def test_the_mark_of_a_proposal_changes_with_its_columns(plan: Plan) -> None:
    two, three = (_proposed("top", many, plan.columns, StrategyEvidence()) for many in (2, 3))
    assert two.digest != three.digest
    assert two.digest == _proposed("top", "2", plan.columns, StrategyEvidence()).digest


def test_every_strategy_has_its_words() -> None:
    for strategy in STRATEGIES:
        assert strategy.help.endswith(".")
        words = why_dropped(strategy.id, amount=0.5, partner="")
        assert words.startswith("Left out: ")
        assert words.endswith(".")
    assert why_dropped("gone", amount=None, partner="") == "Left out by a rule of yours."
