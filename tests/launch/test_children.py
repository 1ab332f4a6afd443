"""The children of a start: killed where they do not listen, started again where they died."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from app.launch.children import Child
from tests.launch.conftest import (
    group_of,
    still_there,
    wait_until,
)


@pytest.fixture
def child() -> Iterator[Child]:
    """Return a child that ignores requests to end, as does the process it started; both are killed afterwards."""
    deaf = "import signal, subprocess, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    inner = f"{deaf} print('up', flush=True); signal.pause()"
    outer = f"{deaf} subprocess.run([sys.executable, '-c', {inner!r}])"
    made = Child("deaf", [sys.executable, "-c", outer], {}, patience_seconds=0.2, pause=0.0)
    groups: list[int] = []
    start = made.start

    def started() -> None:
        start()
        assert made.process is not None
        groups.append(made.process.pid)

    made.start = started  # type: ignore[method-assign]
    yield made
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    if made.process is not None:
        made.process.wait(10)


def test_a_child_that_does_not_listen_is_killed(child: Child) -> None:
    child.start()
    assert child.process is not None
    process = child.process
    wait_until(lambda: len(group_of(process.pid)) == 2, seconds=10, what="the start of both")
    child.end()
    assert process.returncode == -signal.SIGKILL
    assert child.process is None


def test_whatever_a_killed_child_had_started_is_killed_too(child: Child) -> None:
    child.start()
    assert child.process is not None
    leader = child.process.pid
    wait_until(lambda: len(group_of(leader)) == 2, seconds=10, what="the start of both")
    members = group_of(leader)
    child.end()
    assert still_there(members, seconds=1) == set()


def test_a_child_that_died_is_started_again_and_one_that_lives_is_left_alone(child: Child) -> None:
    child.start()
    assert child.process is not None
    first = child.process
    child.look()
    assert child.process is first
    first.kill()
    first.wait(10)
    child.look()
    assert child.process is not first
    assert child.process.poll() is None


@pytest.mark.parametrize(("lived", "pause", "later"), [(11.0, 0.5, 1.0), (1.0, 16.0, 30.0)])
def test_only_a_start_that_fails_is_tried_again_later(child: Child, lived: float, pause: float, later: float) -> None:
    child.start()
    assert child.process is not None
    child.started_at -= lived
    child.pause = 16.0
    child.process.kill()
    child.process.wait(10)
    before = time.monotonic()
    child.look()
    assert child.next_try - time.monotonic() <= pause <= child.next_try - before
    assert child.pause == later
