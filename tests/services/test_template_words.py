"""What an undo leaves alone, and words that come with an imported template."""

from __future__ import annotations

import pytest
from flask import Flask

from app.domain.errors import ConflictError, DomainError, InvalidBodyError
from app.domain.json_values import JsonObject
from app.services.experiment_templates import curation, exchange, listing, versions
from app.services.experiment_templates.edits import TemplateEdit
from app.storage import experiment_templates as rows
from app.storage.db import transaction
from app.storage.tables import ExperimentTemplate, User

CONFIG = {"task": {"target": "flow", "kind": "regression"}, "model": {"estimator": "ridge"}}


def _made(user: User, **more: str) -> ExperimentTemplate:
    return versions.create_template(user, TemplateEdit(name="Flow", config=CONFIG, **more))


def test_an_undo_makes_nothing_public_that_was_made_private_since(app: Flask, user: User, admin: User) -> None:
    row = _made(user, visibility="everyone")
    curation.curate_template(admin, row.id, "curate")
    versions.update_template(user, row.id, TemplateEdit(visibility="private"), version=row.version)
    with pytest.raises(ConflictError, match="its owner has changed that since"):
        curation.undo_last_act(admin, row.id)
    template = rows.find_template(row.id)
    assert template is not None
    assert template.visibility == "private"


def test_an_undo_takes_back_what_still_stands(app: Flask, user: User, admin: User) -> None:
    row = _made(user)
    curation.curate_template(admin, row.id, "curate")
    curation.undo_last_act(admin, row.id)
    template = rows.find_template(row.id)
    assert template is not None
    assert (template.visibility, template.curated_at) == ("private", None)


def _file(user: User, **changed: object) -> JsonObject:
    sent = exchange.export_template(user, _made(user).id)
    (version,) = sent["versions"]
    version.update(changed)
    return sent


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": "   "}, "versions.1.name"),
        ({"name": "\0"}, "versions.1.name"),
        ({"tags": ["x" * 51]}, "versions.1.tags"),
        ({"tags": [rows.TAG_SIGN]}, "versions.1.tags"),
    ],
)
def test_words_of_an_import_are_checked_as_those_of_an_edit(
    app: Flask, user: User, changed: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidBodyError) as fault:
        exchange.import_template(user, _file(user, **changed))
    assert [field_fault.field for field_fault in fault.value.faults] == [field]


def test_words_of_an_import_are_cleaned(app: Flask, user: User) -> None:
    row = exchange.import_template(
        user, _file(user, name=" Flow\0 ", tags=[" a ", "a", ""], comment="\0", author="A\0")
    )
    assert (row.name, row.tags) == ("Flow", ["a"])
    assert [(item.author_name, item.comment) for item in listing.list_history(user, row)[0]] == [("A", "")]


def test_a_name_that_no_sign_is_left_of_is_refused(app: Flask, user: User) -> None:
    with pytest.raises(InvalidBodyError):
        versions.create_template(user, TemplateEdit(name="\0", config=CONFIG))


def test_a_file_says_its_format_version(app: Flask, user: User) -> None:
    for version in (0, -1, None, "1"):
        with pytest.raises(DomainError, match="does not say a format version"):
            exchange.import_template(user, {**_file(user), "format_version": version})


def test_a_template_without_an_account_is_not_said_to_be_shipped(app: Flask, user: User) -> None:
    row = _made(user)
    with transaction():
        rows.change_template(row.id, owner_id=None)
    template = rows.find_template(row.id)
    assert template is not None
    assert listing.owner_names([template]) == {row.id: "A former member"}
