"""The routes of the wizard: one blueprint for each step, and the frame around them."""

from __future__ import annotations

from flask import Flask

from app.domain import wizard
from app.steps import data, drafts, features, model, review, single_page, validation

STEP_BLUEPRINTS = {
    "data": data.blueprint,
    "features": features.blueprint,
    "model": model.blueprint,
    "validation": validation.blueprint,
    "review": review.blueprint,
}


def init_app(app: Flask) -> None:
    """Attach every step; a step without a blueprint stops the start."""
    missing = [slug for slug in wizard.SLUGS if slug not in STEP_BLUEPRINTS]
    if missing:
        raise RuntimeError(f"the step {missing[0]} has no blueprint")
    app.register_blueprint(drafts.blueprint)
    app.register_blueprint(single_page.blueprint)
    for slug in wizard.SLUGS:
        app.register_blueprint(STEP_BLUEPRINTS[slug])
