"""Snow by degree days: snowfall, snow on the ground, melt, and water input."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class SnowSeries:
    """Snow that lies at the end of each step, what melted in it, and rain and melt together; mm, shape (steps,)."""

    store: Values
    melt: Values
    liquid: Values


def snow_share(temperature: Values, *, threshold: float, transition: float) -> Values:
    """Return the share of precipitation that falls as snow.

    All of it is snow up to the threshold and all of it rain from `transition` degrees above, linear in between.

    Parameters
    ----------
    temperature
        Mean air temperature of each step, deg C.
    threshold, transition
        Degrees Celsius. A transition of 0 makes it all or nothing.

    References
    ----------
    U.S. Army Corps of Engineers (1956), Snow Hydrology: rain and snow between two temperatures.
    """
    if transition <= 0:
        return np.asarray(np.where(temperature <= threshold, 1.0, 0.0))
    return np.clip((threshold + transition - temperature) / transition, 0.0, 1.0)


def melt_by_degree_days(
    precipitation: Values, temperature: Values, *, days: Values, threshold: float, factor: float, transition: float
) -> SnowSeries:
    """Return the snow of one site from the first step to the last.

    On each step the snowfall is added to the store, then min(store, factor * days * max(T - threshold, 0)) melts. The
    store is empty before the first step. A step where one of the values is missing leaves the store as it is, and
    gives missing values.

    Parameters
    ----------
    precipitation, temperature
        Millimetres per step and mean deg C, shape (steps,), NaN where missing.
    days
        The length of each step in days, shape (steps,).
    threshold, factor, transition
        Deg C; mm per deg C and day; deg C (see `snow_share`).

    References
    ----------
    M = DDF (T - T0) for T above T0: Hock, R. (2003), Temperature index melt modelling in mountain areas, Journal of
    Hydrology 282, 104-115.
    """
    known = np.isfinite(precipitation) & np.isfinite(temperature)
    fallen = np.where(known, np.maximum(precipitation, 0.0), 0.0)
    warmth = np.where(known, temperature, threshold)
    frozen = fallen * snow_share(warmth, threshold=threshold, transition=transition)
    possible = np.where(known, factor * days * np.maximum(warmth - threshold, 0.0), 0.0)
    stores, melts = _empty_the_store(frozen.tolist(), possible.tolist())
    gone = ~known
    store, melt = np.array(stores, dtype=float), np.array(melts, dtype=float)
    liquid = fallen - frozen + melt
    for values in (store, melt, liquid):
        values[gone] = np.nan
    return SnowSeries(store, melt, liquid)


def _empty_the_store(frozen: list[float], possible: list[float]) -> tuple[list[float], list[float]]:
    """Return store and melt of each step. Each follows from the one before, so that no sum over arrays can do it."""
    store, stores, melts = 0.0, [], []
    for snowfall, most in zip(frozen, possible, strict=True):
        store += snowfall
        melt = min(most, store)
        store -= melt
        stores.append(store)
        melts.append(melt)
    return stores, melts
