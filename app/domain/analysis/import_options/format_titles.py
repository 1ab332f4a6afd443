"""Display names of file formats, by their key in `Dialect.format`."""

from __future__ import annotations

# Texts by the published description of a maker or an agency; each may be read as plain text instead.
STATION_TITLES = {
    "toa5": "Campbell Scientific TOA5",
    "hobo": "HOBOware export",
    "minidot": "PME miniDOT",
    "solinst": "Solinst Levelogger CSV",
    "in_situ": "In-Situ export",
    "diver": "Van Essen Diver (data file for DataLogger)",
    "usgs_csv": "USGS Water Data CSV",
    "knmi": "KNMI",
    "dwd": "Deutscher Wetterdienst",
    "gsod": "NOAA GSOD",
    "ghcn": "NOAA GHCN-Daily",
    "eca": "ECA&D and E-OBS",
    "grdc": "GRDC station file",
    "nrfa": "UK National River Flow Archive",
    "ea": "Environment Agency readings",
    "canada": "Environment Canada climate data",
    "water_office": "Water Survey of Canada",
    "cdec": "California Data Exchange Center",
    "dino": "DINOloket",
    "zrxp": "WISKI ZRXP",
    "kiwis": "WISKI web service CSV",
    "wiski": "WISKI table",
}
FORMAT_TITLES = {
    "csv": "Delimited text",
    "rdb": "USGS RDB",
    "camels": "CAMELS text",
    "json": "JSON",
    "jsonl": "JSON lines",
    "parquet": "Parquet",
    "xlsx": "Excel workbook",
    "xls": "Excel workbook (97 to 2003)",
    "netcdf": "NetCDF",
    "waterml": "WaterML",
    "waterml_json": "WaterML as JSON",
    "usgs_json": "USGS Water Data GeoJSON",
    "solinst_xml": "Solinst XLE",
    "ghcn_fixed": "NOAA GHCN-Daily (.dly)",
    **STATION_TITLES,
}
TEXT_FORMATS = frozenset({"rdb", "camels", *STATION_TITLES})
