"""A measurement for tests: it counts to a number. Run as a module, it is a worker that is killed while it stores."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.domain.vocabulary import JobKind
from app.services.datasets.datasets import require_profile
from app.services.measurements import kinds, runner
from app.services.measurements.request import MeasurementRequest, digest_of
from app.services.measurements.runner import JsonStore, Measurement, Parts
from app.storage.tables import Dataset, TargetRanking


@dataclass(frozen=True)
class Count:
    """How far it was counted, and to which number it goes."""

    reached: int
    goal: int

    @property
    def complete(self) -> bool:
        return self.reached >= self.goal

    def to_json(self) -> dict[str, Any]:
        return {"reached": self.reached, "goal": self.goal}


@dataclass(frozen=True, kw_only=True)
class CountRequest(MeasurementRequest):
    """To which number to count."""

    goal: int


def nothing(_number: int) -> None:
    """Do nothing."""


def counting(
    on_part: Callable[[int], None] = nothing, on_store: Callable[[int], None] = nothing
) -> Measurement[CountRequest, Count]:
    """Return the measurement; `on_part` is told each number before it is counted, `on_store` while it is stored."""
    store = JsonStore(TargetRanking, Count.to_json, lambda values: Count(**values))

    def compute(request: CountRequest) -> Parts[Count]:
        known = store.find(request)
        for number in range(1 if known is None else known.reached + 1, request.goal + 1):
            on_part(number)
            yield Count(number, request.goal), {"fraction": number / request.goal, "reached": number}

    def save(request: CountRequest, part: Count) -> None:
        store.save(request, part)
        on_store(part.reached)

    return Measurement(
        kind=JobKind.RANK,
        find=store.find,
        save=save,
        compute=compute,
        restore_request=lambda dataset, _profile, arguments: request_for(dataset, arguments["goal"]),
        describe=lambda _request, result, _work: result.to_json(),
    )


def request_for(dataset: Dataset, goal: int) -> CountRequest:
    """Return the request to count to a number; up to three is small."""
    return CountRequest(
        dataset=dataset,
        profile=require_profile(dataset),
        key=digest_of("count", goal),
        arguments={"goal": goal},
        cells=goal * runner.INLINE_CELLS // 3,
        goal=goal,
    )


def _work_until_killed(job_id: str, part: int) -> None:
    from workers.jobs.measure import measure

    def kill(number: int) -> None:
        if number == part:
            os.kill(os.getpid(), signal.SIGKILL)

    kinds.MEASUREMENTS = {JobKind.RANK: counting(on_store=kill)}  # type: ignore[misc]
    measure(job_id)


if __name__ == "__main__":
    _work_until_killed(sys.argv[1], int(sys.argv[2]))
