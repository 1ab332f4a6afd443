"""Hydrologic efficiency metrics: NSE, KGE, log NSE, PBIAS and RSR. Arrays are 1-D, equally long, in one unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]


def nse(observed: Series, estimated: Series) -> float:
    """Return the Nash-Sutcliffe efficiency, 1 - SSE / SST; 1 is perfect, 0 is no better than the mean.

    Parameters
    ----------
    observed, estimated
        Shape (n,), the same unit.

    Returns
    -------
    float
        NaN when the observations do not vary.

    References
    ----------
    Nash, J. E. and Sutcliffe, J. V. (1970), Journal of Hydrology 10, 282-290.
    """
    total = _total_flow(observed)
    return 1 - float(np.sum((observed - estimated) ** 2)) / total if total > 0 else float("nan")


def _correlation_and_moments(observed: Series, estimated: Series) -> tuple[float, float, float, float, float]:
    """Return r, the two means and the two standard deviations; a constant series has no r, which counts as 0."""
    means, spreads = (float(observed.mean()), float(estimated.mean())), (_spread(observed), _spread(estimated))
    r = float(np.corrcoef(observed, estimated)[0, 1]) if min(spreads) > 0 else 0.0
    return r, *means, *spreads


def _spread(values: Series) -> float:
    # The standard deviation of equal numbers may come out as 1e-17 instead of 0, and r would then be noise.
    return 0.0 if values.max() == values.min() else float(values.std())


def _total_flow(observed: Series) -> float:
    return float(np.sum((observed - observed.mean()) ** 2)) if _spread(observed) > 0 else 0.0


def kge_2009(observed: Series, estimated: Series) -> float:
    """Return the Kling-Gupta efficiency with r, alpha (ratio of spreads) and beta (ratio of means).

    References
    ----------
    Gupta, H. V. et al. (2009), Journal of Hydrology 377, 80-91, eq. 9. A constant mean flow scores 1 - sqrt(2).
    """
    r, mean_o, mean_e, std_o, std_e = _correlation_and_moments(observed, estimated)
    if std_o == 0 or mean_o == 0:
        return float("nan")
    return 1 - float(np.sqrt((r - 1) ** 2 + (std_e / std_o - 1) ** 2 + (mean_e / mean_o - 1) ** 2))


def kge_2012(observed: Series, estimated: Series) -> float:
    """Return the modified Kling-Gupta efficiency, with gamma (ratio of coefficients of variation) for alpha.

    References
    ----------
    Kling, H., Fuchs, M. and Paulin, M. (2012), Journal of Hydrology 424-425, 264-277.
    """
    r, mean_o, mean_e, std_o, std_e = _correlation_and_moments(observed, estimated)
    if std_o == 0 or mean_o == 0 or mean_e == 0:
        return float("nan")
    gamma = (std_e / mean_e) / (std_o / mean_o)
    return 1 - float(np.sqrt((r - 1) ** 2 + (gamma - 1) ** 2 + (mean_e / mean_o - 1) ** 2))


def log_nse(observed: Series, estimated: Series) -> float:
    """Return NSE of log flows, which weighs low flows; a hundredth of the mean observed flow is added first.

    Raises
    ------
    ValueError
        If an observation is negative.

    References
    ----------
    Pushpalatha, R. et al. (2012), Journal of Hydrology 420-421, 171-182, for epsilon = mean / 100.
    """
    if (observed < 0).any():
        raise ValueError("log NSE needs values of zero or more.")
    epsilon = float(observed.mean()) / 100
    if epsilon <= 0:
        return float("nan")
    # An estimator may say slightly less than zero; the logarithm sees zero then.
    return nse(np.log(observed + epsilon), np.log(np.maximum(estimated, 0) + epsilon))


def pbias(observed: Series, estimated: Series) -> float:
    """Return the bias in volume, in per cent: 100 * sum(estimated - observed) / sum(observed).

    Positive means too much water. Moriasi et al. (2007) write it with the opposite sign; we follow the words people
    use, and the page says "too high" or "too low" beside the number.

    References
    ----------
    Moriasi, D. N. et al. (2007), Transactions of the ASABE 50(3), 885-900, eq. 2, with the sign reversed.
    """
    total = float(observed.sum())
    return 100 * float((estimated - observed).sum()) / total if total else float("nan")


def rsr(observed: Series, estimated: Series) -> float:
    """Return the root mean square error over the standard deviation of the observations; 0 is perfect.

    References
    ----------
    Moriasi, D. N. et al. (2007), Transactions of the ASABE 50(3), 885-900, eq. 3.
    """
    total = _total_flow(observed)
    return float(np.sqrt(np.sum((observed - estimated) ** 2) / total)) if total > 0 else float("nan")
