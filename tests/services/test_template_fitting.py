"""Which templates are shown for a file: those made for it, a general one among them, and no five of the same."""

from __future__ import annotations

from flask import Flask

from app.services.experiment_templates import curation, fitting, using, versions
from app.services.experiment_templates.edits import TemplateEdit
from app.storage import experiment_templates as rows
from app.storage.tables import Dataset, ExperimentTemplate, User
from tests.services.tables import upload

CONFIG = {
    "task": {"target": "discharge_mm", "kind": "regression", "time_column": "date", "purpose": "simulate"},
    "features": {"selected": ["prcp_mm", "tmax_c"]},
    "validation": {"strategy": "time_series", "parameters": {"n_splits": 4}, "holdout": {"fraction": 0.2}},
}


def _names(results: tuple[fitting.FittingTemplate, ...]) -> list[str]:
    return [item.template.name for item in results]


def _own(user: User, name: str, **more: object) -> ExperimentTemplate:
    return versions.create_template(user, TemplateEdit(name=name, config=CONFIG, **more))  # type: ignore[arg-type]


def test_templates_made_for_a_file_come_before_general_ones(app: Flask, user: User, sample: Dataset) -> None:
    result = fitting.list_fitting(user, sample)
    assert _names(result.first)[:2] == [
        "Daily streamflow simulated from weather",
        "Streamflow forecast three days ahead",
    ]
    assert "Quick baseline comparison" in _names(result.first)
    assert 3 <= len(result.first) <= fitting.MAX_FIRST
    assert "Small data with repeated cross-validation" in _names(result.others)
    assert not set(_names(result.first)) & set(_names(result.others))


def test_copies_of_one_template_do_not_hide_the_others(app: Flask, user: User, sample: Dataset) -> None:
    for number in range(7):
        _own(user, f"Copy {number}")
    names = _names(fitting.list_fitting(user, sample).first)
    assert sum(name.startswith("Copy") for name in names) == 1
    assert "Quick baseline comparison" in names
    assert "Daily streamflow simulated from weather" in names


def test_a_rare_class_brings_its_template_to_the_front(app: Flask, user: User) -> None:
    lines = "\n".join(f"{number},{number % 9},{'yes' if number % 20 == 0 else 'no'}" for number in range(600))
    result = fitting.list_fitting(user, upload(user, f"depth,width,flood\n{lines}\n".encode()))
    assert result.first[0].template.library_key == "imbalanced-binary"
    assert result.first[0].suits.reason == "Only 5.0% of the rows have the rarer class of flood."


def test_nobody_is_offered_what_others_keep_private(
    app: Flask, user: User, other_user: User, admin: User, sample: Dataset
) -> None:
    hidden, retired = _own(other_user, "Hidden"), _own(other_user, "Retired", visibility="everyone")
    curation.curate_template(admin, retired.id, "retire")
    assert rows.find_template(hidden.id) is not None
    for person in (user, admin):
        result = fitting.list_fitting(person, sample)
        assert not {"Hidden", "Retired"} & {*_names(result.first), *_names(result.others)}


def test_an_own_template_is_found_behind_many_that_are_used(app: Flask, user: User, other_user: User) -> None:
    dataset = upload(user, b"a,b,c\n" + b"".join(b"%d,%d,%d\n" % (n, n % 7, n % 5) for n in range(200)))
    for number in range(fitting.MAX_LOOKED_AT):
        row = versions.create_template(
            other_user, TemplateEdit(name=f"Used {number}", config={}, visibility="everyone")
        )
        result = using.try_template(user, row.id, dataset.id)
        using.use_template(user, result)
    versions.create_template(user, TemplateEdit(name="Mine", config={"task": {"target": "c"}}))
    fits = fitting.list_fitting(user, dataset)
    assert "Mine" in [*_names(fits.first), *_names(fits.others)]
