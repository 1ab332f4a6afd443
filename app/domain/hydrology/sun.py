"""Declination, day length and extraterrestrial radiation by date and latitude (FAO-56).

References
----------
Allen, R. G., Pereira, L. S., Raes, D. and Smith, M. (1998), Crop evapotranspiration, FAO Irrigation and Drainage Paper
56, equations 21 to 25 and 34.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
SOLAR_CONSTANT = 0.0820
HOURS_PER_DAY = 24.0


def declination(day_of_year: Values) -> Values:
    """Return the declination of the sun in radians (equation 24), shape (rows,)."""
    return np.asarray(0.409 * np.sin(2 * np.pi * day_of_year / 365 - 1.39))


def sunset_angle(day_of_year: Values, latitude: Values) -> Values:
    """Return the hour angle of sunset in radians (equation 25): 0 in the polar night, pi under the midnight sun.

    Parameters
    ----------
    day_of_year, latitude
        From 1; degrees north. Shapes that go together.
    """
    cosine = -np.tan(np.radians(latitude)) * np.tan(declination(day_of_year))
    return np.asarray(np.arccos(np.clip(cosine, -1.0, 1.0)))


def day_length(day_of_year: Values, latitude: Values) -> Values:
    """Return the length of the day in hours (equation 34)."""
    return HOURS_PER_DAY / np.pi * sunset_angle(day_of_year, latitude)


def extraterrestrial_radiation(day_of_year: Values, latitude: Values) -> Values:
    """Return the radiation above the air in MJ per m2 and day (equations 21 and 23)."""
    sun, angle, north = declination(day_of_year), sunset_angle(day_of_year, latitude), np.radians(latitude)
    nearness = 1 + 0.033 * np.cos(2 * np.pi * day_of_year / 365)
    height = angle * np.sin(north) * np.sin(sun) + np.cos(north) * np.cos(sun) * np.sin(angle)
    return np.asarray(24 * 60 / np.pi * SOLAR_CONSTANT * nearness * height)


# About so much must the squared tangents of the declination add up to, for a latitude within a degree or two where
# lengths of days are rounded to a hundredth of a day: a day at midsummer, two weeks around an equinox.
MIN_TOLD = 0.1


def latitude_from_day_length(day_of_year: Values, hours: Values) -> Values:
    """Return the latitude that all days up to each tell together, in degrees north.

    cos(sunset angle) = -tan(latitude) tan(declination) is solved by least squares for tan(latitude) over the days so
    far, so that no later day has a say. It is missing until they tell enough: at an equinox every place on earth has
    the same day. Days of 0 and 24 hours tell nothing.

    Parameters
    ----------
    day_of_year, hours
        The days of one site from the first to the last, and their lengths; NaN where missing.
    """
    slope = np.tan(declination(day_of_year))
    tells = np.isfinite(hours) & (hours > 0) & (hours < HOURS_PER_DAY)
    cosine = np.cos(np.pi * np.where(tells, hours, HOURS_PER_DAY / 2) / HOURS_PER_DAY)
    weight = np.cumsum(np.where(tells, slope**2, 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        tangent = np.cumsum(np.where(tells, -cosine * slope, 0.0)) / weight
    return np.where(weight >= MIN_TOLD, np.degrees(np.arctan(tangent)), np.nan)
