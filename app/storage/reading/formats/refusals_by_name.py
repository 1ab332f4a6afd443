"""Unsupported hydrologic file types, refused by name with advice on how to export them.

Campbell's binary tables: https://help.campbellsci.com/loggernet-manual/ln_manual/campbell_scientific_file_formats/.
HEC-DSS: the word ZDSS at its beginning, HEC-DSS Programmer's Guide, U.S. Army Corps of Engineers, 2022. Menyanthes
stores MATLAB files of level 5. SWMM: Storm Water Management Model User's Manual, version 5.1, EPA, 2015, appendix D.
GRIB and BUFR: WMO Manual on Codes, section 0. PI XML: the namespace of the Published Interface of Delft-FEWS,
https://fewsdocs.deltares.nl. dfs: MIKE for developers, DHI. Shapefile: ESRI, 1998, main file header. SPSS, Stata and
SAS: https://www.loc.gov/preservation/digital/formats/fdd/. Arrow: Columnar format, magic bytes of its files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.storage.reading.refusals import RefusedError

SWMM_REPORT = b"EPA STORM WATER MANAGEMENT MODEL"
SWMM_MAGIC = (516_114_522).to_bytes(4, "little")
# A comment ends with its line: blanks that could be of two comments are tried in every way, which takes for ever.
SWMM_INPUT = re.compile(rb"^\s*(;[^\n]*\n\s*)*\[TITLE\]", re.IGNORECASE)
REPORT_BYTES = 2_000


@dataclass(frozen=True)
class NamedRefusal:
    """A kind of file that is not read: its name in a sentence, and how its values are had as a table."""

    what: str
    remedy: str


CAMPBELL = "Convert it to TOA5 with CardConvert or the file format converter of LoggerNet."
BINARY_TABLES = {
    name: NamedRefusal(f"a Campbell Scientific {name.decode()} file, which is binary", CAMPBELL)
    for name in (b"TOB1", b"TOB2", b"TOB3")
}
DSS = NamedRefusal(
    "a HEC-DSS database",
    "Open it in HEC-DSSVue, select its records, and export them as CSV or Excel (Tabulate, Export).",
)
MENYANTHES = NamedRefusal("a Menyanthes file", "Export its series from Menyanthes as text or Excel.")
MATLAB = NamedRefusal("a MATLAB file", "Write its table as CSV in MATLAB with writetable.")
SWMM = "a report of SWMM, in which tables and text are mixed"
REPORT = NamedRefusal(SWMM, "Export the time series from SWMM as a table (Report, Table, Copy To file).")
RESULTS = NamedRefusal(
    "the binary results of SWMM", "Export the time series from SWMM as a table, or with swmmtoolbox."
)
INPUT = NamedRefusal("an input file of SWMM, a model without results", "Run it, and export the time series as a table.")
GRIB = NamedRefusal("a GRIB file", "Convert it to NetCDF with ecCodes (grib_to_netcdf) or CDO.")
PI_XML = NamedRefusal(
    "a time series of Delft-FEWS (PI XML)",
    "Export it as CSV or as NetCDF time series from the Time Series Dialog or the export module.",
)
UVF = NamedRefusal("a UVF file", "Export the series as CSV, or as ZRXP, which is read.")
ASCII_GRID = NamedRefusal(
    "one map of an ASCII grid", "Put the maps of all steps into one NetCDF file, or write the values of a place as CSV."
)
DATABASE = NamedRefusal("a SQLite database", "Export the table as CSV, for example with sqlite3 -header -csv.")
GEOPACKAGE = NamedRefusal("a GeoPackage", "Export the attribute table as CSV from a GIS, such as QGIS.")
ACCESS = NamedRefusal("a database of Microsoft Access", "Export the table as Excel or text (External Data, Export).")
DFS = NamedRefusal("a dfs file of MIKE (DHI)", "Export it as text in MIKE Zero, or as CSV with mikeio (to_dataframe).")
WDM = NamedRefusal("a WDM file of HSPF", "Export its series as text with SARA Timeseries Utility or wdmtoolbox.")
DBASE = NamedRefusal("a dBase table", "Open it in a spreadsheet or a GIS and save it as CSV or .xlsx.")
SHAPES = NamedRefusal("a shapefile, which holds shapes", "Export its attribute table as CSV from a GIS.")
RASTER = NamedRefusal("a raster image (TIFF)", "Write the values of places as CSV, for example with gdallocationinfo.")
R_DATA = NamedRefusal("a data file of R", "Write the table in R with write.csv, or with arrow::write_parquet.")
SPSS = NamedRefusal("a file of SPSS", "Save it as CSV or .xlsx in SPSS.")
STATA = NamedRefusal("a file of Stata", "Export it as CSV in Stata with export delimited.")
SAS = NamedRefusal("a file of SAS", "Export the table as CSV in SAS with PROC EXPORT.")
ARROW = NamedRefusal("an Arrow (Feather) file", "Write the table as Parquet, for example with DataFrame.to_parquet.")
PICKLE = NamedRefusal("a Python pickle, which is never opened", "Write the table as CSV or Parquet.")
HDF4 = NamedRefusal("an HDF4 file", "Convert it to NetCDF or HDF5 with h4toh5 or GDAL.")
BUFR = NamedRefusal("a BUFR file", "Write its reports as CSV, for example with pdbufr.")
# The first bytes of kinds that no text begins with.
MAGICS = (
    (b"GRIB", GRIB),
    (b"ZDSS", DSS),
    (b"\x00\x01\x00\x00Standard Jet DB", ACCESS),
    (b"\x00\x01\x00\x00Standard ACE DB", ACCESS),
    (b"\x00\x00\x27\x0a\x00\x00", SHAPES),
    (b"II*\x00", RASTER),
    (b"MM\x00*", RASTER),
    (b"RDX2\n", R_DATA),
    (b"RDX3\n", R_DATA),
    (b"X\n\x00\x00\x00", R_DATA),
    (b"$FL2@(#)", SPSS),
    (b"$FL3@(#)", SPSS),
    (b"<stata_dta>", STATA),
    (b"\x00" * 12 + b"\xc2\xea\x81\x60", SAS),
    (b"HEADER RECORD*******LIBRARY HEADER RECORD", SAS),
    (b"ARROW1\x00\x00", ARROW),
    (b"FEA1", ARROW),
    (b"\x0e\x03\x13\x01", HDF4),
)
# Kinds without a sign at their beginning: a file of this name that is no text.
BINARY_ENDINGS = (
    (".dfs0", DFS), (".dfs1", DFS), (".dfs2", DFS), (".dfs3", DFS), (".dfsu", DFS), (".wdm", WDM), (".dbf", DBASE),
    (".pkl", PICKLE), (".pickle", PICKLE), (".rds", R_DATA), (".rdata", R_DATA), (".bufr", BUFR),
)  # fmt: skip
FEWS = b"wldelft.nl/fews/pi"
GRID_HEAD = re.compile(rb"^\s*ncols\s+\d+\s+nrows\s+\d+", re.IGNORECASE)
UVF_HEAD = re.compile(rb"^\$(ib|sb|ob)\b[^\n]*\n(.*\n)*?\*Z", re.IGNORECASE)


def refuse_by_name(head: bytes, suffix: str = "") -> None:
    """Refuse a file of a known kind that cannot be read.

    Raises
    ------
    RefusedError
        With the name of its kind and how to export its values.
    """
    known = _kind_of(head, suffix)
    if known is not None:
        raise RefusedError("unsupported_format", f"This is {known.what}. {known.remedy}", status=415)


def _kind_of(head: bytes, suffix: str) -> NamedRefusal | None:
    tables = BINARY_TABLES.get(head[:8].removeprefix(b"\xef\xbb\xbf").lstrip(b'"')[:4])
    if tables is not None and head[:12].count(b","):
        return tables
    magic = next((kind for sign, kind in MAGICS if head.startswith(sign)), None)
    if magic is not None:
        return magic
    if head.startswith(b"SQLite format 3"):
        return GEOPACKAGE if suffix.endswith(".gpkg") else DATABASE
    if head.startswith(b"MATLAB 5.0 MAT-file"):
        return MENYANTHES if suffix.endswith(".men") else MATLAB
    if head.startswith(SWMM_MAGIC):
        return RESULTS
    if SWMM_REPORT in head[:REPORT_BYTES]:
        return REPORT
    if SWMM_INPUT.match(head) and b"[OPTIONS]" in head:
        return INPUT
    return _text_kind_of(head) or _binary_kind_of(head, suffix)


def _text_kind_of(head: bytes) -> NamedRefusal | None:
    start = head[:REPORT_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"<") and FEWS in start.lower():
        return PI_XML
    if GRID_HEAD.match(start):
        return ASCII_GRID
    return UVF if start.startswith(b"$") and UVF_HEAD.match(start.replace(b"\r", b"")) else None


def _binary_kind_of(head: bytes, suffix: str) -> NamedRefusal | None:
    """Return the kind that a name tells, where the bytes are those of no text."""
    if b"\x00" not in head and not head.startswith(b"\x80"):
        return None
    return next((kind for ending, kind in BINARY_ENDINGS if suffix.endswith(ending)), None)
