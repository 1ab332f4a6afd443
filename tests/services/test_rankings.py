"""Rankings as services: at once or by a worker in rounds, refined and kept."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from app.domain.analysis.associations import ranking
from app.domain.vocabulary import ColumnKind, JobKind
from app.services.datasets import datasets
from app.services.jobs import jobs as job_views
from app.services.measurements import rankings, runner
from app.services.measurements.rankings import RankingState
from app.services.measurements.runner import JobLease
from app.storage import jobs
from app.storage.db import transaction
from app.storage.tables import Dataset, Job, User
from tests.services.measured import is_measured, work_off
from tests.services.tables import upload


@pytest.fixture
def for_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat every dataset as a large one, in blocks of a few columns and rounds of a few rows."""
    monkeypatch.setattr(runner, "INLINE_CELLS", 0)
    monkeypatch.setattr(rankings, "MAX_BLOCK_COLUMNS", 3)
    monkeypatch.setattr(ranking, "ROUNDS", (200, 600, 4000))


@pytest.fixture
def noisy(user: User) -> Dataset:
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(2000, 7)).round(4), columns=[f"n{position}" for position in range(7)])
    frame["y"] = (frame["n0"] ** 2 + 0.3 * frame["n1"]).round(4)
    return upload(user, frame.to_csv(index=False).encode())


def job_of(state: RankingState) -> Job:
    assert state.job_id is not None
    return jobs.get_job(state.job_id)


def test_a_small_table_is_ranked_at_once(noisy: Dataset) -> None:
    state = rankings.ranking_for(noisy, "y")
    assert (state.state, state.settled, state.rows_used) == ("finished", True, 2000)
    assert [item.name for item in state.items[:2]] == ["n0", "n1"]
    assert not state.items[0].noise
    assert state.items[-1].noise
    assert rankings.ranking_for(noisy, "y") == state


@pytest.mark.usefixtures("for_a_worker")
def test_a_worker_refines_in_rounds_and_stores_each_block(noisy: Dataset) -> None:
    state = rankings.ranking_for(noisy, "y")
    assert (state.state, state.items) == ("queued", ())
    assert not work_off(job_of(state), parts=2)
    part = rankings.ranking_for(noisy, "y")
    assert (len(part.items), part.rows_used, part.settled) == (6, 200, False)
    view = job_views.view_of(job_of(state))
    assert view.partial is not None
    assert len(view.partial["features"]) == 6
    with transaction():
        jobs.end(job_of(state).id, attempt=1, state=jobs.RunState.CANCELLED)
    assert rankings.ranking_for(noisy, "y").state == "cancelled"


@pytest.mark.usefixtures("for_a_worker")
def test_the_last_round_settles_it(noisy: Dataset) -> None:
    ranking_state = rankings.ranking_for(noisy, "y")
    assert work_off(job_of(ranking_state))
    state = rankings.ranking_for(noisy, "y")
    assert (state.state, state.settled) == ("finished", True)
    assert state.rows_used in (600, 2000)
    json.dumps(rankings.ranking_json(state), allow_nan=False)


@pytest.mark.usefixtures("for_a_worker")
def test_a_worker_that_lost_the_job_stores_nothing(noisy: Dataset) -> None:
    state = rankings.ranking_for(noisy, "y")
    assert not is_measured(job_of(state), JobLease(job_of(state).id, 7, lambda: False))
    assert rankings.ranking_for(noisy, "y").items == ()


def test_looking_at_a_ranking_starts_nothing(noisy: Dataset) -> None:
    assert (rankings.known_of(noisy, "y", {}).state, jobs.find_job(noisy.id, JobKind.RANK)) == ("none", None)
    ranked = rankings.ranking_for(noisy, "y")
    assert rankings.known_of(noisy, "y", {}) == ranked


def test_a_target_that_vanished_gives_a_sentence(noisy: Dataset) -> None:
    state = rankings.ranking_for(noisy, "gone")
    assert (state.items, state.reason) == ((), "There is no column named gone.")


def test_a_constant_target_gives_a_sentence(user: User) -> None:
    dataset = upload(user, b"a,y\n" + b"".join(f"{position},1\n".encode() for position in range(60)))
    state = rankings.ranking_for(dataset, "y")
    assert state.reason.startswith("No column can be compared with y")


def test_the_rank_counts_among_the_columns_asked_for(noisy: Dataset) -> None:
    state = rankings.ranking_for(noisy, "y", columns=["n4", "n1"])
    assert [(item.name, item.rank) for item in state.items] == [("n1", 1), ("n4", 2)]


def test_other_kinds_give_another_ranking(user: User) -> None:
    penguins = datasets.use_sample(user, "penguins")
    state = rankings.ranking_for(penguins, "Species")
    other = rankings.ranking_for(penguins, "Species", {"Sample Number": ColumnKind.CONSTANT})
    assert {item.name for item in state.items} == {item.name for item in other.items}
    assert next(item for item in other.items if item.name == "Sample Number").reason == "constant"
    assert jobs.find_job(penguins.id, JobKind.RANK) is None
