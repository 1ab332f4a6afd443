"""Pages outside the wizard."""

from __future__ import annotations

from flask import Flask

from app.pages import (
    account,
    admin,
    analytics,
    audit,
    conflicts,
    datasets,
    experiment_templates,
    experiments,
    experiments_list,
    health,
    help_page,
    home,
    metrics,
    people,
    sign_in,
    template_admin,
    template_forms,
    template_use,
)

BLUEPRINTS = (
    home.blueprint,
    sign_in.blueprint,
    account.blueprint,
    admin.blueprint,
    people.blueprint,
    analytics.blueprint,
    audit.blueprint,
    datasets.blueprint,
    experiments_list.blueprint,
    experiments.blueprint,
    experiment_templates.blueprint,
    template_forms.blueprint,
    template_use.blueprint,
    template_admin.blueprint,
    help_page.blueprint,
    conflicts.blueprint,
    health.blueprint,
    metrics.blueprint,
)


def init_app(app: Flask) -> None:
    """Attach every page."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
