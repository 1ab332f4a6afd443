"""Every page and fragment has a context whose fields are all read, and reads nothing that is no field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
from jinja2.defaults import DEFAULT_NAMESPACE

import app.web.overload  # noqa: F401  # The web worker imports it, and the application does not.
from app.factory import create_app
from app.web.hypermedia import ViewContext
from config import load
from tests.house.template_names import Names, all_templates

# What blocks and `{% include partial %}` bring along.
OURS = {"partial", "self"}
# Pages and fragments of steps that are still rendered from a dict; this list may only become shorter.
WITHOUT_CONTEXT = {
    "pages/features_part.html",
    "pages/features_transform.html",
    "pages/model_evidence.html",
    "pages/single_page.html",
    "partials/datasets/columns.html",
    "partials/datasets/look.html",
    "partials/features/measured.html",
    "partials/features/pair.html",
    "partials/features/strategy.html",
    "partials/model/measured.html",
    "partials/model/states.html",
    "partials/review/measured.html",
    "partials/steps/data.html",
    "partials/steps/features.html",
    "partials/steps/model.html",
    "partials/steps/review.html",
    "partials/steps/validation.html",
    "partials/wizard/feature_choices.html",
    "partials/wizard/measuring.html",
    "partials/wizard/saved.html",
    "partials/wizard/single.html",
    "partials/wizard/single_measured.html",
    "wizard.html",
}


def contexts(kind: type[ViewContext] = ViewContext) -> Iterator[type[ViewContext]]:
    for one in kind.__subclasses__():
        yield one
        yield from contexts(one)


ALL = sorted(contexts(), key=lambda kind: kind.__name__)


def names_of(kind: type[ViewContext]) -> list[Names]:
    """Return what the page and the fragment of a context read."""
    found = [Names(kind.page_name, fragment=kind.fragment_name)] if kind.page_name else []
    return found + ([Names(kind.fragment_name)] if kind.fragment_name else [])


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return the names that every template knows."""
    settings = {"HYDROML_DATA": str(tmp_path_factory.mktemp("data")), "HYDROML_SECRET_KEY": "0123456789abcdef" * 3}
    app = create_app(load(settings))
    with app.test_request_context("/sign-in"):
        found: dict[str, Any] = {}
        app.update_template_context(found)
    return {*found, *app.jinja_env.globals, *DEFAULT_NAMESPACE} | OURS


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_all_that_a_template_reads_is_a_field(kind: type[ViewContext], everywhere: set[str]) -> None:
    known = {field.name for field in fields(kind)} | everywhere
    missing = {name for names in names_of(kind) for name in names.required - known}
    assert not missing, f"{kind.__name__} has no field for what its templates read: {sorted(missing)}"


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_field_is_read_by_a_template(kind: type[ViewContext]) -> None:
    read = {name for names in names_of(kind) for name in names.read}
    unread = {field.name for field in fields(kind)} - read
    assert not unread, f"no template of {kind.__name__} reads {sorted(unread)}"


def test_every_template_belongs_to_a_context() -> None:
    reached = {template for kind in ALL for names in names_of(kind) for template in names.templates}
    without = {template for start in WITHOUT_CONTEXT for template in Names(start).templates}
    assert sorted(set(all_templates()) - reached - without) == []
    assert len(WITHOUT_CONTEXT) <= 23


def test_names_are_found_through_includes_and_macros() -> None:
    names = Names("pages/experiment.html")
    assert {"experiment", "board", "facts", "waiting"} <= names.required
    assert names.required < names.read
    assert names.read - names.required == {"apart"}
    assert {"layout.html", "partials/experiments/result.html", "macros/fields.html"} <= names.templates
