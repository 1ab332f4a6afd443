"""What is ready before somebody opens the first page: compiled templates, and what they worked on last."""

from __future__ import annotations

import gc
import logging
import shutil
import sys
from pathlib import Path

import pytest
from flask import Flask

import config
from app import factory
from app.launch import warming
from app.services.datasets import analysis
from app.storage.db import db
from app.storage.tables import Dataset


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin at once, and leave the collector of this process alone."""
    monkeypatch.setattr(warming, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(gc, "freeze", lambda: None)


@pytest.fixture
def compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the templates of an application are kept that is made from now on."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(factory, "cache_from_source", lambda _module: str(tmp_path / "kept" / "factory.pyc"))
    return tmp_path / "kept" / "templates"


def test_a_start_loads_what_was_worked_on_and_every_template(compiled: Path, app: Flask, sample: Dataset) -> None:
    analysis.forget_profiles()
    app.jinja_env.bytecode_cache = factory._Compiled.beside(Path(factory.__file__))
    warming.warm_caches(app)
    assert list(analysis._profiles) == [sample.id]
    assert "pages/dataset.html" in {name for _, name in app.jinja_env.cache or ()}
    assert any(compiled.iterdir())


def test_a_start_without_its_database_goes_on(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    db.drop_all()
    with caplog.at_level(logging.WARNING):
        warming.warm_caches(app)
    assert "the database cannot be used" in caplog.text


def test_templates_are_used_where_their_compiled_form_cannot_be_kept(
    compiled: Path, settings: config.Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made = factory.create_app(settings)
    shutil.rmtree(compiled)
    with caplog.at_level(logging.INFO):
        assert made.jinja_env.get_template("pages/dataset.html")
    assert "is not kept" in caplog.text
    # Where its folder would be is a file.
    shutil.rmtree(compiled.parent)
    compiled.parent.write_text("")
    assert factory.create_app(settings).jinja_env.bytecode_cache is None
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert factory.create_app(settings).jinja_env.bytecode_cache is None
