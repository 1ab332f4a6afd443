"""Numbers for readers: thousands separators, a true minus, and sensible decimals."""

from __future__ import annotations

import math

MINUS = "\u2212"
# A whole number is an amount or an id and is written out, as far as a double holds every one of them.
MAX_WRITTEN_OUT = 1e15
# Any other number is a power of ten from this many digits before its point on, or with more zeros after it.
MAX_DIGITS, MAX_ZEROS = 9, 3


def format_number(value: float | None, digits: int = 4) -> str:
    """Write a number with at least its whole part, and about `digits` significant digits.

    Whole numbers are written out up to fifteen digits, whatever `digits` says. Others have as many decimals as
    `digits` leaves them, without trailing zeros, and are powers of ten from a thousand million up and below a ten
    thousandth. What is not known or not finite is an empty text.

    Parameters
    ----------
    value
        The number.
    digits
        How many significant digits tell it from its neighbours.

    Examples
    --------
    >>> [format_number(value) for value in (0.0, 12.0, 1234567, 1e12, -999)]
    ['0', '12', '1,234,567', '1,000,000,000,000', '−999']
    >>> [format_number(value) for value in (3.14159, 1234567.8, -0.00012345, 0.5)]
    ['3.142', '1,234,568', '−0.0001234', '0.5']
    >>> [format_number(value) for value in (0.00001234, 1234567890.5, 2.5e300)]
    ['1.234e−5', '1.235e9', '2.5e300']
    >>> [format_number(value, 2) for value in (0.0514, 48.37, 2500.4)]
    ['0.051', '48', '2,500']
    """
    if value is None or not math.isfinite(value):
        return ""
    if value == int(value) and abs(value) < MAX_WRITTEN_OUT:
        return f"{int(value):,}".replace("-", MINUS)
    magnitude = math.floor(math.log10(abs(value)))
    if magnitude >= MAX_DIGITS or magnitude < -MAX_ZEROS - 1:
        mantissa, power = f"{value:.{max(digits - 1, 1)}e}".split("e")
        return f"{_trim_zeros(mantissa)}e{int(power)}".replace("-", MINUS)
    return _trim_zeros(f"{value:,.{max(0, digits - 1 - magnitude)}f}").replace("-", MINUS)


def format_score(value: float | None, decimals: int = 2) -> str:
    """Write a score with so many decimals, or say that there is none; what rounds to zero has no minus.

    Examples
    --------
    >>> [format_score(value) for value in (0.8765, -0.001, -0.5, None)]
    ['0.88', '0.00', '−0.50', 'not defined']
    """
    if value is None or not math.isfinite(value):
        return "not defined"
    return f"{value:z,.{decimals}f}".replace("-", MINUS)


def plain_number(value: float) -> str:
    """Write a number as a file would have it, so that it can be looked for there.

    Examples
    --------
    >>> [plain_number(value) for value in (-999.0, -28316.8, 1e20)]
    ['-999', '-28316.8', '1e+20']
    """
    return str(int(value)) if value.is_integer() and abs(value) < MAX_WRITTEN_OUT else repr(value)


def _trim_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
