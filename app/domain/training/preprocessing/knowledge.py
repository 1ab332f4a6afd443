"""Cutoffs: how many steps before a row the last value of a column is known at prediction time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from app.domain.experiment import TransformPart
from app.domain.text.words import join_words, pluralise
from app.domain.training.preprocessing.recipe_parameters import MAX_LENGTH, RecipeValues
from app.domain.training.preprocessing.recipes import TransformEntry
from app.domain.vocabulary import Purpose

TARGET_NOT_YET, TARGET_NEVER = "target_not_known_yet", "target_never_known"
DRIVER_NOT_YET, NO_EARLIER_ROWS = "driver_not_known_yet", "no_earlier_rows"
NO_DERIVED: Mapping[str, int] = MappingProxyType({})


class HasHorizon(Protocol):
    """What may look ahead: the task of a config, and the goal of a draft."""

    @property
    def horizon(self) -> int | None:
        """How many steps ahead a forecast predicts, None where the config has no horizon."""


class PurposeFacts(HasHorizon, Protocol):
    """What decides about the cutoffs; the task of a config has it, and so has the goal of a draft."""

    @property
    def target(self) -> str:
        """What is predicted."""

    @property
    def time_column(self) -> str | None:
        """What orders the rows, if anything does."""

    @property
    def group_column(self) -> str | None:
        """What tells sites apart, if anything does."""

    @property
    def purpose(self) -> Purpose | None:
        """What the model is for."""

    @property
    def drivers_known_ahead(self) -> bool | None:
        """Whether the other columns are known for those steps."""


def horizon_of(task: HasHorizon) -> int:
    """Return how many steps ahead a forecast predicts, 1 where the config has no horizon."""
    return task.horizon or 1


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


def column_cutoff(task: PurposeFacts, column: str, derived: Mapping[str, int] = NO_DERIVED) -> int | None:
    """Return how many steps before a row the last usable value of a column lies; None where there is none.

    The time and the group of a row are always known. A column that a recipe makes has inherited its cutoff from those
    that it is made of, which `derived` holds.
    """
    if column in derived:
        return derived[column]
    if column == task.target:
        return target_cutoff(task)
    return 0 if column in (task.time_column, task.group_column) else driver_cutoff(task)


def steps_before(task: PurposeFacts, column: str) -> int:
    """Return how many steps before a row the value lies that enters for a selected column, 0 for the row itself.

    A column that holds one value within each group enters with that value all the same, and so at every step. The
    target itself may not be selected.
    """
    return 0 if task.purpose is None or column == task.target else column_cutoff(task, column) or 0


@dataclass(frozen=True)
class RecipeFault:
    """Why a recipe would use what is not known, and the columns of which it is not; `cutoff` is None for never."""

    code: str
    message: str
    columns: tuple[str, ...]
    cutoff: int | None = None


def recipe_faults(
    part: TransformPart,
    entry: TransformEntry,
    parameters: RecipeValues,
    *,
    task: PurposeFacts,
    derived: Mapping[str, int] = NO_DERIVED,
) -> Iterator[RecipeFault]:
    """Yield what a recipe uses although it is not known when a prediction is made.

    Windows end at the last step that is known, so that only steps that are named one by one can lie too near. What is
    done within a fold works on columns that enter as they are known.

    Parameters
    ----------
    part, entry, parameters
        The recipe as the config has it, its entry in the registry, and its clean parameters.
    task
        The task of the config.
    derived
        The cutoffs of the columns that earlier recipes make.
    """
    if entry.place != "before" or not entry.looks_back or task.purpose is None:
        return
    if task.target in part.columns and target_cutoff(task) is None:
        yield RecipeFault(TARGET_NEVER, f"{entry.title}: {_never_known_sentence(task)}", (task.target,))
    others = tuple(dict.fromkeys(column for column in part.columns if column != task.target))
    if others and task.purpose is Purpose.NEW_ROWS:
        message = f"{entry.title}: new rows are independent, so there are no earlier steps."
        yield RecipeFault(NO_EARLIER_ROWS, message, tuple(part.columns))
    for code, columns in ((TARGET_NOT_YET, (task.target,)), (DRIVER_NOT_YET, others)):
        named = [column for column in columns if column in part.columns]
        cutoffs = {column: column_cutoff(task, column, derived) or 0 for column in named}
        late = tuple(
            column for column in named if any(step < cutoffs[column] for step in entry.single_steps(parameters))
        )
        if late:
            yield _not_yet_known_fault(code, late, entry=entry, parameters=parameters, cutoff=cutoffs[late[0]])


def _never_known_sentence(task: PurposeFacts) -> str:
    target = task.target[:60]
    return {
        Purpose.SIMULATE: f"a simulation knows no value of {target}.",
        Purpose.UNGAUGED: f"at a site never gauged no value of {target} is known.",
        Purpose.FILL_GAPS: f"within a gap {target} is not known, and this would look there.",
    }.get(task.purpose or Purpose.NEW_ROWS, f"new rows have no earlier values of {target}.")


def _not_yet_known_fault(
    code: str, columns: tuple[str, ...], *, entry: TransformEntry, parameters: RecipeValues, cutoff: int
) -> RecipeFault:
    near = [str(step) for step in entry.single_steps(parameters) if step < cutoff]
    steps = "1 step" if near == ["1"] else f"{join_words(near, most=5)} steps"
    names = join_words([column[:60] for column in columns], most=3)
    ahead = pluralise(cutoff, "step")
    message = f"{entry.title}: {names} of {steps} before cannot be known {ahead} ahead."
    return RecipeFault(code, message, columns, cutoff)


def raise_steps(steps: tuple[int, ...], cutoff: int) -> list[int]:
    """Return steps moved back together, so that the nearest lies at the cutoff."""
    more = max(cutoff - min(steps), 0)
    return sorted({min(step + more, MAX_LENGTH) for step in steps})


def reach_of(
    part: TransformPart,
    entry: TransformEntry,
    parameters: RecipeValues,
    *,
    task: PurposeFacts | None,
    earlier: int = 0,
    derived: Mapping[str, int] = NO_DERIVED,
) -> int:
    """Return how many steps before a row the first value lies that a recipe looks at.

    Without a task, and for a config without a purpose, that is how far it looks back by itself, and how far the recipes
    before it look back that make its columns (`earlier`).
    """
    memory = entry.memory(parameters) + earlier
    if task is None or task.purpose is None or entry.single_steps(parameters) or entry.place != "before":
        return memory
    return memory + max((column_cutoff(task, column, derived) or 0 for column in part.columns), default=0)
