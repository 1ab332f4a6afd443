"""What a look at the source can tell of the looks: figures as HTML wants them, controls that can be reached."""

from __future__ import annotations

import re

from tests.house.source import ROOT, short

FIGURE = re.compile(r"<figure\b.*?</figure>", re.DOTALL)
TEMPLATES = [path for folder in ("partials", "templates") for path in (ROOT / "app" / folder).rglob("*.html")]


def test_a_figure_holds_no_fold_and_its_caption_is_at_an_end() -> None:
    wrong = []
    for path in TEMPLATES:
        for figure in FIGURE.findall(path.read_text(encoding="utf-8")):
            between = re.sub(r"^<figure[^>]*>|</figure>$|{%.*?%}", "", figure, flags=re.DOTALL).strip()
            at_end = between.startswith("<figcaption") or between.endswith("</figcaption>")
            if "<details" in figure or ("<figcaption" in figure and not at_end):
                wrong.append(f"{short(path)}: {figure[:80]}")
    assert wrong == []


def test_every_class_with_a_style_is_on_a_page() -> None:
    styles = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "app" / "static" / "css").rglob("*.css"))
    plain = re.sub(r"/\*.*?\*/", "", styles, flags=re.DOTALL)
    named = set(re.findall(r"\.([a-zA-Z][\w-]*)(?=[^{}]*\{)", plain))
    pages = [*TEMPLATES, *(ROOT / "app" / "static" / "js").rglob("*.js"), *(ROOT / "app").rglob("*.py")]
    words = set(re.findall(r"[\w-]+", "\n".join(path.read_text(encoding="utf-8") for path in pages)))
    # htmx sets these itself.
    assert len(named) > 100
    assert {name for name in named if not name.startswith("htmx-")} - words == set()


def test_the_ring_of_the_focus_has_a_colour_for_each_ground() -> None:
    sheets = (ROOT / "app" / "static" / "css").glob("*.css")
    rules = [line.strip() for sheet in sheets if sheet.stem != "tokens" for line in sheet.read_text().splitlines()]
    set_elsewhere = [rule for rule in rules if re.search(r"--focus:(?! *var\(--focus-on-)", rule)]
    assert set_elsewhere == [], "the colours of the ring stand in tokens.css"
