"""Docstrings: first lines tell what a function does, and parameters are named as in the signature."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.source import nodes_of, python_files, short

PLACES = ("app", "workers", "tests", "benchmarks")
# An opening that leaves the thing without a name.
VAGUE = ("Return what ", "Say whether ")
# An opening of a module that asks a question instead of naming the content.
QUESTIONS = ("What ", "Whether ", "How ", "Which ", "Where ", "Who ", "Why ", "From ", "In which ", "Whose ")
# The section of numpydoc, up to the next one.
PARAMETERS = re.compile(r"^Parameters\n-+\n(.*?)(?=^\S.*\n-{3,}$|\Z)", re.DOTALL | re.MULTILINE)

Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _documented(path: Path) -> Iterator[tuple[Documented, str]]:
    """Yield functions and classes with their docstrings."""
    for node in nodes_of(path):
        if isinstance(node, Documented) and (text := ast.get_docstring(node)):
            yield node, text


def _described_names(docstring: str) -> list[str]:
    """Return the names that the section of parameters describes."""
    match = PARAMETERS.search(docstring)
    headers = [line for line in match[1].splitlines() if line and not line[0].isspace()] if match else []
    return [name.strip().lstrip("*") for line in headers for name in line.split(" : ")[0].split(",")]


def _own_names(node: Documented) -> list[str]:
    """Return the parameters of a function, or the fields and the constructor's parameters of a class."""
    if isinstance(node, ast.ClassDef):
        fields = [
            item.target.id
            for item in node.body
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
        ]
        makers = [item for item in node.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"]
        return fields + [name for maker in makers for name in _own_names(maker)]
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return [argument.arg for argument in every if argument is not None and argument.arg not in ("self", "cls")]


def parameter_faults(path: Path) -> list[str]:
    """Return the parameters that a docstring names and the signature has not, or leaves out beside others."""
    faults = []
    for node, text in _documented(path):
        described, own = _described_names(text), _own_names(node)
        if not described:
            continue
        astray = [name for name in described if name not in own]
        missing = [name for name in own if name not in described] if not isinstance(node, ast.ClassDef) else []
        faults += [f"{short(path)}:{node.lineno} {node.name}: {name}" for name in astray + missing]
    return faults


def test_docstrings_name_the_parameters_there_are() -> None:
    assert [fault for path in python_files(*PLACES) for fault in parameter_faults(path)] == []


@pytest.mark.parametrize(
    ("described", "own"), [("one", "column"), ("table, said", "table, words"), ("first", "first, other")]
)
def test_a_docstring_with_another_name_is_noticed(tmp_path: Path, described: str, own: str) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        f'def act({own}):\n    """Act.\n\n    Parameters\n    ----------\n    {described}\n        It.\n    """\n'
    )
    node, text = next(_documented(path))
    assert set(_described_names(text)) != set(_own_names(node))


def test_first_lines_name_what_they_return() -> None:
    vague = [
        f"{short(path)}:{node.lineno} {node.name}"
        for path in python_files(*PLACES)
        for node, text in _documented(path)
        if text.startswith(VAGUE)
    ]
    assert vague == []


def test_first_lines_of_modules_name_their_content() -> None:
    headers = {
        short(path): ast.get_docstring(ast.parse(path.read_text()))
        for path in python_files("app", "workers")
        if path.read_text().strip()
    }
    assert [name for name, text in headers.items() if not text or text.startswith(QUESTIONS)] == []
