"""The JSON API for programs, over the same services as the pages."""

from __future__ import annotations

from flask import Flask

from app.api import (
    analysis,
    config,
    datasets,
    experiment_templates,
    experiments,
    features,
    jobs,
    recommendations,
    suggestions,
)

BLUEPRINTS = (
    jobs.blueprint,
    datasets.blueprint,
    analysis.blueprint,
    features.blueprint,
    config.blueprint,
    recommendations.blueprint,
    suggestions.blueprint,
    experiments.blueprint,
    experiment_templates.blueprint,
)


def init_app(app: Flask) -> None:
    """Attach every resource."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
