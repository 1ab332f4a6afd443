"""Recording acts in the audit trail, within the transaction of the act."""

from __future__ import annotations

import functools
import re
import secrets
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from app.domain.audit.acts import AuditAct
from app.domain.audit.chain import ChainEntry, address_digest, details_json, entry_hash, shorten_address
from app.domain.wizard import SLUGS
from app.services.context import current_settings
from app.storage import audit, audit_heads
from app.storage.audit import Repeat
from app.storage.db import after_commit, current_writing, now, transaction
from app.storage.origin import current_origin
from app.storage.tables import User

Values = Mapping[str, object]
SALT_BYTES = 16
FIELD = re.compile(r"[a-z_]{1,40}")
# Saves of one step by one person within a minute are one entry; the history of the draft has each of them.
_recorded: dict[tuple[uuid.UUID, uuid.UUID, str], datetime] = {}
MAX_REMEMBERED = 10_000


def record(
    act: AuditAct,
    *,
    actor: User | None,
    subject_id: uuid.UUID | None = None,
    part: str = "",
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    """Add an act to the trail, in the caller's transaction.

    Parameters
    ----------
    act
        The act.
    actor
        Who did it; None for the command line, the system, or somebody who is nobody yet.
    subject_id, part
        What it was done to, and which part of that.
    before, after
        What changed: names and settings, never a value, a name or a column of a user's data.
    """
    _append(act, actor, subject_id, part, details_json(before, after), repeat=None)


def record_answers(actor: User, draft_id: uuid.UUID, *, step: str, version: int, fields: Values) -> None:
    """Add a save of answers to the trail, once per step, person and minute; `fields` names what changed, no value."""
    moment = now().replace(second=0, microsecond=0)
    key = (draft_id, actor.id, step)
    if _recorded.get(key) == moment:
        return
    repeat = Repeat(AuditAct.CHANGE_ANSWERS.value, actor.id, draft_id, step, moment)
    details = details_json({"version": version - 1}, {"version": version, **fields})
    _append(AuditAct.CHANGE_ANSWERS, actor, draft_id, step, details, repeat=repeat)
    after_commit(functools.partial(_remember, key, moment))


def _remember(key: tuple[uuid.UUID, uuid.UUID, str], moment: datetime) -> None:
    if len(_recorded) >= MAX_REMEMBERED:
        _recorded.clear()
    _recorded[key] = moment


def record_alone(
    act: AuditAct,
    *,
    actor: User | None,
    subject_id: uuid.UUID | None = None,
    part: str = "",
    after: Values | None = None,
) -> None:
    """Add an act that changes nothing itself, such as an export, in a transaction of its own."""
    with transaction():
        record(act, actor=actor, subject_id=subject_id, part=part, after=after)


def record_failed_sign_in(user: User | None) -> None:
    """Add a failed sign-in to the trail; those to no account once per network and minute, or they would fill it."""
    network, moment = shorten_address(current_origin().address), now().replace(second=0, microsecond=0)
    repeat = None if user is not None else Repeat(AuditAct.FAIL_SIGN_IN.value, None, None, network, moment)
    with transaction():
        _append(AuditAct.FAIL_SIGN_IN, None, user.id if user else None, network, "", repeat=repeat)


def _append(
    act: AuditAct,
    actor: User | None,
    subject_id: uuid.UUID | None,
    part: str,
    details: str,
    *,
    repeat: Repeat | None,
) -> None:
    if current_writing() is None:
        raise RuntimeError("An act is recorded in the transaction that it is part of.")
    head = audit.lock_head(repeat)
    if head.is_repeated:
        return
    data, origin = current_settings().data, current_origin()
    address, salt = origin.address[:64], secrets.token_hex(SALT_BYTES)
    values = {
        "number": head.number + 1,
        "at": now(),
        "act": act.value,
        "actor_id": None if actor is None else actor.id,
        "channel": origin.channel,
        "request_id": origin.request_id,
        "address": address,
        "address_salt": salt,
        "address_digest": address_digest(address, salt),
        "network": shorten_address(address),
        "subject_id": subject_id,
        "part": part,
        "details": details,
        "previous_hash": head.hash,
    }
    entry: ChainEntry = audit.chain_entry(values)
    # Only the first entry of all may make the key: made anew later, it would let no older entry be verified.
    key = audit_heads.load_key(data) if head.number else audit_heads.load_first_key(data)
    own_hash = entry_hash(entry, key)
    audit.add_entry(**values, hash=own_hash)
    after_commit(functools.partial(audit_heads.write_head, data, head.number + 1, own_hash))


def catch_up() -> None:
    """Write the head down where that could not be done after the last entry."""
    data, head = current_settings().data, audit.head()
    if head.number > audit_heads.last_head(data):
        audit_heads.write_head(data, head.number, head.hash)


def shorten_old_addresses() -> int:
    """Remove addresses that were kept for as long as the limit says, once a day; returns how many."""
    days = current_settings().limits.audit_address_days
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    with transaction():
        count, last = audit.shorten_addresses(before=today - timedelta(days=days))
        if count:
            record(AuditAct.SHORTEN_ADDRESSES, actor=None, after={"addresses": count, "up_to": last})
    return count


def field_names(changes: Iterable[str]) -> list[str]:
    """Return the names of answers that changed, each without what stands behind its first dot: that names columns."""
    names = dict.fromkeys(_short(path) for path in changes)
    return list(names)[:50]


def _short(path: str) -> str:
    step, _, name = path.partition(".")
    head = name.partition(".")[0]
    return f"{step}.{head}" if step in SLUGS and FIELD.fullmatch(head) else "other"
