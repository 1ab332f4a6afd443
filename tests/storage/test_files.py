"""Files on disk: written whole or not at all, and removed only when nobody needs them."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import config
from app.domain.errors import NotFoundError, UnreadableFileError
from app.services import experiments
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.services.jobs import upkeep
from app.storage import files, integrity
from app.storage.db import db, now, transaction
from app.storage.integrity import HASHES, Soundness
from app.storage.tables import Dataset, User
from tests.services.tables import SMALL, draft_on, upload

OTHER = SMALL.replace("rain", "hail")
OLD, NEW = b"old " * 1000, b"new " * 2000
ROOT = Path(__file__).resolve().parents[2]
Fault = Callable[..., Any]


def _tree(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder and what is in them, but for the hashes beside them."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != HASHES)
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def _fails(number: int) -> Fault:
    def fail(*_arguments: Any, **_options: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


def test_every_place_lies_in_the_data_folder_under_an_id_of_our_own(tmp_path: Path) -> None:
    identifier = uuid.UUID(int=7)
    assert files.dataset_dir(tmp_path, identifier) == tmp_path / "datasets" / str(identifier)
    assert files.experiment_dir(tmp_path, identifier) == tmp_path / "experiments" / str(identifier)
    assert files.sample_dir(tmp_path, "ab12") == tmp_path / "samples" / "ab12"
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_arriving_files_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = files.incoming_dir(tmp_path / "data")
    assert folder == tmp_path / "data" / "incoming" == files.incoming_dir(tmp_path / "data")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_free_space_is_that_of_the_disk(tmp_path: Path) -> None:
    results = os.statvfs(tmp_path)
    assert files.free_mb(tmp_path) == pytest.approx(results.f_bavail * results.f_frsize / 1e6, rel=0.05)


def _folder(path: Path, **content: bytes) -> Path:
    path.mkdir(parents=True)
    for name, current in content.items():
        (path / name).write_bytes(current)
    return path


def test_a_finished_folder_gets_its_name(tmp_path: Path) -> None:
    aside = _folder(tmp_path / "x.part", data=NEW, profile=b"{}")
    files.publish_folder(aside, tmp_path / "deep" / "x")
    assert _tree(tmp_path) == {"deep/x/data": NEW, "deep/x/profile": b"{}"}
    for name in ("data", "profile"):
        assert integrity.examine(tmp_path / "deep" / "x" / name, fresh=True) is Soundness.SOUND
    assert not aside.exists()


def test_folders_published_at_once_leave_one_of_them(tmp_path: Path) -> None:
    target = tmp_path / "x"
    asides = [_folder(tmp_path / f"x.{position}.part", data=NEW) for position in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda aside: files.publish_folder(aside, target), asides))
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (target / "data").read_bytes() == NEW


def test_a_folder_that_is_there_already_is_replaced_whole(tmp_path: Path) -> None:
    target = _folder(tmp_path / "x", data=OLD, stale=OLD)
    files.publish_folder(_folder(tmp_path / "x.part", data=NEW), target)
    assert _tree(tmp_path) == {"x/data": NEW}


def test_a_rename_that_fails_leaves_the_old_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = _folder(tmp_path / "x", data=OLD)
    aside = _folder(tmp_path / "x.part", data=NEW)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", _fails(errno.EIO))
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            files.publish_folder(aside, target)
    assert (target / "data").exists()
    assert (target / "data").read_bytes() == OLD


def test_a_process_killed_while_it_publishes_leaves_the_old_folder_or_the_new(tmp_path: Path) -> None:
    target, aside = _folder(tmp_path / "x", a=OLD, b=OLD), _folder(tmp_path / "x.part", a=NEW, b=NEW)
    code = (
        "import os, signal, sys; from pathlib import Path; from app.storage import files\n"
        "rename = Path.rename\n"
        "Path.rename = lambda *a: os.kill(os.getpid(), signal.SIGKILL)\n"
        "files.publish_folder(Path(sys.argv[1]), Path(sys.argv[2]))\n"
    )
    subprocess.run([sys.executable, "-c", code, str(aside), str(target)], cwd=ROOT, timeout=60, check=False)
    assert _tree(target) in ({"a": OLD, "b": OLD}, {"a": NEW, "b": NEW})


def _synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note, in order, the name of whatever is flushed, and every renaming that was done."""
    done: list[str] = []
    fsync, rename, replace = os.fsync, Path.rename, Path.replace

    def sync(descriptor: int) -> None:
        done.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "rename", lambda item, to: (rename(item, to), done.append("rename"))[0])
    monkeypatch.setattr(Path, "replace", lambda element, to: (replace(element, to), done.append("rename"))[0])
    return done


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_bytes_are_on_disk_before_a_name_is_and_the_name_is_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = _synced(monkeypatch)
    files.publish_folder(_folder(tmp_path / "x.part", a=OLD, b=NEW), tmp_path / "deep" / "x")
    assert {"a", "b", HASHES} <= set(done[: done.index("rename")])
    assert done[done.index("rename") :] == ["rename", "deep"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_the_list_of_files_is_on_disk_before_the_folder_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = _synced(monkeypatch)
    files.publish_folder(_folder(tmp_path / "x.part", a=OLD), tmp_path / "x")
    assert "x.part" in done[: done.index("rename")]


def test_a_profile_comes_back_as_it_was_written(prepared: Path) -> None:
    folders = sorted((prepared / "samples").iterdir())
    assert len(folders) == len(datasets.SAMPLES)
    for folder in folders:
        again = json.loads(json.dumps(files.read_profile(folder).to_json()))
        assert again == json.loads((folder / "profile.json").read_text())


def test_removing_takes_all_of_a_folder_and_nothing_beside_it(tmp_path: Path) -> None:
    _folder(tmp_path / "kept", data=OLD)
    folder = _folder(tmp_path / "gone", data=OLD)
    _folder(folder / "inner", data=OLD)
    (folder / "link").symlink_to(tmp_path / "kept")
    files.remove_folder(folder)
    assert _tree(tmp_path) == {"kept/data": OLD}
    files.remove_folder(folder)
    assert _tree(tmp_path) == {"kept/data": OLD}


def _data(app: Flask) -> Path:
    settings: config.Settings = app.extensions["hydroml_settings"]
    return settings.data


def test_an_upload_leaves_the_dataset_and_nothing_of_the_way_to_it(app: Flask, user: User) -> None:
    row = upload(user, SMALL.encode())
    folder = files.dataset_dir(_data(app), row.id)
    assert sorted(path.name for path in folder.iterdir()) == ["data.parquet", HASHES, "profile.json"]
    assert list(folder.parent.iterdir()) == [folder]
    assert list((_data(app) / "incoming").iterdir()) == []


def test_a_refused_upload_leaves_nothing(app: Flask, user: User) -> None:
    with pytest.raises(UnreadableFileError):
        upload(user, b"\x89PNG\r\n\x1a\n" + bytes(99))
    assert _tree(_data(app) / "incoming") == {}
    assert [path for path in _data(app).glob("datasets/*") if path.exists()] == []
    assert datasets.list_datasets(user) == []


def test_a_deleted_dataset_that_nobody_needs_goes_from_disk_when_it_is_purged(app: Flask, user: User) -> None:
    first, second = upload(user, SMALL.encode()), upload(user, OTHER.encode(), "other.csv")
    assert not datasets.purge(first)
    datasets.delete_dataset(user, first.id)
    assert files.dataset_dir(_data(app), first.id).exists()
    assert datasets.purge(first)
    assert not files.dataset_dir(_data(app), first.id).exists()
    assert files.dataset_dir(_data(app), second.id).exists()
    assert [row.id for row in datasets.list_datasets(user)] == [second.id]


def test_a_deleted_dataset_of_an_experiment_keeps_its_rows(app: Flask, user: User) -> None:
    row = upload(user, SMALL.encode())
    draft = draft_on(user, row, target="flow")
    experiments.launch(user, draft.id, version=draft.version, idempotency_key="one")
    before = _tree(files.dataset_dir(_data(app), row.id))
    datasets.delete_dataset(user, row.id)
    assert _tree(files.dataset_dir(_data(app), row.id)) == before != {}
    assert datasets.list_datasets(user) == []


def test_a_deleted_sample_is_still_there_for_everybody(
    app: Flask, user: User, other_user: User, sample: Dataset
) -> None:
    before = _tree(_data(app) / "samples")
    datasets.delete_dataset(user, sample.id)
    assert _tree(_data(app) / "samples") == before
    again = datasets.use_sample(other_user, "piscataquis")
    assert datasets.preview_rows(again, limit=1)


def test_nobody_deletes_the_dataset_of_somebody_else(app: Flask, user: User, other_user: User) -> None:
    row = upload(user, SMALL.encode())
    with pytest.raises(NotFoundError):
        datasets.delete_dataset(other_user, row.id)
    assert files.dataset_dir(_data(app), row.id).exists()
    assert [dataset.id for dataset in datasets.list_datasets(user)] == [row.id]


def test_a_dataset_whose_folder_is_gone_can_still_be_deleted(app: Flask, user: User) -> None:
    row = upload(user, SMALL.encode())
    shutil.rmtree(files.dataset_dir(_data(app), row.id))
    datasets.delete_dataset(user, row.id)
    assert datasets.list_datasets(user) == []


def _aged(path: Path, *, seconds: float) -> Path:
    position = time.time() - seconds
    os.utime(path, (position, position))
    return path


@pytest.mark.parametrize("place", ["datasets", "samples", "experiments", "experiments/one"])
def test_half_written_folders_are_removed_when_they_are_old(app: Flask, place: str) -> None:
    folder = _data(app) / place
    old = _aged(_folder(folder / "old.part", data=OLD), seconds=3700)
    young = _aged(_folder(folder / "young.part", data=OLD), seconds=3500)
    whole = _aged(_folder(folder / "whole", data=OLD), seconds=99_999)
    upkeep.tidy()
    assert [old.exists(), young.exists(), whole.exists()] == [False, True, True]


def test_tidying_leaves_datasets_samples_and_drafts_alone(app: Flask, user: User, sample: Dataset) -> None:
    row = upload(user, SMALL.encode())
    draft = draft_on(user, sample)
    for path in _data(app).rglob("*"):
        if path.is_dir():
            _aged(path, seconds=99_999)
    before = {name: current for name, current in _tree(_data(app)).items() if "sqlite" not in name}
    upkeep.tidy()
    assert {name: current for name, current in _tree(_data(app)).items() if "sqlite" not in name} == before
    assert drafts.get_draft(user, draft.id).id == draft.id
    assert datasets.get_dataset(user, row.id).state == "ready"


def _stuck(user: User, *, minutes: float) -> Dataset:
    row = datasets.start_upload(user, "river.csv")
    datasets.incoming_file(row.id).write_bytes(b"a,b\n1,")
    with transaction():
        row.touched_at = now() - timedelta(minutes=minutes)
    return row


def test_an_upload_that_stopped_is_failed_with_a_sentence_and_its_bytes_go(app: Flask, user: User) -> None:
    stopped, moving = _stuck(user, minutes=11), _stuck(user, minutes=9)
    upkeep.tidy()
    db.session.expire_all()
    dataset = datasets.get_dataset(user, stopped.id)
    assert (dataset.state, dataset.reason) == ("failed", "The upload stopped before the end. Send it again.")
    assert datasets.get_dataset(user, moving.id).state == "receiving"
    assert [datasets.incoming_file(item.id).exists() for item in (stopped, moving)] == [False, True]


def test_bytes_of_a_request_that_was_killed_are_removed_when_they_are_old(app: Flask) -> None:
    path = files.incoming_dir(_data(app)) / f"{uuid.uuid4()}.part"
    path.write_bytes(OLD)
    _aged(path, seconds=99_999)
    upkeep.tidy()
    assert not path.exists()
