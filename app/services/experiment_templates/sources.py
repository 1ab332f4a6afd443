"""Sources of a new template: an experiment, a draft, or a config."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import DomainError, NotFoundError
from app.domain.experiment_templates.template_config import TemplateConfig, config_of_spec
from app.services import experiments
from app.services.datasets import datasets
from app.services.drafts import draft_context, reruns
from app.services.experiment_templates.edits import TemplateEdit
from app.storage.tables import User


@dataclass(frozen=True)
class TemplateSource:
    """What a template is made of. `profile` is None where the dataset is gone."""

    name: str
    description: str
    tags: tuple[str, ...]
    config: TemplateConfig
    profile: DatasetProfile | None


def source_of(
    user: User, *, experiment_id: uuid.UUID | None = None, draft_id: uuid.UUID | None = None
) -> TemplateSource | None:
    """Return the experiment or draft to make a template of; None where neither is named.

    Raises
    ------
    NotFoundError
        If there is no such experiment or draft of this person.
    DomainError
        If the draft has no config yet.
    """
    if experiment_id is not None:
        experiment = experiments.get_experiment(user, experiment_id)
        dataset = reruns.dataset_of(user, experiment)
        profile = datasets.profile_of(dataset) if dataset is not None else None
        config = config_of_spec(experiments.spec_of(experiment))
        return TemplateSource(experiment.name, experiment.description, tuple(experiment.tags), config, profile)
    if draft_id is None:
        return None
    context = draft_context.load(user, draft_id)
    spec = context.plan.spec
    if spec is None:
        raise DomainError("The draft needs data and a target first.", code="draft_incomplete", field="draft_id")
    return TemplateSource(spec.name, spec.description, tuple(spec.tags), config_of_spec(spec), context.profile)


def fill_from_source(edit: TemplateEdit, source: TemplateSource | None) -> TemplateEdit:
    """Return an edit that takes what it does not say itself from a source."""
    if source is None:
        return edit
    return replace(
        edit,
        config=source.config,
        profile=source.profile,
        name=source.name if edit.name is None else edit.name,
        description=source.description if edit.description is None else edit.description,
        tags=source.tags if edit.tags is None else edit.tags,
    )


def profile_of_config(user: User, config: Mapping[str, object] | None) -> DatasetProfile | None:
    """Return the profile of the dataset that a config names, None where it is none of this person's."""
    named = config.get("dataset") if config is not None else None
    raw = named.get("id") if isinstance(named, Mapping) else None
    try:
        dataset = datasets.get_dataset(user, uuid.UUID(str(raw)))
    except (ValueError, NotFoundError):
        return None
    return datasets.profile_of(dataset)
