"""A measurement for tests: it counts to a number. Run as a module, it is a worker that is killed while it stores."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from app.domain.vocabulary import JobKind
from app.services.measurements import kinds, runner
from app.services.measurements.request import MeasurementRequest, digest_of, ready_profile_of
from app.services.measurements.runner import JsonStore, Measurement, PartialResult
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


@dataclass(frozen=True)
class CountRequest(MeasurementRequest):
    """To which number to count."""

    goal: int

    @property
    def key(self) -> str:
        return digest_of("count", self.goal)

    @property
    def arguments(self) -> dict[str, Any]:
        return {"goal": self.goal}

    @property
    def cells(self) -> int:
        """Up to three is small."""
        return self.goal * runner.INLINE_CELLS // 3


class CountStore(JsonStore[Count]):
    """Keep the count, and tell a test before a part is stored and after, within the transaction."""

    def __init__(self, on_store: Callable[[int], None]) -> None:
        super().__init__(TargetRanking, lambda values: Count(**values))
        object.__setattr__(self, "on_store", on_store)

    def save(self, request: MeasurementRequest, part: Count) -> None:
        super().save(request, part)
        self.on_store(part.reached)  # type: ignore[attr-defined]


def nothing(_number: int) -> None:
    """Do nothing."""


def counting(
    on_part: Callable[[int], None] = nothing, on_store: Callable[[int], None] = nothing
) -> Measurement[CountRequest, Count]:
    """Return the measurement; `on_part` is told each number before it is counted."""
    store = CountStore(on_store)

    def compute(request: CountRequest) -> Generator[PartialResult[Count], None, None]:
        known = store.find(request)
        for number in range(1 if known is None else known.reached + 1, request.goal + 1):
            on_part(number)
            yield PartialResult(Count(number, request.goal), {"fraction": number / request.goal, "reached": number})

    return Measurement(
        kind=JobKind.RANK,
        seconds=60,
        store=store,
        restore_request=lambda dataset, profile, arguments: CountRequest(dataset, profile, arguments["goal"]),
        compute=compute,
        inline=True,
        describe=lambda request, status: None if status.result is None else status.result.to_json(),
    )


def request_for(dataset: Dataset, goal: int) -> CountRequest:
    """Return the request to count to a number."""
    return CountRequest(dataset, ready_profile_of(dataset), goal)


def _work_until_killed(job_id: str, part: int) -> None:
    from workers.jobs.measure import measure

    def kill(number: int) -> None:
        if number == part:
            os.kill(os.getpid(), signal.SIGKILL)

    kinds.MEASUREMENTS = {JobKind.RANK: counting(on_store=kill)}  # type: ignore[misc]
    measure(job_id)


if __name__ == "__main__":
    _work_until_killed(sys.argv[1], int(sys.argv[2]))
