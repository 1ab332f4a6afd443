"""Which worker serves which queue."""

from __future__ import annotations

import pytest

from app.domain.vocabulary import JobKind
from app.queue import ALL_QUEUES, ANALYSIS, MEASURE, QUICK, TRAIN, queues_of_workers
from app.services.jobs.kinds import KINDS


@pytest.mark.parametrize("workers", [1, 2, 3, 8])
def test_nothing_short_waits_for_what_is_long_and_every_queue_is_served(workers: int) -> None:
    queues = queues_of_workers(workers)
    assert len(queues) == max(3, workers)
    assert {name for names in queues for name in names} == set(ALL_QUEUES)
    assert queues[-1] == (QUICK, ANALYSIS)
    assert queues[-2] == (ANALYSIS, QUICK, MEASURE)
    for names in queues[:-1]:
        assert [name for name in ALL_QUEUES if name in names] == list(names)


def test_every_kind_of_job_has_its_queue_and_only_the_short_ones_are_quick() -> None:
    assert set(KINDS) == set(JobKind)
    quick = {kind for kind, job_type in KINDS.items() if job_type.queue == QUICK}
    measures = {JobKind.RANK_DERIVED, JobKind.MEASURE_MEMORY}
    assert quick == {JobKind.ASSOCIATE, JobKind.CALIBRATE, JobKind.RECOMMEND} | measures
    assert {kind for kind, job_type in KINDS.items() if job_type.queue == TRAIN} == {JobKind.TRAIN}
