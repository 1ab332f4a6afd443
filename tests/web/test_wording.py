"""Settings are read by the labels of the registries, not by the words of a config."""

from __future__ import annotations

import pytest

from app.domain.estimators import registry
from app.domain.experiment import Spec
from app.domain.training.preprocessing import transforms
from app.domain.training.tuning.search_summary import SearchedParameter, SearchSummary, TuningSummary
from app.web import wording
from app.web.charts import facts, trials
from app.web.wording import format_hyperparameter, format_setting_value
from tests.web import seeds


def spec_of(estimator: str, kind: str, **more: object) -> Spec:
    values = seeds.spec_json(kind)
    values["model"] = {"estimator": estimator, "parameters": more}
    values["features"]["transforms"] = [
        {"columns": [], "kind": "date_parts", "parameters": {"parts": ["doy_cyclic", "month"]}}
    ]
    return Spec.model_validate(values)


def test_every_choice_is_written_by_its_label() -> None:
    for entry in registry.ESTIMATORS:
        for parameter in entry.parameters:
            for value, label in parameter.choices:
                assert format_setting_value(parameter, value) == label
            if parameter.optional and parameter.none_means:
                assert format_setting_value(parameter, None) == parameter.none_means


def test_the_facts_of_an_experiment_hold_no_word_of_the_config() -> None:
    told = {
        fact.term: f"{fact.value} {fact.note}" for fact in facts.facts(spec_of("logistic_regression", "multiclass"))
    }
    text = " ".join(told.values())
    for word in ("l2", "lbfgs", "balanced", "doy_cyclic", "expanding"):
        assert word not in text.replace("Balanced", ""), text
    assert "Day of the year, as sine and cosine, Month" in text
    tree = {fact.term: fact.value for fact in facts.facts(spec_of("decision_tree", "regression", max_depth=None))}
    assert "as deep as needed" in tree.values()


def test_parts_of_the_date_are_written_by_their_titles() -> None:
    (parts,) = transforms.get("date_parts").parameters
    assert format_setting_value(parts, ["hour_cyclic"]) == "Hour of the day, as sine and cosine"
    (steps, *_) = transforms.get("lag").parameters
    assert format_setting_value(steps, [1, 2]) == "1, 2"


@pytest.mark.parametrize(("estimator", "words"), [("logistic_regression", "L1: drops features"), ("of_old", "l1")])
def test_what_a_search_found_is_written_by_its_label(estimator: str, words: str) -> None:
    assert format_hyperparameter(estimator, "penalty", "l1") == words
    search = SearchSummary(
        part="fold 1",
        rows=9,
        inner=2,
        trials=1,
        complete=1,
        pruned=0,
        failed=0,
        given=0.1,
        best=0.2,
        scores=(),
        chosen={"penalty": "l1"},
    )
    tuning = TuningSummary(
        metric="f1_macro",
        title="F1",
        greater_is_better=True,
        sampler="tpe",
        pruning="none",
        parameters=(SearchedParameter(name="penalty", title="Penalty"),),
        searches=(search,),
        limit=None,
        budget=1,
        importance=(),
        sentence="",
    )
    results = trials.build(tuning, estimator=estimator)
    assert results is not None
    assert results.parts[0].chosen == (words,)


def test_the_history_of_the_answers_names_settings_by_their_titles_and_labels() -> None:
    changes = {
        "model.logistic_regression.penalty": [{"absent": True}, "l1"],
        "model.estimator": ["ridge", "of_old"],
        "model.of_old.depth": [1, 2],
    }
    event = {"version": 2, "step": "model", "at": "2026-11-24T02:00:00", "changes": changes}
    told = [(change.answer, change.before, change.after) for change in facts.answer_history([event])]
    assert told == [
        (registry.get("logistic_regression").parameter("penalty").title, "as suggested", "L1: drops features"),  # type: ignore[union-attr]
        ("estimator", registry.get("ridge").title, "of_old"),
        ("depth", "1", "2"),
    ]


def test_an_answer_of_the_validation_is_named_as_its_form_names_it() -> None:
    assert wording.field_title("validation.k_fold.n_splits") == "Folds"
    assert wording.field_title("validation.holdout_percent") == "holdout percent"
    assert wording.describe_answer("validation.time_series.gap", "30") == "30 steps"
    assert wording.describe_answer("model.estimator", "ridge") == registry.get("ridge").title
    assert wording.describe_answer("data.target", None) == ""
