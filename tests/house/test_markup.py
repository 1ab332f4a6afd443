"""What every template says about its requests: where an answer goes stands on the element that asks."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from flask import Flask

from tests.house.source import ROOT, short, tracked

ASKS = frozenset(f"{prefix}hx-{verb}" for prefix in ("", "data-") for verb in ("get", "post", "put", "patch", "delete"))
NEEDED = ("hx-target", "hx-swap")
MAX_COLUMNS = 120
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


class _Askers(HTMLParser):
    """Collects the elements that ask by htmx and leave out where the answer goes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0
        self.incomplete: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if not names & ASKS:
            return
        self.seen += 1
        missing = [name for name in NEEDED if name not in names]
        if missing:
            self.incomplete.append(f"line {self.getpos()[0]}: <{tag}> has no {' and no '.join(missing)}")


def askers_of(template: str) -> _Askers:
    """Return the elements of a template that ask by htmx, whatever its conditions are."""
    result = _Askers()
    # An expression may stand for an attribute's value, so it leaves a letter; a statement leaves nothing.
    result.feed(JINJA.sub(lambda part: "x" if part[0].startswith("{{") else "", template))
    return result


def test_every_htmx_element_names_its_target_and_its_swap() -> None:
    """Inheritance is switched off in the layout, and the next htmx has none at all."""
    incomplete, seen = [], 0
    for path in tracked():
        if path.suffix == ".html" and ROOT / "app" in path.parents:
            askers = askers_of(path.read_text(encoding="utf-8"))
            seen += askers.seen
            incomplete += [f"{short(path)}, {line}" for line in askers.incomplete]
    assert incomplete == []
    assert seen > 30


@pytest.mark.parametrize(
    ("markup", "missing"),
    [
        ('<a hx-get="{{ here }}" hx-target="#x" hx-swap="outerHTML">', []),
        ('<a{% if a > b %} hx-get="/x" hx-target="this"{% endif %}>', ["line 1: <a> has no hx-swap"]),
        ('\n<button data-hx-post="/x">', ["line 2: <button> has no hx-target and no hx-swap"]),
        ('{# <a hx-get="/x"> #}<a href="/x">', []),
    ],
)
def test_an_element_that_leaves_one_out_is_found(markup: str, missing: list[str]) -> None:
    assert askers_of(markup).incomplete == missing


# Fragments whose root element, which has an id of its own, is a notice itself.
NOTICES = {
    "app/partials/datasets/damage.html",
    "app/partials/datasets/outdated.html",
    "app/partials/datasets/reading.html",
    "app/partials/review/choice.html",
    "app/partials/review/verdict.html",
    "app/partials/shared/notice.html",
    "app/partials/wizard/conflict.html",
    "app/partials/wizard/measuring.html",
}
ONCE = (
    ("the field of the token", re.compile(r'name="csrf_token"'), {"app/templates/macros/fields.html"}),
    ("a pager", re.compile(r'class="pager'), {"app/templates/macros/shared.html"}),
    ("a notice", re.compile(r'class="notice(?!s)'), {"app/templates/macros/shared.html", *NOTICES}),
    # It would be made anew for each answer, and would read names that no context has.
    ("an import with the context", re.compile(r"{%-? (import|from)[^%]* with context"), set[str]()),
)


@pytest.mark.parametrize(("what", "pattern", "places"), ONCE, ids=[what for what, _, _ in ONCE])
def test_what_has_a_macro_is_written_once(what: str, pattern: re.Pattern[str], places: set[str]) -> None:
    results = {short(path) for path in tracked() if path.suffix == ".html" and pattern.search(path.read_text("utf-8"))}
    assert {name for name in results if name.startswith("app/")} == places, what


def test_every_template_compiles(app: Flask) -> None:
    """A filter that is renamed in Python alone fails only where its template is asked for."""
    names = app.jinja_env.list_templates(filter_func=lambda name: name.endswith(".html"))
    assert len(names) > 60
    for name in names:
        app.jinja_env.get_template(name)


def test_every_page_of_a_browser_test_is_watched() -> None:
    """A page that is opened elsewhere would tell nobody of the errors in its console."""
    opened = re.compile(r"\.new_(page|context)\(")
    places = [
        short(path)
        for path in tracked()
        if path.suffix == ".py" and ROOT / "tests" in path.parents and opened.search(path.read_text(encoding="utf-8"))
    ]
    assert places == ["tests/browser/conftest.py"]


def test_what_is_swapped_in_hears_at_once() -> None:
    """With a delay of settling, a change in that time is lost, and the focus comes after what has it."""
    layout = (ROOT / "app" / "templates" / "layout.html").read_text(encoding="utf-8")
    assert '"defaultSettleDelay":0' in layout
    modifiers = re.compile(r"hx-(?:swap|reswap)[^>]*\b(?:settle|swap):\d", re.IGNORECASE)
    delayed = [
        path for path in tracked() if path.suffix == ".html" and modifiers.search(path.read_text(encoding="utf-8"))
    ]
    assert delayed == []


def test_what_saves_is_not_drawn_anew_by_its_answer() -> None:
    """An element that goes with an answer takes along what waits for its turn in it."""
    partials = ROOT / "app" / "partials" / "wizard"
    saver, saved = ((partials / f"{name}.html").read_text(encoding="utf-8") for name in ("saver", "saved"))
    assert "from:#answers" in saver
    assert 'hx-target="this"' not in saver
    assert "hx-trigger" not in saved


def test_no_browser_test_looks_for_the_focus_once() -> None:
    """The focus is given by a script, which a slow machine runs later: `focus_comes_to` waits for it."""
    looks = re.compile(r"assert .*activeElement.*(==|closest|matches|hasAttribute)")
    faults = [
        f"{short(path)}, line {number}"
        for path in (ROOT / "tests" / "browser").glob("test_*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if looks.search(line)
    ]
    assert faults == []


def test_no_line_of_a_template_is_too_long() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix == ".html" and ROOT / "app" in path.parents
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if len(line) > MAX_COLUMNS
    ]
    assert long == []


def test_no_template_asks_whether_a_name_is_there() -> None:
    """A context has every name that its templates read, and a flag of a part is false unless it is set."""
    asking = [
        f"{short(path)}:{number}"
        for path in tracked()
        if path.suffix == ".html" and ROOT / "app" in path.parents
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"\bis (not )?(un)?defined\b", line)
    ]
    assert asking == []
