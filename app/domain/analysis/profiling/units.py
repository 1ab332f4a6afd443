"""Units read from column names: `discharge_mm`, `prcp(mm/day)`, `Temp, °C (LGR S/N: 1)`, `Q_cfs`, `tmax_C`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.domain.hydrology.naming import LENGTHS, PRESSURES, TEMPERATURES, TIMES, WINDS, one_of

# Each unit as it is shown, and how people write it; compared without blanks, signs and case where case says nothing.
SPELLINGS = {
    "mm": "mm millimeter millimeters millimetre millimetres mmh2o mmwe",
    "cm": "cm centimeter centimeters centimetre centimetres",
    "m": "m meter meters metre metres masl mnap mmsl mofwaterequivalent mwe",
    "km": "km kilometer kilometers kilometre kilometres",
    "in": "in inch inches",
    "ft": "ft feet foot",
    "mi": "mi mile miles",
    "µm": "um µm μm micron microns",
    "0.1 mm": "0.1mm tenthsofmm 1/10mm tenthmm tenthsmm",
    "0.1 °C": "0.1°c 0.1c 0.1degc 1/10°c 1/10c tenthsofdegreesc tenthsofdegc tenthsofdegreescelsius tenthsdegc",
    "mm/d": "mm/d mm/day mmd mmday mmd-1 mmday-1 mm_d mm_day mmperday millimeters/day mmdag-1 mm/24h mm/dag",
    "mm/h": "mm/h mm/hr mmh mmhr mm_h mm_hr mmh-1 mmhr-1 mm/hour mmperhour",
    "mm/month": "mm/month mm/mon mmmonth-1 mm_month",
    "mm/a": "mm/a mm/y mm/yr mm/year mmyr-1 mmyear-1 mm_yr mma-1",
    "cm/d": "cm/d cm/day cmd-1 cmday-1 cm_d cm_day",
    "m/d": "m/d m/day md-1 mday-1 m_d m_day",
    "in/d": "in/d in/day inches/day in_d in_day",
    "in/h": "in/h in/hr inches/hour in_hr",
    "kg/m²": "kg/m2 kgm-2 kg/m^2 kg/m²",
    "kg/m²/d": "kg/m2/d kg/m2/day kgm-2d-1 kgm-2day-1 kg/m²/d",
    "mm/s": "mm/s mms-1",
    "kg/m²/s": "kg/m2/s kg/m²/s kgm-2s-1 kg/m^2/s kg/(m2s)",
    "m³/s": "m3/s m³/s m3s m^3/s m3s-1 m**3s**-1 m3s**-1 m^3s-1 m3sec m3/sec cms cumec cumecs m3_s m^3s^-1 m³s-1 "
    "cubicmeterspersecond cubicmetrespersecond cubicmeters/second",
    "m³/h": "m3/h m³/h m^3/h m3h-1 m3/hr m3_h",
    "m³/d": "m3/d m³/d m^3/d m3d-1 m3/day m³/day m3_d m3_day",
    "ft³/s": "ft3/s ft³/s ft^3/s ft3s ft3_s cfs cusec cusecs cubicfeetpersecond cubicfeet/second ft3s-1",
    "ft³/s/mi²": "cfsm csm",
    "L/s": "l/s ls-1 lps l/sec liters/second l_s",
    "L/min": "l/min lmin-1 lpm l_min",
    "ML/d": "ml/day ml/d megalitres/day",
    "gal/min": "gpm gal/min",
    "Mgal/d": "mgd mgal/d",
    "km²": "km2 km^2 km² sqkm squarekilometers squarekilometres km**2",
    "mi²": "mi2 mi^2 mi² sqmi squaremiles",
    "ha": "ha hectare hectares",
    "acre": "acre acres",
    "m²": "m2 m^2 m² sqm squaremeters m**2",
    "ft²": "ft2 ft^2 ft² sqft squarefeet",
    "m³": "m3 m^3 m³ cubicmeters cubicmetres m**3",
    "ft³": "ft3 ft^3 ft³ cubicfeet",
    "km³": "km3 km^3 km³",
    "hm³": "hm3 hm^3 hm³ mcm 106m3 10^6m3 millionm3",
    "L": "liter liters litre litres",
    "mL": "milliliter milliliters",
    "acre-ft": "acreft acft ac-ft acre-ft acre-feet acrefeet af",
    "m³/m³": "m3/m3 m³/m³ m3m-3 m^3/m^3 cm3/cm3 cm³/cm³ vwc m3_m3 m**3m**-3 cm3cm-3 m3m3",
    "m/m": "m/m mm-1",
    "m/km": "m/km mkm-1",
    "°C": "degc °c ºc ˚c ℃ celsius celcius deg_c degreec degreesc degreecelsius degreescelsius degree_celsius "
    "degrees_celsius degcelsius °celsius gradc cdeg",
    "°F": "degf °f ºf ˚f ℉ fahrenheit deg_f degreef degreesf degreefahrenheit degreesfahrenheit degrees_fahrenheit "
    "degree_fahrenheit degfahrenheit °fahrenheit",
    "K": "kelvin degk degreesk degreekelvin degreeskelvin °k",
    "°": "° deg degs degree degrees degn dege degreesnorth degreeseast degrees_north degrees_east decimaldegrees",
    "Pa": "pa pascal pascals",
    "hPa": "hpa mbar mbars millibar millibars hectopascal",
    "kPa": "kpa kilopascal",
    "MPa": "mpa mpa,megapascals megapascals",
    "bar": "bar bars",
    "dbar": "dbar",
    "psi": "psi psia psig",
    "inHg": "inhg inchesofmercury inchhg",
    "mmHg": "mmhg torr",
    "cmH₂O": "cmh2o",
    "W/m²": "w/m2 wm2 wm-2 w/m^2 w/m² w_m2 wm^-2 wm**-2 watts/m2 w/sqm watts/meter² watts/meter2",
    "kW/m²": "kw/m2 kwm-2 kw/m^2 kw/m² kw_m2",
    "J/m²": "j/m2 jm-2 j/m^2 j/m² j_m2 jm**-2",
    "kJ/m²": "kj/m2 kjm-2 kj/m^2 kj/m² kj_m2",
    "J/cm²": "j/cm2 jcm-2 j/cm^2 j/cm²",
    "Wh/m²": "wh/m2 whm-2 wh/m^2 wh/m²",
    "kWh/m²": "kwh/m2 kwhm-2 kwh/m^2 kwh/m²",
    "kWh/m²/d": "kwh/m2/d kwh/m2/day kwh/m^2/day kwhm-2d-1 kwhm-2day-1 kwh/m²/d",
    "J/m²/d": "j/m2/d j/m2/day jm-2d-1 jm-2day-1 j/m²/d",
    "kJ/m²/d": "kj/m2/d kj/m2/day kjm-2d-1 kjm-2day-1 kj/m²/d",
    "J/cm²/d": "j/cm2/d j/cm2/day jcm-2d-1 jcm-2day-1",
    "J/m²/h": "j/m2/h j/m2/hour jm-2h-1",
    "cal/cm²": "cal/cm2 calcm-2 langley langleys ly",
    "cal/cm²/d": "cal/cm2/d cal/cm2/day ly/d ly/day langleys/day langley/day",
    "MJ/m²": "mj/m2 mjm2 mjm-2 mj/m^2 mj/m² mj_m2",
    "MJ/m²/d": "mj/m2/d mj/m2/day mjm-2d-1 mjm-2day-1 mj/m²/d mj/m²/day mj/m^2/day",
    "µmol/m²/s": "umol/m2/s umol/m^2/s µmol/m²/s μmol/m²/s umolm-2s-1 µmolm-2s-1 µmol/m2/s umol/s/m^2 umol/s/m2",
    "m/s": "m/s ms-1 mps m/sec meters/second metres/second meters/s m_s ms**-1 ms^-1 meterspersecond metrespersecond",
    "km/h": "km/h kmh kph km_h kmh-1 km/hr",
    "mph": "mph mi/h mi/hr milesperhour",
    "kn": "kn kt kts knot knots",
    "ft/s": "ft/s fts-1 fps ft/sec ft_s",
    "cm/s": "cm/s cms-1 cm/sec cm_s",
    "cm/h": "cm/h cm/hr cmh-1",
    "%": "% pct percent percents perc %rh %vol vol% prozent procent procents prosent prosenttia procenten "
    "porcentaje pourcent pourcentage percentage %sat %saturation pctsat",
    "‰": "o/oo ‰ permil promille",
    "g/kg": "g/kg gkg-1",
    "kg/kg": "kg/kg kgkg-1 kgkg**-1",
    "g/L": "g/l gl-1 g_l",
    "mg/L": "mg/l mgl mgl-1 mg_l mg/liter mg/litre mgperl milligramsperliter",
    "µg/L": "ug/l ugl ugl-1 ug_l µg/l μg/l µgl-1 µgl",
    "ng/L": "ng/l ngl ngl-1 ng_l",
    "µg/m³": "ug/m3 ug/m^3 µg/m³ µg/m3 μg/m³ μg/m3 ugm-3 ug_m3 ugm3 µgm3 microg/m^3 microg/m3 µgm-3",
    "mg/m³": "mg/m3 mg/m^3 mg/m³ mgm-3 mg_m3",
    "mg/kg": "mg/kg mgkg-1 mg_kg",
    "mmol/L": "mmol/l mmoll-1 mmol_l",
    "µmol/L": "umol/l µmol/l μmol/l umol_l",
    "mol/m³": "mol/m3 molm-3",
    "µS/cm": "us/cm uscm µs/cm μs/cm us_cm microsiemens/cm umhos/cm µmhos/cm microsiemenspercm",
    "mS/cm": "ms/cm ms_cm",
    "dS/m": "ds/m ds_m",
    "NTU": "ntu",
    "FNU": "fnu",
    "PSU": "psu",
    "ppm": "ppm ppmv",
    "ppb": "ppb ppbv",
    "kg": "kg kilogram kilograms",
    "lb": "lb lbs pound pounds",
    "mg": "milligram milligrams",
    "g": "gram grams gr",
    "t": "tonnes",
    "kg/m³": "kg/m3 kgm3 kg/m^3 kg/m³ kgm-3 kginam^3mixture kg_m3",
    "g/cm³": "g/cm3 g/cm^3 g/cm³ gcm-3 g_cm3",
    "g/m³": "g/m3 g/m^3 g/m³ gm-3 g_m3",
    "V": "volt volts",
    "mV": "mv millivolt millivolts",
    "mA": "ma milliamp",
    "W": "watt watts",
    "kW": "kw kilowatt kilowatts",
    "MW": "megawatt megawatts",
    "kWh": "kwh",
    "MWh": "mwh",
    "J": "joule joules",
    "Hz": "hz hertz",
    "dB": "db dbm",
    "lx": "lux lx",
    "s": "sec secs second seconds",
    "ms": "msec millisecond milliseconds",
    "min": "min mins minute minutes",
    "h": "hour hours hrs",
    "d": "day days",
    "years": "years",
}
# Letters that are units only between brackets, or at the end of a name of the right quantity.
BRACKETED = {
    "c": "°C", "f": "°F", "k": "K", "s": "s", "h": "h", "d": "d", "g": "g", "l": "L", "v": "V", "a": "A", "w": "W",
    "hr": "h", "yr": "years", "mb": "hPa", "ml": "mL", "ms": "ms", "mg": "mg", "t": "t", "j": "J", "°n": "°", "°e": "°",
}  # fmt: skip
AFTER = {
    "c": (TEMPERATURES, "°C"),
    "f": (TEMPERATURES, "°F"),
    "k": (TEMPERATURES, "K"),
    "s": (TIMES, "s"),
    "m": (LENGTHS, "m"),
    "in": (LENGTHS, "in"),
    "mi": (LENGTHS, "mi"),
    "ms": (WINDS, "m/s"),
    "deg": (re.compile(r"(dir\w*|wd|angle|aspect|slope|lat\w*|lon\w*|azimuth)$", re.IGNORECASE), "°"),
    "mb": (PRESSURES, "hPa"),
    "bar": (PRESSURES, "bar"),
    "v": (re.compile(r"(batt\w*|volt\w*|signal)$", re.IGNORECASE), "V"),
    "gr": (re.compile(r"(weight|mass)$", re.IGNORECASE), "g"),
    "g": (re.compile(r"(weight|mass)$", re.IGNORECASE), "g"),
    "min": (TIMES, "min"),
    "h": (TIMES, "h"),
    "years": (TIMES, "years"),
}
# Words that end a name without being its unit (`dep_min` is a least value, `issued_day` a date).
NEVER_AFTER = one_of(
    "min mins hour hours day days second foot percent m2 m3 mi ma db af a kn kt bar deg degree degrees vwc um "
    "mwe csm degn dege mile pound kw mm-1 years ml g"
)
# Words that begin a unit of several words.
BEGIN_UNITS = one_of(
    "acre sq square deg deg. degree degrees tenths tenth inches in mm cubic gal kg w m n watts decimal"
)
# A whole name that is a unit: what it measures goes without saying.
ALONE = one_of("cfs cms cumecs mgd gpm m3/s m³/s ft3/s m3s")
# Tenths and hundredths of a unit, in which files of stations have whole numbers.
PARTS = re.compile(
    r"^(?P<share>0\.0?1|1/100?|tenths?|hundredths?)(?:\s+of)?\s*\*?(?:an? )?\s*(?P<whole>[^\d\s].*)$", re.IGNORECASE
)
SQUEEZED = re.compile(r"[\s*·.]+")
BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]{1,60})[)\]}]")
AT_THE_END = re.compile(
    r"^(.+?)[_ .,]((?:mm|m3|ft3|mj|kj|j|mg|ug|ng|us|ms|ds|w|deg|degrees|m|km|cm|ft|l|kg|g|in|mmol|umol)_[a-z0-9]{1,7}|"
    r"[^_ .,]{1,16})$",
    re.IGNORECASE,
)
IN_WORDS = re.compile(r"^(.+?)(?:,| in | \[| -)\s*([^,]{1,40})$", re.IGNORECASE)
CAMEL = re.compile(r"^(.*[a-z0-9])([A-Z][A-Za-z]*\d?)$")
# How a series was condensed, which a logger or a table writes behind its unit.
STATISTICS = re.compile(
    r"[_ .,]+(avg|mean|min|max|smp|tot|total|sum|std|sd|median|med|wvc|inst|\d{1,2}(hr|h|min)?)$", re.IGNORECASE
)
# To what a level refers, which stands behind its unit: Amsterdam, Berlin, North America, the sea, the ground.
DATUMS = re.compile(
    r"[_ .,]+(nap|taw|nhn|nn|mnn|navd\d{0,2}|ngvd\d{0,2}|ahd|aod|msl|amsl|asl|lat|mllw|egm\d{2}|agl|bgl|bgs|btoc|toc|"
    r"mv|mp|mbgl)$",
    re.IGNORECASE,
)
UNITS = {word: unit for unit, words in SPELLINGS.items() for word in words.split()}


def unit_of(name: str) -> str:
    """Return the unit in a column's name as it is shown ("mm/d", "°C", "m³/s"), or "" where it names none."""
    return split_name(name)[1]


