"""The files of the project, as git knows them."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file under version control, or every file of the tree where there is no git."""
    try:
        process = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        names = [name for name in process.stdout.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        folders = ("app", "workers", "tests", "benchmarks", "docs", "samples", "migrations")
        names = [str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*")]
    return tuple(path for name in names if (path := ROOT / name).is_file() and "__pycache__" not in path.parts)


def python_files(*folders: str) -> list[Path]:
    """Return the Python files under these folders."""
    wanted = {ROOT / folder for folder in folders}
    return [path for path in tracked() if path.suffix == ".py" and any(folder in path.parents for folder in wanted)]


def short(path: Path) -> str:
    """Return a path as it stands in the project."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a file, parsed once; nobody may change it."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Return all nodes of a file's syntax tree, gathered once."""
    return tuple(ast.walk(tree_of(path)))
