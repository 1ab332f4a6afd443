"""What was estimated before the launch beside what it took, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.web.charts.waiting import range_words, seconds_words

# From here on the wall tells more of what else went on than of the work.
BUSY = 1.5
WITHIN, MORE, LESS = "within what was estimated", "more than was estimated", "less than was estimated"


@dataclass(frozen=True)
class Expected:
    """`time` and `memory` are sentences; `learnt` says that later estimates know of it."""

    time: str
    memory: str
    learnt: str


def build(estimate: dict[str, Any] | None, actual: dict[str, Any] | None) -> Expected | None:
    """Return the comparison, or None where one of the two is missing."""
    if not estimate or not actual or actual.get("seconds") is None:
        return None
    wall = float(actual["seconds"])
    work = float(actual.get("work_seconds", wall))
    said = range_words(estimate["seconds_low"], estimate["seconds_high"])
    time = f"Estimated {said}; it took {seconds_words(work)} of the processor, {_verdict(work, estimate, 'seconds')}."
    if wall > BUSY * work and wall - work > 1:
        time += f" The clock says {seconds_words(wall)}: the machine was busy with other things as well."
    low, high, held = estimate["memory_mb_low"], estimate["memory_mb_high"], float(actual["memory_mb"])
    memory = (
        f"Estimated {low:,.0f} to {high:,.0f} MB; at most it held {held:,.0f} MB, "
        f"{_verdict(held, estimate, 'memory_mb')}."
    )
    learnt = "Estimates on this machine have learnt from it." if "work_seconds" in actual else ""
    return Expected(time, memory, learnt)


def _verdict(value: float, estimate: dict[str, Any], name: str) -> str:
    if value > estimate[f"{name}_high"]:
        return MORE
    return LESS if value < estimate[f"{name}_low"] else WITHIN
