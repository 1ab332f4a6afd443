"""The audit trail: 100,000 entries verified, and an export of all of them.

Goals: 5 s to verify; an export that is sent in pieces, whatever its length. Yardstick: reading the same rows with the
driver alone, in the same run. The processor's own time is taken, which a busy machine does not change.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from app.domain.audit.acts import AuditAct
from app.domain.audit.chain import address_digest, entry_hash
from app.services.audit import listing
from app.services.audit.verification import verify_trail
from app.storage import audit, audit_heads
from app.storage.audit import AuditFilter
from app.storage.binding import bare_app
from app.storage.db import db, now
from app.storage.migrating import migrate
from app.storage.tables import AuditEntry
from config import load

ENTRIES, GOAL_SECONDS = 100_000, 5.0
SALT = "0" * 32
DIGEST = address_digest("203.0.113.7", SALT)


def fill(data: Path, count: int) -> None:
    """Add entries that are chained as the product chains them, and their heads."""
    key, rows, before = audit_heads.load_first_key(data), [], audit.head()
    previous, moment = before.hash, now()
    heads = []
    for number in range(before.number + 1, before.number + count + 1):
        values = {
            "number": number,
            "at": moment,
            "act": AuditAct.CHANGE_ANSWERS.value,
            "actor_id": None,
            "channel": "web",
            "request_id": f"{number:016x}",
            "address": "203.0.113.7",
            "address_salt": SALT,
            "address_digest": DIGEST,
            "network": "203.0.113.0/24",
            "subject_id": None,
            "part": "data",
            "details": '{"after":{"fields":["data.target"],"version":2},"before":{"version":1}}',
            "previous_hash": previous,
        }
        previous = entry_hash(audit.chain_entry(values), key)
        rows.append({**values, "hash": previous})
        heads.append(f"{number} {previous[: audit_heads.HEAD_DIGITS]}\n")
    db.session.execute(AuditEntry.__table__.insert(), rows)
    db.session.commit()
    with (audit_heads.audit_dir(data) / "heads").open("a") as handle:
        handle.writelines(heads)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load({"HYDROML_DATA": folder})
        with bare_app(settings).app_context():
            migrate()
            fill(settings.data, ENTRIES)
            start = time.process_time()
            db.session.execute(AuditEntry.__table__.select()).all()
            rows_seconds = time.process_time() - start
            start = time.process_time()
            result = verify_trail()
            seconds = time.process_time() - start
            assert result.faults == ()
            start = time.process_time()
            lines = (listing._values(line) for line in audit.stream_entries(AuditFilter(), up_to=result.head[0]))
            pieces = sum(1 for _ in listing._json_lines(lines))
            export_seconds = time.process_time() - start
            db.session.remove()
            db.engine.dispose()
    print(
        f"verify {result.entries:,} entries: {seconds:.2f} s of the processor (goal {GOAL_SECONDS:.0f} s), "
        f"rows alone {rows_seconds:.2f} s"
    )
    print(f"export {result.entries:,} entries as JSON: {export_seconds:.2f} s in {pieces:,} pieces")


if __name__ == "__main__":
    main()
