"""Gallery examples of the macros for experiment templates."""

from __future__ import annotations

import uuid
from dataclasses import replace

from app.dev.example import Example, macro_example
from app.domain.experiment_templates.describing import Statement, TemplateChange
from app.domain.training.validation.split_picture import split_stripes
from app.domain.vocabulary import SplitStrategy
from app.web.template_cards import TemplateCard

CARD = TemplateCard(
    id=uuid.UUID(int=1),
    name="Daily streamflow simulated from weather",
    summary="Rain and temperature in, streamflow out; the flow itself is never an input.",
    category="Streamflow",
    tags=("simulation", "daily"),
    needs=("a number to predict", "a daily step", "rain", "at least 1,500 rows"),
    owner="HydroML",
    usage_count=1204,
    last_used_at=None,
    version=4,
    picture=split_stripes(SplitStrategy.TIME_SERIES, {"n_splits": 5, "gap": 30}, holdout=0.2, most=5),
    split="Forward in time",
    is_featured=True,
)
CHANGES = (
    TemplateChange("validation.gap", "Gap", "7 days", "14 days"),
    TemplateChange("features.selected", "Features", "", "added srad_wm2, removed tmin_c"),
)
STATEMENTS = (
    Statement("task.target", "Target", "streamflow"),
    Statement("features.selected", "Features", "3 columns", ("prcp_mm", "tmax_c", "srad_wm2")),
)


def examples() -> list[Example]:
    """Return the examples."""
    fits = replace(CARD, reason="It finds flow: discharge_mm and rain: prcp_mm.", is_featured=False)
    bare = replace(CARD, picture=[], category="", tags=(), is_retired=True, is_featured=False)
    return [
        macro_example("templates", "card", "featured", template=CARD, address="#"),
        macro_example("templates", "line", "fits the data", template=fits, address="#"),
        macro_example("templates", "card", "fits the data", template=fits, address="#"),
        macro_example("templates", "card", "retired, split as suggested", template=bare, address="#"),
        macro_example("templates", "changes", "two differences", differences=CHANGES),
        macro_example("templates", "changes", "none", differences=()),
        macro_example("templates", "statement_list", "a list and a value", statements=STATEMENTS),
    ]
