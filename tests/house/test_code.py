"""Sizes, names and imports of the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import ROOT, nodes_of, python_files, short, tracked, tree_of

BANNED = {"models", "utils", "helpers", "common", "manager", "base", "templates"}
MOST_LINES_OF_FILE = 400
MOST_LINES_OF_FUNCTION = 40
MOST_LINES_OF_ROUTE = 25
PRODUCT = ("app", "workers")
# What a framework calls by its name, and what lets a test begin afresh in a process that remembers.
CALLED_FROM_OUTSIDE = {
    "accesslog",
    "forwarded_allow_ips",
    "limit_request_line",
    "post_fork",
    "post_worker_init",
    "end_grace",
    "forget_failures",
    "forget_profiles",
}


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in nodes_of(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _is_route(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    words = {"get", "post", "route"}
    called = (item.func for item in node.decorator_list if isinstance(item, ast.Call))
    return any(isinstance(func, ast.Attribute) and func.attr in words for func in called)


def test_no_file_is_too_long() -> None:
    lines = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(*PRODUCT)}
    assert {name: count for name, count in lines.items() if count > MOST_LINES_OF_FILE} == {}


def test_no_function_is_too_long() -> None:
    long = []
    for path in python_files(*PRODUCT):
        for node in _functions(path):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            most = MOST_LINES_OF_ROUTE if _is_route(node) else MOST_LINES_OF_FUNCTION
            if length > most:
                long.append(f"{short(path)}:{node.lineno} {node.name}: {length}")
    assert long == []


def _written(kind: type[ast.AST], word: str) -> list[str]:
    """Return where the product has a part of this kind with these words in it."""
    first = word.split("(", maxsplit=1)[0].split(maxsplit=1)[0]
    files = [path for path in python_files(*PRODUCT) if first in path.read_text(encoding="utf-8")]
    return [
        f"{short(path)}:{getattr(node, 'lineno', 0)}"
        for path in files
        for node in nodes_of(path)
        if isinstance(node, kind) and word in ast.unparse(node)
    ]


def test_one_place_answers_a_conflict_of_drafts() -> None:
    caught = _written(ast.ExceptHandler, "DraftConflictError")
    registered = _written(ast.Expr, "register_error_handler(DraftConflictError")
    assert (caught, len(registered)) == ([], 1)


def test_one_place_says_that_a_dataset_is_not_ready() -> None:
    places = [place for word in ("NOT_READY", "not_ready", "not ready") for place in _written(ast.Raise, word)]
    assert len({*places}) == 1, places


def test_no_module_has_a_name_that_says_nothing() -> None:
    parts = [(path, {*path.relative_to(ROOT).with_suffix("").parts}) for path in python_files(*PRODUCT)]
    assert [short(path) for path, names in parts if names & BANNED] == []


def test_importing_the_domain_loads_no_web_framework() -> None:
    code = "import sys, app.domain.recommendation.propose; print([m for m in ('flask','sqlalchemy','redis') if m in sys.modules])"
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"


def test_a_worker_loads_no_numerical_library_before_it_forks() -> None:
    code = (
        "import sys, workers.rq_worker, workers.__main__, app.storage.binding, app.storage.jobs;"
        "print([m for m in ('sklearn','pandas','duckdb','scipy') if m in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"


def test_the_settings_import_nothing_of_the_application() -> None:
    tree = tree_of(ROOT / "config.py")
    names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert not {name for name in names if name.split(".")[0] in ("app", "workers", "wsgi")}


def test_no_file_is_large() -> None:
    assert [short(path) for path in tracked() if path.stat().st_size > 4_000_000] == []


def test_only_one_place_makes_json_of_what_is_sent() -> None:
    parsers = re.compile(r"json\.loads|get_json|request\.json|model_validate_json\((?!bounded_json)|from_json\(request")
    web = [
        path for path in python_files("app/web", "app/api", "app/steps", "app/pages") if path.name != "json_input.py"
    ]
    assert [short(path) for path in web if parsers.search(path.read_text(encoding="utf-8"))] == []


def test_the_domain_asks_neither_the_kernel_nor_a_database() -> None:
    words = re.compile(r"/proc/|\b(SELECT|INSERT|DISTINCT|FILTER|WHERE|NULL)\b|\bcount\(|::(DOUBLE|VARCHAR|BIGINT)")
    texts = [
        f"{short(path)}:{node.lineno}"
        for path in python_files("app/domain")
        for node in nodes_of(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and words.search(node.value)
    ]
    assert texts == []


# Each stands where JSON comes in or goes out, or names in one place what holds values of any kind.
MAX_UNTYPED_MAPPINGS = 57


def untyped_mappings(path: Path) -> int:
    """Count `dict` and `Mapping` of values of any kind, as `dict[str, Any]` and a bare `dict` in an annotation."""
    names, count = {"dict", "Mapping"}, 0
    for node in nodes_of(path):
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id in names:
            value = node.slice.elts[-1] if isinstance(node.slice, ast.Tuple) else node.slice
            count += isinstance(value, ast.Name) and value.id in ("Any", "object")
        bare = [node.annotation] if isinstance(node, ast.arg | ast.AnnAssign) else []
        bare += [node.returns] if isinstance(node, ast.FunctionDef) else []
        count += sum(isinstance(item, ast.Name) and item.id in names for item in bare)
    return count


def test_mappings_of_anything_only_become_fewer_in_the_domain() -> None:
    results = {str(path): untyped_mappings(path) for path in (ROOT / "app" / "domain").rglob("*.py")}
    assert sum(results.values()) <= MAX_UNTYPED_MAPPINGS, {path: count for path, count in results.items() if count}


def test_plurals_and_numbers_are_written_in_one_place() -> None:
    plural = re.compile(r"else 's'\}|'s' \* \(|\{'s' if")
    power = re.compile(r"log10\(abs")
    results = [
        f"{short(path)}: {line.strip()[:80]}"
        for path in python_files(*PRODUCT)
        if "app/domain/text/" not in short(path)
        for line in path.read_text(encoding="utf-8").splitlines()
        if plural.search(line) or power.search(line)
    ]
    assert results == []


def test_nothing_is_there_for_tests_alone() -> None:
    """A name that is only imported, exported or used inside its own definition is used by nobody."""
    trees = {
        path: _without_exports(ast.parse(path.read_text(encoding="utf-8"))) for path in tracked() if _is_code(path)
    }
    used = sum((_names_used(tree) for tree in trees.values()), Counter[str]())
    for path in tracked():
        if path.suffix == ".html" and _is_product(path):
            used.update(re.findall(r"\w+", path.read_text(encoding="utf-8")))
    unused = [
        f"{short(path)}:{node.lineno} {name}"
        for path, tree in trees.items()
        for node in tree.body
        for name in _names_defined(node)
        if used[name] <= _names_used(node)[name] and name not in CALLED_FROM_OUTSIDE and not name.startswith("__")
    ]
    assert unused == []


def _is_code(path: Path) -> bool:
    return path.suffix == ".py" and _is_product(path)


def _without_exports(tree: ast.Module) -> ast.Module:
    """Return a module without its docstrings and its list of what it exports, which use nothing."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if (
            isinstance(body, list)
            and body
            and isinstance(body[0], ast.Expr)
            and isinstance(body[0].value, ast.Constant)
        ):
            body[0].value = ast.Constant(value=None)
    tree.body = [node for node in tree.body if "__all__" not in _names_defined(node)]
    return tree


def _names_used(tree: ast.AST) -> Counter[str]:
    """Return the names that code reads, with those that stand in its texts, such as the dotted name of a function."""
    used: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            used[node.id] += 1
        elif isinstance(node, ast.Attribute):
            used[node.attr] += 1
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            used.update(re.findall(r"\w+", node.value))
    return used


def _is_product(path: Path) -> bool:
    return path.relative_to(ROOT).parts[0] in (*PRODUCT, "config.py", "wsgi.py")


def _names_defined(node: ast.stmt) -> list[str]:
    """Return the names that a statement of a module defines; what a decorator registers is used by that."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        is_registered = any(isinstance(item, ast.Call) for item in node.decorator_list)
        return [] if is_registered and isinstance(node, ast.FunctionDef) else [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [node.target.id] if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else []
