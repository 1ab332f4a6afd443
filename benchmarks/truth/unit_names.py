"""Names that say a unit, or whose range says it, with the range, the digits and the spellings that are right."""

from __future__ import annotations

# Name -> its range, its digits and the spellings that are right.
Units = dict[str, tuple[tuple[float, float], int, tuple[str | None, ...]]]
CELSIUS, FAHRENHEIT, KELVIN = ("°C", "C", "degC"), ("°F", "F", "degF"), ("K", "kelvin")
CFS, CMS = ("ft3/s", "ft³/s", "cfs"), ("m3/s", "m³/s", "cms")
INCH, FOOT, MM, METRE, CM = ("in", "inch", "inches"), ("ft", "feet"), ("mm", "mm/d"), ("m",), ("cm",)
UNITS: Units = {
    "Q_cfs": ((20, 900), 1, CFS),
    "discharge (m³/s)": ((0.5, 90), 2, CMS),
    "flow [m3/s]": ((0.5, 90), 2, CMS),
    "abfluss_l_s": ((1, 900), 1, ("l/s", "L/s")),
    "12345_00060_00003": ((20, 900), 1, CFS),
    "temp_K": ((255, 305), 2, KELVIN),
    "t2m": ((255, 305), 2, KELVIN),
    "T (°F)": ((10, 98), 1, FAHRENHEIT),
    "tmax_f": ((30, 98), 1, FAHRENHEIT),
    "air temperature, deg C": ((-12, 33), 1, CELSIUS),
    "WTEMP_degC": ((1, 24), 2, CELSIUS),
    "rain_in": ((0, 2.4), 2, INCH),
    "precip_inches": ((0, 2.4), 2, INCH),
    "P [mm]": ((0, 60), 1, MM),
    "prcp(mm/day)": ((0, 60), 1, MM),
    "tp_m": ((0, 0.04), 5, METRE),
    "stage_ft": ((2, 14), 2, FOOT),
    "Gage height, feet": ((2, 14), 2, FOOT),
    "head_m": ((70, 80), 2, METRE),
    "head_cm_NAP": ((1800, 2100), 0, CM),
    "level_mm": ((900, 2100), 0, ("mm",)),
    "wind_kmh": ((0, 70), 1, ("km/h", "kmh", "kph")),
    "wind_ms": ((0, 20), 1, ("m/s",)),
    "pressure_kPa": ((97, 103), 2, ("kPa",)),
    "Luftdruck [hPa]": ((970, 1040), 1, ("hPa", "mbar")),
    "rh_pct": ((20, 100), 1, ("%", "percent")),
    "Relative humidity (%)": ((20, 100), 1, ("%", "percent")),
    "srad_wm2": ((20, 350), 1, ("W/m2", "W/m²")),
    "rad_MJ_m2": ((1, 30), 2, ("MJ/m2", "MJ/m²")),
    "DO_mgL": ((5, 14), 2, ("mg/l",)),
    "NO3 (mg/L)": ((0.1, 9), 2, ("mg/l",)),
    "SpC_uS_cm": ((90, 900), 0, ("µS/cm", "uS/cm", "μS/cm")),
    "Turbidity, FNU": ((0, 90), 1, ("FNU",)),
    "area_sqmi": ((10, 900), 1, ("mi2", "sqmi", "mi²", "sq mi")),
    "ratio": ((0, 1), 3, (None,)),
    "index_2": ((0, 300), 1, (None,)),
}
# A header of parameter codes of the USGS beside words: it is a header all the same.
CODES: Units = {
    "00060": ((20, 900), 1, CFS),
    "00065": ((1, 12), 2, FOOT),
    "00010": ((1, 24), 1, CELSIUS),
}
