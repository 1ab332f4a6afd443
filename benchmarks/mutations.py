"""Harmed files: 500 seeded mutations of shared files, and whether each physical line stands in the account.

Figure: 500 of 500 with every line accounted for as in the contract (lines = header + rows read + rows passed over; rows
read = rows kept + rows rejected + left out), no more lost than the harmed lines, no column of numbers or dates turned
into words, no row passed over, no error. A refusal with a reason is right only for another separator or a stray quote.
Yardstick: how many files pandas' `read_csv` with `on_bad_lines="skip"`, which reports nothing, reads with as many rows
as there should be.
"""

from __future__ import annotations

import argparse
import io
import random
import re
import tempfile
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.truth.damages import DAMAGES, LINE_ENDS, Harmed, count_lines
from benchmarks.truth.reading import DATA, answer_of

MUTATIONS, SEED, MOST_LINES = 500, 16, 800
# Shared files with one header line, one row on each further line, and their separator.
FILES = {
    "hydro/piscataquis_01031500_daily.csv": b",",
    "hydro/piscataquis_01031500_daily_sentinel.csv": b",",
    "hydro/gw_kingstown_usgs_daily.csv": b",",
    "hydro/camels_us_4basins_2000_2002.csv": b",",
    "hydro/usgs_ChoptankFlow.csv": b",",
    "hydro/reservoir_08049800_inflow.csv": b",",
    "hydro/challenge/well_germany.csv": b",",
    "hydro/water_potability.csv": b",",
    "general/rd_openintro_nycflights.csv": b",",
    "general/uci_bike_sharing_hour.csv": b",",
    "general/telco_churn.csv": b",",
    "general/winequality-red.csv": b";",
    "general/uci_bank-full.csv": b";",
    "general/marketing_campaign.csv": b"\t",
}
WORDS = ("categorical", "text")
MEASURED = ("numeric", "integer", "datetime")
PASSED = re.compile(r"^([\d,]+) (?:blank )?lines?\b.*passed over")


@dataclass(frozen=True)
class Account:
    """What a report says about the lines of a file."""

    header: int
    read: int
    kept: int
    rejected: int
    left_out: int
    passed: int
    rejected_lines: tuple[int, ...]


def passed_over(report: dict[str, Any]) -> int:
    """Return how many lines a report says were passed over; without a count of its own, as its notes add up."""
    value = report.get("rows_passed_over")
    if isinstance(value, int):
        return value
    if isinstance(value, dict):
        return sum(number if isinstance(number, int) else len(number) for number in value.values())
    if value is not None:
        return len(value)
    counts = [int(match[1].replace(",", "")) for note in report["notes"] if (match := PASSED.match(note))]
    return int(report["skipped_lines"]) + sum(counts)


def account_of(report: dict[str, Any]) -> Account:
    """Return the account in a report."""
    return Account(
        header=int(report["dialect"]["header_lines"]),
        read=report["rows_read"],
        kept=report["rows_kept"],
        rejected=report["rows_rejected"],
        left_out=report["left_out"],
        passed=passed_over(report),
        rejected_lines=tuple(line for line, *_ in report["rejected"]),
    )


def kinds_in(answer: dict[str, Any]) -> dict[str, str]:
    """Return the kind of each column."""
    return {str(column["name"]): str(column["kind"]) for column in answer["profile"]["columns"]}


