"""Imports run one way: no module needs another that needs it, be it in a function or for types alone."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.house.source import ROOT, python_files, tree_of

# Between the wizard's flow and its frame; it goes with the context of a draft (issue 14).
LAST_CIRCLE = ("app.steps.flow", "app.steps.frame")


def _name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports() -> dict[str, set[str]]:
    """Return every module with the modules it imports, at whatever place of its text."""
    trees = {_name_of(path): tree_of(path) for path in python_files("app", "workers")}
    results: dict[str, set[str]] = {}
    for module, tree in trees.items():
        names: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                names |= {name if name in trees else node.module for name in inner}
        results[module] = (names & set(trees)) - {module}
    return results


def _circles(graph: dict[str, set[str]]) -> list[tuple[str, ...]]:
    """Return the groups of modules of which each needs all others."""
    reached = {module: _reachable(module, graph) for module in graph}
    groups = {
        tuple(sorted(other for other in reached[module] if module in reached[other]))
        for module in graph
        if module in reached[module]
    }
    return sorted(groups)


def _reachable(module: str, graph: dict[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[module])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph[name]
    return seen


def test_circles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"f"}, "f": {"e", "a"}}
    assert _circles(graph) == [("b", "c"), ("e", "f")]


def test_no_modules_import_each_other() -> None:
    assert [circle for circle in _circles(_imports()) if circle != LAST_CIRCLE] == []
