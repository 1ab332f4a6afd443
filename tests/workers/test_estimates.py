"""Real workers time an estimator on the data and train; the estimate then is about what they took."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.estimation import estimate
from app.services import experiments
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.services.measurements import estimates
from app.storage.tables import Dataset, User
from tests.services.tables import draft_on
from tests.workers.conftest import Crew, wait_until


@pytest.mark.slow
def test_a_worker_times_the_estimator_and_learns_from_each_launch(crew: Crew, user: User, sample: Dataset) -> None:
    profile = datasets.profile_of(sample)
    assert profile is not None
    row = draft_on(user, sample)
    spec = drafts.plan_of(user, drafts.get_draft(user, row.id)).spec
    assert spec is not None
    assert estimates.ask_for_timed_fits(sample, spec, profile)
    crew.worker()
    wait_until(lambda: bool(estimates.learned_machine().experience.timings), seconds=60, what="a timed fit")
    wait_until(lambda: not estimates.ask_for_timed_fits(sample, spec, profile), seconds=60, what="what was timed")
    draft = drafts.get_draft(user, row.id)
    launched = experiments.launch(user, draft.id, version=draft.version, idempotency_key="once")
    wait_until(lambda: experiments.get_experiment(user, launched.id).state == "finished", seconds=120, what="the end")
    ended = experiments.get_experiment(user, launched.id)
    assert ended.actual is not None
    latest = estimates.learned_machine().experience.timings[-1]
    # What is learnt is the memory of one fit; a launch may have had several at once.
    assert latest.memory_mb <= ended.actual["memory_mb"]
    assert latest.idle_mb is not None
    assert 0 < latest.idle_mb < latest.memory_mb
    again = estimate(spec, profile, estimates.learned_machine())
    # Several fits at once are as much work as one after the other.
    one_processor = estimate(spec, profile, replace(estimates.learned_machine(), cpus=1))
    assert one_processor.seconds_low < ended.actual["work_seconds"] < one_processor.seconds_high
    assert again.memory_mb_low < ended.actual["memory_mb"] < again.memory_mb_high
