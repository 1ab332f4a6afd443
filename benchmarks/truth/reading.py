"""A file read the way the product reads it, with nobody to answer a question."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import config
from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.estimation import Machine
from app.domain.experiment import Draft
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import make_plan
from app.storage.reading import child

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MACHINE = Machine(cpus=2, memory_mb=8000.0)


def answer_of(path: Path) -> dict[str, Any]:
    """Read a file as the reading child does: a profile, or an error with its reason."""
    suffix = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    with tempfile.TemporaryDirectory() as name:
        request = {"what": "read", "source": str(path), "folder": name, "suffix": suffix, "seconds": 60}
        answers: dict[str, Any] = child.answer_request({**request, "limits": config.Limits().__dict__})
    return answers


def profile_in(answer: Mapping[str, Any]) -> DatasetProfile:
    """Return the profile of an answer as it is kept."""
    return DatasetProfile.from_json(json.loads(json.dumps(answer["profile"], allow_nan=False)))


def plan_for(profile: DatasetProfile, target: str) -> Plan:
    """Make the plan that the wizard suggests for a target, before anything is measured."""
    return make_plan(Draft({"data": {"target": target}}), profile, None, machine=MACHINE)
