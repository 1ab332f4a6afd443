"""Queries on the audit trail. Nothing here commits."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, LargeBinary, exists, func, insert, or_, select, text, update
from sqlalchemy import cast as cast_to
from sqlalchemy.exc import OperationalError

from app.domain.audit.chain import ChainEntry
from app.storage.db import db
from app.storage.tables import AuditEntry, User

# Any number that no other part of the product locks by.
CHAIN_LOCK = 7_265_001
CHUNK = 5000


@dataclass(frozen=True)
class Repeat:
    """What was recorded before if the same person did the same to the same part since a moment."""

    act: str
    actor_id: uuid.UUID | None
    subject_id: uuid.UUID | None
    part: str
    since: datetime


@dataclass(frozen=True)
class ChainHead:
    """The last entry, and whether a repetition was asked about and found."""

    number: int = 0
    hash: str = ""
    is_repeated: bool = False


def lock_head(repeat: Repeat | None = None) -> ChainHead:
    """Return the last entry, which stays the last until the transaction ends: entries come one after another."""
    if db.engine.dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
    query: Any = select(AuditEntry.number, AuditEntry.hash)
    if repeat is not None:
        same = exists().where(
            AuditEntry.subject_id == repeat.subject_id,
            AuditEntry.at >= repeat.since,
            AuditEntry.act == repeat.act,
            AuditEntry.actor_id == repeat.actor_id,
            AuditEntry.part == repeat.part,
        )
        query = query.add_columns(same.correlate(None))
    row = db.session.execute(query.order_by(AuditEntry.number.desc()).limit(1)).one_or_none()
    return ChainHead() if row is None else ChainHead(row[0], row[1], repeat is not None and bool(row[2]))


def add_entry(**values: Any) -> None:
    """Add an entry."""
    db.session.execute(insert(AuditEntry).values(**values))


def head() -> ChainHead:
    """Return the last entry as it stands."""
    query = select(AuditEntry.number, AuditEntry.hash).order_by(AuditEntry.number.desc()).limit(1)
    row = db.session.execute(query).one_or_none()
    return ChainHead() if row is None else ChainHead(row[0], row[1])


def shorten_addresses(*, before: datetime) -> tuple[int, int]:
    """Remove the addresses of entries made before a moment; returns how many, and the number of the last of them."""
    due = (AuditEntry.address.is_not(None), AuditEntry.at < before)
    last: int | None = db.session.scalar(select(func.max(AuditEntry.number)).where(*due))
    if last is None:
        return 0, 0
    query = update(AuditEntry).where(*due).values(address=None, address_salt=None)
    done = db.session.execute(query.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount, last


@dataclass(frozen=True)
class AuditFilter:
    """Which entries are wanted; what is empty wants all."""

    person: str = ""
    kind: str = ""
    act: str = ""
    subject_id: uuid.UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    elements: list[ColumnElement[bool]] = []
    if wanted.person:
        # What the person typed is text to find, in which no sign stands for anything else.
        like = f"%{wanted.person.lower().replace('/', '//').replace('%', '/%').replace('_', '/_')}%"
        named = or_(func.lower(User.name).like(like, escape="/"), func.lower(User.email).like(like, escape="/"))
        elements.append(AuditEntry.actor_id.in_(select(User.id).where(named)))
    if wanted.kind:
        elements.append(AuditEntry.act.startswith(f"{wanted.kind}.", autoescape=True))
    if wanted.act:
        elements.append(AuditEntry.act == wanted.act)
    if wanted.subject_id is not None:
        elements.append(AuditEntry.subject_id == wanted.subject_id)
    if wanted.since is not None:
        elements.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        elements.append(AuditEntry.at < wanted.until)
    return elements


def count_entries(wanted: AuditFilter) -> int:
    """Return how many entries a filter lets through."""
    return db.session.scalar(select(func.count()).select_from(AuditEntry).where(*_conditions(wanted))) or 0


@dataclass(frozen=True)
class AuditLine:
    """One entry as people and programs read it. `person` is empty where an account did not act or is gone."""

    number: int
    at: datetime
    act: str
    actor_id: uuid.UUID | None
    person: str
    channel: str
    address: str
    request_id: str
    subject_id: uuid.UUID | None
    part: str
    details: str


def _lines(wanted: AuditFilter) -> Any:
    query = select(
        AuditEntry.number,
        AuditEntry.at,
        AuditEntry.act,
        AuditEntry.actor_id,
        func.coalesce(User.email, ""),
        AuditEntry.channel,
        func.coalesce(AuditEntry.address, AuditEntry.network),
        AuditEntry.request_id,
        AuditEntry.subject_id,
        AuditEntry.part,
        AuditEntry.details,
    )
    return query.outerjoin(User, User.id == AuditEntry.actor_id).where(*_conditions(wanted))


def list_entries(wanted: AuditFilter, *, limit: int, offset: int) -> list[AuditLine]:
    """Return a page of entries, newest first."""
    query = _lines(wanted).order_by(AuditEntry.number.desc()).limit(limit).offset(offset)
    return [AuditLine(*row) for row in db.session.execute(query)]


def stream_entries(wanted: AuditFilter, *, up_to: int) -> Iterator[AuditLine]:
    """Yield entries up to a number, newest first, a chunk at a time; what comes in meanwhile changes no chunk."""
    below = up_to + 1
    while True:
        query = _lines(wanted).where(AuditEntry.number < below).order_by(AuditEntry.number.desc()).limit(CHUNK)
        rows = [AuditLine(*row) for row in db.session.execute(query)]
        db.session.commit()
        yield from rows
        if len(rows) < CHUNK:
            return
        below = rows[-1].number


def chain_entries() -> Iterator[ChainEntry]:
    """Yield every entry by its number, as it is hashed.

    An entry with a cell that is no time, no id or no text is yielded without what it says, so that it fits no hash.
    """
    after = None
    while True:
        window = select(AuditEntry.number).order_by(AuditEntry.number).limit(CHUNK)
        if after is not None:
            window = window.where(AuditEntry.number > after)
        rows = _rows(window.with_only_columns(*CHAIN_COLUMNS))
        if rows is None:
            numbers = list(db.session.scalars(window))
            for number in numbers:
                yield _entry_of(number)
        else:
            numbers = [row[0] for row in rows]
            # A hundred thousand are made one after another, so that nothing is looked up by name here.
            yield from map(_made, rows)
        if len(numbers) < CHUNK:
            return
        after = numbers[-1]


CHAIN_COLUMNS = [AuditEntry.__table__.columns[field.name] for field in fields(ChainEntry)]


def _rows(query: Any) -> Sequence[Any] | None:
    """Return the rows of a query, or None where a cell of them is not of its kind; only SQLite takes such cells."""
    try:
        rows = db.session.execute(query).all()
    except (ValueError, TypeError, AttributeError, ArithmeticError, OperationalError):
        return None
    return None if any(bytes in set(map(type, row)) for row in rows) else rows


def _made(row: Sequence[Any]) -> ChainEntry:
    number, position, act, actor_id, channel, request_id, address, salt, digest, network, subject_id, *rest = row
    return ChainEntry(
        number,
        position.isoformat(timespec="microseconds"),
        act,
        "" if actor_id is None else actor_id.hex,
        channel,
        request_id,
        address,
        salt,
        digest,
        network,
        "" if subject_id is None else subject_id.hex,
        *rest,
    )


def _entry_of(number: int) -> ChainEntry:
    """Return one entry; of one that cannot be read, only the hashes, by which its neighbours are told from it."""
    rows = _rows(select(*CHAIN_COLUMNS).where(AuditEntry.number == number))
    if rows is not None:
        return _made(rows[0])
    raw = (cast_to(AuditEntry.previous_hash, LargeBinary), cast_to(AuditEntry.hash, LargeBinary))
    hashes = db.session.execute(select(*raw).where(AuditEntry.number == number)).one()
    previous, own = (bytes(cell or b"").decode("ascii", errors="replace") for cell in hashes)
    texts = dict.fromkeys((field.name for field in fields(ChainEntry)), "")
    values: dict[str, Any] = {**texts, "number": number, "previous_hash": previous, "hash": own}
    return ChainEntry(**values)


def chain_entry(values: dict[str, Any]) -> ChainEntry:
    """Return the entry that these columns are, as it is hashed."""
    position, actor_id, subject_id = values["at"], values["actor_id"], values["subject_id"]
    texts = {
        "at": position.isoformat(timespec="microseconds"),
        "actor_id": "" if actor_id is None else actor_id.hex,
        "subject_id": "" if subject_id is None else subject_id.hex,
    }
    return ChainEntry(**{**values, **texts})
