"""The gallery in development: every example is drawn, the page is sound, and elsewhere there is none."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from flask import Flask

from app.dev.examples import all_examples
from app.dev.gallery import separated
from app.factory import create_app
from app.storage.tables import User
from app.web.access import DEVELOPMENT_POLICY, POLICY
from config import Settings
from tests.conftest import COMPILED
from tests.web.client import Browser, Page

REFERRING = ("for", "aria-labelledby", "aria-controls")


@pytest.fixture
def dev_app(app: Flask, settings: Settings) -> Flask:
    """Return the application as `make dev` starts it."""
    made = create_app(replace(settings, dev=True))
    made.jinja_env.bytecode_cache = COMPILED
    return made


@pytest.fixture
def gallery(dev_app: Flask, admin: User) -> Page:
    """Return the gallery as an administrator sees it."""
    return Browser(dev_app).sign_in(admin).get("/dev/gallery")


def test_gallery_shows_every_example(gallery: Page) -> None:
    assert gallery.status == 200
    assert gallery.h1 == "Gallery"
    assert gallery.syntax_faults == []
    for example in all_examples():
        assert gallery.has(example.slug), example.slug


def test_ids_of_the_gallery_are_unique_and_found(gallery: Page) -> None:
    ids = Counter(element.get("id") for element in gallery.tree.iter() if element.get("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    referred = {name for element in gallery.tree.iter() for key in REFERRING for name in element.get(key, "").split()}
    assert sorted(referred - set(ids)) == []
    index = {link.get("href", "")[1:] for link in gallery.tree.iter("a") if link.get("href", "").startswith("#of-")}
    assert index
    assert index <= set(ids)


def test_examples_ask_for_nothing_by_themselves(gallery: Page) -> None:
    body = next(gallery.tree.iter("body"))
    asking = [key for element in body.iter() if element is not body for key in element.keys() if key.startswith("hx-")]  # noqa: SIM118
    assert asking == []
    assert [element.tag for element in body.iter() if element.get("autofocus") is not None] == []


@pytest.mark.parametrize(("theme", "shown"), [("dark", "dark"), ("light", "light"), ("auto", "auto"), ("x", "auto")])
def test_gallery_is_shown_in_the_theme_asked_for(dev_app: Flask, admin: User, theme: str, shown: str) -> None:
    page = Browser(dev_app).sign_in(admin).get(f"/dev/gallery?theme={theme}")
    assert f'<html lang="en" data-theme="{shown}">' in page.text


def test_gallery_does_not_exist_outside_development(app: Flask, admin: User) -> None:
    assert Browser(app).sign_in(admin).get("/dev/gallery").status == 404
    assert not any(rule.rule.startswith("/dev") for rule in app.url_map.iter_rules())


def test_gallery_is_hidden_from_members(dev_app: Flask, user: User) -> None:
    assert Browser(dev_app).sign_in(user).get("/dev/gallery").status == 404
    assert Browser(dev_app).get("/dev/gallery").goes_to.startswith("/sign-in")


def test_routes_of_development_have_rows(app: Flask, dev_app: Flask) -> None:
    here, there = ({rule.endpoint for rule in flask.url_map.iter_rules()} for flask in (app, dev_app))
    assert there - here == set(DEVELOPMENT_POLICY)
    assert not set(DEVELOPMENT_POLICY) & set(POLICY)


def test_names_of_an_example_get_its_prefix() -> None:
    drawn = (
        '<p id="a" autofocus>x</p><label for="a" hx-get="/x"\n hx-trigger="load">y</label>'
        '<i aria-describedby="a b "></i><a href="#a">z</a>'
    )
    assert separated(drawn, "p") == (
        '<p id="p--a">x</p><label for="p--a">y</label><i aria-describedby="p--a p--b"></i><a href="#p--a">z</a>'
    )
