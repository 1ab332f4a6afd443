"""Each template of the shipped library on real data: it fits, it finishes, and what it says of itself is true."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass

import pandas as pd
import pytest

from app.domain.experiment_templates.library import LIBRARY, find_entry
from app.domain.vocabulary import RunState
from app.services import experiments
from app.services.datasets import datasets
from app.services.drafts import drafts
from app.services.experiment_templates import using
from app.services.jobs import life_cycle, training
from app.storage import experiment_templates as rows
from app.storage.db import db
from app.storage.tables import Dataset, Experiment, User
from tests.domain.reading import SAMPLES
from tests.domain.tables import REAL
from tests.services.tables import upload
from tests.web.client import fresh


@dataclass(frozen=True)
class Trial:
    """A template on a file: rows kept, the target where it is open, and a column that is known only afterwards."""

    key: str
    file: str
    rows: int = 0
    target: str = ""
    afterwards: str = ""


TRIALS = (
    Trial("quick-baseline", "samples/rd_palmerpenguins_penguins_raw.csv", target="Species"),
    Trial("imbalanced-binary", "general/uci_bank-full.csv", rows=9000, target="y", afterwards="duration"),
    Trial("high-dimensional-regression", "general/pycaret_house.csv", target="SalePrice"),
    Trial("time-series-forecasting", "samples/piscataquis_01031500_daily.csv", rows=4000, target="discharge_mm"),
    Trial("daily-streamflow", "samples/piscataquis_01031500_daily.csv"),
    Trial("streamflow-forecast", "samples/piscataquis_01031500_daily.csv"),
    Trial("ungauged-basins", "hydro/camels_us_10basins_1990_2013.csv.gz", rows=1500),
    Trial("groundwater-head", "samples/gw_kingstown_usgs_daily.csv"),
    Trial("gap-filling", "samples/gw_kingstown_usgs_daily.csv", target="head_m"),
    Trial("water-quality-censored", "hydro/usgs_KlamathTP.csv", target="TP"),
    Trial("small-data", "hydro/usgs_KlamathTP.csv", target="TP"),
)


def _content(trial: Trial) -> bytes:
    """Return the file; of many sites the last rows of each, else the first rows."""
    sample = trial.file.startswith("samples/")
    path = SAMPLES / trial.file.removeprefix("samples/") if sample else REAL / trial.file
    if not path.exists():
        pytest.skip(f"{trial.file} is not here")
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if not trial.rows:
        return raw
    lines = raw.splitlines(keepends=True)
    if path.suffix == ".gz":
        sites = pd.Series([line.split(b",")[1] for line in lines[1:]])
        kept = sites.groupby(sites).tail(trial.rows).index
        # Packed again, it is small enough to be read at once.
        return gzip.compress(lines[0] + b"".join(lines[1 + place] for place in kept))
    return b"".join(lines[: trial.rows + 1])


def _launched(user: User, trial: Trial) -> Experiment:
    template = rows.find_by_library_key(trial.key)
    assert template is not None
    dataset: Dataset = upload(user, _content(trial))
    assert datasets.profile_of(dataset) is not None
    data = using.try_template(user, template.id, dataset.id)
    assert data.use.fits, data.use.problems
    draft = using.use_template(user, data).draft
    if trial.target:
        changes: dict[str, dict[str, str]] = {"data": {"target": trial.target}}
        if trial.afterwards:
            changes["features"] = {f"leak.{data.profile.column(trial.afterwards).key}": "not_known"}
        draft = drafts.save_many(user, draft.id, changes=changes, version=draft.version).context
    assert draft.plan.launchable, draft.plan.problems
    return experiments.launch_context(draft, idempotency_key=trial.key)


@pytest.mark.slow
@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.key)
def test_a_library_template_finishes_and_says_how_it_fares(user: User, trial: Trial) -> None:
    experiment = _launched(user, trial)
    job = experiments.job_of(experiment)
    assert job is not None
    claimed = life_cycle.claim_job(job.id, worker_id="w", lease_seconds=3000)
    assert claimed is not None
    quiet = {"on_progress": lambda _progress: None, "should_stop": lambda: False}
    assert training.run(experiment.id, job_id=job.id, attempt=claimed.attempt, **quiet)
    fresh()
    row = db.session.get(Experiment, experiment.id)
    assert row is not None
    assert row.state == RunState.FINISHED.value, row.failure
    headline = experiments.headline_of(row)
    assert headline is not None
    print(json.dumps({"key": trial.key, "headline": row.headline, "actual": row.actual}, default=str))
    entry = find_entry(trial.key)
    assert entry is not None
    assert entry.result is not None, "say in its file what it reached"
    assert entry.result.beats == (headline.verdict == "beats"), headline


def test_every_template_of_the_library_is_tried() -> None:
    assert sorted(trial.key for trial in TRIALS) == sorted(entry.key for entry in LIBRARY)
