"""Who may undo whose act, what others see of a history, successors, and names without addresses."""

from __future__ import annotations

import json
import threading

import pytest
from flask import Flask

from app.domain.errors import DomainError, ForbiddenError, NotFoundError, TemplateConflictError
from app.services.experiment_templates import archiving, curation, exchange, listing, policy, using, versions
from app.services.experiment_templates.edits import TemplateEdit
from app.storage import experiment_templates as rows
from app.storage.db import db, transaction
from app.storage.tables import Dataset, ExperimentTemplate, User

CONFIG = {"task": {"target": "flow", "kind": "regression"}, "model": {"estimator": "ridge"}}


def _made(user: User, name: str = "Flow", **more: object) -> ExperimentTemplate:
    return versions.create_template(user, TemplateEdit(name=name, config=CONFIG, **more))  # type: ignore[arg-type]


def _now(row: ExperimentTemplate) -> ExperimentTemplate:
    template = rows.find_template(row.id)
    assert template is not None
    return template


def test_an_owner_restores_what_they_archived(app: Flask, user: User) -> None:
    row = _made(user)
    archiving.archive_template(user, row.id)
    assert archiving.unarchive_template(user, row.id).archived_at is None


@pytest.mark.parametrize("by_page", [True, False])
def test_only_administrators_restore_what_one_archived(app: Flask, user: User, admin: User, by_page: bool) -> None:
    row = _made(user)
    if by_page:
        curation.curate_template(admin, row.id, "archive")
    else:
        archiving.archive_template(admin, row.id)
    with pytest.raises(ForbiddenError, match="Ask an administrator to restore it"):
        archiving.unarchive_template(user, row.id)
    with pytest.raises(NotFoundError, match="Ask an administrator to restore it"):
        policy.get_current(user, row.id)
    archiving.unarchive_template(admin, row.id)
    assert archiving.unarchive_template(user, row.id).archived_at is None, "it is not archived any more"
    archiving.archive_template(user, row.id)
    assert archiving.unarchive_template(user, row.id).archived_at is None


def test_an_undone_archiving_leaves_the_owners_own(app: Flask, user: User, admin: User) -> None:
    row = _made(user)
    archiving.archive_template(user, row.id)
    curation.curate_template(admin, row.id, "archive")
    curation.undo_last_act(admin, row.id)
    assert _now(row).archived_at is not None
    assert archiving.unarchive_template(user, row.id).archived_at is None


def test_what_is_archived_is_neither_changed_nor_used(app: Flask, user: User, sample: Dataset) -> None:
    row = _made(user)
    archiving.archive_template(user, row.id)
    with pytest.raises(NotFoundError, match="archived"):
        versions.update_template(user, row.id, TemplateEdit(name="Late"), version=1)
    with pytest.raises(NotFoundError, match="archived"):
        versions.restore_version(user, row.id, 1, based_on=1)
    with pytest.raises(NotFoundError, match="archived"):
        using.try_template(user, row.id, sample.id)
    assert (_now(row).name, _now(row).version) == ("Flow", 1)


def test_successors_never_lead_back(app: Flask, user: User, admin: User) -> None:
    first, second, third = (_made(user, name) for name in ("First", "Second", "Third"))
    curation.curate_template(admin, first.id, "retire", successor_id=second.id)
    curation.curate_template(admin, second.id, "retire", successor_id=third.id)
    for row, successor in ((second, first), (third, first), (third, second), (third, third)):
        with pytest.raises(DomainError) as fault:
            curation.curate_template(admin, row.id, "retire", successor_id=successor.id)
        assert fault.value.field == "successor"
    assert _now(third).retired_at is None
    assert _now(second).successor_id == third.id


