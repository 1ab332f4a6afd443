"""Files that a hydrologist has and that cannot be read here: each refused by its own name, with how to export it.

Campbell's binary tables: https://help.campbellsci.com/loggernet-manual/ln_manual/campbell_scientific_file_formats/.
HEC-DSS: the word ZDSS at its beginning, HEC-DSS Programmer's Guide, U.S. Army Corps of Engineers, 2022. Menyanthes
stores MATLAB files of level 5. SWMM: Storm Water Management Model User's Manual, version 5.1, EPA, 2015, appendix D.
GRIB: WMO Manual on Codes, section 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.storage.reading.refusals import RefusedError

SWMM_REPORT = b"EPA STORM WATER MANAGEMENT MODEL"
SWMM_MAGIC = (516_114_522).to_bytes(4, "little")
SWMM_INPUT = re.compile(rb"^\s*(;.*\s+)*\[TITLE\]", re.IGNORECASE)
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
    if head.startswith(b"ZDSS"):
        return DSS
    if head.startswith(b"MATLAB 5.0 MAT-file"):
        return MENYANTHES if suffix.endswith(".men") else MATLAB
    if head.startswith(b"GRIB"):
        return GRIB
    if head.startswith(SWMM_MAGIC):
        return RESULTS
    if SWMM_REPORT in head[:REPORT_BYTES]:
        return REPORT
    return INPUT if SWMM_INPUT.match(head) and b"[OPTIONS]" in head else None
