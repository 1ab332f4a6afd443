"""Drivers of water: known by name, unit, values and company, in their own unit, and nothing else taken for one.

The drivers of each real file were listed by hand from its columns and description. `benchmarks/driver_names.py` counts
hits on a list that somebody else made from the products' documents.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile
from app.domain.hydrology.driver_codes import CODES, FAMILIES
from app.domain.hydrology.driver_units import CONVERSIONS, STANDARD, conversion_of
from app.domain.hydrology.drivers import (
    Driver,
    DriverRole,
    columns_of_role,
    drivers_among,
    recognise_drivers,
)
from app.domain.hydrology.unit_ranges import DAY
from app.domain.vocabulary import ColumnKind
from benchmarks.driver_names import TRUTH, faults, read_list
from tests.domain.reading import real_file
from tests.variants import slow_after

ROWS = 1000
NUMERIC = ColumnKind.NUMERIC
DAYMET = {
    "prcp_mm": "rain mm", "tmax_c": "temperature_max °C", "tmin_c": "temperature_min °C", "srad_wm2": "radiation W/m²",
    "vp_pa": "vapour_pressure Pa", "dayl_s": "day_length s",
}  # fmt: skip
E_OBS = {
    "rr": "rain mm", "tg": "temperature °C", "tn": "temperature_min °C", "tx": "temperature_max °C",
    "pp": "pressure hPa", "hu": "humidity %", "fg": "wind m/s", "qq": "radiation W/m²", "et": "evaporation mm",
}  # fmt: skip
CARAVAN = {
    "total_precipitation_sum": "rain mm", "potential_evaporation_sum": "evaporation mm",
    "snow_depth_water_equivalent_mean": "snow ", "snow_depth_water_equivalent_min": "snow ",
    "snow_depth_water_equivalent_max": "snow ", "temperature_2m_mean": "temperature °C",
    "temperature_2m_min": "temperature_min °C", "temperature_2m_max": "temperature_max °C",
    "surface_pressure_mean": "pressure kPa", "surface_pressure_min": "pressure kPa",
    "surface_pressure_max": "pressure kPa", "surface_net_solar_radiation_mean": "radiation W/m²",
    "surface_net_solar_radiation_max": "radiation W/m²", "surface_net_thermal_radiation_mean": "radiation W/m²",
    "surface_net_thermal_radiation_min": "radiation W/m²", "surface_net_thermal_radiation_max": "radiation W/m²",
    **{f"{part}_component_of_wind_10m_{how}": "wind " for part in "uv" for how in ("mean", "min", "max")},
}  # fmt: skip
# What snow there is never varies in the Daymet files of these rivers: a column of zeros drives nothing.
REAL = {
    "hydro/piscataquis_01031500_daily.csv": DAYMET,
    "hydro/piscataquis_01031500_daily_sentinel.csv": DAYMET,
    "hydro/camels_us_4basins_2000_2002.csv": DAYMET,
    "hydro/camels_us_10basins_1990_2013.csv.gz": DAYMET,
    "hydro/camels_us_raw/01031500_lump_cida_forcing_leap.txt": {
        "dayl(s)": "day_length s", "prcp(mm/day)": "rain mm/d", "srad(W/m2)": "radiation W/m²",
        "tmax(C)": "temperature_max °C", "tmin(C)": "temperature_min °C", "vp(Pa)": "vapour_pressure Pa",
    },
    "hydro/camels_us_raw/01031500_05_model_output.txt": {
        "SWE": "snow kg/m²", "PRCP": "rain mm", "TAIR": "temperature °C", "PET": "evaporation mm", "ET": "evaporation mm",
    },
    "hydro/challenge/well_germany.csv": E_OBS,
    "hydro/challenge/well_netherlands.csv": E_OBS,
    "hydro/agencies/caravan_forcing.nc": CARAVAN,
    "hydro/agencies/toa5_example.dat": {
        "Rain_Tot": "rain mm", "AirT_Max": "temperature_max °C", "AirT_Min": "temperature_min °C",
        "RH_Max": "humidity %", "RH_Min": "humidity %", "BaromPres_Max": "pressure mmHg",
        "BaromPres_Min": "pressure mmHg", "SlrkW_Max": "radiation kW/m²", "WaterLvl_Min": "stage ft",
    },
    "hydro/gw_heby_daily.csv": {"prec_mm": "rain mm", "temp_c": "temperature °C", "evap_mm": "evaporation mm"},
    "hydro/gw_kingstown_usgs_daily.csv": {"rain_m": "rain m", "evap_m": "evaporation m"},
    "general/pycaret_airquality.csv": {"T": "temperature °C", "RH": "humidity %"},
    "general/uci_bike_sharing_hour.csv": {"hum": "humidity fraction"},
}  # fmt: skip
# No weather, though some names sound like it: TP is phosphorus, T of a minDOT is water, Stand a well, Stage an egg.
NONE = (
    "hydro/usgs_KlamathTP.csv", "hydro/usgs_ChoptankFlow.csv", "hydro/usgs_GlacialRidge.csv",
    "hydro/reservoir_08049800_inflow.csv", "hydro/water_potability.csv", "hydro/camels_us_attributes_671.csv",
    "hydro/data_stowa__B28H1804001_1.csv", "hydro/agencies/minidot_20191213.txt", "hydro/agencies/hobo_ellis_1m.csv",
    "hydro/agencies/grdc_Q_Day.Cmd.txt", "general/california_housing.csv", "general/uci_concrete_data.xls",
    "general/uci_electrical_grid_leaky.csv", "general/rd_openintro_nycflights.csv", "general/telco_churn.csv",
    "general/rd_palmerpenguins_penguins_raw.csv", "general/winequality-red.csv", "general/pycaret_house.csv",
)  # fmt: skip


def column(name: str, low: float, high: float, *, zeros: float = 0.0, unit: str = "") -> ColumnProfile:
    """Return a column of amounts by its ends, whole where both are."""
    storage = "integer" if low == int(low) and high == int(high) else "number"
    return ColumnProfile(
        name,
        name,
        NUMERIC,
        "",
        storage,
        missing=0,
        distinct=ROWS // 2,
        minimum=low,
        maximum=high,
        zeros=round(zeros * ROWS),
        unit=unit,
        unit_source="note" if unit else "",
    )


def found(*columns: ColumnProfile) -> dict[str, Driver]:
    """Return the drivers of a table without a time axis."""
    return {driver.column: driver for driver in drivers_among(columns, rows=ROWS)}


def only(column_profile: ColumnProfile) -> Driver:
    """Return the driver that a column is by itself."""
    driver = found(column_profile).get(column_profile.name)
    assert driver is not None
    return driver


def standard(driver: Driver, value: float) -> float:
    return value * driver.factor + driver.offset


@pytest.mark.parametrize("name", slow_after(3, REAL))
def test_drivers_of_a_real_file_are_those_listed_by_hand(name: str) -> None:
    drivers = recognise_drivers(real_file(name).profile)
    assert {driver.column: f"{driver.role.value} {driver.unit}" for driver in drivers} == REAL[name]


@pytest.mark.parametrize("name", ["driver_names_tuning.csv", "driver_names.csv"])
def test_columns_of_products_are_what_their_documents_say(name: str) -> None:
    judged = faults(read_list(TRUTH.with_name(name)), with_unit=True)
    assert {f"{listed.product}: {listed.name}": wrong for listed, wrong in judged if wrong} == {}


@pytest.mark.parametrize("name", NONE)
def test_a_real_file_without_weather_has_no_drivers(name: str) -> None:
    assert recognise_drivers(real_file(name).profile) == ()


@pytest.mark.parametrize(
    "name", ["rr", "RR", "tp", "pr", "P", "RSK", "total_precipitation_sum", "p_chirps", "APCP_surface", "neerslag"]
)
def test_rain_has_many_names(name: str) -> None:
    driver = only(column(name, 0.0, 61.5, zeros=0.5))
    assert (driver.role, driver.factor) == (DriverRole.RAIN, 1.0)


@pytest.mark.parametrize(
    ("name", "low", "high", "unit", "role", "value", "converted"),
    [
        ("t2m", 251.2, 308.4, "", "temperature", 273.15, 0.0),
        ("tp", 0.0, 0.0612, "m", "rain", 0.01, 10.0),
        ("pr", 0.0, 0.00082, "kg/m²/s", "rain", 1e-4, 8.64),
        ("ssrd", 1.2e5, 3.15e7, "J/m²", "radiation", 8.64e6, 100.0),
        ("ssrd", 0.0, 3.6e6, "J/m²", "radiation", 3.6e6, 1000.0),
        ("e", -0.0071, 0.0004, "m", "evaporation", -0.003, 3.0),
        ("solarrad_AWAP", 1.0, 34.5, "MJ/m²", "radiation", 8.64, 100.0),
        ("PRCP", 0, 1270, "0.1 mm", "rain", 15, 1.5),
        ("WDSP", 0.2, 999.9, "kn", "wind", 3600 / 1852, 1.0),
        ("MAX", -4.0, 9999.9, "°F", "temperature_max", 50.0, 10.0),
        ("vp", 40.0, 2480.0, "Pa", "vapour_pressure", 1000.0, 10.0),
        ("surface_pressure", 91_200.0, 101_300.0, "", "pressure", 101_300.0, 1013.0),
        ("humidity", 0.2, 0.98, "", "humidity", 0.5, 50.0),
        ("gage_height", 1.2, 18.1, "ft", "stage", 10.0, 3.048),
        ("dayl", 30_758.0, 55_641.5, "", "day_length", 36_000.0, 10.0),
    ],
)
def test_values_are_brought_to_the_standard_unit(
    name: str, low: float, high: float, unit: str, role: str, value: float, converted: float
) -> None:
    driver = only(column(name, low, high, zeros=0.3 if role == "rain" else 0.0, unit=unit))
    assert driver.role.value == role
    assert standard(driver, value) == pytest.approx(converted)


def test_tenths_of_one_column_tell_of_the_others() -> None:
    names = ("TG", "TN", "TX", "RH", "FG", "PG", "EV24", "UG")
    ends = ((-149, 297), (-247, 214), (-109, 376), (-1, 638), (3, 152), (9603, 10_480), (0, 62), (35, 100))
    table = [
        column(name, low, high, zeros=0.4 if name == "RH" else 0.0)
        for name, (low, high) in zip(names, ends, strict=True)
    ]
    units = {name: driver.unit for name, driver in found(*table).items()}
    tenths = ["0.1 °C", "0.1 °C", "0.1 °C", "0.1 mm", "0.1 m/s", "0.1 hPa", "0.1 mm", "%"]
    assert units == dict(zip(names, tenths, strict=True))


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("tempmin", "temperature_min"), ("meantemp", "temperature"), ("precipsum", "rain"),
        ("平均気温", "temperature"), ("최저기온", "temperature_min"), ("Температура воздуха", "temperature"),
        ("Średnia temperatura dobowa", "temperature"), ("Alin lämpötila", "temperature_min"),
        ("mean(air_temperature P1D)", "temperature"), ("Sıcaklık", "temperature"), ("Průměrná teplota", "temperature"),
    ],
)  # fmt: skip
def test_names_are_read_in_many_languages_and_glued(name: str, role: str) -> None:
    zeros, low = (0.5, 0.0) if role == "rain" else (0.0, -12.5)
    assert only(column(name, low, 28.5, zeros=zeros)).role.value == role


def test_a_glued_code_needs_two_of_unit_values_and_weather() -> None:
    assert found(column("meanws", 0.2, 9.5)) == {}
    assert found(column("meanws", 0.2, 9.5, unit="m/s")) == {}
    table = (column("meanws", 0.2, 9.5, unit="m/s"), column("rainfall", 0.0, 80.5, zeros=0.5))
    assert {name: driver.role.value for name, driver in found(*table).items()} == {"meanws": "wind", "rainfall": "rain"}


def test_a_mark_behind_a_unit_makes_no_driver() -> None:
    assert found(column("降水量の合計(mm)_品質情報", 0.0, 8.0, zeros=0.5)) == {}
    assert found(column("rain (mm)_flag", 0.0, 8.0, zeros=0.5)) == {}


def test_a_rain_of_minus_one_is_a_dry_step() -> None:
    driver = only(column("Sademäärä (mm)", -1.0, 58.3, zeros=0.1))
    assert (driver.role, driver.unit, driver.factor) == (DriverRole.RAIN, "mm", 1.0)
    assert found(column("rain", -1.0, 1.0)) == {}


def test_a_rate_per_month_tells_a_step_of_a_month() -> None:
    driver = only(column("pre", 1.0, 281.0, unit="mm/month"))
    assert (driver.role, driver.factor) == (DriverRole.RAIN, pytest.approx(1.0))


def test_rh_is_rain_or_humidity_by_its_values() -> None:
    assert only(column("RH", -1, 638, zeros=0.45)).role is DriverRole.RAIN
    assert only(column("RH", 21.0, 99.0)).role is DriverRole.HUMIDITY


def test_p_is_rain_or_air_pressure_by_its_values() -> None:
    assert only(column("P", 0.0, 65.0, zeros=0.5)).role is DriverRole.RAIN
    assert only(column("P", 961.0, 1044.5)).role is DriverRole.PRESSURE
    assert "P" not in found(column("P", 0.02, 0.8))


def test_discharge_beside_rain_and_temperature_is_no_radiation() -> None:
    table = (column("P", 0.0, 65.0, zeros=0.5), column("T", -12.0, 28.0), column("Q", 0.5, 820.0))
    assert set(found(*table)) == {"P", "T"}


def test_total_phosphorus_is_no_rain() -> None:
    nutrients = (column("TP", 0.0, 1.2, zeros=0.1), column("NO3", 0.1, 9.0), column("TN", 0.0, 9.0))
    assert found(*nutrients) == {}


@pytest.mark.parametrize(
    "name",
    [
        *("p_mean", "pet_mean_ERA5_LAND", "aridity", "high_prec_freq", "frac_snow", "pre_mm_syr", "tmp_dc_syr"),
        *("RSKF", "QN_4", "Q_RR", "precip_qc", "rain_flag", "prcp_mm_lag_1", "prcp_sum_7", "rain_7d", "api_30"),
        *("precip_anomaly", "rain_days", "temp_range", "cum_precip", "head", "level", "discharge", "price"),
        *("blood_pressure", "wind_turbine_id", "trip_precipitation_flag", "oil_temp", "p_value", "cancer_stage"),
        *("pet_age", "temp_employees", "press_count", "snowflake_credits", "dew_point", "soil_temperature"),
        *("preciptype", "precipprob", "precipcover", "raindays", "rh_factor", "hrmin", "vpdmax", "In Temp", "soiltemp"),
        *("avgprice", "maxspeed", "report", "Daggpunktstemperatur", "지면온도", "Температура почвы", "日照時間"),
        *("sunshine_duration", "wind_direction", "cloud_cover", "precipitation_stdev", "groundwater_level"),
    ],
)
def test_attributes_flags_and_everyday_columns_are_no_drivers(name: str) -> None:
    assert found(column(name, 1.5, 9.5)) == {}


def test_a_climate_of_a_place_is_no_driver_and_a_series_is() -> None:
    assert found(column("pet_mean", 1.8, 4.9)) == {}
    assert only(column("pet_mean", 0.0, 7.1)).role is DriverRole.EVAPORATION
    assert only(column("p_mean", 0.0, 71.0, zeros=0.4)).role is DriverRole.RAIN


def test_a_column_constant_within_each_site_is_no_driver() -> None:
    profile = real_file("hydro/camels_us_10basins_1990_2013.csv.gz").profile
    few = tuple(
        replace(column_profile, distinct=9) if column_profile.name == "prcp_mm" else column_profile
        for column_profile in profile.columns
    )
    assert "prcp_mm" not in {driver.column for driver in recognise_drivers(replace(profile, columns=few))}


@pytest.mark.parametrize(("low", "high"), [(0, 1), (35.1, 40.8), (0.02, 1.0)])
def test_values_that_no_air_has_are_no_temperature(low: float, high: float) -> None:
    assert found(column("temp", low, high)) == {}


def test_a_unit_of_another_kind_contradicts_a_name() -> None:
    assert found(column("T", -9.0, 31.0, unit="mg/L"), column("P", 0.0, 9.0, zeros=0.5, unit="%")) == {}


def test_a_unit_that_nobody_knows_leaves_the_values_to_speak() -> None:
    driver = only(column("UG", 33, 100, unit="percentage points"))
    assert (driver.role, driver.unit) == (DriverRole.HUMIDITY, "%")


def test_a_reason_tells_unit_source_and_conversion() -> None:
    assert only(column("t2m", 251.2, 308.4, unit="K")).reason == (
        "Recognised as air temperature by its name. Values in K (from the file) are converted to °C."
    )
    assert only(column("wind_speed", 0.4, 14.2)).reason == (
        "Recognised as wind by its name. Its unit is not known, so its values count as m/s."
    )
    assert "sign is turned" in only(column("pev", -0.012, 0.0002, unit="m")).reason


def test_the_target_drives_nothing_and_facts_are_kept() -> None:
    profile = real_file("hydro/piscataquis_01031500_daily.csv").profile
    assert {driver.column for driver in recognise_drivers(profile, target="tmax_c")} == set(DAYMET) - {"tmax_c"}
    assert columns_of_role(profile, DriverRole.RAIN, ["tmax_c", "prcp_mm"]) == ["prcp_mm"]
    bare = replace(profile, columns=profile.columns[:1])
    assert recognise_drivers(bare) == ()


def test_no_column_of_words_or_flags_is_a_driver() -> None:
    profile = real_file("hydro/piscataquis_01031500_daily.csv").profile
    rain = column("rain_mm", 0.0, 80.5, unit="mm")

    def roles(column_profile: ColumnProfile) -> list[DriverRole]:
        return [driver.role for driver in recognise_drivers(replace(profile, columns=(column_profile,)))]

    assert roles(rain) == [DriverRole.RAIN]
    assert roles(replace(rain, kind=ColumnKind.CATEGORICAL)) == []
    assert roles(replace(rain, flag_of="rain")) == []


def test_a_rate_becomes_the_sum_of_a_step() -> None:
    assert conversion_of(DriverRole.RAIN, "mm/d", DAY) == pytest.approx((1.0, 0.0))
    assert conversion_of(DriverRole.RAIN, "mm/h", DAY) == pytest.approx((24.0, 0.0))
    assert conversion_of(DriverRole.RAIN, "mm/d", 3600.0) == pytest.approx((1 / 24, 0.0))
    assert conversion_of(DriverRole.RADIATION, "MJ/m²", 3600.0) == pytest.approx((1e6 / 3600, 0.0))
    assert conversion_of(DriverRole.TEMPERATURE, "mm") is None


def test_every_documented_unit_can_be_converted() -> None:
    assert set(CONVERSIONS) == set(STANDARD) == set(DriverRole)
    for readings in CODES.values():
        for reading in readings:
            assert not reading.unit or reading.unit in CONVERSIONS[reading.role], reading
    assert all(":" in entries for entries in FAMILIES.values())


def test_a_profile_without_columns_has_no_drivers() -> None:
    profile = real_file("hydro/usgs_ChoptankFlow.csv").profile
    empty = DatasetProfile(0, (), profile.report)
    assert recognise_drivers(empty) == ()
