"""How long a target remembers its drivers, measured on training rows once the season is taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DAY_SECONDS = 86_400.0
YEAR_DAYS = 365.25
# A year and a day, half a year, a third of one: what comes back with the season is no memory.
HARMONICS = 3
# Windows of days of which the mean of a driver is compared with the target, from a shower to two years.
WINDOW_DAYS = (1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 120, 150, 180, 270, 365, 540, 730)
LAG_DAYS = (*range(11), *range(12, 31, 2), *range(35, 91, 5), *range(100, 366, 15))
# Fewer pairs tell nothing, and a window longer than a third of the record is seen too few times.
MIN_PAIRS = 100
MAX_WINDOW_SHARE = 1 / 3
# The shortest window is taken whose correlation comes so near to the largest: longer ones add little.
NEAR_BEST = 0.95
# Correlations within two standard errors of zero are chance; days that go together count as one.
STANDARD_ERRORS = 2.0


@dataclass(frozen=True)
class MemoryCurve:
    """What a target shares with one driver, season taken out, each correlation from -1 to 1.

    `correlations` are those with the driver `lags` steps before, `window_correlations` those with its mean over the
    last `windows` steps; NaN never stands in them. `steps` is the length of memory, 0 where the driver leaves no mark
    above chance, and `strength` the correlation at that length.
    """

    column: str
    lags: tuple[int, ...]
    correlations: tuple[float, ...]
    windows: tuple[int, ...]
    window_correlations: tuple[float, ...]
    steps: int
    strength: float


@dataclass(frozen=True)
class MemoryLength:
    """How long a target remembers: in `steps` and `days` for the driver that leaves the strongest mark.

    `column` is that driver, "" where none leaves a mark above chance; then both lengths are 0. `noise` is the size that
    chance alone would give a correlation.
    """

    steps: int
    days: float
    column: str
    noise: float
    curves: tuple[MemoryCurve, ...]


def measure_memory(
    target: Sequence[float] | Floats,
    drivers: Mapping[str, Sequence[float] | Floats],
    *,
    day_of_year: Sequence[float] | Floats,
    step_seconds: float,
    groups: Sequence[object] | NDArray[np.object_] | None = None,
) -> MemoryLength:
    """Return how long a target remembers its drivers.

    Season is taken out of all series by a least-squares fit of three harmonics of the year. Then the target is
    correlated with each driver some steps before, and with the mean of each driver over windows that end at the row.
    The memory is the shortest window whose correlation reaches 95 % of the largest.

    Parameters
    ----------
    target, drivers
        Values on an even step in the order of time, shape (rows,) each, NaN where missing. Rows of a hold-out must not
        be among them.
    day_of_year
        Day of the year of each row, shape (rows,).
    step_seconds
        Length of a step.
    groups
        The site of each row where there are several; rows of a site stand together. The correlation is the mean over
        the sites.

    Returns
    -------
    MemoryLength
        With one curve for each driver that varies, strongest first.

    References
    ----------
    Box, Jenkins and Reinsel (2008), Time Series Analysis, 4th ed., chapter 12: cross-correlation of a series and its
    input. Windowed means of drivers stand for the response of a linear reservoir (Kirchner 2009, Water Resources
    Research 45, W02429).
    """
    observed = np.asarray(target, dtype=float)
    season, parts = np.asarray(day_of_year, dtype=float), _parts(groups, len(observed))
    per_day = DAY_SECONDS / step_seconds
    longest = max(len(part) for part in parts) * MAX_WINDOW_SHARE if parts else 0.0
    windows = _steps_of(WINDOW_DAYS, per_day, least=1, most=longest)
    lags = _steps_of(LAG_DAYS, per_day, least=0, most=longest)
    plain = [_without_season(observed[part], season[part]) for part in parts]
    noise = _noise(plain)
    curves = []
    for name, values in drivers.items():
        series = np.asarray(values, dtype=float)
        ours = [_without_season(series[part], season[part]) for part in parts]
        curve = _curve(name, plain, ours, lags=lags, windows=windows, noise=noise)
        if curve is not None:
            curves.append(curve)
    curves.sort(key=lambda curve: -abs(curve.strength))
    best = next((curve for curve in curves if curve.steps), None)
    if best is None:
        return MemoryLength(0, 0.0, "", noise, tuple(curves))
    return MemoryLength(best.steps, best.steps / per_day, best.column, noise, tuple(curves))


def _parts(groups: Sequence[object] | NDArray[np.object_] | None, rows: int) -> list[NDArray[np.intp]]:
    """Return the rows of each site that has enough of them."""
    if groups is None:
        return [np.arange(rows)] if rows >= MIN_PAIRS else []
    codes = np.unique(np.asarray(groups, dtype=str), return_inverse=True)[1]
    parts = [np.flatnonzero(codes == code) for code in range(codes.max(initial=-1) + 1)]
    return [part for part in parts if len(part) >= MIN_PAIRS]


def _steps_of(days: Sequence[int], per_day: float, *, least: int, most: float) -> tuple[int, ...]:
    """Return lengths of days in steps, each once, within the bounds."""
    steps = sorted({round(day * per_day) for day in days})
    return tuple(step for step in steps if least <= step <= most)


def _without_season(values: Floats, day: Floats) -> Floats:
    """Return values less their mean course over the year."""
    angle = 2 * np.pi * day / YEAR_DAYS
    waves = [wave(order * angle) for order in range(1, HARMONICS + 1) for wave in (np.sin, np.cos)]
    design = np.column_stack([np.ones(len(values)), *waves])
    known = np.isfinite(values)
    if known.sum() < 10 * design.shape[1]:
        return values - np.nanmean(values) if known.any() else values
    course = np.linalg.lstsq(design[known], values[known], rcond=None)[0]
    return np.asarray(values - design @ course, dtype=float)


def _noise(targets: Sequence[Floats]) -> float:
    """Return the size that chance gives a correlation, with as many values as are independent of their neighbours.

    Bartlett's rule for a first-order series against an input without memory leaves all of them; for means over windows
    few are left. The target's own lag-one correlation r leaves n (1 - r) / (1 + r), at least a hundredth of them.
    """
    count = 0.0
    for values in targets:
        known = np.isfinite(values)
        own = _correlation(values[1:], values[:-1]) or 0.0
        count += known.sum() * max((1 - max(own, 0.0)) / (1 + max(own, 0.0)), 0.01)
    return float(min(STANDARD_ERRORS / np.sqrt(max(count, 1.0)), 1.0))


def _curve(
    name: str,
    targets: Sequence[Floats],
    drivers: Sequence[Floats],
    *,
    lags: tuple[int, ...],
    windows: tuple[int, ...],
    noise: float,
) -> MemoryCurve | None:
    """Return the curve of a driver, None where it does not vary."""
    at_lags = _over_sites(targets, [[_lagged(values, lag) for values in drivers] for lag in lags])
    at_windows = _over_sites(targets, [[_window_mean(values, window) for values in drivers] for window in windows])
    kept = [(window, value) for window, value in zip(windows, at_windows, strict=True) if value is not None]
    near = [(lag, value) for lag, value in zip(lags, at_lags, strict=True) if value is not None]
    if not kept or not near:
        return None
    top = max(abs(value) for _, value in kept)
    steps, strength = next((window, value) for window, value in kept if abs(value) >= NEAR_BEST * top)
    return MemoryCurve(
        name,
        tuple(lag for lag, _ in near),
        tuple(value for _, value in near),
        tuple(window for window, _ in kept),
        tuple(value for _, value in kept),
        steps if abs(strength) > noise else 0,
        strength,
    )


def _over_sites(targets: Sequence[Floats], shifted: Sequence[Sequence[Floats]]) -> list[float | None]:
    """Return the mean correlation over the sites for each way to look back."""
    found = []
    for columns in shifted:
        values = [_correlation(target, column) for target, column in zip(targets, columns, strict=True)]
        known = [value for value in values if value is not None]
        found.append(float(np.mean(known)) if known else None)
    return found


def _correlation(first: Floats, second: Floats) -> float | None:
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < MIN_PAIRS:
        return None
    one, other = first[both] - first[both].mean(), second[both] - second[both].mean()
    size = float(np.sqrt((one @ one) * (other @ other)))
    scale = float(np.abs(first[both]).max() * np.abs(second[both]).max()) * len(one)
    # Rounding leaves a little of a series that does not vary.
    return float(np.clip(one @ other / size, -1, 1)) if size > 1e-12 * scale else None


def _lagged(values: Floats, lag: int) -> Floats:
    return values if lag == 0 else np.concatenate([np.full(lag, np.nan), values[:-lag]])[: len(values)]


def _window_mean(values: Floats, window: int) -> Floats:
    """Return the mean over the last steps, of which four in five must be known."""
    known = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    if window > len(values):
        return np.full(len(values), np.nan)
    sums, counts = total[window:] - total[:-window], count[window:] - count[:-window]
    means = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts >= 0.8 * window)
    return np.concatenate([np.full(window - 1, np.nan), means])
