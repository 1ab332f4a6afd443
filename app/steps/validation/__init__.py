"""Decide which rows teach the model and which rows judge it."""

from app.steps.validation.routes import blueprint

__all__ = ["blueprint"]
