"""Migration of a draft's answers to another reading of its file, by column name."""

from __future__ import annotations

import re
from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.experiment import Answers

KEYED = re.compile(r"^(?P<before>.+\.)(?P<key>c\d+)$")
NAMED = frozenset({("data", "target"), ("data", "time_column"), ("data", "group_column")})
RECIPES = frozenset({("features", "transforms"), ("features", "selection")})
NOT_CARRIED = frozenset({("data", "dataset_id")})


def migrate_answers(answers: Answers, before: DatasetProfile, after: DatasetProfile) -> dict[str, dict[str, Any]]:
    """Return the answers of a draft as they stand on another reading of the same file.

    Parameters
    ----------
    answers
        step -> field -> raw answer. A field about one column ends in the column's key, such as "kind.c3".
    before, after
        What the answers were given on, and what they shall stand on.

    Returns
    -------
    dict
        The same answers with the keys of the new reading. What was said about a column that is gone is left out, and
        in a recipe the column alone; a recipe that names no column any more goes too.
    """
    keys = {column.key: after.column(column.name).key for column in before.columns if after.has(column.name)}
    known = {column.key for column in before.columns}
    kept: dict[str, dict[str, Any]] = {}
    for step, fields in answers.items():
        for name, value in fields.items():
            if (step, name) in NOT_CARRIED or ((step, name) in NAMED and _is_gone(value, after)):
                continue
            match = KEYED.match(name)
            about = match["key"] if match and match["key"] in known else None
            if about is not None and about not in keys:
                continue
            new = name if match is None or about is None else match["before"] + keys[about]
            kept.setdefault(step, {})[new] = _migrate_recipes(value, after) if (step, name) in RECIPES else value
    return kept


def _is_gone(value: Any, after: DatasetProfile) -> bool:
    return isinstance(value, str) and value != "" and not after.has(value)


def _migrate_recipes(value: Any, after: DatasetProfile) -> Any:
    """Return recipes without the columns that are gone; an odd answer stays, and is judged where all answers are."""
    if not isinstance(value, list):
        return value
    kept = []
    for recipe in value:
        names = recipe.get("columns") if isinstance(recipe, dict) else None
        if not isinstance(names, list) or not names:
            kept.append(recipe)
            continue
        left = [name for name in names if isinstance(name, str) and after.has(name)]
        if left:
            kept.append({**recipe, "columns": left})
    return kept
