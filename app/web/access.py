"""The access-policy table of routes, and its enforcement."""

from __future__ import annotations

from enum import StrEnum

from flask import Flask, abort, request, url_for
from werkzeug.wrappers import Response

from app.domain.errors import ForbiddenError, UnauthorizedError
from app.domain.vocabulary import Role, Scope
from app.services.accounts.tokens import Caller
from app.web.csrf import check_token
from app.web.headers import SAFE_METHODS, is_foreign_host
from app.web.hypermedia import is_api_request, leave_for
from app.web.sessions import authenticate_token, current_user, find_user


class AccessLevel(StrEnum):
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
        "api_suggestions.suggest",
    }
)

POLICY: dict[str, AccessLevel] = {
    "static": AccessLevel.ANYBODY,
    "health.live": AccessLevel.ANYBODY,
    "health.ready": AccessLevel.ANYBODY,
    # The page itself refuses all but this machine and tokens of administrators.
    "metrics.show": AccessLevel.ANYBODY,
    "api_jobs.show": AccessLevel.SIGNED_IN,
    "api_config.validate": AccessLevel.SIGNED_IN,
    "api_jobs.cancel": AccessLevel.SIGNED_IN,
    "api_datasets.create": AccessLevel.SIGNED_IN,
    "api_datasets.show_all": AccessLevel.SIGNED_IN,
    "api_datasets.show": AccessLevel.SIGNED_IN,
    "api_datasets.delete": AccessLevel.SIGNED_IN,
    "api_datasets.restore": AccessLevel.SIGNED_IN,
    "api_datasets.preview": AccessLevel.SIGNED_IN,
    "api_datasets.preview_reading": AccessLevel.SIGNED_IN,
    "api_datasets.read_again": AccessLevel.SIGNED_IN,
    "api_analysis.describe": AccessLevel.SIGNED_IN,
    "api_features.correlate": AccessLevel.SIGNED_IN,
    "api_features.rank": AccessLevel.SIGNED_IN,
    "api_recommendations.show": AccessLevel.SIGNED_IN,
    "api_suggestions.suggest": AccessLevel.SIGNED_IN,
    "api_experiments.launch": AccessLevel.SIGNED_IN,
    "api_experiments.show_all": AccessLevel.SIGNED_IN,
    "api_experiments.show": AccessLevel.SIGNED_IN,
    "api_experiments.cancel": AccessLevel.SIGNED_IN,
    "api_experiments.end_candidate": AccessLevel.SIGNED_IN,
    "api_experiments.finish_early": AccessLevel.SIGNED_IN,
    "api_experiments.candidate_config": AccessLevel.SIGNED_IN,
    "api_experiments.config": AccessLevel.SIGNED_IN,
    "api_experiments.predictions": AccessLevel.SIGNED_IN,
    **{
        f"api_experiment_templates.{verb}": AccessLevel.SIGNED_IN
        for verb in (
            "show_all",
            "create",
            "show",
            "update",
            "delete",
            "restore",
            "duplicate",
            "apply",
            "show_versions",
            "show_version",
            "restore_version",
            "diff",
            "export",
            "take_import",
        )
    },
    **{
        f"{page}.{verb}": AccessLevel.SIGNED_IN
        for page, verbs in (
            ("experiment_templates", ("show_all", "show", "diff", "duplicate", "archive", "restore")),
            ("experiment_templates", ("restore_version", "export", "take_import")),
            ("template_forms", ("new", "create", "edit", "save")),
            ("template_use", ("show", "save", "use_sample", "upload")),
        )
        for verb in verbs
    },
    **{f"admin.{verb}": AccessLevel.ADMIN for verb in ("show", "show_job", "act_on_job")},
    **{f"people.{verb}": AccessLevel.ADMIN for verb in ("show_all", "invite", "show", "act", "revoke_token")},
    **{f"analytics.{verb}": AccessLevel.ADMIN for verb in ("show", "export")},
    **{f"audit.{verb}": AccessLevel.ADMIN for verb in ("show", "export")},
    **{f"template_admin.{verb}": AccessLevel.ADMIN for verb in ("show_all", "show", "act", "undo")},
    "sign_in.show": AccessLevel.ANYBODY,
    "sign_in.save": AccessLevel.ANYBODY,
    "sign_in.ask_redeem": AccessLevel.ANYBODY,
    "sign_in.redeem": AccessLevel.ANYBODY,
    "sign_in.sign_out": AccessLevel.SIGNED_IN,
    "home.show": AccessLevel.SIGNED_IN,
    "help.show": AccessLevel.SIGNED_IN,
    "conflicts.show": AccessLevel.SIGNED_IN,
    "account.show": AccessLevel.SIGNED_IN,
    "account.save_profile": AccessLevel.SIGNED_IN,
    "account.end_session": AccessLevel.SIGNED_IN,
    "account.revoke_token": AccessLevel.SIGNED_IN,
    "account.save_password": AccessLevel.SIGNED_IN,
    "account.save_theme": AccessLevel.SIGNED_IN,
    "datasets.show_all": AccessLevel.SIGNED_IN,
    "datasets.show": AccessLevel.SIGNED_IN,
    "datasets.upload": AccessLevel.SIGNED_IN,
    "datasets.in_part": AccessLevel.SIGNED_IN,
    "datasets.reading": AccessLevel.SIGNED_IN,
    "datasets.ask_delete": AccessLevel.SIGNED_IN,
    "datasets.delete": AccessLevel.SIGNED_IN,
    "datasets.column": AccessLevel.SIGNED_IN,
    "datasets.preview_reading": AccessLevel.SIGNED_IN,
    "datasets.reread": AccessLevel.SIGNED_IN,
    "datasets.apply_remedy": AccessLevel.SIGNED_IN,
    "datasets.restore": AccessLevel.SIGNED_IN,
    "experiments_list.show": AccessLevel.SIGNED_IN,
    "experiments.show": AccessLevel.SIGNED_IN,
    "experiments.progress": AccessLevel.SIGNED_IN,
    "experiments.cancel": AccessLevel.SIGNED_IN,
    "experiments.run_again": AccessLevel.SIGNED_IN,
    "experiments.keep_best": AccessLevel.SIGNED_IN,
    "experiments.end_candidate": AccessLevel.SIGNED_IN,
    "experiments.finish_early": AccessLevel.SIGNED_IN,
    "experiments.continue_candidate": AccessLevel.SIGNED_IN,
    "experiments.edit": AccessLevel.SIGNED_IN,
    "experiments.save_words": AccessLevel.SIGNED_IN,
    "experiments.predictions": AccessLevel.SIGNED_IN,
    "experiments.config": AccessLevel.SIGNED_IN,
    "drafts.new": AccessLevel.SIGNED_IN,
    "drafts.new_sample": AccessLevel.SIGNED_IN,
    "drafts.new_upload": AccessLevel.SIGNED_IN,
    "drafts.new_on_one_page": AccessLevel.SIGNED_IN,
    "drafts.new_sample_on_one_page": AccessLevel.SIGNED_IN,
    "drafts.new_upload_on_one_page": AccessLevel.SIGNED_IN,
    "drafts.new_in_part": AccessLevel.SIGNED_IN,
    "drafts.new_in_part_on_one_page": AccessLevel.SIGNED_IN,
    "single_page.show": AccessLevel.SIGNED_IN,
    "single_page.save": AccessLevel.SIGNED_IN,
    "single_page.autosave": AccessLevel.SIGNED_IN,
    "single_page.measured": AccessLevel.SIGNED_IN,
    "single_page.begin_measuring": AccessLevel.SIGNED_IN,
    "single_page.resolve": AccessLevel.SIGNED_IN,
    "single_page.take_estimator": AccessLevel.SIGNED_IN,
    "single_page.launch": AccessLevel.SIGNED_IN,
    "drafts.resume": AccessLevel.SIGNED_IN,
    "drafts.ask_discard": AccessLevel.SIGNED_IN,
    "drafts.discard": AccessLevel.SIGNED_IN,
    "drafts.undo": AccessLevel.SIGNED_IN,
    "drafts.redo": AccessLevel.SIGNED_IN,
    "drafts.measure": AccessLevel.SIGNED_IN,
    "drafts.remedy": AccessLevel.SIGNED_IN,
    "data.use_sample": AccessLevel.SIGNED_IN,
    "data.use_dataset": AccessLevel.SIGNED_IN,
    "data.upload": AccessLevel.SIGNED_IN,
    "data.in_part": AccessLevel.SIGNED_IN,
    "data.restore": AccessLevel.SIGNED_IN,
    "data.reading": AccessLevel.SIGNED_IN,
    "data.columns": AccessLevel.SIGNED_IN,
    "data.names": AccessLevel.SIGNED_IN,
    "data.preview_reading": AccessLevel.SIGNED_IN,
    "data.reread": AccessLevel.SIGNED_IN,
    "data.apply_remedy": AccessLevel.SIGNED_IN,
    "features.preview_strategy": AccessLevel.SIGNED_IN,
    "features.apply_strategy": AccessLevel.SIGNED_IN,
    "features.begin_strategy": AccessLevel.SIGNED_IN,
    "features.show_correlations": AccessLevel.SIGNED_IN,
    "features.start_correlations": AccessLevel.SIGNED_IN,
    "features.cancel_correlations": AccessLevel.SIGNED_IN,
    "features.show_memory": AccessLevel.SIGNED_IN,
    "features.show_set": AccessLevel.SIGNED_IN,
    "features.start_memory": AccessLevel.SIGNED_IN,
    "features.show_pair": AccessLevel.SIGNED_IN,
    "features.preview_transform": AccessLevel.SIGNED_IN,
    "features.ask_transform": AccessLevel.SIGNED_IN,
    "features.answer_leak": AccessLevel.SIGNED_IN,
    "model.show_evidence": AccessLevel.SIGNED_IN,
    "model.measure_again": AccessLevel.SIGNED_IN,
    "model.choose": AccessLevel.SIGNED_IN,
    **{
        f"{page}.{verb}": AccessLevel.SIGNED_IN
        for page in ("validation", "single_page")
        for verb in ("show_splits", "compare_splits")
    },
    "review.launch": AccessLevel.SIGNED_IN,
    "review.show_choice": AccessLevel.SIGNED_IN,
    **{
        f"{slug}.{verb}": AccessLevel.SIGNED_IN
        for slug in ("data", "features", "model", "validation", "review")
        for verb in ("show", "save", "autosave", "measured", "begin_measuring", "resolve", "take_estimator")
    },
}

