"""Usage reports for administrators, and their export."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.audit.acts import AuditAct
from app.domain.errors import DomainError
from app.domain.usage.figures import EVERYBODY, PEOPLE, UsageFigures, usage_figures
from app.services.audit.listing import read_period
from app.services.audit.trail import record_alone
from app.services.context import current_settings
from app.services.experiments import csv_lines
from app.storage import experiment_templates, usage
from app.storage.db import now
from app.storage.tables import User

DEFAULT_DAYS = 30


@dataclass(frozen=True)
class UsageQuery:
    """A period and whose drafts count, as they were typed."""

    since: str = ""
    until: str = ""
    people: str = EVERYBODY


@dataclass(frozen=True)
class UsageReport:
    """The figures of a period; `template_names` are of those that are still there."""

    query: UsageQuery
    figures: UsageFigures
    template_names: Mapping[uuid.UUID, str]


def default_query() -> UsageQuery:
    """Return the last thirty days of everybody."""
    today = now()
    return UsageQuery(f"{today - timedelta(days=DEFAULT_DAYS - 1):%Y-%m-%d}", f"{today:%Y-%m-%d}")


def is_recorded() -> bool:
    """Return whether this instance records events of usage."""
    return current_settings().analytics


def report(query: UsageQuery, *, moment: datetime | None = None) -> UsageReport:
    """Return the figures of a period.

    Raises
    ------
    DomainError
        If the period cannot be read, lies in the future or is reversed, or nobody is chosen.
    """
    since, until = read_period(query.since, query.until)
    if query.people not in PEOPLE:
        raise DomainError("Choose everybody, new or returning people.", code="people_unknown", field="people")
    moment = moment or now()
    end = until or moment
    events = usage.list_events(until=end)
    figures = usage_figures(events, since=since, until=end, people=query.people, moment=moment)
    identifiers = [template.template_id for template in figures.templates]
    return UsageReport(query, figures, experiment_templates.names_of(identifiers))


def export_figures(admin: User, query: UsageQuery) -> Iterator[str]:
    """Return every figure of a period as CSV; the export is recorded."""
    result = report(query)
    record_alone(AuditAct.EXPORT_ANALYTICS, actor=admin, after={"since": query.since, "until": query.until})
    return csv_lines(["figure", "of", "value"], iter(_lines(result)))


def _lines(usage_report: UsageReport) -> Iterator[tuple[str, str, object]]:
    figures = usage_report.figures
    for name in ("people", "started", "completed", "abandoned", "launched", "finished", "failed", "cancelled"):
        yield f"{name}", "", getattr(figures, name)
    for name in ("completion_rate", "template_share", "success_rate", "cache_hit_rate", "median_first_finish_seconds"):
        yield f"{name}", "", getattr(figures, name)
    for step in figures.steps:
        for name in ("reached", "completed", "abandoned", "median_seconds"):
            yield f"step_{name}", step.step, getattr(step, name)
    for field in figures.fields:
        yield "field_drafts", f"{field.field} {field.code}", field.drafts
        yield "field_abandoned", f"{field.field} {field.code}", field.abandoned
    for template in figures.templates:
        for name in ("applied", "launched", "finished"):
            yield f"template_{name}", str(template.template_id), getattr(template, name)
    for code, count in figures.failures:
        yield "failures", code, count
    for day in figures.days:
        for name in ("started", "launched", "finished"):
            yield f"day_{name}", day.day, getattr(day, name)
