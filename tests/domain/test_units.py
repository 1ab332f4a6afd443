"""Units and quantities are read from names, and from nothing that only looks like one."""

from __future__ import annotations

import pytest

from app.domain.analysis.profiling.units import split_name, unit_of
from app.domain.hydrology.naming import Quantity, names_sites, quantity_of
from tests.domain.reading import real_file


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("discharge_mm", "mm"),
        ("prcp(mm/day)", "mm/d"),
        ("prcp_mm_d", "mm/d"),
        ("Q_cfs", "ft³/s"),
        ("QObs(mm/d)", "mm/d"),
        ("flow_ft3_s", "ft³/s"),
        ("q_m3s", "m³/s"),
        ("q_m3_s", "m³/s"),
        ("tmax_C", "°C"),
        ("air_temperature_k", "K"),
        ("Temperature (°C)", "°C"),
        ("Dayl(s)", "s"),
        ("dayl_s", "s"),
        ("head_m", "m"),
        ("rain_in", "in"),
        ("srad_wm2", "W/m²"),
        ("SRAD(W/m2)", "W/m²"),
        ("vp_pa", "Pa"),
        ("wind_ms", "m/s"),
        ("area_km2", "km²"),
        ("Culmen Length (mm)", "mm"),
        ("Body Mass (g)", "g"),
        ("Delta 15 N (o/oo)", "‰"),
        ("Turbidity (NTU)", "NTU"),
        ("Cement (component 1)(kg in a m^3 mixture)", "kg/m³"),
    ],
)
def test_the_unit_in_a_name_is_found(name: str, unit: str) -> None:
    assert unit_of(name) == unit


@pytest.mark.parametrize(
    "name",
    [
        *("plan_c", "vitamin_c", "check_in", "temp_min", "dep_time", "issued_day", "column_m", "income >50K"),
        *("C6H6(GT)", "PT08.S1(CO)", "gauge_id", "site_no", "area_gages2", "hour", "m", "", "mm", "LotArea", "q5"),
    ],
)
def test_a_name_without_a_unit_is_given_none(name: str) -> None:
    assert split_name(name) == (name, "")


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("q_cfs", Quantity.FLOW),
        ("in_flow", Quantity.FLOW),
        ("discharge_mm", Quantity.FLOW),
        ("prcp(mm/day)", Quantity.RAIN),
        ("rain_m", Quantity.RAIN),
        ("tmax_c", Quantity.TEMPERATURE),
        ("RH", Quantity.HUMIDITY),
        ("pH", Quantity.ACIDITY),
        ("gauge_lat", Quantity.LATITUDE),
        ("longitude", Quantity.LONGITUDE),
        ("head_m", Quantity.LEVEL),
        ("q_mean", None),
        ("high_prec_freq", None),
        ("prcp_mm_lag_1", None),
        ("rain_days", None),
        ("Flow_cd", None),
        ("temperament", None),
        ("phone", None),
        ("platform", None),
    ],
)
def test_the_quantity_in_a_name_is_found(name: str, quantity: Quantity | None) -> None:
    assert quantity_of(split_name(name)[0]) is quantity


def test_names_of_sites_are_told_from_other_numbers() -> None:
    assert all(names_sites(name) for name in ("gauge_id", "site_no", "station", "huc_02", "Basin ID", "well_name"))
    assert not any(names_sites(name) for name in ("website", "stationary", "discharge", "site_elevation", "wellness"))


def test_a_profile_carries_the_units_of_its_columns() -> None:
    columns = real_file("hydro/piscataquis_01031500_daily_sentinel.csv").profile.columns
    units = {column.name: column.unit for column in columns}
    assert (units["q_cfs"], units["tmax_c"], units["srad_wm2"], units["dayl_s"]) == ("ft³/s", "°C", "W/m²", "s")
    assert units["date"] == units["flag"] == ""


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Temp, °C (LGR S/N: 10350400, SEN S/N: 10350400)", "°C"),
        ("Stand (cm t.o.v. NAP)", "cm"),
        ("stand [cm+NAP]", "cm"),
        ("BattV_Min Volts Min", "V"),
        ("AirTC_Avg Deg C Avg", "°C"),
        ("Discharge, cubic feet per second", "ft³/s"),
        ("Temperature, water, degrees Celsius", "°C"),
        ("tempF", "°F"),
        ("precipMM", "mm"),
        ("dissolved_oxygen_mg_per_l", "mg/L"),
        ("slope_m_per_km", "m/km"),
        ("storage_acre_ft", "acre-ft"),
        ("PRCP (tenths of mm)", "0.1 mm"),
        ("discharge m^3 s^-1", "m³/s"),
        ("wind_10m_ms", "m/s"),
        ("air_temp_f_max", "°F"),
    ],
)
def test_units_of_loggers_agencies_and_many_words_are_found(name: str, unit: str) -> None:
    assert unit_of(name) == unit


@pytest.mark.parametrize(
    "name",
    [
        "cars_in",
        "check in",
        "bytes_in",
        "dep_min",
        "sex_f",
        "grade_k",
        "vwc_10cm",
        "rain_24h",
        "quality (1-10)",
        "CO(GT)",
    ],
)
def test_words_and_letters_that_are_no_units_are_none(name: str) -> None:
    assert unit_of(name) == ""
