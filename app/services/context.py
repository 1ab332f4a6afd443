"""Settings of the current application, for every service."""

from __future__ import annotations

from typing import cast

from flask import current_app

from config import Settings


def current_settings() -> Settings:
    """Return the settings of the running application."""
    return cast("Settings", current_app.extensions["hydroml_settings"])
