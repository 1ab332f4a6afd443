"""How the columns go with the target and with one another: a ranked list, pairs, the whole matrix, clusters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import url_for

from app.domain.analysis.associations.correlation import Method
from app.domain.errors import DomainError
from app.domain.estimators.parameters import Parameter
from app.services.measurements import correlations
from app.steps.features.asked import dataset_of, kinds_of, leaks_of, matrix_of, measured_on, ranking_of
from app.steps.flow import Situation
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
THRESHOLD = Parameter("threshold", "At least this strong", "number", 0.0, "", low=0, high=1)
PARTS = ("view", "method", "word", "threshold", "page")
BUSY = ("queued", "running")


def panel(situation: Situation, values: Mapping[str, str]) -> dict[str, Any]:
    """Return what the panel of associations needs for the view that is asked for."""
    view = values.get("view", "") if values.get("view") in dict(VIEWS) else "target"
    method = Method(values["method"]) if values.get("method") in dict(METHODS) else Method.AUTO
    faults, threshold = {}, 0.0
    try:
        threshold = float(THRESHOLD.parse(values.get("threshold") or 0))
    except ValueError as fault:
        faults["threshold"] = str(fault)
    word, raw = values.get("word", "").strip()[:200], values.get("page", "")
    page = int(raw) if raw.isascii() and raw.isdigit() and 0 < len(raw) < 7 else 1
    asked = {name: values[name][:200] for name in PARTS if values.get(name) and name != "page"}
    found = {
        "view": view,
        "views": VIEWS,
        "methods": METHODS,
        "method": method.value,
        "word": word,
        "threshold": values.get("threshold", "")[:40],
        "faults": faults,
        "keys": {column.name: column.key for column in situation.profile.columns} if situation.profile else {},
        "target": dataset_of(situation)[1],
        "query": urlencode({**asked, "view": view}),
        "here": url_for("features.show_correlations", draft_id=situation.row.id),
        "measured_on": measured_on(situation),
        "busy": False,
        "refused": "",
    }
    if view == "target":
        return {**found, **_target(situation, word, threshold, page)}
    return {**found, **_pairs(situation, view, method, word=word, threshold=threshold, page=page)}


def _target(situation: Situation, word: str, threshold: float, page: int) -> dict[str, Any]:
    ranking = ranking_of(situation)
    columns = situation.plan.columns
    busy = leaks_of(situation).state == "measuring"
    return {
        "busy": busy or ranking.state in BUSY,
        "measuring": busy,
        "measured": sum(one.association is not None for one in columns),
        "columns": len(columns),
        "with_target": strengths.with_target(columns, word=word, threshold=threshold, page=page),
        "ranking": strengths.ranking(ranking, word=word),
    }


def _pairs(
    situation: Situation, view: str, method: Method, *, word: str, threshold: float, page: int
) -> dict[str, Any]:
    try:
        state = matrix_of(situation, method, start=True)
    except DomainError as fault:
        return {"refused": fault.message}
    found: dict[str, Any] = {"state": state, "busy": state.state in BUSY and not state.complete}
    if view == "pairs":
        return {**found, "ranked": correlations.pairs_ranked(state, threshold=threshold, word=word, page=page)}
    columns = situation.profile.columns if situation.profile else ()
    drawn = heatmap.build(
        state.matrix,
        keys={column.name: column.key for column in columns},
        kinds=kinds_of(situation),
        word=word,
        threshold=threshold,
        clustered=view == "clusters",
    )
    return {**found, "heat": drawn}
