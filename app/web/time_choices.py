"""Form fields for date formats and time zones of columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.domain.analysis.import_options.import_choices import ColumnImportChoice
from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile
from app.domain.analysis.time_forms.candidates import candidate_forms
from app.domain.analysis.time_forms.forms import COUNTED, Form
from app.domain.analysis.time_forms.numbers import number_forms
from app.domain.errors import DomainError
from app.web.json_input import parse_json

PREFIX = "reading.time_"
COLUMN, READ_AS, FORM, FREE, ZONE, TOGETHER = (
    PREFIX + name for name in ("column", "read_as", "form", "free", "zone", "together")
)
MENU_COLUMNS, MENU_FORMS, NAMED_COLUMNS = 20, 6, 300
READ_AS_OPTIONS = (
    ("", "No change"),
    ("datetime", "Times"),
    ("numeric", "Numbers, not times"),
    ("text", "Text, not times"),
)


@dataclass(frozen=True)
class TimePanel:
    """What the form offers about times: columns, forms with an example each, and what was typed last."""

    columns: tuple[tuple[str, str], ...]
    forms: tuple[tuple[str, str], ...]
    read_as: tuple[tuple[str, str], ...]
    values: Mapping[str, str]


def time_panel(profile: DatasetProfile, form: Mapping[str, str]) -> TimePanel:
    """Return the panel about the times of a dataset; `form` is what was posted last."""
    names = [
        ("", "No column"),
        *((column_profile.name, column_profile.name[:60]) for column_profile in profile.columns[:NAMED_COLUMNS]),
    ]
    menu = [("", "As found")]
    for column in [
        column_profile
        for column_profile in profile.columns
        if not column_profile.joined_from and _examples(column_profile)
    ][:MENU_COLUMNS]:
        menu += _forms_of(column)
    values = {name: form.get(name, "") for name in (COLUMN, READ_AS, FORM, FREE, ZONE, TOGETHER)}
    return TimePanel(tuple(names), tuple(menu), READ_AS_OPTIONS, values)


def _examples(column: ColumnProfile) -> list[str]:
    if column.time_example:
        return [column.time_example]
    return [value for value, _ in column.top_values[:1]] if column.storage in ("text", "integer", "number") else []


def _forms_of(column: ColumnProfile) -> list[tuple[str, str]]:
    """Return the forms that could have written a column, each with what it makes of one value."""
    example = _examples(column)[0]
    forms = [*candidate_forms([example]), *_number_forms(example)]
    if column.time_form and column.time_form not in [item.code for item in forms]:
        forms.insert(0, Form(column.time_form))
    options = []
    for form in forms[:MENU_FORMS]:
        moment = form.parse(example)
        if moment is not None:
            now = ", as now" if form.code == column.time_form else ""
            text = f"{moment:%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00").removesuffix(":00")
            title = f"{column.name[:40]}: {example[:30]} is {text} ({form.words}{now})"
            options.append((json.dumps([column.name, form.code]), title))
    return options


def _number_forms(example: str) -> list[Form]:
    try:
        number = float(example)
    except ValueError:
        return []
    return [
        form.form for form in number_forms(number, number, is_whole=number.is_integer()) if form.form.code in COUNTED
    ]


def time_changes(form: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the form's choices about times, as `ReadingChoices.merged` takes them.

    Raises
    ------
    DomainError
        With the field at fault.
    """
    together = [name.strip() for name in form.get(TOGETHER, "").split(",") if name.strip()]
    column, code = _from_menu(form.get(FORM, ""))
    column = column or form.get(COLUMN, "")
    code = form.get(FREE, "").strip() or code
    zone, read_as = form.get(ZONE, "").strip(), form.get(READ_AS, "")
    if together:
        choice = _check_choice({"columns": together, "read_as": "datetime", "form": code or None}, TOGETHER)
        return [_check_choice({**choice, "zone": zone or None}, ZONE)]
    if not column:
        if code or zone or read_as:
            raise DomainError("Choose the column that this is about.", code="bad_choice", field=COLUMN)
        return []
    if not (code or zone or read_as):
        return []
    choice = {"column": column, "read_as": "datetime" if code or zone else read_as, "form": code or None}
    field = ZONE if zone and not code else FREE
    return [_check_choice({**choice, "zone": zone or None}, field)]


def _from_menu(value: str) -> tuple[str, str]:
    """Return the column and the form that an option of the menu stands for; two empty texts for anything else."""
    try:
        column, code = parse_json(value)
    except (ValueError, TypeError):
        return "", ""
    return (column, code) if isinstance(column, str) and isinstance(code, str) else ("", "")


def _check_choice(choice: dict[str, Any], field: str) -> dict[str, Any]:
    try:
        return ColumnImportChoice.model_validate(choice).model_dump(mode="json", exclude_defaults=True)
    except ValidationError as fault:
        result = fault.errors()[0]
        message = str(result["msg"]).removeprefix("Value error, ")
        is_ours = result["type"] == "value_error"
        sentence = message if is_ours else "This is none of the choices. Choose one of those shown."
        raise DomainError(sentence, code="bad_choice", field=field) from fault


def choice_sentence(choice: ColumnImportChoice) -> str:
    """Return a choice about times as a sentence, "" where it is about something else."""
    names = ", ".join(f"`{name[:40]}`" for name in choice.columns)
    if choice.columns and choice.read_as != "datetime":
        return f"{names} are not joined"
    if choice.read_as == "datetime":
        parts = [f"{names} make one time" if choice.columns else f"`{choice.column[:60]}` is read as times"]
        parts += [f"written {choice.form}"] if choice.form else []
        parts += [f"on the clock of {choice.zone}"] if choice.zone else []
        return ", ".join(parts)
    return ""
