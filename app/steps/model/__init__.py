"""Choose what learns from the features."""

from app.steps.model import evidence
from app.steps.model.routes import blueprint

__all__ = ["blueprint", "evidence"]
