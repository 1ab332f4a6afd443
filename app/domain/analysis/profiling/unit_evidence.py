"""Units of columns, as given by the user, a name, a note or a convention, or suggested by the values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.analysis.findings.markers import MarkedColumn
from app.domain.analysis.findings.wording import quote_column, quote_columns
from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import ColumnProfile, Finding, FindingRemedy, TimeAxis
from app.domain.analysis.profiling.units import BRACKETS, split_name, unit_named, unit_of
from app.domain.hydrology.naming import Quantity, measured_quantity, one_of
from app.domain.hydrology.unit_ranges import DAY, Span, pressure_unit, rain_unit, temperature_unit
from app.domain.text.numbers import format_number
from app.domain.vocabulary import ColumnKind, Severity

NUMBERS = ("number", "integer")
# "x is in mm/day." is what the reader of NetCDF notes of a variable.
NOTED = re.compile(r"^(?P<name>.+) is in (?P<unit>.+)\.$")
# The choice of the user and where else a unit may come from, as pages and programs are told.
USER, NAME, ROW, NOTE, VALUES, CONVENTION = "user", "name", "unit_row", "note", "values", "convention"


@dataclass(frozen=True)
class Convention:
    """A family of files whose columns have agreed names and units: from `fewest` of its names on it is recognised.

    `units` holds the unit and the range in which most values of such a column lie. The names of `sure` are used by
    nobody else, so that one of them suffices where its values lie in its range.
    """

    title: str
    fewest: int
    units: Mapping[str, tuple[str, float, float]]
    sure: frozenset[str] = frozenset()


# E-OBS and ECA&D: Cornes et al. 2018, Journal of Geophysical Research: Atmospheres 123, 9391-9409, table 1. ERA5:
# the parameter database of ECMWF. Daymet: Thornton et al. 2022, ORNL DAAC, version 4 R1, table 1.
CONVENTIONS = (
    Convention(
        "E-OBS",
        3,
        {
            "rr": ("mm", 0, 400), "tg": ("°C", -60, 50), "tn": ("°C", -65, 45), "tx": ("°C", -55, 58),
            "pp": ("hPa", 850, 1090), "hu": ("%", 0, 101), "fg": ("m/s", 0, 60), "qq": ("W/m²", 0, 500),
        },
    ),
    Convention(
        "ERA5",
        2,
        {
            "t2m": ("K", 180, 340), "d2m": ("K", 170, 320), "skt": ("K", 170, 350), "stl1": ("K", 170, 350),
            "tp": ("m", 0, 2), "e": ("m", -0.1, 0.1), "pev": ("m", -0.2, 0.2), "ro": ("m", 0, 2), "sro": ("m", 0, 2),
            "ssro": ("m", 0, 2), "sd": ("m", 0, 20), "sp": ("Pa", 4e4, 1.1e5), "msl": ("Pa", 8.5e4, 1.1e5),
            "u10": ("m/s", -80, 80), "v10": ("m/s", -80, 80), "ssrd": ("J/m²", 0, 5e7), "strd": ("J/m²", 0, 5e7),
            "swvl1": ("m³/m³", 0, 1), "swvl2": ("m³/m³", 0, 1), "swvl3": ("m³/m³", 0, 1), "swvl4": ("m³/m³", 0, 1),
        },
        one_of("t2m d2m stl1 swvl1 swvl2 swvl3 swvl4 ssrd strd msl"),
    ),
    Convention(
        "Daymet",
        4,
        {
            "prcp": ("mm/d", 0, 600), "tmax": ("°C", -60, 60), "tmin": ("°C", -70, 50), "dayl": ("s", 0, 86_400),
            "srad": ("W/m²", 0, 1000), "swe": ("kg/m²", 0, 5000), "vp": ("Pa", 0, 10_000),
        },
    ),
)  # fmt: skip
# The five digits of a parameter in the column names of the U.S. Geological Survey (NWIS), such as 84345_00060_00003.
NWIS = {
    "00060": "ft³/s", "00061": "ft³/s", "30208": "m³/s", "00065": "ft", "30207": "m", "00010": "°C", "00011": "°F",
    "00020": "°C", "00021": "°F", "00045": "in", "00095": "µS/cm", "00300": "mg/L", "00301": "%", "63680": "FNU",
    "00480": "PSU", "00035": "mph", "00036": "°", "00025": "mmHg", "00054": "acre-ft", "62614": "ft", "62610": "ft",
    "62611": "ft", "72019": "ft", "72020": "ft", "99133": "mg/L", "80154": "mg/L", "80155": "t", "00052": "%",
}  # fmt: skip
NWIS_NAME = re.compile(r"^(?:(?:[A-Za-z]+|\d+)_)?(?P<parameter>\d{5})(?:_(?P<statistic>\d{5}))?$")


def find_units(
    columns: Sequence[ColumnProfile],
    *,
    choices: ReadingChoices,
    notes: Sequence[str],
    header_lines: int = 1,
    declared: Mapping[str, str] | None = None,
) -> list[ColumnProfile]:
    """Return the columns with the unit that something says, and where it stands.

    Parameters
    ----------
    columns
        The profiled columns; one whose values carry a unit has it already.
    choices
        What the user said: it goes before everything else, and "" says that a column has no unit.
    notes
        What reading noted, such as the units of a NetCDF file.
    header_lines
        Of more than one line of names the lowest may hold units.
    declared
        The units that the format of the file gives its columns: they are surer than a name.
    """
    chosen_units = {choice.column: choice.unit for choice in choices.columns if choice.unit is not None}
    noted = {match["name"]: match["unit"] for note in notes if (match := NOTED.match(note))}
    for_all = noted.pop("Every value", "") if _is_alone(columns) else ""
    sources = UnitSources(chosen_units, declared or {}, noted, for_all, _convention_units(columns), header_lines)
    return [sources.measured(column) for column in columns]


@dataclass(frozen=True)
class UnitSources:
    """Who says in which unit a column is measured: the user, the format, notes, or an agreed set of names."""

    chosen: Mapping[str, str | None]
    declared: Mapping[str, str]
    noted: Mapping[str, str]
    for_all: str
    conventions: Mapping[str, str]
    header_lines: int

    def measured(self, column: ColumnProfile) -> ColumnProfile:
        """Return a column with its unit and where that stands; the surest source goes first."""
        if column.name in self.chosen:
            text = self.chosen[column.name] or ""
            return replace(column, unit=unit_named(text) or text.strip(), unit_source=USER)
        if column.storage not in NUMBERS:
            return column
        if text := self.declared.get(column.name, ""):
            return replace(column, unit=unit_named(text) or text, unit_source=NOTE)
        if unit := unit_of(column.name):
            is_row = self.header_lines > 1 and not BRACKETS.search(column.name)
            return replace(column, unit=unit, unit_source=ROW if is_row else NAME)
        if column.unit:
            return replace(column, unit_source=VALUES)
        if text := self.noted.get(column.name[:60], self.for_all):
            return replace(column, unit=unit_named(text) or text, unit_source=NOTE)
        unit = self.conventions.get(column.name, "")
        return replace(column, unit=unit, unit_source=CONVENTION) if unit else column


def _is_alone(columns: Sequence[ColumnProfile]) -> bool:
    """Return whether a table measures one thing only, so that a unit which stands above it is the unit of that."""
    return sum(column.storage in NUMBERS for column in columns) == 1


def _convention_units(columns: Sequence[ColumnProfile]) -> dict[str, str]:
    """Return the units that an agreed set of names gives, where the values lie as that set's do."""
    units: dict[str, str] = {}
    for column in columns:
        match = NWIS_NAME.match(column.name.strip())
        if match:
            units[column.name] = NWIS.get(match["parameter"], "")
    for convention in CONVENTIONS:
        met = [(column, known) for column in columns if (known := convention.units.get(column.name.strip().lower()))]
        for column, (unit, low, high) in met:
            is_recognised = len(met) >= convention.fewest or column.name.strip().lower() in convention.sure
            if is_recognised and _lies_in(column, low, high):
                units[column.name] = unit
    return units


