"""The sentence about an outage that holds up waiting or running work."""

from __future__ import annotations

from flask import Flask

from app.services.system import system_state


def init_app(app: Flask) -> None:
    """Make it known to every template; each partial that waits shows it by partials/shared/outage.html."""
    app.add_template_global(outage)


def outage(*, running: bool = False) -> str:
    """Return a sentence while a part is away that the work needs, else an empty one; it is added to the fault."""
    return system_state.current_state().sentence(running=running)
