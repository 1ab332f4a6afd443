"""Requests for short fits: a config on a dataset, and the key of their stored evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.experiment import Spec, TransformPart
from app.domain.json_values import JsonObject
from app.domain.recommendation.estimators import EstimatorSuggestion, rank
from app.domain.recommendation.plan import Plan
from app.domain.recommendation.suggested_set import read_recipes, suggested_recipes
from app.domain.recommendation.traits import traits_of_spec
from app.domain.recommendation.verdict import ShortFitEvidence
from app.domain.training.derived_measures import recipe_key
from app.services.datasets import analysis, analysis_cache
from app.services.datasets.datasets import profile_of
from app.services.measurements.request import MeasurementRequest, digest_of
from app.services.measurements.runner import JsonStore
from app.storage.tables import Dataset, ModelEvidence

# Part of the key: raise it when the same rows would give other evidence.
EVIDENCE_VERSION = 5
MAX_REMEMBERED_PLANS = 300
# What one request looked up of the short fits of a dataset, by key; None where there are none.
LookedUp = dict[str, ShortFitEvidence | None]


@dataclass(frozen=True, kw_only=True)
class SpecRequest(MeasurementRequest):
    """Something is measured of estimators on a dataset, as a config says.

    `suggested` are the recipes of the suggested set, in use or not, of which it is measured what they bring.
    """

    spec: Spec
    suggested: tuple[TransformPart, ...] = ()


@dataclass(frozen=True)
class _PlanRequest:
    """What the request of a plan is, whoever asks."""

    plan: Plan
    profile: DatasetProfile
    key: str
    arguments: JsonObject
    suggested: tuple[TransformPart, ...]


# A page asks several times of plans that are kept from request to request. The plan itself is kept here, so that no
# other one comes to stand at its place in memory.
_known: dict[int, _PlanRequest] = {}


def request_for(dataset: Dataset, plan: Plan) -> SpecRequest | None:
    """Return the request of a plan; None where nothing can be asked yet."""
    profile = profile_of(dataset)
    if profile is None or plan.spec is None:
        return None
    current = _known.get(id(plan))
    if current is None or current.plan is not plan or current.profile is not profile:
        request = spec_request(dataset, profile, plan.spec, suggested_recipes(plan))
        _known[id(plan)] = _PlanRequest(plan, profile, request.key, request.arguments, request.suggested)
        while len(_known) > MAX_REMEMBERED_PLANS:
            # Another thread may take the same one away.
            _known.pop(next(iter(list(_known)[:1]), 0), None)
        return request
    return SpecRequest(
        dataset=dataset,
        profile=profile,
        key=current.key,
        arguments=current.arguments,
        spec=plan.spec,
        suggested=current.suggested,
    )


def spec_request(
    dataset: Dataset, profile: DatasetProfile, spec: Spec, suggested: Sequence[TransformPart]
) -> SpecRequest:
    """Return the request of a config."""
    arguments = {"config": spec.to_json(), "suggested": [part.model_dump(mode="json") for part in suggested]}
    key = key_of(spec, profile, suggested)
    return SpecRequest(
        dataset=dataset, profile=profile, key=key, arguments=arguments, spec=spec, suggested=tuple(suggested)
    )


def restore_request(dataset: Dataset, profile: DatasetProfile, arguments: Mapping[str, Any]) -> SpecRequest:
    """Return the request that a job was made for."""
    suggested = read_recipes(arguments.get("suggested"))
    return spec_request(dataset, profile, Spec.model_validate(arguments["config"]), suggested)


def key_of(spec: Spec, profile: DatasetProfile, suggested: Sequence[TransformPart] = ()) -> str:
    """Return under which key the evidence is kept: all that decides about it but the rows themselves."""
    config = spec.to_json()
    parts = {name: config[name] for name in ("data", "task", "features", "validation", "reproducibility")}
    started = {item.entry.id: item.parameters for item in ranking_of(spec, profile)}
    keys = [recipe_key(part) for part in suggested]
    return digest_of("evidence", EVIDENCE_VERSION, parts, spec.metrics.primary, started, keys)


def ranking_of(
    spec: Spec, profile: DatasetProfile, known: Associations | None = None
) -> tuple[EstimatorSuggestion, ...]:
    """Return the estimators of a task in the order of the rules."""
    return rank(traits_of_spec(spec, profile, known), metric=spec.metrics.primary)


def find_evidence(request: SpecRequest) -> ShortFitEvidence | None:
    """Return the stored evidence of this dataset, or that of the same content in another one."""
    result = STORE.find(request)
    return find_shared(request) if result is None else result


def find_shared(request: SpecRequest) -> ShortFitEvidence | None:
    """Return the evidence of the same content in another dataset."""
    shared = analysis.cache_key(request.dataset, "evidence", request.key)
    values = analysis_cache.find(shared) if shared else None
    return ShortFitEvidence.from_json(values) if isinstance(values, dict) else None


STORE = JsonStore(ModelEvidence, ShortFitEvidence.to_json, ShortFitEvidence.from_json)
