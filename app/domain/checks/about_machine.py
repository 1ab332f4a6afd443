"""Rules about what a launch takes, and what the machine has."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.checks.subject import warning
from app.domain.estimation import Machine
from app.domain.problems import Problem, Remedy
from app.domain.recommendation.plan import Estimate

# What is left to the pages and to the rest of the machine.
MOST_OF_MEMORY = 0.8


def memory_fits(forecast: Estimate, machine: Machine) -> Iterator[Problem]:
    """The upper end of the estimated memory leaves a fifth of the machine's free."""
    needed = forecast.memory_mb_high
    if needed < MOST_OF_MEMORY * machine.memory_mb:
        return
    message = f"This may need {needed / 1000:,.1f} GB of memory; the machine has {machine.memory_mb / 1000:,.1f} GB."
    remedy = Remedy("Take fewer trees, fewer features or another estimator, or start it on a larger machine.")
    yield warning("model", "estimator", "memory_short", message, remedy)
