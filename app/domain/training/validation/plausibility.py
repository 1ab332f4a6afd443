"""Detection of impossible predictions, such as negative flow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from app.domain.text.messages import fill_count
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


ONE_BELOW = (
    "{count} of {all} predictions is negative; {target} never is in its data. It is {lowest}. "
    "Read it as zero: scores and the file of predictions keep it as predicted."
)
MANY_BELOW = (
    "{count} of {all} predictions are negative; {target} never is in its data. The lowest is {lowest}. "
    "Read them as zero: scores and the file of predictions keep them as predicted."
)


def implausible_sentence(zero: BelowZero, *, target: str, unit: str) -> str:
    """Return a sentence on the number of predictions below zero, the lowest of them, and how to read them."""
    lowest = f"{format_number(zero.lowest, 3)} {unit}".strip()
    return fill_count(zero.count, ONE_BELOW, MANY_BELOW, all=zero.estimates, target=target, lowest=lowest)
