"""Kinds, ids, units, tasks and groups of every column of the shared tables, against `truth/columns.json`.

Figure: at least 98 % right for each question. The list was written by looking at the files, before the code and without
reading it; where two answers can be defended both stand there, and null stands for "none". A column that is not found
in the table as it was read counts as wrong. Tables marked `later`, and the made ones of `truth/made_tables.py`, which
have what the shared ones lack, are counted on lines of their own.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile
from benchmarks.truth.made_tables import MADE
from benchmarks.truth.reading import DATA, answer_of, plan_for, profile_in

TRUTH = Path(__file__).with_name("truth") / "columns.json"
QUESTIONS = ("kind", "id", "unit", "task", "group")
NUMBERS = ("numeric", "integer")
HIGH = str.maketrans("²³⁻¹", "23-1")
# Question -> one entry for each time it was asked: "" where the answer was right, and what was wrong elsewhere.
Misses = dict[str, list[str]]


def plain(name: str) -> str:
    """Return the letters and digits of a name."""
    return re.sub(r"[\W_]+", "", name.lower())


def plain_unit(unit: str | None) -> str:
    """Return a unit without blanks, carets and raised digits, so that m^3/s and m³/s are the same."""
    return re.sub(r"[\s^.]+", "", (unit or "").translate(HIGH)).replace("\N{MICRO SIGN}", "μ").lower()


def column_for(profile: DatasetProfile, name: str, position: int) -> ColumnProfile | None:
    """Return the column of this name, of a longer name that begins so, or at this place if that has no known name."""
    by_name = {plain(column.name): column for column in profile.columns}
    if plain(name) in by_name:
        return by_name[plain(name)]
    longer = [column for other, column in by_name.items() if other.startswith(plain(name))]
    if longer:
        return longer[0]
    return (
        profile.columns[position] if position < len(profile.columns) and not plain(name).startswith("column") else None
    )


def judge_column(path: str, name: str, true: dict[str, Any], column: ColumnProfile | None, misses: Misses) -> None:
    """Note for each question about a column whether the answer is right."""

    def note(question: str, is_right: bool, answer: object, wanted: object) -> None:
        misses[question].append("" if is_right else f"{path} {name}: {answer}, not {wanted}")

    kind = column.kind.value if column else "not there"
    note("kind", kind in true["kind"], kind, " or ".join(true["kind"]))
    units = {plain_unit(unit) for unit in true["unit"]}
    unit = column.unit if column else "not there"
    note("unit", plain_unit(unit) in units, unit or "none", " or ".join(str(item or "none") for item in true["unit"]))
    if "id" in true:
        is_right = column is not None and (kind not in NUMBERS if true["id"] else kind != "identifier")
        note("id", is_right, kind, "an id" if true["id"] else "a number")


def suggested(profile: DatasetProfile, target: str) -> tuple[str, str | None]:
    """Return the task that is suggested for a target, "none" while an answer is waited for, and the group column."""
    data = plan_for(profile, target).suggestions["data"]
    return data.get("inferred_task") or "none", data.get("group_column") or None


def judge_table(path: str, true: dict[str, Any], profile: DatasetProfile, misses: Misses) -> None:
    """Note for each question about a table and its columns whether the answer is right."""
    columns = {}
    for index, (name, column) in enumerate(true["columns"].items()):
        columns[name] = column_for(profile, name, index)
        judge_column(path, name, column, columns[name], misses)
    target = columns.get(true["target"]) if true["target"] else None
    if not true["target"]:
        return
    task, group = suggested(profile, target.name) if target else ("none", None)
    misses["task"].append("" if task in true["task"] else f"{path} {true['target']}: {task}, not {true['task']}")
    groups = {plain(name) if name else None for name in true["groups"]}
    is_right = (plain(group) if group else None) in groups
    misses["group"].append("" if is_right else f"{path}: {group or 'none'}, not {true['groups']}")


def print_shares(misses: Misses) -> None:
    """Print how many answers are right for each question."""
    for question in QUESTIONS:
        request, right = len(misses[question]), misses[question].count("")
        print(f"{question:6}{right:5} of {request:4}  {right / max(request, 1):7.1%}")
    every = [miss for question in QUESTIONS for miss in misses[question]]
    print(f"{'all':6}{every.count(''):5} of {len(every):4}  {every.count('') / max(len(every), 1):7.1%}")


def judge_made(only: str) -> Misses:
    """Judge the made tables."""
    misses: Misses = defaultdict(list)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "made.csv"
        for made in MADE:
            if only not in made.name:
                continue
            with path.open("w", encoding="utf-8", newline="") as handle:
                csv.writer(handle).writerows(made.rows)
            judge_table(made.name, made.true, profile_in(answer_of(path)), misses)
    return misses


def print_misses(misses: Misses) -> None:
    """Print each wrong answer."""
    for question in QUESTIONS:
        for miss in filter(None, misses[question]):
            print(f"{question}: {miss}")


def main() -> None:
    """Print the share of right answers for each question, and each miss."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only files whose path has this in it")
    only = parser.parse_args().only
    counted: Misses = defaultdict(list)
    later: Misses = defaultdict(list)
    absent = 0
    for path, true in json.loads(TRUTH.read_text(encoding="utf-8")).items():
        if only not in path:
            continue
        if not (DATA / path).exists():
            absent += 1
            continue
        answer = answer_of(DATA / path)
        misses = later if "later" in true else counted
        if "profile" in answer:
            judge_table(path, true, profile_in(answer), misses)
        else:
            misses["kind"].extend([f"{path}: {answer['error']['message']}"] * len(true["columns"]))
    print_misses(counted)
    print_shares(counted)
    made = judge_made(only)
    print_misses(made)
    print(f"made tables, {len(MADE)}:")
    print_shares(made)
    for question in filter(later.get, QUESTIONS):
        print(f"tables for later, {question}: {later[question].count('')} of {len(later[question])}")
    if absent:
        print(f"{absent} files are not here and were not judged.")


if __name__ == "__main__":
    main()
