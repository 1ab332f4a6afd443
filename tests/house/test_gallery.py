"""The gallery is whole: every macro has an example, and so has every partial that can be drawn by itself."""

from __future__ import annotations

from jinja2 import nodes

from app.dev.examples import all_examples
from tests.house.template_names import APP, all_templates, parsed

_WIZARD = "needs the draft and the plan of a whole wizard"
_REPORT = "needs the whole report of an experiment"
_MEASURED = "includes other fragments, each with an example or a reason of its own"
# Partials without an example, each with the reason; this list may only become shorter.
LEFT_OUT = {
    "data/goal": _WIZARD,
    "datasets/list": "needs stored datasets with their owner",
    "experiments/config": "needs a stored experiment",
    "experiments/progress": "needs the progress of a stored job",
    "experiments/result": _REPORT,
    "experiments/searched": _REPORT,
    "features/columns": _WIZARD,
    "features/correlations": "is the form around features/association, which has examples",
    "features/derived": _MEASURED,
    "features/measured": _MEASURED,
    "features/strategies": _WIZARD,
    "features/strategy": _WIZARD,
    "features/ticks": _WIZARD,
    "features/transform_preview": _WIZARD,
    "model/choices": _WIZARD,
    "model/evidence": "needs the short fits of a draft",
    "model/measured": _MEASURED,
    "model/tuner": _WIZARD,
    "review/features": _WIZARD,
    "review/measured": _MEASURED,
    "steps/data": _WIZARD,
    "steps/features": _WIZARD,
    "steps/model": _WIZARD,
    "steps/model_tuning": _WIZARD,
    "steps/review": _WIZARD,
    "steps/validation": _WIZARD,
    "wizard/feature_choices": _MEASURED,
    "wizard/frame": _WIZARD,
    "wizard/measuring": _WIZARD,
    "wizard/new": "needs stored datasets with their owner",
    "wizard/side": _WIZARD,
    "wizard/single": _WIZARD,
    "wizard/single_measured": _MEASURED,
}
MOST_LEFT_OUT = 33


def test_every_macro_has_an_example() -> None:
    files = sorted((APP / "templates" / "macros").glob("*.html"))
    macros = {
        (f"macros/{path.name}", macro.name)
        for path in files
        for macro in parsed(f"macros/{path.name}").find_all(nodes.Macro)
    }
    visible_rows = {(example.template, example.macro) for example in all_examples() if example.macro}
    assert len(macros) > 50
    assert sorted(macros - visible_rows) == [], "give each an example in app/dev"
    assert sorted(visible_rows - macros) == []


def test_every_partial_has_an_example_or_a_reason() -> None:
    partials = {
        name.removeprefix("partials/").removesuffix(".html") for name in all_templates() if name.startswith("partials/")
    }
    visible_rows = {
        example.template.removeprefix("partials/").removesuffix(".html")
        for example in all_examples()
        if not example.macro
    }
    assert sorted(partials - visible_rows - set(LEFT_OUT)) == [], "give each an example in app/dev"
    assert sorted(set(LEFT_OUT) & visible_rows) == []
    assert sorted(set(LEFT_OUT) - partials) == []
    assert len(LEFT_OUT) <= MOST_LEFT_OUT


def test_examples_have_places_of_their_own() -> None:
    slugs = [example.slug for example in all_examples()]
    assert sorted({slug for slug in slugs if slugs.count(slug) > 1}) == []
