"""Every benchmark imports only names of the product that exist, since nothing else runs the benchmarks."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

from tests.house.source import ROOT, nodes_of

BENCHMARKS = sorted((ROOT / "benchmarks").rglob("*.py"))


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: path.stem)
def test_benchmark_imports_exist(path: Path) -> None:
    missing = [
        f"{node.module}.{alias.name}"
        for node in nodes_of(path)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in ("app", "workers")
        for alias in node.names
        if not _exists(node.module, alias.name)
    ]
    assert not missing


def _exists(module: str, name: str) -> bool:
    if hasattr(importlib.import_module(module), name):
        return True
    try:
        importlib.import_module(f"{module}.{name}")
    except ModuleNotFoundError:
        return False
    return True
