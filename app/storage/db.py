"""The database: one SQLAlchemy object, one way to open a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


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


@contextmanager
def transaction() -> Iterator[None]:
    """Commit on success, roll back on any exception. Services own transactions; nothing else commits."""
    try:
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def now() -> datetime:
    """Return the time in UTC, without a zone, as every `_at` column stores it."""
    return datetime.now(UTC).replace(tzinfo=None)