def test_an_undo_makes_no_ring_of_successors(app: Flask, user: User, admin: User) -> None:
    first, second = _made(user, "First"), _made(user, "Second")
    curation.curate_template(admin, first.id, "retire", successor_id=second.id)
    curation.curate_template(admin, first.id, "unretire")
    curation.curate_template(admin, second.id, "retire", successor_id=first.id)
    with pytest.raises(DomainError, match="leads back to this one"):
        curation.undo_last_act(admin, first.id)
    assert _now(first).successor_id is None


def test_two_administrators_at_once_make_no_ring(app: Flask, user: User, admin: User) -> None:
    for _ in range(5):
        pair = [_made(user, name).id for name in ("First", "Second")]
        refusals: list[str] = []

        def retire(place: int, pair: list = pair, rejection: list[str] = refusals) -> None:  # type: ignore[type-arg]
            with app.app_context():
                try:
                    curation.curate_template(admin, pair[place], "retire", successor_id=pair[1 - place])
                except DomainError as fault:
                    rejection.append(fault.code)
                db.session.remove()

        threads = [threading.Thread(target=retire, args=(place,)) for place in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert refusals == ["successor_loop"]


def test_a_ring_of_an_older_database_is_walked_once(app: Flask, user: User) -> None:
    first, second = _made(user, "First"), _made(user, "Second")
    with transaction():
        rows.change_template(first.id, successor_id=second.id)
        rows.change_template(second.id, successor_id=first.id)
    assert [successor.id for successor in rows.successors_of(first.id)] == [second.id]


def test_the_last_usable_successor_is_named(app: Flask, user: User, other_user: User, admin: User) -> None:
    first, second = _made(user, "First", visibility="everyone"), _made(user, "Second", visibility="everyone")
    third = _made(user, "Third", visibility="everyone")
    curation.curate_template(admin, first.id, "retire", successor_id=second.id)
    curation.curate_template(admin, second.id, "retire", successor_id=third.id)
    result = listing.successor_for(other_user, _now(first))
    assert result is not None
    assert result.id == third.id
    archiving.archive_template(user, third.id)
    result = listing.successor_for(other_user, _now(first))
    assert result is not None
    assert result.id == second.id


def test_an_older_edit_writes_nothing_over_a_curation(app: Flask, user: User, admin: User) -> None:
    row = _made(user)
    curation.curate_template(admin, row.id, "curate")
    with pytest.raises(TemplateConflictError) as fault:
        versions.update_template(user, row.id, TemplateEdit(name="Flow", visibility="private"), version=1)
    assert [change.sentence for change in fault.value.changes] == ["Shared with: only me \u2192 everyone here"]
    assert (_now(row).visibility, _now(row).version) == ("everyone", 2)
    history, _ = listing.list_history(user, _now(row))
    assert history[0].comment == "Taken into the library by an administrator."
    curation.undo_last_act(admin, row.id)
    with pytest.raises(TemplateConflictError):
        versions.update_template(user, row.id, TemplateEdit(visibility="everyone"), version=2)
    assert (_now(row).visibility, _now(row).version) == ("private", 3)


def test_a_former_owner_writes_nothing_after_a_transfer(app: Flask, user: User, other_user: User, admin: User) -> None:
    row = _made(user, visibility="everyone")
    curation.curate_template(admin, row.id, "transfer", email=other_user.email)
    with pytest.raises(ForbiddenError):
        versions.update_template(user, row.id, TemplateEdit(name="Mine"), version=1)


def test_a_history_is_shown_since_it_was_shared(app: Flask, user: User, other_user: User, sample: Dataset) -> None:
    row = _made(user, name="Secret idea", comment="Tried at night.")
    row = versions.update_template(user, row.id, TemplateEdit(name="Better", visibility="everyone"), version=1)
    row = versions.update_template(user, row.id, TemplateEdit(name="Best"), version=2)
    row = versions.restore_version(user, row.id, 1, based_on=3)
    row = versions.restore_version(user, row.id, 3, based_on=4)
    history, total = listing.list_history(other_user, row)
    assert ([item.version for item in history], total) == ([5, 4, 3, 2], 4)
    assert listing.list_history(user, row)[1] == 5
    for act in (
        lambda: policy.get_version(other_user, row, 1),
        lambda: versions.diff_versions(other_user, row.id, 1, 2),
        lambda: using.try_template(other_user, row.id, sample.id, version=1),
    ):
        with pytest.raises(NotFoundError, match="older than its sharing"):
            act()
    file = exchange.export_template(other_user, row.id)
    assert "Tried at night." not in json.dumps(file)
    assert [(item["version"], item["restores"]) for item in file["versions"]] == [
        (1, None),
        (2, None),
        (3, None),
        (4, 2),
    ]
    assert exchange.import_template(other_user, file).version == 4


def test_people_by_name_see_what_was_shared_with_them(app: Flask, user: User, other_user: User, admin: User) -> None:
    row = _made(user)
    edit = TemplateEdit(visibility="people", people=(other_user.email,))
    row = versions.update_template(user, row.id, edit, version=1)
    row = versions.update_template(user, row.id, TemplateEdit(visibility="everyone"), version=2)
    third = User(email="cy@example.org", role="member", name="Cy")
    with transaction():
        db.session.add(third)
    assert policy.first_shown_version(other_user, row) == 2
    assert policy.first_shown_version(third, row) == 3
    row = versions.update_template(user, row.id, TemplateEdit(visibility="private"), version=3)
    row = versions.update_template(user, row.id, TemplateEdit(visibility="everyone"), version=4)
    assert policy.first_shown_version(other_user, row) == 5
    assert policy.first_shown_version(admin, row) == 1


def test_names_of_a_history_hold_no_address(app: Flask, other_user: User, admin: User) -> None:
    nameless = User(email="no.name@example.org", role="member", name="")
    addressed = User(email="x@example.org", role="admin", name="X <x@example.org>")
    with transaction():
        db.session.add_all([nameless, addressed])
    row = _made(nameless, visibility="everyone")
    row = versions.update_template(addressed, row.id, TemplateEdit(name="Second"), version=1)
    curation.curate_template(addressed, row.id, "feature")
    assert "@" not in json.dumps(exchange.export_template(nameless, row.id))
    assert {item.author_name for item in listing.list_history(nameless, row)[0]} == {"A member"}
    assert [event.user_name for event in rows.list_template_events(row.id)] == ["A member"]
    assert listing.owner_names([row]) == {row.id: "A member"}
    assert listing.owner_addresses(admin, [row]) == {row.id: nameless.email}
    with pytest.raises(ForbiddenError):
        listing.owner_addresses(other_user, [row])


def test_an_import_brings_no_address_and_keeps_its_dates(app: Flask, user: User) -> None:
    file = exchange.export_template(user, _made(user).id)
    file["versions"][0] |= {"author": "Ben <ben@example.org>", "created_at": "2024-05-01T10:00:00+02:00"}  # type: ignore[index,call-overload]
    row = exchange.import_template(user, file)
    (version,), _ = listing.list_history(user, row)
    assert (version.author_name, version.created_at.isoformat()) == ("A member", "2024-05-01T08:00:00")
    assert versions.is_imported(row, version)


def test_words_are_cleaned_wherever_they_come_from(app: Flask, user: User) -> None:
    dirty = {"name": "Flow\u202e", "description": "a\u200bb\x07", "category": "Ri\u2066ver", "comment": "c\u202ed"}
    row = _made(user, **{**dirty, "tags": ("da\u200eily", "\u200b")})
    file = exchange.export_template(user, row.id)
    file["versions"][0] |= {**dirty, "tags": ["da\u200eily", "\u200b"], "author": "A\u202eda"}  # type: ignore[index,call-overload]
    usage = exchange.import_template(user, file)
    for made in (row, usage):
        (version,), _ = listing.list_history(user, made)
        assert (made.name, made.description, made.category, made.tags) == ("Flow", "ab", "River", ["daily"])
        assert (version.comment, version.author_name) == ("cd", "Ada")
