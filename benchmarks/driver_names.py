"""Drivers and their units among columns of weather products, against a list made from the products' documents.

Figure: at least 98 % of the drivers with the right kind and conversion, and of the other columns with none. The list,
`truth/driver_names.csv`, was made before the code and by somebody who did not see it. A table has the columns of one
product: name, unit where the file says one, least and largest value, and the share of zeros. A second line withholds
the units, so that names and values alone speak. `truth/driver_names_aside.csv` has other products, of which the rules
saw nothing either: the path may be given.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from app.domain.analysis.import_options.import_choices import ReadingChoices
from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, ImportReport
from app.domain.analysis.profiling.unit_evidence import find_units
from app.domain.analysis.profiling.units import unit_named
from app.domain.hydrology.drivers import Driver, recognise_drivers
from app.domain.vocabulary import ColumnKind

TRUTH = Path(__file__).with_name("truth") / "driver_names.csv"
ROWS = 1000
# Of so many columns the time is taken.
WIDE = 10_000


@dataclass(frozen=True)
class Listed:
    """One column of the list, and what it is: `role` is "" where it drives nothing."""

    product: str
    name: str
    unit: str
    low: float
    high: float
    zeros: float
    role: str
    factor: float
    offset: float


def read_list(path: Path) -> list[Listed]:
    """Return the columns of a list."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_listed(row) for row in csv.DictReader(file)]


def _listed(row: dict[str, str]) -> Listed:
    return Listed(
        row["product"],
        row["name"],
        row["unit"].strip(),
        float(row["minimum"] or "nan"),
        float(row["maximum"] or "nan"),
        float(row["share_of_zeros"] or 0.0),
        row["role_or_empty"].strip(),
        float(row["factor"] or 1.0),
        float(row["offset"] or 0.0),
    )


def _column(place: int, listed: Listed, *, with_unit: bool) -> ColumnProfile:
    whole = listed.low.is_integer() and listed.high.is_integer()
    varies = listed.low != listed.high
    kind = ColumnKind.CONSTANT if not varies else ColumnKind.INTEGER if whole else ColumnKind.NUMERIC
    unit = (unit_named(listed.unit) or listed.unit) if with_unit else ""
    return ColumnProfile(
        listed.name,
        f"c{place}",
        kind,
        "",
        "integer" if whole else "number",
        missing=0,
        distinct=ROWS // 2 if varies else 1,
        minimum=None if math.isnan(listed.low) else listed.low,
        maximum=None if math.isnan(listed.high) else listed.high,
        zeros=round(listed.zeros * ROWS),
        unit=unit,
        unit_source="note" if unit else "",
    )


def profile_of(columns: list[Listed], *, with_unit: bool) -> DatasetProfile:
    """Return the table of one product as its profile would be."""
    column_profiles = [_column(place, column, with_unit=with_unit) for place, column in enumerate(columns)]
    known = find_units(column_profiles, choices=ReadingChoices(), notes=()) if not with_unit else column_profiles
    return DatasetProfile(ROWS, tuple(known), ImportReport(ROWS, ROWS, 0, "utf-8", ","))


def fault(listed: Listed, driver: Driver | None) -> str:
    """Return the fault of a recognised driver in words, "" where it is right."""
    role = "" if driver is None else driver.role.value
    if role != listed.role:
        return f"{role or 'no driver'}, not {listed.role or 'no driver'}"
    if driver is None:
        return ""
    # The conversion matters over the range of the values, not in its parts.
    for value in (listed.low, listed.high):
        result, wanted = value * driver.factor + driver.offset, value * listed.factor + listed.offset
        if not math.isnan(value) and abs(result - wanted) > 0.02 * max(abs(wanted), abs(listed.factor)):
            return f"{driver.unit or 'no unit'}: times {driver.factor:g} plus {driver.offset:g}"
    return ""


def faults(columns: list[Listed], *, with_unit: bool) -> list[tuple[Listed, str]]:
    """Return each column with what is wrong with it, product by product."""
    products: dict[str, list[Listed]] = defaultdict(list)
    for column in columns:
        products[column.product].append(column)
    results = []
    for together in products.values():
        drivers = {driver.column: driver for driver in recognise_drivers(profile_of(together, with_unit=with_unit))}
        results += [(listed, fault(listed, drivers.get(listed.name))) for listed in together]
    return results


def main() -> None:
    """Print how many columns are right, and every one that is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=TRUTH)
    columns = read_list(parser.parse_args().path)
    for with_unit, title in ((True, "unit as the document gives it"), (False, "unit withheld")):
        judged = faults(columns, with_unit=with_unit)
        for kind, some in (
            ("drivers", [wrong for item, wrong in judged if item.role]),
            ("others", [wrong for item, wrong in judged if not item.role]),
        ):
            right = sum(not wrong for wrong in some)
            print(f"{title:31} {kind:8} {right:4} of {len(some):4}, {100 * right / max(len(some), 1):.1f} %")
        for listed, wrong in judged:
            if wrong:
                print(f"    {listed.product}: {listed.name} [{listed.unit}] {listed.low:g} to {listed.high:g}: {wrong}")
    many = [columns[place % len(columns)] for place in range(WIDE)]
    wide = profile_of(many, with_unit=True)
    started = time.process_time()
    recognise_drivers(wide)
    print(f"{WIDE:,} columns: {time.process_time() - started:.2f} s of the processor")


if __name__ == "__main__":
    main()
