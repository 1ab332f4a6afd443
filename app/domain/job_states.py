"""The state machine of jobs: which event leads from which state to which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.domain.vocabulary import RunState


class JobEvent(StrEnum):
    """What can happen to a job after it was enqueued."""

    CLAIM = "claim"
    FINISH = "finish"
    FAIL = "fail"
    CANCEL = "cancel"
    RETURN = "return"
    POSTPONE = "postpone"
    REQUEUE = "requeue"


# A running job is claimed only once its lease has run out. RETURN is a planned restart, POSTPONE an obstacle such as a
# full disk, REQUEUE a lost worker: they lead to the same state, and only the last one counts as an attempt.
TRANSITIONS: dict[tuple[RunState, JobEvent], RunState] = {
    (RunState.QUEUED, JobEvent.CLAIM): RunState.RUNNING,
    (RunState.QUEUED, JobEvent.FAIL): RunState.FAILED,
    (RunState.QUEUED, JobEvent.CANCEL): RunState.CANCELLED,
    (RunState.RUNNING, JobEvent.CLAIM): RunState.RUNNING,
    (RunState.RUNNING, JobEvent.FINISH): RunState.FINISHED,
    (RunState.RUNNING, JobEvent.FAIL): RunState.FAILED,
    (RunState.RUNNING, JobEvent.CANCEL): RunState.CANCELLED,
    (RunState.RUNNING, JobEvent.RETURN): RunState.QUEUED,
    (RunState.RUNNING, JobEvent.POSTPONE): RunState.QUEUED,
    (RunState.RUNNING, JobEvent.REQUEUE): RunState.QUEUED,
}


class UnknownTransitionError(RuntimeError):
    """An event that cannot happen to a job in its state: a fault of the code that asked for it."""


def next_state(state: RunState, event: JobEvent) -> RunState:
    """Return the state that an event leads to.

    Parameters
    ----------
    state
        The state of the job when the event happens.
    event
        What happens to it.

    Raises
    ------
    UnknownTransitionError
        If the event cannot happen in this state.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise UnknownTransitionError(f"The event {event} cannot happen to a job that is {state}.") from None


def source_states(event: JobEvent) -> tuple[RunState, ...]:
    """Return the states in which an event can happen."""
    return tuple(state for state, other in TRANSITIONS if other is event)


def ending_event(state: RunState) -> JobEvent:
    """Return the event that ends a job in this state.

    Raises
    ------
    UnknownTransitionError
        If no job ends in it.
    """
    events = {RunState.FINISHED: JobEvent.FINISH, RunState.FAILED: JobEvent.FAIL, RunState.CANCELLED: JobEvent.CANCEL}
    if state not in events:
        raise UnknownTransitionError(f"No job ends {state}.")
    return events[state]


@dataclass(frozen=True)
class Failure:
    """Why a job failed: a code for programs and a sentence for people."""

    code: str
    message: str
