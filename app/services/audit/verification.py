"""Verification of the audit trail against its hashes and its heads stored outside the database."""

from __future__ import annotations

from app.domain.audit.chain import Verification, verify
from app.services.context import current_settings
from app.storage import audit, audit_heads


def verify_trail(known_head: tuple[int, str] | None = None) -> Verification:
    """Verify every entry; `known_head` is a head that was noted elsewhere, such as in a log on another machine.

    Raises
    ------
    AuditKeyError
        If there are entries and no key.
    """
    data = current_settings().data
    heads = audit_heads.read_heads(data)
    if known_head is not None:
        heads = [*(heads or []), known_head]
    key = audit_heads.load_key(data) if audit.head().number else b""
    return verify(audit.chain_entries(), key, heads)
