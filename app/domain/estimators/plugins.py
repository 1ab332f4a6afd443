"""Estimators of installed packages, found by entry points and checked before use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import EntryPoint, entry_points
from itertools import product
from math import isfinite
from typing import Any, get_args

from app.domain.estimators.parameters import EstimatorEntry, Parameter, ParameterType, ParameterValues
from app.domain.vocabulary import Level, TaskKind

GROUP = "hydroml.estimators"
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
SETTING = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")
# No estimator is told a list: forms, searches and estimates take each setting for a single value.
OF_ESTIMATORS = frozenset(get_args(ParameterType)) - {"steps"}
SIZES = ((2, 1), (1_000, 10), (1_000_000, 100))


@dataclass(frozen=True)
class InstalledEstimators:
    """What the installed packages bring: entries that are fit for use, packages by name, and a sentence per fault."""

    entries: tuple[EstimatorEntry, ...] = ()
    packages: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def discover(used_names: Collection[str], points: Iterable[EntryPoint] | None = None) -> InstalledEstimators:
    """Load every entry point of the group `hydroml.estimators`; none of them can do harm by failing.

    Parameters
    ----------
    used_names
        Ids that are in use already.
    points
        The entry points; those of the installed packages when None.
    """
    entries: list[EstimatorEntry] = []
    packages, faults = [], []
    known = set(used_names)
    for point in sorted(
        entry_points(group=GROUP) if points is None else points,
        key=lambda entry_point: (entry_point.name, entry_point.value),
    ):
        origin = f"{point.dist.name} {point.dist.version}" if point.dist else "a package without a name"
        try:
            for entry in _load_entry_points(point, known):
                entries.append(replace(entry, origin=origin))
                known.add(entry.id)
                packages.append(point.dist.name if point.dist else "")
        # A module of somebody else may raise anything at all, or ask the process to end.
        except (Exception, SystemExit) as fault:
            why = " ".join(str(fault).split())[:300] or "no reason given"
            kind = "" if type(fault) is ValueError else f"{type(fault).__name__}: "
            faults.append(f"The estimator {point.name} of {origin} is left out: {kind}{why.rstrip('.')}.")
    return InstalledEstimators(tuple(entries), tuple(dict.fromkeys(name for name in packages if name)), tuple(faults))


def _load_entry_points(point: EntryPoint, used_names: Collection[str]) -> list[EstimatorEntry]:
    current_values = point.load()
    entries = list(current_values) if isinstance(current_values, tuple | list) else [current_values]
    seen = set(used_names)
    for entry in entries:
        for fault in faults_of(entry, seen):
            raise ValueError(fault)
        seen.add(entry.id)
    return entries


def faults_of(entry: Any, used_names: Collection[str] = ()) -> Iterator[str]:
    """Yield a sentence for everything that makes an entry unfit; later ones take the earlier for granted."""
    if not isinstance(entry, EstimatorEntry):
        yield f"it is {type(entry).__name__}, not an EstimatorEntry"
        return
    if not (isinstance(entry.id, str) and NAME.fullmatch(entry.id)):
        yield f"its id {str(entry.id)[:40]!r} must be of small letters, digits and underscores"
    if entry.id in used_names:
        yield f"there is an estimator {entry.id} already"
    for name in ("title", "family", "summary"):
        if not (isinstance(getattr(entry, name), str) and getattr(entry, name).strip()):
            yield f"its {name} is empty"
    if not entry.tasks or not all(isinstance(task, TaskKind) for task in entry.tasks):
        yield "its tasks must be some of TaskKind"
    if entry.is_baseline:
        yield "a baseline cannot be brought by a package"
    yield from (fault for parameter in entry.parameters for fault in _faults_of_setting(parameter))
    names = [parameter.name for parameter in entry.parameters]
    if len(set(names)) < len(names):
        yield "two of its settings have the same name"
    if not all(callable(item) for item in (entry.build, entry.work, entry.memory_mb)):
        yield "build, work and memory_mb must be functions"
    yield from _faults_of_cost(entry)


def _faults_of_setting(parameter: Parameter) -> Iterator[str]:
    if not (isinstance(parameter.name, str) and SETTING.fullmatch(parameter.name)):
        yield f"the name {str(parameter.name)[:40]!r} of a setting must be of letters, digits and underscores"
    if not (parameter.title and parameter.help):
        yield f"the setting {parameter.name} needs a title and a sentence of help"
    if parameter.type not in OF_ESTIMATORS or not isinstance(parameter.level, Level):
        yield f"the setting {parameter.name} has a type or a level that there is not"
    numeric = parameter.type in ("integer", "number")
    if numeric and (parameter.low is None or parameter.high is None or not parameter.low < parameter.high):
        yield f"the setting {parameter.name} needs bounds, low and high"
    if numeric and not parameter.larger:
        yield f"the setting {parameter.name} must say what a larger value does"
    if parameter.type == "choice" and len(parameter.choices) < 2:
        yield f"the setting {parameter.name} needs two choices or more"
    try:
        fits = parameter.parse(parameter.default) == parameter.default
    except ValueError as fault:
        yield f"the default of the setting {parameter.name}: {str(fault)[0].lower()}{str(fault)[1:]}"
        return
    if not fits:
        yield f"the default of the setting {parameter.name} is not of its type"


def _faults_of_cost(entry: EstimatorEntry) -> Iterator[str]:
    """Ask for work and memory at the corners, since every page with an estimate does so."""
    for task in entry.tasks:
        for (rows, features), values in product(SIZES, _extreme_settings(entry, task)):
            for name in ("work", "memory_mb"):
                cost = getattr(entry, name)(rows, features, values)
                if isinstance(cost, bool) or not isinstance(cost, int | float) or not (isfinite(cost) and cost > 0):
                    yield f"{name} of {rows:,} rows is {cost!r:.40}, not a number above zero"


def _extreme_settings(entry: EstimatorEntry, task: TaskKind) -> Iterator[ParameterValues]:
    plain = entry.defaults(task)
    yield plain
    for parameter in entry.parameters_for(task):
        edges = [parameter.low, parameter.high] if parameter.type in ("integer", "number") else []
        for value in [*edges, *(wire for wire, _ in parameter.choices)]:
            if value != parameter.low or not parameter.low_open:
                yield ParameterValues({**plain, parameter.name: parameter.parse(value)})


def try_estimator(entry: EstimatorEntry) -> str:
    """Fit 60 rows with the defaults, twice, as `hydroml doctor` does; return what is wrong, or nothing."""
    import numpy as np
    from sklearn.base import clone

    random = np.random.default_rng(7)
    features = random.normal(size=(60, 3))
    amount = features[:, 0] - features[:, 1] + 0.1 * random.normal(size=60)
    cuts = {TaskKind.BINARY: [0.0], TaskKind.MULTICLASS: [-0.7, 0.7]}
    for task in entry.tasks:
        target = np.digitize(amount, cuts[task]) if task in cuts else np.exp(amount)
        try:
            made = entry.build(task, entry.defaults(task), 1)
            predictions = [np.asarray(clone(made).fit(features, target).predict(features)) for _ in range(2)]
        # What another package does when it is fitted may fail in any way; the doctor says so and goes on.
        except Exception as fault:
            return f"{type(fault).__name__}: {' '.join(str(fault).split())[:200]}"
        if predictions[0].shape != (60,):
            return f"it predicts an array of the shape {predictions[0].shape} for 60 rows"
        if predictions[0].tobytes() != predictions[1].tobytes():
            return "the same seed gives two answers"
    return ""
