"""Pages for developers of HydroML, registered only where `settings.dev` is on."""

from __future__ import annotations

from flask import Flask

from app.dev import gallery
from config import Settings


def init_app(app: Flask) -> None:
    """Attach the pages in development; elsewhere their addresses do not exist."""
    settings: Settings = app.extensions["hydroml_settings"]
    if settings.dev:
        app.register_blueprint(gallery.blueprint)
