"""The spread of columns on development rows."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.analysis.associations.association import is_number
from app.domain.training.development import HoldoutRule
from app.domain.training.selection import spread_of
from app.services.datasets.datasets import profile_of, sound_rows_of
from app.services.measurements import development
from app.services.measurements.request import Kinds, kinds_of
from app.storage import columnar
from app.storage.tables import Dataset

# What is read while somebody waits; of a larger table as many rows are drawn as make so many values.
MAX_CELLS = 5_000_000
MIN_ROWS = 200


def spreads_for(
    dataset: Dataset, names: Sequence[str], *, kinds: Kinds | None = None, rule: HoldoutRule | None = None
) -> dict[str, float]:
    """Return the variance of each column brought to the range 0 to 1, on rows that `rule` does not hold out.

    Raises
    ------
    DamagedFileError
        If the stored rows are not what was stored.
    """
    profile = profile_of(dataset)
    if profile is None or not names:
        return {}
    every, most = kinds_of(profile, kinds), max(MIN_ROWS, MAX_CELLS // len(names))
    keep = development.rows_of(dataset, rule)
    frame = columnar.read_frame(sound_rows_of(dataset), profile, names, sample_rows=most, keep=keep)
    return {name: spread_of(frame[name], is_number=is_number(every[name], frame[name])) for name in names}
