"""The associations panel: ranked list, pairs, matrix and clusters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from flask import url_for

from app.domain.analysis.associations.correlation import Method
from app.domain.errors import DomainError
from app.domain.estimators.parameters import Parameter
from app.services.datasets import datasets
from app.services.measurements import correlations
from app.services.measurements.correlations import MatrixState, PairPage
from app.steps.context import DraftContext
from app.steps.features.feature_queries import matrix_of, measured_on, ranking_of, standing_of
from app.steps.features.memory import derived_state
from app.web.charts import heatmap, strengths

VIEWS = (
    ("target", "Target against features"),
    ("pairs", "Ranked pairs"),
    ("matrix", "All pairs"),
    ("clusters", "Clustered"),
)
METHODS = (
    ("auto", "What fits each pair"),
    ("pearson", "Pearson"),
    ("spearman", "Spearman"),
    ("cramers_v", "Cram\u00e9r's V"),
)
THRESHOLD = Parameter("threshold", "Minimum strength", "number", 0.0, "", low=0, high=1)
PARTS = ("view", "method", "word", "threshold", "page")
BUSY = ("queued", "running")


@dataclass(frozen=True)
class AssociationPanel:
    """The panel in one of its views: what is asked for, how the measuring stands, and what it gave so far.

    `with_target` and `ranking` are there in the view of the target, `state` in the others unless there is a `refusal`,
    and one of `ranked` and `heat` with it. `keys` are the columns' keys by their names.
    """

    view: str
    method: str
    word: str
    threshold: str
    faults: Mapping[str, str]
    keys: Mapping[str, str]
    target: str
    query: str
    here: str
    measured_on: str
    views: tuple[tuple[str, str], ...] = VIEWS
    methods: tuple[tuple[str, str], ...] = METHODS
    busy: bool = False
    refusal: str = ""
    can_begin: bool = False
    measuring: bool = False
    measured: int = 0
    columns: int = 0
    with_target: strengths.WithTarget | None = None
    ranking: strengths.ImportancePreview | None = None
    state: MatrixState | None = None
    ranked: PairPage | None = None
    heat: heatmap.Heatmap | None = None


def association_panel(draft: DraftContext, values: Mapping[str, str]) -> AssociationPanel:
    """Return the association panel in the view that is asked for."""
    view = values.get("view", "") if values.get("view") in dict(VIEWS) else "target"
    method = Method(values["method"]) if values.get("method") in dict(METHODS) else Method.AUTO
    faults, threshold = {}, 0.0
    try:
        threshold = float(THRESHOLD.parse(values.get("threshold") or 0))
    except ValueError as fault:
        faults["threshold"] = str(fault)
    word, raw = values.get("word", "").strip()[:200], values.get("page", "")
    page = int(raw) if raw.isascii() and raw.isdigit() and 0 < len(raw) < 7 else 1
    query = {name: values[name][:200] for name in PARTS if values.get(name) and name != "page"}
    panel = AssociationPanel(
        view=view,
        method=method.value,
        word=word,
        threshold=values.get("threshold", "")[:40],
        faults=faults,
        keys={column.name: column.key for column in draft.profile.columns} if draft.profile else {},
        target=standing_of(draft)[1].target,
        query=urlencode({**query, "view": view}),
        here=url_for("features.show_correlations", draft_id=draft.id),
        measured_on=measured_on(draft),
    )
    if view == "target":
        return _target_panel(draft, panel, threshold, page)
    return _pairs_panel(draft, panel, method, threshold, page)


def _target_panel(draft: DraftContext, panel: AssociationPanel, threshold: float, page: int) -> AssociationPanel:
    dataset, goal = standing_of(draft)
    ranking, known = ranking_of(draft), draft.associations
    names = [name for name in goal.kinds if name != goal.target]
    state, config = derived_state(draft), draft.derived_config
    derived = strengths.DerivedFeatures.of(config.names if config is not None else (), state)
    measuring = draft.comparison == "measuring"
    return replace(
        panel,
        busy=measuring or ranking.state in BUSY or state.busy,
        measuring=measuring,
        measured=0 if known is None else sum(known.of(name) is not None for name in names),
        columns=len(names),
        with_target=strengths.target_page(
            names, known, word=panel.word, threshold=threshold, page=page, derived=derived
        ),
        ranking=strengths.ranking_preview(ranking, word=panel.word, derived=derived),
        can_begin="none" in (ranking.state, state.state) and not ranking.reason and datasets.damage_of(dataset) is None,
    )


def _pairs_panel(
    draft: DraftContext, panel: AssociationPanel, method: Method, threshold: float, page: int
) -> AssociationPanel:
    try:
        state = matrix_of(draft, method)
    except DomainError as fault:
        return replace(panel, refusal=fault.message)
    has_begun = state.complete or bool(state.reason) or state.state != "none"
    panel = replace(
        panel,
        state=state,
        busy=state.state in BUSY and not state.complete,
        can_begin=not has_begun and datasets.damage_of(standing_of(draft)[0]) is None,
    )
    if panel.view == "pairs":
        ranked = correlations.rank_pairs(state, threshold=threshold, word=panel.word, page=page)
        return replace(panel, ranked=ranked)
    drawn = heatmap.build(
        state.matrix,
        keys=panel.keys,
        kinds=draft.kinds,
        word=panel.word,
        threshold=threshold,
        clustered=panel.view == "clusters",
    )
    return replace(panel, heat=drawn)
