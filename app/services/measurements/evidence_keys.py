"""The key under which short fits are kept, and the order of estimators that it hangs on."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.experiment import Spec, TransformPart
from app.domain.recommendation.estimators import EstimatorSuggestion, rank
from app.domain.recommendation.traits import traits_of_spec
from app.domain.training.derived_measures import recipe_key
from app.services.measurements.request import digest_of

# Part of the key: raise it when the same rows would give other evidence.
EVIDENCE_VERSION = 5
MAX_KEYS = 300


def rank_estimators(
    spec: Spec, profile: DatasetProfile, known: Associations | None = None
) -> tuple[EstimatorSuggestion, ...]:
    """Return the estimators for a config, the first choice by rules first."""
    return rank(traits_of_spec(spec, profile, known), metric=spec.metrics.primary)


def key_of(spec: Spec, profile: DatasetProfile, suggested: Sequence[TransformPart] = ()) -> str:
    """Return under which key the evidence is kept: all that decides about it but the rows themselves.

    A page asks for it several times, of plans that are kept from request to request, so it is kept beside their config.
    """
    current = _keys.get(id(spec))
    if current is not None and current[0] is spec and current[1] is profile and current[2] == tuple(suggested):
        return current[3]
    key = _work_out_key(spec, profile, suggested)
    _keys[id(spec)] = spec, profile, tuple(suggested), key
    while len(_keys) > MAX_KEYS:
        # Another thread may take the same one away.
        _keys.pop(next(iter(list(_keys)[:1]), 0), None)
    return key


# The config itself is kept, so that no other one comes to stand at its place in memory.
_keys: dict[int, tuple[Spec, DatasetProfile, tuple[TransformPart, ...], str]] = {}


def _work_out_key(spec: Spec, profile: DatasetProfile, suggested: Sequence[TransformPart]) -> str:
    config = spec.to_json()
    parts = {name: config[name] for name in ("data", "task", "features", "validation", "reproducibility")}
    started = {estimator.entry.id: estimator.parameters for estimator in rank_estimators(spec, profile)}
    keys = [recipe_key(part) for part in suggested]
    return digest_of("evidence", EVIDENCE_VERSION, parts, spec.metrics.primary, started, keys)
