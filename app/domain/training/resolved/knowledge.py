"""How many steps before a row the last usable value of a column lies, by what the model is for."""

from __future__ import annotations

from app.domain.experiment import TaskPart
from app.domain.training.resolved.document import Knowledge
from app.domain.vocabulary import Purpose


def target_cutoff(task: TaskPart) -> int | None:
    """Return how many steps before a row the target is known last; None where it never is."""
    if task.purpose is None or task.purpose is Purpose.FILL_GAPS:
        return 1
    return (task.horizon or 1) if task.purpose is Purpose.FORECAST else None


def driver_cutoff(task: TaskPart) -> int:
    """Return how many steps before a row the drivers are known last."""
    known = task.purpose is not Purpose.FORECAST or task.drivers_known_ahead is not False
    return 0 if known else task.horizon or 1


def cutoff_of(task: TaskPart, column: str) -> int | None:
    """Return the cutoff of a column."""
    return target_cutoff(task) if column == task.target else driver_cutoff(task)


def knowledge_of(task: TaskPart) -> Knowledge:
    """Return what is known of target and drivers."""
    return Knowledge(
        purpose=task.purpose.value if task.purpose else None,
        target_cutoff=target_cutoff(task),
        driver_cutoff=driver_cutoff(task),
    )