def unit_named(text: str) -> str:
    """Return the unit that a text by itself is, as it is shown, or "": "m^3 s-1", "Deg C", "cm t.o.v. NAP", "K".

    Parameters
    ----------
    text
        What stands between brackets, in a row of units or in a note.
    """
    word = _squeeze(text)
    unit = UNITS.get(word) or BRACKETED.get(word, "")
    if unit:
        return unit
    if part := PARTS.match(text.strip()):
        share = "0.01" if part["share"].lower().startswith(("0.01", "1/100", "hundred")) else "0.1"
        whole = unit_named(part["whole"])
        return f"{share} {whole}" if whole else ""
    first, rest = (*re.split(r"[\s+]+", text.strip(), maxsplit=1), "")[:2]
    known = UNITS.get(_squeeze(first.rstrip(",;")), "")
    # A datum or an occasion follows a unit in words of its own; a power or a second unit does not.
    return known if rest and re.match(r"^[A-Za-z(,]", rest.strip()) and not re.search(r"[-^]?\d", rest) else ""


def split_name(name: str) -> tuple[str, str]:
    """Return quantity and unit as far as a column's name tells: ("tmax", "°C") of `tmax_C`.

    One letter is believed between brackets, or behind a name that says what was measured: `tmax_c` is in degrees
    Celsius and `plan_c` is not. What follows the last underscore is otherwise believed if nothing else is written so.

    Parameters
    ----------
    name
        The name as the file has it; a row of units below it is joined to it with a blank.
    """
    for match in BRACKETS.finditer(name):
        unit = unit_named(match.group(1))
        if unit:
            return name[: match.start()].strip(" _,.-") or name, unit
    bare = BRACKETS.sub("", name).strip(" _,.") if BRACKETS.search(name) else name.strip()
    if _squeeze(bare) in ALONE:
        return bare, UNITS[_squeeze(bare)]
    while True:
        stem, unit = _split_end(bare)
        shorter = DATUMS.sub("", STATISTICS.sub("", bare))
        if unit or shorter == bare:
            return (stem, unit) if unit else (name, "")
        bare = shorter


