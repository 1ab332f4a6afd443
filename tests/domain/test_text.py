"""Numbers, plurals and lists are written by one rule each."""

from __future__ import annotations

import doctest
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.text import numbers, words
from app.domain.text.numbers import MINUS, format_number


@pytest.mark.parametrize("module", [numbers, words], ids=lambda module: module.__name__)
def test_the_examples_of_a_docstring_hold(module: ModuleType) -> None:
    results = doctest.testmod(module)
    assert (results.failed, results.attempted > 0) == (0, True)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), -float("inf")])
def test_what_is_not_known_is_an_empty_text(value: float | None) -> None:
    assert format_number(value) == ""


@given(st.floats(-1e300, 1e300), st.integers(2, 8))
def test_a_number_is_read_back_within_its_digits(value: float, digits: int) -> None:
    again = float(format_number(value, digits).replace(",", "").replace(MINUS, "-"))
    assert abs(again - value) <= abs(value) * 10.0 ** (1 - digits)


@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_a_whole_number_is_written_out(value: int) -> None:
    assert int(format_number(float(value)).replace(",", "").replace(MINUS, "-")) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(999_999_999.5, "1,000,000,000"), (1_000_000_000.5, "1e9"), (0.0001, "0.0001"), (0.000099, "9.9e−5")],
)
def test_where_a_power_of_ten_begins(value: float, text: str) -> None:
    assert format_number(value) == text
