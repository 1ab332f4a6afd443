"""Check of the `resolved` part of a sent config against the stored rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.checks import about_resolved
from app.domain.errors import TrainingError
from app.domain.experiment import Spec
from app.domain.problems import Problem
from app.domain.training.preprocessing.preparation import columns_read
from app.domain.training.preprocessing.transforms import output_names
from app.domain.training.resolved.differences import unfitted_differences, version_differences
from app.services.datasets.analysis import sound_rows_of
from app.storage import columnar
from app.storage.tables import Dataset

# So many values are read and divided while somebody waits; of a larger table that is done when the training begins.
INLINE_CELLS = 2_000_000


def problems_of(dataset: Dataset, profile: DatasetProfile, spec: Spec, given: Any) -> list[Problem]:
    """Return where `resolved` of a valid config differs from what is worked out; none where it is not given.

    Raises
    ------
    DamagedFileError
        If the stored rows are not what was stored.
    """
    if given is None:
        return []
    if not isinstance(given, Mapping):
        return [about_resolved.not_an_object_problem()]
    if not _is_finite(given):
        return [about_resolved.not_finite_problem()]
    from app.domain.training.run import describe_environment

    environment = describe_environment()
    here = {"python": environment.python, **environment.packages}
    problems = about_resolved.other_versions(version_differences(given, here))
    names = columns_read(spec, profile)
    if profile.rows * (len(names) + len(output_names(spec))) > INLINE_CELLS:
        return problems + about_resolved.unmeasured_problems()
    from app.domain.training.resolved.build import resolve_unfitted

    frame = columnar.read_frame(sound_rows_of(dataset), profile, names)
    try:
        result = resolve_unfitted(spec, frame, profile, given=given)
    except TrainingError as fault:
        return problems + about_resolved.impossible_problems(fault.message)
    return about_resolved.difference_problems(unfitted_differences(given, result.to_json())) + problems


def _is_finite(given: Mapping[str, Any]) -> bool:
    try:
        json.dumps(given, allow_nan=False)
    except ValueError:
        return False
    return True
