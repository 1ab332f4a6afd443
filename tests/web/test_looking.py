"""Looking changes nothing: no page that is asked for writes to the database or has a worker asked for anything."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from flask import Flask

from app.services.datasets import datasets
from app.storage import drafts as draft_rows
from app.storage.db import transaction
from app.storage.tables import DraftRow, User
from tests.services.tables import upload
from tests.variants import slow_after
from tests.web.client import Belongings, Browser, calls, draft_on_sample
from tests.web.counting import counted

# Programs begin short fits by their first question, as the contract says; a link for signing in is there to be used.
# Handing out a file is an act that the audit trail tells of; it writes nothing else.
EXPORTS = ("experiments.config", "experiments.predictions", "experiment_templates.export")
AUDIT = "INSERT INTO audit_entries"
BEGINNING = ("api_",)
VIEWS = (
    "features/correlations?view=pairs",
    "features/correlations?view=matrix",
    "features/correlations?view=clusters",
    "features/strategy?strategy=correlated&amount=0.9",
    "features/strategy?strategy=top&amount=5",
    "features/measured?seen=other",
    "model/measured?seen=other",
    "single-page/measured?seen=other",
    "review/measured?seen=other",
    "model/evidence?on=model&cards=new",
    "features/transform?new.kind=lag&new.column=gauge_0",
)


def _large_file(user: User) -> DraftRow:
    """Return a draft as an older version left it: on a file that only a worker measures, and nobody asked one to."""
    random = np.random.default_rng(8)
    frame = pd.DataFrame(
        random.normal(size=(9_000, 20)).round(3), columns=[f"gauge_{position}" for position in range(20)]
    )
    dataset = upload(user, frame.assign(flow=frame["gauge_0"]).to_csv(index=False).encode())
    return _left_alone(user, {**datasets.first_answers(dataset), "target": "flow"})


def _small_file(user: User) -> DraftRow:
    """Return such a draft on a file that is measured at once."""
    dataset = datasets.use_sample(user, "penguins")
    return _left_alone(user, {**datasets.first_answers(dataset), "target": "body_mass_g"})


def _left_alone(user: User, answers: dict[str, object]) -> DraftRow:
    with transaction():
        return draft_rows.add_draft(owner_id=user.id, answers={"data": answers}, version=2)


@pytest.fixture
def belongings(user: User) -> Belongings:
    return Belongings.of(user)


@pytest.mark.parametrize("htmx", slow_after(1, [False, True]), ids=["page", "fragment"])
@pytest.mark.parametrize("kind", ["sample", "small", "large"])
def test_looking_writes_nothing_and_asks_no_worker(
    app: Flask, user: User, browser: Browser, belongings: Belongings, kind: str, htmx: bool
) -> None:
    row = {"sample": draft_on_sample, "small": _small_file, "large": _large_file}[kind](user)
    things = Belongings({**belongings.ids, "draft_id": row.id})
    pages = [(endpoint, path) for endpoint, method, path in calls(app, things) if method == "GET"]
    pages += [(path, f"/experiments/drafts/{row.id}/{path}") for path in VIEWS]
    results = []
    for endpoint, path in pages:
        if endpoint.startswith(BEGINNING):
            continue
        with counted(app) as cost:
            answer = browser.get(path, htmx=htmx)
        assert answer.status != 500, path
        output = [item for item in cost.written if not (endpoint in EXPORTS and AUDIT in item)]
        if output or cost.calls["rings"]:
            results.append(f"{endpoint}: {output or 'rings'}")
    assert results == []
