"""Numbers that are times: dates such as 20240131, serial numbers and Unix time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.analysis.time_forms.forms import Form
from app.domain.analysis.time_forms.judging import FEW_VALUES, Evenness, Moments, evenness_of, latest_year
from app.domain.analysis.time_forms.name_words import (
    NAME_WORDS,
    names_count,
    names_other,
    names_serial,
    names_time,
    names_year,
)

# How dates are written as one number: the form, its digits, and the bounds of the number. Zeros in front are lost, so
# some values may have a digit less, but not all.
WRITTEN = (
    ("%Y%m", 6, 150_001, 220_012),
    ("%y%m%d", 6, 10_101, 991_231),
    ("%d%m%y", 6, 10_100, 311_299),
    ("%m%d%y", 6, 10_100, 123_199),
    ("%y%j", 5, 1_001, 99_366),
    ("%Y%j", 7, 1_500_001, 2_200_366),
    ("%Y%m%d", 8, 15_000_101, 22_001_231),
    ("%d%m%Y", 8, 1_011_500, 31_122_200),
    ("%m%d%Y", 8, 1_011_500, 12_312_200),
    ("%Y%m%d%H", 10, 1_500_010_100, 2_200_123_124),
    ("%y%m%d%H%M", 10, 101_010_000, 9_912_312_400),
    ("%Y%m%d%H%M", 12, 150_001_010_000, 220_012_312_400),
    ("%Y%m%d%H%M%S", 14, 15_000_101_000_000, 22_001_231_240_000),
)
COUNTED_BOUNDS = {
    "unix_seconds": (1e8, 4.2e9),
    "unix_milliseconds": (1e11, 4.2e12),
    "excel": (10_000.0, 75_000.0),
    "matlab": (675_000.0, 768_000.0),
    "mjd": (15_000.0, 90_000.0),
    "julian_day": (2_390_000.0, 2_490_000.0),
    "decimal_year": (1700.0, 2100.0),
}
MONTHS_BEHIND_A_POINT = "%Y.%m"
# A number of the modified Julian calendar is that many years later, read as that of a spreadsheet.
MJD_AFTER_EXCEL = 41
DAYS = ("excel", "matlab", "mjd", "julian_day", "decimal_year")
YEARS = (1500, 2200)
LIKELY_YEARS = (1850, 2100)
RECENT_YEARS = (1985, 2045)
MANY_VALUES = 10
DAY = 86_400.0
YEARLY_SHARE = 0.8


@dataclass(frozen=True)
class NumberForm:
    """A form of times as numbers; `digits` is how many a written date has, 0 for numbers that count."""

    form: Form
    digits: int = 0


def number_forms(low: float, high: float, *, is_whole: bool) -> list[NumberForm]:
    """Return the forms that numbers between two bounds could be of.

    Parameters
    ----------
    low, high
        The least and the greatest of them.
    is_whole
        Whether all are whole.
    """
    outputs = [
        (code, digits)
        for code, digits, first, last in WRITTEN
        if is_whole and first <= low <= high <= last and high >= 10 ** (digits - 1)
    ]
    counted = [code for code, (first, last) in COUNTED_BOUNDS.items() if first <= low <= high <= last]
    forms = [NumberForm(Form(code), digits) for code, digits in outputs]
    forms += [NumberForm(Form(code)) for code in counted if not is_whole or code != "decimal_year"]
    if not is_whole and YEARS[0] < low <= high < YEARS[1]:
        forms.append(NumberForm(Form(MONTHS_BEHIND_A_POINT)))
    return forms


def form_of_numbers(form: Form) -> NumberForm:
    """Return a form as numbers are written in it, which have lost the zeros in front."""
    return NumberForm(form, next((digits for code, digits, _, _ in WRITTEN if code == form.code), 0))


def numbers_are_times(form: Form, moments: Moments, name: str) -> bool:
    """Return whether numbers that fit a form are times, and no ids, counts or measurements that happen to fit it.

    Parameters
    ----------
    form, moments
        The form, and what all values mean by it, in file order.
    name
        The column's name.
    """
    even = evenness_of(moments)
    years = np.array([moments.min(), moments.max()]).astype("datetime64[us]").astype("datetime64[Y]").astype(int) + 1970
    if even.distinct < FEW_VALUES or not LIKELY_YEARS[0] <= years[0] <= years[1] <= LIKELY_YEARS[1]:
        return False
    in_order = even.is_regular or even.is_monotone
    named, other = names_time(name), names_other(name)
    if form.code in DAYS:
        # No record is of the future, which tells days since 1900 from days since 1858.
        return years[1] <= latest_year() and _is_serial(even, name, form.code)
    if form.is_counted:
        recent = RECENT_YEARS[0] <= years[0] <= years[1] <= RECENT_YEARS[1]
        steady = even.is_regular and even.step_seconds % 60 == 0 and even.distinct >= MANY_VALUES
        return not other and (named or (steady and recent))
    if form.has("y"):
        return not other and ((named and in_order) or (even.is_regular and even.distinct >= MANY_VALUES))
    if form.has("d", "j"):
        return (named and (not other or in_order)) or (in_order and not other)
    return not other and in_order and (named or (even.is_regular and even.distinct > 2 * FEW_VALUES))


def _is_serial(even: Evenness, name: str, code: str) -> bool:
    """Return whether numbers count days, as any of that size could: by their name, or by parts of a day."""
    if names_other(name) or not (even.is_regular or even.is_monotone):
        return False
    if code == "decimal_year":
        return names_count(name, code) and even.is_monotone
    if code in NAME_WORDS and names_count(name, code):
        return True
    if names_serial(name):
        # Spreadsheets are far commoner, so other days are meant only where theirs would lie in the future.
        return code == "excel" or (code == "mjd" and even.last_year + MJD_AFTER_EXCEL > latest_year())
    is_part = code == "excel" and even.is_regular and even.step_seconds < DAY and even.step_seconds % 60 == 0
    return is_part and even.is_monotone and even.distinct >= MANY_VALUES


def years_are_axis(years: NDArray[Any], name: str) -> bool:
    """Return whether a column of years orders the rows: each a year after the last, in one series or several.

    Parameters
    ----------
    years
        The whole numbers in file order.
    name
        The column's name.
    """
    values = np.asarray(years, dtype=np.int64)
    distinct = len(np.unique(values))
    if not names_year(name) or distinct < 2 * FEW_VALUES or values.min() < YEARS[0] or values.max() > YEARS[1]:
        return False
    changes = np.diff(values)
    one_by_one = max(np.count_nonzero(changes == 1), np.count_nonzero(changes == -1)) >= YEARLY_SHARE * len(changes)
    is_series = distinct == len(values) and (bool((changes > 0).all()) or bool((changes < 0).all()))
    return bool(one_by_one) or (is_series and distinct >= YEARLY_SHARE * (values.max() - values.min() + 1))
