"""An application with a database and samples of its own for every test; preparing them once is enough."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

import config
from app.services.datasets import datasets
from app.services.experiment_templates.shipped import store_library
from app.storage.binding import bare_app
from app.storage.db import db, transaction
from app.storage.migrating import migrate
from app.storage.reading import reader_pool
from app.storage.tables import Dataset, User
from tests.once import COMPILED, keep_measures_of_samples, keep_route_builders, share_compiled_statements
from tests.readers import Readers

keep_route_builders()
keep_measures_of_samples()

# What waits for workers and browsers goes first, so that no process is left alone with it at the end.
LONGEST = ("tests/chaos", "tests/workers", "tests/browser", "tests/launch")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest tests first; the others keep their order."""

    def place(item: pytest.Item) -> int:
        return next((index for index, folder in enumerate(LONGEST) if folder in item.path.as_posix()), len(LONGEST))

    items.sort(key=place)


READERS = Readers()


def pytest_sessionfinish() -> None:
    """Leave no process behind."""
    READERS.end()


@pytest.fixture(autouse=True)
def readers() -> None:
    """Read files in children that have everything loaded; whoever wants others forgets these."""
    if not reader_pool._kept:
        reader_pool._kept.append(READERS)  # type: ignore[arg-type]  # it offers what is asked of one


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with a migrated database and the samples read."""
    data = tmp_path_factory.mktemp("prepared") / "data"
    app = bare_app(config.load({"HYDROML_DATA": str(data)}), checkpoints=True)
    with app.app_context():
        migrate()
        datasets.prepare_samples()
        store_library()
        db.session.remove()
        db.engine.dispose()
    return data


@pytest.fixture
def settings(prepared: Path, tmp_path: Path) -> config.Settings:
    """Return settings whose data folder is a copy of the prepared one."""
    data = tmp_path / "data"
    shutil.copytree(prepared, data)
    return config.load({"HYDROML_DATA": str(data)})


def _wait_for_no_disk(connection: Any, _record: Any) -> None:
    """Let commits wait for no disk: what a test writes need outlast its process, not a power cut."""
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture
def app(settings: config.Settings) -> Iterator[Flask]:
    """Return the whole web application, with its context entered."""
    from app.factory import create_app

    made = create_app(settings)
    made.jinja_env.bytecode_cache = COMPILED
    with made.app_context():
        event.listen(db.engine, "connect", _wait_for_no_disk)
        share_compiled_statements(db.engine)
        yield made
        db.session.remove()
        db.engine.dispose()


def _person(email: str, role: str = "member") -> User:
    with transaction():
        user = User(email=email, role=role, name=email.split("@", maxsplit=1)[0].title())
        db.session.add(user)
    return user


@pytest.fixture
def user(app: Flask) -> User:
    """Return a member."""
    return _person("ada@example.org")


@pytest.fixture
def other_user(app: Flask) -> User:
    """Return another member."""
    return _person("ben@example.org")


@pytest.fixture
def admin(app: Flask) -> User:
    """Return an administrator."""
    return _person("root@example.org", role="admin")


@pytest.fixture
def sample(user: User) -> Dataset:
    """Return the streamflow sample as the member has it."""
    return datasets.use_sample(user, "piscataquis")
