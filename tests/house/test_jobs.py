"""The life of a job stands in one place: one entry for each kind, and one module that changes states."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

from app.domain.vocabulary import JobKind
from app.queue import ALL_QUEUES
from app.services.jobs.kinds import KINDS
from config import Limits
from tests.house.source import ROOT, nodes_of, python_files, short

LIFE = ROOT / "app" / "services" / "jobs"
# What changes the state of a job or its lease, in `app.storage.jobs`.
VERBS = {
    "add_job",
    "claim",
    "end",
    "end_unleased",
    "end_unreadable",
    "expire_lease",
    "extend_lease",
    "postpone",
    "request_cancel",
    "requeue",
    "return_to_queue",
}


def test_every_kind_of_job_has_its_entry() -> None:
    assert set(KINDS) == set(JobKind)
    for job_type in KINDS.values():
        assert job_type.queue in ALL_QUEUES
        assert min(job_type.max_attempts, job_type.seconds(Limits())) > 0
        function = _named(job_type.function)
        assert list(inspect.signature(inspect.unwrap(function)).parameters) == ["context"]
        if job_type.partial is not None:
            assert len(inspect.signature(_named(job_type.partial)).parameters) == 1


def _named(dotted: str) -> Callable[..., Any]:
    module, name = dotted.rsplit(".", 1)
    result: Callable[..., Any] = getattr(import_module(module), name)
    return result


def test_only_the_life_of_jobs_changes_their_state() -> None:
    calls = [
        f"{short(path)}:{node.lineno} {node.attr}"
        for path in python_files("app", "workers")
        if path.parent != LIFE
        for node in nodes_of(path)
        if isinstance(node, ast.Attribute)
        and node.attr in VERBS
        and isinstance(node.value, ast.Name)
        and node.value.id in ("jobs", "job_rows")
    ]
    assert calls == []


def test_no_code_asks_which_kind_a_job_is() -> None:
    comparisons = [
        f"{short(path)}:{node.lineno}"
        for path in python_files("app", "workers")
        for node in nodes_of(path)
        if isinstance(node, ast.Compare) and any(_names_a_kind(side) for side in (node.left, *node.comparators))
    ]
    assert comparisons == []


def _names_a_kind(side: ast.expr) -> bool:
    """Return whether one side of a comparison is a kind of job, its value, or a list of them."""
    if isinstance(side, ast.Tuple | ast.List | ast.Set):
        return any(_names_a_kind(part) for part in side.elts)
    if isinstance(side, ast.Attribute) and side.attr == "value":
        side = side.value
    return isinstance(side, ast.Attribute) and isinstance(side.value, ast.Name) and side.value.id == "JobKind"
