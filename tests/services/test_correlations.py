"""Matrices as services: at once or by a worker, block by block, kept when stopped, refused where they are too wide."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from flask import Flask

from app.domain.analysis.associations import correlation
from app.domain.analysis.associations.correlation import Method
from app.domain.errors import DomainError, TooManyError
from app.domain.vocabulary import ColumnKind, JobKind
from app.services.datasets import datasets
from app.services.jobs import jobs as job_views
from app.services.measurements import correlations, runner
from app.services.measurements.correlations import MatrixState
from app.services.measurements.runner import JobLease
from app.storage import jobs, measurements
from app.storage.db import transaction
from app.storage.tables import Dataset, Job, User
from tests.services.measured import is_measured, work_off
from tests.services.tables import upload, wide_csv, with_limits


@pytest.fixture
def for_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat every dataset as a large one, in small blocks, the first of them by the worker as well."""
    monkeypatch.setattr(runner, "INLINE_CELLS", 0)
    monkeypatch.setattr(correlations, "FIRST_CELLS", 0)
    monkeypatch.setattr(correlation, "FIRST_COLUMNS", 4)
    monkeypatch.setattr(correlation, "BLOCK_COLUMNS", 10)


@pytest.fixture
def wide(user: User) -> Dataset:
    return upload(user, wide_csv(columns=40, rows=60))


def table(user: User, **columns: Any) -> Dataset:
    return upload(user, pd.DataFrame(columns).to_csv(index=False).encode())


def job_of(state: MatrixState) -> Job:
    assert state.job_id is not None
    return jobs.get_job(state.job_id)


def test_a_small_table_is_measured_at_once_and_agrees_with_pandas(user: User) -> None:
    sample = datasets.use_sample(user, "penguins")
    state = correlations.start(sample, method=Method.SPEARMAN)
    assert (state.state, state.complete, state.job_id, state.reason) == ("finished", True, None, "")
    profile = datasets.profile_of(sample)
    assert profile is not None
    from app.services.datasets.datasets import parquet_of
    from app.storage.columnar import read_frame

    names = [name for name in state.names if profile.column(name).kind.is_number]
    expected = read_frame(parquet_of(sample), profile, names).corr(method="spearman", min_periods=10).to_numpy()
    positions = [state.names.index(name) for name in names]
    np.testing.assert_allclose(state.matrix.values[np.ix_(positions, positions)], expected, atol=1e-9)
    assert state.rows_used == state.rows == 344


def test_nothing_is_started_by_looking(wide: Dataset) -> None:
    state = correlations.matrix_for(wide)
    assert (state.state, state.done, state.complete) == ("none", 0, False)
    assert jobs.find_job(wide.id, JobKind.CORRELATE) is None


@pytest.mark.usefixtures("for_a_worker")
def test_a_worker_stores_block_by_block_and_all_of_them_make_the_matrix(wide: Dataset) -> None:
    matrix_state = correlations.start(wide, method=Method.PEARSON)
    assert (matrix_state.state, matrix_state.done) == ("queued", 0)
    assert correlations.start(wide, method=Method.PEARSON).job_id == matrix_state.job_id
    assert work_off(job_of(matrix_state))
    state = correlations.matrix_for(wide, method=Method.PEARSON)
    assert (state.state, state.done, state.total) == ("finished", 15, 15)
    assert state.matrix.known.all()
    assert job_of(matrix_state).progress["fraction"] == 1
    assert job_of(matrix_state).progress["seconds_left"] == 0


@pytest.mark.usefixtures("for_a_worker")
def test_a_stopped_matrix_keeps_its_blocks_and_goes_on_after_them(wide: Dataset) -> None:
    first = correlations.start(wide)
    assert not work_off(job_of(first), parts=4)
    correlations.cancel(wide)
    part = correlations.matrix_for(wide)
    assert (part.done, part.complete) == (4, False)
    job_views.cancel(_owner(wide), job_of(first).id)
    with transaction():
        jobs.end(job_of(first).id, attempt=1, state=jobs.RunState.CANCELLED)
    assert correlations.matrix_for(wide).state == "cancelled"
    again = correlations.start(wide)
    assert again.job_id != first.job_id
    assert again.done == 4
    assert work_off(job_of(again))
    assert correlations.matrix_for(wide).state == "finished"


@pytest.mark.usefixtures("for_a_worker")
def test_a_worker_that_lost_the_job_stores_nothing_more(wide: Dataset) -> None:
    state = correlations.start(wide)
    with transaction():
        jobs.claim(job_of(state).id, worker_id="first", lease_seconds=-1)
        assert jobs.claim(job_of(state).id, worker_id="second", lease_seconds=30) == 2
    assert not is_measured(job_of(state), JobLease(job_of(state).id, 1, lambda: False))
    assert correlations.matrix_for(wide).done == 0


@pytest.mark.usefixtures("for_a_worker")
def test_a_waiting_job_is_cancelled_at_once(wide: Dataset) -> None:
    correlations.start(wide)
    assert correlations.cancel(wide).state == "cancelled"
    assert correlations.cancel(wide).state == "cancelled"


def test_the_first_block_is_there_when_a_large_table_is_asked_for(
    wide: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "INLINE_CELLS", 0)
    state = correlations.start(wide)
    assert (state.state, state.done) == ("queued", 1)
    assert len(state.matrix.ranked()) == correlation.FIRST_COLUMNS * (correlation.FIRST_COLUMNS - 1) // 2


