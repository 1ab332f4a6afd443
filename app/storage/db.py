"""The SQLAlchemy database object, and transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

from app.storage.write_turns import Writing

_writing: ContextVar[Writing | None] = ContextVar("hydroml_writing", default=None)


class Base(DeclarativeBase):
    """Every mapped class; the naming convention lets a migration address any constraint."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


def current_writing() -> Writing | None:
    """Return the `transaction()` that the code runs in, whose first statement takes the write lock, or None."""
    return _writing.get()


@contextmanager
def transaction() -> Iterator[None]:
    """Commit on success, roll back on any exception. Services own transactions; nothing else commits.

    A read that is under way is ended first: on SQLite a read that turns into a write fails at once when anybody else
    wrote in between, whatever the timeout. Inside another transaction this one is part of it.
    """
    if _writing.get() is not None:
        yield
        return
    if db.session.new or db.session.dirty or db.session.deleted:
        raise RuntimeError("Something was changed outside a transaction.")
    db.session.commit()
    writing = Writing()
    token = _writing.set(writing)
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise
    finally:
        _writing.reset(token)
        writing.give_back()
    for act in writing.acts:
        act()


def after_commit(act: Callable[[], object]) -> None:
    """Call a function once the transaction is committed, and not at all where it is rolled back.

    Outside a transaction it is done at once.
    """
    writing = _writing.get()
    if writing is None:
        act()
    else:
        writing.acts.append(act)


def insert_into(table: type[Base]) -> Any:
    """Return an insertion that can say what happens on a conflict, in the words of the database in use."""
    return (postgresql if db.engine.dialect.name == "postgresql" else sqlite).insert(table)


def end_reading() -> None:
    """Give the connection back before something slow, such as the body of an upload; what was loaded stays loaded."""
    if _writing.get() is None:
        db.session.commit()


def now() -> datetime:
    """Return the time in UTC, without a zone, as every `_at` column stores it."""
    return datetime.now(UTC).replace(tzinfo=None)
