"""The share of a record's variation that follows the seasons."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DAYS_OF_YEAR = 365.25
# A year tells no season from a trend.
MIN_YEARS = 2.0
MIN_VALUES = 100
# Near the equator the sun stands highest twice a year and clouds hide much; a record without any season has less.
MIN_SHARE = 0.03


def season_share(times: pd.Series, values: NDArray[np.float64]) -> float | None:
    """Return the share of the variance that a year's cycle and its half explain; None where too little is known.

    Parameters
    ----------
    times, values
        When each value was, and the values, NaN where there is none.
    """
    known = np.isfinite(values) & times.notna().to_numpy()
    dates, amounts = pd.DatetimeIndex(times[known]), values[known]
    if len(amounts) < MIN_VALUES or (dates.max() - dates.min()).days < MIN_YEARS * DAYS_OF_YEAR - 1:
        return None
    spread = float(np.var(amounts))
    if spread == 0:
        return None
    angle = 2 * np.pi * dates.day_of_year.to_numpy() / DAYS_OF_YEAR
    waves = [np.ones(len(angle)), np.sin(angle), np.cos(angle), np.sin(2 * angle), np.cos(2 * angle)]
    design = np.column_stack(waves)
    coefficients, *_ = np.linalg.lstsq(design, amounts, rcond=None)
    return 1 - float(np.var(amounts - design @ coefficients)) / spread


def lacks_season(times: pd.Series, values: NDArray[np.float64]) -> bool:
    """Return whether a record of some years has no season at all."""
    share = season_share(times, values)
    return share is not None and share < MIN_SHARE
