"""The questions about leaks: each is answered by itself, and the answer is kept in the draft."""

from __future__ import annotations

import uuid

from flask import request
from werkzeug.wrappers import Response

from app.domain.errors import DomainError, DraftConflictError
from app.services.drafts import drafts
from app.steps import flow
from app.steps.features.asked import leaks_of
from app.steps.features.routes import VIEW, blueprint
from app.web.hypermedia import into, see_other

ANSWERS = ("known", "not_known")


@blueprint.post("/leak")
def answer_leak(draft_id: uuid.UUID) -> Response:
    """Keep an answer, or take it back; a question that is not asked any more is said to be gone."""
    situation, answer = flow.situation_of(draft_id), request.form.get("answer", "")
    questions = leaks_of(situation).questions
    question = next((one for one in questions if one.key == request.form.get("key")), None)
    if question is None or answer not in (*ANSWERS, ""):
        gone = DomainError(
            "This question is not asked any more: the column or the target changed.", code="question_gone"
        )
        return into("#wizard", flow.show_step(VIEW, situation, status=422, shown_problems=(gone,)))
    changes: dict[str, object] = dict.fromkeys(question.fields, answer or None)
    try:
        drafts.save_answers(situation.user, draft_id, step="features", changes=changes, version=situation.row.version)
    except DraftConflictError as fault:
        return flow.show_conflict(VIEW, situation, fault, changes)
    return see_other(flow.step_url(situation.row, "features") + "#features-leaks")
