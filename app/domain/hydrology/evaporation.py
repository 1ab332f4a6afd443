"""Potential evaporation by Oudin and by Hargreaves, from temperature and extraterrestrial radiation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
# One over the latent heat of water, 2.45 MJ per kg: what one MJ per m2 evaporates, in mm (FAO-56, equation 20).
MM_PER_MJ = 0.408


def oudin_evaporation(temperature: Values, radiation: Values) -> Values:
    """Return potential evaporation in mm per day: R (T + 5) / 100 above -5 deg C, else 0, with R in mm per day.

    Parameters
    ----------
    temperature, radiation
        Daily mean in deg C; extraterrestrial radiation in MJ per m2 and day.

    References
    ----------
    Oudin, L. et al. (2005), Which potential evapotranspiration input for a lumped rainfall-runoff model? Part 2,
    Journal of Hydrology 303, 290-306.
    """
    return MM_PER_MJ * radiation * np.maximum(temperature + 5.0, 0.0) / 100.0


def hargreaves_evaporation(minimum: Values, maximum: Values, radiation: Values) -> Values:
    """Return reference evaporation in mm per day: 0.0023 R (T + 17.8) sqrt(Tmax - Tmin), with R in mm per day.

    T is the mean of both. It is missing where the minimum is above the maximum, and never below 0.

    Parameters
    ----------
    minimum, maximum, radiation
        Daily temperatures in deg C; extraterrestrial radiation in MJ per m2 and day.

    References
    ----------
    Hargreaves, G. H. and Samani, Z. A. (1985), Reference crop evapotranspiration from temperature, Applied Engineering
    in Agriculture 1, 96-99; FAO-56, equation 52.
    """
    span = np.where(maximum >= minimum, maximum - minimum, np.nan)
    warmth = np.maximum((minimum + maximum) / 2 + 17.8, 0.0)
    return np.asarray(0.0023 * MM_PER_MJ * radiation * warmth * np.sqrt(span))
