"""The gallery page, which shows every macro and partial in each of its states."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from flask import Blueprint, Response, render_template_string, request
from markupsafe import Markup

from app.dev.example import Example
from app.dev.examples import all_examples
from app.web.hypermedia import ViewContext, render_view

blueprint = Blueprint("gallery", __name__)

THEMES = (("auto", "System"), ("light", "Light"), ("dark", "Dark"))
MACRO = (
    "{% import template as macros with context %}"
    "{% if body %}{% call macros[macro](**values) %}{{ body }}{% endcall %}"
    "{% else %}{{ macros[macro](**values) }}{% endif %}"
)
PARTIAL = "{% include template %}"
FRAMES = {
    "": Markup("{}"),
    "svg": Markup('<svg class="chart deep" height="120" role="img" aria-label="Part of a chart">{}</svg>'),
    "lines": Markup('<pre class="code">{}</pre>'),
    "source": Markup("<code>{}</code>"),
}
# What names another element or is named by one; on one page, each example needs names of its own.
NAMING = re.compile(
    r'(?<=\s)(id|for|form|name|list|aria-labelledby|aria-describedby|aria-controls|data-chart)="([^"]+)"'
)
LINK = re.compile(r'(?<=\shref=")#(?=[^"])')
# An example asks for nothing by itself, and takes no focus.
ASKING = re.compile(r'\s+(?:hx-[a-z:-]+="[^"]*"|autofocus(?=[\s>]))')


@dataclass(frozen=True)
class DrawnExample:
    """An example as it is drawn."""

    slug: str
    title: str
    drawing: Markup


@dataclass(frozen=True)
class ExampleGroup:
    """All examples of one template."""

    template: str
    slug: str
    examples: tuple[DrawnExample, ...]


@dataclass(frozen=True, kw_only=True)
class GalleryContext(ViewContext):
    """The gallery; `theme` is the one that is asked for."""

    page_name: ClassVar[str] = "pages/gallery.html"
    groups: tuple[ExampleGroup, ...]
    themes: tuple[tuple[str, str], ...]
    theme: str


@blueprint.get("/dev/gallery")
def show() -> Response:
    """Show all examples in the theme that is asked for."""
    theme = request.args.get("theme", "")
    chosen = theme if theme in dict(THEMES) else "auto"
    return render_view(GalleryContext(groups=grouped(all_examples()), themes=THEMES, theme=chosen))


def grouped(examples: list[Example]) -> tuple[ExampleGroup, ...]:
    """Return the examples drawn, by template."""
    groups = []
    for template, members in groupby(examples, key=lambda example: example.template):
        drawn_examples = tuple(DrawnExample(member.slug, member.title, draw(member)) for member in members)
        slug = re.sub(r"[^a-z0-9]+", "-", template.removesuffix(".html"))
        groups.append(ExampleGroup(template, f"of-{slug}", drawn_examples))
    return tuple(groups)


def draw(example: Example) -> Markup:
    """Return an example as markup, with names of its own and without requests."""
    if example.macro:
        parts = {"template": example.template, "macro": example.macro, "values": example.values, "body": example.body}
        drawn = render_template_string(MACRO, **parts, **example.context)
    else:
        drawn = render_template_string(PARTIAL, **{"template": example.template, **example.values})
    if example.frame == "source":
        return FRAMES["source"].format(drawn)
    # What is marked as safe was drawn by a template a moment ago, which escaped it.
    return FRAMES[example.frame].format(Markup(separated(drawn, example.slug)))  # noqa: S704


def separated(drawn: str, prefix: str) -> str:
    """Return markup whose ids, and whatever names them, begin with a prefix."""

    def renamed(match: re.Match[str]) -> str:
        names = " ".join(f"{prefix}--{name}" for name in match[2].split())
        return f'{match[1]}="{names}"'

    quiet = ASKING.sub("", drawn)
    return LINK.sub(f"#{prefix}--", NAMING.sub(renamed, quiet))
