"""Building the application: an ordered list of steps, each in its own module."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Flask
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined

from app import api, pages, steps
from app.storage import binding
from app.web import access, errors, filters, headers, hypermedia, sessions, uploads
from config import MIB, Settings, load

HERE = Path(__file__).resolve().parent


def create_app(settings: Settings | None = None) -> Flask:
    """Return the web application for these settings, or for those of the environment."""
    settings = settings or load()
    app = Flask(__name__, static_folder=str(HERE / "static"), static_url_path="/static")
    binding.bind(app, settings)
    app.config.update(
        MAX_CONTENT_LENGTH=settings.limits.form_mb * MIB,
        MAX_FORM_MEMORY_SIZE=settings.limits.form_mb * MIB,
        MAX_FORM_PARTS=2000,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=365),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    _init_templates(app)
    for part in (sessions, headers, uploads, access, hypermedia, filters, errors, pages, steps, api):
        part.init_app(app)
    return app


def _init_templates(app: Flask) -> None:
    pages_of_ours = FileSystemLoader(str(HERE / "templates"))
    fragments = PrefixLoader({"partials": FileSystemLoader(str(HERE / "partials"))})
    app.jinja_env.loader = ChoiceLoader([pages_of_ours, fragments])
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.autoescape = True
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
