"""New drafts from launched experiments, to change and run again."""

from __future__ import annotations

import re
import uuid
from typing import Any

from app.domain.audit.acts import AuditAct
from app.domain.errors import ConflictError
from app.domain.experiment import NAME_LENGTH, ModelPart, Spec
from app.domain.recommendation.from_config import answers_of_config
from app.domain.training.development import HoldoutRule
from app.domain.usage.events import UsageKind
from app.domain.wizard import SLUGS
from app.services import contests, experiments
from app.services.audit.trail import record
from app.services.datasets import datasets
from app.services.drafts.undo_stacks import FIRST_VERSION
from app.services.measurements import associations
from app.services.measurements.request import kinds_of
from app.services.usage.recording import count_event
from app.storage import datasets as dataset_rows
from app.storage import drafts
from app.storage.db import transaction
from app.storage.tables import Dataset, DraftRow, Experiment, User

NUMBERED = re.compile(r"^(?P<name>.*) \((?P<number>\d{1,6})\)$", re.DOTALL)


def start_again(user: User, experiment_id: uuid.UUID) -> DraftRow:
    """Start a draft with the answers of an experiment, whatever became of it; the experiment stays as it is.

    Raises
    ------
    NotFoundError
        If there is no such experiment of the user's.
    ConflictError
        If its dataset was deleted or cannot be used.
    """
    experiment = experiments.get_experiment(user, experiment_id)
    return _start(user, experiment, experiments.spec_of(experiment), name=experiment.name)


def start_with_candidate(user: User, experiment_id: uuid.UUID, key: str) -> DraftRow:
    """Start a draft with one candidate of a contest as its only estimator; see `start_again`.

    Raises
    ------
    NotFoundError
        If there is no such experiment of the user's, or no such candidate.
    """
    experiment = experiments.get_experiment(user, experiment_id)
    config = contests.config_of_candidate(experiment, key)
    alone = experiments.spec_of(experiment).model_copy(update={"model": ModelPart.model_validate(config["model"])})
    return _start(user, experiment, alone, name=config["name"])


def _start(user: User, experiment: Experiment, spec: Spec, *, name: str) -> DraftRow:
    dataset = dataset_of(user, experiment)
    profile = datasets.profile_of(dataset) if dataset is not None else None
    if dataset is None or profile is None:
        raise ConflictError(
            "The dataset of this experiment was deleted. Restore it on the page of datasets, then try again.",
            code="dataset_gone",
        )
    kinds = kinds_of(profile, spec.data.column_kinds)
    known = associations.known_for(dataset, spec.task.target, kinds, HoldoutRule.of(spec))
    answers = answers_of_config(spec, profile, known)
    answers["data"]["dataset_id"] = str(dataset.id)
    answers["review"] |= {
        "name": next_name(name),
        "description": experiment.description,
        "tags": ", ".join(experiment.tags),
        "notes": experiment.notes,
    }
    return _add_draft(user, experiment, dataset, answers)


def _add_draft(user: User, experiment: Experiment, dataset: Dataset, answers: dict[str, Any]) -> DraftRow:
    with transaction():
        row = drafts.add_draft(
            owner_id=user.id,
            dataset_id=dataset.id,
            answers=answers,
            version=FIRST_VERSION,
            reached=SLUGS[-1],
            parent_experiment_id=experiment.id,
            template_id=experiment.template_id,
            template_version=experiment.template_version,
        )
        record(AuditAct.CREATE_DRAFT, actor=user, subject_id=row.id, before={"experiment_id": str(experiment.id)})
        count_event(UsageKind.DRAFT_STARTED, person_id=user.id, draft_id=row.id, template_id=row.template_id)
    return row


def dataset_of(user: User, experiment: Experiment) -> Dataset | None:
    """Return the dataset that an experiment stands on, or None where it was deleted."""
    dataset = dataset_rows.find_dataset(experiment.dataset_id)
    usable = dataset is not None and dataset.owner_id == user.id and dataset.deleted_at is None
    return dataset if usable else None


def next_name(name: str) -> str:
    """Return a name that tells a repetition from what it repeats: "Flow" becomes "Flow (2)", and that "Flow (3)"."""
    numbered = NUMBERED.match(name)
    stem, number = (numbered["name"], int(numbered["number"]) + 1) if numbered else (name, 2)
    ending = f" ({number})"
    return f"{stem[: NAME_LENGTH - len(ending)]}{ending}"
