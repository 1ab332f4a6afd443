"""Estimated against actual time and memory of an experiment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.text.messages import fill
from app.web.charts.waiting import range_words, seconds_words

WITHIN, MORE, LESS = "within what was estimated", "more than was estimated", "less than was estimated"
MESSAGE = "Estimated {estimated} of processor time; it took {taken}, {verdict}. Time in the queue is not included."
MESSAGE_ON_THE_CLOCK = (
    "Estimated {estimated} of processor time; it took {taken} on the clock, {verdict}. "
    "Time in the queue is not included."
)
MESSAGE_AT_ONCE = (
    "Estimated {estimated} with {fits} fits at once; it took {taken}, {verdict}. Time in the queue is not included."
)


@dataclass(frozen=True)
class ExpectedCost:
    """`time` and `memory` are sentences; `learnt` says that later estimates know of it."""

    time: str
    memory: str
    learnt: str


def build(estimate: dict[str, Any] | None, actual: dict[str, Any] | None) -> ExpectedCost | None:
    """Return the comparison, or None where one of the two is missing."""
    if not estimate or not actual or actual.get("seconds") is None:
        return None
    words = range_words(estimate["seconds_low"], estimate["seconds_high"])
    # Early experiments kept the time on the wall alone, which is also what fits at the same time are estimated by.
    at_once = estimate.get("processes", 1)
    key = "seconds" if at_once > 1 or "work_seconds" not in actual else "work_seconds"
    whole = float(actual[key])
    message = MESSAGE_AT_ONCE if at_once > 1 else MESSAGE if key == "work_seconds" else MESSAGE_ON_THE_CLOCK
    verdict = _verdict(whole, estimate, "seconds")
    time = fill(message, estimated=words, fits=at_once, taken=seconds_words(whole), verdict=verdict)
    low, high, peak = estimate["memory_mb_low"], estimate["memory_mb_high"], float(actual["memory_mb"])
    memory = (
        f"Estimated {low:,.0f} to {high:,.0f} MB; peak memory {peak:,.0f} MB, {_verdict(peak, estimate, 'memory_mb')}."
    )
    learnt = "Estimates on this machine have learnt from it." if "work_seconds" in actual else ""
    return ExpectedCost(time, memory, learnt)


def format_waiting(launched_at: datetime, finished_at: datetime | None) -> str:
    """Return how long a person waited for the result, from the launch on; nothing where it has not ended."""
    return "" if finished_at is None else seconds_words((finished_at - launched_at).total_seconds())


def _verdict(value: float, estimate: dict[str, Any], name: str) -> str:
    if value > estimate[f"{name}_high"]:
        return MORE
    return LESS if value < estimate[f"{name}_low"] else WITHIN
