"""Reading what was typed into a hyperparameter: numbers as people write them, bounds, and sentences that say why."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.estimators import registry
from app.domain.estimators.parameters import EstimatorEntry, Parameter, bounds_sentence, format_setting, parse_parameter
from app.domain.training.validation.splitting import STRATEGIES
from app.domain.vocabulary import TaskKind

QUIET = settings(max_examples=80, deadline=None, derandomize=True)
OFFERED = [(entry.id, parameter) for entry in registry.ESTIMATORS for parameter in entry.parameters]
OFFERED += [(entry.id.value, parameter) for entry in STRATEGIES for parameter in entry.parameters]
NAMES = [f"{owner}.{parameter.name}" for owner, parameter in OFFERED]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _parameter(kind: str = "number", **bounds: Any) -> Parameter:
    values = {"name": "p", "title": "P", "type": kind, "default": 1, "help": "", **bounds}
    return Parameter(**values)


def _refusal(parameter: Parameter, raw: Any) -> str:
    with pytest.raises(ValueError) as caught:
        parameter.parse(raw)
    return str(caught.value)


def _outcome(parameter: Parameter, raw: Any) -> tuple[Any, str]:
    """Return the value and no sentence, or no value and the sentence."""
    try:
        return parse_parameter(parameter, raw), ""
    except ValueError as fault:
        return None, str(fault)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("0.5", 0.5),
        ("0,5", 0.5),
        (" 0,5 ", 0.5),
        (",5", 0.5),
        ("1e-3", 0.001),
        ("1,5e3", 1500.0),
        ("-2,25", -2.25),
        ("+3", 3.0),
        ("\u22125", -5.0),
        ("\u22121e\u22123", -0.001),
        ("\u0661\u0662", 12.0),
        ("\uff11\uff12.\uff15", 12.5),
        (0.5, 0.5),
        (3, 3.0),
    ],
)
def test_a_number_is_read_as_people_write_it(typed: Any, meant: float) -> None:
    assert _parameter().parse(typed) == meant


@pytest.mark.parametrize(
    "typed",
    ["abc", "1.2.3", "1,2,3", "1.000,5", "--5", "5 %", "0x10", "\u00b2", "\u216b", "\u00bd", "1 000", "\x00", "\ud800"],
)
def test_what_is_no_number_is_refused_with_what_was_written(typed: str) -> None:
    assert _refusal(_parameter(low=0, high=1), typed) == f"Must be a number, 0 to 1; you wrote {typed}."


@pytest.mark.parametrize(
    "raw", ["nan", "NaN", "-nan", "inf", "Infinity", "-Infinity", "1e400", "\u221e", math.nan, math.inf, -math.inf]
)
@pytest.mark.parametrize("kind", ["number", "integer"])
def test_what_is_not_finite_is_no_number(kind: str, raw: Any) -> None:
    assert _refusal(_parameter(kind), raw).startswith("Must be a number, any number; you wrote ")


@pytest.mark.parametrize("raw", [True, False, [], [1], {}, {"a": 1}, (1,), b"1"])
def test_another_shape_than_a_number_is_refused(raw: Any) -> None:
    assert _refusal(_parameter(low=1), raw) == "Must be a number, at least 1."


@pytest.mark.parametrize("raw", [None, "", "  ", "\u00a0", "\t\n"])
def test_an_empty_field_is_none_where_that_means_something_and_refused_elsewhere(raw: Any) -> None:
    assert _parameter(optional=True).parse(raw) is None
    assert _parameter("choice", optional=True, choices=(("a", "A"),)).parse(raw) is None
    assert _refusal(_parameter(low=1, high=3), raw) == "Needs a value: 1 to 3."
    assert _refusal(_parameter("choice", choices=(("a", "A"), ("b", "B"))), raw) == "Needs a value: A, B."


@pytest.mark.parametrize("raw", ["5", "5.0", "5,0", "5e0", 5, 5.0])
def test_a_whole_number_may_be_written_in_any_way(raw: Any) -> None:
    result = _parameter("integer").parse(raw)
    assert (result, type(result)) == (5, int)


@pytest.mark.parametrize("raw", ["5.5", "5,5", 5.5, "1e-3"])
def test_half_a_number_is_no_whole_number(raw: Any) -> None:
    assert _refusal(_parameter("integer", low=1, high=9), raw) == f"Must be a whole number, 1 to 9; you wrote {raw}."


@pytest.mark.parametrize(
    ("bounds", "inside", "outside", "sentence"),
    [
        ({"low": 1, "high": 5000}, [1, 5000], [0.999, 5000.1, -1], "between 1 and 5,000"),
        ({"low": 0, "high": 1, "low_open": True}, [1e-300, 1], [0, -0.0, 1.1], "more than 0 to 1"),
        ({"low": 2}, [2, 1e300], [1.99], "at least 2"),
        ({"low": 2, "low_open": True}, [2.01], [2], "more than 2"),
        ({"high": 3}, [-1e300, 3], [3.01], "at most 3"),
    ],
)
def test_bounds_hold_at_their_edges(
    bounds: dict[str, Any], inside: list[float], outside: list[float], sentence: str
) -> None:
    parameter = _parameter(**bounds)
    assert [parameter.parse(value) for value in inside] == inside
    for value in outside:
        assert _refusal(parameter, value) == f"Must be {sentence}; you wrote {value}."


@pytest.mark.parametrize(
    ("bounds", "sentence"),
    [
        ({}, "any number"),
        ({"low": 0.001, "high": 1}, "0.001 to 1"),
        ({"low": 10, "high": 100_000}, "10 to 100,000"),
        ({"low": 0, "high": 1e6, "low_open": True}, "more than 0 to 1,000,000"),
        ({"low": 1e-6, "high": 1}, "1e\u22126 to 1"),
        ({"low": 0}, "at least 0"),
        ({"high": -3}, "at most \u22123"),
    ],
)
def test_bounds_are_said_in_words(bounds: dict[str, Any], sentence: str) -> None:
    assert bounds_sentence(_parameter(**bounds)) == sentence


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (1000, "1,000"),
        (1e6, "1,000,000"),
        (-2500.0, "\u22122,500"),
        (0.5, "0.5"),
        (1e-6, "1e\u22126"),
        (1e300, "1e300"),
    ],
)
def test_numbers_are_shown_as_people_write_them(number: float, text: str) -> None:
    assert format_setting(number) == text


@pytest.mark.parametrize("word", ["true", "True", "YES", " on ", "1", 1, True])
def test_words_for_yes(word: Any) -> None:
    assert _parameter("boolean").parse(word) is True


@pytest.mark.parametrize("word", ["false", "No", "off", "0", 0, False, "", " "])
def test_words_for_no(word: Any) -> None:
    assert _parameter("boolean").parse(word) is False


@pytest.mark.parametrize("word", ["maybe", "ja", "2", 2, "tru", [1], {"a": 1}])
def test_another_word_is_neither_yes_nor_no(word: Any) -> None:
    assert _refusal(_parameter("boolean"), word) == "Must be yes or no."


def test_a_choice_is_one_of_its_wire_values() -> None:
    parameter = _parameter("choice", choices=(("rbf", "Curved"), ("linear", "Straight")))
    assert parameter.parse("rbf") == "rbf"
    assert parameter.parse(" linear ") == "linear"
    assert _refusal(parameter, "Curved") == "Must be one of Curved, Straight; you wrote Curved."
    assert _refusal(parameter, "RBF") == "Must be one of Curved, Straight; you wrote RBF."
    for raw in (5, ["rbf"], {"rbf": 1}, True, "x" * 10_000):
        assert len(_refusal(parameter, raw)) < 120


@QUIET
@given(raw=JSON, kind=st.sampled_from(["number", "integer", "boolean", "choice"]), optional=st.booleans())
def test_anything_at_all_becomes_a_value_of_the_type_or_a_short_sentence(raw: Any, kind: str, optional: bool) -> None:
    parameter = _parameter(kind, low=-10, high=10, optional=optional, choices=(("a", "A"),))
    types = {"number": float, "integer": int, "boolean": bool, "choice": str}
    value, sentence = _outcome(parameter, raw)
    if sentence:
        assert sentence.endswith(".")
        assert len(sentence) < 120
    else:
        assert (value is None and optional) or type(value) is types[kind]
        assert not isinstance(value, float) or -10 <= value <= 10


@QUIET
@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_comes_back_from_its_own_text_with_point_or_comma(number: float) -> None:
    assert _parameter().parse(repr(number)) == number
    assert _parameter().parse(repr(number).replace(".", ",")) == number


@QUIET
@given(number=st.integers(-(2**53), 2**53))
def test_every_whole_number_comes_back_from_its_own_text(number: int) -> None:
    assert _parameter("integer").parse(str(number)) == number


@pytest.mark.parametrize(("owner", "parameter"), OFFERED, ids=NAMES)
def test_every_default_on_offer_is_within_its_own_bounds(owner: str, parameter: Parameter) -> None:
    assert parameter.parse(parameter.default) == parameter.default
    assert parameter.title
    assert parameter.help.endswith(".")
    if parameter.type == "choice":
        assert all(parameter.parse(value) == value for value, _ in parameter.choices)
    for edge in (parameter.low, parameter.high):
        if edge is not None and not (edge == parameter.low and parameter.low_open):
            assert parameter.parse(str(edge)) == ([edge] if parameter.type == "steps" else edge)


@pytest.mark.parametrize("entry", registry.ESTIMATORS, ids=lambda entry: entry.id)
def test_an_estimator_offers_a_task_only_what_means_something_for_it(entry: EstimatorEntry) -> None:
    assert registry.get(entry.id) is entry
    assert entry.parameter("no_such_setting") is None
    for task in TaskKind:
        assert (entry in registry.estimators_for_task(task, entry.purpose)) == (task in entry.tasks)
        assert set(entry.defaults(task)) == {item.name for item in entry.parameters if task in item.tasks}
    assert all(entry.parameter(item.name) is item for item in entry.parameters)


@pytest.mark.parametrize(("typed", "meant"), [("1,000", 1000), ("100,000", 100_000), ("2,000", 2000)])
def test_a_whole_number_typed_as_its_bounds_are_shown_is_not_a_thousandth_of_it(typed: str, meant: int) -> None:
    parameter = _parameter("integer", low=1, high=100_000)
    assert bounds_sentence(parameter) == "1 to 100,000"
    assert parameter.parse(typed) == meant


@pytest.mark.parametrize("raw", ["10." + "0" * 57 + "e3", "0." + "0" * 60 + "5e61", 10**80])
def test_a_number_written_long_is_read_whole_or_refused(raw: Any) -> None:
    value, sentence = _outcome(_parameter(), raw)
    assert sentence or value == float(raw)


def test_a_number_of_thousands_of_digits_is_refused_in_the_words_of_the_house() -> None:
    assert _refusal(_parameter(low=0, high=9), 10**5000).startswith("Must be ")


LENGTHS = Parameter("lengths", "Lengths", "steps", None, "Steps.", low=1, high=100, optional=True)


@pytest.mark.parametrize("raw", ["3, 10,30", "30;3;10", [30, 10, 3, 3], ["3", "10", 30]])
def test_a_list_of_steps_is_read_in_order_without_repetitions(raw: Any) -> None:
    assert LENGTHS.parse(raw) == [3, 10, 30]


def test_an_empty_list_of_steps_is_no_answer() -> None:
    assert LENGTHS.parse("") is None
    assert LENGTHS.parse(None) is None


@pytest.mark.parametrize("raw", ["three", "3, 0", [101], [1.5], [True], {"a": 1}, [[3]], ",", list(range(1, 60))])
def test_a_list_of_steps_out_of_bounds_is_refused_in_words(raw: Any) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        LENGTHS.parse(raw)
