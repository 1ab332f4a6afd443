"""The whole experiment on one page, and the launch."""

from app.steps.review.routes import blueprint

__all__ = ["blueprint"]
