"""What is in the database and on the disk, read from outside: SQL that reads, and a look at the folders."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
import uuid
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.domain.audit.chain import ChainEntry, Verification, verify
from app.storage import audit_heads
from app.storage.datasets import WAITING
from app.storage.engine import sqlite_module
from tests.chaos.history import DatasetFact, DraftFact, ExperimentFact, Facts, JobFact, Sample

Row = dict[str, Any]


class Reader:
    """Reads the database of a data folder, and what lies beside it."""

    def __init__(self, data: Path) -> None:
        self.data = data

    def rows(self, query: str, *, timeout: float = 40) -> list[Row]:
        """Return the rows of a query; the connection is closed at once and never writes."""
        module = sqlite_module()
        with contextlib.closing(module.connect(str(self.data / "hydroml.sqlite3"), timeout=timeout)) as line:
            line.row_factory = module.Row
            line.execute("PRAGMA query_only=ON")
            return [dict(row) for row in line.execute(query)]

    def jobs(self) -> tuple[JobFact, ...]:
        """Return every job."""
        query = "SELECT id, kind, subject_id, state, created_at, finished_at, error_code, error, lease_until FROM jobs"
        moment = time.time()
        return tuple(
            JobFact(
                _id(row["id"]),
                row["kind"],
                _id(row["subject_id"]),
                row["state"],
                _seconds(row["created_at"]) or 0.0,
                _seconds(row["finished_at"]),
                row["error_code"] or "",
                row["error"] or "",
                held=row["state"] == "running" and (_seconds(row["lease_until"]) or 0.0) > moment,
            )
            for row in self.rows(query)
        )

    def look(self, seconds: float) -> Sample:
        """Take a sample of the work under way: open jobs, and datasets that are being read without any job."""
        jobs = self.jobs()
        going = {f"the job {job.id} ({job.kind}, {job.state})" for job in jobs if job.is_open}
        read = {job.subject_id for job in jobs if job.kind == "analyse" and job.is_open}
        for row in self.rows("SELECT id FROM datasets WHERE state = 'reading'"):
            if _id(row["id"]) not in read:
                going.add(f"the reading of the dataset {_id(row['id'])}")
        return Sample(seconds, frozenset(going), any(job.held for job in jobs))

    def find_moments(self) -> set[str]:
        """Return which of analysis, training and tuning are going on."""
        query = (
            "SELECT jobs.kind AS kind, experiments.config AS config FROM jobs "
            "LEFT JOIN experiments ON experiments.id = jobs.subject_id WHERE jobs.state = 'running'"
        )
        results = set()
        try:
            for row in self.rows(query, timeout=1):
                if row["kind"] == "train":
                    tuned = json.loads(row["config"] or "{}").get("model", {}).get("tuning", {}).get("enabled")
                    results.add("tuning" if tuned else "training")
                elif row["kind"] == "analyse":
                    results.add("analysis")
            if self.rows("SELECT id FROM datasets WHERE state = 'reading' LIMIT 1", timeout=1):
                results.add("analysis")
        except (sqlite3.Error, sqlite_module().Error):
            pass
        return results

    def read_all(self, *, stray_processes: tuple[str, ...] = ()) -> Facts:
        """Return all of it."""
        experiments = tuple(self._experiments())
        datasets = tuple(self._datasets())
        return Facts(
            tuple(self._drafts()),
            datasets,
            experiments,
            self.jobs(),
            tuple(self._stray_files(experiments)),
            stray_processes,
            str(next(iter(self.rows("PRAGMA integrity_check")[0].values()))),
            tuple(fault.sentence for fault in self.verify_audit().faults),
        )

    def verify_audit(self) -> Verification:
        """Verify the audit trail against itself and the heads beside it."""
        names = [field.name for field in fields(ChainEntry)]
        rows = self.rows("SELECT * FROM audit_entries ORDER BY number")
        texts = ("actor_id", "subject_id")
        entries = (
            ChainEntry(**{name: (row[name] or "") if name in texts else row[name] for name in names}) for row in rows
        )
        timed = (replace(entry, at=entry.at.replace(" ", "T")) for entry in entries)
        return verify(timed, audit_heads.load_key(self.data), audit_heads.read_heads(self.data))

    def _drafts(self) -> Iterator[DraftFact]:
        saves: dict[str, list[tuple[int, Row, int | None]]] = {}
        for row in self.rows("SELECT draft_id, version, changes, undoes FROM draft_events ORDER BY version"):
            current_values = saves.setdefault(_id(row["draft_id"]), [])
            current_values.append((row["version"], json.loads(row["changes"]), row["undoes"]))
        for row in self.rows("SELECT id, version FROM drafts"):
            yield DraftFact(_id(row["id"]), row["version"], tuple(saves.get(_id(row["id"]), ())))

    def _datasets(self) -> Iterator[DatasetFact]:
        for row in self.rows("SELECT * FROM datasets WHERE purged_at IS NULL"):
            identifier, sha256 = _id(row["id"]), row["sha256"] or ""
            yield DatasetFact(
                identifier,
                row["state"],
                _seconds(row["created_at"]) or 0.0,
                _seconds(row["touched_at"]) or 0.0,
                sha256,
                row["rows"] or 0,
                row["reason_code"] or "",
                row["reason"] or "",
                sample=bool(row["sample"]),
                has_rows=bool(row["sample"]) or (self.data / "datasets" / identifier / "data.parquet").is_file(),
                has_original=(self.data / "originals" / (sha256 or "-")).is_file(),
            )

    def _experiments(self) -> Iterator[ExperimentFact]:
        query = (
            "SELECT experiments.*, "
            "(SELECT count(*) FROM fit_timings WHERE experiment_id = experiments.id) AS results, "
            "(SELECT count(*) FROM jobs WHERE subject_id = experiments.id AND kind = 'train') AS jobs FROM experiments"
        )
        for row in self.rows(query):
            identifier, artefacts = _id(row["id"]), row["artefacts"] or ""
            folder = self.data / "experiments" / identifier
            names = tuple(sorted(path.name for path in folder.iterdir())) if folder.is_dir() else ()
            yield ExperimentFact(
                identifier,
                _id(row["draft_id"]) if row["draft_id"] else "",
                row["state"],
                _seconds(row["created_at"]) or 0.0,
                _seconds(row["finished_at"]),
                row["failure_code"] or "",
                row["failure"] or "",
                artefacts,
                names,
                has_files=bool(artefacts) and (folder / artefacts / "predictions.csv").is_file(),
                results=row["results"],
                jobs=row["jobs"],
            )

    def _stray_files(self, experiments: tuple[ExperimentFact, ...]) -> Iterator[str]:
        """Yield what no row names; what a row names wrongly is told with the row."""
        rows = self.rows("SELECT id, state, sha256, reason_code FROM datasets WHERE purged_at IS NULL")
        named = {_id(row["id"]) for row in rows}
        upload = {_id(row["id"]) for row in rows if row["state"] == "receiving"}
        hashes = {row["sha256"] for row in rows if row["state"] != "failed" or row["reason_code"] in WAITING}
        launched = {experiment.id for experiment in experiments}
        for path in _entries(self.data / "datasets"):
            if path.name not in named:
                yield str(path.relative_to(self.data))
        for path in _entries(self.data / "experiments"):
            if path.name not in launched:
                yield str(path.relative_to(self.data))
        for path in _entries(self.data / "originals"):
            if path.name not in hashes:
                yield str(path.relative_to(self.data))
        for path in _entries(self.data / "incoming"):
            if path.suffix != ".part" or path.stem not in upload:
                yield str(path.relative_to(self.data))

    def age_files(self, seconds: float = 2 * 3600) -> None:
        """Make everything that lies about as old as upkeep waits for; while nothing runs, nobody minds."""
        moment = time.time() - seconds
        for folder in ("datasets", "experiments", "originals", "incoming"):
            for path in (self.data / folder).rglob("*"):
                with contextlib.suppress(FileNotFoundError):
                    os.utime(path, (moment, moment))


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _id(raw: str) -> str:
    return str(uuid.UUID(raw))


def _seconds(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