def fault_of(harmed: Harmed, answer: dict[str, Any], kinds: dict[str, str]) -> str:
    """Return the fault in how a harmed file was read, "" where there is none."""
    if "profile" not in answer:
        error = answer["error"]
        is_fine = harmed.may_refuse and error["message"] and int(error["status"]) < 500
        return "" if is_fine else f"refused: {error['message']}"
    account, results = account_of(answer["profile"]["report"]), kinds_in(answer)
    lines = count_lines(harmed.content)
    rows = lines - 1 - len(harmed.no_rows)
    if account.header + account.read + account.passed != lines:
        return f"{lines} lines, but {account.header} header + {account.read} read + {account.passed} passed over"
    if account.read != account.kept + account.rejected + account.left_out:
        return (
            f"{account.read} read, but {account.kept} kept + {account.rejected} rejected + {account.left_out} left out"
        )
    if account.kept < rows - len(harmed.harmed):
        return f"{rows} rows, {len(harmed.harmed)} of them harmed, but {account.kept} kept"
    if account.kept > rows:
        return f"{account.kept} kept of {rows} rows"
    last = 1 if len(harmed.lines) - 1 in harmed.harmed and len(harmed.harmed) == 1 else 0
    if account.passed > len(harmed.no_rows) + last:
        return f"{account.passed} lines passed over, where {len(harmed.no_rows)} are no rows"
    innocent = set(account.rejected_lines) - {row + 1 for row in harmed.harmed | harmed.no_rows}
    if innocent:
        return f"line {min(innocent)} was rejected, which is whole"
    if list(results) != list(kinds):
        return f"{len(results)} columns, not {len(kinds)}, or other names"
    turned = [name for name, kind in kinds.items() if kind in MEASURED and results[name] in WORDS]
    return f"{turned[0]} turned into {results[turned[0]]}" if turned else ""


def whole_by_pandas(harmed: Harmed, mark: bytes) -> bool:
    """Return whether pandas keeps as many rows as the damage leaves; cells are not compared."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            frame = pd.read_csv(
                io.BytesIO(harmed.content), sep=mark.decode(), on_bad_lines="skip", encoding_errors="replace"
            )
        except (ValueError, pd.errors.ParserError):
            return False
    rows = count_lines(harmed.content) - 1 - len(harmed.no_rows)
    return rows - len(harmed.harmed) <= len(frame) <= rows


def first_lines(path: Path) -> list[bytes]:
    """Return the first lines of a file without their ends."""
    with path.open("rb") as handle:
        content = b"".join(line for line, _ in zip(handle, range(MOST_LINES), strict=False))
    parts = LINE_ENDS.split(content.removeprefix(b"\xef\xbb\xbf"))
    return parts[:-1] if parts[-1] == b"" else parts


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=MUTATIONS, help="how many mutations")
    parser.add_argument("--only", default="", help="only damages whose name has this in it")
    parser.add_argument("--keep", type=Path, default=None, help="a folder for the files with a fault")
    return parser.parse_args()


def main() -> None:
    """Print how many harmed files are read as they should, each fault, and the faults by damage."""
    arguments = _arguments()
    bases = {name: first_lines(DATA / name) for name in FILES if (DATA / name).exists()}
    if not bases:
        print("The shared files are not here; nothing was measured.")
        return
    damages = [name for name in DAMAGES if arguments.only in name]
    faults: Counter[str] = Counter()
    right = by_pandas = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "harmed.csv"
        kinds = {}
        for name, lines in bases.items():
            path.write_bytes(Harmed(lines).content)
            answer = answer_of(path)
            kinds[name] = kinds_in(answer)
            if fault := fault_of(Harmed(lines), answer, kinds[name]):
                print(f"whole file {name}: {fault}")
        for position in range(arguments.most):
            rng = random.Random(SEED * 1_000_003 + position)
            damage, name = damages[position % len(damages)], rng.choice(sorted(bases))
            harmed = DAMAGES[damage](bases[name], FILES[name], rng)
            path.write_bytes(harmed.content)
            by_pandas += whole_by_pandas(harmed, FILES[name])
            try:
                fault = fault_of(harmed, answer_of(path), kinds[name])
            except Exception as error:
                fault = f"{type(error).__name__}: {error}"
            right += not fault
            if fault:
                faults[damage] += 1
                print(f"{position:3} {damage}, {name}: {fault}")
                if arguments.keep:
                    (arguments.keep / f"{position:03}.csv").write_bytes(harmed.content)
    print(f"{right} of {arguments.most} read with every line in the account and no more lost than was harmed")
    for damage, count in faults.most_common():
        print(f"  {count:3} of {(arguments.most + len(damages) - 1) // len(damages)}  {damage}")
    print(f"as many rows as there should be by pandas, unreported: {by_pandas} of {arguments.most}")


if __name__ == "__main__":
    main()
