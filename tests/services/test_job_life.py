"""Whatever happens to jobs, in whatever order: each has one end, its subject goes with it, and nothing late is stored."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import update

from app.domain.errors import DiskFullError
from app.domain.interruptions import WORKER_LOST, Interruption
from app.domain.job_states import TRANSITIONS, Failure, JobEvent, UnknownTransitionError, ending_event, next_state
from app.domain.vocabulary import JobKind, RunState
from app.services.jobs import life_cycle, recovery
from app.services.jobs.kinds import KINDS
from app.storage import datasets, experiments, jobs
from app.storage.db import db, now, transaction
from app.storage.tables import Job, User
from tests.web.seeds import spec_json

CAUSE = Interruption(WORKER_LOST, "It was killed.")
BROKEN = Failure("broken", "It broke.")
KINDS_USED = (JobKind.TRAIN, JobKind.ANALYSE, JobKind.RANK)
WORKERS = st.sampled_from(["anna", "ben", "cleo"])


@dataclass
class Story:
    """What the test knows of a job, besides its row."""

    id: uuid.UUID
    kind: JobKind
    subject_id: uuid.UUID
    losses: int = 0
    final: tuple[str, str | None] | None = None
    results: list[int] = field(default_factory=list)


def _row(story: Story) -> Job:
    db.session.rollback()
    return jobs.get_job(story.id)


def _set(story: Story, **values: object) -> None:
    with transaction():
        query = update(Job).where(Job.id == story.id).values(**values)
        db.session.execute(query.execution_options(synchronize_session=False))


def _add_subject(kind: JobKind, owner_id: uuid.UUID) -> uuid.UUID:
    with transaction():
        state = "reading" if kind is JobKind.ANALYSE else "ready"
        dataset = datasets.add_dataset(owner_id=owner_id, name="River", file_name="river.csv", state=state)
        if kind is not JobKind.TRAIN:
            return dataset.id
        return experiments.add_experiment(
            owner_id=owner_id, dataset_id=dataset.id, name="River", config=spec_json("regression"), dataset_sha256=""
        ).id


def _subject_state(story: Story) -> str:
    experiment = (experiments.find_experiment if story.kind is JobKind.TRAIN else datasets.find_dataset)(
        story.subject_id
    )
    assert experiment is not None
    return str(experiment.state)


class JobsUnderHarm(RuleBasedStateMachine):
    """Workers that claim, stall, come back late, are restarted and killed; people who cancel; sweeps at any time."""

    owner_id: uuid.UUID

    stories = Bundle("stories")
    # What a worker believes to have; it may have lost it since.
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.known: list[Story] = []

    @initialize(target=stories)
    def first(self) -> Story:
        """Begin with an experiment."""
        return self.enqueue_one(JobKind.TRAIN)

    @rule(target=stories, kind=st.sampled_from(KINDS_USED))
    def enqueue(self, kind: JobKind) -> Story:
        """Ask for one more."""
        return self.enqueue_one(kind)

    def enqueue_one(self, kind: JobKind) -> Story:
        """Add a subject and its job."""
        subject_id = _add_subject(kind, self.owner_id)
        row = life_cycle.enqueue_job(kind, subject_id=subject_id, owner_id=self.owner_id)
        story = Story(row.id, kind, subject_id)
        self.known.append(story)
        return story

    @rule(target=claims, story=stories, worker=WORKERS)
    def claim(self, story: Story, worker: str) -> tuple[Story, int, str]:
        """Claim a job; one whose worker is lost is a loss."""
        before = _row(story)
        was_running, attempt = before.state == "running", before.attempt
        claimed = life_cycle.claim_job(story.id, worker_id=worker, lease_seconds=60)
        if claimed is None:
            return story, -1, worker
        story.losses += was_running
        assert claimed.attempt == attempt + 1
        return story, claimed.attempt, worker

    def _has_lease(self, story: Story, attempt: int) -> bool:
        row = _row(story)
        return row.state == "running" and row.attempt == attempt

    @rule(claim=claims)
    def stall(self, claim: tuple[Story, int, str]) -> None:
        """Let a lease run out, as when a process is stopped for a while."""
        if self._has_lease(claim[0], claim[1]):
            _set(claim[0], lease_until=now() - timedelta(seconds=1))

    @rule(claim=claims)
    def extend(self, claim: tuple[Story, int, str]) -> None:
        """Extend a lease, and say how far it is."""
        story, attempt, _ = claim
        expected = self._has_lease(story, attempt)
        assert life_cycle.extend_lease(story.id, attempt=attempt, lease_seconds=60) is expected
        assert life_cycle.report_progress(story.id, attempt=attempt, progress={"fraction": 0.5}) is expected

    @rule(claim=claims)
    def finish(self, claim: tuple[Story, int, str]) -> None:
        """Store a result."""
        story, attempt, _ = claim
        expected = self._has_lease(story, attempt)

        def store() -> bool:
            story.results.append(attempt)
            if story.kind is JobKind.TRAIN:
                experiment = experiments.find_experiment(story.subject_id)
                assert experiment is not None
                experiment.state = RunState.FINISHED.value
            elif story.kind is JobKind.ANALYSE:
                datasets.change_dataset(story.subject_id, state="ready")
            return True

        assert life_cycle.finish_job(story.id, attempt=attempt, store=store) is expected

    @rule(claim=claims, failure=st.sampled_from([BROKEN, None]))
    def end(self, claim: tuple[Story, int, str], failure: Failure | None) -> None:
        """Fail, or stop."""
        story, attempt, _ = claim
        expected = self._has_lease(story, attempt)
        if failure is None:
            assert life_cycle.stop_job(story.id, attempt=attempt) is expected
        else:
            assert life_cycle.fail_job(story.id, attempt=attempt, failure=failure) is expected

    @rule(claim=claims)
    def postpone(self, claim: tuple[Story, int, str]) -> None:
        """Meet a full disk."""
        story, attempt, _ = claim
        expected = self._has_lease(story, attempt)
        obstacle = DiskFullError()
        assert life_cycle.postpone_job(story.id, attempt=attempt, wait_seconds=60, obstacle=obstacle) is expected

    @rule(story=stories)
    def wait_long_enough(self, story: Story) -> None:
        """Let the delay of a postponed job pass."""
        _set(story, not_before=None)

    @rule(claim=claims)
    def restart_as_planned(self, claim: tuple[Story, int, str]) -> None:
        """End a worker as a deployment does."""
        story, _, worker = claim
        if not life_cycle.return_job(story.id, worker_id=worker):
            life_cycle.report_lost_process(story.id, worker_id=worker, cause=CAUSE, is_planned=True)

    @rule(claim=claims)
    def kill(self, claim: tuple[Story, int, str]) -> None:
        """Kill a process that has claimed a job, or had it once."""
        story, attempt, worker = claim
        if attempt > 0 and _row(story).worker_id == worker:
            life_cycle.report_lost_process(story.id, worker_id=worker, cause=CAUSE)

    @rule(story=stories)
    def kill_before_it_claims(self, story: Story) -> None:
        """Kill a process that a queue entry has started, before it claims its job: this is a loss as well."""
        before = _row(story)
        was_lost = before.state == "running" and before.lease_until is not None and before.lease_until < now()
        attempt = before.attempt
        life_cycle.report_lost_process(story.id, worker_id="nobody", cause=CAUSE)
        story.losses += was_lost and _row(story).attempt == attempt + 1

    @rule(story=stories)
    def cancel(self, story: Story) -> None:
        """Have the owner cancel it."""
        life_cycle.cancel_job(story.id)

    @rule()
    def sweep(self) -> None:
        """Look after lost jobs; each that a sweep takes back is a loss."""
        before = {story.id: (_row(story).state, _row(story).lease_until) for story in self.known}
        lost = recovery.requeue_lost_jobs()
        stale = [story for story in self.known if before[story.id][0] == "running" and self._was_stale(before, story)]
        assert lost == len(stale)
        for story in stale:
            story.losses += _row(story).state == "queued"

    @staticmethod
    def _was_stale(before: dict[uuid.UUID, tuple[str, object]], story: Story) -> bool:
        until = before[story.id][1]
        return until is not None and until < now()  # type: ignore[operator]

    @invariant()
    def the_rules_hold(self) -> None:
        """Compare every job and its subject with what happened."""
        for story in self.known:
            row = _row(story)
            state = RunState(row.state)
            if story.final is not None:
                assert (row.state, row.error) == story.final, "A job has one end."
            elif state.is_final:
                story.final = (row.state, row.error)
            assert len(story.results) == (state is RunState.FINISHED), "Only the attempt that ends a job stores."
            attempts = jobs.counted_attempts(row)
            assert attempts - story.losses in ((0,) if state is RunState.QUEUED else (0, 1)), "Only losses count."
            assert attempts <= KINDS[story.kind].max_attempts
            self._compare_subject(story, state)

    def _compare_subject(self, story: Story, state: RunState) -> None:
        if story.kind is JobKind.TRAIN:
            assert _subject_state(story) == state.value
        elif story.kind is JobKind.ANALYSE:
            ends = {RunState.FINISHED: "ready", RunState.FAILED: "failed", RunState.CANCELLED: "failed"}
            assert _subject_state(story) == ends.get(state, "reading")
        else:
            assert _subject_state(story) == "ready"

    def teardown(self) -> None:
        """Bring everything back: no job is stuck."""
        for _ in range(3):
            for story in self.known:
                if _row(story).state == "running":
                    _set(story, lease_until=now() - timedelta(seconds=1))
                _set(story, not_before=None)
            recovery.requeue_lost_jobs()
        for story in self.known:
            claimed = life_cycle.claim_job(story.id, worker_id="last", lease_seconds=60)
            if claimed is not None:
                assert life_cycle.stop_job(story.id, attempt=claimed.attempt)
            assert RunState(_row(story).state).is_final


@pytest.fixture
def machine(user: User) -> Callable[[], RuleBasedStateMachine]:
    class ForUser(JobsUnderHarm):
        owner_id = user.id

    recovery.end_grace()
    return ForUser


def test_no_order_of_events_breaks_the_life_of_a_job(machine: Callable[[], RuleBasedStateMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_every_transition_is_in_the_table() -> None:
    for state in RunState:
        for event in JobEvent:
            if (state, event) in TRANSITIONS:
                assert next_state(state, event) is TRANSITIONS[state, event]
            else:
                with pytest.raises(UnknownTransitionError, match=f"{event} cannot happen to a job that is {state}"):
                    next_state(state, event)
    assert not {state for state, _ in TRANSITIONS if state.is_final}, "An end is an end."
    for event in JobEvent:
        assert len({target for (_, other), target in TRANSITIONS.items() if other is event}) == 1


def test_only_an_end_ends_a_job() -> None:
    ends = [state for state in RunState if state.is_final]
    assert [TRANSITIONS[RunState.RUNNING, ending_event(state)] for state in ends] == ends
    for state in (RunState.QUEUED, RunState.RUNNING):
        with pytest.raises(UnknownTransitionError, match="No job ends"):
            ending_event(state)
