"""Lanes of threads: how many requests may wait, and for how long the first of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from app.launch.web_worker import Lane


@pytest.fixture
def lane() -> Iterator[Lane]:
    made = Lane.of("test", 2)
    yield made
    made.pool.shutdown()


def test_a_lane_takes_as_many_as_it_has_threads_and_places(lane: Lane) -> None:
    assert lane.has_room(0)
    lane.in_hand = 2
    assert not lane.has_room(0)
    assert lane.has_room(1)


def test_a_lane_whose_first_waits_for_too_long_takes_nobody(lane: Lane) -> None:
    conn: Any = object()
    lane.waiting[conn] = time.monotonic() - 5.0
    assert not lane.has_room(100, 3.0)
    assert lane.has_room(100, 60.0)
    assert lane.begin(conn) >= 5.0
    assert lane.has_room(100, 3.0)
