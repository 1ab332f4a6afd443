"""Datasets whose profile is made by hand, for pages that show findings, remedies and thousands of columns."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace

from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile, Finding, FindingRemedy
from app.domain.vocabulary import ColumnKind, Severity
from app.services.datasets import analysis, datasets
from app.storage import datasets as dataset_rows
from app.storage.db import transaction
from app.storage.tables import Dataset

MISSING, VALUE = "It means missing", "It is a value"


def marker_finding(column: str, value: str) -> Finding:
    """Return a finding that asks whether a value means missing, with its two remedies."""
    remedies = tuple(
        FindingRemedy(label, "reading", {"markers": [{"column": column, "value": value, "meaning": meaning}]})
        for label, meaning in ((MISSING, "missing"), (VALUE, "value"))
    )
    message = f"`{column}` holds {value} on 12 rows: is that a mark for missing?"
    return Finding("missing_value_marker", Severity.WARNING, (column,), message, "", remedies)


def leave_out_finding(column: str) -> Finding:
    """Return a finding whose remedy unticks a column."""
    remedy = FindingRemedy("Leave it out", "leave_out", {}, (column,))
    return Finding("near_constant", Severity.NOTICE, (column,), f"`{column}` hardly changes.", "", (remedy,))


def kind_finding(column: str, key: str) -> Finding:
    """Return a finding whose remedy answers something on the Data step."""
    remedy = FindingRemedy("Treat it as words", "draft", {f"data.kind.{key}": "categorical"})
    return Finding("few_values", Severity.NOTICE, (column,), f"`{column}` holds few numbers.", "", (remedy,))


def put_profile(dataset_id: uuid.UUID, profile: DatasetProfile) -> None:
    """Store a profile in place of the one that reading made."""
    with transaction():
        row = dataset_rows.get_dataset(dataset_id)
        row.profile, row.column_count = profile.to_json(), len(profile.columns)
    analysis._profiles.clear()


def put_findings(dataset: Dataset, findings: Sequence[Finding]) -> None:
    """Give a dataset these findings alone."""
    profile = datasets.profile_of(dataset)
    assert profile is not None
    put_profile(dataset.id, replace(profile, findings=tuple(findings)))


def widen(dataset: Dataset, many: int) -> None:
    """Give a dataset many columns more, each with a histogram and every tenth with findings."""
    profile = datasets.profile_of(dataset)
    assert profile is not None
    counts = tuple(1 + position * 7 % 23 for position in range(24))
    more = tuple(
        ColumnProfile(
            name=f"sensor_{position:05d}_mm_per_day",
            key=f"c{len(profile.columns) + position}",
            kind=ColumnKind.NUMERIC,
            kind_reason="numbers with decimals",
            storage="number",
            missing=position % 50,
            distinct=profile.rows - position % 7,
            mean=position / 7,
            std=1.5,
            minimum=-3.25,
            maximum=1234.5678,
            quantiles=(-1.5, -0.6789, 0.1234, 0.789, 1.5432),
            zeros=3,
            negatives=5,
            outliers=position % 11,
            histogram_edges=tuple(index * 51.5 - 3.25 for index in range(25)),
            histogram_counts=counts,
            unit="mm/day",
        )
        for position in range(many)
    )
    findings = [marker_finding(column.name, "-999") for column in more[::10]]
    put_profile(dataset.id, replace(profile, columns=profile.columns + more, findings=tuple(findings)))
