"""The data folder is its owner's alone, after a whole job of all that write into it, and after a start on an old one."""

from __future__ import annotations

import http.client
import os
import stat
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import config
from app.domain.vocabulary import Scope
from app.launch.redis_server import socket_path, url_of
from app.services import experiments
from app.services.accounts import tokens
from app.services.datasets import datasets
from app.storage.binding import bare_app
from app.storage.db import db
from app.storage.privacy import restrict_modes
from app.storage.tables import Dataset, User
from tests.launch.conftest import Starter, Up, get, hydroml, wait_until
from tests.services.tables import draft_on, save

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="these tests start the whole product")


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Let whatever this process starts make files that others may read, unless it sees to that itself."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def _open_to_others(data: Path) -> dict[str, str]:
    results = {}
    for path in [data, *data.rglob("*")]:
        mode = stat.S_IMODE(path.lstat().st_mode)
        if not path.is_symlink() and mode & 0o077:
            results[str(path.relative_to(data))] = oct(mode)
    return results


def _upload(up: Up, token: str, content: bytes) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="river.csv"\r\n\r\n'
    line = http.client.HTTPConnection("127.0.0.1", up.port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=x"}
    line.request("POST", "/api/datasets/", body=head + content + b"\r\n--x--\r\n", headers=headers)
    assert line.getresponse().status == 201
    line.close()


def _table(rows: int) -> bytes:
    days = (
        f"{1950 + position // 336}-{1 + position // 28 % 12:02d}-{1 + position % 28:02d}" for position in range(rows)
    )
    return (
        "day,rain,flow\n"
        + "".join(f"{day},{index * 7 % 11 / 2},{1 + index * 7 % 11}\n" for index, day in enumerate(days))
    ).encode()


def test_nobody_else_can_read_what_a_whole_job_writes(starter: Starter, tmp_path: Path, open_umask: None) -> None:
    data = tmp_path / "data"
    assert hydroml("user", "add", "ada@example.org", environment={"HYDROML_DATA": str(data)}).returncode == 0
    assert _open_to_others(data) == {}
    # A folder of an earlier version, which others could read.
    (data / "originals").mkdir(exist_ok=True)
    (data / "originals" / "old").write_bytes(b"a,b\n")
    (data / "originals").chmod(0o755)
    up = starter.ready(data)
    settings = replace(config.load({"HYDROML_DATA": str(data)}), redis_url=url_of(socket_path(data)))
    with bare_app(settings).app_context():
        user = db.session.scalars(db.select(User)).one()
        token = tokens.create_token(user.email, name="tests", scope=Scope.WRITE)
        _upload(up, token, _table(600))
        _upload(up, token, _table(60_000))
        wait_until(
            lambda: {dataset.state for dataset in _fresh_datasets(user)} == {"ready"},
            seconds=120,
            what="the reading of both",
        )
        draft = draft_on(user, datasets.use_sample(user, "piscataquis"))
        version = save(user, draft, estimator="ridge")
        experiment = experiments.launch(user, draft.id, version=version, idempotency_key="one")
        wait_until(lambda: _state(experiment.id, user) == "finished", seconds=120, what="the end of a training")
        db.session.remove()
        db.engine.dispose()
    assert get(f"{up.url}/health/ready").status == 200
    assert len(list(data.rglob("*"))) > 20
    assert _open_to_others(data) == {}


def _fresh_datasets(user: User) -> list[Dataset]:
    db.session.rollback()
    db.session.expire_all()
    return datasets.list_datasets(user)


def _state(experiment_id: uuid.UUID, user: User) -> str:
    db.session.rollback()
    db.session.expire_all()
    return str(experiments.get_experiment(user, experiment_id).state)


def test_restricting_touches_modes_and_follows_no_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("ours no more")
    (outside / "file").chmod(0o644)
    data = tmp_path / "data"
    (data / "deep").mkdir(parents=True)
    (data / "deep").chmod(0o755)
    (data / "deep" / "program").write_text("")
    (data / "deep" / "program").chmod(0o755)
    (data / "deep" / "rows").write_text("")
    (data / "deep" / "rows").chmod(0o664)
    (data / "link").symlink_to(outside)
    (data / "dangling").symlink_to(tmp_path / "nothing")
    assert restrict_modes(data) >= 3
    assert restrict_modes(data) == 0
    assert _open_to_others(data) == {}
    assert stat.S_IMODE((data / "deep" / "program").stat().st_mode) == 0o700
    assert stat.S_IMODE((outside / "file").stat().st_mode) == 0o644