def test_columns_methods_and_kinds_make_matrices_of_their_own(user: User) -> None:
    dataset = table(
        user, a=range(60), b=[position % 7 for position in range(60)], c=[position % 3 for position in range(60)]
    )
    whole = correlations.start(dataset)
    assert whole.matrix.measure(0, 2) == "Spearman"
    part = correlations.start(dataset, columns=["c", "a"])
    assert part.names == ("c", "a")
    as_word = correlations.start(dataset, kinds={"c": ColumnKind.CATEGORICAL})
    assert as_word.matrix.measure(0, 2) == "correlation ratio"
    assert correlations.matrix_for(dataset).matrix.measure(0, 2) == "Spearman"


def test_every_group_of_a_sample_holds_the_same_rows(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=3000).round(6)
    dataset = table(user, **{f"x{position}": values * (position + 1) for position in range(12)})
    monkeypatch.setattr(correlations, "MAX_CELLS", 12 * 500)
    monkeypatch.setattr(correlation, "FIRST_COLUMNS", 3)
    monkeypatch.setattr(correlation, "BLOCK_COLUMNS", 7)
    state = correlations.start(dataset, method=Method.PEARSON)
    assert (state.rows_used, state.rows) == (500, 3000)
    np.testing.assert_allclose(state.matrix.values, 1.0, atol=1e-9)


def test_too_many_columns_and_unknown_ones_are_refused(app: Flask, wide: Dataset) -> None:
    with_limits(app, matrix_columns=39)
    with pytest.raises(DomainError, match="A matrix of 40 columns is more than the 39") as caught:
        correlations.start(wide)
    assert (caught.value.code, caught.value.field, caught.value.status) == ("too_many_columns", "columns", 422)
    assert correlations.start(wide, columns=["gauge_1", "flow"]).complete
    with pytest.raises(DomainError, match="no column named gone"):
        correlations.matrix_for(wide, columns=["gone"])


@pytest.mark.usefixtures("for_a_worker")
def test_a_member_with_too_many_jobs_is_told_to_wait(app: Flask, wide: Dataset) -> None:
    with_limits(app, user_queued_jobs=0)
    with pytest.raises(TooManyError, match="jobs are waiting"):
        correlations.start(wide)


def test_columns_that_do_not_vary_are_no_fault(user: User) -> None:
    dataset = table(user, a=[1] * 50, b=["x"] * 50, c=[1.5] * 50)
    assert correlations.start(dataset).state == "finished"
    state = correlations.start(dataset, columns=["a", "b", "c"])
    assert "None of these columns varies" in state.reason
    assert correlations.rank_pairs(state).total == 0


def test_two_rows_are_no_fault(user: User) -> None:
    state = correlations.start(table(user, a=[1, 2], b=[2, 1]))
    assert "nothing to compare" in state.reason
    assert state.matrix.value(0, 1) is None


def test_the_ranked_pairs_are_paged(wide: Dataset) -> None:
    state = correlations.start(wide)
    first, last = (correlations.rank_pairs(state, page=page) for page in (1, 999))
    assert (first.total, first.pages, last.page) == (780, 16, 16)
    assert len(last.lines) == 780 - 15 * 50
    assert abs(first.lines[0].value) >= abs(last.lines[-1].value)
    assert correlations.rank_pairs(state, threshold=0.9).total < 780
    assert all("flow" in (line.column, line.other) for line in correlations.rank_pairs(state, word="FLOW").lines)


def test_pairs_are_pictures_of_their_kinds(user: User) -> None:
    penguins = datasets.use_sample(user, "penguins")
    points = correlations.picture_of_pair(penguins, "Body Mass (g)", "Flipper Length (mm)")
    assert (points.kind, points.measure, points.rows) == ("scatter", "Spearman", 342)
    assert len(points.points) == 342
    boxes = correlations.picture_of_pair(penguins, "Body Mass (g)", "Species")
    assert (boxes.kind, boxes.column, boxes.other) == ("boxes", "Species", "Body Mass (g)")
    assert sum(box.rows for box in boxes.boxes) == 342
    assert all(list(box.quantiles) == sorted(box.quantiles) for box in boxes.boxes)
    counts = correlations.picture_of_pair(penguins, "Species", "Island")
    assert counts.kind == "table"
    assert sum(map(sum, counts.counts)) == 344
    assert correlations.picture_of_pair(penguins, "Species", "Date Egg").kind == "none"
    assert correlations.picture_of_pair(penguins, "Species", "Species").reason == "That is one column: choose two."
    assert correlations.picture_of_pair(penguins, "Region", "Body Mass (g)").kind == "none"
    with pytest.raises(DomainError, match="no column named gone"):
        correlations.picture_of_pair(penguins, "gone", "Species")


def test_blocks_are_stored_once(wide: Dataset) -> None:
    with transaction():
        for _ in range(2):
            measurements.add_block(wide.id, "k", place=0, content=b"x")
    assert measurements.list_places(wide.id, "k") == {0}


@pytest.mark.usefixtures("for_a_worker")
def test_the_job_tells_what_has_come(wide: Dataset) -> None:
    state = correlations.start(wide)
    assert job_views.view_of(job_of(state)).partial is None
    work_off(job_of(state), parts=2)
    view = job_views.view_of(job_of(state))
    assert view.partial is not None
    assert view.partial["blocks_done"] == 2
    assert view.message == "2 of 15 blocks"
    assert view.fraction == pytest.approx(2 / 15, abs=1e-3)
    assert view.partial["matrix"][0][39] is None


def _owner(dataset: Dataset) -> User:
    from app.storage.db import db

    owner = db.session.get(User, dataset.owner_id)
    assert owner is not None
    return owner
