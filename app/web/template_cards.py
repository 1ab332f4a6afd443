"""Cards of experiment templates, with the picture of their split."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.estimators.parameters import parsed_parameters
from app.domain.experiment_templates.template_config import TemplateConfig
from app.domain.training.validation import splitting
from app.domain.training.validation.split_picture import Stripe, split_stripes
from app.domain.vocabulary import SplitStrategy
from app.services.experiment_templates import listing
from app.services.experiment_templates.fitting import FittingTemplates
from app.storage.tables import ExperimentTemplate

MAX_TEXT = 160
CARD_LINES = 5
# More than this is not held out by any split; a picture needs some room for the folds.
MAX_DRAWN = 0.9
Picture = list[list[Stripe]]


@dataclass(frozen=True)
class TemplateCard:
    """A template in the gallery. `reason` says why it fits a dataset, "" where none was chosen."""

    id: uuid.UUID
    name: str
    summary: str
    category: str
    tags: tuple[str, ...]
    needs: tuple[str, ...]
    owner: str
    usage_count: int
    last_used_at: datetime | None
    version: int
    picture: Picture
    split: str
    is_featured: bool = False
    is_retired: bool = False
    reason: str = ""


def picture_of(strategy: str | None, parameters: Mapping[str, Any], holdout: float | None, *, most: int) -> Picture:
    """Return the sketch of a split; empty where the split is left to the suggestion, or unknown to this version."""
    if strategy not in {split_strategy.value for split_strategy in SplitStrategy}:
        return []
    entry = splitting.get(SplitStrategy(strategy))
    values = {**entry.defaults(), **parsed_parameters(entry.parameters, dict(parameters))}
    current = min(max(holdout or 0.0, 0.0), MAX_DRAWN)
    return split_stripes(entry.id, values, holdout=current, most=most)


def split_title(strategy: str | None) -> str:
    """Return how rows are split, in words."""
    if strategy not in {split_strategy.value for split_strategy in SplitStrategy}:
        return "Split as suggested for the data"
    return splitting.get(SplitStrategy(strategy)).title


def config_picture(config: TemplateConfig) -> Picture:
    """Return the picture of the split that a config fixes."""
    validation = config.validation
    strategy = None if validation.strategy is None else validation.strategy.value
    current = validation.holdout.fraction if validation.holdout is not None else None
    return picture_of(strategy, validation.parameters, current, most=8)


def card_of(row: ExperimentTemplate, owner: str, *, reason: str = "") -> TemplateCard:
    """Return a template as a card."""
    text = row.description
    sketch = row.sketch or {}
    parameters = sketch.get("parameters") or {}
    strategy = sketch.get("strategy")
    return TemplateCard(
        id=row.id,
        name=row.name,
        summary=text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT].rstrip()}\u2026",
        category=row.category,
        tags=tuple(row.tags),
        needs=tuple(row.needs),
        owner=owner,
        usage_count=row.usage_count,
        last_used_at=row.last_used_at,
        version=row.version,
        picture=picture_of(strategy, parameters, sketch.get("holdout"), most=CARD_LINES),
        split=split_title(strategy),
        is_featured=row.featured_at is not None,
        is_retired=row.retired_at is not None,
        reason=reason,
    )


def cards_of(templates: Sequence[ExperimentTemplate]) -> tuple[TemplateCard, ...]:
    """Return templates as cards."""
    owners = listing.owner_names(templates)
    return tuple(card_of(row, owners[row.id]) for row in templates)


@dataclass(frozen=True)
class FittingCards:
    """The templates that suit a dataset best, and others that run on it, each with the reason."""

    first: tuple[TemplateCard, ...] = ()
    others: tuple[TemplateCard, ...] = ()


def fitting_cards(fits: FittingTemplates) -> FittingCards:
    """Return the templates that fit a dataset as cards."""
    owners = listing.owner_names([fit.template for fit in (*fits.first, *fits.others)])
    first, others = (
        tuple(card_of(fit.template, owners[fit.template.id], reason=fit.suits.reason) for fit in part)
        for part in (fits.first, fits.others)
    )
    return FittingCards(first, others)