def _tenths(columns: Sequence[ColumnProfile]) -> dict[str, str]:
    """Return the columns of an agreed set of names that hold whole tenths of its units, as the files of stations do."""
    tenths: dict[str, str] = {}
    for convention in CONVENTIONS:
        met = [(column, known) for column in columns if (known := convention.units.get(column.name.strip().lower()))]
        for column, (unit, low, high) in met if len(met) >= convention.fewest else ():
            is_beyond = column.storage == "integer" and not _lies_in(column, low, high)
            if is_beyond and _lies_in(column, 10 * low, 10 * high):
                tenths[column.name] = f"{TENTH} {unit}"
    return tenths


def _lies_in(column: ColumnProfile, low: float, high: float) -> bool:
    """Return whether the middle half of a column lies within a range, whatever marks stand at its ends."""
    return len(column.quantiles) == 5 and low <= column.quantiles[1] and column.quantiles[3] <= high


def suggest_units(
    columns: Sequence[ColumnProfile], marked_columns: Sequence[MarkedColumn], axis: TimeAxis | None
) -> list[ColumnProfile]:
    """Return the columns with the unit that their range suggests, where nothing says one.

    Parameters
    ----------
    columns
        The columns, with the units that are known.
    marked_columns
        Their values without marks.
    axis
        The time axis: how much rain falls depends on the step.
    """
    suggested, tenths = [], _tenths(columns)
    for column, marked in zip(columns, marked_columns, strict=True):
        unit = (
            "" if column.unit or column.unit_source else tenths.get(column.name) or _suggest_unit(column, marked, axis)
        )
        suggested.append(replace(column, unit_suggested=unit) if unit else column)
    return suggested


