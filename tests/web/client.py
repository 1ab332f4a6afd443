"""A browser without scripts for the web tests: it reads real pages, fills in their own forms and presses their buttons."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

import html5lib  # type: ignore[import-untyped]  # it carries no types
from flask import Flask
from werkzeug.test import TestResponse

from app.domain.vocabulary import RunState
from app.services import experiments
from app.services.accounts import accounts, sessions, tokens
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.services.experiment_templates import versions
from app.services.experiment_templates.edits import TemplateEdit
from app.storage.db import Base, db
from app.storage.tables import DraftRow, User
from app.web.sessions import COOKIE
from tests.web import seeds

HTMX = {"HX-Request": "true"}
STEPS = ("data", "features", "model", "validation", "review")
Values = dict[str, list[Any]]


def words_of(element: Element) -> str:
    """Return the text inside an element as a reader sees it, with single spaces."""
    return " ".join("".join(element.itertext()).split())


@dataclass(frozen=True)
class Button:
    """A button that sends its form."""

    words: str
    name: str
    value: str
    action: str


@dataclass(frozen=True)
class Form:
    """A form as the page shows it: what it would send untouched, and the buttons that send it."""

    action: str
    method: str
    values: Values
    names: frozenset[str]
    buttons: tuple[Button, ...]

    def filled(self, changes: Mapping[str, Any]) -> Values:
        """Return the values sent with some controls changed; a list ticks several, None leaves one out."""
        sent = {name: list(current_values) for name, current_values in self.values.items()}
        for name, value in changes.items():
            assert name in self.names, f"the form to {self.action} has no control {name}"
            sent[name] = [] if value is None else value if isinstance(value, list) else [value]
        return {name: current_values for name, current_values in sent.items() if current_values}


def _own_controls(tree: Element, form: Element) -> Iterator[Element]:
    inside = set(form.iter())
    for element in tree.iter():
        if element.tag in ("input", "select", "textarea", "button"):
            owner = element.get("form")
            if owner == form.get("id") if owner is not None else element in inside:
                yield element


def _sent_by(control: Element) -> list[str]:
    """Return the values that an untouched control sends."""
    if control.tag == "textarea":
        return ["".join(control.itertext())]
    if control.tag == "select":
        options = list(control.iter("option"))
        chosen = [option for option in options if option.get("selected") is not None] or options[:1]
        return [element.get("value", words_of(element)) for element in chosen]
    if control.get("type") in ("checkbox", "radio"):
        return [control.get("value", "on")] if control.get("checked") is not None else []
    return [] if control.get("type") == "file" else [control.get("value", "")]


def _read_form(tree: Element, form: Element) -> Form:
    values: Values = {}
    buttons, names = [], set()
    action = form.get("action", "")
    for control in _own_controls(tree, form):
        name = control.get("name", "")
        if control.tag == "button":
            if control.get("aria-hidden") != "true":
                to = control.get("formaction", action)
                buttons.append(Button(words_of(control), name, control.get("value", ""), to))
        elif name:
            names.add(name)
            values.setdefault(name, []).extend(_sent_by(control))
    return Form(action, form.get("method", "get").upper(), values, frozenset(names), tuple(buttons))


@dataclass(frozen=True)
class Page:
    """An answer, read as a page or as a fragment."""

    path: str
    response: TestResponse
    is_fragment: bool = False

    @property
    def status(self) -> int:
        """The status code."""
        return self.response.status_code

    @property
    def text(self) -> str:
        """The body as it was sent."""
        return self.response.get_data(as_text=True)

    @property
    def goes_to(self) -> str:
        """Where the answer sends the browser, as a path; empty where it does not."""
        target = self.response.headers.get("HX-Redirect") or self.response.headers.get("Location") or ""
        return urlsplit(target)._replace(scheme="", netloc="").geturl()

    @cached_property
    def _parsed(self) -> tuple[Element, list[str]]:
        parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
        tree = parser.parseFragment(self.text, container="div") if self.is_fragment else parser.parse(self.text)
        lines = self.text.splitlines()
        faults = [
            f"{code}: {lines[position[0] - 1][max(position[1] - 80, 0) : position[1] + 20]}"
            for position, code, _ in parser.errors
        ]
        return tree, faults

    @property
    def tree(self) -> Element:
        """The parsed document."""
        return self._parsed[0]

    @property
    def syntax_faults(self) -> list[str]:
        """What the HTML parser had to mend, each with the place where it stands."""
        return self._parsed[1]

    @property
    def words(self) -> str:
        """All that is written on the page, or all that is sent where it is none."""
        return words_of(self.tree) if self.response.mimetype == "text/html" else self.text

    @property
    def h1(self) -> str:
        """The main heading."""
        (heading,) = self.tree.iter("h1")
        return words_of(heading)

    @cached_property
    def forms(self) -> list[Form]:
        """Every form of the page."""
        return [_read_form(self.tree, form) for form in self.tree.iter("form")]

    @property
    def buttons(self) -> list[str]:
        """What the buttons of all forms say."""
        return [button.words for form in self.forms for button in form.buttons]

    def form_to(self, action: str) -> Form:
        """Return the one form that is sent to an address with this ending."""
        (form,) = (form for form in self.forms if form.action.endswith(action))
        return form

    @property
    def answers(self) -> Form:
        """The form that holds the answers of a step."""
        form = self.element("answers")
        return _read_form(self.tree, form)

    def element(self, identifier: str) -> Element:
        """Return the element with this id."""
        (result,) = (item for item in self.tree.iter() if item.get("id") == identifier)
        return result

    def has(self, identifier: str) -> bool:
        """Return whether an element has this id."""
        return any(element.get("id") == identifier for element in self.tree.iter())

    def value_of(self, name: str) -> list[str]:
        """Return the values of the control of this name in the form of answers."""
        return self.answers.values[name]

    def problems(self) -> list[tuple[str, str]]:
        """Return the error summary: each sentence with the id it links to."""
        box = self.element("shared-errors")
        assert words_of(next(box.iter("h2"))) == "There is a problem"
        links = [(item, item.find("a")) for item in box.iter("li")]
        return [(words_of(item), link.get("href", "") if link is not None else "") for item, link in links]

    @cached_property
    def token(self) -> str:
        """The CSRF token of the page."""
        return next(str(form.values["csrf_token"][0]) for form in self.forms if "csrf_token" in form.names)


@dataclass
class Browser:
    """One browser; every request gets a context of its own, as it does in production."""

    app: Flask
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Start without cookies."""
        self.client = self.app.test_client()

    def sign_in(self, user: User) -> Browser:
        """Hold the cookie of a new session of this account, and open the page to which signing in leads."""
        identifier = user.id
        db.session.rollback()
        with self.app.app_context():
            opened = sessions.sign_in(sessions.new_session(), accounts.get_account(identifier))
            self.client.set_cookie(COOKIE, opened.secret)
        assert self.get("/experiments").status == 200
        return self

    def redeem(self, code: str) -> Page:
        """Open a one-time link and press its button; returns where that leads, or the page of a link that is dead."""
        page = self.get(f"/sign-in/{code}")
        return self.press(page, "Sign in", to=f"/sign-in/{code}") if page.status == 200 else page

    @property
    def cookie(self) -> str:
        """The secret that the session's cookie carries; empty without one."""
        current = self.client.get_cookie(COOKIE)
        return current.value if current else ""

    def send(self, method: str, path: str, *, htmx: bool = False, **more: Any) -> Page:
        """Send one request and do not follow where it leads."""
        headers = {**self.headers, **(HTMX if htmx else {}), **more.pop("headers", {})}
        with self.app.app_context():
            response = self.client.open(path, method=method, headers=headers, buffered=True, **more)
        fresh()
        return Page(path, response, is_fragment=htmx)

    def get(self, path: str, *, htmx: bool = False, **more: Any) -> Page:
        """Ask for a page, or for its fragment."""
        return self.send("GET", path, htmx=htmx, **more)

    def post(self, path: str, data: Mapping[str, Any], *, htmx: bool = False, **more: Any) -> Page:
        """Send these values."""
        return self.send("POST", path, htmx=htmx, data=dict(data), **more)

    def press(
        self, page: Page, button: str, changes: Mapping[str, Any] | None = None, *, to: str = "", htmx: bool = False
    ) -> Page:
        """Press the button that begins with these words, in the form sent to an address with this ending."""
        results = [
            (form, item)
            for form in page.forms
            for item in form.buttons
            if item.words.startswith(button) and item.action.endswith(to)
        ]
        assert results, f"no button {button!r} among {page.buttons} on {page.path}"
        form, chosen = next(((form, item) for form, item in results if item.words == button), results[0])
        sent = form.filled(changes or {})
        if chosen.name:
            sent[chosen.name] = [chosen.value]
        return self.send(form.method, chosen.action, data=sent, htmx=htmx)

    def arrive(self, path: str) -> Page:
        """Open a page, send what its scripts send by themselves on arrival, and open it once more."""
        page = self.get(path)
        asking = [item for item in page.tree.iter() if "load" in item.get("hx-trigger", "") and item.get("hx-post")]
        for element in asking:
            sent = _read_form(page.tree, element).values if element.tag == "form" else {"csrf_token": [page.token]}
            assert self.post(str(element.get("hx-post")), sent, htmx=True).status < 400
        return self.get(path) if asking else page

    def follow(self, page: Page, *, htmx: bool = False) -> Page:
        """Go where the answer leads."""
        assert page.goes_to, f"{page.path} answered {page.status} and leads nowhere"
        return self.get(page.goes_to, htmx=htmx)


