"""Error reports to Sentry, where `SENTRY_DSN` is set, without any data of users.

An event is built anew from a short list of what may leave the machine, so that what a later version of the library adds
stays here. It is sent by a thread of its own; a server that is away or slow is waited for by nobody.
"""

from __future__ import annotations

import functools
import logging
from typing import Any, cast

from app.storage.origin import current_origin
from config import VERSION

log = logging.getLogger(__name__)
FRAME_KEYS = ("function", "module", "filename", "lineno", "in_app")
CRUMB_KEYS = ("type", "category", "level", "timestamp", "message")
EVENT_KEYS = ("event_id", "timestamp", "level", "platform", "release", "environment", "logger", "tags")
# The steps that we leave ourselves; a library may leave others, with statements or addresses in them.
CATEGORIES = ("validation", "submission")
MAX_CRUMBS = 20
OWN_LOGGERS = ("app", "workers", "config", "hydroml")
# How long a process that ends anyway gives to what it has not sent yet.
FLUSH_SECONDS = 1.0


class ReportHandler(logging.Handler):
    """Tells of every error that is logged."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell of one; what goes wrong with that is said in the log and nowhere else."""
        import sentry_sdk

        try:
            with sentry_sdk.new_scope() as scope:
                scope.set_tag("logger", record.name)
                fault = record.exc_info[1] if record.exc_info else None
                if fault is not None:
                    sentry_sdk.capture_exception(fault)
                else:
                    sentry_sdk.capture_message(_words_of(record), level="error")
        except Exception:
            self.handleError(record)


def _words_of(record: logging.LogRecord) -> str:
    """Return the words of our own code, without what is put into them; a library may have put it in already."""
    if record.name.partition(".")[0] in OWN_LOGGERS:
        return str(record.msg)[:200]
    return f"error of {record.name} at {record.module}:{record.lineno}"[:200]


def start_reports(dsn: str, process: str) -> None:
    """Start reporting errors of this process; nothing happens without an address."""
    if not dsn:
        return
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        release=f"hydroml@{VERSION}",
        server_name="hydroml",
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[],
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=MAX_CRUMBS,
        auto_session_tracking=False,
        send_client_reports=False,
        shutdown_timeout=0,
        before_send=cast("Any", functools.partial(_clean, process)),
    )
    # Its client would say in the log, again and again, that a server is away.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    handler = ReportHandler(logging.ERROR)
    root = logging.getLogger()
    if not any(isinstance(current, ReportHandler) for current in root.handlers):
        root.addHandler(handler)


def are_on() -> bool:
    """Return whether errors are told of at all."""
    import sys

    library = sys.modules.get("sentry_sdk")
    return library is not None and bool(library.get_client().options.get("dsn"))


def leave_crumb(category: str, message: str) -> None:
    """Remember a step on the way to an error that may come: words and codes of our own, no value."""
    if are_on():
        import sentry_sdk

        sentry_sdk.add_breadcrumb(type="user", category=category, message=message[:200], level="info")


def forget_crumbs() -> None:
    """Forget the steps of the request before."""
    if are_on():
        import sentry_sdk

        sentry_sdk.get_isolation_scope().clear_breadcrumbs()


def send_rest() -> None:
    """Send what has not been sent, for a process that ends at once; not for longer than a moment."""
    if are_on():
        import sentry_sdk

        sentry_sdk.flush(timeout=FLUSH_SECONDS)


def _clean(process: str, event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
    """Return an event with what may leave the machine and nothing else."""
    origin = current_origin()
    kept = {name: event[name] for name in EVENT_KEYS if name in event}
    kept["server_name"] = "hydroml"
    ids = {"request": origin.request_id, "job": origin.job_id}
    kept["tags"] = {**dict(event.get("tags") or {}), "process": process, **{k: v for k, v in ids.items() if v}}
    if "message" in event:
        kept["message"] = event["message"]
    crumbs = [
        item for item in (event.get("breadcrumbs") or {}).get("values") or [] if item.get("category") in CATEGORIES
    ]
    kept["breadcrumbs"] = {"values": [{name: crumb[name] for name in CRUMB_KEYS if name in crumb} for crumb in crumbs]}
    faults = (event.get("exception") or {}).get("values") or []
    if faults:
        kept["exception"] = {"values": [_clean_fault(fault) for fault in faults]}
    return kept


def _clean_fault(fault: dict[str, Any]) -> dict[str, Any]:
    frames = (fault.get("stacktrace") or {}).get("frames") or []
    return {
        "type": fault.get("type"),
        "module": fault.get("module"),
        "stacktrace": {"frames": [{name: frame[name] for name in FRAME_KEYS if name in frame} for frame in frames]},
    }
