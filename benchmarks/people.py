"""Accounts for a run under load, each with drafts and experiments; a process of its own, beside a running product."""

from __future__ import annotations

import copy
import json
import shutil
import sys
import time
import urllib.parse
import urllib.request
import uuid
from dataclasses import asdict, dataclass
from http.cookiejar import CookieJar
from typing import Any

DRAFTS, EXPERIMENTS = 3, 12
PATIENCE_SECONDS = 180
STEPS = ("data", "features", "model", "validation", "review")


@dataclass(frozen=True)
class Account:
    """A person: the path of a one-time link, a draft on the sample, and an experiment that has finished."""

    link: str
    draft: str
    experiment: str
    dataset: str


def make_accounts(count: int) -> list[Account]:
    """Add accounts, and one more whose forms are looked at."""
    import config
    from app.services.accounts import accounts
    from app.services.datasets import datasets
    from app.storage.binding import bare_app
    from app.storage.db import db

    settings = config.load()
    with bare_app(settings).app_context():
        made, finished = [], None
        for number in range(count + 1):
            user = accounts.create_user(f"person-{number}@example.org")
            sample = datasets.use_sample(user, "piscataquis")
            rows = [_draft(user, sample) for _ in range(DRAFTS)]
            finished = finished or _finish(settings, user, _draft(user, sample))
            experiment = _copies(settings, finished, user, sample)
            link = accounts.make_sign_in_link(user.email)
            made.append(Account(f"/sign-in/{link}", str(rows[0]), str(experiment), str(sample.id)))
        db.session.remove()
        db.engine.dispose()

    return made


def _draft(user: Any, sample: Any) -> uuid.UUID:
    from tests.services.tables import draft_on

    return uuid.UUID(str(draft_on(user, sample).id))


def _finish(settings: Any, user: Any, draft_id: uuid.UUID) -> Any:
    """Have the workers that run train one experiment."""
    from dataclasses import replace

    from flask import current_app

    from app.launch.redis_server import socket_path, url_of
    from app.services import experiments
    from app.services.drafts import drafts
    from app.storage.db import db

    current_app.extensions["hydroml_settings"] = replace(settings, redis_url=url_of(socket_path(settings.data)))
    row = drafts.get_draft(user, draft_id)
    row_id = experiments.launch(user, draft_id, version=row.version, idempotency_key=str(draft_id)).id
    for _ in range(600):
        db.session.commit()
        experiment = experiments.get_experiment(user, row_id)
        if experiment.state not in ("queued", "running"):
            assert experiment.state == "finished", experiment.failure
            return experiment
        time.sleep(0.5)
    raise SystemExit("the experiment did not finish")


def _copies(settings: Any, finished: Any, user: Any, sample: Any) -> uuid.UUID:
    """Give a person copies of the finished experiment; only the newest has files."""
    from app.storage import files
    from app.storage.db import db, transaction
    from app.storage.experiments import load_report
    from app.storage.tables import Experiment

    report = load_report(finished.id)
    columns = [column.key for column in Experiment.__mapper__.columns]
    values = {key: copy.deepcopy(getattr(finished, key)) for key in columns if key not in ("id", "report")}
    values.update(owner_id=user.id, dataset_id=sample.id, report=report)
    last = uuid.uuid4()
    with transaction():
        for number in range(EXPERIMENTS):
            row_id = last if number == EXPERIMENTS - 1 else uuid.uuid4()
            db.session.add(Experiment(**{**values, "id": row_id, "idempotency_key": str(row_id), "draft_id": None}))
    shutil.copytree(files.experiment_dir(settings.data, finished.id), files.experiment_dir(settings.data, last))
    return last


def read_forms(url: str, link: str) -> dict[str, dict[str, list[str]]]:
    """Return the untouched form of each step as sent, but for the fields that differ between people."""
    from benchmarks.steps import CHANGED, token
    from tests.web.client import Page

    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = opener.open(url + link).read().decode()
    sent = urllib.parse.urlencode({"csrf_token": token(page)}).encode()
    opener.open(url + link, sent).read()
    page = opener.open(f"{url}/experiments/new").read().decode()
    sent = urllib.parse.urlencode({"csrf_token": token(page), "sample": "piscataquis"}).encode()
    base = opener.open(f"{url}/experiments/new/sample", sent).geturl().rpartition("/")[0]
    forms = {}
    for slug in STEPS:
        text = opener.open(f"{base}/{slug}").read().decode()
        answer: Any = _Answer(text)
        values = Page(slug, answer).answers.values
        forms[slug] = {name: value for name, value in values.items() if name not in ("csrf_token", "version")}
        # What people will change is changed once here, so that what must be measured for it is measured once.
        name, changes = CHANGED[slug]
        for change in changes:
            sent = urllib.parse.urlencode({**forms[slug], name: change, "csrf_token": token(text)}, doseq=True).encode()
            opener.open(f"{base}/{slug}/autosave", sent).read()
        opener.open(f"{base}/{slug}").read()
    return forms


def spread(source: str) -> None:
    """Give everybody's copy of the sample what was measured of one, once that is all there."""
    import config
    from app.domain.vocabulary import RunState
    from app.storage.binding import bare_app
    from app.storage.db import Base, db, transaction
    from app.storage.tables import Dataset, Job

    origin = uuid.UUID(source)
    with bare_app(config.load()).app_context():
        for _ in range(PATIENCE_SECONDS):
            states = db.session.scalars(db.select(Job.state).where(Job.subject_id == origin)).all()
            db.session.commit()
            if all(RunState(state).is_final for state in states):
                break
            time.sleep(1)
        others = db.session.scalars(
            db.select(Dataset.id).where(Dataset.sample.is_not(None), Dataset.id != origin)
        ).all()
        for table in Base.metadata.tables.values():
            if "dataset_id" not in table.c or table.name in ("drafts", "experiments"):
                continue
            rows = db.session.execute(table.select().where(table.c.dataset_id == origin)).mappings().all()
            kept = [{name: value for name, value in row.items() if name != "id"} for row in rows]
            made_ids = not isinstance(table.c.id.type, db.Integer) if "id" in table.c else False
            with transaction():
                db.session.execute(table.delete().where(table.c.dataset_id.in_(others)))
                for other in others if kept else ():
                    more = [{**row, "dataset_id": other, **({"id": uuid.uuid4()} if made_ids else {})} for row in kept]
                    db.session.execute(table.insert(), more)
        db.session.remove()
        db.engine.dispose()


@dataclass(frozen=True)
class _Answer:
    """As much of an answer as a page is read from."""

    text: str
    mimetype: str = "text/html"
    status_code: int = 200

    def get_data(self, *, as_text: bool) -> str:
        """Return the body."""
        assert as_text
        return self.text


if __name__ == "__main__":
    if sys.argv[1] == "--spread":
        spread(sys.argv[2])
    elif sys.argv[1] == "--forms":
        print(json.dumps(read_forms(*sys.argv[2:])))
    else:
        print(json.dumps([asdict(account) for account in make_accounts(int(sys.argv[1]))]))
