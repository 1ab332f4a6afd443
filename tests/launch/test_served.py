"""Which worker serves which queue."""

from __future__ import annotations

import pytest

from app.domain.vocabulary import JobKind
from app.queue import ALL_QUEUES, ANALYSIS, FUNCTIONS, MEASURE, QUEUES, QUICK, TRAIN, served
from app.services.measurements.kinds import MEASUREMENTS
from workers.rq_worker import RENAMED_FUNCTIONS


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_nothing_short_waits_for_what_is_long_and_every_queue_is_served(workers: int) -> None:
    queues = served(workers)
    assert len(queues) == max(3, workers)
    assert {name for names in queues for name in names} == set(ALL_QUEUES)
    assert queues[-1] == (QUICK, ANALYSIS)
    assert queues[-2] == (ANALYSIS, QUICK, MEASURE)
    for names in queues[:-1]:
        assert [name for name in ALL_QUEUES if name in names] == list(names)


def test_every_kind_of_job_has_its_queue_and_only_the_short_ones_are_quick() -> None:
    assert set(QUEUES) == set(JobKind)
    quick = {kind for kind, name in QUEUES.items() if name == QUICK}
    assert quick == {JobKind.ASSOCIATE, JobKind.CALIBRATE, JobKind.RECOMMEND}
    assert {kind for kind, name in QUEUES.items() if name == TRAIN} == {JobKind.TRAIN}


def test_every_renamed_function_leads_to_one_of_today() -> None:
    assert set(RENAMED_FUNCTIONS.values()) <= set(FUNCTIONS.values())
    assert set(RENAMED_FUNCTIONS).isdisjoint(FUNCTIONS.values())


def test_every_kind_of_measurement_has_its_job() -> None:
    measured = {kind for kind, name in FUNCTIONS.items() if name == "workers.jobs.measure.measure"}
    assert set(MEASUREMENTS) == measured
    assert all(kind is measurement.kind for kind, measurement in MEASUREMENTS.items())