def on_one_line(text: str) -> str:
    """Return markup without its line breaks: where the lines of a template end says nothing about the page."""
    return re.sub(r"> <", "><", re.sub(r"\s+", " ", text))


def fresh() -> None:
    """Let the test see what the last request wrote."""
    db.session.rollback()
    db.session.expire_all()


def answers_of(user: User, row: DraftRow) -> dict[str, dict[str, Any]]:
    """Return the stored answers of a draft, steps without an answer left out."""
    fresh()
    current_values = drafts.get_draft(user, row.id).answers
    return {step: dict(fields) for step, fields in current_values.items() if fields}


def everything(*, but: str = "") -> dict[str, list[tuple[str, ...]]]:
    """Return every row of every table, but for one table."""
    fresh()
    dump = {
        table.name: sorted(tuple(map(repr, row)) for row in db.session.execute(table.select()))
        for table in Base.metadata.sorted_tables
        if table.name != but
    }
    db.session.rollback()
    return dump


def draft_on_sample(user: User, sample: str = "piscataquis") -> DraftRow:
    """Start a draft on a sample, as the sample picker does."""
    row = drafts.create_draft(user)
    changes = datasets.first_answers(datasets.use_sample(user, sample))
    drafts.save_answers(user, row.id, step="data", changes=changes, version=row.version)
    return drafts.get_draft(user, row.id)


