"""Validation of template requirements that come from a program or a file."""

from __future__ import annotations

import math
from dataclasses import fields, replace

from app.domain.experiment_templates.requirements import ColumnNeed, Requirements
from app.domain.experiment_templates.template_config import MAX_SELECTED
from app.domain.text.plain_text import clean_line

# The features of a template, and what its recipes, rules and answers name beside them.
MAX_NEEDS = MAX_SELECTED + 5_000
MAX_NAME, MAX_WORD, MAX_NUMBER, MAX_COUNT = 1000, 60, 1e150, 1_000_000_000
# What an edit may change and a later version then keeps.
EDITABLE = tuple(field.name for field in fields(Requirements) if field.name != "edited")


def read_requirements(values: object) -> Requirements:
    """Return requirements as they were sent.

    Parameters
    ----------
    values
        Plain JSON values.

    Returns
    -------
    Requirements
        With clean words, and without names of fields that nobody can edit.

    Raises
    ------
    ValueError
        If a field is of the wrong kind, beyond what can be needed, or a column stands twice.
    """
    needs = Requirements.from_json(values)
    names = [need.name for need in needs.columns]
    if len(names) > MAX_NEEDS or len(set(names)) < len(names):
        raise ValueError("too many columns, or one of them twice")
    if any(not 0 <= count <= MAX_COUNT for count in (needs.min_rows, needs.min_groups, needs.min_features)):
        raise ValueError("a count is out of bounds")
    step = needs.step_seconds
    if step is not None and not 0 < step <= MAX_NUMBER:
        raise ValueError("the step is out of bounds")
    columns = tuple(_read_need(need) for need in needs.columns)
    return replace(needs, columns=columns, edited=tuple(name for name in EDITABLE if name in needs.edited))


def _read_need(need: ColumnNeed) -> ColumnNeed:
    words = replace(need, meaning=clean_line(need.meaning), unit=clean_line(need.unit))
    numbers = [number for number in (*need.quantiles, need.mean, need.spread) if number is not None]
    if not 1 <= len(need.name) <= MAX_NAME or len(words.meaning) > MAX_WORD or len(words.unit) > MAX_WORD:
        raise ValueError("a name is too long")
    if len(need.quantiles) > MAX_WORD or any(not math.isfinite(item) or abs(item) > MAX_NUMBER for item in numbers):
        raise ValueError("a number is out of bounds")
    return words