def _suggest_unit(column: ColumnProfile, marked: MarkedColumn, axis: TimeAxis | None) -> str:
    amounts = column.storage in NUMBERS and column.kind not in (ColumnKind.IDENTIFIER, ColumnKind.CONSTANT)
    if not amounts or len(column.quantiles) != 5 or marked.low is None or marked.high is None or column.distinct < 10:
        return ""
    _, quarter, middle, upper, _ = column.quantiles
    values = Span(
        marked.low,
        marked.high,
        max(quarter, marked.low),
        middle,
        upper,
        whole=column.storage == "integer",
        step_seconds=axis.step_seconds if axis is not None else DAY,
    )
    quantity = measured_quantity(split_name(column.name)[0])
    if quantity is Quantity.TEMPERATURE:
        return temperature_unit(values)
    if quantity is Quantity.RAIN:
        return rain_unit(values)
    if quantity is Quantity.PRESSURE:
        return pressure_unit(values)
    if quantity is Quantity.HUMIDITY and marked.low >= 0 and 20 < marked.high <= 110:
        return "%"
    return ""


# What else a person may say with one click, beside what the values suggest.
OTHERS = {
    Quantity.TEMPERATURE: ("°C", "°F", "K", "0.1 °C"),
    Quantity.RAIN: ("mm", "in", "m", "0.1 mm"),
    Quantity.PRESSURE: ("hPa", "kPa", "Pa", "mmHg", "inHg"),
    Quantity.HUMIDITY: ("%",),
}
SHOWN_OTHERS = 3
TENTH = "0.1"
WORDS = {"in": "inches", "m": "metres", "0.1 °C": "tenths of °C", "0.1 mm": "tenths of mm"}


def suggestion_findings(columns: Sequence[ColumnProfile]) -> Iterator[Finding]:
    """Yield one question for all columns of a quantity whose values suggest the same unit."""
    column_profiles: dict[tuple[Quantity | None, str], list[ColumnProfile]] = {}
    for column in columns:
        quantity = measured_quantity(split_name(column.name)[0])
        if column.unit_suggested:
            column_profiles.setdefault((quantity, column.unit_suggested), []).append(column)
    for (quantity, unit), some in column_profiles.items():
        names = tuple(column.name for column in some)
        low = min(_end(column.minimum) for column in some)
        high = max(_end(column.maximum) for column in some)
        verb = "is" if len(some) == 1 else "are"
        subject = quote_column(names[0]) if len(some) == 1 else quote_columns(names)
        reach = f"values go from {format_number(low, 5)} to {format_number(high, 5)}"
        message = f"{subject} {verb} probably in {WORDS.get(unit, unit)}: {reach}. Is that right?"
        whole = (unit.removeprefix(TENTH).strip(),)
        known = whole if quantity is None else OTHERS.get(quantity, whole)
        others = [other for other in known if other != unit][:SHOWN_OTHERS]
        buttons = (
            _answer(f"Yes, {WORDS.get(unit, unit)}", names, unit),
            *(_answer(f"No, {WORDS.get(other, other)}", names, other) for other in others),
        )
        yield Finding("unit_suggested", Severity.NOTICE, names, message, remedies=buttons)


def _end(value: float | str | None) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _answer(label: str, names: Sequence[str], unit: str) -> FindingRemedy:
    return FindingRemedy(label, "reading", {"columns": [{"column": name[:200], "unit": unit} for name in names]})
