"""Reading the posted form of the Review step: name and notes."""

from __future__ import annotations

from typing import Any

from app.domain.recommendation.plan import Plan
from app.steps.views import Form

FIELDS = ("name", "description", "tags", "notes")


def read(form: Form, _plan: Plan) -> dict[str, Any]:
    """Return the words."""
    return {name: form[name] for name in FIELDS if name in form}
