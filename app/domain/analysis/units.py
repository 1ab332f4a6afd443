"""The unit that a column's name carries: `discharge_mm`, `prcp(mm/day)`, `Culmen Length (mm)`, `Q_cfs`, `tmax_C`."""

from __future__ import annotations

import re

from app.domain.hydrology.naming import LENGTHS, TEMPERATURES, TIMES, WINDS

# Each unit as it is shown, and how people write it; compared without blanks, signs and case where case says nothing.
SPELLINGS = {
    "mm": "mm millimeter millimeters millimetre millimetres",
    "cm": "cm centimeter centimeters centimetre",
    "m": "m meter meters metre metres",
    "km": "km kilometer kilometers",
    "in": "in inch inches",
    "ft": "ft feet foot",
    "mi": "mi mile miles",
    "mm/d": "mm/d mm/day mmd mmday mmd-1 mmday-1 mm_d mm_day mmperday",
    "mm/h": "mm/h mm/hr mmh mmhr mm_h mm_hr mmh-1",
    "m³/s": "m3/s m³/s m3s m^3/s m3s-1 m3sec m3/sec cms cumec cumecs m3_s",
    "ft³/s": "ft3/s ft³/s ft^3/s ft3s ft3_s cfs cusec cusecs",
    "L/s": "l/s ls-1 lps",
    "km²": "km2 km^2 km² sqkm",
    "mi²": "mi2 mi^2 mi² sqmi",
    "ha": "ha hectare hectares",
    "m²": "m2 m^2 m² sqm",
    "m³": "m3 m^3 m³",
    "acre-ft": "acreft acft ac-ft acre-ft acre-feet",
    "°C": "degc °c ºc celsius deg_c",
    "°F": "degf °f ºf fahrenheit deg_f",
    "K": "kelvin degk",
    "Pa": "pa pascal",
    "hPa": "hpa mbar",
    "kPa": "kpa",
    "MPa": "mpa mpa,megapascals megapascals",
    "W/m²": "w/m2 wm2 wm-2 w/m^2 w/m² w_m2",
    "MJ/m²": "mj/m2 mjm2 mjm-2 mj/m^2",
    "m/s": "m/s ms-1 mps",
    "km/h": "km/h kmh kph",
    "mph": "mph",
    "%": "% pct percent perc",
    "‰": "o/oo ‰ permil",
    "mg/L": "mg/l mgl mgl-1 mg_l",
    "µg/L": "ug/l ugl ugl-1 ug_l µg/l μg/l",
    "µS/cm": "us/cm uscm µs/cm μs/cm us_cm",
    "NTU": "ntu",
    "ppm": "ppm",
    "ppb": "ppb",
    "kg": "kg",
    "kg/m³": "kg/m3 kgm3 kg/m^3 kginam^3mixture",
    "s": "sec secs second seconds",
    "min": "min mins minute minutes",
    "h": "hour hours hrs",
    "d": "day days",
}
# Letters that are units only between brackets, or at the end of a name of the right quantity.
BRACKETED = {"c": "°C", "f": "°F", "k": "K", "s": "s", "h": "h", "d": "d", "g": "g", "l": "L", "v": "V"}
AFTER = {
    "c": (TEMPERATURES, "°C"),
    "f": (TEMPERATURES, "°F"),
    "k": (TEMPERATURES, "K"),
    "s": (TIMES, "s"),
    "m": (LENGTHS, "m"),
    "in": (LENGTHS, "in"),
    "ms": (WINDS, "m/s"),
}
# Words that end a name without being its unit (`dep_min` is a least value, `issued_day` a date).
NEVER_AFTER = frozenset({"min", "mins", "hour", "hours", "day", "days", "second", "foot", "percent", "m2", "m3", "mi"})
SQUEEZED = re.compile(r"[\s*·.]+")
IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]{1,40})[)\]]\s*$")
AT_THE_END = re.compile(r"^(.+?)[_ .]((?:mm|m3|ft3|mj|mg|ug|us|w|deg)_[a-z0-9]{1,5}|[^_ .]{1,8})$", re.IGNORECASE)
UNITS = {word: unit for unit, words in SPELLINGS.items() for word in words.split()}


def unit_of(name: str) -> str:
    """Return the unit in a column's name as it is shown ("mm/d", "°C", "m³/s"), or "" where it names none."""
    return split_name(name)[1]


def split_name(name: str) -> tuple[str, str]:
    """Return what was measured and in which unit, as far as a column's name tells: ("tmax", "°C") of `tmax_C`.

    One letter is believed between brackets, or behind a name that says what was measured: `tmax_c` is in degrees
    Celsius and `plan_c` is not. What follows the last underscore is otherwise believed if nothing else is written so.

    Parameters
    ----------
    name
        The name as the file has it.
    """
    found = IN_BRACKETS.search(name)
    if found:
        word = _squeezed(found.group(1))
        unit = UNITS.get(word) or BRACKETED.get(word, "")
        return (name[: found.start()].strip(), unit) if unit else (name, "")
    split = AT_THE_END.match(name.strip())
    if split:
        stem, word = split.group(1), _squeezed(split.group(2))
        if word in AFTER:
            pattern, unit = AFTER[word]
            return (stem, unit) if pattern.search(stem) else (name, "")
        if word in UNITS and word not in NEVER_AFTER:
            return stem, UNITS[word]
    return name, ""


def _squeezed(text: str) -> str:
    return SQUEEZED.sub("", text.replace("−", "-").replace("⁻", "-").replace("¹", "1")).lower()
