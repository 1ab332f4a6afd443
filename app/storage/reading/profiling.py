"""The profile of a stored table: statistics by DuckDB in batches of columns, then kinds and findings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from app.domain.analysis.choices import ReadingChoices
from app.domain.analysis.findings import all_findings
from app.domain.analysis.kinds import Evidence, decide_kind
from app.domain.analysis.lent import Lent
from app.domain.analysis.profile import ColumnProfile, DatasetProfile, ImportReport, TimeAxis
from app.domain.analysis.series import find_group
from app.domain.analysis.timeaxis import describe_axis
from app.domain.vocabulary import ColumnKind
from app.storage.columnar import literal
from app.storage.reading.typing_columns import Typed

BATCH = 50
MOST_CELLS_NEAR = 5_000_000
BINS = 24
TOP = 60
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MOST_COLUMNS_FOR_DUPLICATES = 300


def profile_table(
    connection: Any,
    parquet: Path,
    *,
    names: list[str],
    typed: list[Typed],
    report: ImportReport,
    choices: ReadingChoices | None = None,
    absent: Mapping[str, tuple[tuple[str, int], ...]] | None = None,
) -> DatasetProfile:
    """Return the profile of a Parquet file whose columns are c0, c1, …"""
    source = f"read_parquet({literal(str(parquet))})"
    rows = report.rows_kept
    columns: list[ColumnProfile] = []
    for start in range(0, len(typed), BATCH):
        batch = typed[start : start + BATCH]
        near = _near(connection, source, batch, rows)
        facts = _facts(connection, near, batch)
        for one, name, values in zip(batch, names[start : start + BATCH], facts, strict=True):
            columns.append(_column(connection, near, one, name=name, facts=values, rows=rows))
    columns = [replace(one, missing_words=(absent or {}).get(one.key, ())) for one in columns]
    axis = find_group(columns, rows, _time_axis(connection, source, columns, rows), Lent(connection, source))
    duplicates = _duplicates(connection, source, typed, rows)
    columns, findings = all_findings(
        columns=columns,
        rows=rows,
        report=report,
        axis=axis,
        duplicates=duplicates,
        choices=choices,
        connection=connection,
        source=source,
    )
    return DatasetProfile(rows, tuple(columns), report, tuple(findings), axis, duplicates)


def _near(connection: Any, source: str, batch: list[Typed], rows: int) -> str:
    """Copy a small batch of columns into memory: opening a file of 10,000 columns costs more than reading it."""
    if rows * len(batch) > MOST_CELLS_NEAR:
        return source
    keys = ", ".join(one.key for one in batch)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE near AS SELECT {keys} FROM {source}")
    return "near"


def _facts(connection: Any, source: str, batch: list[Typed]) -> list[dict[str, Any]]:
    parts: list[str] = []
    for one in batch:
        key = one.key
        parts += [f"count({key})", f"count(DISTINCT {key})"]
        if one.storage in ("number", "integer"):
            parts += [f"avg({key})", f"stddev_samp({key})", f"min({key})", f"max({key})"]
            parts += [f"quantile_cont({key}, {list(QUANTILES)})"]
            parts += [f"count(*) FILTER ({key} = 0)", f"count(*) FILTER ({key} < 0)"]
        elif one.storage == "text":
            parts += [f"avg(length({key}))", "NULL", f"min({key})", f"max({key})", "NULL", "NULL", "NULL"]
        else:
            parts += ["NULL", "NULL", f"min({key})::VARCHAR", f"max({key})::VARCHAR", "NULL", "NULL", "NULL"]
    row = connection.execute(f"SELECT {', '.join(parts)} FROM {source}").fetchone()
    labels = ("count", "distinct", "mean", "std", "min", "max", "quantiles", "zeros", "negatives")
    return [dict(zip(labels, row[at : at + 9], strict=True)) for at in range(0, len(row), 9)]


def _column(connection: Any, source: str, one: Typed, *, name: str, facts: dict[str, Any], rows: int) -> ColumnProfile:
    numeric = one.storage in ("number", "integer")
    top = _top(connection, source, one, facts)
    evidence = Evidence(
        name=name,
        storage=one.storage,
        rows=rows,
        present=facts["count"],
        distinct=facts["distinct"],
        mean_length=float(facts["mean"] or 0) if one.storage == "text" else 0.0,
        minimum=float(facts["min"]) if numeric and facts["min"] is not None else None,
        maximum=float(facts["max"]) if numeric and facts["max"] is not None else None,
    )
    kind, reason = decide_kind(evidence)
    edges, counts, outliers = _histogram(connection, source, one, facts) if numeric else ((), (), None)
    return ColumnProfile(
        name=name,
        key=one.key,
        kind=kind,
        kind_reason=reason,
        storage=one.storage,
        missing=rows - facts["count"],
        distinct=facts["distinct"],
        mean=_finite(facts["mean"]) if numeric else None,
        std=_finite(facts["std"]) if numeric else None,
        minimum=_bound(facts["min"], numeric=numeric, storage=one.storage),
        maximum=_bound(facts["max"], numeric=numeric, storage=one.storage),
        quantiles=tuple(float(value) for value in facts["quantiles"] or ()),
        zeros=facts["zeros"],
        negatives=facts["negatives"],
        outliers=outliers,
        histogram_edges=edges,
        histogram_counts=counts,
        top_values=top,
        original_name=name,
    )


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _bound(value: Any, *, numeric: bool, storage: str) -> float | str | None:
    if value is None:
        return None
    if numeric:
        return _finite(value)
    return str(value).removesuffix(" 00:00:00") if storage in ("datetime", "boolean") else None


def _top(connection: Any, source: str, one: Typed, facts: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    if one.storage in ("number", "datetime") and facts["distinct"] > TOP:
        return ()
    found = connection.execute(
        f"SELECT left({one.key}::VARCHAR, 200) AS v, count(*) AS n FROM {source} WHERE {one.key} IS NOT NULL "
        f"GROUP BY v ORDER BY n DESC, v LIMIT {TOP}"
    ).fetchall()
    return tuple((value, count) for value, count in found)


def _histogram(
    connection: Any, source: str, one: Typed, facts: dict[str, Any]
) -> tuple[tuple[float, ...], tuple[int, ...], int | None]:
    low, high = _finite(facts["min"]), _finite(facts["max"])
    if low is None or high is None or not facts["quantiles"]:
        return (), (), None
    q1, q3 = facts["quantiles"][1], facts["quantiles"][3]
    # Tukey's fences, three quartile ranges away: far out, by his own word for it.
    fence = 3 * (q3 - q1)
    below, above = q1 - fence, q3 + fence
    fenced = fence > 0 and math.isfinite(below) and math.isfinite(above)
    far = f"count(*) FILTER (({one.key} < {below!r}) OR ({one.key} > {above!r}))" if fenced else "0"
    outliers = int(connection.execute(f"SELECT {far} FROM {source}").fetchone()[0])
    width = (high - low) / BINS
    if width <= 0 or not math.isfinite(width):
        return (low, high), (int(facts["count"]),), outliers
    found = connection.execute(
        f"SELECT least(floor(({one.key} - ?) / ?), {BINS - 1})::INTEGER AS bin, count(*) FROM {source} "
        f"WHERE {one.key} IS NOT NULL GROUP BY bin",
        [low, width],
    ).fetchall()
    counts = [0] * BINS
    for place, count in found:
        counts[max(0, place)] += count
    return tuple(low + width * at for at in range(BINS + 1)), tuple(counts), outliers


def _time_axis(connection: Any, source: str, columns: list[ColumnProfile], rows: int) -> TimeAxis | None:
    for column in columns:
        if column.kind is not ColumnKind.DATETIME or column.missing > 0.1 * rows:
            continue
        found = connection.execute(
            f"SELECT epoch({column.key})::DOUBLE AS t, count(*)::BIGINT AS n FROM {source} "
            f"WHERE {column.key} IS NOT NULL GROUP BY t ORDER BY t"
        ).fetchnumpy()
        axis = describe_axis(column.name, found["t"], found["n"])
        if axis is not None:
            return axis
    return None


def _duplicates(connection: Any, source: str, typed: list[Typed], rows: int) -> int | None:
    if len(typed) > MOST_COLUMNS_FOR_DUPLICATES or rows == 0:
        return None
    keys = ", ".join(one.key for one in typed)
    found = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM {source})").fetchone()[0]
    return rows - int(found)
