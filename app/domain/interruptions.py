"""Explanations of why the process of a job ended: signal, exit code or memory."""

from __future__ import annotations

import signal
from dataclasses import dataclass

WORKER_LOST, OUT_OF_MEMORY = "worker_lost", "out_of_memory"
UNSEEN = "Nobody saw why: it may have been killed, or its machine may have stopped."
# A process that held this share of what there was, and was killed, was killed for its memory.
NEAR_THE_LIMIT = 0.9
# Signals that others send. All the rest a process brings upon itself.
SENT_BY_OTHERS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True)
class Interruption:
    """What ended the process that worked on a job: a code for programs and a sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True)
class MemoryUse:
    """The most memory that a process held, what there was for it, and whether the kernel ended one for want of it."""

    peak_mb: float
    limit_mb: float
    kernel_ended_one: bool

    @property
    def ran_out(self) -> bool:
        """Return whether a process that was killed was killed for its memory."""
        return self.kernel_ended_one or self.peak_mb >= NEAR_THE_LIMIT * self.limit_mb


def explain_exit(*, exit_signal: int | None, exit_code: int, memory: MemoryUse) -> Interruption:
    """Return why a process ended before its job did.

    Parameters
    ----------
    exit_signal
        The signal that ended it, None where it ended by itself.
    exit_code
        Its code where it ended by itself.
    memory
        What it held, in MB.

    Returns
    -------
    Interruption
        Want of memory is named only where signal 9 ended the process near the limit: the kernel sends no other for it,
        and anybody else may send signal 9 at any time.
    """
    current = f"{memory.peak_mb:,.0f} of {memory.limit_mb:,.0f} MB"
    if exit_signal == signal.SIGKILL and memory.ran_out:
        advice = "Choose fewer features or a smaller model."
        return Interruption(OUT_OF_MEMORY, f"Its memory ran out while it held {current}. {advice}")
    if exit_signal in SENT_BY_OTHERS:
        words = (
            f"The process that worked on it was ended from outside (signal {exit_signal:d}) while it held {current}."
        )
        return Interruption(WORKER_LOST, words)
    if exit_signal is not None:
        return Interruption(WORKER_LOST, f"The process that worked on it crashed ({name_of_signal(exit_signal)}).")
    return Interruption(WORKER_LOST, f"The process that worked on it ended with code {exit_code}.")


def name_of_signal(number: int) -> str:
    """Return the name of a signal, such as SIGSEGV."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def give_up_sentence(attempts: int, last: str | None) -> str:
    """Say that a job is not tried again, and what ended its last attempt."""
    return f"The worker stopped {attempts} times while it worked on this. {last or UNSEEN}"
