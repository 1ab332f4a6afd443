"""The `link` function of templates, which joins the address of a thing and a route below it."""

from __future__ import annotations

from flask import Flask, current_app

EXTENSION = "hydroml_links"


def init_app(app: Flask) -> None:
    """Make the filter known to every template; the routes must be there already."""
    ends: dict[str, str] = {}
    for rule in app.url_map.iter_rules():
        whole, sign, end = rule.rule.rpartition(">")
        if sign and whole.count("<") == 1:
            ends[rule.endpoint] = end
    app.extensions[EXTENSION] = ends
    app.add_template_filter(link)


def link(base: str, endpoint: str) -> str:
    """Return the address of a page of the thing whose own address is `base`; KeyError where there is no such route.

    A fragment of a draft's page often knows no more than that address, and building some ninety of them by `url_for`
    would take a tenth of the time that a page takes.
    """
    ends: dict[str, str] = current_app.extensions[EXTENSION]
    return base + ends[endpoint.replace("-", "_")]
