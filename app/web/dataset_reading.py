"""Import options and reading progress, shared by dataset page and Data step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import request, url_for
from werkzeug.wrappers import Response as BaseResponse

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.errors import DomainError
from app.services.datasets import datasets
from app.storage.db import now
from app.storage.tables import Dataset, User
from app.web import import_options_form, remedies
from app.web.filters import moment
from app.web.hypermedia import ContextPart, ViewContext, leave_for, render_view, wants_fragment
from app.web.shared_views import ReadingContext
from app.web.unit_answers import measured_options
from app.web.upload_progress import UploadProgress, kept_words, upload_progress

Look = dict[str, Any]


@dataclass(frozen=True)
class Done:
    """What was just done. `undo` says that one click takes it back, `source` is the address of the earlier reading."""

    title: str
    message: str
    undo: bool = False
    source: str = ""


def panel_for(
    dataset: Dataset, profile: DatasetProfile, *, address: str, form: Mapping[str, str] | None = None
) -> import_options_form.ImportPanel:
    """Return the panel of how a dataset was read; with `form`, which was posted, it stays open and shows that."""
    dialect, choices = import_options_form.dialect_of(profile.report), datasets.choices_of(dataset)
    measured = measured_options(profile)
    return import_options_form.panel_of(
        dialect, choices, address=address, form=form, measured=measured, profile=profile
    )


@dataclass(frozen=True, kw_only=True)
class ArrivalValues(ContextPart):
    """How far a file on its way is, and the first look at it; both are None where none is on its way."""

    arrival: UploadProgress | None = None
    first_look: Look | None = None


@dataclass(frozen=True, kw_only=True)
class LookContext(ViewContext):
    """The first rows as they would be read with other choices, or why they cannot be."""

    fragment_name: ClassVar[str] = "partials/datasets/look.html"
    look: Look | None
    fault: str


def arrival_values(user: User, moving: Dataset | None) -> ArrivalValues:
    """Return how far a dataset is that is on its way, and the first look at it: the one taken when it came, or one now.

    What is wrong with the file is said by its reading; until then there may be nothing to look at.
    """
    if moving is None:
        return ArrivalValues()
    try:
        look = import_options_form.look_of(datasets.peek_of(moving) or datasets.preview_reading(user, moving.id, {}))
    except DomainError:
        look = None
    return ArrivalValues(arrival=upload_progress(moving, now=now()), first_look=look)


def show_moving(moving: Dataset | None, *, address: str) -> BaseResponse:
    """Show the progress of reading a large file to a page that polls; when it is done, show the whole page again."""
    if moving is None or not wants_fragment():
        return leave_for(address)
    waiting = upload_progress(moving, now=now())
    return render_view(ReadingContext(waiting=waiting, address=f"{address}/reading"))


def show_look(
    user: User, dataset: Dataset, draw: Callable[[Look | None, DomainError | None], BaseResponse]
) -> BaseResponse:
    """Show the first rows as they would be read with what was chosen in the posted form; nothing is stored.

    `draw` draws the whole page with it. For htmx a fault stands in its place, whatever its status is on a page.
    """
    look, fault = _look(user, dataset)
    if not wants_fragment():
        return draw(look, fault)
    context = LookContext(look=look, fault=fault.message if fault else "")
    return render_view(context, status=422 if fault else 200)


def _look(user: User, dataset: Dataset) -> tuple[Look | None, DomainError | None]:
    try:
        changes = posted_choices(dataset)
        return import_options_form.look_of(datasets.preview_reading(user, dataset.id, changes)), None
    except DomainError as fault:
        return None, fault


def posted_choices(dataset: Dataset) -> dict[str, Any]:
    """Return the changes of the posted form to how a dataset is read.

    Raises
    ------
    DomainError
        With the field at fault.
    """
    profile = datasets.profile_of(dataset)
    return import_options_form.changes_from(request.form, datasets.choices_of(dataset), profile=profile)


def done_to(
    user: User,
    dataset: Dataset,
    *,
    find: Callable[[DatasetProfile | None, str], remedies.SelectedRemedy | None],
    became: str,
    undo: bool = False,
) -> Done | None:
    """Say what the button did that led here: the address names dataset and button, and the words are found again.

    `find` gives the remedy that a button of the earlier reading named, `became` says what became of another reading,
    and `undo` whether one click takes it back.
    """
    source_id, button = remedies.dataset_in(request.args.get("done", ""))
    profile = datasets.profile_of(dataset)
    if button == "known":
        words = f"It was read on {moment(dataset.created_at)} and is not stored a second time."
        return Done("You already have this file", words)
    if button == "restored" and source_id == dataset.id:
        return Done("Read again from the original", "The rows are what they were.")
    if button == "part" and profile is not None:
        return Done("Read without the rows that do not fit", kept_words(profile))
    if button == "place" and profile is not None:
        return Done("Read a part of the grid", next(iter(profile.report.notes), ""))
    source = _find_users_dataset(user, source_id)
    if source is None:
        return None
    address = url_for("datasets.show", dataset_id=source.id)
    if button == "read":
        return Done("Read again", became, undo, address)
    pressed = find(datasets.profile_of(source), button)
    if pressed is None:
        return None
    message = pressed.finding.message if pressed.columns == 1 else f"{pressed.columns:,} findings of this kind."
    if pressed.remedy.kind == remedies.READING:
        message += f" {became}"
    return Done(f"Done: {pressed.remedy.label}", message, undo, address)


def _find_users_dataset(user: User, dataset_id: Any) -> Dataset | None:
    try:
        return datasets.get_dataset(user, dataset_id) if dataset_id is not None else None
    except DomainError:
        return None
