"""More than 60 columns that look like a time to a careless reader, and are none.

Each makes a file of 400 rows with rain, flow and, where `dated` stands, a true column of days, which then is the axis.
Written down before the code that reads them.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

Cell = Callable[[random.Random, int], str]


@dataclass(frozen=True)
class Look:
    """A column that is no time: its name, its cell in a row, and whether a true date stands beside it."""

    what: str
    header: str
    cell: Cell
    dated: bool = False


def whole(low: int, high: int, width: int = 0) -> Cell:
    """Return whole numbers drawn between two bounds."""
    return lambda rng, position: f"{rng.randint(low, high):0{width}d}"


def joined(mark: str, *bounds: tuple[int, int], width: int = 0) -> Cell:
    """Return drawn whole numbers with a mark between them."""
    return lambda rng, position: mark.join(f"{rng.randint(*bound):0{width}d}" for bound in bounds)


def shaped(text: str, *bounds: tuple[int, int]) -> Cell:
    """Return drawn whole numbers in a text with places for them, and a drawn capital letter at L."""

    def cell(rng: random.Random, position: int) -> str:
        return text.format(*(rng.randint(*bound) for bound in bounds), L=rng.choice("ABCDE"))

    return cell


def among(*values: str) -> Cell:
    """Return one of some words."""
    return lambda rng, position: rng.choice(values)


def counted(start: int, step: int = 1, width: int = 0) -> Cell:
    """Return a number that grows with the row."""
    return lambda rng, position: f"{start + step * position:0{width}d}"


def drawn(low: float, high: float, digits: int) -> Cell:
    """Return numbers drawn between two bounds."""
    return lambda rng, position: f"{rng.uniform(low, high):.{digits}f}"


GAUGES = ("01013500", "01022500", "01030500", "01031500", "01047000", "01052500", "01054200", "01055000")
# As dates these would be days of the years 1986 to 2014; they are gauges of the USGS and stations of the GRDC.
DATE_LIKE_GAUGES = ("19860412", "20030715", "19950228", "20141013", "20010930", "19990101", "20120608", "19780317")
NOT_TIME = [
    Look("versions 1.2.3", "version", joined(".", (0, 3), (0, 12), (0, 20))),
    Look("versions that read as D.M.YY", "firmware", joined(".", (1, 12), (1, 12), (10, 20))),
    Look("versions of two parts", "fw", joined(".", (1, 4), (0, 12))),
    Look("builds 2014.10", "build", joined(".", (2014, 2016), (1, 30))),
    Look("IP addresses", "host", joined(".", (10, 192), (0, 255), (0, 255), (1, 254))),
    Look("phone numbers 555-0123", "phone", joined("-", (200, 999), (1000, 9999))),
    Look("phone numbers, three parts", "tel", joined("-", (200, 989), (200, 999), (1000, 9999))),
    Look("phone numbers with dots", "Telefon", joined(".", (10, 31), (10, 99), (10, 99), (10, 99))),
    Look("phone numbers as whole numbers", "phone", whole(2_000_000_000, 9_899_999_999)),
    Look("gauges of 8 digits", "site_no", among(*GAUGES), dated=True),
    Look("gauges of 8 digits, no date", "gauge_id", among(*GAUGES)),
    Look("gauges that read as YYYYMMDD", "gauge", among(*DATE_LIKE_GAUGES), dated=True),
    Look("gauges that read as YYYYMMDD, no date", "station_no", among(*DATE_LIKE_GAUGES)),
    Look("one gauge that reads as YYYYMMDD", "site", among("20140612"), dated=True),
    Look("GRDC numbers", "grdc_no", whole(1_104_150, 6_987_250)),
    Look("flow from 1900 to 2100", "discharge_cfs", whole(1900, 2100)),
    Look("flow from 1900 to 2100, dated", "Q", whole(1900, 2100), dated=True),
    Look("flow with decimals around 2000", "flow_cfs", drawn(1900, 2100, 2)),
    Look("heads around 2010", "head_mm", whole(1990, 2030)),
    Look("elevations around 1950", "elevation_m", whole(1940, 1960)),
    Look("ids counting from 40000", "id", counted(40_000)),
    Look("ids counting from 40000, dated", "record", counted(40_000), dated=True),
    Look("ids counting from 42001 by 7", "sample_id", counted(42_001, 7)),
    Look("prices around 40000", "price", drawn(39_000, 44_000, 2)),
    Look("salaries around 42000", "salary", whole(38_000, 45_000)),
    Look("counts around 43000", "population", whole(42_000, 44_500)),
    Look("postal codes of Germany", "PLZ", whole(10_115, 99_998)),
    Look("postal codes with zeros", "zip", whole(1001, 6928, 5)),
    Look("postal codes of the Netherlands", "postcode", shaped("{} {L}X", (1000, 9999))),
    Look("prices 12.50", "price_eur", drawn(1, 31, 2)),
    Look("money with dots", "Umsatz", joined(".", (1, 31), (100, 999))),
    Look("money with dots, three parts", "Kosten", shaped("{}.{:03d}.{:03d}", (1, 9), (1, 999), (1, 999))),
    Look("ratios 3/4", "ratio", joined("/", (1, 9), (1, 12))),
    Look("blood pressure 120/80", "pressure", joined("/", (95, 180), (55, 110))),
    Look("odds 3/10/20", "triple", joined("/", (1, 12), (1, 12), (13, 60))),
    Look("dice 1-2", "dice", joined("-", (1, 6), (1, 6))),
    Look("results of matches", "result", joined("-", (0, 7), (0, 7))),
    Look("results with colons", "score", joined(":", (0, 6), (0, 6))),
    Look("part numbers 12-05-01A", "part", shaped("{:02d}-{:02d}-{:02d}{L}", (1, 28), (1, 12), (1, 30))),
    Look("part numbers 12-0501", "part_no", joined("-", (10, 99), (1000, 9999))),
    Look("part numbers of three parts", "sku", joined("-", (10, 99), (13, 60), (32, 99))),
    Look("ranges of depth 10-20", "depth_cm", among("0-10", "10-20", "20-30", "30-50", "50-100")),
    Look("ranges of age", "age_group", among("0-4", "5-9", "10-12", "13-19", "20-64", "65-99")),
    Look("positions on a chromosome", "pos", whole(10_000, 248_000_000)),
    Look("genome ranges", "locus", shaped("chr{}:{}", (1, 22), (10_000, 99_999))),
    Look("easting and northing in metres", "x_utm", whole(390_000, 420_000)),
    Look("coordinates", "lat", drawn(45, 52, 5)),
    Look("coordinates in degrees and minutes", "position", shaped("{} {:02d} {:02d}", (45, 52), (0, 59), (0, 59))),
    Look("durations 12:30", "duration", joined(":", (0, 23), (0, 59), width=2)),
    Look("durations beyond a day", "elapsed", joined(":", (0, 99), (0, 59), (0, 59), width=2)),
    Look("times of a run 00:42:15", "lap", shaped("00:{:02d}:{:02d}", (30, 59), (0, 59))),
    Look("station numbers", "station", whole(1, 350)),
    Look("HUC codes of 8 digits", "huc8", shaped("{:02d}{:02d}{:04d}", (1, 18), (1, 12), (1, 28))),
    Look("HUC codes of 12 digits", "HUC12", shaped("{:02d}{:02d}{:04d}{:04d}", (1, 18), (1, 12), (1, 28), (101, 912))),
    Look("census tracts", "tract", shaped("{:02d}{:03d}{:06d}", (1, 56), (1, 199), (100, 990_000))),
    Look("FIPS codes of counties", "fips", whole(1001, 56_045, 5)),
    Look("years built", "YearBuilt", whole(1872, 2010)),
    Look("years of birth", "Year_Birth", whole(1940, 1996)),
    Look("years of manufacture", "model_year", whole(70, 82)),
    Look("temperatures as whole numbers", "temp", whole(-15, 35)),
    Look("counter like Unix seconds", "counter", whole(1_000_000_000, 1_900_000_000)),
    Look("account numbers like Unix seconds", "account", lambda r, i: str(1_400_000_000 + r.randrange(90_000_000))),
    Look("ages", "age", whole(18, 95)),
    Look("day of year alone, drawn", "doy", whole(1, 366)),
    Look("Julian day alone, drawn", "jday", whole(1, 365, 3)),
    Look("month alone, drawn", "month", whole(1, 12)),
    Look("hours alone, drawn", "hour", whole(0, 23)),
    Look("weekdays alone", "weekday", among("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")),
    Look("months by name alone", "month", among("jan", "feb", "mar", "apr", "may", "jun", "jul")),
    Look("scores of 0 to 100", "score", whole(0, 100)),
    Look("scores with decimals", "index", drawn(0, 31, 1)),
    Look("barcodes", "EAN", whole(2_000_000_000_000, 9_790_000_000_000)),
    Look("ISBN with dashes", "isbn", joined("-", (978, 979), (0, 9), (100, 999), (10_000, 99_999), (0, 9))),
    Look("social security numbers", "ssn", joined("-", (100, 772), (10, 99), (1000, 9999))),
    Look("IBAN parts", "branch", joined(" ", (1000, 9999), (1000, 9999))),
    Look("order numbers 2014-00123", "order", shaped("{}-{:05d}", (2012, 2016), (100, 99_999))),
    Look("order numbers of 6 digits", "order_no", whole(199_001, 201_512)),
    Look("CAS numbers of substances", "CAS", joined("-", (50, 9999), (13, 99), (0, 9))),
    Look("rating curve numbers 12.1", "curve", joined(".", (1, 31), (1, 12))),
    Look("flags", "flag", among("A", "A:e", "M")),
    Look("USGS parameter codes", "parm_cd", among("00060", "00065", "00010", "72019", "62610"), dated=True),
    Look("section headings 1.2.10", "section", joined(".", (1, 9), (1, 12), (1, 31))),
    Look("aspect ratios 16:9", "aspect", among("16:9", "4:3", "21:9", "3:2", "1:1")),
    Look("scales 1:25000", "scale", among("1:5000", "1:10000", "1:25000", "1:50000")),
    Look("lots 20A14", "lot", shaped("{}{L}{}", (10, 31), (10, 31))),
]  # fmt: skip
