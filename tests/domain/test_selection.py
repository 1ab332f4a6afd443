"""Rules that tick many columns at once: what they match, in which order they hold, and what is said beside a column."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from app.domain.recommendation.plan import Plan
from app.domain.recommendation.selection import (
    MAX_RULES,
    ColumnFacts,
    Filter,
    Rule,
    append_rule,
    read_filter,
    read_rule,
    read_rules,
)
from app.services.drafts.drafts import MAX_VALUE_BYTES
from tests.domain.reading import Known, known
from tests.domain.tables import made

RAIN = ColumnFacts(
    "c1", "rain_mm", "numeric", missing_percent=12.5, present=70, strength=0.4, findings=frozenset({"spike"})
)
UNMEASURED = ColumnFacts("c2", "site", "categorical", missing_percent=0, present=80, strength=None)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), True),
        (Filter(word="RAIN"), True),
        (Filter(word="snow"), False),
        (Filter(kind="numeric"), True),
        (Filter(kind="integer"), False),
        (Filter(finding="spike"), True),
        (Filter(finding="constant"), False),
        (Filter(least_missing=12.5, most_missing=12.5), True),
        (Filter(least_missing=13), False),
        (Filter(most_missing=12), False),
        (Filter(least_association=0.4), True),
        (Filter(most_association=0.39), False),
        (Filter(use="ticked"), True),
        (Filter(use="left_out"), False),
        (Filter(word="rain", kind="numeric", least_association=0.5), False),
    ],
)
def test_a_filter_asks_all_its_parts_at_once(wanted: Filter, expected: bool) -> None:
    assert wanted.matches(RAIN, ticked=True) is expected
    assert read_filter(wanted.to_json()) == (wanted, {})


def test_a_column_whose_association_is_unknown_is_in_no_range_of_associations() -> None:
    assert not Filter(least_association=0.0).matches(UNMEASURED, ticked=True)
    assert not Filter(most_association=1.0).matches(UNMEASURED, ticked=True)
    assert Filter(most_missing=0).matches(UNMEASURED, ticked=True)


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"least_missing": "a lot"}, "least_missing", "Must be a number, 0 to 100; you wrote a lot."),
        ({"most_missing": "101"}, "most_missing", "Must be between 0 and 100; you wrote 101."),
        ({"least_association": "-0.1"}, "least_association", "Must be between 0 and 1; you wrote -0.1."),
        ({"kind": "wet"}, "kind", "There is no such choice: wet."),
        ({"use": ["ticked"]}, "use", "There is no such choice: ['ticked']."),
        ({"finding": "<b>"}, "finding", "There is no such finding."),
        ({"word": 5}, "word", "This is no word to look for."),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field_and_asks_nothing(
    values: dict[str, Any], field: str, said: str
) -> None:
    assert read_filter(values) == (Filter(), {field: said})


def test_a_rule_decides_by_its_mode() -> None:
    wanted = Filter(word="rain")
    decided = {
        mode: [Rule(mode, wanted).decide(facts, ticked=ticked) for facts in (RAIN, UNMEASURED) for ticked in (0, 1)]
        for mode in ("tick", "leave_out", "only", "invert")
    }
    assert decided == {
        "tick": [True, True, False, True],
        "leave_out": [False, False, False, True],
        "only": [True, True, False, False],
        "invert": [True, False, False, True],
    }


def test_a_rule_that_decides_about_everything_makes_the_earlier_ones_meaningless() -> None:
    some, every = Rule("leave_out", Filter(word="a")), Rule("tick")
    assert append_rule([some, every], Rule("only", Filter(word="b"))) == [Rule("only", Filter(word="b"))]
    assert append_rule([some], every) == [every]
    assert append_rule([some, Rule("invert")], some) == [Rule("invert"), some]
    # What asks for what is ticked now depends on what was done before.
    ticked = Rule("only", Filter(use="ticked"))
    assert append_rule([some], ticked) == [some, ticked]


def test_turning_round_twice_is_nothing() -> None:
    turned = Rule("invert", Filter(kind="numeric"))
    assert append_rule([turned], turned) == []
    assert append_rule([turned, Rule("leave_out", Filter(word="x"))], turned)[-1] == turned


ODD_RULES: list[Any] = [None, 5, "tick", [], {}, {"mode": "magic"}, {"mode": ["tick"]}, {"mode": "tick", "kind": "wet"}]
ODD_RULES += [{"mode": "leave_out", "strategy": "top", "columns": columns} for columns in ([1], {"c1": None}, None)]
ODD_RULES += [{"mode": "leave_out", "strategy": 5, "columns": {}}]


@pytest.mark.parametrize("raw", ODD_RULES)
def test_a_rule_of_another_shape_is_refused_in_a_sentence(raw: Any) -> None:
    with pytest.raises(ValueError, match="could not be understood"):
        read_rule(raw)
    assert read_rules([raw, {"mode": "tick"}])[0] == (Rule("tick"),)


def test_a_rule_reads_back_what_it_wrote() -> None:
    for rule in (
        Rule("tick", Filter(word="rain", least_missing=1.0)),
        Rule("leave_out", strategy="correlated", amount=0.95, columns={"c1": "c2"}),
        Rule("leave_out", strategy="top", amount=5.0, columns={"c1": "", "c7": ""}),
    ):
        assert read_rule(rule.to_json()) == rule
    assert (
        len(read_rules([{"mode": "tick", "word": str(position)} for position in range(MAX_RULES + 9)])[0]) == MAX_RULES
    )


def test_a_strategy_about_20_000_columns_fits_one_answer() -> None:
    rule = Rule("leave_out", strategy="top", amount=20.0, columns={f"c{position}": "" for position in range(20_000)})
    assert len(json.dumps(rule.to_json())) < MAX_VALUE_BYTES
    assert read_rule(rule.to_json()) == rule


@pytest.fixture(scope="module")
def table() -> Known:
    frame = made().assign(flat=1.0)
    return known(pd.DataFrame(frame))


def _plan(table: Known, features: dict[str, Any] | None = None) -> Plan:
    return table.plan({"data": {"target": "y"}, "features": features or {}})


def _ticked(plan: Plan) -> set[str]:
    return {choice.profile.name for choice in plan.columns if choice.selected}


def _reasons(plan: Plan) -> dict[str, str]:
    return {choice.profile.name: choice.reason for choice in plan.columns}


def test_rules_come_after_the_suggestion_and_before_the_exceptions(table: Known) -> None:
    suggested = _ticked(_plan(table))
    text = sorted(suggested)[0]
    nothing = _plan(table, {"rules": [{"mode": "leave_out"}]})
    assert _ticked(nothing) == set()
    assert _reasons(nothing)[text] == "Left out by a rule of yours: every column."
    back = _plan(table, {"rules": [{"mode": "leave_out"}], table.key(text): True})
    assert _ticked(back) == {text}
    everything = _plan(table, {"rules": [{"mode": "tick"}]})
    assert "flat" in _ticked(everything)
    assert _reasons(everything)["flat"].startswith("Ticked by a rule of yours. ")
    by_hand = _plan(table, {"rules": [{"mode": "tick"}], table.key("flat"): False})
    assert _ticked(by_hand) == _ticked(everything) - {"flat"}


def test_a_rule_that_cannot_be_read_is_told_with_a_remedy_and_the_others_hold(table: Known) -> None:
    plan = _plan(table, {"rules": [{"mode": "magic"}, {"mode": "leave_out"}]})
    assert _ticked(plan) == set()
    (problem,) = (item for item in plan.problems if item.field == "rules")
    assert problem.remedy is not None
    assert problem.remedy.changes == {"features": {"rules": None}}


def test_a_strategy_says_beside_the_column_which_one_stands_for_it(table: Known) -> None:
    first, other = sorted(_ticked(_plan(table)))[:2]
    keys = {column.name: column.key for column in table.profile.columns}
    rule = {"mode": "leave_out", "strategy": "correlated", "amount": 0.9, "columns": {keys[first]: keys[other]}}
    plan = _plan(table, {"rules": [rule]})
    assert first not in _ticked(plan)
    assert _reasons(plan)[first] == f"Left out: it goes with {other}, which is kept."