def _split_end(name: str) -> tuple[str, str]:
    """Return the quantity and the unit at the end of a name, or the name and ""."""
    phrase = IN_WORDS.match(name)
    if phrase:
        word = _squeeze(phrase.group(2))
        unit = UNITS.get(word) or (BRACKETED.get(word, "") if "," in name else "")
        if unit:
            return phrase.group(1), unit
    words = re.split(r"([_ .]+)", name)
    for count in (5, 4, 3, 2):
        tail = words[1 - 2 * count :: 2]
        unit = _unit_of_words(tail) if len(words) > 2 * count else ""
        if unit:
            return "".join(words[: -2 * count]), unit
    for pattern in (AT_THE_END, CAMEL):
        split = pattern.match(name)
        if split is None:
            continue
        stem, word = split.group(1), _squeeze(split.group(2))
        if word in AFTER:
            measured, unit = AFTER[word]
            if measured.search(stem):
                return stem, unit
        elif word in UNITS and word not in NEVER_AFTER:
            return stem, UNITS[word]
    return name, ""


def _unit_of_words(words: Sequence[str]) -> str:
    """Return the unit that several words at the end of a name make: mg per l, m3 s, Deg C, acre ft, tenths mm."""
    words = [word.lower() for word in words]
    ratio = UNITS.get("/".join(word for word in words if word != "per"), "")
    if ratio and words[0] not in ("per", "in", "d", "h", "a"):
        return ratio
    joined = UNITS.get(_squeeze("".join(words)), "")
    spoken = words[0] in BEGIN_UNITS or any(any(sign in word for sign in "0123456789^-") for word in words)
    return joined if joined and spoken else ""


def _squeeze(text: str) -> str:
    text = text.replace("−", "-").replace("⁻", "-").replace("¹", "1").replace("**", "^").replace("^-", "-")
    return SQUEEZED.sub("", text).lower()
