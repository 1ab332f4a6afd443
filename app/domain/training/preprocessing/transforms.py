"""Recipes of a config as a whole: output columns, memory, cutoffs, and columns they cannot use."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from app.domain.analysis.profiling.profile import ColumnProfile
from app.domain.experiment import Spec, TaskPart, TransformPart
from app.domain.text.words import join_words
from app.domain.training.preprocessing.knowledge import PurposeFacts, column_cutoff, reach_of, steps_before
from app.domain.training.preprocessing.recipe_parameters import DATE_PARTS, RecipeValues
from app.domain.training.preprocessing.recipes import TRANSFORMS, TransformEntry
from app.domain.vocabulary import ColumnKind, TaskKind

__all__ = ["DATE_PARTS", "TRANSFORMS", "TransformEntry", "get"]

# How columns of numbers are stored.
NUMBERS = ("number", "integer")
_BY_KIND = {entry.kind: entry for entry in TRANSFORMS}


def get(kind: str) -> TransformEntry:
    """Return the recipe of this kind; KeyError if there is none."""
    return _BY_KIND[kind]


def parse_recipe(part: TransformPart) -> RecipeValues:
    """Return the clean parameters of a recipe.

    One request reads the same recipe dozens of times, for the checks, the names and the estimate, so what was read is
    kept by its text.

    Raises
    ------
    KeyError, RecipeError
        If there is no such recipe, or its parameters make no sense.
    """
    try:
        text = json.dumps(part.parameters, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        # Values that are no JSON come from programs of the same process alone.
        return get(part.kind).parse(part.parameters)
    return RecipeValues(dict(_parse_text(part.kind, text)))


@lru_cache(maxsize=500)
def _parse_text(kind: str, text: str) -> RecipeValues:
    return get(kind).parse(json.loads(text))


def readable_recipes(parts: Iterable[TransformPart]) -> Iterator[tuple[TransformPart, TransformEntry, RecipeValues]]:
    """Return each recipe that can be followed, with its entry and clean parameters."""
    for part in parts:
        try:
            entry, parameters = get(part.kind), parse_recipe(part)
        except (KeyError, ValueError):
            continue
        yield part, entry, parameters


def derived_names(transform: TransformPart, *, time_column: str | None) -> list[str]:
    """Return the names of the columns that a recipe adds to the table before the split; most in a fold add none."""
    entry, parameters = get(transform.kind), parse_recipe(transform)
    columns = transform.columns if entry.needs_columns else [time_column or "time"]
    return entry.names_of(columns, parameters)


def output_names(spec: Spec) -> list[str]:
    """Return the names of all columns that a config's recipes add to the table."""
    return recipe_names(spec.features.transforms, spec.task)


def recipe_names(parts: Iterable[TransformPart], task: TaskPart) -> list[str]:
    """Return the names of all columns that recipes add to a table of this task."""
    column = task.time_column
    made = (name for part, _, _ in readable_recipes(parts) for name in derived_names(part, time_column=column))
    return list(dict.fromkeys(made))


def encoded_names(parts: Iterable[TransformPart]) -> list[str]:
    """Return the names of all columns of words that recipes make numbers of."""
    return [name for part, entry, _ in readable_recipes(parts) if entry.role == "encode" for name in part.columns]


def input_names(spec: Spec, columns: Iterable[str]) -> list[str]:
    """Return the names of derived features that columns of the file have already."""
    current_values = set(columns)
    return [name for name in output_names(spec) if name in current_values]


def made_cutoff(
    part: TransformPart,
    entry: TransformEntry,
    parameters: RecipeValues,
    *,
    task: PurposeFacts,
    derived: Mapping[str, int],
) -> int:
    """Return how many steps before a row the last usable value lies of the columns that a recipe makes.

    It is the latest of those of its own columns. A single step back lies at the cutoff already or before it.
    """
    if not entry.needs_columns or entry.single_steps(parameters):
        return 0
    return max((column_cutoff(task, column, derived) or 0 for column in part.columns), default=0)


