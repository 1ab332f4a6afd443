"""Decide which rows train the model and which validate it."""

from app.steps.validation.routes import blueprint

__all__ = ["blueprint"]
