"""Rules about derived features: readable, suitable for their columns, and compatible with each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.domain.analysis.profiling.series import mixes_series
from app.domain.checks.check_context import CheckContext, error, notice, warning
from app.domain.estimators import registry
from app.domain.experiment import TransformPart
from app.domain.problems import Problem, Remedy
from app.domain.recommendation.task import suggest_group
from app.domain.text.messages import fill_count
from app.domain.text.numbers import format_number
from app.domain.training.preprocessing.chains import chains_of, clash_of
from app.domain.training.preprocessing.knowledge import steps_before
from app.domain.training.preprocessing.transforms import (
    ColumnInventory,
    column_inventory,
    columns_fault,
    count_repeats,
    derived_names,
    memory_of,
    output_names,
    parse_recipe,
    reaches_of,
    readable_recipes,
)
from app.domain.training.preprocessing.transforms import get as get_transform
from app.domain.training.preprocessing.water_makers import equal_sentence
from app.domain.training.preprocessing.water_recipes import HARGREAVES
from app.domain.vocabulary import ColumnKind

FIELD = "transforms"
# Beyond this, comparing every row with every other takes minutes in each fold.
MAX_NEAREST_ROWS = 20_000
# What these hold is there from the first rows on, and comes to hold more.
NEVER_EMPTY = ("antecedent_precipitation", "exponential_memory")
# A mean over fewer rows of a class or a word than this says little.
FEW_ROWS = 10


def _change_transforms(
    subject: CheckContext, place: int, *, kind: str | None = None, first: bool = False
) -> dict[str, Any]:
    """Return the list of recipes with the one at `place` left out, moved to the front, or made another kind."""
    recipes = list(subject.recipes)
    recipe = recipes.pop(place)
    if kind is not None:
        recipes.insert(place, {**recipe, "kind": kind, "parameters": {}})
    elif first:
        recipes.insert(0, recipe)
    return {"features": {FIELD: recipes}}


def _format_names(subject: CheckContext) -> Iterator[tuple[int, TransformPart]]:
    yield from enumerate(subject.spec.features.transforms)


def can_be_followed(subject: CheckContext) -> Iterator[Problem]:
    """Every recipe is known, has parameters that make sense, and a time column where it needs one."""
    timeless = subject.spec.task.time_column is None
    needing = [place for place, part in _format_names(subject) if _needs_time(part)] if timeless else []
    if needing:
        others = [part for place, part in _format_names(subject) if place not in needing]
        kept = {"features": {FIELD: [part.model_dump(mode="json") for part in others]}}
        message = "Derived features need a time column. Choose one on the Data step, or remove them."
        yield error("features", FIELD, "time_column_missing", message, Remedy("Remove the derived features", kept))
    inventory = _column_inventory(subject)
    for place, part in _format_names(subject):
        yield from _recipe_faults(subject, place, part=part, inventory=inventory)
        inventory = inventory.after(part, time_column=subject.spec.task.time_column)
        used_names = [
            name
            for _ in readable_recipes([part])
            for name in derived_names(part, time_column=subject.spec.task.time_column)
            if subject.profile.has(name)
        ]
        if used_names:
            message = f"The file has a column named {used_names[0][:60]} already, so that derived feature is left out."
            yield warning("features", FIELD, "name_taken", message, Remedy("Rename that column in the file."))


def _recipe_faults(
    subject: CheckContext, place: int, *, part: TransformPart, inventory: ColumnInventory
) -> Iterator[Problem]:
    """Yield why a recipe cannot be followed: there is no such one, or its parameters or columns do not suit it."""
    try:
        entry = get_transform(part.kind)
    except KeyError:
        remedy = Remedy("Remove it", _change_transforms(subject, place))
        yield error("features", FIELD, "transform_unknown", f"There is no derived feature {part.kind[:40]}.", remedy)
        return
    faults = []
    odd = next(
        (name for name in part.parameters if name not in {parameter.name for parameter in entry.parameters}), None
    )
    if odd is not None:
        faults.append(("parameter_unknown", f"{entry.title} has no setting {odd[:40]}."))
    parameters = None
    try:
        parameters = parse_recipe(part)
    except ValueError as fault:
        faults.append(("transform_invalid", str(fault)))
    unfit = columns_fault(entry, part.columns, inventory, parameters)
    if unfit:
        faults.append(("transform_invalid", unfit))
    for code, message in faults:
        yield error(
            "features", FIELD, code, message, Remedy(f"Remove: {entry.title}", _change_transforms(subject, place))
        )


def _column_inventory(subject: CheckContext) -> ColumnInventory:
    """Return the columns that the first recipe may work on."""
    task, columns = subject.spec.task, subject.profile.columns
    kinds = {column.name: subject.kind(column.name) for column in columns}
    return column_inventory(columns, kinds, target=task.target, task=task.kind, time_column=task.time_column, parts=())


def _needs_time(part: TransformPart) -> bool:
    try:
        return get_transform(part.kind).needs_time
    except KeyError:
        return False


def look_back_far_enough(subject: CheckContext) -> Iterator[Problem]:
    """No recipe looks back further than the series is long, nor so far that much of it is lost."""
    rows = subject.profile.rows
    reaches = [(part, reach) for part, reach in reaches_of(subject.spec.features.transforms, subject.spec.task)]
    for place, part in _format_names(subject):
        reach = next((far for each, far in reaches if each is part), 0)
        if reach >= rows > 0 and part.kind not in NEVER_EMPTY:
            title = get_transform(part.kind).title
            message = f"{title} looks back {reach:,} steps, but there are only {rows:,} rows: it would hold nothing."
            yield error(
                "features",
                FIELD,
                "memory_too_long",
                message,
                _shorter_windows_remedy(subject, place, rows, reach=reach),
            )
        elif reach > rows // 4:
            message = f"A derived feature looks back {reach:,} steps, more than a quarter of the {rows:,} rows."
            shorter = Remedy("Take a shorter lag or window.")
            yield warning("features", FIELD, "memory_too_long", message, shorter)


def _shorter_windows_remedy(subject: CheckContext, place: int, rows: int, *, reach: int) -> Remedy:
    """Return the remedy that keeps the windows of a recipe that fit into a quarter of the rows, or none of it.

    A window may begin late, at what is known of its column, so that even a short one may reach too far.
    """
    recipes = list(subject.recipes)
    told = recipes[place]["parameters"].get("windows")
    windows = [window for window in told if isinstance(window, int)] if isinstance(told, list) else []
    before = reach - max(windows, default=0)
    kept = [window for window in windows if window + before <= rows // 4]
    if not kept:
        return Remedy("Remove it", _change_transforms(subject, place))
    recipes[place] = {**recipes[place], "parameters": {**recipes[place]["parameters"], "windows": kept}}
    return Remedy("Keep the shorter windows", {"features": {FIELD: recipes}})


def look_back_within_one_series(subject: CheckContext) -> Iterator[Problem]:
    """Where many rows share a time, a group column says which of them the earlier value belongs to."""
    task = subject.spec.task
    back = [place for place, part in _format_names(subject) if memory_of([part])]
    late = any(steps_before(task, name) for name in subject.spec.features.selected)
    repeats = _count_repeats(subject, task.group_column) if back or late else 0
    candidate = _group_candidate(subject)
    if repeats and (candidate or mixes_series(subject.profile.rows, repeats)):
        yield _mixed_series(subject, repeats, back=[] if late else back, candidate=candidate)
    elif (back or late) and (repeats := max(repeats, _repeats_within(subject, task.group_column))):
        message = f"{_shared_times_words(subject, repeats)}. Features that look back use the first row of each time."
        remedy = Remedy("Nothing needs to be done; or remove these rows from the file.")
        yield warning("features", FIELD, "times_repeat", message, remedy)


def _mixed_series(subject: CheckContext, repeats: int, *, back: list[int], candidate: str) -> Problem:
    message = (
        f"{_shared_times_words(subject, repeats)}. A feature that looks back would take another row's value there."
    )
    if candidate:
        remedy = Remedy(f"Use {candidate[:40]} as group column", {"data": {"group_column": candidate}})
    elif not back:
        remedy = Remedy("Choose the group column that tells these rows apart.")
    else:
        kept = [recipe for place, recipe in enumerate(subject.recipes) if place not in back]
        remedy = Remedy("Remove the features that look back", {"features": {FIELD: kept}})
    return error("features", FIELD, "times_repeat", message, remedy)


def _shared_times_words(subject: CheckContext, repeats: int) -> str:
    group, rows = subject.spec.task.group_column, subject.profile.rows
    shared = fill_count(
        repeats,
        "{count} of {rows} rows shares its time with another row",
        "{count} of {rows} rows share their time with another row",
        rows=rows,
    )
    return f"{shared} of the same {group[:60]}" if group else shared


def _repeats_within(subject: CheckContext, group: str | None) -> int:
    """Return how many rows share time and group with an earlier row, where the analysis counted them."""
    axis = subject.profile.time_axis
    known = axis is not None and axis.column == subject.spec.task.time_column and group is not None
    return axis.group_duplicates if axis is not None and known and axis.group == group else 0


def _count_repeats(subject: CheckContext, group: str | None) -> int:
    """Return how many rows at least share their time with an earlier one of their group."""
    name, axis = subject.spec.task.time_column, subject.profile.time_axis
    if name is None or group == name:
        # Moments as groups have a rule of their own.
        return 0
    time = subject.profile.column(name)
    rows = subject.profile.rows - time.missing
    times = rows - axis.duplicates if axis is not None and axis.column == name else time.distinct
    groups = 1
    if group is not None:
        column = subject.profile.column(group)
        groups = column.distinct + (1 if column.missing else 0)
    return count_repeats(rows, times=times, groups=groups)


def _group_candidate(subject: CheckContext) -> str:
    """Return the column that tells rows of the same time apart; empty where none is known to."""
    task, axis = subject.spec.task, subject.profile.time_axis
    if axis is None or axis.column != task.time_column:
        return ""
    name = suggest_group(subject.profile)[0]
    unfit = name in ("", task.target, task.group_column, task.time_column)
    return "" if unfit or _count_repeats(subject, name) else name


def go_together(subject: CheckContext) -> Iterator[Problem]:
    """The recipes on one column can follow one another."""
    for column, links in chains_of(subject.spec.features.transforms).items():
        clash = clash_of(column, links)
        if clash is None:
            continue
        title = get_transform(subject.spec.features.transforms[clash.place].kind).title
        first = clash.remedy == "first"
        label = f"Put first: {title}" if first else f"Remove: {title}"
        remedy = Remedy(label, _change_transforms(subject, clash.place, first=first))
        say = error if clash.severe else warning
        yield say("features", FIELD, "transform_conflict", clash.sentence, remedy)


def fit_their_columns(subject: CheckContext) -> Iterator[Problem]:
    """Logarithms and Box-Cox find values that they can work on."""
    made = set(output_names(subject.spec))
    for place, part in _format_names(subject):
        if part.kind not in ("log", "box_cox"):
            continue
        for _, _, parameters in readable_recipes([part]):
            for name in (name for name in part.columns if name not in made):
                least = subject.profile.column(name).minimum
                if not isinstance(least, int | float) or least + parameters.get("offset", 0.0) > 0:
                    continue
                yield _not_positive_problem(subject, place, name=name, least=least)


def temperatures_differ(subject: CheckContext) -> Iterator[Problem]:
    """Hargreaves finds a minimum and a maximum that differ: some files hold the mean in both columns."""
    for place, part in _format_names(subject):
        told = [values for _, entry, values in readable_recipes([part]) if entry.kind == "potential_evaporation"]
        pair = [subject.profile.column(name) for name in part.columns[:2] if subject.profile.has(name)]
        if len(pair) < 2 or not told or told[0]["method"] != HARGREAVES:
            continue
        low, high = ((each.mean, each.std, each.minimum, each.maximum, each.missing, each.quantiles) for each in pair)
        if low == high and low[0] is not None:
            recipes = list(subject.recipes)
            recipes[place] = {**recipes[place], "parameters": {**part.parameters, "method": "oudin"}}
            message = equal_sentence(pair[0].name, pair[1].name)
            yield error(
                "features", FIELD, "temperatures_equal", message, Remedy("Use Oudin", {"features": {FIELD: recipes}})
            )


def names_are_made_once(subject: CheckContext) -> Iterator[Problem]:
    """No two recipes make a column of the same name: the second would be left out."""
    made: dict[str, TransformPart] = {}
    for place, part in _format_names(subject):
        for _ in readable_recipes([part]):
            names = derived_names(part, time_column=subject.spec.task.time_column)
            again = next((name for name in names if name in made and _makes_another(made[name], part)), None)
            if again is not None:
                title = get_transform(part.kind).title
                message = f"{title} makes {again[:60]} a second time, with other settings: only the first is kept."
                remedy = Remedy(f"Remove: {title}", _change_transforms(subject, place))
                yield error("features", FIELD, "derived_twice", message, remedy)
            made = {**dict.fromkeys(names, part), **made}


def _makes_another(first: TransformPart, second: TransformPart) -> bool:
    """Return whether what two recipes call by one name may differ: names tell all settings of most."""
    told = bool(get_transform(first.kind).roles or get_transform(second.kind).roles)
    return told and (first.kind, first.columns, first.parameters) != (second.kind, second.columns, second.parameters)


def _not_positive_problem(subject: CheckContext, place: int, *, name: str, least: float) -> Problem:
    remedy = Remedy("Use Yeo-Johnson", _change_transforms(subject, place, kind="yeo_johnson"))
    low = format_number(least, 6)
    if subject.spec.features.transforms[place].kind == "box_cox":
        message = f"Box-Cox needs values above 0, and {name[:60]} goes down to {low}."
        return error("features", FIELD, "not_positive", message, remedy)
    message = f"{name[:60]} goes down to {low}: with this offset, its logarithm is missing there."
    return warning(
        "features",
        FIELD,
        "not_positive",
        f"{message} An offset above {format_number(abs(least), 6)} avoids it.",
        remedy,
    )


def fit_the_rows(subject: CheckContext) -> Iterator[Problem]:
    """There are neither too many rows for a recipe nor too few."""
    for place, part in _format_names(subject):
        if part.kind == "impute_nearest" and subject.rows > MAX_NEAREST_ROWS:
            message = (
                f"Filling from the nearest rows compares every row with every other, which takes too long with "
                f"{subject.rows:,} rows; up to {MAX_NEAREST_ROWS:,} are accepted."
            )
            remedy = Remedy("Fill with the median", _change_transforms(subject, place, kind="impute_median"))
            yield error("features", FIELD, "too_many_rows", message, remedy)
        if part.kind == "target_encoding":
            yield from _rare_words_problems(subject, place, part)


def _rare_words_problems(subject: CheckContext, place: int, part: TransformPart) -> Iterator[Problem]:
    remedy = Remedy("Use one-hot encoding", _change_transforms(subject, place, kind="one_hot"))
    counts = subject.class_counts if subject.spec.task.kind.is_classification else []
    if counts and min(counts) < FEW_ROWS:
        message = f"The rarest class has {min(counts):,} rows: its mean for a word is mostly chance."
        yield warning("features", FIELD, "rare_class", message, remedy)
    made = set(output_names(subject.spec))
    for name in (name for name in part.columns if name not in made):
        distinct = subject.profile.column(name).distinct
        if distinct * 2 > subject.rows:
            message = f"Most words of {name[:60]} stand on one row: their mean target tells nothing about other rows."
            yield warning("features", FIELD, "rare_words", message, remedy)


def have_an_effect(subject: CheckContext) -> Iterator[Problem]:
    """No recipe works on a column that is no feature, on a constant one, or for trees on the size of numbers."""
    made, trees = set(output_names(subject.spec)), _is_trees(subject.spec.model.estimator)
    for place, part in _format_names(subject):
        for _, entry, _ in readable_recipes([part]):
            known = [name for name in part.columns if name not in made and subject.profile.has(name)]
            unused = [name for name in known if name not in subject.spec.features.selected]
            if entry.place == "fold" and unused:
                yield _unused_columns_problem(subject, entry.title, unused)
            flat = next((name for name in known if _is_flat(subject, name)), None)
            if flat is not None and entry.role not in ("mark", "fill"):
                message = f"{entry.title}: {flat[:60]} holds one value only, of which nothing can be made."
                yield warning(
                    "features",
                    FIELD,
                    "transform_constant",
                    message,
                    Remedy("Remove it", _change_transforms(subject, place)),
                )
            if trees and entry.role == "scale":
                message = f"{entry.title} changes nothing for trees, which look at the order of values only."
                yield notice(
                    "features",
                    FIELD,
                    "scaling_pointless",
                    message,
                    Remedy("Remove it", _change_transforms(subject, place)),
                )


def _unused_columns_problem(subject: CheckContext, title: str, names: list[str]) -> Problem:
    """Return that a recipe has columns that are no features; its remedy ticks them all."""
    first, rest = names[0], len(names) - 1
    more = f" and {rest:,} more are not ticked, so nothing is done to them." if rest else ""
    message = f"{title}: {first[:60]}{more or ' is not ticked, so nothing is done to it.'}"
    label = f"Tick {len(names):,} columns" if rest else f"Tick {first[:40]}"
    tick = Remedy(label, {"features": {subject.field(name): True for name in names}})
    return warning("features", FIELD, "transform_unused", message, tick)


def _is_flat(subject: CheckContext, name: str) -> bool:
    return subject.kind(name) is ColumnKind.CONSTANT or subject.profile.column(name).distinct <= 1


def _is_trees(estimator: str) -> bool:
    try:
        return registry.get(estimator).family == "trees"
    except KeyError:
        return False
