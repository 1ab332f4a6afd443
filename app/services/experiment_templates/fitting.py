"""Templates that suit a file, best first, with reasons."""

from __future__ import annotations

import functools
import uuid
from dataclasses import dataclass

from app.domain.experiment_templates.applying import apply_template
from app.domain.experiment_templates.matching import propose_mapping
from app.domain.experiment_templates.suitability import Suitability, facts_of, rate_suitability
from app.services.datasets import datasets
from app.services.experiment_templates.versions import content_of
from app.storage import experiment_templates as rows
from app.storage.datasets import find_dataset
from app.storage.experiment_templates import TemplateQuery
from app.storage.tables import Dataset, ExperimentTemplate, User

# So many templates are looked at to find those that suit a file; fewer where the file is wide.
MAX_LOOKED_AT, MAX_OWN, MAX_CELLS = 60, 20, 20_000
KEPT_FITS = 4000
# So many are shown at once, and so many more behind a link.
MAX_FIRST, MIN_FIRST, MAX_OTHERS = 5, 3, 15


@dataclass(frozen=True)
class FittingTemplate:
    """A template that fits a dataset, and how well it suits it."""

    template: ExperimentTemplate
    suits: Suitability


@dataclass(frozen=True)
class FittingTemplates:
    """The templates that suit a dataset best, and others that run on it."""

    first: tuple[FittingTemplate, ...] = ()
    others: tuple[FittingTemplate, ...] = ()


def list_fitting(user: User, dataset: Dataset) -> FittingTemplates:
    """Return the templates that fit a dataset, the most suitable first; those that cannot run on it are left out."""
    profile = datasets.profile_of(dataset)
    if profile is None:
        return FittingTemplates()
    result = _looked_at(user, len(profile.columns))
    versions = rows.newest_versions(result)
    fits = []
    for template in result:
        suits = _suitability_of(template.id, versions[template.id].version, dataset.id)
        if suits is not None:
            fits.append(FittingTemplate(template, suits))
    fits.sort(key=lambda item: (-item.suits.score, -item.template.usage_count, item.template.name))
    first = _first_of(fits)
    return FittingTemplates(tuple(first), tuple(fit for fit in fits if fit not in first)[:MAX_OTHERS])


def _first_of(fits: list[FittingTemplate]) -> list[FittingTemplate]:
    """Return the templates that are shown at once: of several that say the same one, and a general one among them."""
    distinct: dict[tuple[str, ...], FittingTemplate] = {}
    for fit in fits:
        distinct.setdefault((fit.suits.reason, str(fit.template.sketch), *fit.template.needs), fit)
    best = list(distinct.values())
    good = sum(item.suits.score > 0 for item in best[:MAX_FIRST])
    first, rest = best[: max(good, MIN_FIRST)], best[max(good, MIN_FIRST) :]
    general = next((item for item in rest if item.suits.is_general and item.suits.score > 0), None)
    if general is not None and not any(item.suits.is_general for item in first):
        first[-1] = general
    return first


def _looked_at(user: User, columns: int) -> list[ExperimentTemplate]:
    """Return the templates that are used most, and the newest of somebody's own, as a member sees them."""
    most = max(12, min(MAX_LOOKED_AT, MAX_CELLS // max(columns, 1)))
    used = rows.list_templates(TemplateQuery(user.id, retired=False), limit=most)
    own = TemplateQuery(user.id, retired=False, owner_id=user.id, sort="newest")
    known = {row.id for row in used}
    return [*used, *(row for row in rows.list_templates(own, limit=min(MAX_OWN, most)) if row.id not in known)]


@functools.lru_cache(maxsize=KEPT_FITS)
def _suitability_of(template_id: uuid.UUID, version: int, dataset_id: uuid.UUID) -> Suitability | None:
    """Return how well a version suits a dataset; None where it does not fit.

    Neither a version nor what was read of a file ever changes, so the answer holds for good.
    """
    dataset = find_dataset(dataset_id)
    profile = datasets.profile_of(dataset) if dataset is not None else None
    if profile is None:
        return None
    content = content_of(rows.get_version(template_id, version))
    matches = propose_mapping(content.requirements, profile)
    use = apply_template(content.config, content.requirements, matches, profile)
    (facts,) = profile.remember("template_facts", lambda read: (facts_of(read),))
    return rate_suitability(content.config, content.requirements, matches, use, facts)
