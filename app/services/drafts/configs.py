"""Validation of configs sent by programs, with problems field by field."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.checks import check_spec
from app.domain.checks.about_machine import launch_ends_in_time, memory_fits
from app.domain.checks.about_tuning import search_ends_in_time
from app.domain.checks.check_context import error, warning
from app.domain.checks.patching import patch_of
from app.domain.checks.schema import read_config
from app.domain.estimation import estimate
from app.domain.experiment import Spec
from app.domain.problems import Problem, Remedy
from app.domain.recommendation.plan import Estimate
from app.domain.vocabulary import ColumnKind, Severity
from app.services.context import current_settings
from app.services.datasets import analysis, datasets
from app.services.drafts import given_resolved
from app.services.measurements import associations, estimates
from app.storage.tables import Dataset, User

# More at once nobody reads, and each may hold a list of features.
MAX_PROBLEMS = 100
CHOOSE = Remedy("Name a dataset of yours that was read.")


@dataclass(frozen=True)
class ConfigCheck:
    """What is wrong with a config, and what a launch would take; no estimate while something stands in its way.

    `spec` and `dataset` are there where the config has a shape that can be checked.
    """

    problems: tuple[Problem, ...]
    estimate: Estimate | None = None
    spec: Spec | None = None
    dataset: Dataset | None = None

    @property
    def valid(self) -> bool:
        """Return whether it could be launched."""
        return not any(problem.severity is Severity.ERROR for problem in self.problems)


def validate(user: User, config: Mapping[str, Any]) -> ConfigCheck:
    """Check a config as it stands.

    Parameters
    ----------
    user
        Who must own the dataset.
    config
        The config of the contract, `dataset: {id, sha256}` in it, as JSON values of any shape.

    Raises
    ------
    NotFoundError
        If there is no such dataset, or it is somebody else's.
    """
    dataset, faults = _dataset_of(user, config.get("dataset"))
    spec, misfits = read_config(config)
    problems = [*faults, *misfits, *_about_template(config.get("template"))]
    profile = None if dataset is None else analysis.profile_of(dataset)
    if spec is None or dataset is None or profile is None:
        return ConfigCheck(tuple(problems))
    known = _associations(dataset, profile, spec)
    problems += check_spec(spec, profile, known)
    verdict = ConfigCheck(_add_patches(problems, spec, profile, known), None, spec, dataset)
    if verdict.valid:
        problems += given_resolved.problems_of(dataset, profile, spec, config.get("resolved"))
        verdict = replace(verdict, problems=_add_patches(problems, spec, profile, known))
    if not verdict.valid:
        return verdict
    machine = estimates.learned_machine()
    forecast = estimate(spec, profile, machine)
    problems += memory_fits(forecast, machine, spec, profile)
    limit = current_settings().limits.train_seconds
    problems += search_ends_in_time(spec, forecast, limit)
    problems += launch_ends_in_time(forecast, machine, spec, profile, limit_seconds=limit)
    return replace(verdict, problems=_add_patches(problems, spec, profile, known), estimate=forecast)


def _about_template(raw: Any) -> Iterator[Problem]:
    """Yield what does not fit in the place where a config says which template it came from."""
    if raw is not None and parse_template(raw) is None:
        message = "template: This must have the id of a template and the number of a version."
        yield error("review", "", "template_invalid", message, Remedy("Take it out.", patch={"template": None}))


def parse_template(raw: Any) -> tuple[uuid.UUID, int] | None:
    """Return the id and the version of the template that a config names, None where it names none."""
    if not isinstance(raw, Mapping) or set(raw) != {"id", "version"}:
        return None
    version = raw["version"]
    try:
        identifier = uuid.UUID(str(raw["id"]))
    except ValueError:
        return None
    is_number = isinstance(version, int) and not isinstance(version, bool)
    return (identifier, version) if is_number and 1 <= version < 2**31 else None


def _add_patches(
    problems: list[Problem], spec: Spec, profile: DatasetProfile, known: Associations | None
) -> tuple[Problem, ...]:
    """Return problems whose remedies say what they change in the config itself; of very many, errors first."""
    if len(problems) > MAX_PROBLEMS:
        problems = sorted(problems, key=lambda item: item.severity is not Severity.ERROR)[:MAX_PROBLEMS]
    return tuple(
        problem
        if problem.remedy is None
        else replace(problem, remedy=replace(problem.remedy, patch=patch_of(problem, spec, profile, known)))
        for problem in problems
    )


def _dataset_of(user: User, raw: Any) -> tuple[Dataset | None, list[Problem]]:
    """Return the dataset that a config names, and what is to be said about it."""
    named = raw.get("id") if isinstance(raw, Mapping) else None
    if named is None:
        message = "The config names no dataset: it needs dataset with an id."
        return None, [error("data", "dataset_id", "dataset_missing", message, CHOOSE)]
    try:
        identifier = uuid.UUID(str(named))
    except ValueError:
        return None, [error("data", "dataset_id", "uuid_parsing", "dataset.id: This is not an id.", CHOOSE)]
    dataset = datasets.get_dataset(user, identifier)
    if analysis.profile_of(dataset) is None:
        message = "The dataset was not read yet, or could not be read."
        return dataset, [error("data", "dataset_id", "dataset_not_ready", message, CHOOSE)]
    return dataset, list(_dataset_misfits(raw, dataset))


def _dataset_misfits(raw: Mapping[str, Any], dataset: Dataset) -> Iterator[Problem]:
    """Yield what does not fit beside the id of the dataset that a config names."""
    for name in (name for name in raw if name not in ("id", "sha256")):
        message = f"dataset.{name[:60]}: There is no such field."
        yield error(
            "data", "dataset_id", "extra_forbidden", message, Remedy("Take it out.", patch=_removal_patch(name))
        )
    words = raw.get("sha256")
    if words is not None and not isinstance(words, str):
        message = "dataset.sha256: This must be a text."
        yield error(
            "data", "dataset_id", "string_type", message, Remedy("Take it out.", patch=_removal_patch("sha256"))
        )
    elif words and dataset.sha256 and words != dataset.sha256:
        message = "The config was made on another file: its checksum is not that of the dataset."
        remedy = Remedy(
            "Make sure that the file holds the same columns, then take the checksum out.",
            patch=_removal_patch("sha256"),
        )
        yield warning("data", "dataset_id", "dataset_differs", message, remedy)


def _removal_patch(name: str) -> Mapping[str, Any]:
    return {"dataset": {name: None}}


def _associations(dataset: Dataset, profile: DatasetProfile, spec: Spec) -> Associations | None:
    if not profile.has(spec.task.target):
        return None
    kinds: dict[str, ColumnKind] = {column.name: column.kind for column in profile.columns}
    kinds.update({name: kind for name, kind in spec.data.column_kinds.items() if name in kinds})
    return associations.associations_for(dataset, spec.task.target, kinds)
