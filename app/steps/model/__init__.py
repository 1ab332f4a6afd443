"""The Model step: choose the estimator."""

from app.steps.model import evidence
from app.steps.model.routes import blueprint

__all__ = ["blueprint", "evidence"]
