"""The page of the conflict table holds every row of it, and the Help leads there."""

from __future__ import annotations

from flask import Flask

from app.domain.checks.conflicts import CONFLICTS
from app.domain.checks.settled_clashes import SETTLED
from app.storage.tables import User
from tests.web.client import Browser, words_of


def test_every_row_of_the_table_is_on_the_page(app: Flask, user: User) -> None:
    page = Browser(app).sign_in(user).get("/help/conflicts")
    assert page.status == 200
    assert page.syntax_faults == []
    assert page.h1 == "Incompatible settings"
    for row in CONFLICTS:
        words = words_of(page.element(row.id))
        for sentence in (row.when, row.fails, row.remedy, row.code, row.severity.value):
            assert sentence in words
    assert all(clash.settled in page.words for clash in SETTLED)


def test_fields_are_named_as_on_the_steps(app: Flask, user: User) -> None:
    page = Browser(app).sign_in(user).get("/help/conflicts")
    words = words_of(page.element("solver_without_l1"))
    assert words.startswith("Model: SolverModel: Kind of penaltyLogistic regression")
    assert "Validation: N splits" not in page.words


def test_the_help_leads_to_it(app: Flask, user: User) -> None:
    page = Browser(app).sign_in(user).get("/help")
    assert "/help/conflicts" in [link.get("href") for link in page.tree.iter("a")]
