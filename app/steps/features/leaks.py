"""The route that saves the answer to a question about a leak."""

from __future__ import annotations

import uuid

from flask import request
from werkzeug.wrappers import Response

from app.domain.errors import DomainError
from app.services.drafts import drafts
from app.steps import flow
from app.steps.context import load, step_url
from app.steps.features.routes import PAGE, blueprint
from app.web.hypermedia import see_other

ANSWERS = ("known", "not_known")


@blueprint.post("/leak")
def answer_leak(draft_id: uuid.UUID) -> Response:
    """Store or remove an answer about a leak; a question that no longer exists is answered with a message."""
    draft, answer = load(draft_id), request.form.get("answer", "")
    question = next(
        (leak_question for leak_question in draft.leaks.questions if leak_question.key == request.form.get("key")), None
    )
    if question is None or answer not in (*ANSWERS, ""):
        gone = DomainError(
            "This question is not asked any more: the column or the target changed.", code="question_gone"
        )
        return flow.refuse(PAGE, draft, gone, status=422)
    changes: dict[str, object] = dict.fromkeys(question.fields, answer or None)
    drafts.save_answers(draft.user, draft_id, step="features", changes=changes, version=draft.version)
    return see_other(step_url(draft.id, "features") + "#features-leaks")
