"""Comparisons of splits as a service: started by nobody who looks, made by a worker, kept by what decides."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from app.domain.errors import DomainError
from app.domain.experiment import Draft
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import make_plan
from app.domain.training import optimism
from app.domain.training.optimism_report import FORWARD, flattery_of
from app.domain.vocabulary import JobKind, RunState
from app.queue import MEASURE
from app.services.datasets.datasets import require_profile
from app.services.jobs import jobs as job_views
from app.services.jobs.kinds import KINDS
from app.services.measurements import split_comparisons
from app.services.measurements.runner import JobLease
from app.services.measurements.split_comparisons import SplitComparisonState
from app.storage import jobs
from app.storage.db import transaction
from app.storage.tables import Dataset, Job, User
from tests.services.measured import is_measured, work_off
from tests.services.tables import upload


def river(rows: int = 240, *, poison: float | None = None) -> bytes:
    """Return a daily river; with `poison`, its last flows, fewer than are held out after the warm-up, are that value."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"day": pd.date_range("2001-10-01", periods=rows).strftime("%Y-%m-%d")})
    frame["rain"] = random.gamma(0.5, 4, size=rows).round(2)
    frame["warmth"] = (10 + 8 * np.sin(np.arange(rows) / 58)).round(2)
    flow = frame["rain"].rolling(10, min_periods=1).mean() + random.gamma(1, 0.2, size=rows)
    frame["flow"] = flow.round(3)
    if poison is not None:
        frame.loc[rows - rows // 6 :, "flow"] = poison
    return frame.to_csv(index=False).encode()


@pytest.fixture
def held(user: User) -> Dataset:
    return upload(user, river())


def plan_on(dataset: Dataset, **more: dict[str, object]) -> Plan:
    answers = {"data": {"target": "flow", "time_column": "day"}, **more}
    return make_plan(Draft(answers), require_profile(dataset), None)


def asked(dataset: Dataset, plan: Plan | None = None) -> SplitComparisonState:
    state = split_comparisons.compare(dataset, plan or plan_on(dataset))
    assert state is not None
    return state


def job_of(state: SplitComparisonState) -> Job:
    assert state.job_id is not None
    return jobs.get_job(state.job_id)


def test_looking_starts_nothing_and_asking_starts_one_job(held: Dataset) -> None:
    known = split_comparisons.known_of(held, plan_on(held))
    assert known is not None
    assert (known.state, known.comparison, known.job_id) == ("none", None, None)
    assert jobs.find_job(held.id, JobKind.COMPARE_SPLITS) is None
    first, second = asked(held), asked(held)
    assert (first.state, first.busy, first.job_id) == ("queued", True, second.job_id)
    assert KINDS[JobKind.COMPARE_SPLITS].queue == MEASURE


def test_a_worker_compares_the_splits_and_the_result_is_kept(held: Dataset) -> None:
    job = job_of(asked(held))
    assert work_off(job)
    state = asked(held)
    assert (state.state, state.job_id) == ("finished", None)
    assert state.comparison is not None
    assert state.comparison.complete
    assert flattery_of(state.comparison, FORWARD) is not None
    partial = job_views.view_of(jobs.get_job(job.id)).partial
    assert partial == state.comparison.to_json()


def test_what_has_come_is_known_while_the_job_runs(held: Dataset) -> None:
    assert not work_off(job_of(asked(held)), parts=3)
    state = asked(held)
    assert (state.state, state.comparison is None) == ("running", False)
    assert state.comparison is not None
    assert (state.comparison.done, state.comparison.complete, state.comparison.items) == (2, False, ())
    assert state.fraction == pytest.approx(2 / state.comparison.total, abs=0.01)


def test_a_worker_that_lost_the_job_stores_nothing(held: Dataset) -> None:
    job = job_of(asked(held))
    assert not is_measured(job, JobLease(job.id, attempt=99, should_stop=lambda: False))
    assert asked(held).comparison is None


def test_rows_held_out_are_never_read(user: User) -> None:
    def scores(content: bytes, name: str) -> object:
        dataset = upload(user, content, name)
        plan = plan_on(dataset)
        assert plan.spec is not None
        assert plan.spec.validation.holdout is not None
        assert work_off(job_of(asked(dataset, plan)))
        return asked(dataset, plan).comparison

    assert scores(river(), "one.csv") == scores(river(poison=9.5), "two.csv")


def test_the_key_follows_what_decides_and_nothing_else(held: Dataset) -> None:
    def key(**validation: object) -> str:
        spec = plan_on(held, validation=dict(validation)).spec
        assert spec is not None
        return split_comparisons.key_of(spec)

    same = {key(), key(seed="7"), key(**{"time_series.n_splits": "3"})}
    assert len(same) == 1
    assert len(same | {key(primary_metric="rmse"), key(holdout_percent="30")}) == 3


def test_what_failed_is_said_and_tried_again_when_asked(user: User) -> None:
    dataset = upload(user, river(rows=60))
    plan = plan_on(dataset, validation={"holdout_percent": "20"})
    job = job_of(asked(dataset, plan))
    with pytest.raises(DomainError) as fault:
        work_off(job)
    with transaction():
        jobs.end(job.id, attempt=1, state=RunState.FAILED, error=str(fault.value))
    known = split_comparisons.known_of(dataset, plan)
    assert known is not None
    assert known.state == "failed"
    assert known.reason == "49 rows with a target are too few to compare splits; 60 are needed."
    assert asked(dataset, plan).job_id != job.id


def test_too_many_columns_are_refused_before_they_are_read(held: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(optimism, "MAX_COLUMNS", 1)
    with pytest.raises(DomainError, match="features are more than the 1 that can be compared here"):
        work_off(job_of(asked(held)))


def test_what_must_be_put_right_is_said_and_nothing_is_started(held: Dataset) -> None:
    state = asked(held, plan_on(held, validation={"seed": "x"}))
    assert (state.state, state.job_id) == ("none", None)
    assert state.reason.startswith("Splits can be compared when this is put right: ")


def test_rows_without_time_and_sites_have_nothing_to_compare(user: User) -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame(random.normal(size=(80, 3)), columns=["a", "b", "y"]).round(3)
    dataset = upload(user, frame.to_csv(index=False).encode())
    plan = make_plan(Draft({"data": {"target": "y"}}), require_profile(dataset), None)
    assert split_comparisons.known_of(dataset, plan) is None
    assert split_comparisons.compare(dataset, plan) is None
    assert jobs.find_job(dataset.id, JobKind.COMPARE_SPLITS) is None
