"""What files of loggers and agencies hold, by the published description of each format and written before its reader.

Each description is named in the module that reads it (`app/storage/reading/formats/stations/`), with `source` here
where a file follows another text. Files of a test that lies in `shared` are real ones and stay there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class StationCase:
    """A file and what must be known of it: `first` is the first row as texts, `unit` by name, `facts` among others."""

    kind: int
    file: str
    format: str
    names: tuple[str, ...]
    first: tuple[str, ...]
    rows: int
    units: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    zone: str = ""
    passed: int = 0
    rejected: int = 0
    missing: dict[str, int] = field(default_factory=dict)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split("|"))


def _pairs(text: str) -> dict[str, str]:
    return dict(part.strip().split(": ", 1) for part in text.split("|")) if text else {}


VALUE = {"qualifier": "value"}
USGS_FLAGS = {"approval_status": "value", "qualifier": "value"}
CASES = (
    StationCase(
        1, "toa5_ten_minutes.dat", "toa5",
        _names("TIMESTAMP|RECORD|BattV_Avg|Stage_Smp|Q_Smp|Tw_C_Avg"),
        _names("2023-05-01 00:00:00|0|13.2|0.412|0.081|9.31"), 4,
        units=_pairs("BattV_Avg: V|Stage_Smp: m|Q_Smp: m³/s|Tw_C_Avg: °C"),
        facts=_pairs("Station: Weir 3|Program: CPU:weir.CR6|Serial number: 1142"), passed=3,
        missing={"Stage_Smp": 1, "Q_Smp": 1},
    ),
    StationCase(
        1, "toa5_no_record.dat", "toa5", _names("TIMESTAMP|batt_volt_Min|PTemp"),
        _names("2004-11-11 15:03:45.25|13.7|24.92"), 3, units=_pairs("batt_volt_Min: V|PTemp: °C"),
        facts=_pairs("Station: CR1000|Table: Test"), passed=3,
    ),
    StationCase(
        2, "hobo_us.csv", "hobo", _names("time|Abs Pres|Temp"), _names("2019-06-11 23:00:00|14.512|68.12"), 3,
        units=_pairs("Abs Pres: psi|Temp: °F"), facts=_pairs("Serial number: 10219999|Title: Pond 4"), zone="-05:00",
        passed=3,
    ),
    StationCase(
        2, "hobo_semicolon.csv", "hobo", _names("time|Temp shallow|Temp deep"),
        _names("2021-07-14 12:00:00|18.3|14.1"), 3, units=_pairs("Temp shallow: °C|Temp deep: °C"),
        facts=_pairs("Serial number: 9876543, 111, 222"), zone="+02:00",
    ),
    StationCase(
        3, "minidot_cat.txt", "minidot",
        _names("Time|Battery|Temperature|Dissolved Oxygen|Dissolved Oxygen Saturation|Q"),
        _names("2021-07-01 12:00:00|3.25|21.1|8.71|97.9|0.98"), 2,
        units=_pairs("Battery: V|Temperature: °C|Dissolved Oxygen: mg/L|Dissolved Oxygen Saturation: %"),
        facts=_pairs("Serial number: 7450-151515"), zone="UTC", passed=8,
    ),
    StationCase(
        3, "solinst.csv", "solinst", _names("time|LEVEL|TEMPERATURE"), _names("2019-11-08 09:00:00|8.1234|11.125"), 3,
        units=_pairs("LEVEL: m|TEMPERATURE: °C"),
        facts=_pairs("Serial number: 2031234|Location: MW-12|Project: Aquifer test"), passed=12,
    ),
    StationCase(
        3, "solinst.xle", "solinst_xml", _names("time|LEVEL|TEMPERATURE"), _names("2016-06-01 12:00:00|1032.4|8.21"), 3,
        units=_pairs("LEVEL: cm|TEMPERATURE: °C"), facts=_pairs("Serial number: 2049999|Location: P-07"),
    ),
    StationCase(
        3, "in_situ_winsitu.csv", "in_situ", _names("time|Elapsed time|Pressure|Temperature|Depth"),
        _names("2012-03-13 23:30:00|0|5.112|11.21|11.793"), 3,
        units=_pairs("Elapsed time: s|Pressure: psi|Temperature: °C|Depth: ft"),
        facts=_pairs("Serial number: 123456|Site: Well 7|Time zone: Mountain Standard Time"), passed=13,
    ),
    StationCase(
        3, "vusitu.csv", "in_situ", _names("time|Actual Conductivity|Temperature|RDO Concentration|Marked"),
        _names("2020-07-28 09:15:00|212.51|18.302|7.961|"), 3,
        units=_pairs("Actual Conductivity: µS/cm|Temperature: °C|RDO Concentration: mg/L"),
        facts=_pairs("Site: Lake Dock|Logger: Aqua TROLL 600"), zone="-07:00", passed=9,
    ),
    StationCase(
        3, "diver.mon", "diver", _names("time|Pressure|Temperature"), _names("2018-06-01 00:00:00|1053.117|10.83"), 3,
        units=_pairs("Pressure: cmH₂O|Temperature: °C"),
        facts=_pairs("Serial number: ..02-V5806 317.|Location: b37h0123|Logger: Mini-Diver"), passed=22,
    ),
    StationCase(
        3, "diver_office.csv", "diver", _names("time|Water head|Temperature"),
        _names("2020-12-13 00:00:00|210.4|9.81"), 3, units=_pairs("Water head: cm|Temperature: °C"),
        facts=_pairs("Serial number: V5806 1250|Location: SO-0167"), zone="+01:00", passed=5,
    ),
    StationCase(
        4, "waterml1_iv.xml", "waterml", _names("time|value|qualifier|site|series|parameter|unit"),
        _names("2020-07-01 10:00:00|2.31|P|01106000|01106000 00065|00065|ft"), 5, flags=VALUE, zone="-04:00",
        facts=_pairs("Version: WaterML 1.1|Site: BROOK"), missing={"value": 1},
    ),
    StationCase(
        4, "waterml2.xml", "waterml", _names("time|value|qualifier|site"),
        _names("2013-06-05 12:00:00|4720||DE-4711"), 3, units=_pairs("value: m³/s"), flags=VALUE, zone="+02:00",
        facts=_pairs("Version: WaterML 2.0|Site: Elbe at Dresden|Variable: Discharge"), missing={"value": 1},
    ),
    StationCase(
        5, "usgs_daily.csv", "usgs_csv", _names("time|value|approval_status|qualifier|site"),
        _names("2024-01-01|512|Approved||USGS-01031500"), 3, units=_pairs("value: ft³/s"), flags=USGS_FLAGS,
        facts=_pairs("Site: USGS-01031500|Variable: 00060"), missing={"value": 1},
    ),
    StationCase(
        5, "usgs_two.csv", "usgs_csv", _names("time|value|approval_status|site|series|parameter|unit"),
        _names("2024-01-01 03:00:00|66300|Approved|USGS-15564860|USGS-15564860 00060 00011|00060|ft^3/s"), 4,
        flags={"approval_status": "value"}, zone="+00:00", facts=_pairs("Variables: 00060, 00065"),
    ),
    StationCase(
        5, "usgs_daily.json", "usgs_json", _names("time|value|approval_status|qualifier|site"),
        _names("2024-02-12|1090|Approved||USGS-02238500"), 2, units=_pairs("value: ft³/s"), flags=USGS_FLAGS,
        facts=_pairs("Site: USGS-02238500"),
    ),
    StationCase(
        7, "knmi_daily.txt", "knmi", _names("STN|YYYYMMDD|FG|TG|RH|EV24|UG"),
        _names("260|2019-06-01|25|178|0|48|66"), 3,
        units=_pairs("FG: 0.1 m/s|TG: 0.1 °C|RH: 0.1 mm|EV24: 0.1 mm|UG: %"),
        facts=_pairs("Stations: 260 DE BILT"), passed=14, missing={"EV24": 1},
    ),
    StationCase(
        7, "knmi_hourly.txt", "knmi", _names("STN|time|T|RH|P"), _names("240|2021-01-31 23:00:00|21|0|10102"), 4,
        units=_pairs("T: 0.1 °C|RH: 0.1 mm|P: 0.1 hPa"), zone="UTC", passed=13,
        facts=_pairs("Stations: 240 Schiphol, 380 Maastricht"),
    ),
    StationCase(
        7, "dwd_daily.txt", "dwd",
        _names("STATIONS_ID|MESS_DATUM|QN_3|FX|FM|QN_4|RSK|RSKF|SDK|SHK_TAG|NM|VPM|PM|TMK|UPM|TXK|TNK|TGK"),
        _names("1048|2020-01-01|10|7.9|3.1|3|0|0|5.2|0|3.9|6.1|1003.55|1.8|87.5|4.9|-1.2|-3.9"), 3,
        units=_pairs("FX: m/s|RSK: mm|SDK: h|SHK_TAG: cm|PM: hPa|TMK: °C|UPM: %"),
        flags=_pairs("QN_3: FX|QN_4: RSK|RSKF: RSK"), missing={"FX": 1, "FM": 1, "SHK_TAG": 1},
    ),
    StationCase(
        7, "dwd_hourly.txt", "dwd", _names("STATIONS_ID|MESS_DATUM|QN_9|TT_TU|RF_TU"),
        _names("44|2007-04-01 00:00:00|5|11.4|46"), 3, units=_pairs("TT_TU: °C|RF_TU: %"),
        flags=_pairs("QN_9: TT_TU"), zone="UTC", missing={"TT_TU": 1},
    ),
    StationCase(
        8, "grdc_month.txt", "grdc", _names("date|Original|Calculated|Flag"), _names("1901-01-01|1510|1512.1|99"), 4,
        units=_pairs("Original: m³/s|Calculated: m³/s"), flags=_pairs("Flag: Original"), passed=17,
        facts=_pairs("Station number: 6435060|River: RHINE RIVER|Station: LOBITH"), missing={"Original": 1},
    ),
    StationCase(
        9, "ghcn.dly", "ghcn_fixed", _names("STATION|DATE|TMAX|TMAX_ATTRIBUTES|PRCP|PRCP_ATTRIBUTES"),
        _names("USC00123456|1999-01-01|-22|,,0|0|T,,0"), 5, units=_pairs("TMAX: 0.1 °C|PRCP: 0.1 mm"),
        flags=_pairs("TMAX_ATTRIBUTES: TMAX|PRCP_ATTRIBUTES: PRCP"), missing={"TMAX": 1},
    ),
    StationCase(
        9, "ghcn_access.csv", "ghcn",
        _names("STATION|DATE|LATITUDE|LONGITUDE|ELEVATION|NAME|PRCP|PRCP_ATTRIBUTES|TMAX|TMAX_ATTRIBUTES|"
               "SNWD|SNWD_ATTRIBUTES"),
        _names("ASN00015643|2001-03-01|-23.71|134.32|561|TEST STATION, AS|0|,,a|391|,,a||"), 3,
        units=_pairs("PRCP: 0.1 mm|TMAX: 0.1 °C"),
        flags=_pairs("PRCP_ATTRIBUTES: PRCP|TMAX_ATTRIBUTES: TMAX|SNWD_ATTRIBUTES: SNWD"), missing={"PRCP": 1},
    ),
    StationCase(
        9, "ghcn_year.csv", "ghcn", _names("ID|DATE|ELEMENT|VALUE|M_FLAG|Q_FLAG|S_FLAG|OBS_TIME"),
        _names("AE000041196|2021-01-01|TMAX|278|||S|"), 4,
        flags=_pairs("M_FLAG: VALUE|Q_FLAG: VALUE|S_FLAG: VALUE"),
    ),
    StationCase(
        9, "gsod.csv", "gsod",
        _names("STATION|DATE|LATITUDE|LONGITUDE|ELEVATION|NAME|TEMP|TEMP_ATTRIBUTES|DEWP|DEWP_ATTRIBUTES|SLP|"
               "SLP_ATTRIBUTES|STP|STP_ATTRIBUTES|VISIB|VISIB_ATTRIBUTES|WDSP|WDSP_ATTRIBUTES|MXSPD|GUST|MAX|"
               "MAX_ATTRIBUTES|MIN|MIN_ATTRIBUTES|PRCP|PRCP_ATTRIBUTES|SNDP|FRSHTT"),
        _names("01001099999|2020-01-01|70.93|-8.66|9|JAN MAYEN, NO|24.4|24|13.9|24|1009.3|24|1008.1|24|5.5|6|19.2|24|"
               "27.8|37.7|29.1||20.7|*|0|G||001000"), 2,
        units=_pairs("TEMP: °F|SLP: hPa|VISIB: mi|WDSP: kn|PRCP: in"),
        flags=_pairs("TEMP_ATTRIBUTES: TEMP|MAX_ATTRIBUTES: MAX|PRCP_ATTRIBUTES: PRCP"),
        missing={"DEWP": 1, "SLP": 0, "STP": 1, "PRCP": 1, "SNDP": 2, "GUST": 1},
    ),
    StationCase(
        10, "canada_daily.csv", "canada",
        _names("Longitude (x)|Latitude (y)|Station Name|Climate ID|Date/Time|Year|Month|Day|Data Quality|Max Temp|"
               "Max Temp Flag|Min Temp|Min Temp Flag|Total Precip|Total Precip Flag|Snow on Grnd|Snow on Grnd Flag|"
               "Spd of Max Gust|Spd of Max Gust Flag"),
        _names("-79.4|43.67|TORONTO CITY|6158355|2018-01-01|2018|1|1||-7.9||-18.6||0|T|2||31|<"), 3,
        units=_pairs("Max Temp: °C|Total Precip: mm|Snow on Grnd: cm|Spd of Max Gust: km/h"),
        flags=_pairs("Max Temp Flag: Max Temp|Spd of Max Gust Flag: Spd of Max Gust"), missing={"Max Temp": 1},
    ),
    StationCase(
        10, "water_office.csv", "water_office", _names("ID|PARAM|Date|Value|SYM"),
        _names("05BB001|1|2017-01-01|7.49|B"), 3, units=_pairs("Value: m³/s"), flags=_pairs("SYM: Value"), passed=1,
    ),
    StationCase(
        10, "ea_flow.csv", "ea", _names("measure|dateTime|value|completeness|quality|qcode"),
        _names("7c5a1b5e-flow-m-86400-m3s-qualified|2020-02-15 09:00:00|45.1|Complete|Good|"), 3,
        units=_pairs("value: m³/s"), flags=_pairs("completeness: value|quality: value|qcode: value"), zone="UTC",
        missing={"value": 1},
    ),
    StationCase(
        10, "nrfa.csv", "nrfa", _names("date|Flow|flag"), _names("1953-10-01|5.748|"), 4,
        units=_pairs("Flow: m³/s"), flags=_pairs("flag: Flow"), passed=15,
        facts=_pairs("Station: Avon at Melksham|Station number: 53001"), missing={"Flow": 1},
    ),
    StationCase(
        11, "wiski.zrx", "zrxp", _names("time|value|status|remark|site|parameter"),
        _names("2022-01-01 00:00:00|512|40||5952050|W"), 3, units=_pairs("value: cm"),
        flags=_pairs("status: value|remark: value"), zone="+01:00", passed=5,
        facts=_pairs("Station: HAMBURG ST. PAULI|Water: Elbe"), missing={"value": 1},
    ),
    StationCase(
        11, "wiski_two.zrx", "zrxp", _names("time|value|site|parameter"),
        _names("2026-06-25 07:00:00|282.1|10001033|Q"), 4, units=_pairs("value: m³/s"), zone="+01:00", passed=4,
        missing={"value": 1},
    ),
    StationCase(
        11, "kiwis.csv", "kiwis", _names("Timestamp|Value|Quality Code"), _names("2021-03-01 00:00:00|12.5|40"), 2,
        units=_pairs("Value: m³/s"), flags=_pairs("Quality Code: Value"), zone="+01:00", passed=6,
        facts=_pairs("Station: Bridge|Station number: 4711"), missing={"Value": 1},
    ),
    StationCase(
        11, "cdec.csv", "cdec",
        _names("STATION_ID|DURATION|SENSOR_NUMBER|SENSOR_TYPE|DATE TIME|OBS DATE|VALUE|DATA_FLAG|UNITS"),
        _names("SHA|D|15|STORAGE|2022-02-15|2022-02-15|1702113||AF"), 3, units=_pairs("VALUE: acre-ft"),
        flags=_pairs("DATA_FLAG: VALUE"), missing={"VALUE": 1},
    ),
    StationCase(
        11, "cdec_two.csv", "cdec",
        _names("STATION_ID|DURATION|SENSOR_NUMBER|SENSOR_TYPE|DATE TIME|OBS DATE|VALUE|DATA_FLAG|UNITS"),
        _names("LIS|E|1|RIV STG|2026-01-14 18:00:00|2026-01-14 18:00:00|13.31||FEET"), 4,
        flags=_pairs("DATA_FLAG: VALUE"), missing={"VALUE": 1},
    ),
    StationCase(
        11, "dino.csv", "dino",
        _names("Locatie|Filternummer|Peildatum|Stand (cm t.o.v. MP)|Stand (cm t.o.v. MV)|Stand (cm t.o.v. NAP)|"
               "Bijzonderheid|Opmerking"),
        _names("B33F0080|002|1990-01-14|141|101|949||"), 3, units=_pairs("Stand (cm t.o.v. NAP): cm"),
        flags=_pairs("Opmerking: Stand (cm t.o.v. MP)"), passed=9, missing={"Stand (cm t.o.v. NAP)": 1},
    ),
    StationCase(
        11, "eca.txt", "eca", _names("STAID|SOUID|DATE|TG|Q_TG"), _names("54|100138|1781-01-01|-37|0"), 3,
        units=_pairs("TG: 0.1 °C"), flags=_pairs("Q_TG: TG"), passed=17,
        facts=_pairs("Station: GERMANY, HOHENPEISSENBERG (54)"), missing={"TG": 1},
    ),
    StationCase(
        11, "eobs_rain.txt", "eca", _names("SOUID|DATE|RR|Q_RR"), _names("107654|1961-01-01|12|0"), 2,
        units=_pairs("RR: 0.1 mm"), flags=_pairs("Q_RR: RR"), passed=11,
    ),
    StationCase(
        3, "solinst_old.csv", "solinst", _names("time|LEVEL|TEMPERATURE"), _names("2017-05-02 13:00:00|923.56|8.93"), 3,
        units=_pairs("LEVEL: cm|TEMPERATURE: °C"), facts=_pairs("Serial number: 1050001|Location: P14A"), passed=14,
    ),
    StationCase(
        3, "levelogger.lev", "diver", _names("time|Level|Temperature"), _names("2017-05-02 13:00:00|923.561|8.936"), 2,
        units=_pairs("Level: cm|Temperature: °C"), facts=_pairs("Logger: LeveloggerII|Location: P14A"), passed=22,
    ),
    StationCase(
        4, "fmi_wfs.xml", "waterml", _names("time|value|site|series|parameter|unit"),
        _names("2024-05-01 00:00:00|7.1|100949|100949 t2m|t2m|"), 3, zone="UTC", facts=_pairs("Site: Turku"),
        missing={"value": 1},
    ),
    StationCase(
        4, "nwis_iv.json", "waterml_json", _names("time|value|qualifier|site"),
        _names("2018-01-24 00:00:00|1.5|A e|03339000"), 2, units=_pairs("value: ft³/s"), flags=VALUE, zone="-05:00",
        facts=_pairs("Variable: 00060"), missing={"value": 1},
    ),
    StationCase(
        7, "knmi_rain.txt", "knmi", _names("STN|YYYYMMDD|RD|SX"), _names("550|2000-01-01|11|0"), 2,
        units=_pairs("RD: 0.1 mm"), passed=8, missing={"RD": 1},
    ),
    StationCase(
        11, "wiski_table.csv", "wiski", _names("time|Value|State of value"), _names("2007-02-28 13:00:00|-0.607|40"), 2,
        units=_pairs("Value: m"), flags=_pairs("State of value: Value"), passed=4,
        facts=_pairs("Station: Lange Water|Station number: 8137_PBF"), missing={"Value": 1},
    ),
    StationCase(
        11, "dino_gauge.csv", "dino", _names("Locatie|Peildatum|Stand (cm t.o.v. NAP)|Bijzonderheid"),
        _names("P58A0001|1963-06-14|2751|"), 2, units=_pairs("Stand (cm t.o.v. NAP): cm"), passed=8,
        flags=_pairs("Bijzonderheid: Stand (cm t.o.v. NAP)"),
    ),
    StationCase(
        1, "toa5_array.dat", "toa5", _names("TIMESTAMP|RECORD|VWC(1)|VWC(2)|Note|Rain_mm_Tot"),
        _names("2022-08-01|10|0.312|0.355|ok, dry|0"), 2,
        units=_pairs("VWC(1): m³/m³|VWC(2): m³/m³|Rain_mm_Tot: mm"),
        facts=_pairs("Program: CPU:bog, v2.CR1X|Station: Bog 1"), passed=3, missing={"VWC(2)": 1},
    ),
    StationCase(
        2, "hobo_plain.csv", "hobo", _names("time|Water Level|Batt"), _names("2020-11-30 23:45:00|0.512|3.51"), 3,
        units=_pairs("Water Level: m|Batt: V"), facts=_pairs("Title: Weir 9|Serial number: 777"), zone="+00:00", passed=1,
    ),
    StationCase(
        4, "waterml1_censored.xml", "waterml", _names("time|value|censor_code|quality_level|site"),
        _names("2010-01-05 10:00:00|0.071||1|USU-LBR-Mendon"), 2, units=_pairs("value: mg/L"),
        flags=_pairs("censor_code: value|quality_level: value"), zone="-07:00", facts=_pairs("Site: Little Bear"),
    ),
    StationCase(
        5, "usgs_field.json", "usgs_json", _names("time|value|approval_status|qualifier|site"),
        _names("2024-02-12 15:30:00|2.1|Provisional||USGS-02238500"), 3, units=_pairs("value: ft"), flags=USGS_FLAGS,
        zone="+00:00", missing={"value": 1},
    ),
    StationCase(
        7, "dwd_ten_minutes.txt", "dwd", _names("STATIONS_ID|MESS_DATUM|QN|PP_10|TT_10|TM5_10|RF_10|TD_10"),
        _names("1420|2026-08-16 00:00:00|2|1002.8|24.1|23.7|48.4|12.5"), 2,
        units=_pairs("PP_10: hPa|TT_10: °C|RF_10: %"), flags=_pairs("QN: PP_10"), zone="UTC", missing={"PP_10": 1},
    ),
    StationCase(
        8, "grdc_latin.txt", "grdc", _names("date|Value"), _names("1930-01-01|1910"), 3, units=_pairs("Value: m³/s"),
        passed=13, facts=_pairs("Station: REES|Catchment area: 159300.0 km²"), missing={"Value": 1},
    ),
    StationCase(
        9, "ghcn_albany.csv", "ghcn",
        _names("STATION|DATE|LATITUDE|LONGITUDE|ELEVATION|NAME|PRCP|PRCP_ATTRIBUTES|SNOW|SNOW_ATTRIBUTES|TMIN|"
               "TMIN_ATTRIBUTES|WT01|WT01_ATTRIBUTES"),
        _names("USW00014735|1990-02-01|42.7|-73.8|85.6|ALBANY, NY US|0|T,,0,2400|0|T,,0|-39|,,0|1|,,X"), 2,
        units=_pairs("PRCP: 0.1 mm|SNOW: mm|TMIN: 0.1 °C"), flags=_pairs("PRCP_ATTRIBUTES: PRCP|WT01_ATTRIBUTES: WT01"),
    ),
    StationCase(
        10, "canada_hourly.csv", "canada",
        _names("Longitude (x)|Latitude (y)|Station Name|Climate ID|Date/Time (LST)|Year|Month|Day|Time (LST)|Flag|Temp|"
               "Temp Flag|Precip. Amount|Precip. Amount Flag|Wind Dir|Wind Dir Flag|Stn Press|Stn Press Flag|Weather"),
        _names("-63.5|44.9|HALIFAX STANFIELD INT'L A|8202251|2023-01-01|2023|1|1|00:00||3.1||0||20||100.52||"), 2,
        units=_pairs("Temp: °C|Precip. Amount: mm|Stn Press: kPa"), flags=_pairs("Temp Flag: Temp"),
        facts=_pairs("Time zone: Local standard time|Climate ID: 8202251"), missing={"Temp": 1},
    ),
    StationCase(
        10, "ea_level.csv", "ea", _names("dateTime|measure|value"),
        _names("2024-03-01|1491TH-level-stage-i-15_min-mASD|0.251"), 3, units=_pairs("value: m"), zone="UTC",
    ),
    StationCase(
        10, "nrfa_rain.csv", "nrfa", _names("date|Rainfall|flag"), _names("1961-01-01|11.7|2000"), 2,
        units=_pairs("Rainfall: mm"), flags=_pairs("flag: Rainfall"), passed=11, facts=_pairs("Station: Thames at Kingston"),
    ),
    StationCase(
        11, "eca_wind.txt", "eca", _names("STAID|SOUID|DATE|FG|Q_FG"), _names("162|100522|1904-01-01|51|0"), 2,
        units=_pairs("FG: 0.1 m/s"), flags=_pairs("Q_FG: FG"), passed=12, missing={"FG": 1},
        facts=_pairs("Station: NETHERLANDS, DE BILT (162)"),
    ),
    StationCase(
        11, "wiski_semicolon.zrx", "zrxp", _names("time|value|primary_status|site|parameter"),
        _names("2022-03-01|4.11|40|4711|Q"), 2, units=_pairs("value: m³/s"), flags=_pairs("primary_status: value"),
        zone="+00:00", passed=3, facts=_pairs("Station: Furt"),
    ),
)  # fmt: skip
