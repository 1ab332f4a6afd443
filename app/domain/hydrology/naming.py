"""Hydrologic quantities, sites and calendar fields recognised in column names."""

from __future__ import annotations

import re
from enum import StrEnum


def one_of(words: str) -> frozenset[str]:
    """Return the words of a text as a set."""
    return frozenset(words.split())


RAIN = re.compile(r"^(prcp|precip|prec(_|$|\()|rain|ppt|pcp|precipitation|rainfall)", re.IGNORECASE)
DERIVED = re.compile(r"_(lag|sum|mean)_\d+$")
TARGET = re.compile(
    r"^(target|y|label|class|outcome|discharge|streamflow|runoff|qobs|q|flow|in_?flow|head|level|stage)(_|$)",
    re.IGNORECASE,
)

# A code of quality beside a measured value, as the files of the U.S. Geological Survey carry them.
QUALITY = re.compile(r"_(cd|rmk|flag|qc|qual|quality|code)s?$", re.IGNORECASE)
# A site, a gauge or a basin: its number is a name, and says which series a row belongs to.
SITE = re.compile(
    r"^((usgs|nwis|grdc|camels|cehq|wmo)_)?(site|gauge|gage|station|basin|catchment|watershed|well|hru|reach|huc|comid)"
    r"s?([-_ .]?(no|nr|id|number|num|code|name|\d{2}))?$",
    re.IGNORECASE,
)
# Whose values are taken again and again: the word that ends a name, without what says that it is an id.
THINGS = one_of(
    "site gauge gage station basin catchment watershed subbasin subcatchment well borehole bore piezometer "
    "hru reach huc comid subject subj patient participant respondent person individual animal plot household "
    "school student sensor logger device transect quadrat mesocosm lysimeter glacier staid stnid ptid"
)
# Words that name such a thing in one table and an amount or a mark in another: their values have to bear them out.
MAYBE_THINGS = one_of(
    "plant tree field block lake river stream reservoir pond location loc place point farm child mouse rat "
    "dog chick bird fish unit batch block cow pig sheep rabbit case user customer client member group cluster "
    "messstelle messstellennr pegel brunnen standort stationsnr locatie meetpunt stazione estacion puits pozo put "
    "sample specimen island village town city county district region country cell grid pixel"
)
ID_WORDS = one_of("id ids no nr number num code name key label idx index #")
# What orders rows within a group: its name, without the unit.
MOMENTS = one_of(
    "time times date day days week weeks month months year years hour hours visit occasion wave session "
    "period age trial step round round season timepoint doy cycle"
)
CALENDAR = one_of(
    "year yr month mon mnth week day dom doy dow weekday hour hr minute second season quarter date time "
    "decade holiday workingday julian"
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|#")
TEMPERATURES = re.compile(
    r"(^|[_ .])(t|ta|t2m|\w*temp\w*|t_?max|t_?min|t_?mean|t_?avg|t_?obs|tair|tair_\w+|dew\w*|wtemp|"
    r"heat_?index|wind_?chill|(wet|dry)_?bulb)$",
    re.IGNORECASE,
)
TIMES = re.compile(r"(^|[_ .])(dayl|day_?length|duration|time|lag|elapsed|runtime)$", re.IGNORECASE)
LENGTHS = re.compile(
    r"(^|[_ .])(head|level|stage|elev\w*|alt\w*|depth|height|dist\w*|length|width|thickness|gwl|wl|dtw|swe|snow\w*|"
    r"rain\w*|prec\w*|prcp|ppt|pcp|tp|pr|runoff|ro|sro|e?vap\w*|pet|pev|et|visib\w*|waves?|radius|tide|surge|"
    r"gw|groundwater|wse|draft|stand|peil|pegel|wasserstand|hoehe|h\u00f6he|tiefe|\w*water_?level|\w*table)$",
    re.IGNORECASE,
)
PRESSURES = re.compile(r"(^|[_ .])(pres\w*|baro\w*|mslp|slp|msl|atm|p)$", re.IGNORECASE)
WINDS = re.compile(r"(^|[_ .])(wind\w*|ws|gust|velocity|speed)$", re.IGNORECASE)


class Quantity(StrEnum):
    """What was measured, as far as a name tells."""

    RAIN = "precipitation"
    FLOW = "flow"
    LEVEL = "water level"
    TEMPERATURE = "temperature"
    HUMIDITY = "relative humidity"
    SNOW = "snow"
    WIND = "wind speed"
    PRESSURE = "air pressure"
    ACIDITY = "pH"
    LATITUDE = "latitude"
    LONGITUDE = "longitude"


# A statistic of a series (q_mean, p_mean, high_q_freq) is not the series itself and is told by its name as well.
_NAMES = (
    (
        Quantity.FLOW,
        r"^(q|qobs|q_?sim|discharge|streamflow|stream_flow|runoff|flow|in_?flow|out_?flow|release|cfs|cms|mod_run|obs_run)$",
    ),
    (Quantity.LEVEL, r"^(head|level|stage|gwl|water_?level|groundwater_?level|gage_?height|gauge_?height|dtw)$"),
    (
        Quantity.TEMPERATURE,
        r"^(t|ta|t2m|temp|temperature|t_?max|t_?min|t_?mean|t_?avg|tair|air_?temp\w*|water_?temp\w*|wtemp|dew_?point)$",
    ),
    (Quantity.HUMIDITY, r"^(rh|rh_?mean|rh_?min|rh_?max|rel(ative)?[_ ]?hum(idity)?|humidity)$"),
    (Quantity.SNOW, r"^(swe|snow|snow_?depth|snow_?water_?equivalent)$"),
    (Quantity.WIND, r"^(wind|ws|wind_?speed|wind_?spd|gust)$"),
    (Quantity.ACIDITY, r"^ph$"),
    (Quantity.LATITUDE, r"^((gauge|gage|site|station|dec)_)?lat(itude)?(_va)?$"),
    (Quantity.LONGITUDE, r"^((gauge|gage|site|station|dec)_)?(lon|long|lng)(itude)?(_va)?$"),
)
NAMES = tuple((quantity, re.compile(pattern, re.IGNORECASE)) for quantity, pattern in _NAMES)
# A count or a share of rainy days is no depth of rain.
NO_DEPTH = re.compile(r"(freq|dur|timing|season|days?|count|flag)", re.IGNORECASE)


# What is calculated from a whole record of streamflow, as CAMELS names its attributes (Addor et al. 2017, Hydrology and
# Earth System Sciences 21, 5293-5313): whoever has one of them has measured the flow, and so knows the others.
SIGNATURE = re.compile(
    r"^(q_?mean|q_?\d+|runoff_ratio|slope_fdc|baseflow_index|bfi|stream_elas|(high|low|zero)_q_(freq|dur)|hfd_mean)$",
    re.IGNORECASE,
)


def is_signature(name: str) -> bool:
    """Return whether a name is that of a hydrological signature, which summarises a record of streamflow."""
    return bool(SIGNATURE.match(name))


def is_rain(name: str) -> bool:
    """Return whether a measured column looks like precipitation by its name."""
    return bool(RAIN.match(name)) and not DERIVED.search(name)


def looks_like_target(name: str) -> bool:
    """Return whether a name is one that people give to what they want to estimate."""
    return bool(TARGET.match(name)) and not QUALITY.search(name)


def names_sites(name: str) -> bool:
    """Return whether the values of a column name sites, gauges or basins."""
    return bool(SITE.match(name.strip()))


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a column's name in lower case: ("site", "id") of `siteID`, ("subject", "#") of `subject#`."""
    return tuple(word.lower() for word in _WORDS.findall(name))


def _thing_of(name: str) -> tuple[str, bool]:
    """Return the word that says what a column names, and whether another word says that it is an id."""
    words = [word for word in words_of(name) if not word.isdigit()]
    bare = list(words)
    while len(bare) > 1 and bare[-1] in ID_WORDS:
        bare.pop()
    return (bare[-1] if bare else ""), len(bare) < len(words)


def names_groups(name: str) -> bool:
    """Return whether the values of a column name sites, subjects or other things that are measured again and again."""
    return names_sites(name) or _thing_of(name)[0] in THINGS


def may_name_groups(name: str) -> bool:
    """Return whether the values of a column may name such things, as long as the other columns bear that out."""
    thing, is_id = _thing_of(name)
    return is_id or thing in MAYBE_THINGS or thing in ("id", "code")


def names_codes(name: str) -> bool:
    """Return whether whole numbers under this name are ids or codes, whose order and distance mean nothing."""
    words = words_of(name)
    return bool(words) and words[-1] in ("id", "ids", "code", "codes", "zip", "zipcode", "postcode", "fips")


def names_moments(name: str) -> bool:
    """Return whether the values of a column may order the rows of a group: times, visits, ages."""
    return bool(MOMENTS & set(words_of(name)))


def is_calendar(name: str) -> bool:
    """Return whether a column is a part of a date by its name: many rows share it, and it groups nothing."""
    words = [word for word in words_of(name) if not word.isdigit()]
    return bool(words) and (words[-1] in CALENDAR or words[0] in CALENDAR)


def quantity_of(stem: str) -> Quantity | None:
    """Return the quantity that a column's name without its unit stands for, or None."""
    bare = stem.strip()
    if QUALITY.search(bare) or DERIVED.search(bare):
        return None
    if is_rain(bare) and not NO_DEPTH.search(bare):
        return Quantity.RAIN
    return next((quantity for quantity, pattern in NAMES if pattern.match(bare)), None)


# The same of names in many words: MinTemp, air_temp_mean, Rainfall amount, Pressure9am. A range, a count or a share
# of something is not the thing itself.
_MEASURED = (
    (
        Quantity.TEMPERATURE,
        one_of("temp temps temperature temperatures tmax tmin tmean tavg tair twater tsoil tdew dewpoint"),
    ),
    (Quantity.RAIN, one_of("rain rainfall precip precipitation prcp ppt pcp prec")),
    (Quantity.PRESSURE, one_of("pressure pres press mslp slp barometric baro barometer")),
    (Quantity.HUMIDITY, frozenset(["humidity", "rh", "hum"])),
)
_NOT_ITSELF = one_of(
    "freq dur count days flag anomaly range std sd trend qc cd norm normalized normalised index corr diff "
    "delta change ratio frac fraction timing season class type code source score rank vapor vapour blood "
    "heart lag tyre tire"
)


def measured_quantity(stem: str) -> Quantity | None:
    """Return the quantity that any word of a column's name stands for, or None."""
    quantity = quantity_of(stem)
    if quantity is not None:
        return quantity
    words = set(words_of(stem))
    if words & _NOT_ITSELF or QUALITY.search(stem) or DERIVED.search(stem):
        return None
    return next((quantity for quantity, known in _MEASURED if words & known), None)


# What stays the same for a place: position, shape, soil, rock, cover, and its climate in the long run. The names are
# those of the CAMELS family (Addor et al. 2017, Hydrology and Earth System Sciences 21, 5293-5313) and their like.
STATIC = re.compile(
    r"^(elev|slope_(mean|avg|std|m)|area|gauge_(lat|lon|elev)|lat|lon|latitude|longitude|altitude|soil|sand|silt|clay|"
    r"organic_frac|other_frac|water_frac|max_water_content|geol|glim|carbonate|lai|gvf|forest|frac_|urban|crop|"
    r"dom_land|land_cover|root_depth|aridity|p_mean|pet_mean|p_seasonality|(high|low)_prec_|huc|basin|catchment|"
    r"drainage|stream_order|perimeter|compactness)",
    re.IGNORECASE,
)


def is_static(name: str) -> bool:
    """Return whether a name is that of a fixed attribute of a place; its climate in the long run is one."""
    return bool(STATIC.match(name))
