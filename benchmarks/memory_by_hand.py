"""Quick boosting by hand, as it comes: the yardstick for features with a memory.

Degree-day snow, means of 3 to 365 steps, lags of rain, decays and season; nothing was chosen on judged rows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

WINDOWS = (3, 7, 14, 30, 90, 180, 365)
KEEPS = (0.9, 0.97, 0.99, 0.995)
YEAR = 365.25
Floats = NDArray[np.float64]


def snow(rain: Floats, temperature: Floats, *, threshold: float = 0.0, factor: float = 2.5) -> tuple[Floats, Floats]:
    """Return snow water and liquid water (rain and melt), mm, by degree days."""
    store, water, liquid = 0.0, np.zeros(len(rain)), np.zeros(len(rain))
    for place, (fallen, warmth) in enumerate(zip(np.nan_to_num(rain), temperature, strict=True)):
        frozen = fallen / (1 + np.exp(2 * (warmth - 1)))
        store += frozen
        melt = min(store, max(0.0, factor * (warmth - threshold)))
        store -= melt
        water[place], liquid[place] = store, fallen - frozen + melt
    return water, liquid


def remember(drivers: pd.DataFrame, rain: str, temperature: pd.Series | None = None) -> pd.DataFrame:
    """Return the drivers, indexed by date, with everything that remembers."""
    table = drivers.copy()
    if temperature is not None:
        table["snow"], table["liquid"] = snow(table[rain].to_numpy(), temperature.to_numpy())
    columns = {name: table[name] for name in table}
    for name in table:
        for window in WINDOWS:
            columns[f"{name}_mean_{window}"] = table[name].rolling(window, min_periods=window // 2 + 1).mean()
    for name in [name for name in (rain, "liquid") if name in table]:
        for lag in range(1, 6):
            columns[f"{name}_lag_{lag}"] = table[name].shift(lag)
        for keep in KEEPS:
            columns[f"{name}_decay_{keep}"] = table[name].fillna(0).ewm(alpha=1 - keep, adjust=False).mean()
    angle = 2 * np.pi * pd.DatetimeIndex(table.index).day_of_year / YEAR
    season = {"sin": pd.Series(np.sin(angle), table.index), "cos": pd.Series(np.cos(angle), table.index)}
    return pd.DataFrame({**columns, **season})


def own_past(target: pd.Series, horizon: int) -> pd.DataFrame:
    """Return earlier values of the target that a forecast so many steps ahead knows."""
    lags = {f"q{lag}": target.shift(horizon + lag) for lag in range(5)}
    return pd.DataFrame({**lags, **{f"qm{window}": target.shift(horizon).rolling(window).mean() for window in (7, 30)}})


def predict(
    features: pd.DataFrame, target: pd.Series, *, train: NDArray[np.intp], rows: NDArray[np.intp], many: bool = False
) -> Floats:
    """Predict rows by boosting with few settings; larger trees where many sites train together."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    settings = {"max_iter": 600, "learning_rate": 0.05, "max_leaf_nodes": 63} if many else {"max_iter": 400}
    model = HistGradientBoostingRegressor(**{"learning_rate": 0.04, "random_state": 0, **settings})
    values = features.to_numpy(dtype=float)
    return np.asarray(model.fit(values[train], target.to_numpy()[train]).predict(values[rows]), dtype=float)
