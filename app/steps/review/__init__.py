"""The Review step: the whole experiment, and the launch."""

from app.steps.review.routes import blueprint

__all__ = ["blueprint"]
