"""Stored files that rot: noticed before training, by the check-up and by whoever opens them, and brought back."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from app.domain.errors import DamagedFileError, DomainError, UnreadableFileError
from app.domain.vocabulary import JobKind
from app.services import experiments
from app.services.context import current_settings
from app.services.datasets import analysis, datasets, samples, stored_files
from app.services.jobs import life_cycle, training
from app.services.measurements import pairs
from app.services.system import diagnostics
from app.storage import columnar, files, integrity, jobs
from app.storage.db import db, transaction
from app.storage.integrity import HASHES, Soundness
from app.storage.tables import Dataset, Experiment, User
from tests.domain.tables import make_spec
from tests.services.tables import SMALL, upload
from tests.variants import slow_but

SPEC = make_spec(
    task={"target": "flow", "time_column": "day"},
    selected=["rain", "warmth"],
    validation={"strategy": "time_series", "parameters": {"n_splits": 3}},
)
Harm = Callable[[Path], None]


def _overwrite(path: Path) -> None:
    middle = path.stat().st_size // 2
    with path.open("r+b") as handle:
        handle.seek(middle - 100)
        handle.write(b"\x5a" * 200)


def _truncate(path: Path) -> None:
    with path.open("r+b") as handle:
        handle.truncate(path.stat().st_size * 2 // 3)


def _put_garbage(path: Path) -> None:
    """Put finite numbers of another table in its place, in a file that can be read."""
    with columnar.connect(path.parent) as connection:
        aside = path.with_name("aside.parquet")
        query = f"SELECT * REPLACE (c1 * 3 + 1 AS c1) FROM read_parquet('{path}')"
        connection.execute(f"COPY ({query}) TO '{aside}' (FORMAT parquet)")
    aside.replace(path)


def _put_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def _put_pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


HARMS: dict[str, Harm] = {
    "200 bytes": _overwrite,
    "cut off": _truncate,
    "gone": Path.unlink,
    "finite garbage": _put_garbage,
    "empty": lambda path: path.write_bytes(b"") and None,
    "a folder": _put_folder,
    "a pipe": _put_pipe,
}


@pytest.fixture
def river(user: User) -> Dataset:
    analysis.forget_profiles()
    return upload(user, SMALL.encode())


def _launch(user: User, dataset: Dataset) -> Experiment:
    with transaction():
        config = {**SPEC.to_json(), "dataset": {"id": str(dataset.id), "sha256": dataset.sha256}}
        row = Experiment(owner_id=user.id, dataset_id=dataset.id, name="River", config=config, dataset_sha256="")
        db.session.add(row)
        db.session.flush()
        jobs.add_job(JobKind.TRAIN, subject_id=row.id, owner_id=user.id, seconds=600)
    return row


def _train(experiment: Experiment) -> bool:
    job = experiments.job_of(experiment)
    assert job is not None
    claimed = life_cycle.claim_job(job.id, worker_id="w", lease_seconds=60)
    assert claimed is not None
    return training.run(
        experiment.id,
        job_id=job.id,
        attempt=claimed.attempt,
        on_progress=lambda _progress: None,
        should_stop=lambda: False,
    )


def _faults() -> list[str]:
    return [check.sentence for check in diagnostics.examine() if not check.ok and "stored file" in check.sentence]


def _rows(dataset: Dataset) -> pd.DataFrame:
    profile = datasets.profile_of(dataset)
    assert profile is not None
    return columnar.read_frame(datasets.parquet_of(dataset), profile, ["day", "rain", "warmth", "flow"])


@pytest.mark.parametrize("harm", HARMS)
def test_damaged_rows_are_never_trained_on(user: User, river: Dataset, harm: str) -> None:
    experiment = _launch(user, river)
    assert datasets.damage_of(river) is None
    HARMS[harm](datasets.parquet_of(river))
    with pytest.raises(DamagedFileError, match=r"^The stored rows of river\.csv .* from the original\.$"):
        _train(experiment)


def test_training_compares_the_bytes_themselves(user: User, river: Dataset) -> None:
    path = datasets.parquet_of(river)
    assert datasets.damage_of(river) is None
    before = path.stat()
    _overwrite(path)
    import os

    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert datasets.damage_of(river) is None, "a file of the same size and time is taken to be sound"
    with pytest.raises(DamagedFileError):
        _train(_launch(user, river))


@pytest.mark.parametrize("harm", HARMS)
def test_damaged_rows_are_shown_by_nothing(user: User, river: Dataset, harm: str) -> None:
    profile = datasets.profile_of(river)
    assert profile is not None
    HARMS[harm](datasets.parquet_of(river))
    for opens in (
        lambda: datasets.preview_rows(river, limit=50, offset=100),
        lambda: pairs.picture_of_pair(river, "rain", "flow"),
    ):
        with pytest.raises(DamagedFileError, match=r"river\.csv"):
            opens()


@pytest.mark.parametrize("harm", slow_but(("gone", "cut off", "finite garbage"), HARMS))
def test_reading_again_brings_the_same_rows_back(user: User, river: Dataset, harm: str) -> None:
    before, path = _rows(river), datasets.parquet_of(river)
    HARMS[harm](path)
    assert datasets.reread(user, river.id, {}).id == river.id
    assert datasets.damage_of(river, fresh=True) is None
    pd.testing.assert_frame_equal(_rows(river), before)
    assert _train(_launch(user, river))
    assert _faults() == []


def test_damaged_rows_without_an_original_say_so(user: User, river: Dataset) -> None:
    original = datasets.original_of(river)
    assert original is not None
    _truncate(datasets.parquet_of(river))
    _overwrite(original)
    with pytest.raises(UnreadableFileError, match="Upload it again"):
        datasets.reread(user, river.id, {})
    original.unlink()
    with pytest.raises(UnreadableFileError, match="Upload it again"):
        datasets.reread(user, river.id, {})
    assert datasets.get_dataset(user, river.id).state == "ready"


def test_a_large_file_is_read_again_by_a_worker(user: User, river: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "is_large", lambda _size: True)
    _truncate(datasets.parquet_of(river))
    for _ in range(2):
        assert datasets.reread(user, river.id, {}).state == "ready"
    damage = datasets.damage_of(river)
    assert damage is not None
    assert damage.is_being_restored
    assert jobs.count_open(user.id) == 1
    assert analysis.read_dataset(river.id).state == "ready"
    assert datasets.damage_of(river) is None


@pytest.mark.parametrize("harm", HARMS)
def test_the_check_up_names_each_damaged_file(user: User, river: Dataset, harm: str) -> None:
    experiment = _launch(user, river)
    assert _train(experiment)
    assert _faults() == []
    original = datasets.original_of(river)
    db.session.expire_all()
    predictions = experiments.predictions_file(experiments.get_experiment(user, experiment.id))
    assert original is not None
    HARMS[harm](datasets.parquet_of(river))
    HARMS["a folder" if harm == "a folder" else "200 bytes"](original)
    _truncate(predictions)
    result = "\n".join(_faults())
    data = current_settings().data
    for path in (datasets.parquet_of(river), original, predictions):
        assert str(path.relative_to(data)) in result
    assert "reads it again from the original" in result
    assert "Upload river.csv again." in result
    assert f"Run the experiment {experiment.id} again." in result


def test_damaged_predictions_are_not_handed_out(user: User, river: Dataset) -> None:
    experiment = _launch(user, river)
    assert _train(experiment)
    db.session.expire_all()
    path = experiments.predictions_file(experiment)
    _overwrite(path)
    with pytest.raises(DamagedFileError, match=r"predictions\.csv .* damaged\. Run"):
        experiments.predictions_file(experiment)


def test_rows_of_before_hashes_get_one_when_they_are_read(user: User, river: Dataset) -> None:
    path = datasets.parquet_of(river)
    (path.parent / HASHES).unlink()
    assert any("1 stored files have no hash yet" in check.sentence for check in diagnostics.examine())
    assert integrity.examine(path) is Soundness.UNKNOWN
    assert datasets.damage_of(river) is None
    assert integrity.examine(path, fresh=True) is Soundness.SOUND
    (path.parent / HASHES).unlink()
    assert stored_files.record_missing_hashes() == 1
    assert stored_files.record_missing_hashes() == 0
    assert integrity.examine(path, fresh=True) is Soundness.SOUND


@pytest.mark.parametrize("harm", ["cut off", "empty"])
def test_rows_without_a_hash_that_cannot_be_read_get_none(user: User, river: Dataset, harm: str) -> None:
    path = datasets.parquet_of(river)
    (path.parent / HASHES).unlink()
    HARMS[harm](path)
    with pytest.raises(DomainError, match=r"river\.csv"):
        datasets.preview_rows(river, limit=50, offset=100)
    assert stored_files.record_missing_hashes() == 0
    assert not (path.parent / HASHES).exists()


def test_what_failed_for_damage_is_measured_after_it(user: User, river: Dataset) -> None:
    with transaction():
        job = jobs.add_job(JobKind.RANK, subject_id=river.id, owner_id=user.id, seconds=60)
        job.state, job.error_code = "failed", DamagedFileError.code
    _truncate(datasets.parquet_of(river))
    datasets.reread(user, river.id, {})
    assert jobs.find_job(river.id, JobKind.RANK) is None


def test_a_hash_that_cannot_be_read_vouches_for_nothing(river: Dataset) -> None:
    path = datasets.parquet_of(river)
    deep = "[" * 100_000
    for text in ("", "{", "[]", "{}", '{"files": {}}', '{"files": 1}', '{"files": {"data.parquet": null}}', deep):
        (path.parent / HASHES).write_text(text)
        assert integrity.examine(path) is Soundness.DAMAGED
    _put_pipe(path.parent / HASHES)
    assert integrity.examine(path) is Soundness.DAMAGED
    _put_folder(path.parent / HASHES)
    assert integrity.examine(path) is Soundness.DAMAGED


def test_bytes_that_a_disk_does_not_give_back_are_damaged(
    user: User, river: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_path: Path) -> str:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(integrity, "hash_of", fail)
    monkeypatch.setattr(files, "sha256_of", fail)
    assert integrity.examine(datasets.parquet_of(river), fresh=True) is Soundness.DAMAGED
    assert len(_faults()) == 2
    with pytest.raises(DamagedFileError):
        analysis.sound_rows_of(river, fresh=True)


def test_a_damaged_sample_is_read_again_by_itself(user: User, sample: Dataset) -> None:
    for name in (samples.PARQUET, files.PROFILE):
        path = datasets.parquet_of(sample).with_name(name)
        _truncate(path)
        assert not samples.samples_are_ready()
        samples.prepare_samples()
        assert integrity.examine(path, fresh=True) is Soundness.SOUND
    shutil.rmtree(datasets.parquet_of(sample).parent)
    assert datasets.reread(user, sample.id, {}).id == sample.id
    assert datasets.damage_of(sample) is None
