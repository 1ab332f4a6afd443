"""Time axes found in more than 90 forms of dates and in joined columns, and columns that are no time taken for one.

Figure: at least 98 % of the forms with the right axis (start, end and step), where a question counts as right if its
suggestion is; no axis that is wrong and was not asked about; no false positive among more than 60 columns that only
look like times. Yardstick: pandas' `to_datetime` over the whole column, without a word about its form. The lists are in
`truth/` and were written before the code that reads, by someone who does not write it.
"""

from __future__ import annotations

import argparse
import csv
import random
import tempfile
import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from app.domain.analysis.profiling.profile import DatasetProfile
from benchmarks.truth.form import ROWS, Form
from benchmarks.truth.not_time import NOT_TIME, Look
from benchmarks.truth.reading import answer_of, profile_in
from benchmarks.truth.time_forms import FORMS
from benchmarks.truth.time_joins import JOINS

TIME_QUESTION = "looks_like_time_not_understood"
DAYS_OF_MONTHS = {-1: (28, 31), -3: (89, 93), -12: (364, 367)}


@dataclass(frozen=True)
class Axis:
    """A time axis as it was found or suggested."""

    column: str
    start: datetime
    end: datetime
    step: float

    def __str__(self) -> str:
        return f"{self.column}: {self.start} to {self.end} by {self.step:g} s"


def axis_of(profile: DatasetProfile) -> Axis | None:
    """Return the time axis of a profile."""
    axis = profile.time_axis
    if axis is None:
        return None
    start, end = (datetime.fromisoformat(text).replace(tzinfo=None) for text in (axis.start, axis.end))
    return Axis(axis.column, start, end, float(axis.step_seconds or 0))


def is_asked(profile: DatasetProfile) -> bool:
    """Return whether the person is asked about the time of the file."""
    return any(finding.code == TIME_QUESTION for finding in profile.findings)


def suggested(profile: DatasetProfile) -> Axis | None:
    """Return the axis that the question about the time suggests; until it has one of its own, the profile's."""
    return axis_of(profile) if is_asked(profile) else None


def write_form(form: Form, path: Path) -> None:
    """Write the file of a form, with rain and flow that are drawn."""
    rng = random.Random(form.name)
    headers = [*form.header, "rain_mm", "flow_m3s"]
    station = ["station"] if form.stations > 1 else []
    per_station = ROWS // form.stations
    rows = []
    for index, cells in enumerate(form.rows):
        rain = round(max(0.0, rng.gauss(-2, 5)), 1)
        drawn = [str(rain), f"{2 + rng.expovariate(0.4) + rain / 3:.3f}"]
        where = [f"S{index // per_station + 1}"] if station else []
        rows.append([*where, *drawn, *cells] if form.last else [*where, *cells, *drawn])
    top = [*station, *headers[-2:], *form.header] if form.last else [*station, *headers]
    write_rows(path, [top, *rows], quoted=form.quoted)


def write_look(look: Look, path: Path) -> None:
    """Write the file of a column that only looks like a time."""
    rng = random.Random(look.what)
    rows = [[*(["date"] if look.dated else []), look.header, "rain_mm", "flow_m3s"]]
    for position in range(ROWS):
        day = [(date(2011, 1, 1) + timedelta(days=position)).isoformat()] if look.dated else []
        rows.append(
            [*day, look.cell(rng, position), f"{max(0.0, rng.gauss(-2, 5)):.1f}", f"{rng.expovariate(0.4):.3f}"]
        )
    write_rows(path, rows, quoted=False)


