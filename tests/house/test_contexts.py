"""Every page and fragment has a context whose fields are all read, and reads nothing that is no field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any, get_type_hints

import pytest
from jinja2.defaults import DEFAULT_NAMESPACE

import app.web.overload  # noqa: F401  # The web worker imports it, and the application does not.
from app.factory import create_app
from app.web.hypermedia import ContextPart, ViewContext
from config import load
from tests.house.template_names import Names, all_templates

# What blocks and `{% include partial %}` bring along.
OURS = {"partial", "self"}


def contexts(kind: type[ViewContext] = ViewContext) -> Iterator[type[ViewContext]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from contexts(subclass)


def names_of(kind: type[ViewContext]) -> list[Names]:
    """Return the names that the page and the fragment of a context read."""
    included = dict(kind.included)
    page = {**included, **({"partial": kind.fragment_name} if kind.fragment_name else {})}
    names = [Names(kind.page_name, included=page)] if kind.page_name else []
    return names + ([Names(kind.fragment_name, included=included)] if kind.fragment_name else [])


def fields_of(kind: type[ContextPart]) -> Iterator[tuple[type, str]]:
    """Return the fields that templates know by name, those of parts among them, each with the class that has it."""
    hints = get_type_hints(kind)
    for field in fields(kind):
        hint = hints[field.name]
        if isinstance(hint, type) and issubclass(hint, ContextPart):
            yield from fields_of(hint)
        else:
            yield next(owner for owner in kind.__mro__ if field.name in owner.__annotations__), field.name


ALL = sorted((kind for kind in contexts() if names_of(kind)), key=lambda kind: kind.__name__)
OWNERS = sorted({owner for kind in ALL for owner, _ in fields_of(kind)}, key=lambda owner: owner.__name__)


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return the names that every template knows."""
    settings = {"HYDROML_DATA": str(tmp_path_factory.mktemp("data")), "HYDROML_SECRET_KEY": "0123456789abcdef" * 3}
    app = create_app(load(settings))
    with app.test_request_context("/sign-in"):
        results: dict[str, Any] = {}
        app.update_template_context(results)
    return {*results, *app.jinja_env.globals, *DEFAULT_NAMESPACE} | OURS


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_all_that_a_template_reads_is_a_field(kind: type[ViewContext], everywhere: set[str]) -> None:
    known = {name for _, name in fields_of(kind)} | set(kind.included) | everywhere
    missing = {name for names in names_of(kind) for name in names.required - known}
    assert not missing, f"{kind.__name__} has no field for what its templates read: {sorted(missing)}"


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_no_name_of_a_context_stands_twice(kind: type[ViewContext]) -> None:
    names = [name for _, name in fields_of(kind)]
    assert len(names) == len(set(names)), f"{kind.__name__} has a name twice among {sorted(names)}"


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.__name__)
def test_every_field_is_read_by_a_template(owner: type) -> None:
    """What several contexts share is read by one of them at least."""
    having = [kind for kind in ALL if owner in {item for item, _ in fields_of(kind)}]
    read = {name for kind in having for names in names_of(kind) for name in names.read}
    unread = {name for kind in having for item, name in fields_of(kind) if item is owner} - read
    assert not unread, f"no template with a {owner.__name__} reads {sorted(unread)}"


def test_every_template_belongs_to_a_context() -> None:
    reached = {template for kind in ALL for names in names_of(kind) for template in names.templates}
    assert sorted(set(all_templates()) - reached) == []


def test_names_are_found_through_includes_and_macros() -> None:
    names = Names("pages/experiment.html")
    assert {"experiment", "board", "facts", "waiting"} <= names.required
    assert "apart" in names.read
    assert {"layout.html", "partials/experiments/result.html", "macros/fields.html"} <= names.templates
