"""Counters in the database for the `limits` library."""

from __future__ import annotations

import hashlib
from datetime import UTC, timedelta

from limits.storage import Storage
from sqlalchemy import case, delete, select
from sqlalchemy.exc import SQLAlchemyError

from app.storage.db import db, insert_into, now
from app.storage.tables import RateCounter


class DatabaseCounters(Storage):
    """Fixed windows, each of which begins with its first hit. Nothing here commits."""

    STORAGE_SCHEME = None

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        """Return the exceptions that the library may wrap in an error of its own."""
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count a hit and return the hits of its window; hits at the same moment are all counted."""
        moment = now()
        fresh = {"key_hash": _hash(key), "count": amount, "expires_at": moment + timedelta(seconds=expiry)}
        query = insert_into(RateCounter).values(fresh)
        is_over = RateCounter.expires_at <= moment
        query = query.on_conflict_do_update(
            index_elements=[RateCounter.key_hash],
            set_={
                "count": case((is_over, amount), else_=RateCounter.count + amount),
                "expires_at": case((is_over, query.excluded.expires_at), else_=RateCounter.expires_at),
            },
        ).returning(RateCounter.count)
        return int(db.session.execute(query).scalar_one())

    def get(self, key: str) -> int:
        """Return the hits of the window that is open."""
        query = select(RateCounter.count).where(RateCounter.key_hash == _hash(key), RateCounter.expires_at > now())
        return db.session.scalar(query) or 0

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since 1970; now where none is open."""
        query = select(RateCounter.expires_at).where(RateCounter.key_hash == _hash(key))
        end = db.session.scalar(query) or now()
        return max(end, now()).replace(tzinfo=UTC).timestamp()

    def check(self) -> bool:
        """Return whether the database answers."""
        db.session.execute(select(1))
        return True

    def reset(self) -> int | None:
        """Forget every counter."""
        db.session.execute(delete(RateCounter))
        return None

    def clear(self, key: str) -> None:
        """Forget one counter."""
        db.session.execute(delete(RateCounter).where(RateCounter.key_hash == _hash(key)))


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
