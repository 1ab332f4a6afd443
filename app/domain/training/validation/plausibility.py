"""Estimates that the target cannot be by its own data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from app.domain.text.numbers import format_number

# Estimates that are below zero by less than this share of the largest value are zero but for rounding.
ROUNDING = 1e-9


@dataclass(frozen=True)
class BelowZero:
    """How many of all estimates are below zero, and the lowest of them, in the unit of the target."""

    count: int
    estimates: int
    lowest: float


def below_zero(observed: NDArray[Any], estimates: NDArray[Any]) -> BelowZero | None:
    """Find estimates below zero of a target that never is.

    Parameters
    ----------
    observed
        Every value of the target, shape (rows,), in its unit.
    estimates
        What was estimated, shape (estimates,), in the same unit.

    Returns
    -------
    BelowZero or None
        None where the target itself goes below zero, or no estimate does.
    """
    if not len(observed) or not len(estimates) or observed.min() < 0:
        return None
    below = estimates[estimates < -ROUNDING * float(observed.max())]
    return BelowZero(len(below), len(estimates), float(below.min())) if len(below) else None


def implausible_sentence(zero: BelowZero, *, target: str, unit: str) -> str:
    """Say how many there are, how low they go, and how to read them."""
    lowest = f"{format_number(zero.lowest, 3)} {unit}".strip()
    item = zero.count == 1
    return (
        f"{zero.count:,} of {zero.estimates:,} predictions {'is' if item else 'are'} below zero, where {target} never "
        f"is in its data; the lowest is {lowest}. Read {'it' if item else 'them'} as zero: the scores and the file of "
        f"predictions hold {'it' if item else 'them'} as predicted."
    )
