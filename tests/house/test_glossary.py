"""The names of the code: those that the documents use exist, and none is a word that the product has given up."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from jinja2 import nodes as markup

from tests.house.source import ROOT, nodes_of, python_files, short, tree_of
from tests.house.template_names import APP, all_templates, parsed

GLOSSARY, ARCHITECTURE = ROOT / "docs" / "glossary.md", ROOT / "docs" / "architecture.md"
DOCUMENTS = (GLOSSARY, ARCHITECTURE)
PRODUCT = ("app", "workers")
MIN_TERMS = 60
REFERENCE = re.compile(r"`((?:app|workers)/[\w./]+)(?::([A-Za-z_][\w.]*))?`")
# Modules as the picture names them.
DOTTED = re.compile(r"(?<![\w./`])((?:app|workers)(?:\.[a-z]\w*)+)")
SUFFIXES = (".py", ".js", ".html")
MACROS = [f"macros/{path.name}" for path in sorted((APP / "templates" / "macros").glob("*.html"))]
# The column of the time that an event happened at.
WIRE_IN_TEMPLATES = frozenset(
    {
        "pages/experiment_template.html: at",
        "pages/template_acts.html: at",
        "pages/audit.html: at",
        "pages/admin_job.html: at",
    }
)

# No participle stands for a thing, and each idea has one family of names: remedy, enqueue, requeue, prediction.
BANNED = frozenset(
    {
        *("said", "held", "found", "asked", "taken", "begun", "refused", "shown", "lent", "carried", "written"),
        *("heal", "heals", "cure", "cures", "mend", "mends", "bell", "bells", "ring", "rings"),
        *("arriving", "carrying", "choosing", "hurrying", "looking", "recognising", "rereading", "showing"),
    }
)
# The name of an error may say what happened: NotFoundError.
HAPPENED = "Error"
# What is stored or sent keeps its name; docs/glossary.md says where.
WIRE = frozenset(
    {
        "app/services/experiment_templates/listing.py: at",
        "app/domain/audit/chain.py: at",
        "app/domain/usage/events.py: at",
        "app/storage/audit.py: at",
        "app/storage/tables/audit.py: at",
        "app/storage/tables/usage.py: at",
        "app/domain/analysis/import_options/import_choices.py: said",
        "app/storage/tables/drafts.py: at",
        "app/storage/tables/experiment_templates.py: at",
    }
)
# Names of variables, parameters and attributes that say nothing alone.
BARE = frozenset({"one", "at", "says"})


def _names_of(node: ast.stmt) -> list[str]:
    """Return the names that a statement of a module or a class defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    return [node.target.id] if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else []


def is_defined(path: Path, dotted: str) -> bool:
    """Return whether a module defines a name, or one of its classes a member."""
    body = tree_of(path).body
    for name in dotted.split("."):
        node = next((node for node in body if name in _names_of(node)), None)
        if node is None:
            return False
        body = node.body if isinstance(node, ast.ClassDef) else []
    return True


def missing_references(text: str) -> list[str]:
    """Return the references of a text that the source does not have."""
    missing = []
    for name, member in REFERENCE.findall(text):
        path = ROOT / name
        is_there = path.suffix in SUFFIXES and path.is_file() if path.suffix else path.is_dir()
        if not is_there or (member and not is_defined(path, member)):
            missing.append(f"{name}:{member}" if member else name)
    return missing


