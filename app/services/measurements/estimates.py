"""Timings of fits on this machine, stored and read for the estimates."""

from __future__ import annotations

import hashlib
import os
import platform
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.contest.summary import ContestSummary
from app.domain.errors import TrainingError
from app.domain.estimation import Experience, Machine, Timing, Workload, this_machine, workload_of
from app.domain.estimation.prior import FIT, IMPORTANCE, REST, START
from app.domain.experiment import Spec, candidates_of
from app.domain.training.preprocessing.preparation import columns_read
from app.domain.vocabulary import JobKind
from app.services.context import current_settings
from app.services.measurements import runner
from app.services.measurements.request import MeasurementRequest
from app.services.measurements.runner import Measurement, Parts
from app.storage import timings
from app.storage.tables import Dataset, FitTiming

MAX_TIMINGS = 2_000
TIMED_ROWS = 8_000


# What was read of each database so far: the number of the newest timing, and the experience up to it.
_known: dict[str, tuple[int, Experience]] = {}


def learned_machine() -> Machine:
    """Return this machine with what was learnt on it."""
    limits = current_settings().limits
    return replace(this_machine(), job_memory_mb=float(limits.train_memory_mb), experience=_experience())


def _experience() -> Experience:
    database, whose = current_settings().database_url, machine_fingerprint()
    last, current = _known.get(database, (0, Experience()))
    newest = timings.newest_number(whose)
    if newest == last:
        return current
    # A smaller number is that of a database that was put in the place of another.
    before = current.timings if newest > last else ()
    rows = timings.list_timings(whose, after=last if newest > last else 0, most=MAX_TIMINGS)
    read = (timing for row in rows if (timing := _parse_timing(row)) is not None)
    experience = Experience((*before, *read)[-MAX_TIMINGS:])
    _known[database] = (newest, experience)
    return experience


def _parse_timing(row: FitTiming) -> Timing | None:
    work = Workload.from_json(row.workload)
    return None if work is None else Timing(work, row.seconds, row.memory_mb, row.idle_mb)


@cache
def machine_fingerprint() -> str:
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
class ResourceUsage:
    """What a launch took: seconds on the wall and of the processor, those before it trained, and its memory.

    `one_fit_mb` is what it would have held with one fit at a time.
    """

    seconds: float
    work_seconds: float
    start_seconds: float
    memory_mb: float
    idle_mb: float
    one_fit_mb: float

    def actual(self) -> dict[str, float]:
        """Return the actual cost for the page, beside the estimate."""
        return {
            "seconds": round(self.seconds, 3),
            "work_seconds": round(self.work_seconds, 3),
            "memory_mb": self.memory_mb,
        }


def record_usage(
    experiment_id: uuid.UUID, spec: Spec, profile: DatasetProfile, *, work: Mapping[str, float], usage: ResourceUsage
) -> None:
    """Keep what a launch took, in the caller's transaction. `work` are seconds of the processor by part."""
    parts = {name: work[name] for name in (FIT, IMPORTANCE) if name in work}
    rest = usage.work_seconds - usage.start_seconds - sum(parts.values())
    timings.add_timing(
        machine_fingerprint(),
        workload=workload_of(spec, profile).to_json(),
        seconds={START: usage.start_seconds, **parts, REST: max(rest, 0.0)},
        memory_mb=usage.one_fit_mb,
        idle_mb=usage.idle_mb,
        experiment_id=experiment_id,
    )
    timings.drop_old(machine_fingerprint(), keep=MAX_TIMINGS)


def learn_contest(
    experiment_id: uuid.UUID, spec: Spec, profile: DatasetProfile, contest: ContestSummary | None
) -> None:
    """Keep what the fits of each candidate took, in the caller's transaction; a search makes no two launches alike."""
    candidates = candidates_of(spec)
    for entry in () if contest is None else contest.entries:
        if entry.is_blend or entry.is_tuned or not entry.folds_judged:
            continue
        work = workload_of(candidates[int(entry.key) - 1], profile)
        seconds = {FIT: entry.work_seconds * work.all_fits / entry.folds_judged}
        timings.add_timing(machine_fingerprint(), workload=work.to_json(), seconds=seconds, experiment_id=experiment_id)
    timings.drop_old(machine_fingerprint(), keep=MAX_TIMINGS)


@dataclass(frozen=True)
class TimedFits:
    """Short fits that were timed; complete where the experience knows enough of such work."""

    timings: tuple[Timing, ...] = ()
    complete: bool = False


@dataclass(frozen=True, kw_only=True)
class WorkloadRequest(MeasurementRequest):
    """What is asked of timed fits: a config on a dataset, and the work that its launch is."""

    spec: Spec
    workload: Workload


def _request_for(dataset: Dataset, profile: DatasetProfile, spec: Spec) -> WorkloadRequest:
    work = workload_of(spec, profile)
    # An estimator is timed on a dataset once.
    key, arguments = f"{work.dataset}-{work.estimator}"[:100], {"spec": spec.to_json()}
    return WorkloadRequest(dataset=dataset, profile=profile, key=key, arguments=arguments, spec=spec, workload=work)


def _save(_request: WorkloadRequest, part: TimedFits) -> None:
    for timing in part.timings:
        timings.add_timing(machine_fingerprint(), workload=timing.workload.to_json(), seconds=dict(timing.seconds))


def ask_for_timed_fits(dataset: Dataset, spec: Spec, profile: DatasetProfile) -> bool:
    """Enqueue timed fits of this estimator on this data, once; False where they are known already."""
    return not runner.is_complete(runner.ensure(MEASUREMENT, _request_for(dataset, profile, spec))[0])


def _compute(request: WorkloadRequest) -> Parts[TimedFits]:
    """Time short fits. Data that cannot carry the config is refused at the launch, and teaches nothing here."""
    from app.domain.estimation.timed_fits import timed_fits

    frame = request.read_frame(columns_read(request.spec, request.profile), sample_rows=TIMED_ROWS)
    with suppress(TrainingError):
        for count, timing in enumerate(timed_fits(request.spec, frame, request.profile), start=1):
            yield TimedFits((timing,)), {"done": count}


MEASUREMENT: Measurement[WorkloadRequest, TimedFits] = Measurement(
    kind=JobKind.CALIBRATE,
    find=lambda request: TimedFits(complete=_experience().knows(request.workload)),
    save=_save,
    compute=_compute,
    restore_request=lambda dataset, profile, arguments: _request_for(
        dataset, profile, Spec.model_validate(arguments["spec"])
    ),
)
