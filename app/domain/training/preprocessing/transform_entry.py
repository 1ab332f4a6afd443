"""TransformEntry: the description of one recipe with its names, columns, outputs and reach into the past."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.domain.training.preprocessing.recipe_parameters import Field, RecipeError, RecipeValues, parse_all

Names = Callable[[str, RecipeValues], list[str]]
TogetherNames = Callable[[Sequence[str], RecipeValues], list[str]]
Memory = Callable[[RecipeValues], int]
Steps = Callable[[RecipeValues], tuple[int, ...]]
Units = Callable[[Sequence[str], RecipeValues], list[str]]


@dataclass(frozen=True)
class ColumnRole:
    """One place in the list of columns of a recipe that works on several together."""

    title: str
    optional: bool = False


@dataclass(frozen=True)
class TransformEntry:
    """One recipe.

    `takes` says which columns it works on ("none": the time column), `role` what it is in a column's chain of steps,
    of which one is enough. `looks_back` says that of the target it uses earlier steps only; every other recipe may not
    touch the target. `learns` says that it is fitted. `names(column, parameters)` are the columns it adds to the table,
    `memory(parameters)` is how many steps it looks back. `single_steps(parameters)` are the steps before a row that it
    takes one by one; a recipe without them ends at the last step that is known. `as_measured` says that it must stand
    before any step that changes the size of the numbers.

    `roles` are what the columns are, in their order, where it works on all of them together; `names_together` are then
    the columns it adds. `check` says what is wrong with parameters that do not go together, `check_columns` with the
    number of columns for them, and `check_roles` with the roles that a form filled. `dated` says that it needs the date
    of each row. `units(units, parameters)` are the units of the columns it adds, from those of the columns it works on.
    `source` says where its formula is from.
    """

    kind: str
    title: str
    family: str
    help: str
    place: Literal["before", "fold"]
    parameters: tuple[Field, ...] = ()
    takes: Literal["numbers", "words", "any", "none"] = "numbers"
    role: Literal["", "fill", "mark", "shape", "scale", "encode"] = ""
    learns: bool = False
    looks_back: bool = False
    as_measured: bool = False
    names: Names = lambda _column, _parameters: []
    memory: Memory = lambda _parameters: 0
    single_steps: Steps = lambda _parameters: ()
    roles: tuple[ColumnRole, ...] = ()
    names_together: TogetherNames = lambda _columns, _parameters: []
    check: Callable[[RecipeValues], RecipeError | None] = lambda _parameters: None
    check_columns: Callable[[int, RecipeValues], str] = lambda _count, _parameters: ""
    check_roles: Callable[[Sequence[bool], RecipeValues], str] = lambda _filled, _parameters: ""
    dated: bool = False
    units: Units = lambda _units, _parameters: []
    source: str = ""

    @property
    def needs_columns(self) -> bool:
        """Return whether it is told which columns to work on."""
        return self.takes != "none"

    @property
    def needs_time(self) -> bool:
        """Return whether it works only where a time column orders the rows."""
        return self.looks_back or self.dated or self.takes == "none"

    def parse(self, parameters: Mapping[str, Any]) -> RecipeValues:
        """Return clean parameters; RecipeError with a sentence where they make no sense."""
        clean = parse_all(self.parameters, parameters)
        fault = self.check(clean)
        if fault is not None:
            raise fault
        return clean

    def names_of(self, columns: Sequence[str], parameters: RecipeValues) -> list[str]:
        """Return the names of the columns that it makes of these."""
        if self.roles:
            return self.names_together(columns, parameters) if columns else []
        return [name for column in columns for name in self.names(column, parameters)]
