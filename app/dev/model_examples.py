"""Gallery examples of the Model step: estimator cards, hyperparameter fields and advice."""

from __future__ import annotations

from dataclasses import replace

from app.dev.example import Example, macro_example, partial_example
from app.domain import wizard
from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter
from app.domain.problems import Problem, Remedy
from app.domain.recommendation.estimators import EstimatorSuggestion
from app.domain.recommendation.verdict import Advice
from app.domain.vocabulary import Level, Severity, TaskKind
from app.steps.estimator_choice import EstimatorChoice
from app.steps.model.tuner import SettingField, SettingGroup, format_field_value
from app.web.hyperparameters import STEP

HERE = "/dev/gallery"
ENTRIES = registry.estimators_for_task(TaskKind.REGRESSION)
FIRST = ENTRIES[0]
KINDS = {"follows": "the suggestion follows", "waits": "the page was drawn before"}


def _field(parameter: Parameter, *, changed: bool = False, problems: tuple[Problem, ...] = ()) -> SettingField:
    words = format_field_value(parameter, parameter.default)
    return SettingField(
        name=f"{FIRST.id}.{parameter.name}",
        parameter=parameter,
        value=parameter.default,
        recommended="another value" if changed else words,
        default=words,
        is_changed=changed,
        is_default=not changed,
        problems=problems,
    )


def _problem(parameter: Parameter, severity: Severity) -> Problem:
    name = f"{FIRST.id}.{parameter.name}"
    remedy = Remedy("Use the default", {STEP: {name: parameter.default}})
    return Problem(STEP, name, severity, "learning_rate_high", "This is far from what works in most cases.", remedy)


def _states() -> list[tuple[str, SettingField]]:
    number = next(
        parameter for entry in ENTRIES for parameter in entry.parameters if parameter.type in ("integer", "number")
    )
    states = [
        ("as recommended", _field(number)),
        ("changed", _field(number, changed=True)),
        ("with a doubt", _field(number, changed=True, problems=(_problem(number, Severity.WARNING),))),
        ("with a fault", _field(number, problems=(_problem(number, Severity.ERROR),))),
    ]
    results = {parameter.type: parameter for entry in ENTRIES for parameter in entry.parameters}
    return [*states, *((f"of type {kind}", _field(parameter)) for kind, parameter in sorted(results.items()))]


def examples() -> list[Example]:
    """Return the examples of `model`, and of the fragment that follows its settings."""
    states = _states()
    settings = [setting for _, setting in states]
    depth = {"calm": settings[:1], "changed": settings[1:2], "faulty": settings[2:4]}
    groups = {name: SettingGroup(Level.BASIC, tuple(members)) for name, members in depth.items()}
    return [
        *_cards(),
        *(macro_example("model", "state", name, setting=setting, here=HERE) for name, setting in states[:4]),
        macro_example("model", "button", "a remedy", action="all-defaults", label="Use it", about="Rate", here=HERE),
        *(macro_example("model", "setting", name, field=setting, here=HERE, pressed="") for name, setting in states),
        macro_example("model", "hint", "a setting", title="Learning rate", id="f-rate", told="0.001 to 1."),
        *(macro_example("model", "mark", name, depth=group) for name, group in groups.items()),
        macro_example("model", "ways_back", "nothing changed", depths=[groups["calm"]], here=HERE),
        macro_example("model", "ways_back", "some changed", depths=[groups["changed"]], here=HERE),
        partial_example(
            "model/states",
            "after a save",
            base=HERE,
            step=wizard.step_of("model"),
            depths=[groups["changed"]],
            posted=[settings[1].name],
        ),
        *(partial_example("review/choice", name, base=HERE, choice=_choice(kind)) for kind, name in KINDS.items()),
        partial_example("review/choice", "under way", base=HERE, choice=_choice("rules", busy=True)),
    ]


def _cards() -> list[Example]:
    reasons = ("Robust to its settings.", "Captures lagged effects.")
    cautions = ("Hard to interpret.",)
    suggestion = EstimatorSuggestion(FIRST, reasons, cautions, FIRST.defaults(TaskKind.REGRESSION))
    baseline = next(entry for entry in ENTRIES if entry.is_baseline)
    plain = EstimatorSuggestion(baseline, (), (), baseline.defaults(TaskKind.REGRESSION))
    tie = replace(suggestion, even=("NSE 0.612 in short fits, best baseline 0.610: a tie",))
    advice = (
        ("below the baseline", Advice("below_baseline", Severity.WARNING, "The mean does better.", "More rows help.")),
        ("no signal", Advice("no_signal", Severity.WARNING, "No short fit was better than the mean.")),
        ("near the baseline", Advice("near_baseline", Severity.NOTICE, "The best fit is close to persistence.")),
        ("few rows", Advice("too_few_rows", Severity.WARNING, "There are 40 rows.")),
    )
    return [
        macro_example("model", "card", "chosen and suggested", suggestion=suggestion, chosen=FIRST, first="Suggested"),
        macro_example("model", "card", "baseline", suggestion=plain, chosen=FIRST, first=""),
        *(macro_example("model", "advice", name, item=item) for name, item in advice),
        macro_example("model", "use", "a button", entry=FIRST, choose=HERE),
        macro_example("model", "take", "a button", entry=FIRST, label="Keep it", address=HERE),
        macro_example("model", "compared", "beside one that was not fitted", choice=_choice(), other=ENTRIES[2]),
        macro_example("model", "follows", "with Undo", choice=_choice(), address=HERE),
        macro_example("model", "card", "a tie", suggestion=tie, chosen=FIRST, first=""),
    ]


def _choice(kind: str = "follows", *, busy: bool = False) -> EstimatorChoice:
    return EstimatorChoice(
        kind=kind,
        entry=ENTRIES[0],
        rules=ENTRIES[1],
        best=ENTRIES[0],
        metric="NSE",
        scores={ENTRIES[0].id: 0.755, ENTRIES[1].id: 0.677},
        tied=(),
        busy=busy,
        choose=HERE,
    )
