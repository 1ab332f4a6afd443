"""Every route has a rule about who may call it; every step has its parts."""

from __future__ import annotations

from flask import Flask

from app.domain import wizard
from app.web.access import POLICY
from tests.house.source import ROOT


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
