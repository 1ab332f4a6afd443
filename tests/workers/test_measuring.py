"""Real workers measure matrices and rankings, are stopped, are killed, and others go on after them."""

from __future__ import annotations

import os
import signal

import numpy as np
import pandas as pd
import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from app.domain.analysis.associations import correlation
from app.domain.analysis.associations.correlation import Method
from app.services.measurements import correlations, rankings
from app.storage import jobs
from app.storage.tables import Dataset, User
from tests.services.tables import upload
from tests.workers.conftest import Crew, Server, children_of, wait_until


@pytest.fixture
def wide(user: User) -> Dataset:
    """Return a table with holes everywhere, whose ranks take a worker some seconds."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        random.normal(size=(1200, 140)).round(3), columns=[f"gauge_{position}" for position in range(140)]
    )
    frame["flow"] = frame["gauge_0"] + frame["gauge_1"]
    dataset = upload(user, frame.mask(random.random(frame.shape) < 0.1).to_csv(index=False).encode(), "wide.csv")
    assert dataset.state == "ready"
    return dataset


def test_a_worker_measures_a_matrix_and_a_ranking(crew: Crew, wide: Dataset) -> None:
    state = correlations.start(wide, method=Method.PEARSON)
    assert (state.state, state.done) == ("queued", 1)
    crew.worker()
    wait_until(
        lambda: correlations.matrix_for(wide, method=Method.PEARSON).complete, seconds=60, what="the whole matrix"
    )
    done = correlations.matrix_for(wide, method=Method.PEARSON)
    assert done.matrix.known.all()
    assert done.state == "finished"
    assert rankings.ranking_for(wide, "flow").state == "queued"
    wait_until(lambda: rankings.ranking_for(wide, "flow").state == "finished", seconds=60, what="the ranking")
    assert {item.name for item in rankings.ranking_for(wide, "flow").items[:2]} == {"gauge_0", "gauge_1"}


def test_a_killed_worker_leaves_its_blocks_and_another_goes_on(crew: Crew, wide: Dataset) -> None:
    total = len(correlation.places_of(correlation.groups_of(141)))
    state = correlations.start(wide)
    worker = crew.worker()
    wait_until(lambda: correlations.matrix_for(wide).done >= 2, seconds=60, what="the first blocks")
    for child in children_of(worker.pid):
        os.kill(child, signal.SIGKILL)
    worker.kill()
    kept = correlations.matrix_for(wide).done
    assert 2 <= kept <= total
    crew.worker()
    crew.upkeep()
    wait_until(lambda: correlations.matrix_for(wide).complete, seconds=120, what="the rest of the matrix")
    assert state.job_id is not None
    assert jobs.get_job(state.job_id).attempt in (1, 2)


def test_a_job_queued_under_its_old_name_is_measured(crew: Crew, server: Server, wide: Dataset) -> None:
    state = correlations.start(wide, method=Method.PEARSON)
    old = Queue("measure", connection=Redis.from_url(server.url), serializer=JSONSerializer)
    assert [job.func_name for job in old.jobs] == ["workers.jobs.measure.measure"]
    old.empty()
    old.enqueue("workers.jobs.correlate.correlate", str(state.job_id), result_ttl=0)
    crew.worker()
    wait_until(
        lambda: correlations.matrix_for(wide, method=Method.PEARSON).complete, seconds=60, what="the whole matrix"
    )
