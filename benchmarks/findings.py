"""Time that findings take once a table is profiled, 500,000 rows x 22 columns with four series, marks and near-copies.

Figure: all findings in 0.1 s beyond the profile. Yardstick: one bare pass of DuckDB over the same file that counts and
bounds every column, in the same run. Medians of interleaved rounds.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from app.domain.analysis.findings.findings import all_findings
from app.domain.analysis.profiling.profile import DatasetProfile
from app.storage.columnar import connect
from app.storage.reading import child
from app.storage.reading.table_query import DuckDBTable
from config import Limits

ROWS = 500_000
ROUNDS = 7
# Each column of the made table by its name and its SQL; rnd is a number from 0 to 1 that the row has for itself.
COLUMNS = {
    "date": "strftime(TIMESTAMP '1960-01-01' + INTERVAL (i // 4) HOUR, '%Y-%m-%d %H:%M')",
    "gauge_id": "'0' || (1013500 + i % 4)",
    "q_cfs": "CASE WHEN rnd < 0.01 THEN -999 ELSE round(exp(rnd * 5), 2) END",
    "q_m3s": "CASE WHEN rnd < 0.01 THEN NULL ELSE round(exp(rnd * 5) * 0.0283168, 3) END",
    "prcp_mm": "CASE WHEN hash(i + 1) % 100 = 0 THEN -9999 ELSE hash(i + 2) % 500 / 10 END",
    "tmax_c": "round((hash(i + 3) % 4000) / 100 - 8, 2)",
    "state": "(['low', 'middle', 'high', 'flood'])[(1 + hash(i + 4) % 4)::INT]",
    "state_code": "1 + hash(i + 4) % 4",
    "remark": "CASE WHEN hash(i + 5) % 50 = 0 THEN '?' ELSE 'r' || hash(i + 6) % 900 END",
    **{f"v{position}": f"round((hash(i + {7 + position}) % 1000000) / 1000 + {position}, 3)" for position in range(13)},
}


def made(folder: Path) -> Path:
    """Write the table as a file of comma-separated values."""
    target = folder / "made.csv"
    rows = f"SELECT i, (hash(i) % 100000) / 100000 AS rnd FROM range({ROWS}) numbers(i)"
    parts = ", ".join(f'{sql} AS "{name}"' for name, sql in COLUMNS.items())
    with connect(folder, memory_mb=2000, threads=2, temporary=folder) as connection:
        connection.execute(f"COPY (SELECT {parts} FROM ({rows})) TO '{target}' (HEADER)")
    return target


def profiled(source: Path, folder: Path) -> DatasetProfile:
    """Read the file as the product does."""
    request = {"what": "read", "source": str(source), "folder": str(folder), "suffix": ".csv", "seconds": 600}
    answers = child.answer_request({**request, "limits": Limits().__dict__, "choices": {}})
    assert "error" not in answers, answers["error"]
    return DatasetProfile.from_json(answers["profile"])


def seconds_of(act: Any) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def main() -> None:
    """Print both times and their ratio."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        profile = profiled(made(folder), folder)
        axis = replace(profile.time_axis, group=None) if profile.time_axis else None
        source = f"read_parquet('{folder / 'data.parquet'}')"
        keys = [column.key for column in profile.columns]
        bare = ", ".join(f"count({key}), min({key}), max({key})" for key in keys)
        with connect(folder, memory_mb=2000, threads=2, temporary=folder) as connection:

            def findings() -> list[Any]:
                return all_findings(
                    columns=profile.columns,
                    rows=profile.rows,
                    report=profile.report,
                    axis=axis,
                    duplicates=profile.duplicate_rows,
                    table=DuckDBTable(connection, source),
                )[1]

            codes = [finding.code for finding in findings()]
            passes, told = [], []
            for _ in range(ROUNDS):
                passes.append(seconds_of(lambda: connection.execute(f"SELECT {bare} FROM {source}").fetchall()))
                told.append(seconds_of(findings))
    print(f"{len(codes)} findings: {', '.join(sorted(set(codes)))}")
    print(f"all findings: median {median(told):.3f} s of {ROUNDS}; one bare pass over the file: {median(passes):.3f} s")
    print(f"ratio: {median(told) / median(passes):.1f}")


if __name__ == "__main__":
    main()
