"""What happened in a run: what users were told, what harm was done, and what was found at the end. Values only."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Harm:
    """Something that was done to the product. `kind` is kill, lock, full_disk or restart; times are seconds since 1970."""

    kind: str
    victim: str
    moment: str
    began_at: float
    ended_at: float


@dataclass(frozen=True)
class Acknowledged:
    """Something that the product answered with 2xx or 303, so that it must be there for ever.

    `what` is draft, save, undo, upload or launch. For a save, `value` was answered to the field `path`. For an undo,
    `version` is that of the draft before it.
    """

    what: str
    at: float
    draft_id: str = ""
    path: str = ""
    value: str = ""
    version: int = 0
    experiment_id: str = ""
    sha256: str = ""
    rows: int = 0


@dataclass(frozen=True)
class Fault:
    """An answer that no user should get: a 5xx that promises nothing, or a refusal of something that was right."""

    at: float
    asked: str
    status: int
    code: str = ""
    message: str = ""


@dataclass
class History:
    """All that happened in a run; several threads write to it."""

    harms: list[Harm] = field(default_factory=list)
    acknowledged: list[Acknowledged] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, entry: Harm | Acknowledged | Fault) -> None:
        """Write an entry down."""
        places: dict[type, list[Any]] = {Harm: self.harms, Acknowledged: self.acknowledged, Fault: self.faults}
        with self._lock:
            places[type(entry)].append(entry)

    def count(self, status: int) -> None:
        """Count an answer by its status; 0 is a connection that was cut or refused."""
        with self._lock:
            self.answers[status] = self.answers.get(status, 0) + 1


@dataclass(frozen=True)
class DraftFact:
    """A draft as it stands: its version, and of each save the version, the changes and what it undoes."""

    id: str
    version: int
    saves: tuple[tuple[int, Mapping[str, Any], int | None], ...] = ()


@dataclass(frozen=True)
class DatasetFact:
    """A dataset as it stands, and whether its rows and the bytes it was read from lie on the disk."""

    id: str
    state: str
    created_at: float
    touched_at: float
    sha256: str = ""
    rows: int = 0
    reason_code: str = ""
    reason: str = ""
    sample: bool = False
    has_rows: bool = False
    has_original: bool = False


@dataclass(frozen=True)
class ExperimentFact:
    """An experiment as it stands. `results` counts what was learnt from its results; `folders` lie on the disk."""

    id: str
    draft_id: str
    state: str
    created_at: float
    finished_at: float | None = None
    code: str = ""
    reason: str = ""
    artefacts: str = ""
    folders: tuple[str, ...] = ()
    has_files: bool = False
    results: int = 0
    jobs: int = 1


@dataclass(frozen=True)
class JobFact:
    """A job as it stands; `held` says that somebody holds a lease on it that has not run out."""

    id: str
    kind: str
    subject_id: str
    state: str
    created_at: float
    finished_at: float | None = None
    code: str = ""
    reason: str = ""
    held: bool = False

    @property
    def is_open(self) -> bool:
        """Return whether the job has not ended."""
        return self.state in ("queued", "running")


@dataclass(frozen=True)
class Facts:
    """All that is found at the end of a run. `stray_files` and `stray_processes` belong to nothing."""

    drafts: tuple[DraftFact, ...] = ()
    datasets: tuple[DatasetFact, ...] = ()
    experiments: tuple[ExperimentFact, ...] = ()
    jobs: tuple[JobFact, ...] = ()
    stray_files: tuple[str, ...] = ()
    stray_processes: tuple[str, ...] = ()
    database: str = "ok"
    audit_faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """A look at what is still going on, so many seconds after the last harm."""

    seconds: float
    open_ids: frozenset[str]
    is_busy: bool
