"""What is known when a prediction is made: how many steps before a row the last usable value of a column lies."""

from __future__ import annotations

from typing import Protocol

from app.domain.vocabulary import Purpose

# A purpose that is absent stands for a config from before there were purposes.
TARGET_NEVER_KNOWN = (Purpose.SIMULATE, Purpose.UNGAUGED, Purpose.NEW_ROWS, Purpose.FILL_GAPS)


class PurposeFacts(Protocol):
    """What decides about the cutoffs; the task of a config has it, and so has the goal of a draft."""

    @property
    def target(self) -> str:
        """What is predicted."""

    @property
    def purpose(self) -> Purpose | None:
        """What the model is for."""

    @property
    def horizon(self) -> int | None:
        """How many steps ahead a forecast looks."""

    @property
    def drivers_known_ahead(self) -> bool | None:
        """Whether the other columns are known for those steps."""


def target_cutoff(task: PurposeFacts) -> int | None:
    """Return how many steps before a row the last usable value of the target lies.

    A row at time t predicts the target at t. A gap hides the target on both sides of t for as long as it lasts, so
    what is derived from the target before the rows are split may not enter there either; the steps of a fold may look
    at values around the gap.

    Parameters
    ----------
    task
        The task of a config.

    Returns
    -------
    int or None
        The horizon for a forecast, 1 for a config without a purpose, None where the target is never known.
    """
    if task.purpose is None:
        return 1
    return horizon_of(task) if task.purpose is Purpose.FORECAST else None


def driver_cutoff(task: PurposeFacts) -> int:
    """Return how many steps before a row the last usable value of the other measured columns lies.

    A forecast that does not say whether its drivers are known ahead is taken to have none that are, as a box that
    nobody ticked.

    Parameters
    ----------
    task
        The task of a config.

    Returns
    -------
    int
        The horizon for a forecast whose drivers are not known ahead, else 0.
    """
    return horizon_of(task) if task.purpose is Purpose.FORECAST and not task.drivers_known_ahead else 0


def horizon_of(task: PurposeFacts) -> int:
    """Return how many steps ahead a forecast looks, 1 where it is not said."""
    return task.horizon or 1
