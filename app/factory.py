"""The application factory: `create_app` and the order of its set-up."""

from __future__ import annotations

import functools
import logging
import sys
from importlib.metadata import version
from importlib.util import cache_from_source
from pathlib import Path

from flask import Flask
from jinja2 import ChoiceLoader, FileSystemBytecodeCache, FileSystemLoader, PrefixLoader, StrictUndefined
from jinja2.bccache import Bucket

from app import api, dev, pages, steps
from app.storage import binding
from app.web import (
    access,
    compression,
    csrf,
    errors,
    filters,
    headers,
    hypermedia,
    links,
    origins,
    outage,
    request_times,
    sessions,
    uploads,
)
from config import MIB, Settings, load

log = logging.getLogger(__name__)
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
        WTF_CSRF_TIME_LIMIT=None,
    )
    _init_templates(app)
    app.jinja_env.auto_reload = settings.dev
    plumbing = (
        request_times,
        origins,
        sessions,
        headers,
        compression,
        uploads,
        csrf,
        access,
        hypermedia,
        filters,
        outage,
        errors,
    )
    for part in (*plumbing, pages, steps, api, dev, links):
        part.init_app(app)
    return app


def _init_templates(app: Flask) -> None:
    pages_of_ours = FileSystemLoader(str(HERE / "templates"))
    fragments = PrefixLoader({"partials": FileSystemLoader(str(HERE / "partials"))})
    app.jinja_env.loader = ChoiceLoader([pages_of_ours, fragments])
    app.jinja_env.bytecode_cache = _Compiled.beside(Path(__file__))
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.autoescape = True
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


class _Compiled(FileSystemBytecodeCache):
    """Compiled templates, without which a first page takes twice as long.

    They are kept where Python keeps compiled modules, since a data folder that comes from elsewhere must bring no code.
    """

    @classmethod
    def beside(cls, module: Path) -> _Compiled | None:
        """Return the one beside a module's compiled form; None where none shall be or can be kept."""
        folder = Path(cache_from_source(str(module))).with_name("templates")
        if sys.dont_write_bytecode:
            return None
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            log.info("compiled templates are not kept: %s", fault)
            return None
        return cls(str(folder))

    def get_source_checksum(self, source: str) -> str:
        """Return the checksum of a template, of these options and of this Jinja."""
        return super().get_source_checksum(f"{_options()}{source}")

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep one; a disk that is full is no reason to show no page."""
        try:
            super().dump_bytecode(bucket)
        except OSError as fault:
            log.info("a compiled template is not kept: %s", fault)


@functools.cache
def _options() -> str:
    return version("jinja2") + Path(__file__).read_text(encoding="utf-8")
