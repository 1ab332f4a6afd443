"""Recognition of drivers, such as precipitation, by column name alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from app.domain.hydrology.driver_codes import CODES, NWIS, NameReading
from app.domain.hydrology.driver_grammar import key_of, pieces_of, role_of_word, words_of
from app.domain.hydrology.driver_units import TEMPERATURE_ROLES, DriverRole
from app.domain.hydrology.driver_words import (
    DECOR,
    GROUND,
    HARMLESS,
    HEIGHT,
    KNOWN,
    LONG_RUN,
    MAXIMUM,
    MINIMUM,
    NOT_DRIVEN,
    NOT_ITSELF,
    NOT_ITSELF_STEMS,
    PAIRS,
    PLAIN,
)
from app.domain.hydrology.naming import DERIVED, QUALITY

# What was worked out from several rows: lags, sums and means of so many steps or days.
_WORKED_OUT = re.compile(
    r"_?(lag|roll|rolling|ma|memory)_?\d+(\.\d+)?(d|h|w)?$|_(sum|mean|avg)_?\d+(d|w)?$|_t_?\d+$|_(?!1d)\d+(d|day|days)(_(sum|mean|avg|total))?$"
)
# Beside these `in` is within a house: In Temp.
INDOORS = (*TEMPERATURE_ROLES, DriverRole.HUMIDITY)
_PERIOD = re.compile(r"(?<![A-Za-z])PT?\d+[DHM](?![A-Za-z\d])")


def readings_of(stem: str) -> tuple[NameReading, ...]:
    """Return the possible readings of a column's name, () where it names no driver.

    Parameters
    ----------
    stem
        The name without its unit.
    """
    key = key_of(stem)
    if not key or QUALITY.search(key) or DERIVED.search(key) or _WORKED_OUT.search(key) or LONG_RUN.search(key):
        return ()
    # A period as standards write it tells the step: mean(air_temperature P1D).
    stem = _PERIOD.sub(" ", stem)
    parts = key_of(stem).split("_")
    coded = CODES.get(next((part for part in parts if len(part) == 5 and part in NWIS), key))
    if coded is not None and not coded:
        return ()
    spoken = _read_words(stem, parts)
    if coded is None:
        coded = () if spoken else _read_code_with_affixes(parts) or _read_glued_code(stem)
    if not spoken:
        return coded
    # A word makes the code of its kind sure; what else the code may stand for, the values decide.
    readings = [
        replace(reading, is_sure=reading.is_sure or spoken.is_sure, is_common=True, note=reading.note or spoken.note)
        if reading.role is spoken.role
        else reading
        for reading in coded
    ]
    return tuple(readings) if any(reading.role is spoken.role for reading in coded) else (*readings, spoken)


def _read_code_with_affixes(parts: Sequence[str]) -> tuple[NameReading, ...]:
    """Read a code that has its source, its height or its statistic at its ends: p_chirps, t_max."""
    if set(parts) & NOT_ITSELF:
        return ()
    bare, extreme = list(parts), ""
    while len(bare) > 1:
        last = bare[-1]
        if last in MINIMUM or last in MAXIMUM:
            extreme = last
        elif not (last in DECOR or HEIGHT.match(last)):
            break
        bare.pop()
        if "_".join(bare) in CODES:
            break
    while len(bare) > 1 and "_".join(bare) not in CODES:
        first = bare[0]
        if len(first) > 2 and (first in MINIMUM or first in MAXIMUM):
            extreme = first
        elif not (first in DECOR or HEIGHT.match(first)):
            break
        bare.pop(0)
    return tuple(
        _as_extreme(reading, extreme)
        for reading in CODES.get("_".join(bare), ())
        if reading.role not in TEMPERATURE_ROLES or not set(parts) & NOT_DRIVEN[DriverRole.TEMPERATURE]
    )


def _read_glued_code(stem: str) -> tuple[NameReading, ...]:
    """Read a code that is glued to how a step is summed up: avgTa, hrMedia, velmedia.

    So little of a name is weak. The extreme of a deficit is no vapour pressure of a step.
    """
    pieces = pieces_of(stem)
    if len(pieces) < 2:
        return ()
    return tuple(
        replace(affix, is_sure=False, is_common=True, is_weak=True)
        for affix in _read_code_with_affixes(pieces)
        if affix.note != "deficit"
    )


def _as_extreme(reading: NameReading, extreme: str) -> NameReading:
    """Return a reading of a temperature as that of its least or largest value."""
    if not extreme or reading.role is not DriverRole.TEMPERATURE:
        return reading
    return replace(reading, role=DriverRole.TEMPERATURE_MIN if extreme in MINIMUM else DriverRole.TEMPERATURE_MAX)


def _read_words(stem: str, parts: Sequence[str]) -> NameReading | None:
    """Return the reading of a name by its words, or None."""
    words = words_of(stem, parts)
    roles = {role for word in words if (role := role_of_word(word)) is not None}
    roles |= {role for role, pair in PAIRS if pair <= words}
    telling = words - _harmless_words(words)
    if not roles or telling & NOT_ITSELF or any(NOT_ITSELF_STEMS.search(word) for word in words):
        return None
    role = _only_role(roles, words)
    if role is None or telling & NOT_DRIVEN.get(role, frozenset()):
        return None
    if role in INDOORS and "in" in (parts[0], parts[-1]):
        return None
    if role in (DriverRole.PRESSURE, DriverRole.STAGE) and not _is_plain(words, role):
        return None
    sure = role is not DriverRole.STAGE and all(map(_is_known, words))
    if role is DriverRole.TEMPERATURE:
        return _read_temperature(words, is_sure=sure)
    return NameReading(role, sure, is_common=True, is_signed=_is_signed(role, words), note=_note(role, words))


def _only_role(roles: set[DriverRole], words: frozenset[str]) -> DriverRole | None:
    """Return the one thing that several words together stand for, or None where they contradict each other."""
    left = set(roles)
    if DriverRole.VAPOUR_PRESSURE in left:
        left -= {DriverRole.PRESSURE, DriverRole.HUMIDITY}
    if DriverRole.EVAPORATION in left:
        left -= {DriverRole.SNOW}
    if DriverRole.SNOW in left or words & {"solid", "solide", "solida", "fest"}:
        left = (left - {DriverRole.RAIN}) | ({DriverRole.SNOW} if DriverRole.RAIN in left else set())
    if DriverRole.TEMPERATURE in left and words & {"tavg"}:
        # The mean over a time, as files of land surface models write it behind each name.
        left -= {DriverRole.TEMPERATURE} if len(left) > 1 else set()
    if DriverRole.HUMIDITY in left and words & {"tmax", "tmin", "tx", "tn"}:
        left -= {DriverRole.TEMPERATURE}
    if DriverRole.STAGE in left and len(left) > 1:
        left -= {DriverRole.STAGE}
    return left.pop() if len(left) == 1 else None


def _is_plain(words: frozenset[str], role: DriverRole) -> bool:
    """Return whether a pressure is that of the air, and a level that of a river, as far as words tell."""
    if role is DriverRole.STAGE and words & GROUND:
        return False
    return all(
        word in PLAIN
        or word in DECOR
        or word in MINIMUM
        or word in MAXIMUM
        or not word.isalpha()
        or role_of_word(word) is role
        for word in words
    )


def _harmless_words(words: frozenset[str]) -> frozenset[str]:
    """Return words that mean nothing beside others: "previous post-processing" is the step before."""
    return frozenset().union(*(some for some, others in HARMLESS if others & words))


def _is_known(word: str) -> bool:
    """Return whether a word is one that names of drivers have, or tells a height, so that it hides no other meaning."""
    if word in KNOWN or word in DECOR or word in MINIMUM or word in MAXIMUM or role_of_word(word) is not None:
        return True
    return not word.isalpha() or len(word) == 1


def _read_temperature(words: frozenset[str], *, is_sure: bool) -> NameReading | None:
    """Return whether words name the mean, the least or the largest temperature of the air."""
    if words & {"surface", "sfc", "surf"} and not words & {"air", "near", "luft"}:
        return None
    low = bool(words & MINIMUM) or any(word.startswith(("tmin", "tasmin", "mintemp")) for word in words)
    high = bool(words & MAXIMUM) or any(word.startswith(("tmax", "tasmax", "maxtemp")) for word in words)
    if low and high:
        return None
    mean, least, largest = TEMPERATURE_ROLES
    return NameReading(least if low else largest if high else mean, is_sure, is_common=True)


def _is_signed(role: DriverRole, words: frozenset[str]) -> bool:
    """Return whether values of both signs belong to what words name."""
    if role is DriverRole.WIND:
        return _note(role, words) == "component"
    if role is DriverRole.RADIATION:
        return bool(words & {"net", "thermal", "longwave", "lw", "therm", "netrad"})
    return role is DriverRole.EVAPORATION


def _note(role: DriverRole, words: frozenset[str]) -> str:
    """Return which remark on a column its words ask for, "" for none."""
    if role is DriverRole.WIND and words & {"u", "v", "component", "zonal", "meridional"}:
        return "component"
    if role is DriverRole.VAPOUR_PRESSURE and words & {"deficit", "defizit"}:
        return "deficit"
    if role is DriverRole.SNOW and words & {"depth", "hoehe", "schneehoehe", "snowdepth", "schneehohe"}:
        return "" if words & {"water", "equivalent", "swe"} else "depth"
    return ""