def derived_cutoffs(parts: Iterable[TransformPart], task: PurposeFacts, *, file: Iterable[str] = ()) -> dict[str, int]:
    """Return the cutoff of every column that recipes make, by name.

    Parameters
    ----------
    parts, task
        The recipes in their order, and the task of the config.
    file
        The columns of the file, which stand where a recipe would make one of the same name.
    """
    current_values, cutoffs = set(file), dict[str, int]()
    for part, entry, parameters in readable_recipes(parts):
        if entry.place == "before":
            cutoff = made_cutoff(part, entry, parameters, task=task, derived=cutoffs)
            for name in derived_names(part, time_column=task.time_column):
                if name not in current_values:
                    cutoffs.setdefault(name, cutoff)
    return cutoffs


def reaches_of(parts: Iterable[TransformPart], task: PurposeFacts | None = None) -> Iterator[tuple[TransformPart, int]]:
    """Yield each recipe that can be read, with how many steps back it looks, through those that make its columns."""
    depths: dict[str, int] = {}
    cutoffs: dict[str, int] = {}
    for part, entry, values in readable_recipes(parts):
        earlier = max((depths.get(column, 0) for column in part.columns), default=0)
        yield part, reach_of(part, entry, values, task=task, earlier=earlier, derived=cutoffs)
        names = derived_names(part, time_column=None if task is None else task.time_column)
        depths.update(dict.fromkeys(names, earlier + entry.memory(values)))
        if task is not None:
            cutoffs.update(dict.fromkeys(names, made_cutoff(part, entry, values, task=task, derived=cutoffs)))


def memory_of(parts: Iterable[TransformPart], task: PurposeFacts | None = None, selected: Iterable[str] = ()) -> int:
    """Return how many steps back features look: recipes, and selected columns that are not known ahead.

    A recipe that cannot be read looks nowhere. Without a task, recipes look as far back as they do by themselves. What
    works on the columns of another recipe looks back as far as both together.
    """
    reaches = [reach for _, reach in reaches_of(parts, task)]
    late = [steps_before(task, column) for column in selected] if task is not None else []
    return max([*reaches, *late], default=0)


def longest_memory(spec: Spec) -> int:
    """Return how many steps back the features of a config look."""
    return memory_of(spec.features.transforms, spec.task, spec.features.selected)


def target_memory_of(parts: Iterable[TransformPart], task: PurposeFacts) -> int:
    """Return how many steps back features look at the target, which is what a gap keeps apart.

    Drivers of the steps before are known when a prediction is made, so that rows on both sides of a split may share
    them. A config without a purpose counts every feature, as it did when it was made.

    Parameters
    ----------
    parts
        The recipes of a config, those on columns of other recipes after these.
    task
        The task of the config.
    """
    listed = list(parts)
    if task.purpose is None:
        return memory_of(listed, task)
    of_target, most = {task.target}, 0
    for part, reach in reaches_of(listed, task):
        if of_target.intersection(part.columns):
            of_target.update(derived_names(part, time_column=task.time_column))
            most = max(most, reach)
    return most


def count_repeats(rows: int, *, times: int, groups: int = 1) -> int:
    """Return how many rows at least share their time with an earlier row of their group.

    Parameters
    ----------
    rows, times, groups
        Rows that have a time, distinct times among them, and distinct groups. Without groups (1) the count is exact;
        with them it is what is left when every group holds every time once.
    """
    return max(0, rows - times * max(groups, 1))


