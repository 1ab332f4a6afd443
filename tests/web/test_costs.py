"""What one request costs on the streamflow sample: plans made and statements sent, counted and never timed."""

from __future__ import annotations

from itertools import count

import pytest
from flask import Flask

from app.services.drafts.plans import plans_made
from app.storage.tables import DraftRow
from tests.web.client import STEPS, Browser, Page, step_path
from tests.web.counting import Cost, counted

# Of those for a launch two entries of the audit trail take four, and the event of usage one.
MOST_FOR_AUTOSAVE, MOST_FOR_LAUNCH = 15, 23
# One answer of each step that no test gave before, so that no plan of it is there already.
CHANGED = {
    "data": "kind.c2",
    "features": "column",
    "model": "{shown}.max_iter",
    "validation": "seed",
    "review": "name",
    "single-page": "seed",
}
_fresh = count(101)


def autosaved(app: Flask, page: Page, browser: Browser) -> Cost:
    """Return the cost of saving one answer of a page while one types."""
    slug = page.path.rpartition("/")[2]
    name = CHANGED[slug].format(shown="".join(page.value_of("shown_estimator")) if slug == "model" else "")
    value = {"kind.c2": "categorical", "column": page.value_of("column")[:-1] if name == "column" else ""}
    sent = page.answers.filled({name: value.get(name) or str(next(_fresh))})
    with counted(app) as cost:
        assert browser.post(f"{page.path}/autosave", sent, htmx=True).status == 200
    return cost


@pytest.mark.parametrize("slug", [*STEPS, "single-page"])
def test_an_autosave_makes_one_plan(app: Flask, browser: Browser, draft: DraftRow, slug: str) -> None:
    cost = autosaved(app, browser.get(step_path(draft, slug)), browser)
    assert cost.calls["plans"] == 1
    assert cost.calls["checks"] == 1


@pytest.mark.parametrize("slug", STEPS)
def test_an_autosave_sends_few_statements(app: Flask, browser: Browser, draft: DraftRow, slug: str) -> None:
    page = browser.get(step_path(draft, slug))
    autosaved(app, page, browser)
    cost = autosaved(app, browser.get(page.path), browser)
    assert len(cost.statements) <= MOST_FOR_AUTOSAVE, "\n".join(cost.statements)


POLLS = (
    "features/correlations?view=matrix&part=body",
    "features/correlations?view=pairs&part=body",
    "features/correlations?view=target&part=body",
)


@pytest.mark.parametrize("path", POLLS)
def test_a_look_at_associations_makes_no_plan(app: Flask, browser: Browser, draft: DraftRow, path: str) -> None:
    plans_made.forget()
    with counted(app) as cost:
        assert browser.get(step_path(draft, path), htmx=True).status == 200
    assert cost.calls["plans"] == 0


def test_a_look_at_short_fits_makes_no_plan(app: Flask, browser: Browser, draft: DraftRow) -> None:
    browser.get(step_path(draft, "model"))
    with counted(app) as cost:
        assert browser.get(step_path(draft, "model/evidence?on=model"), htmx=True).status == 200
    assert cost.calls["plans"] == 0


@pytest.mark.parametrize("slug", STEPS)
def test_a_step_is_shown_with_one_plan_at_most(app: Flask, browser: Browser, draft: DraftRow, slug: str) -> None:
    plans_made.forget()
    with counted(app) as cost:
        assert browser.get(step_path(draft, slug)).status == 200
    assert cost.calls["plans"] == 1
    with counted(app) as again:
        assert browser.get(step_path(draft, slug)).status == 200
    assert again.calls["plans"] == 0


def test_a_launch_sends_few_statements(app: Flask, browser: Browser, draft: DraftRow) -> None:
    page = browser.get(step_path(draft, "review"))
    with counted(app) as cost:
        assert browser.press(page, "Launch experiment", {"name": "High water"}).status == 303
    assert cost.calls["plans"] == 1
    assert len(cost.statements) <= MOST_FOR_LAUNCH, "\n".join(cost.statements)
