"""The checks of `hydroml doctor`, and readiness."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.domain.errors import AuditKeyError
from app.domain.estimators import plugins, registry
from app.services.context import current_settings
from app.services.datasets import analysis_cache, stored_files
from app.services.datasets.datasets import SAMPLES
from app.services.system import system_state
from app.services.system.system_state import SystemState
from app.storage import audit, audit_heads, engine, files
from app.storage.db import db
from app.storage.integrity import Soundness
from app.storage.migrating import newest_revision

PACKAGES = ("flask", "rq", "redis", "duckdb", "scikit-learn", "pandas", "numpy")


@dataclass(frozen=True)
class Check:
    """One thing looked at. `warning` says that it works but ought to be better."""

    ok: bool
    sentence: str
    warning: bool = False


def examine() -> list[Check]:
    """Look at files, database, queue, workers and versions."""
    state = system_state.look()
    stored = (*_check_files(state), *_stored_files(), *_check_audit_key())
    return [*stored, *_check_database(state), *_check_queue(state), *_check_estimators(), _check_versions()]


def readiness() -> tuple[bool, dict[str, str | list[str]]]:
    """Return whether all parts do their work, what each says in a word, and a sentence for each that does not."""
    state = system_state.current_state()
    parts: dict[str, str | list[str]] = {part.name: part.word for part in state.parts}
    parts["cache"] = _cache_words() if state.part("queue").is_whole else system_state.UNREACHABLE
    faults = list(dict.fromkeys(part.sentence for part in state.parts if part.sentence))
    return state.is_ready, {**parts, "faults": faults}


def _cache_words() -> str:
    counts = analysis_cache.cache_counts()
    if counts is None:
        return "unreachable"
    if counts.rate is None:
        return "nothing asked yet"
    return f"{counts.hits:,} of {counts.hits + counts.misses:,} found ({100 * counts.rate:.0f} %)"


def _check_files(state: SystemState) -> list[Check]:
    settings = current_settings()
    checks = []
    writable = os.access(settings.data, os.W_OK)
    can = "can" if writable else "cannot"
    checks.append(Check(writable, f"The data folder {can} be written."))
    free = files.free_mb(settings.data)
    checks.append(Check(state.part("disk").is_whole, f"{free:,.0f} MB are free on its disk."))
    missing = [sample.file for sample in SAMPLES if not (settings.samples / sample.file).exists()]
    message = f"The sample {missing[0]} is missing." if missing else f"All {len(SAMPLES)} samples are there."
    checks.append(Check(not missing, message))
    return checks


def _stored_files() -> list[Check]:
    """Compare every stored file with its hash."""
    try:
        stored = list(stored_files.examine_all())
    except SQLAlchemyError:
        # A database that cannot be used has a sentence of its own below.
        return []
    faults = [file for file in stored if file.state in (Soundness.DAMAGED, Soundness.MISSING)]
    unknown = sum(file.state is Soundness.UNKNOWN for file in stored)
    sound = len(stored) - unknown - len(faults)
    checks = [Check(ok=True, sentence=f"{sound:,} stored files are what was stored.")]
    if unknown:
        sentence = f"{unknown:,} stored files have no hash yet; one is written when they are next read."
        checks.append(Check(ok=True, sentence=sentence, warning=True))
    return [*checks, *(Check(ok=False, sentence=fault.sentence) for fault in faults)]


def _check_audit_key() -> list[Check]:
    """Look for the key of the audit trail, which nothing can replace."""
    try:
        if audit.head().number:
            audit_heads.load_key(current_settings().data)
    except SQLAlchemyError:
        # A database that cannot be used has a sentence of its own below.
        return []
    except AuditKeyError as fault:
        return [Check(ok=False, sentence=fault.message)]
    return [Check(ok=True, sentence="The audit trail has its key.")]


def _check_database(state: SystemState) -> list[Check]:
    settings = current_settings()
    part = state.part("database")
    checks = []
    if part.word not in (system_state.OK, system_state.UNREACHABLE):
        checks.append(Check(ok=False, sentence=part.sentence))
    try:
        if engine.is_sqlite(settings.database_url):
            answer = " ".join(str(db.session.execute(text("PRAGMA integrity_check")).scalar()).split())
            words = "sound" if answer == "ok" else answer[:200].rstrip(".")
            checks.append(Check(answer == "ok", f"The database says it is {words}."))
        position = db.session.execute(text("SELECT version_num FROM alembic_version")).scalar()
        needed = newest_revision()
        more = "" if position == needed else f", and this HydroML needs {needed}"
        checks.append(Check(position == needed, f"The database is at migration {position}{more}."))
    except SQLAlchemyError as fault:
        checks.append(Check(ok=False, sentence=f"The database cannot be used: {type(fault).__name__}."))
    safe, sentence = engine.sqlite_report(settings.database_url)
    checks.append(Check(ok=True, sentence=sentence, warning=not safe))
    return checks


def _check_queue(state: SystemState) -> list[Check]:
    if current_settings().redis_url is None:
        return [Check(ok=True, sentence="No queue is named here; `hydroml up` brings its own.", warning=True)]
    reachable = state.part("queue").is_whole
    answer = "The Redis-protocol server answers." if reachable else "The Redis-protocol server does not answer."
    checks = [Check(reachable, answer)]
    if reachable:
        checks.append(Check(ok=True, sentence=f"The cache of analyses: {_cache_words()}."))
    workers = state.part("workers")
    if workers.word != system_state.UNKNOWN:
        # A database that cannot be used has a sentence of its own already.
        checks.append(Check(workers.is_whole, f"{workers.word} workers have reported within 30 s."))
    return checks


def _check_estimators() -> list[Check]:
    """Check the estimators of other packages and the boosters that are installed, and fit those that look sound."""
    checks = [Check(ok=False, sentence=sentence) for sentence in registry.BROUGHT.faults]
    for entry in registry.BROUGHT.entries:
        fault = plugins.try_estimator(entry)
        words = f"cannot be used: {fault.rstrip('.')}" if fault else "fits and predicts"
        checks.append(Check(not fault, f"The estimator {entry.id} of {entry.origin} {words}."))
    for entry in registry.BOOSTERS:
        fault = plugins.try_estimator(entry)
        words = f"cannot be used: {fault.rstrip('.')}" if fault else "fits and predicts"
        checks.append(Check(not fault, f"{entry.title} {words}."))
    return checks


def _check_versions() -> Check:
    parts = [f"Python {sys.version.split()[0]}"]
    parts += [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    return Check(ok=True, sentence=", ".join(parts) + ".")
