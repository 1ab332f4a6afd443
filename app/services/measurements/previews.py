"""Previews of recipes on a sample of a dataset's rows."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.checks.rules import check_transforms
from app.domain.experiment import FeaturesPart, Spec, TransformPart
from app.domain.problems import Problem
from app.domain.training.preprocessing import previewing
from app.domain.training.preprocessing.previewing import Preview
from app.services.datasets.datasets import require_profile, sound_rows_of
from app.storage import columnar
from app.storage.tables import Dataset

SAMPLE_ROWS = 2_000


@dataclass(frozen=True)
class TransformPreview:
    """A preview, which rows it is of, and what the recipe would be told about."""

    preview: Preview
    ordered: bool
    whole: bool
    problems: tuple[Problem, ...]


def preview(dataset: Dataset, spec: Spec, part: TransformPart) -> TransformPreview:
    """Return the effect of one more recipe on real rows.

    Raises
    ------
    TrainingError
        With a sentence, where it cannot be followed.
    """
    profile = require_profile(dataset)
    names, ordered = previewing.columns_read(spec, part, profile), previewing.needs_row_order(spec, part, profile)
    if ordered and spec.task.time_column is not None:
        by = [name for name in (spec.task.group_column, spec.task.time_column) if name is not None]
        frame = columnar.read_in_order(sound_rows_of(dataset), profile, names, by=by, limit=SAMPLE_ROWS)
    else:
        frame = columnar.read_frame(sound_rows_of(dataset), profile, names, sample_rows=SAMPLE_ROWS)
    view = previewing.preview(spec, part, frame, profile)
    features = FeaturesPart(selected=spec.features.selected, transforms=[*spec.features.transforms, part])
    known = check_transforms(spec, profile)
    told = check_transforms(spec.model_copy(update={"features": features}), profile)
    fresh = tuple(problem for problem in told if problem not in known)
    return TransformPreview(view, ordered, len(frame) == profile.rows, fresh)
