"""Choose the data and say what to estimate."""

from app.steps.data.routes import blueprint

__all__ = ["blueprint"]
