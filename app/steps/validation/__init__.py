"""The Validation step: choose the split, hold-out and metrics."""

from app.steps.validation.routes import blueprint

__all__ = ["blueprint"]
