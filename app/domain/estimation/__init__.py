"""How long a launch will take and how much memory it needs, as a range, before it is launched."""

from app.domain.estimation.forecast import Machine, estimate, this_machine

__all__ = ["Machine", "estimate", "this_machine"]
