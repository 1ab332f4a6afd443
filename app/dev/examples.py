"""The list of all gallery examples: every macro and partial in each of its states."""

from __future__ import annotations

from collections.abc import Callable

from app.dev import (
    admin_examples,
    association_examples,
    chart_examples,
    column_examples,
    contest_examples,
    field_examples,
    memory_examples,
    model_examples,
    optimism_examples,
    partial_examples,
    purpose_examples,
    template_examples,
)
from app.dev.example import Example

PARTS: tuple[Callable[[], list[Example]], ...] = (
    field_examples.examples,
    column_examples.examples,
    contest_examples.examples,
    chart_examples.examples,
    association_examples.examples,
    memory_examples.examples,
    model_examples.examples,
    optimism_examples.examples,
    purpose_examples.examples,
    template_examples.examples,
    admin_examples.examples,
    partial_examples.examples,
)


def all_examples() -> list[Example]:
    """Return all examples in the order of the page; they are made anew, since some hold a form's problems."""
    return [example for part in PARTS for example in part()]