def _rows(section: str) -> list[list[str]]:
    """Return the cells of the table of a section of the glossary."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _sections() -> tuple[list[list[str]], list[list[str]]]:
    terms, names = GLOSSARY.read_text(encoding="utf-8").split("\n## ")
    return _rows(terms), _rows(names)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_documents_name_only_what_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert REFERENCE.search(text)
    assert missing_references(text) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_documents_name_classes_with_their_file(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    tokens = set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))
    loose = {token for token in tokens if re.match(r"(app|workers)[/.]|[A-Z]\w*[a-z]\w*$", token)}
    stored = {token for _, wire, _ in _sections()[1] for token in re.findall(r"`([^`]+)`", wire)}
    assert [token for token in loose - stored if not REFERENCE.fullmatch(f"`{token}`")] == []


def test_the_picture_names_only_modules_that_exist() -> None:
    pictures = re.findall(r"```(?:mermaid)?\n(.*?)```", ARCHITECTURE.read_text(encoding="utf-8"), re.DOTALL)
    names = {name for picture in pictures for name in DOTTED.findall(picture)}
    paths = {name: ROOT.joinpath(*name.split(".")) for name in names}
    assert names
    assert [name for name, path in paths.items() if not path.is_dir() and not path.with_suffix(".py").is_file()] == []


def test_a_name_that_is_gone_is_noticed() -> None:
    text = "`app/queue.py:enqueue` `app/queue.py:ring` `app/bell.py` `app/domain/experiment.py:Spec.to_xml`"
    assert missing_references(text) == ["app/queue.py:ring", "app/bell.py", "app/domain/experiment.py:Spec.to_xml"]


def test_the_glossary_is_long_and_in_order() -> None:
    terms = [row[0] for row in _sections()[0]]
    assert len(terms) >= MIN_TERMS
    assert terms == sorted(set(terms), key=str.casefold)


def test_each_term_has_a_sentence_and_a_place() -> None:
    rows = _sections()[0]
    assert [row[0] for row in rows if len(row) != 3 or not row[1].endswith(".") or ". " in row[1]] == []
    assert [row[0] for row in rows if not REFERENCE.search(row[2])] == []


def test_each_wire_name_stands_in_its_source() -> None:
    astray = []
    for code, wire, _place in _sections()[1]:
        sources = [(ROOT / name).read_text(encoding="utf-8") for name, _ in REFERENCE.findall(code)]
        astray += [name for name in re.findall(r"`([^`]+)`", wire) if not any(name in source for source in sources)]
    assert astray == []


def test_a_class_name_stands_for_one_class() -> None:
    places = defaultdict(list)
    for path in python_files("app"):
        for node in nodes_of(path):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{short(path)}:{node.lineno}")
    assert {name: place for name, place in places.items() if len(place) > 1} == {}


def _banned_names() -> Iterator[str]:
    """Yield modules and classes with a banned word in their name."""
    for path in python_files(*PRODUCT):
        if BANNED & set(path.stem.split("_")):
            yield short(path)
        for node in nodes_of(path):
            if isinstance(node, ast.ClassDef) and not node.name.endswith(HAPPENED):
                words = {word.lower() for word in re.findall(r"[A-Z][a-z]*", node.name)}
                if BANNED & words:
                    yield f"{short(path)}: {node.name}"


def _bound_names(syntax: Iterable[ast.AST]) -> Iterator[str]:
    """Yield what a module binds: functions, parameters, variables and attributes."""
    for node in syntax:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def _is_banned(name: str) -> bool:
    return name.strip("_") in BANNED | BARE


def _banned_template_names() -> Iterator[str]:
    """Yield variables, macros and attributes of templates with a banned name."""
    for template in all_templates() + MACROS:
        for node in parsed(template).find_all((markup.Name, markup.Macro, markup.Getattr)):
            name = node.attr if isinstance(node, markup.Getattr) else node.name
            if _is_banned(name) and f"{template}: {name}" not in WIRE_IN_TEMPLATES:
                yield f"{template}: {name}"


def test_no_module_or_class_has_a_banned_word() -> None:
    assert sorted(set(_banned_names())) == []


def test_no_function_or_variable_has_a_banned_name() -> None:
    names = {
        f"{short(path)}: {name}"
        for path in python_files(*PRODUCT)
        for name in _bound_names(nodes_of(path))
        if _is_banned(name)
    }
    assert sorted(names - WIRE) == []


def test_the_wire_names_are_still_there() -> None:
    names = {f"{short(path)}: {name}" for path in python_files(*PRODUCT) for name in _bound_names(nodes_of(path))}
    assert sorted(WIRE - names) == []


def test_no_template_has_a_banned_name() -> None:
    assert sorted(set(_banned_template_names())) == []
