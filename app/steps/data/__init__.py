"""The Data step: choose the data and the target."""

from app.steps.data.routes import blueprint

__all__ = ["blueprint"]