@dataclass(frozen=True)
class ColumnInventory:
    """The columns that recipes may work on: their kinds, which constant ones are numbers, and what recipes make.

    `made` are the columns that other recipes derive, `encoded` the columns of words that others make numbers of.
    """

    kinds: Mapping[str, ColumnKind]
    flat_numbers: frozenset[str]
    target: str
    task: TaskKind
    made: frozenset[str] = frozenset()
    encoded: frozenset[str] = frozenset()

    def after(self, part: TransformPart, *, time_column: str | None) -> ColumnInventory:
        """Return the columns that the next recipe may work on; one that cannot be followed changes nothing."""
        made = [
            name
            for transform, _, _ in readable_recipes([part])
            for name in derived_names(transform, time_column=time_column)
        ]
        return replace(self, made=self.made | set(made), encoded=self.encoded | set(encoded_names([part])))

    def is_number(self, name: str, entry: TransformEntry) -> bool:
        """Return whether a recipe meets a column as a number."""
        if name == self.target:
            return not self.task.is_classification
        kind = self.kinds.get(name)
        if name in self.encoded and entry.takes == "numbers" and entry.place == "fold":
            return True
        if kind is None or kind.is_number or name in self.flat_numbers:
            return True
        return entry.place == "fold" and kind in (ColumnKind.BOOLEAN, ColumnKind.DATETIME)


def column_inventory(
    columns: Iterable[ColumnProfile],
    kinds: Mapping[str, ColumnKind],
    *,
    target: str,
    task: TaskKind,
    time_column: str | None,
    parts: Sequence[TransformPart],
) -> ColumnInventory:
    """Return the columns that a recipe may work on that comes after `parts`, with their `kinds`."""
    flat = (
        column.name for column in columns if kinds[column.name] is ColumnKind.CONSTANT and column.storage in NUMBERS
    )
    made = (name for part, _, _ in readable_recipes(parts) for name in derived_names(part, time_column=time_column))
    return ColumnInventory(kinds, frozenset(flat), target, task, frozenset(made), frozenset(encoded_names(parts)))


def columns_fault(
    entry: TransformEntry, names: Sequence[str], inventory: ColumnInventory, parameters: RecipeValues | None = None
) -> str:
    """Return why a recipe cannot work on these columns, or an empty text.

    Without parameters, it is not looked at whether columns that work together are all there.
    """
    if not entry.needs_columns:
        return ""
    if not names:
        return f"{entry.title}: choose at least one column."
    unknown = next((name for name in names if name not in inventory.kinds and name not in inventory.made), None)
    if unknown is not None:
        return f"{entry.title}: there is no column named {unknown[:60]}."
    if parameters is not None and (fault := roles_fault(entry, names, parameters)):
        return fault
    faults = (
        column_fault(entry, name, is_number=inventory.is_number(name, entry), is_target=name == inventory.target)
        for name in names
    )
    return next((fault for fault in faults if fault), "")


def roles_fault(entry: TransformEntry, names: Sequence[str], parameters: RecipeValues) -> str:
    """Return why these columns cannot take the roles of a recipe that works on them together, or an empty text."""
    if not entry.roles:
        return ""
    least, most = sum(not role.optional for role in entry.roles), len(entry.roles)
    if not least <= len(names) <= most:
        count = str(least) if least == most else f"{least} to {most}"
        titles = [f"{role.title[0].lower()}{role.title[1:]}" for role in entry.roles]
        return f"{entry.title} needs {count} columns: {join_words(titles, most=most)}."
    if len(set(names)) < len(names):
        return f"{entry.title}: choose a different column for each role."
    fault = entry.check_columns(len(names), parameters)
    return f"{entry.title}: {fault}" if fault else ""


def column_fault(entry: TransformEntry, name: str, *, is_number: bool, is_target: bool) -> str:
    """Return why a recipe cannot work on a column, or an empty text.

    Parameters
    ----------
    entry, name
        The recipe, and the column.
    is_number, is_target
        Whether the model meets the column as a number, and whether it is what is to be estimated.
    """
    if is_target and entry.roles:
        return f"{entry.title}: {name[:60]} is the target, and cannot be one of its columns."
    if is_target and not entry.looks_back:
        return f"{entry.title}: {name[:60]} is the target, of which only earlier steps may be used."
    if entry.takes == "numbers" and not is_number:
        return f"{entry.title}: {name[:60]} does not hold numbers."
    if entry.takes == "words" and is_number:
        return f"{entry.title}: {name[:60]} holds numbers. Call it categorical on the Data step to have it as words."
    return ""
