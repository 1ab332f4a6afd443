"""Titles, settings and complexity of the candidates of a contest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter
from app.domain.experiment import CandidatePart, Spec
from app.domain.json_values import Settings
from app.domain.text.numbers import format_number
from app.domain.training.preprocessing.pipeline import parameters_of

# More settings than these make a title nobody reads.
MAX_SETTINGS_TOLD = 2
# How far a family is from one that can be read off: coefficients first, then single rules, then averages of many.
SIMPLICITY = {"linear": 0, "probabilistic": 1, "neighbors": 2, "kernel": 3, "trees": 4, "neural": 5}
SIMPLER_THAN_ITS_FAMILY = {"decision_tree": 1, "averaged_trees": 5, "linear_interpolation": 0, "dummy": 0}


def titles_of(specs: Sequence[Spec]) -> tuple[str, ...]:
    """Return a title for each candidate that tells it from the others: the estimator, and settings where they differ.

    Parameters
    ----------
    specs
        The config of each candidate by itself.
    """
    plain = [_title(spec) for spec in specs]
    counts = Counter(plain)
    told = [
        title if counts[title] == 1 else f"{title} ({settings})" if (settings := _settings(spec)) else title
        for title, spec in zip(plain, specs, strict=True)
    ]
    seen: Counter[str] = Counter()
    titles = []
    for title in told:
        seen[title] += 1
        titles.append(title if seen[title] == 1 else f"{title}, setting {seen[title]}")
    return tuple(titles)


def title_of_part(part: CandidatePart) -> str:
    """Return the title of a candidate's estimator; its id where the registry has none of that name."""
    return registry.get(part.estimator).title if registry.has(part.estimator) else part.estimator[:60]


def describe_candidate(part: CandidatePart) -> str:
    """Return a candidate in words: its estimator, every setting that it fixes, and whether it is searched."""
    entry = registry.get(part.estimator) if registry.has(part.estimator) else None
    words = ["searched"] if part.tuning.enabled else []
    for name, value in part.parameters.items():
        parameter = None if entry is None else entry.parameter(name)
        title = name.replace("_", " ") if parameter is None else parameter.title.lower()
        words.append(f"{title} {_format(value, parameter)}")
    title = title_of_part(part)
    return f"{title}: {', '.join(words)}" if words else f"{title}, with the usual settings"


def _title(spec: Spec) -> str:
    identifier = spec.model.estimator
    return registry.get(identifier).title if registry.has(identifier) else identifier[:60]


def _settings(spec: Spec) -> str:
    """Return the settings that differ from the defaults, in words; "searched" where a search finds them."""
    if not registry.has(spec.model.estimator):
        return ""
    entry = registry.get(spec.model.estimator)
    words = ["searched"] if spec.model.tuning.enabled else []
    for name, value in spec.model.parameters.items():
        parameter = entry.parameter(name)
        if parameter is not None and value != parameter.default:
            words.append(f"{parameter.title.lower()} {_format(value, parameter)}")
    return ", ".join(words[: MAX_SETTINGS_TOLD + spec.model.tuning.enabled])


def _format(value: Any, parameter: Parameter | None = None) -> str:
    """Return a value as the form shows it."""
    if parameter is not None and value in dict(parameter.choices):
        label = dict(parameter.choices)[value]
        return label[0].lower() + label[1:]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return format_number(value, 4)
    return str(value).lower() if isinstance(value, bool) else str(value)


def settings_of(spec: Spec) -> Settings:
    """Return every hyperparameter of a candidate with its value, as JSON keeps it."""
    if not registry.has(spec.model.estimator):
        return {}
    plain = (str, int, float, bool, type(None))
    return {name: value if isinstance(value, plain) else str(value) for name, value in parameters_of(spec).items()}


def complexity_of(spec: Spec) -> int:
    """Return how hard a candidate is to read, 0 for coefficients; a search adds nothing to it."""
    entry = registry.get(spec.model.estimator)
    return SIMPLER_THAN_ITS_FAMILY.get(entry.id, SIMPLICITY.get(entry.family, max(SIMPLICITY.values())))