def write_rows(path: Path, rows: list[list[str]], *, quoted: bool) -> None:
    """Write rows as comma-separated values."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL).writerows(rows)


def is_right(form: Form, axis: Axis) -> bool:
    """Return whether start, end and step are as the form says."""
    slack = timedelta(seconds=form.tolerance)
    if not any(abs(axis.start - first) <= slack and abs(axis.end - last) <= slack for first, last in form.bounds):
        return False
    if form.irregular:
        return True
    if form.step > 0:
        return abs(axis.step - form.step) <= form.tolerance
    low, high = DAYS_OF_MONTHS[form.step]
    return low * 86_400 <= axis.step <= high * 86_400


def judge(form: Form, profile: DatasetProfile) -> str:
    """Return right, asked (right by its suggestion), wrong, unasked (a guess that had to be asked) or silent."""
    if is_asked(profile):
        axis = suggested(profile)
        return "asked" if axis and is_right(form, axis) else "asked in vain"
    axis = axis_of(profile)
    if axis is None:
        return "silent"
    if not is_right(form, axis):
        return "wrong"
    return "unasked" if form.must_ask else "right"


def judge_look(look: Look, profile: DatasetProfile) -> str:
    """Return right, or what is false: an axis, a column taken for dates, a lost axis, a question nobody needs."""
    axis = axis_of(profile)
    if axis is not None and not (look.dated and axis.column == "date"):
        return f"false axis {axis}"
    column = next((column_profile for column_profile in profile.columns if column_profile.name == look.header), None)
    if column is not None and column.kind.value == "datetime":
        return "taken for dates"
    if look.dated and axis is None:
        return "the true axis is lost"
    return "needless question" if is_asked(profile) else "right"


def right_by_pandas(form: Form, path: Path) -> bool:
    """Return whether pandas' own guess over the column is the form's first and last time."""
    cells = pd.read_csv(path, dtype=str)[form.header[0]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        times = pd.to_datetime(cells, errors="coerce", utc=True).dropna()
    if len(form.header) > 1 or times.empty:
        return False
    slack = timedelta(seconds=form.tolerance)
    first, last = times.min(), times.max()
    answers = form.bounds[: 1 + bool(form.offset_hours)]
    wanted = [(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC)) for start, end in answers]
    return any(abs(first - start) <= slack and abs(last - end) <= slack for start, end in wanted)


def judge_forms(folder: Path, only: str) -> None:
    """Print what comes of each form that is not right, and the shares."""
    results: dict[str, int] = {}
    by_pandas = needless = 0
    forms = [item for item in [*FORMS, *JOINS] if only in item.name]
    for form in forms:
        path = folder / "form.csv"
        write_form(form, path)
        answer: dict[str, Any] = answer_of(path)
        profile = profile_in(answer) if "profile" in answer else None
        words = judge(form, profile) if profile else "refused"
        results[words] = results.get(words, 0) + 1
        needless += words == "asked" and not (form.may_ask or form.must_ask)
        by_pandas += right_by_pandas(form, path)
        if words not in ("right", "asked"):
            axis = axis_of(profile) if profile else None
            print(f"{words}: {form.name}, {form.rows[0]}; {axis or 'no axis'}")
    right = results.get("right", 0) + results.get("asked", 0)
    wrong = results.get("wrong", 0) + results.get("unasked", 0)
    print(f"forms: {right} of {len(forms)} right, {right / max(len(forms), 1):.1%}; {results}")
    print(f"axes that are wrong and were not asked about: {wrong}; questions where the column decides: {needless}")
    print(f"first and last time right by pandas.to_datetime: {by_pandas} of {len(forms)}")


def judge_looks(folder: Path, only: str) -> None:
    """Print what comes of each column that only looks like a time."""
    looks = [item for item in NOT_TIME if only in item.what]
    false = needless = 0
    for look in looks:
        path = folder / "look.csv"
        write_look(look, path)
        answer: dict[str, Any] = answer_of(path)
        words = judge_look(look, profile_in(answer)) if "profile" in answer else "refused"
        needless += words == "needless question"
        false += words not in ("right", "needless question")
        if words != "right":
            print(f"{words}: {look.what}")
    print(f"columns that are no time: {false} of {len(looks)} false, {needless} needless questions")


def main() -> None:
    """Print both figures with each miss."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only forms whose name has this in it")
    only = parser.parse_args().only
    with tempfile.TemporaryDirectory() as name:
        judge_forms(Path(name), only)
        judge_looks(Path(name), only)


if __name__ == "__main__":
    main()
