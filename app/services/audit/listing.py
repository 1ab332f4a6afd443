"""Listing and exporting the audit trail for administrators."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.audit.acts import KINDS, AuditAct
from app.domain.errors import AuditDamagedError, DomainError
from app.services.audit.trail import record_alone
from app.services.experiments import csv_lines
from app.storage import audit
from app.storage.audit import AuditFilter, AuditLine
from app.storage.db import now
from app.storage.tables import User

PER_PAGE = 50
COLUMNS = (
    "number",
    "at",
    "act",
    "person",
    "channel",
    "address",
    "request_id",
    "subject_id",
    "part",
    "before",
    "after",
)  # fmt: skip
FORMATS = ("csv", "json")


@dataclass(frozen=True)
class AuditQuery:
    """A filter as it was typed; `read` makes it one that can be asked."""

    person: str = ""
    kind: str = ""
    act: str = ""
    subject: str = ""
    since: str = ""
    until: str = ""

    def read(self) -> AuditFilter:
        """Return the filter.

        Raises
        ------
        DomainError
            If a day is none, lies in the future, or the period ends before it begins; or if a choice is none.
        """
        since, until = read_period(self.since, self.until)
        if self.kind and self.kind not in KINDS:
            raise DomainError("Choose a kind from the list.", code="kind_unknown", field="kind")
        if self.act and self.act not in {act.value for act in AuditAct}:
            raise DomainError("Choose an act from the list.", code="act_unknown", field="act")
        try:
            subject_id = uuid.UUID(self.subject.strip()) if self.subject.strip() else None
        except ValueError:
            message = "Write the id of the thing, as it stands in its address."
            raise DomainError(message, code="subject_invalid", field="subject") from None
        return AuditFilter(self.person.strip()[:254], self.kind, self.act, subject_id, since, until)


def read_period(since: str, until: str) -> tuple[datetime | None, datetime | None]:
    """Return the first moment of a period and the first one after it, from days as they were typed.

    Raises
    ------
    DomainError
        If a day is none, lies in the future, or the period ends before it begins.
    """
    first, last = _day(since, "since"), _day(until, "until")
    if first is not None and first > now():
        raise DomainError("The period begins in the future. Choose an earlier day.", code="in_future", field="since")
    if first is not None and last is not None and last < first:
        raise DomainError("The period ends before it begins.", code="period_reversed", field="until")
    # Nothing is recorded after today, and the last day of the calendar has none after it.
    return first, None if last is None else min(last, now()) + timedelta(days=1)


def _day(text: str, field: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        # Digits of other scripts would be read, and then stand in a field that no browser shows.
        text.encode("ascii")
        return datetime.strptime(text.strip(), "%Y-%m-%d")  # noqa: DTZ007  # Every stored time is UTC without a zone.
    except ValueError:
        message = "Write the day as year-month-day, such as 2026-03-31."
        raise DomainError(message, code="day_invalid", field=field) from None


def find_entries(wanted: AuditFilter, *, page: int) -> tuple[list[AuditLine], int]:
    """Return a page of entries, newest first, and how many there are.

    Raises
    ------
    AuditDamagedError
        If an entry of the page was changed so that it cannot be read.
    """
    offset = (max(1, min(page, 10_000_000)) - 1) * PER_PAGE
    try:
        lines = audit.list_entries(wanted, limit=PER_PAGE, offset=offset)
        for line in lines:
            changes_of(line)
    except (ValueError, TypeError, AttributeError):
        raise AuditDamagedError from None
    return lines, audit.count_entries(wanted)


def changes_of(line: AuditLine) -> Mapping[str, Mapping[str, object]]:
    """Return the changed settings of an entry, before and after."""
    results: Mapping[str, Mapping[str, object]] = json.loads(line.details) if line.details else {}
    return results


def export_entries(admin: User, wanted: AuditFilter, form: str) -> Iterator[str]:
    """Return all entries that a filter lets through as pieces of text; the export itself is recorded first.

    Raises
    ------
    DomainError
        If the format is none.
    """
    if form not in FORMATS:
        raise DomainError("Choose csv or json.", code="format_unknown", field="format")
    up_to = audit.head().number
    record_alone(AuditAct.EXPORT_AUDIT, actor=admin, after={"format": form, "up_to": up_to})
    lines = (_values(line) for line in audit.stream_entries(wanted, up_to=up_to))
    return csv_lines(list(COLUMNS), (tuple(line.values()) for line in lines)) if form == "csv" else _json_lines(lines)


def _values(line: AuditLine) -> dict[str, str | int]:
    changes = json.loads(line.details) if line.details else {}
    told = {name: json.dumps(changes[name], sort_keys=True) if name in changes else "" for name in ("before", "after")}
    return {
        "number": line.number,
        "at": f"{line.at.isoformat(timespec='seconds')}Z",
        "act": line.act,
        "person": line.person or (str(line.actor_id) if line.actor_id else ""),
        "channel": line.channel,
        "address": line.address,
        "request_id": line.request_id,
        "subject_id": "" if line.subject_id is None else str(line.subject_id),
        "part": line.part,
        **told,
    }


def _json_lines(lines: Iterator[dict[str, str | int]]) -> Iterator[str]:
    """Yield a JSON list, a few hundred entries at a time."""
    yield "["
    pieces: list[str] = []
    separator = "\n"
    for line in lines:
        before, after = line["before"], line["after"]
        values = {**line, "before": json.loads(str(before) or "null"), "after": json.loads(str(after) or "null")}
        pieces.append(json.dumps(values, ensure_ascii=False))
        if len(pieces) == 500:
            yield separator + ",\n".join(pieces)
            separator, pieces = ",\n", []
    yield (separator + ",\n".join(pieces) if pieces else "") + "\n]\n"
