"""Every rule about a config, once: pages, workers and programs all obey this list."""

from app.domain.checks.rules import RULES, check_spec
from app.domain.checks.subject import CheckContext

__all__ = ["RULES", "CheckContext", "check_spec"]
