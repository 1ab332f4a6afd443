"""Every route has a rule about who may call it; every step has its parts."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from flask import Flask

from app.domain import wizard
from app.web.access import POLICY
from tests.house.source import ROOT, short


def test_every_route_has_a_row_and_every_row_a_route(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert endpoints - set(POLICY) == set()
    assert set(POLICY) - endpoints == set()


def test_every_step_has_package_form_routes_and_fragment() -> None:
    for slug in wizard.SLUGS:
        for part in ("__init__.py", "form.py", "routes.py"):
            assert (ROOT / "app" / "steps" / slug / part).exists()
        assert (ROOT / "app" / "partials" / "steps" / f"{slug}.html").exists()


def test_changes_are_never_made_by_get(app: Flask) -> None:
    words = {"save", "launch", "cancel", "discard", "delete", "upload", "undo", "remedy", "resolve", "autosave"}
    words |= {"redeem", "end", "revoke", "sign", "restore", "reread", "apply", "use"}
    for rule in app.url_map.iter_rules():
        verb = rule.endpoint.rsplit(".", 1)[-1]
        if verb.split("_")[0] in words:
            assert "GET" not in (rule.methods or set()), rule.endpoint


# Addresses of pages by their first word; those of the API are documented as they are.
BY_HAND = re.compile(r"/(account|admin|datasets|experiment-templates|experiments|help|sign-in|sign-out)\b")


def written_addresses(source: str) -> list[str]:
    """Return the texts that begin like the address of a page, but for those that declare a route."""
    tree = ast.parse(source)
    declaring: set[ast.AST] = set()
    for node in ast.walk(tree):
        decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
        is_blueprint = isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Blueprint")
        for declaration in [*decorators, *([node] if is_blueprint else [])]:
            declaring |= set(ast.walk(declaration))
    texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in declaring)
    return [node.value for node in texts if isinstance(node.value, str) and BY_HAND.match(node.value)]


# An address of a page put together in a template: a path behind the address of a draft, an experiment or a dataset.
JOINED = re.compile(r"\{\{ (?:base|address|home|page) \}\}/|\b(?:base|address|here|page) ~ [\"']/")
NAMED = re.compile(r"\| ?link\(\s*[\"']([\w.]+)[\"']\s*\)")


def _templates() -> list[Path]:
    return [path for folder in ("templates", "partials") for path in (ROOT / "app" / folder).rglob("*.html")]


def test_no_template_joins_an_address_by_hand() -> None:
    result = {short(path): JOINED.findall(path.read_text("utf-8")) for path in _templates()}
    assert {name: addresses for name, addresses in result.items() if addresses} == {}


def test_every_link_names_a_route_of_one_thing(app: Flask) -> None:
    single = {rule.endpoint for rule in app.url_map.iter_rules() if len(rule.arguments) == 1}
    named = {endpoint for path in _templates() for endpoint in NAMED.findall(path.read_text("utf-8"))}
    assert len(named) > 30
    assert named - single == set()


def test_no_address_of_a_page_is_written_by_hand() -> None:
    """Where a route moves, everything that leads to it follows."""
    code = [path for folder in ("steps", "pages", "web") for path in (ROOT / "app" / folder).rglob("*.py")]
    results = {short(path): written_addresses(path.read_text("utf-8")) for path in code}
    for path in _templates():
        results[short(path)] = re.findall(rf"[\"']{BY_HAND.pattern}", path.read_text("utf-8"))
    assert {name: addresses for name, addresses in results.items() if addresses} == {}


def test_an_address_written_by_hand_is_found() -> None:
    assert written_addresses('see_other(f"/datasets/{x}")\nx = "/helpers"') == ["/datasets/"]
    assert JOINED.findall('href="{{ base }}/data" {% set here = base ~ "/model" %}') == ["{{ base }}/", 'base ~ "/']
    assert written_addresses('@blueprint.get("/help")\ndef show(): ...') == []
