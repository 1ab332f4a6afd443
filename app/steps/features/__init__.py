"""The Features step: choose what the model may look at."""

from app.steps.features import bulk, leaks, memory_routes, pairs, transforms
from app.steps.features.routes import blueprint

__all__ = ["blueprint", "bulk", "leaks", "memory_routes", "pairs", "transforms"]
