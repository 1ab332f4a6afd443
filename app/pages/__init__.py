"""Whole pages outside the wizard."""

from __future__ import annotations

from flask import Flask

from app.pages import account, conflicts, datasets, experiments, experiments_list, health, help_page, home, sign_in

BLUEPRINTS = (
    home.blueprint,
    sign_in.blueprint,
    account.blueprint,
    datasets.blueprint,
    experiments_list.blueprint,
    experiments.blueprint,
    help_page.blueprint,
    conflicts.blueprint,
    health.blueprint,
)


def init_app(app: Flask) -> None:
    """Attach every page."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
