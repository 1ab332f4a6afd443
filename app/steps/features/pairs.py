"""Routes of the associations panel and of the picture of one pair."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import ClassVar

from flask import request, url_for
from werkzeug.wrappers import Response

from app.domain.analysis.associations.correlation import Method
from app.domain.errors import DomainError
from app.services.measurements import correlations
from app.steps.context import draft_url, load, step_url
from app.steps.features.association import METHODS, AssociationPanel, association_panel
from app.steps.features.feature_queries import begin_matrix, standing_of, stop_matrix
from app.steps.features.routes import blueprint
from app.steps.start_measurements import begin
from app.web.charts import pair
from app.web.charts.pair import PairChart
from app.web.hypermedia import ViewContext, render_view, see_other, wants_fragment

PAGE = "pages/features_part.html"


@dataclass(frozen=True, kw_only=True)
class CorrelationsContext(ViewContext):
    """The panel of associations as a page of its own."""

    page_name: ClassVar[str] = PAGE
    fragment_name: ClassVar[str] = "partials/features/correlations.html"
    base: str
    pairs: AssociationPanel


@dataclass(frozen=True, kw_only=True)
class AssociationContext(ViewContext):
    """The body of the panel alone."""

    fragment_name: ClassVar[str] = "partials/features/association.html"
    base: str
    pairs: AssociationPanel


@dataclass(frozen=True, kw_only=True)
class PairContext(ViewContext):
    """What two columns look like against one another, or why that cannot be shown."""

    page_name: ClassVar[str] = PAGE
    fragment_name: ClassVar[str] = "partials/features/pair.html"
    base: str
    pair: PairChart | None
    fault: str


@blueprint.get("/correlations")
def show_correlations(draft_id: uuid.UUID) -> Response:
    """Show the panel in one of its views; its body alone where the page looks for what has come meanwhile."""
    draft = load(draft_id)
    try:
        panel = association_panel(draft, request.args)
    except DomainError:
        return see_other(step_url(draft.id, "data"))
    status, base = 422 if panel.faults else 200, draft_url(draft_id)
    if request.args.get("part") == "body" and wants_fragment():
        return render_view(AssociationContext(base=base, pairs=panel), status=status)
    return render_view(CorrelationsContext(base=base, pairs=panel), status=status)


@blueprint.post("/correlations/start")
def start_correlations(draft_id: uuid.UUID) -> Response:
    """Have measured what the view shows, also where that was stopped."""
    draft, method = load(draft_id), _chosen_method()
    if request.form.get("view") == "target":
        begin(draft, "features")
    else:
        begin_matrix(draft, method)
    return _redirect_to_correlations(draft_id, method)


@blueprint.post("/correlations/cancel")
def cancel_correlations(draft_id: uuid.UUID) -> Response:
    """Have the measuring stopped; what has come stays."""
    method = _chosen_method()
    stop_matrix(load(draft_id), method)
    return _redirect_to_correlations(draft_id, method)


def _chosen_method() -> Method:
    raw = request.form.get("method", "")
    return Method(raw) if raw in dict(METHODS) else Method.AUTO


def _redirect_to_correlations(draft_id: uuid.UUID, method: Method) -> Response:
    view = request.form.get("view", "matrix")
    return see_other(url_for("features.show_correlations", draft_id=draft_id, view=view, method=method.value))


@blueprint.get("/pair")
def show_pair(draft_id: uuid.UUID) -> Response:
    """Show what two columns look like against one another."""
    draft = load(draft_id)
    dataset, goal = standing_of(draft)
    columns = draft.profile.columns if draft.profile else ()
    names = {column.key: column.name for column in columns}
    first, other = (names.get(request.args.get(part, "")) for part in ("one", "other"))
    drawn, fault = None, ""
    if first is None or other is None:
        fault = "One of these columns is not there any more. Choose another pair."
    else:
        drawn = pair.build(correlations.picture_of_pair(dataset, first, other, kinds=goal.kinds, rule=draft.rule))
    base = draft_url(draft_id)
    return render_view(PairContext(base=base, pair=drawn, fault=fault), status=404 if fault else 200)
