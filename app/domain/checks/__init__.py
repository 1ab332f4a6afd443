"""The rules that a config must obey, shared by pages, workers and programs."""

from app.domain.checks.check_context import CheckContext
from app.domain.checks.rules import RULES, check_spec

__all__ = ["RULES", "CheckContext", "check_spec"]
