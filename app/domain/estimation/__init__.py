"""Estimates of the time and memory of a launch, as ranges, before it is launched."""

from app.domain.estimation.contest import estimate
from app.domain.estimation.experience import Experience, Timing
from app.domain.estimation.forecast import Machine, this_machine
from app.domain.estimation.workload import Workload, workload_of

__all__ = ["Experience", "Machine", "Timing", "Workload", "estimate", "this_machine", "workload_of"]
