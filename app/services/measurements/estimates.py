"""What this machine has learnt of its own pace: kept in a table, read once, and read on when more is there."""

from __future__ import annotations

import hashlib
import os
import platform
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import TrainingError
from app.domain.estimation import Experience, Machine, Timing, Workload, this_machine, workload_of
from app.domain.estimation.prior import FIT, IMPORTANCE, REST, START
from app.domain.experiment import Spec
from app.domain.training.preprocessing.preparation import columns_read
from app.domain.vocabulary import JobKind
from app.services.context import current_settings
from app.services.datasets import datasets
from app.services.measurements.measuring import Held, ask_worker
from app.storage import columnar, timings
from app.storage.datasets import find_dataset
from app.storage.db import transaction
from app.storage.tables import Dataset, FitTiming

MOST_TIMINGS = 2_000
TIMED_ROWS = 8_000


@dataclass
class _Known:
    """What was read of each database so far: the number of the newest timing, and the experience up to it."""

    by_database: dict[str, tuple[int, Experience]] = field(default_factory=dict)


_known = _Known()


def machine() -> Machine:
    """Return this machine with what was learnt on it."""
    limits = current_settings().limits
    return replace(this_machine(), job_memory_mb=float(limits.train_memory_mb), experience=_experience())


def _experience() -> Experience:
    database, whose = current_settings().database_url, fingerprint()
    last, held = _known.by_database.get(database, (0, Experience()))
    newest = timings.newest(whose)
    if newest == last:
        return held
    # A smaller number is that of a database that was put in the place of another.
    before = held.timings if newest > last else ()
    rows = timings.list_timings(whose, after=last if newest > last else 0, most=MOST_TIMINGS)
    read = (one for row in rows if (one := _timing(row)) is not None)
    found = Experience((*before, *read)[-MOST_TIMINGS:])
    _known.by_database[database] = (newest, found)
    return found


def _timing(row: FitTiming) -> Timing | None:
    work = Workload.from_json(row.workload)
    return None if work is None else Timing(work, row.seconds, row.memory_mb, row.idle_mb)


@cache
def fingerprint() -> str:
    """Return 16 hexadecimal digits for machines that take as long: processor, memory, Python and scikit-learn."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line for line in lines if line.startswith("model name")), platform.processor())
    except OSError:
        model = platform.processor()
    size = round(this_machine().memory_mb / 1000)
    parts = (model, platform.machine(), os.cpu_count(), size, platform.python_version(), version("scikit-learn"))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Taken:
    """What a launch took: seconds on the wall and of the processor, those before it trained, and its memory."""

    seconds: float
    work_seconds: float
    start_seconds: float
    memory_mb: float
    idle_mb: float

    def actual(self) -> dict[str, float]:
        """Return what the page shows beside what was estimated."""
        return {
            "seconds": round(self.seconds, 3),
            "work_seconds": round(self.work_seconds, 3),
            "memory_mb": self.memory_mb,
        }


def learn(
    experiment_id: uuid.UUID, spec: Spec, profile: DatasetProfile, *, work: Mapping[str, float], taken: Taken
) -> None:
    """Keep what a launch took, in the caller's transaction. `work` are seconds of the processor by part."""
    parts = {name: work[name] for name in (FIT, IMPORTANCE) if name in work}
    rest = taken.work_seconds - taken.start_seconds - sum(parts.values())
    timings.add_timing(
        fingerprint(),
        workload=workload_of(spec, profile).to_json(),
        seconds={START: taken.start_seconds, **parts, REST: max(rest, 0.0)},
        memory_mb=taken.memory_mb,
        idle_mb=taken.idle_mb,
        experiment_id=experiment_id,
    )
    timings.drop_old(fingerprint(), keep=MOST_TIMINGS)


def ask_for_timed_fits(dataset: Dataset, spec: Spec, profile: DatasetProfile) -> bool:
    """Have a worker time this estimator on this data, once; False where it is known already."""
    work = workload_of(spec, profile)
    if _experience().knows(work):
        return False
    arguments: dict[str, Any] = {"spec": spec.to_json()}
    key = f"{work.dataset}-{work.estimator}"[:100]
    ask_worker(JobKind.CALIBRATE, dataset, key=key, arguments=arguments)
    return True


def time_for_job(dataset_id: uuid.UUID, arguments: Mapping[str, Any], held: Held) -> bool:
    """Time short fits for a worker, and keep each as it comes; False when the job was given to somebody else.

    Data that cannot carry the config is said when it is launched; there is nothing to learn from it here.
    """
    from app.domain.estimation.timed_fits import timed_fits

    dataset = find_dataset(dataset_id)
    profile = datasets.profile_of(dataset) if dataset is not None else None
    if dataset is None or profile is None:
        return True
    spec = Spec.model_validate(arguments["spec"])
    names = columns_read(spec, profile)
    frame = columnar.read_frame(datasets.sound_rows_of(dataset), profile, names, sample_rows=TIMED_ROWS)
    try:
        for count, one in enumerate(timed_fits(spec, frame, profile), start=1):
            with transaction():
                if held.should_stop() or not held.keeps({"done": count}):
                    return False
                timings.add_timing(fingerprint(), workload=one.workload.to_json(), seconds=dict(one.seconds))
    except TrainingError:
        return True
    return True
