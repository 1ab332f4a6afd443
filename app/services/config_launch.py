"""Launching an experiment from a config or a draft without the wizard."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.domain.errors import ConflictError, LaunchRefusedError
from app.domain.experiment import NAME_LENGTH, Spec, is_contest
from app.domain.recommendation.plan import Plan
from app.domain.vocabulary import JobKind
from app.services.datasets import datasets
from app.services.drafts import configs, draft_context
from app.services.drafts.configs import ConfigCheck
from app.services.experiments import MOVED, RESOLVED, launch_context, open_questions, record_launch
from app.services.jobs import life_cycle
from app.services.measurements import leakage
from app.storage import experiments
from app.storage.datasets import find_dataset
from app.storage.db import transaction
from app.storage.tables import Dataset, Experiment, User


def launch_config(user: User, config: Mapping[str, Any], *, idempotency_key: str) -> Experiment:
    """Freeze a config into an experiment, and ask a worker to train it.

    Asking twice with one key gives the same experiment.

    Raises
    ------
    LaunchRefusedError
        If the config has errors.
    NotFoundError, ConflictError
        If there is no such dataset of the user's, or it was deleted meanwhile.
    TooManyError
        If too many of the user's jobs wait already.
    DamagedFileError
        If the stored rows are not what was stored.
    """
    known = experiments.find_by_key(user.id, idempotency_key)
    if known is not None:
        return known
    check = configs.validate(user, config)
    if not check.valid or check.spec is None or check.dataset is None:
        raise LaunchRefusedError(check.problems)
    datasets.sound_rows_of(check.dataset)
    try:
        with transaction():
            return _store_experiment(user, check, config, dataset=check.dataset, key=idempotency_key)
    except IntegrityError:
        # Two requests with one key came at the same moment; the other was first.
        known = experiments.find_by_key(user.id, idempotency_key)
        if known is None:
            raise
        return known


def launch_draft(user: User, draft_id: uuid.UUID, *, version: int | None, idempotency_key: str) -> Experiment:
    """Launch a draft as it stands, or as it stood at a version that was looked at; see `experiments.launch_context`."""
    context = draft_context.load(user, draft_id)
    known = experiments.find_by_key(user.id, idempotency_key)
    if known is not None:
        return known
    if version is not None and context.version != version:
        raise ConflictError(MOVED, code="draft_moved")
    return launch_context(context, idempotency_key=idempotency_key)


def _store_experiment(
    user: User, check: ConfigCheck, sent: Mapping[str, Any], *, dataset: Dataset, key: str
) -> Experiment:
    """Make the experiment and its job, in the caller's transaction."""
    current, spec = find_dataset(dataset.id), check.spec
    if spec is None or current is None or current.deleted_at is not None:
        raise ConflictError("The dataset was deleted meanwhile. Choose another one.", code="dataset_gone")
    life_cycle.refuse_if_full(user.id)
    given, template = sent.get(RESOLVED), configs.parse_template(sent.get("template"))
    config: dict[str, Any] = {**spec.to_json(), "dataset": {"id": str(dataset.id), "sha256": dataset.sha256 or ""}}
    if template is not None:
        config["template"] = {"id": str(template[0]), "version": template[1]}
    experiment = experiments.add_experiment(
        owner_id=user.id,
        dataset_id=dataset.id,
        idempotency_key=key,
        name=_drop_nul(spec.name or _name_of(spec)),
        description=_drop_nul(spec.description),
        tags=list(spec.tags),
        # What was given stays until the training has compared it with what it works out.
        config=config if given is None else {**config, RESOLVED: given},
        template_id=None if template is None else template[0],
        template_version=None if template is None else template[1],
        dataset_sha256=dataset.sha256 or "",
        estimate=asdict(check.estimate) if check.estimate else None,
        warnings=open_questions(check.problems, search=leakage.search_for(dataset, Plan(spec, {}, {}))),
    )
    life_cycle.enqueue_job(JobKind.TRAIN, subject_id=experiment.id, owner_id=user.id)
    record_launch(user, experiment, spec)
    return experiment


def _name_of(spec: Spec) -> str:
    """Return the name of an experiment whose config has none."""
    way = f"a contest of {len(spec.model.candidates)}" if is_contest(spec) else spec.model.estimator
    return f"{spec.task.target} by {way}"[:NAME_LENGTH]


def _drop_nul(text: str) -> str:
    """Return a text without the one character that no database keeps in a text."""
    return text.replace("\0", "")
