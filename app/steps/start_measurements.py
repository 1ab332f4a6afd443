"""Starting the measurements that a page will show, when it is saved and never when it is viewed."""

from __future__ import annotations

from collections.abc import Iterable

from app.services.datasets import datasets
from app.services.drafts import drafts
from app.services.measurements import derived_rankings, estimates, memory, rankings, recommendations
from app.steps.context import DraftContext

ON_ONE_PAGE = "single-page"
# From the step on where an estimator is chosen, a worker times it on the data, for the estimate.
TIMED = ("model", "validation", "review", ON_ONE_PAGE)
RANKED = ("features", ON_ONE_PAGE)
# Another way to validate judges the estimators anew, so that what is launched follows what was measured with it.
FITTED = ("model", "validation", "review", ON_ONE_PAGE)
# Answers by which a page comes to show other measurements than before.
CHANGING = {
    "model": ("model.estimator",),
    "validation": ("validation.strategy",),
    ON_ONE_PAGE: ("data.", "features.", "validation.", "model.estimator"),
}


def is_measured_anew(slug: str, changed: Iterable[str]) -> bool:
    """Return whether a page shows other measurements after these answers changed, each given as step.field."""
    return any(path.startswith(CHANGING.get(slug, ())) for path in changed)


def begin(draft: DraftContext, slug: str) -> None:
    """Have measured what a page shows, where that was neither done nor begun; small tables are measured at once."""
    dataset, plan = draft.dataset, draft.plan
    if dataset is None or draft.profile is None or draft.goal is None or plan.spec is None or slug == "data":
        return
    if datasets.damage_of(dataset) is not None:
        # Of damaged rows nothing can be measured; the pages say so.
        return
    drafts.begin_comparing(draft)
    goal = draft.goal
    if slug in RANKED and rankings.known_of(dataset, goal.target, goal.kinds, draft.rule).state == "none":
        rankings.ranking_for(dataset, goal.target, goal.kinds, rule=draft.rule)
    if slug in RANKED:
        memory.memory_for(dataset, plan, draft.rule)
        derived_rankings.derived_for(dataset, draft.derived_config, draft.rule)
    if slug in FITTED:
        recommendations.begin_fits(dataset, plan)
    if slug in TIMED and plan.launchable:
        estimates.ask_for_timed_fits(dataset, plan.spec, draft.profile)
