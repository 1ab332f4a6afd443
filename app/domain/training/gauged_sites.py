"""Notes on folds of whole sites whose features use the site's own record."""

from __future__ import annotations

from app.domain.experiment import Spec
from app.domain.training.preprocessing.transforms import readable_recipes
from app.domain.training.validation.strategies import get

GAUGED = "gauged sites, other years"


def uses_own_record(spec: Spec) -> bool:
    """Return whether features hold earlier values of the target of the very site that is predicted."""
    target = spec.task.target
    return any(
        entry.looks_back and target in part.columns for part, entry, _ in readable_recipes(spec.features.transforms)
    )


def notes_on_sites(spec: Spec) -> list[str]:
    """Return a note where a split keeps sites together although each is predicted from its own record.

    Whoever reads of unseen sites takes them for sites that were never gauged, where no such record is.

    Parameters
    ----------
    spec
        The config, whose split and recipes decide.

    Returns
    -------
    list of str
        One sentence, or nothing where the split or the features are of another kind.
    """
    if not get(spec.validation.strategy).needs_group or not uses_own_record(spec):
        return []
    target = spec.task.target[:60]
    return [f"{GAUGED.capitalize()}: features hold each site's own earlier {target}, so no site is ungauged here."]
