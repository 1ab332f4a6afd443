"""Gallery examples of form fields, data sources, filters, questions and notices."""

from __future__ import annotations

from typing import Any

from app.dev.example import Example, macro_example
from app.domain.errors import DomainError
from app.domain.estimators import registry
from app.domain.recommendation.selection import NUMBERS, Filter
from app.domain.vocabulary import TaskKind
from app.services.datasets.samples import SAMPLES
from app.services.measurements.leakage import LeakQuestion
from app.services.system.system_state import QUEUE_AWAY, UNREACHABLE, WORKERS_AWAY, PartState, SystemState
from app.steps.features.listing import Listing

HERE = "/dev/gallery"
FAULT = "Enter a number from 1 to 50."
OPTIONS = (("time_series", "Time series"), ("k_fold", "K-fold"), ("holdout", "One split"))
RAIN = LeakQuestion(
    column="rain_next_day_mm",
    key="c3",
    field="leak.c3",
    code="target_leakage",
    score=0.97,
    strong=True,
    evidence="It says nearly everything about the target.",
    question="Is it known when the prediction is made?",
    columns=("rain_next_day_mm",),
    fields=("leak.c3",),
)
BOTH = LeakQuestion(
    column="baseflow_mm",
    key="c4",
    field="leak.c4",
    code="sum_of_columns",
    score=1.0,
    strong=False,
    evidence="The target is the sum of both.",
    question="Are they known when the prediction is made?",
    answer="not_known",
    columns=("baseflow_mm", "quickflow_mm"),
    fields=("leak.c4", "leak.c5"),
)


def examples() -> list[Example]:
    """Return the examples of `fields`, `shared`, `sources`, `finder`, `leaks` and `outage`."""
    return [*_parts(), *_controls(), *_choices(), *_parameters(), *_sources(), *_finder(), *_questions(), *_shared()]


def _parts() -> list[Example]:
    problems = (DomainError(FAULT, field="n_splits"), DomainError("Choose a target.", field="target"))
    kept = [{"field": "file", "message": "Rows 4 and 9 do not fit.", "kept": "the id of a dataset", "code": "ragged"}]
    return [
        macro_example("fields", "csrf", "a hidden field"),
        macro_example("fields", "ident", "the id of a control", name="reading.time_form"),
        macro_example("fields", "error_of", "a problem of the field", problems=problems, name="n_splits"),
        macro_example("fields", "error_of_any", "a problem of the field", problems=problems, name="target"),
        macro_example("fields", "kept_of", "a file that waits", problems=kept),
        macro_example("fields", "kept_code_of", "a file that waits", problems=kept),
        macro_example("fields", "described", "hint alone", frame="source", name="seed", hint="A number.", fault=""),
        macro_example(
            "fields", "described", "with a fault", frame="source", name="seed", hint="A number.", fault=FAULT
        ),
    ]


def _shared() -> list[Example]:
    place: dict[str, Any] = {"label": "Pages of columns", "pages": 3, "link": "?page={}".format}
    asking: dict[str, Any] = {"address": HERE, "ask": HERE, "target": "#datasets-columns", "total": "120 columns"}
    body = "The file is read."
    return [
        macro_example("shared", "notice", "plain", body=body),
        macro_example("shared", "notice", "success", body=body, tone="success", role="status"),
        macro_example("shared", "notice", "warning", body=body, tone="warning", tag="p"),
        macro_example("shared", "notice", "danger", body=body, tone="danger", role="alert"),
        macro_example("shared", "help", "closed", body=body, about="first rows"),
        macro_example("shared", "pager", "first page", page=1, **place),
        macro_example("shared", "pager", "between", page=2, words=("Earlier", "Further"), **place, **asking),
    ]


def _controls() -> list[Example]:
    hint = "Between 2 and 50."
    rich: dict[str, Any] = {"unit": "days", "mode": "numeric", "note": "Suggested because of the lags."}
    rich["attributes"] = {"maxlength": 4}
    return [
        macro_example(
            "fields",
            "named",
            "with help",
            frame="source",
            name="seed",
            label="Seed",
            help="The same seed repeats a run.",
        ),
        macro_example("fields", "text", "empty", name="name", label="Name", value=""),
        macro_example(
            "fields", "text", "with unit, hint and note", name="gap", label="Gap", value="14", hint=hint, **rich
        ),
        macro_example("fields", "text", "with a fault", name="n", label="Folds", value="0", hint=hint, fault=FAULT),
        macro_example("fields", "area", "filled", name="notes", label="Notes", value="Dry years.", hint="For you."),
        macro_example(
            "fields", "area", "with a fault", name="notes", label="Notes", value="", fault="Too long.", rows=2
        ),
    ]


