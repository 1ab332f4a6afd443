"""What one request costs: plans, checks, estimates, statements, and the modules it runs through."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from flask import Flask
from sqlalchemy import event

from app import queue
from app.domain.checks import check_spec
from app.domain.estimation import estimate
from app.domain.recommendation.propose import make_plan
from app.storage.db import db

COUNTED: dict[CodeType, str] = {
    make_plan.__code__: "plans",
    check_spec.__code__: "checks",
    estimate.__code__: "estimates",
    queue.enqueue.__code__: "rings",
}
WRITING = ("INSERT", "UPDATE", "DELETE")


@dataclass
class Cost:
    """What was counted. Among the statements are those that begin a transaction."""

    calls: Counter[str] = field(default_factory=Counter)
    statements: list[str] = field(default_factory=list)
    files: set[str] = field(default_factory=set)

    @property
    def written(self) -> list[str]:
        """The statements that change something."""
        return [statement for statement in self.statements if statement.startswith(WRITING)]


@contextmanager
def counted(app: Flask) -> Iterator[Cost]:
    """Count what this thread does meanwhile."""
    cost = Cost()

    def on_call(frame: FrameType, kind: str, _argument: Any) -> None:
        if kind == "call":
            code = frame.f_code
            if "/app/" in code.co_filename:
                cost.files.add(code.co_filename)
            if code in COUNTED:
                cost.calls[COUNTED[code]] += 1

    def on_statement(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        cost.statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", on_statement)
    sys.setprofile(on_call)
    try:
        yield cost
    finally:
        sys.setprofile(None)
        event.remove(engine, "before_cursor_execute", on_statement)
