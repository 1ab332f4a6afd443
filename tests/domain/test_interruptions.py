"""Why a job was interrupted: want of memory is named only where it was seen."""

from __future__ import annotations

import signal

import pytest

from app.domain.interruptions import OUT_OF_MEMORY, UNSEEN, WORKER_LOST, MemoryUse, explain_exit, give_up_sentence

SMALL = MemoryUse(300.0, 8192.0, kernel_ended_one=False)
LARGE = MemoryUse(7900.0, 8192.0, kernel_ended_one=False)
COUNTED = MemoryUse(3000.0, 8192.0, kernel_ended_one=True)


@pytest.mark.parametrize("memory", [LARGE, COUNTED])
def test_signal_9_near_the_limit_is_want_of_memory(memory: MemoryUse) -> None:
    interruption = explain_exit(exit_signal=signal.SIGKILL, exit_code=0, memory=memory)
    assert interruption.code == OUT_OF_MEMORY
    assert f"{memory.peak_mb:,.0f} of 8,192 MB" in interruption.sentence


def test_signal_9_far_from_the_limit_is_somebody_else() -> None:
    interruption = explain_exit(exit_signal=signal.SIGKILL, exit_code=0, memory=SMALL)
    assert interruption.code == WORKER_LOST
    assert "ended from outside (signal 9) while it held 300 of 8,192 MB" in interruption.sentence


@pytest.mark.parametrize("memory", [SMALL, LARGE, COUNTED])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, 64])
def test_no_other_signal_is_want_of_memory(number: int, memory: MemoryUse) -> None:
    interruption = explain_exit(exit_signal=number, exit_code=0, memory=memory)
    assert interruption.code == WORKER_LOST
    assert "memory" not in interruption.sentence


def test_a_crash_is_named_by_its_signal_and_an_exit_by_its_code() -> None:
    crash = explain_exit(exit_signal=signal.SIGSEGV, exit_code=0, memory=LARGE)
    assert crash.sentence == "The process that worked on it crashed (SIGSEGV)."
    exit_ = explain_exit(exit_signal=None, exit_code=3, memory=LARGE)
    assert exit_.sentence == "The process that worked on it ended with code 3."


def test_what_nobody_saw_is_not_guessed() -> None:
    assert give_up_sentence(3, None) == f"The worker stopped 3 times while it worked on this. {UNSEEN}"
    assert "memory" not in UNSEEN
