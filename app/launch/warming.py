"""Loading caches after a web process starts, so that the first page is fast."""

from __future__ import annotations

import gc
import logging
import time

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from app.services.datasets import analysis
from app.storage.db import db

log = logging.getLogger(__name__)
# The workers are starting meanwhile.
PAUSE_SECONDS = 1.0


def warm_caches(app: Flask) -> None:
    """Load the templates, and what is known about the datasets that somebody worked on last."""
    time.sleep(PAUSE_SECONDS)
    for name in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(name)
    try:
        with app.app_context():
            analysis.warm_profile_cache()
            db.session.remove()
    except SQLAlchemyError as fault:
        log.warning("nothing is recalled from before the start, the database cannot be used: %s", fault)
    # What is loaded by now stays: the collector need not look through it while a page is made.
    gc.freeze()
