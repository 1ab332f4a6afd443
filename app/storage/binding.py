"""Binding a Flask application to settings and database, for web, workers and command line."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_migrate import Migrate

from app.storage import engine, tables
from app.storage.db import db
from config import Settings

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def bind(app: Flask, settings: Settings, *, checkpoints: bool = True) -> Flask:
    """Give an application its settings and its database; returns the application."""
    app.extensions["hydroml_settings"] = settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine.engine_options(settings.database_url),
        TESTING=settings.testing,
    )
    if not tables.__all__:
        raise RuntimeError("no table is mapped")
    db.init_app(app)
    Migrate(app, db, directory=str(MIGRATIONS), render_as_batch=True)
    with app.app_context():
        engine.prepare_engine(db.engine, checkpoints=checkpoints)
    return app


def bare_app(settings: Settings, *, checkpoints: bool = False) -> Flask:
    """Return an application without pages, for workers and commands."""
    return bind(Flask("hydroml"), settings, checkpoints=checkpoints)
