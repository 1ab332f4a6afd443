"""Helpers shared by all JSON endpoints: bodies, pages of lists, jobs and idempotency."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, jsonify, request
from pydantic import BaseModel, ValidationError

from app.domain.errors import FieldFault, InvalidBodyError
from app.domain.schema_words import sentence_of
from app.services import idempotency
from app.services.idempotency import Answer
from app.services.jobs import jobs
from app.storage.tables import Job, User
from app.web.json_input import JsonRefusedError, bounded_json, parse_json

PER_PAGE, MOST_PER_PAGE = 25, 200
# A config with all that was worked out for some thousand columns.
MAX_CONFIG_BYTES = 4 * 1024 * 1024
Schema = TypeVar("Schema", bound=BaseModel)


def body_of(schema: type[Schema]) -> Schema:
    """Return the body of the request as its schema says; without a body, what the query says.

    A name that the query holds more than once is a list.

    Raises
    ------
    InvalidBodyError
        With one fault for each field.
    """
    try:
        if request.method == "GET":
            answers = {name: request.args.getlist(name) for name in request.args}
            return schema.model_validate(
                {
                    name: current_values if len(current_values) > 1 else current_values[0]
                    for name, current_values in answers.items()
                }
            )
        return schema.model_validate_json(bounded_json(request.get_data() or b"{}"))
    except ValidationError as fault:
        raise InvalidBodyError(tuple(_field_fault(error) for error in fault.errors(include_url=False))) from None
    except ValueError as fault:
        raise InvalidBodyError((json_fault("", fault),)) from None


def allow_config(most: int = MAX_CONFIG_BYTES) -> None:
    """Let the body of this request be as large as a config with all that was worked out may be, or as `most` says."""
    request.max_content_length = max(most, request.max_content_length or 0)


def json_fault(field: str, fault: ValueError) -> FieldFault:
    """Return the fault of JSON that could not be parsed."""
    if isinstance(fault, JsonRefusedError):
        return FieldFault(field, fault.code, str(fault))
    return FieldFault(field, "json_invalid", "This is not valid JSON.")


def faults_of(fault: ValidationError) -> tuple[FieldFault, ...]:
    """Return the faults that a schema found, in our own words."""
    return tuple(_field_fault(error) for error in fault.errors(include_url=False, include_input=False))


def _field_fault(error: Any) -> FieldFault:
    place = ".".join(str(part) for part in error["loc"])
    return FieldFault(place, error["type"], sentence_of(error))


@dataclass(frozen=True)
class PageRequest:
    """Which part of a list was asked for; `page` counts from 1."""

    page: int
    per_page: int

    @property
    def offset(self) -> int:
        """Return how many items come before it."""
        return (self.page - 1) * self.per_page


def read_page_request() -> PageRequest:
    """Return which page of a list the query names."""
    return PageRequest(
        _whole_number("page", 1, most=1_000_000), _whole_number("per_page", PER_PAGE, most=MOST_PER_PAGE)
    )


def _whole_number(name: str, default: int, *, most: int) -> int:
    raw = request.args.get(name, str(default))
    if not (raw.isascii() and raw.isdigit() and 1 <= int(raw[:9]) <= most and len(raw) < 9):
        fault = FieldFault(name, "out_of_bounds", f"This must be a whole number from 1 to {most:,}.")
        raise InvalidBodyError((fault,))
    return int(raw)


def page_json(items: list[Any], page_request: PageRequest, *, total: int) -> Response:
    """Answer with one page of a list."""
    return jsonify({"items": items, "page": page_request.page, "per_page": page_request.per_page, "total": total})


def job_json(row: Job) -> dict[str, Any]:
    """Return a job as programs see it."""
    view = jobs.view_of(row)
    error = None if view.error is None else {"code": view.error_code, "message": view.error}
    return {
        "id": str(view.id),
        "kind": view.kind.value,
        "state": view.state.value,
        "progress": {**view.progress, "fraction": view.fraction, "message": view.message},
        "partial": view.partial,
        "error": error,
    }


def accepted_response(row: Job, **more: Any) -> Response:
    """Answer that the work has begun, and where to ask how far it is."""
    response = jsonify({"job": job_json(row), **more})
    response.status_code = 202
    response.headers["Location"] = f"/api/jobs/{row.id}/"
    return response


def idempotent(user: User, content: bytes | str, make: Callable[[], Answer]) -> Response:
    """Make something; a request with an Idempotency-Key that was answered before gets the same answer again.

    `content` tells one request from another: it holds everything that decides what is made.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return _stored_response(make())
    words = content.encode() if isinstance(content, str) else content
    fingerprint = hashlib.sha256(b" ".join((request.method.encode(), request.path.encode(), words))).hexdigest()
    known = idempotency.begin(user, key, fingerprint)
    if known is not None:
        return _stored_response(known)
    try:
        answer = make()
    except BaseException:
        idempotency.give_up(user, key)
        raise
    idempotency.finish(user, key, answer)
    return _stored_response(answer)


def _stored_response(answer: Answer) -> Response:
    response = jsonify(answer.body)
    response.status_code = answer.status
    if answer.location:
        response.headers["Location"] = answer.location
    return response


def json_field(name: str) -> Any:
    """Return the JSON of a form field, or None where it was not sent.

    Raises
    ------
    InvalidBodyError
        If it is no JSON, or nested too deeply.
    """
    raw = request.form.get(name)
    if raw is None:
        return None
    try:
        return parse_json(raw)
    except ValueError as fault:
        raise InvalidBodyError((json_fault(name, fault),)) from None
