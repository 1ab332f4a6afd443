"""Reading the posted form of the Data step."""

from __future__ import annotations

from typing import Any

from app.domain.recommendation.plan import Plan
from app.steps.views import Form

FIELDS = ("target", "task_kind", "time_column", "group_column", "purpose", "horizon")
BOX = "drivers_known_ahead"


def read(form: Form, _plan: Plan) -> dict[str, Any]:
    """Return the form's answers: target, task, roles, purpose, and the kinds of the columns on the page."""
    values: dict[str, Any] = {name: form[name] for name in FIELDS if name in form}
    values.update({name: form[name] for name in form if name.startswith("kind.")})
    if BOX in form or f"{BOX}_shown" in form:
        # A box that is not ticked sends nothing.
        values[BOX] = BOX in form
    return values
