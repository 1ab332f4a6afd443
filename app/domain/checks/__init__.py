"""Every rule about a config, once: pages, workers and programs all obey this list."""

from app.domain.checks.check_context import CheckContext
from app.domain.checks.rules import RULES, check_spec

__all__ = ["RULES", "CheckContext", "check_spec"]