def _choices() -> list[Example]:
    split: dict[str, Any] = {"name": "split", "label": "Split", "options": OPTIONS, "hint": "Folds of rows."}
    small: dict[str, Any] = {"value": "", "fault": "Choose a split.", "small": True}
    return [
        macro_example("fields", "select", "chosen", value="k_fold", **split),
        macro_example("fields", "select", "small, with a fault and a hidden label", **small, **split),
        macro_example("fields", "segments", "chosen", value="k_fold", **split),
        macro_example("fields", "segments", "with a fault", value="", fault="Choose one.", **split),
    ]


def _parameters() -> list[Example]:
    by_type = {
        parameter.type: (entry, parameter)
        for entry in reversed(registry.estimators_for_task(TaskKind.REGRESSION))
        for parameter in entry.parameters
    }
    return [
        macro_example(
            "fields", "parameter", f"of type {kind}", prefix=f"{entry.id}.", entry=parameter, value=parameter.default
        )
        for kind, (entry, parameter) in sorted(by_type.items())
    ]


def _sources() -> list[Example]:
    refusals: dict[str, Any] = {"kept": "5f0c", "in_part": HERE, "fault": "Rows 4 and 9 do not fit the others."}
    owned = [{"id": "5f0c", "name": "Harz gauges", "rows": 12_410}]
    return [
        macro_example("sources", "upload", "empty", action=HERE, fault=""),
        macro_example("sources", "upload", "a file refused for some rows", action=HERE, **refusals),
        macro_example("sources", "upload", "a grid too large", action=HERE, **refusals, kept_code="grid_too_large"),
        macro_example("sources", "sample_picker", "first chosen", action=HERE, samples=SAMPLES),
        macro_example("sources", "sample_picker", "another chosen", action=HERE, samples=SAMPLES, chosen="penguins"),
        macro_example("sources", "owned_picker", "one dataset", action=HERE, owned=owned),
        macro_example("sources", "in_part", "a button", action=HERE, dataset_id="5f0c"),
        macro_example("sources", "in_part", "a place", action=HERE, dataset_id="5f0c", reason_code="no_such_place"),
        macro_example("sources", "place_of_grid", "empty", form="in-part"),
    ]


def _finder() -> list[Example]:
    kinds = (("", "Any"), ("numeric", "numeric (12)"), ("categorical", "categorical (3)"))
    query, faults = {"kind": "numeric", "most_missing": "120"}, {"most_missing": "Enter a number from 0 to 100."}
    listing = Listing(query, faults, Filter(), "file", 1, 1, 15, (), kinds, ())
    wrong = Listing({"kind": "none"}, {"kind": "Choose a kind."}, Filter(), "file", 1, 1, 15, (), kinds, ())
    kind: dict[str, Any] = {"name": "kind", "title": "Kind", "options": kinds}
    return [
        macro_example("finder", "choice", "chosen", listing=listing, **kind),
        macro_example("finder", "choice", "with a fault", listing=wrong, **kind),
        macro_example("finder", "number", "empty", listing=listing, parameter=NUMBERS[0]),
        macro_example("finder", "number", "with a fault", listing=listing, parameter=NUMBERS[1]),
    ]


def _questions() -> list[Example]:
    away = SystemState((PartState("queue", UNREACHABLE, QUEUE_AWAY),))
    idle = SystemState((PartState("workers", UNREACHABLE, WORKERS_AWAY),))
    subjects = (("one column", RAIN), ("two columns", BOTH))
    return [
        *(
            macro_example("leaks", macro, state, question=question)
            for macro in ("names", "listed")
            for state, question in subjects
        ),
        macro_example("outage", "notice", "queue away", context={"outage": away.sentence}),
        macro_example("outage", "notice", "nothing for running work", context={"outage": idle.sentence}, running=True),
    ]