# Routes that exist in development alone.
DEVELOPMENT_POLICY: dict[str, AccessLevel] = {"gallery.show": AccessLevel.ADMIN}


def init_app(app: Flask) -> None:
    """Check every request against the table, and every change against both locks or the scope of a token."""

    @app.before_request
    def check() -> Response | None:
        if request.endpoint is None:
            return None
        program = _token_caller()
        if program is None and is_foreign_host():
            abort(403, "This change was asked for by another site, so it was not made.")
        needed = POLICY.get(request.endpoint) or DEVELOPMENT_POLICY.get(request.endpoint)
        if needed is None:
            abort(403, "This page has no rule about who may see it.")
        refusal = None if needed is AccessLevel.ANYBODY else _send_stranger_to_sign_in()
        if refusal is not None:
            return refusal
        # Behind the door, so that nothing is read from the body of a stranger's request; before the role, so that
        # a page of administrators answers a change without a token as every other page does.
        if program is None:
            check_token()
        if needed is AccessLevel.ADMIN and current_user().role != Role.ADMIN.value:
            abort(404)
        return None


def _token_caller() -> Caller | None:
    """Return whom a program speaks for by its token; None where a browser's session has to say it."""
    if not is_api_request() or "Authorization" not in request.headers:
        return None
    kind, _, secret = request.headers["Authorization"].partition(" ")
    if kind.lower() != "bearer":
        raise UnauthorizedError("Send the token as Authorization: Bearer hyd_…", code="token_missing")
    caller = authenticate_token(secret.strip())
    if caller.scope is Scope.READ and request.method not in SAFE_METHODS and request.endpoint not in READ_BY_POST:
        raise ForbiddenError("This token may only read. Make one with the scope write.", code="token_may_only_read")
    return caller


def _send_stranger_to_sign_in() -> Response | None:
    if find_user() is not None:
        return None
    if is_api_request():
        raise UnauthorizedError("Send a token as Authorization: Bearer hyd_…, or sign in.", code="token_missing")
    here = request.full_path.removesuffix("?") if request.method == "GET" else ""
    return leave_for(url_for("sign_in.show", next=here or None))


def safe_next(target: str | None) -> str:
    """Return where to go after signing in: an address of our own, whatever was asked for."""
    if not target:
        return url_for("experiments_list.show")
    # Nothing is taken apart: what a browser makes of an address is not what a parser of ours makes of it.
    ours = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if ours else url_for("experiments_list.show")