def step_path(row: DraftRow, slug: str) -> str:
    """Return the address of a step."""
    return f"/experiments/drafts/{row.id}/{slug}"


@dataclass(frozen=True)
class Belongings:
    """One of each thing that has an id."""

    ids: dict[str, uuid.UUID | str]

    @classmethod
    def of(cls, user: User) -> Belongings:
        """Give this account a draft, a dataset and an experiment."""
        draft = draft_on_sample(user)
        experiment = seeds.add_experiment(user, RunState.QUEUED)
        job = experiments.job_of(experiment)
        assert job is not None
        tokens.create_token(user.email, name="a program")
        token = next(api_token for api_token in tokens.list_tokens(user) if api_token.name == "a program")
        opened = sessions.sign_in(sessions.new_session(), user)
        config = {"task": {"target": "flow"}, "model": {"estimator": "ridge"}}
        template = versions.create_template(user, TemplateEdit(name="Flow", config=config))
        ids = {
            "person_id": user.id,
            "template_id": template.id,
            "dataset_id": experiment.dataset_id,
            "experiment_id": experiment.id,
            "job_id": job.id,
        }
        return cls({"draft_id": draft.id, **ids, "session_id": opened.id_hash, "token_id": token.id})

    @classmethod
    def of_nobody(cls) -> Belongings:
        """Return ids that belong to nothing."""
        names = (
            "draft_id",
            "dataset_id",
            "experiment_id",
            "job_id",
            "session_id",
            "token_id",
            "template_id",
            "person_id",
        )
        return cls({name: uuid.uuid4() for name in names})


def calls(app: Flask, things: Belongings, *, only_with_id: bool = False) -> list[tuple[str, str, str]]:
    """Return every route as endpoint, method and address, with the ids of these things in it."""
    values: dict[str, Any] = {**things.ids, "code": "no-such-code", "filename": "js/app.js", "key": "c0", "version": 1}
    values["form"] = "csv"
    adapter = app.url_map.bind("localhost")
    results = []
    for rule in app.url_map.iter_rules():
        if only_with_id and not rule.arguments & set(things.ids):
            continue
        needed = {name: values[name] for name in rule.arguments}
        for method in sorted((rule.methods or set()) - {"OPTIONS"}):
            results.append((rule.endpoint, method, adapter.build(rule.endpoint, needed, method=method)))
    return results
