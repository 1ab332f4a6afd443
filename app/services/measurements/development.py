"""Development rows of a stored dataset, on which the Features step measures."""

from __future__ import annotations

import json
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.training.development import HoldoutRule
from app.services.datasets.datasets import profile_of, sound_rows_of
from app.storage import columnar
from app.storage.tables import Dataset

RowMask = NDArray[np.bool_]
# One byte for each row of a dataset; those of the last few stay in memory.
MAX_REMEMBERED = 8
_masks: OrderedDict[tuple[uuid.UUID, str], RowMask] = OrderedDict()


def to_arguments(rule: HoldoutRule | None) -> dict[str, Any]:
    """Return the arguments of a job for the same rows."""
    return {} if rule is None else {"holdout": rule.to_json()}


def from_arguments(arguments: Mapping[str, Any]) -> HoldoutRule | None:
    """Return the rule that a job was given."""
    return HoldoutRule.from_json(arguments["holdout"]) if "holdout" in arguments else None


def rows_of(dataset: Dataset, rule: HoldoutRule | None) -> RowMask | None:
    """Return for each row of a dataset whether it may be looked at; None where all may."""
    profile = profile_of(dataset)
    if rule is None or profile is None:
        return None
    key = (dataset.id, json.dumps(rule.to_json(), sort_keys=True))
    if key not in _masks:
        frame = columnar.read_frame(sound_rows_of(dataset), profile, rule.columns(profile))
        _masks[key] = rule.development(frame, profile)
        while len(_masks) > MAX_REMEMBERED:
            _masks.popitem(last=False)
    _masks.move_to_end(key)
    return _masks[key]
