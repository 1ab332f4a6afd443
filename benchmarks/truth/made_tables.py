"""Made tables for what the shared ones lack: marks for missing, groups by behaviour, ids and classes as numbers, units.

Each has the shape of an entry of `columns.json`. A task of "none" stands where waiting for an answer is right too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from benchmarks.truth import unit_names

Row = list[str]


@dataclass(frozen=True)
class Made:
    """A made table: its name, its rows with the header first, and what is true of it."""

    name: str
    rows: list[Row]
    true: dict[str, Any]


def column(*kinds: str, unit: Iterable[str | None] = (None,), is_id: bool | None = None) -> dict[str, Any]:
    """Return the true kind and unit of a column, and whether it is an ID."""
    answers: dict[str, Any] = {"kind": list(kinds), "unit": list(unit)}
    return answers if is_id is None else {**answers, "id": is_id}


DATE, NUMBER, WHOLE = column("datetime"), column("numeric"), column("integer", is_id=False)
EITHER_NUMBER = column("integer", "numeric")
GROUP = column("identifier", "categorical", "text", is_id=True)
ONLY_ID = column("identifier", is_id=True)
FLAG = column("boolean", "categorical", "integer")


def table(
    name: str,
    target: str,
    columns: dict[str, dict[str, Any]],
    rows: Callable[[random.Random], Iterable[Row]],
    *,
    task: tuple[str, ...] = ("regression",),
    groups: tuple[str | None, ...] = (None,),
) -> Made:
    """Return a made table, the same one each time."""
    true = {"target": target, "task": list(task), "groups": list(groups), "columns": columns}
    return Made(name, [list(columns), *rows(random.Random(name))], true)


def day(position: int) -> str:
    """Return a day of 2001 and after."""
    return (date(2001, 1, 1) + timedelta(days=position)).isoformat()


def marked(mark: str) -> Callable[[random.Random], Iterable[Row]]:
    """Return 2,000 rows with a mark in every tenth value of the rate and of a driver."""

    def rows(rng: random.Random) -> Iterable[Row]:
        for position in range(2000):
            rate, driver = f"{rng.gauss(40, 12):.3f}", f"{rng.uniform(0, 300):.1f}"
            yield [
                day(position),
                driver if rng.random() > 0.1 else mark,
                f"{rng.gauss(10, 4):.2f}",
                rate if rng.random() > 0.1 else mark,
            ]

    return rows


def sites(labels: list[str], *, sampled: int = 300) -> Callable[[random.Random], Iterable[Row]]:
    """Return days of some sites, each with an area and an elevation of its own."""

    def rows(rng: random.Random) -> Iterable[Row]:
        for label in labels:
            area, elevation = f"{rng.uniform(50, 2500):.1f}", str(rng.randint(40, 2900))
            for position in range(sampled):
                yield [
                    label,
                    day(position),
                    area,
                    elevation,
                    f"{rng.expovariate(0.3):.1f}",
                    f"{rng.expovariate(0.5):.3f}",
                ]

    return rows


def site_columns(name: str) -> dict[str, dict[str, Any]]:
    """Return the true columns of a table of sites."""
    area, elevation = column("numeric", unit=("km2", "km²")), column("integer", "numeric", unit=("m",))
    rain, flow = column("numeric", unit=("mm", "mm/d")), column("numeric", unit=("m3/s", "m³/s"))
    return {name: GROUP, "date": DATE, "area_km2": area, "elev_m": elevation, "rain_mm": rain, "flow_m3s": flow}


def subjects(rng: random.Random) -> Iterable[Row]:
    """Return repeated measures of 42 subjects, with age and sex constant within each."""
    for subject in range(1, 43):
        age, sex = str(rng.randint(36, 85)), str(rng.randint(0, 1))
        for position in range(rng.randint(100, 160)):
            yield [
                str(subject),
                age,
                sex,
                f"{position * 1.3 + rng.random():.4f}",
                f"{rng.gauss(0, 1):.5f}",
                f"{rng.gauss(21, 8):.3f}",
            ]


def samples(rng: random.Random) -> Iterable[Row]:
    """Return lakes under an id that is unique and in no order, with a whole number that is unique and none."""
    ids, depths = rng.sample(range(100_000, 999_999), 600), rng.sample(range(10, 4000), 600)
    for number, depth in zip(ids, depths, strict=True):
        yield [str(number), str(depth), f"{rng.gauss(7.4, 0.5):.2f}", f"{rng.expovariate(0.1):.2f}"]


def letters(rng: random.Random) -> Iterable[Row]:
    """Return 26 classes as whole numbers, with features of 0 to 15."""
    for _ in range(3000):
        letter = rng.randrange(26)
        yield [str(letter), *(str(min(15, max(0, round(rng.gauss(4 + letter / 4, 3))))) for _ in range(6))]


def two_years(units: unit_names.Units) -> Callable[[random.Random], Iterable[Row]]:
    """Return two years of days with a value in the range of each unit."""

    def rows(rng: random.Random) -> Iterable[Row]:
        for position in range(730):
            yield [day(position), *(f"{rng.uniform(*bounds):.{digits}f}" for bounds, digits, _ in units.values())]

    return rows


def with_units(units: unit_names.Units) -> dict[str, dict[str, Any]]:
    """Return the true columns of a table with a date and columns with units."""
    return {
        "date": DATE,
        **{name: column("numeric", "integer", unit=answers) for name, (_, _, answers) in units.items()},
    }


MARKS = ("?", "-", "*", "n/a", "missing", "ND", "---", ".")
RATE = {"date": DATE, "load": NUMBER, "temperature": column("numeric", unit=(None, "°C")), "rate": NUMBER}
SITES = {
    "integers that lost their zeros": ("gauge_id", ["1013500", "1022500", "1030500", "1031500", "1047000"]),
    "integers from 1 on": ("site", [str(position) for position in range(1, 7)]),
    "station numbers": ("station", ["412", "77", "1203", "9", "333"]),
    "basin names": ("basin", ["Elbe", "Rhein", "Donau", "Weser", "Ems"]),
    "wells": ("well", ["B28H1804", "B28H1805", "B33A0110", "B33A0111"]),
    "a name that says nothing": ("k", ["11", "12", "13", "14", "15", "16"]),
}
MEASURES = {
    "subject": GROUP,
    "age": column("integer", is_id=False, unit=(None, "years")),
    "sex": FLAG,
    "test_time": NUMBER,
    "jitter": NUMBER,
    "score": NUMBER,
}
LAKES = {
    "lake_id": ONLY_ID,
    "depth_cm": column("integer", unit=("cm",), is_id=False),
    "ph": NUMBER,
    "chlorophyll": NUMBER,
}
MADE: list[Made] = [
    *(table(f"a rate with 10 % {mark}", "rate", RATE, marked(mark), task=("regression", "none")) for mark in MARKS),
    *(
        table(f"sites, {what}", "flow_m3s", site_columns(name), sites(labels), groups=(name,))
        for what, (name, labels) in SITES.items()
    ),
    table("42 subjects", "score", MEASURES, subjects, groups=("subject",)),
    table(
        "lakes with a unique id",
        "chlorophyll",
        LAKES,
        samples,
    ),
    table(
        "26 classes as whole numbers",
        "letter",
        {"letter": column("integer", "categorical"), **{f"x{position}": WHOLE for position in range(1, 7)}},
        letters,
        task=("multiclass", "none"),
    ),
    table("units in names and ranges", "Q_cfs", with_units(unit_names.UNITS), two_years(unit_names.UNITS)),
    table("a header of codes", "00060", with_units(unit_names.CODES), two_years(unit_names.CODES)),
]
