"""Who may call what: one table, and what does not stand in it is refused."""

from __future__ import annotations

from enum import StrEnum

from flask import Flask, abort, request, url_for
from werkzeug.wrappers import Response

from app.domain.errors import ForbiddenError, UnauthorizedError
from app.domain.vocabulary import Role, Scope
from app.services.accounts.tokens import Caller
from app.web.csrf import check_token
from app.web.headers import SAFE_METHODS, is_foreign
from app.web.hypermedia import is_for_programs, leave_for
from app.web.sessions import find_user, identify_program


class Who(StrEnum):
    """Who may call a route. Somebody else's thing is a missing one in every case."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed in"
    ADMIN = "admin"


# What a token that may only read can ask for by POST: it makes nothing that stays but what may be made again.
READ_BY_POST = frozenset(
    {
        "api_analysis.describe",
        "api_config.validate",
        "api_datasets.preview_reading",
        "api_features.correlate",
        "api_features.rank",
    }
)

POLICY: dict[str, Who] = {
    "static": Who.ANYBODY,
    "health.live": Who.ANYBODY,
    "health.ready": Who.ANYBODY,
    "api_jobs.show": Who.SIGNED_IN,
    "api_config.validate": Who.SIGNED_IN,
    "api_jobs.cancel": Who.SIGNED_IN,
    "api_datasets.create": Who.SIGNED_IN,
    "api_datasets.show_all": Who.SIGNED_IN,
    "api_datasets.show": Who.SIGNED_IN,
    "api_datasets.delete": Who.SIGNED_IN,
    "api_datasets.restore": Who.SIGNED_IN,
    "api_datasets.preview": Who.SIGNED_IN,
    "api_datasets.preview_reading": Who.SIGNED_IN,
    "api_datasets.read_again": Who.SIGNED_IN,
    "api_analysis.describe": Who.SIGNED_IN,
    "api_features.correlate": Who.SIGNED_IN,
    "api_features.rank": Who.SIGNED_IN,
    "api_recommendations.show": Who.SIGNED_IN,
    "sign_in.show": Who.ANYBODY,
    "sign_in.save": Who.ANYBODY,
    "sign_in.ask_redeem": Who.ANYBODY,
    "sign_in.redeem": Who.ANYBODY,
    "sign_in.sign_out": Who.SIGNED_IN,
    "home.show": Who.SIGNED_IN,
    "help.show": Who.SIGNED_IN,
    "conflicts.show": Who.SIGNED_IN,
    "account.show": Who.SIGNED_IN,
    "account.save_profile": Who.SIGNED_IN,
    "account.end_session": Who.SIGNED_IN,
    "account.revoke_token": Who.SIGNED_IN,
    "account.save_password": Who.SIGNED_IN,
    "account.save_theme": Who.SIGNED_IN,
    "datasets.show_all": Who.SIGNED_IN,
    "datasets.show": Who.SIGNED_IN,
    "datasets.upload": Who.SIGNED_IN,
    "datasets.in_part": Who.SIGNED_IN,
    "datasets.reading": Who.SIGNED_IN,
    "datasets.ask_delete": Who.SIGNED_IN,
    "datasets.delete": Who.SIGNED_IN,
    "datasets.column": Who.SIGNED_IN,
    "datasets.preview_reading": Who.SIGNED_IN,
    "datasets.reread": Who.SIGNED_IN,
    "datasets.mend": Who.SIGNED_IN,
    "datasets.restore": Who.SIGNED_IN,
    "experiments_list.show": Who.SIGNED_IN,
    "experiments.show": Who.SIGNED_IN,
    "experiments.progress": Who.SIGNED_IN,
    "experiments.cancel": Who.SIGNED_IN,
    "experiments.run_again": Who.SIGNED_IN,
    "experiments.keep_best": Who.SIGNED_IN,
    "experiments.edit": Who.SIGNED_IN,
    "experiments.save_words": Who.SIGNED_IN,
    "experiments.predictions": Who.SIGNED_IN,
    "experiments.config": Who.SIGNED_IN,
    "drafts.new": Who.SIGNED_IN,
    "drafts.new_sample": Who.SIGNED_IN,
    "drafts.new_upload": Who.SIGNED_IN,
    "drafts.new_on_one_page": Who.SIGNED_IN,
    "drafts.new_sample_on_one_page": Who.SIGNED_IN,
    "drafts.new_upload_on_one_page": Who.SIGNED_IN,
    "drafts.new_in_part": Who.SIGNED_IN,
    "drafts.new_in_part_on_one_page": Who.SIGNED_IN,
    "single_page.show": Who.SIGNED_IN,
    "single_page.save": Who.SIGNED_IN,
    "single_page.autosave": Who.SIGNED_IN,
    "single_page.measured": Who.SIGNED_IN,
    "single_page.begin_measuring": Who.SIGNED_IN,
    "single_page.resolve": Who.SIGNED_IN,
    "single_page.launch": Who.SIGNED_IN,
    "drafts.resume": Who.SIGNED_IN,
    "drafts.ask_discard": Who.SIGNED_IN,
    "drafts.discard": Who.SIGNED_IN,
    "drafts.undo": Who.SIGNED_IN,
    "drafts.redo": Who.SIGNED_IN,
    "drafts.measure": Who.SIGNED_IN,
    "drafts.remedy": Who.SIGNED_IN,
    "data.use_sample": Who.SIGNED_IN,
    "data.use_dataset": Who.SIGNED_IN,
    "data.upload": Who.SIGNED_IN,
    "data.in_part": Who.SIGNED_IN,
    "data.restore": Who.SIGNED_IN,
    "data.reading": Who.SIGNED_IN,
    "data.columns": Who.SIGNED_IN,
    "data.names": Who.SIGNED_IN,
    "data.preview_reading": Who.SIGNED_IN,
    "data.reread": Who.SIGNED_IN,
    "data.mend": Who.SIGNED_IN,
    "features.preview_strategy": Who.SIGNED_IN,
    "features.apply_strategy": Who.SIGNED_IN,
    "features.begin_strategy": Who.SIGNED_IN,
    "features.show_correlations": Who.SIGNED_IN,
    "features.start_correlations": Who.SIGNED_IN,
    "features.cancel_correlations": Who.SIGNED_IN,
    "features.show_pair": Who.SIGNED_IN,
    "features.preview_transform": Who.SIGNED_IN,
    "features.ask_transform": Who.SIGNED_IN,
    "features.answer_leak": Who.SIGNED_IN,
    "model.show_evidence": Who.SIGNED_IN,
    "model.measure_again": Who.SIGNED_IN,
    "model.choose": Who.SIGNED_IN,
    "review.launch": Who.SIGNED_IN,
    **{
        f"{slug}.{verb}": Who.SIGNED_IN
        for slug in ("data", "features", "model", "validation", "review")
        for verb in ("show", "save", "autosave", "measured", "begin_measuring", "resolve")
    },
}


def init_app(app: Flask) -> None:
    """Check every request against the table, and every change against both locks or the scope of a token."""

    @app.before_request
    def check() -> Response | None:
        if request.endpoint is None:
            return None
        program = _program()
        if program is None and is_foreign():
            abort(403, "This change was asked for by another site, so it was not made.")
        needed = POLICY.get(request.endpoint)
        if needed is None:
            abort(403, "This page has no rule about who may see it.")
        refusal = None if needed is Who.ANYBODY else _check_person(needed)
        # After the table, so that nothing is read from the body of a request that is refused anyway.
        if refusal is None and program is None:
            check_token()
        return refusal


def _program() -> Caller | None:
    """Return whom a program speaks for by its token; None where a browser's session has to say it."""
    if not is_for_programs() or "Authorization" not in request.headers:
        return None
    kind, _, secret = request.headers["Authorization"].partition(" ")
    if kind.lower() != "bearer":
        raise UnauthorizedError("Send the token as Authorization: Bearer hyd_…", code="token_missing")
    caller = identify_program(secret.strip())
    if caller.scope is Scope.READ and request.method not in SAFE_METHODS and request.endpoint not in READ_BY_POST:
        raise ForbiddenError("This token may only read. Make one with the scope write.", code="token_may_only_read")
    return caller


def _check_person(needed: Who) -> Response | None:
    user = find_user()
    if user is None:
        if is_for_programs():
            raise UnauthorizedError("Send a token as Authorization: Bearer hyd_…, or sign in.", code="token_missing")
        here = request.full_path.removesuffix("?") if request.method == "GET" else ""
        return leave_for(url_for("sign_in.show", next=here or None))
    if needed is Who.ADMIN and user.role != Role.ADMIN.value:
        abort(404)
    return None


def safe_next(target: str | None) -> str:
    """Return where to go after signing in: an address of our own, whatever was asked for."""
    if not target:
        return "/experiments"
    # Nothing is taken apart: what a browser makes of an address is not what a parser of ours makes of it.
    ours = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if ours else "/experiments"
