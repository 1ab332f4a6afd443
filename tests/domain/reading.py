"""Files and frames read the way the product reads them: a profile, the rows, and the plan of a draft on them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import config
from app.domain.analysis.associations.association import associate
from app.domain.analysis.leakage.gap_evidence import gap_candidates
from app.domain.analysis.leakage.leakage import Leak, column_leaks, gap_leaks, joint_leaks, merge_leaks, series_leaks
from app.domain.analysis.profiling.profile import Association, Associations, ColumnProfile, DatasetProfile
from app.domain.estimation import Machine
from app.domain.experiment import Draft
from app.domain.json_values import JsonObject
from app.domain.problems import Problem
from app.domain.recommendation.goal import goal_of
from app.domain.recommendation.holdout import holdout_of
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.propose import make_plan
from app.domain.vocabulary import ColumnKind
from app.storage.columnar import read_frame
from app.storage.reading import child
from tests.domain.tables import REAL

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
MACHINE = Machine(cpus=2, memory_mb=8000.0)
Answers = dict[str, dict[str, Any]]


def all_leaks(
    frame: pd.DataFrame,
    target: str,
    kinds: Mapping[str, ColumnKind],
    *,
    items: Iterable[Association],
    time_column: str | None = None,
    flags: Mapping[str, str] | None = None,
) -> tuple[Leak, ...]:
    """Return everything that is suspected: columns alone, columns together, and columns in the order of time."""
    own = [name for name, of in (flags or {}).items() if of == target]
    leaks = column_leaks(frame, target, kinds, items, flags=own)
    missing = {str(name): int(count) for name, count in frame.isna().sum().items()}
    leaks += gap_leaks(frame, target, gap_candidates(missing, target, len(frame)))
    leaks += joint_leaks(frame, target, kinds, leaks)
    if time_column is not None and time_column != target:
        leaks += series_leaks(frame, target, kinds, time_column=time_column)
    return merge_leaks(leaks)


@dataclass(frozen=True)
class Known:
    """A dataset that was read."""

    profile: DatasetProfile
    frame: pd.DataFrame
    # By target, since many tests ask for the same.
    measured: dict[str, Associations] = field(default_factory=dict, compare=False, repr=False)

    def column(self, name: str) -> ColumnProfile:
        return self.profile.column(name)

    def key(self, name: str) -> str:
        """Return the form field of a column on the Features step."""
        return f"column.{self.profile.column(name).key}"

    def associations(self, target: str) -> Associations:
        """Measure every column against a target once, and say which may give it away."""
        if target not in self.measured:
            self.measured[target] = self._measure(target)
        return self.measured[target]

    def _measure(self, target: str) -> Associations:
        kinds = {column.name: column.kind for column in self.profile.columns}
        result, axis = associate(self.frame, target, kinds), self.profile.time_axis
        time_column = axis.column if axis is not None and not axis.duplicates else None
        flags = {column.name: column.flag_of for column in self.profile.columns if column.flag_of}
        leaks = all_leaks(self.frame, target, kinds, items=result.items, time_column=time_column, flags=flags)
        return replace(result, leaks=leaks)

    @cached_property
    def suggested_target(self) -> str:
        return str(make_plan(Draft({}), self.profile, None, machine=MACHINE).suggestions["data"]["target"])

    def plan(self, answers: Mapping[str, Mapping[str, Any]] | None = None, *, associated: bool = False) -> Plan:
        """Think a draft through."""
        draft = Draft(answers or {})
        known = self.associations(draft.get("data", "target", self.suggested_target)) if associated else None
        return make_plan(draft, self.profile, known, machine=MACHINE)

    def plan_as_measured(self, answers: Mapping[str, Mapping[str, Any]]) -> Plan:
        """Think a draft through as the product does, with strengths measured on the rows that are not held out."""
        draft = Draft(answers)
        goal = goal_of(draft, self.profile)
        assert goal is not None
        rule = holdout_of(draft, self.profile, goal)
        kept = self.frame if rule is None else self.frame[rule.development(self.frame, self.profile)]
        return make_plan(draft, self.profile, associate(kept, goal.target, goal.kinds), machine=MACHINE)


def read_path(path: Path, choices: JsonObject | None = None) -> Known:
    """Read a file, as found or with choices about its reading."""
    with tempfile.TemporaryDirectory() as name:
        request: JsonObject = {
            "what": "read",
            "source": str(path),
            "folder": name,
            "suffix": path.suffix,
            "seconds": 30,
        }
        request |= {"choices": choices or {}}
        answers = child.answer_request({**request, "limits": config.Limits().__dict__})
        assert "error" not in answers, answers["error"]
        profile = DatasetProfile.from_json(json.loads(json.dumps(answers["profile"], allow_nan=False)))
        names = [column.name for column in profile.columns]
        return Known(profile, read_frame(Path(name) / "data.parquet", profile, names))


@cache
def sample(name: str) -> Known:
    """Read a file of the samples folder."""
    return read_path(SAMPLES / name)


@cache
def real_file(name: str) -> Known:
    """Read a real file of the shared folder, or skip where it is absent."""
    if not (REAL / name).exists():
        pytest.skip(f"{name} is not here")
    return read_path(REAL / name)


def known(frame: pd.DataFrame) -> Known:
    """Read a made frame by way of a file of comma-separated values."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "made.csv"
        frame.to_csv(path, index=False)
        return read_path(path)


def mended(answers: Mapping[str, Mapping[str, Any]], problem: Problem) -> Answers:
    """Return the answers after the button of a remedy was pressed; None takes an answer back, as in a saved draft."""
    assert problem.remedy is not None
    assert problem.remedy.changes
    changed: Answers = {step: dict(fields) for step, fields in answers.items()}
    for step, fields in problem.remedy.changes.items():
        current_values = changed.setdefault(step, {})
        for name, value in fields.items():
            current_values[name] = value
            if value is None:
                del current_values[name]
    return changed
