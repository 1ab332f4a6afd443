"""What launches took is stored with their end, and the next estimate knows it; each machine and database has its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.estimation import Timing, estimate, workload_of
from app.domain.estimation.prior import FIT, IMPORTANCE, REST, START
from app.domain.experiment import Spec
from app.domain.vocabulary import JobKind
from app.services.datasets import datasets
from app.services.jobs import life_cycle, training
from app.services.measurements import estimates, runner
from app.services.measurements.runner import JobLease
from app.storage import jobs, timings
from app.storage.db import transaction
from app.storage.tables import Dataset, Experiment, User
from tests.domain.tables import make_spec
from tests.services.measured import is_measured, work_off
from tests.services.test_training import RIVER, claim, experiment, fresh, launch, read_once, river, run

__all__ = ["experiment", "read_once", "river"]
FOREST = make_spec(
    task={"target": "y"}, selected=["a", "b"], estimator="random_forest", parameters={"n_estimators": 20}
)


def _store(spec: Spec, dataset: Dataset, *, machine: str | None = None, seconds: float = 5.0) -> None:
    profile = datasets.profile_of(dataset)
    assert profile is not None
    work = workload_of(spec, profile).to_json()
    with transaction():
        timings.add_timing(machine or estimates.machine_fingerprint(), workload=work, seconds={FIT: seconds})


def test_a_finished_launch_is_learnt_from_with_all_its_parts(river: Dataset, experiment: Experiment) -> None:
    before = estimates.learned_machine().experience
    assert before.timings == ()
    assert run(experiment, claim(experiment))
    (timing,) = estimates.learned_machine().experience.timings
    profile = datasets.profile_of(river)
    assert profile is not None
    assert timing.workload == workload_of(RIVER, profile)
    assert set(timing.seconds) == {START, FIT, IMPORTANCE, REST}
    assert all(seconds > 0 for seconds in timing.seconds.values())
    actual = fresh(experiment).actual
    assert actual is not None
    assert sum(timing.seconds.values()) == pytest.approx(actual["work_seconds"], abs=0.01)
    assert timing.memory_mb == actual["memory_mb"]
    assert timing.idle_mb is not None
    assert timing.idle_mb <= actual["memory_mb"]


def test_a_peak_that_reads_a_little_lower_at_the_end_is_not_below_what_was_held_before(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings = iter([627.0, 627.0, 626.9])
    monkeypatch.setattr(training, "peak_memory_mb", lambda: next(readings))
    assert run(experiment, claim(experiment))
    (timing,) = estimates.learned_machine().experience.timings
    assert (timing.idle_mb, timing.memory_mb) == (627.0, 627.0)


def test_the_next_estimate_knows_what_launches_took(user: User, river: Dataset) -> None:
    profile = datasets.profile_of(river)
    assert profile is not None
    first = estimate(RIVER, profile, estimates.learned_machine())
    for _ in range(3):
        row = launch(user, river)
        assert run(row, claim(row))
    actual = fresh(row).actual
    assert actual is not None
    second = estimate(RIVER, profile, estimates.learned_machine())
    assert "3 measured runs" in second.basis
    assert second.seconds_high / second.seconds_low < first.seconds_high / first.seconds_low
    assert second.memory_mb_low < actual["memory_mb"] < second.memory_mb_high


def test_a_launch_that_was_given_up_teaches_nothing(experiment: Experiment) -> None:
    first = claim(experiment, lease=-1)
    claim(experiment)
    assert not run(experiment, first)
    assert estimates.learned_machine().experience.timings == ()


def test_other_machines_are_none_of_ours(river: Dataset) -> None:
    _store(FOREST, river, machine="f" * 16)
    assert estimates.learned_machine().experience.timings == ()
    _store(FOREST, river)
    experience = estimates.learned_machine().experience
    assert len(experience.timings) == 1
    assert estimates.learned_machine().experience is experience, "Nothing new is read twice."
    _store(FOREST, river, seconds=7.0)
    assert [timing.seconds[FIT] for timing in estimates.learned_machine().experience.timings] == [5.0, 7.0]


def test_only_the_newest_timings_are_kept(river: Dataset) -> None:
    for seconds in (1.0, 2.0, 3.0):
        _store(FOREST, river, seconds=seconds)
    with transaction():
        timings.drop_old(estimates.machine_fingerprint(), keep=2)
    rows = timings.list_timings(estimates.machine_fingerprint(), most=10)
    assert [row.seconds[FIT] for row in rows] == [2.0, 3.0]


def test_the_memory_of_a_job_is_the_limit_of_the_settings() -> None:
    assert estimates.ResourceUsage(3.0, 2.0, 1.0, 300.0, 200.0, 250.0).actual() == {
        "seconds": 3.0,
        "work_seconds": 2.0,
        "memory_mb": 300.0,
    }


def _asked(dataset: Dataset, spec: Spec = FOREST) -> bool:
    profile = datasets.profile_of(dataset)
    assert profile is not None
    return estimates.ask_for_timed_fits(dataset, spec, profile)


def test_an_estimator_is_timed_on_the_data_once(river: Dataset) -> None:
    assert estimates.learned_machine().job_memory_mb == 8192
    assert _asked(river)
    assert _asked(river, FOREST.model_copy(update={"name": "Another"})), "The same job is found again."
    with transaction():
        waiting = [job for job in _open_jobs(river) if job.kind == JobKind.CALIBRATE.value]
    (job,) = waiting
    assert life_cycle.count_open_jobs(river.owner_id) == 0, "What the page asks for stands in no launch's way."
    assert work_off(job)
    experience = estimates.learned_machine().experience
    assert experience.timings
    assert all(
        timing.workload.estimator == "random_forest" and timing.memory_mb is None for timing in experience.timings
    )
    assert not _asked(river), "What is known is not asked for."


def test_timed_fits_that_cannot_be_made_or_are_not_wanted_leave_nothing(river: Dataset) -> None:
    assert _asked(river)
    (job,) = _open_jobs(river)
    lost = JobLease(job.id, 1, lambda: True)
    assert not is_measured(job, lost)
    text = make_spec(task={"target": "word"}, selected=["a"]).to_json()
    # Such a target cannot be learnt, which is no fault here.
    runner.run_job(estimates.MEASUREMENT, river.id, {"spec": text}, lost)
    assert estimates.learned_machine().experience.timings == ()


def _open_jobs(dataset: Dataset) -> list[jobs.Job]:
    from sqlalchemy import select

    from app.storage.db import db

    return list(db.session.scalars(select(jobs.Job).where(jobs.Job.subject_id == dataset.id)))


def test_machines_are_told_apart_by_sixteen_digits() -> None:
    assert len(estimates.machine_fingerprint()) == 16
    assert estimates.machine_fingerprint() == estimates.machine_fingerprint()


def test_what_another_version_wrote_is_passed_over(river: Dataset) -> None:
    with transaction():
        timings.add_timing(estimates.machine_fingerprint(), workload={"estimator": "gone"}, seconds={})
    assert estimates.learned_machine().experience.timings == ()


def test_a_timing_without_memory_is_one(tmp_path: Path, river: Dataset) -> None:
    _store(FOREST, river)
    (timing,) = estimates.learned_machine().experience.timings
    assert timing == replace(timing)
    assert isinstance(timing, Timing)
    assert (timing.memory_mb, timing.idle_mb) == (None, None)
