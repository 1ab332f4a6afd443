"""Building `resolved`, before anything is fitted and after every part is fitted."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from pydantic import JsonValue

from app.domain.analysis.import_options.quality_choices import CENSORED
from app.domain.analysis.profiling.profile import ColumnProfile, DatasetProfile
from app.domain.experiment import SelectionPart, Spec, candidates_of, is_contest
from app.domain.json_values import JsonObject, Settings
from app.domain.training.preprocessing.knowledge import driver_cutoff, target_cutoff
from app.domain.training.preprocessing.pipeline import build_pipeline, columns_chosen
from app.domain.training.preprocessing.preparation import TrainingTable, columns_read, kind_of, prepare
from app.domain.training.resolved.derived import derived_columns
from app.domain.training.resolved.document import (
    CensoredValues,
    ColumnSteps,
    FileReading,
    KeptFlags,
    Knowledge,
    MemberPart,
    PipelineStep,
    Resolved,
    ResolvedColumn,
    ResolvedMember,
    ResolvedPart,
    ResolvedSplit,
    ResolvedTable,
    RowOrder,
)
from app.domain.training.resolved.draws import draws_of
from app.domain.training.resolved.row_sets import RowDescriber, Rows, hash_of
from app.domain.training.resolved.steps import estimator_of, filler_of, parameter_json, prepare_of
from app.domain.training.selection_rules import get as get_rule
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.tuning.tuning import SEED_STEP
from app.domain.training.validation import splitting
from app.domain.training.validation.splitting import Split, make_split
from app.domain.vocabulary import ColumnKind

HOLDOUT = "hold-out"


@dataclass(frozen=True)
class FittedPart:
    """What only the fit of a part tells: the steps of its pipeline, the columns it chose, the settings it found."""

    name: str
    prepare: tuple[ColumnSteps, ...]
    estimator: PipelineStep
    chosen: tuple[str, ...] | None = None
    settings: Settings | None = None

    @classmethod
    def of(cls, name: str, pipeline: Any, table: TrainingTable, *, settings: Settings | None = None) -> FittedPart:
        """Describe a pipeline, fitted or not."""
        steps = prepare_of(pipeline, columns_of(table))
        return cls(name, steps, estimator_of(pipeline), columns_chosen(pipeline), settings)


@dataclass(frozen=True)
class FittedMember:
    """A member of a blend: the number of its candidate, its config, its share in each part, and what its fits told."""

    candidate: int
    spec: Spec
    weights: Mapping[str, float]
    parts: tuple[FittedPart, ...]


def columns_of(table: TrainingTable) -> tuple[str, ...]:
    """Return the features in the order in which the pipeline takes them: numbers, then words."""
    return (*table.numbers, *table.categories)


def resolve_unfitted(
    spec: Spec, frame: pd.DataFrame, profile: DatasetProfile, *, given: Mapping[str, JsonValue]
) -> Resolved:
    """Resolve a config before anything is fitted: all but the chosen columns and the settings found.

    Of a contest, that is the candidate of which `given` tells, since nobody knows yet which will win.

    Raises
    ------
    TrainingError
        When the data cannot carry the config.
    """
    number, specs = given.get("candidate"), candidates_of(spec)
    known = isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= len(specs)
    candidate = number if isinstance(number, int) and known else 1
    table = prepare(spec, frame, profile)
    split = make_split(spec, facts_of(table))
    result = resolve(specs[candidate - 1], table, split, profile, fitted=(), packages={})
    return replace(result, candidate=candidate) if is_contest(spec) else result


def resolve_member(member: FittedMember, table: TrainingTable) -> ResolvedMember:
    """Return a member of a blend as data."""
    pipeline = build_pipeline(member.spec, table)
    common = FittedPart.of("", pipeline, table)
    return ResolvedMember(
        candidate=member.candidate,
        weights=dict(member.weights),
        prepare=common.prepare,
        estimator=common.estimator,
        filling=filler_of(pipeline),
        parts=tuple(_member_part(part, common) for part in member.parts),
    )


def _member_part(part: FittedPart, common: FittedPart) -> MemberPart:
    return MemberPart(
        name=part.name,
        settings=None
        if part.settings is None
        else {key: parameter_json(value) for key, value in part.settings.items()},
        prepare=None if part.prepare == common.prepare else part.prepare,
        estimator=None if part.estimator == common.estimator else part.estimator,
    )


def resolve(
    spec: Spec,
    table: TrainingTable,
    split: Split,
    profile: DatasetProfile,
    *,
    fitted: Sequence[FittedPart],
    packages: Mapping[str, str],
) -> Resolved:
    """Return all that a training worked out.

    Parameters
    ----------
    spec, table, split, profile
        The config, what is trained on, how it is divided, and what is known of the dataset.
    fitted
        What the fit of each part told, in order; empty before anything was fitted.
    packages
        The releases of libraries.
    """
    pipeline = build_pipeline(spec, table)
    common = FittedPart.of("", pipeline, table)
    describer = RowDescriber(table, split.development)
    parts = tuple(_drop_common_steps(part, common) for part in _resolved_parts(spec, split, describer, fitted))
    return Resolved(
        table=_resolved_table(spec, table, profile),
        knowledge=_knowledge(spec),
        derived=derived_columns(spec, table),
        selection=tuple(_selection_rule(rule, spec) for rule in spec.features.selection),
        split=_split(spec, table, split, describer),
        prepare=common.prepare,
        estimator=common.estimator,
        filling=filler_of(pipeline),
        parts=parts,
        seed=spec.reproducibility.seed,
        versions={"python": platform.python_version(), **packages} if packages else {},
    )


def _resolved_parts(
    spec: Spec, split: Split, describer: RowDescriber, fitted: Sequence[FittedPart]
) -> tuple[ResolvedPart, ...]:
    rows: list[tuple[str, Rows, Rows]] = [
        (f"fold {number}", fold.train, fold.validation) for number, fold in enumerate(split.folds, start=1)
    ]
    if split.holdout is not None:
        rows.append((HOLDOUT, split.development, split.holdout))
    known = {part.name: part for part in fitted}
    return tuple(
        _resolved_part(spec, describer, number, name, train=train, validation=validation, fitted=known.get(name))
        for number, (name, train, validation) in enumerate(rows)
    )


def _resolved_part(
    spec: Spec,
    describer: RowDescriber,
    number: int,
    name: str,
    *,
    train: Rows,
    validation: Rows,
    fitted: FittedPart | None,
) -> ResolvedPart:
    tuned = spec.model.tuning.enabled
    settings = None if fitted is None or fitted.settings is None else fitted.settings
    return ResolvedPart(
        name=name,
        validation=describer.describe(validation),
        train=describer.describe(train, others=None if name == HOLDOUT else validation),
        search_seed=(spec.reproducibility.seed + SEED_STEP * number) % 2**32 if tuned else None,
        settings=None if settings is None else {key: parameter_json(value) for key, value in settings.items()},
        chosen=None if fitted is None else fitted.chosen,
        prepare=None if fitted is None else fitted.prepare,
        estimator=None if fitted is None else fitted.estimator,
    )


def _drop_common_steps(part: ResolvedPart, common: FittedPart) -> ResolvedPart:
    """Return a part without the steps that all parts share."""
    return replace(
        part,
        prepare=None if part.prepare == common.prepare else part.prepare,
        estimator=None if part.estimator == common.estimator else part.estimator,
    )


def _knowledge(spec: Spec) -> Knowledge:
    purpose = spec.task.purpose
    return Knowledge(
        purpose=None if purpose is None else purpose.value,
        target_cutoff=target_cutoff(spec.task),
        driver_cutoff=driver_cutoff(spec.task),
    )


def _resolved_table(spec: Spec, table: TrainingTable, profile: DatasetProfile) -> ResolvedTable:
    report = profile.report
    dialect = report.dialect
    reading = FileReading(
        format=dialect.format,
        encoding=report.encoding,
        delimiter=report.delimiter,
        quote=report.quote,
        decimal=report.decimal,
        comment=dialect.comment,
        first_line=dialect.first_line,
        header_lines=dialect.header_lines,
        footer_lines=dialect.footer_lines,
    )
    return ResolvedTable(
        rows=len(table.target),
        sha256=hash_of(table.rows),
        left_out=table.dropped,
        order=RowOrder(by=spec.task.time_column),
        target=spec.task.target,
        columns=tuple(_resolved_column(spec, table, profile, name) for name in columns_read(spec, profile)),
        classes=tuple(table.labels) or None,
        reading=reading,
    )


def _resolved_column(spec: Spec, table: TrainingTable, profile: DatasetProfile, name: str) -> ResolvedColumn:
    column, kind = profile.column(name), kind_of(spec, profile, name)
    is_time = name == spec.task.time_column or (kind is ColumnKind.DATETIME and column.storage == "datetime")
    is_target_of_numbers = name == spec.task.target and not table.labels
    is_number = name in table.numbers or is_target_of_numbers or (name not in table.categories and kind.is_number)
    markers = [marker for marker in profile.report.dialect.markers if marker.column == name]
    return ResolvedColumn(
        name=name,
        stored_as=column.storage,
        read_as="time" if is_time else "number" if is_number else "word",
        missing=_missing_words(profile, column),
        missing_below=max((marker.below for marker in markers if marker.below is not None), default=None),
        missing_above=min((marker.above for marker in markers if marker.above is not None), default=None),
        time_form=column.time_form or None,
        joined_from=column.joined_from or None,
        kept_flags=_kept_flags(profile, name),
        censored=_censored_values(profile, name),
        marks=_marked_by(profile, name),
    )


def _missing_words(profile: DatasetProfile, column: ColumnProfile) -> tuple[str, ...] | None:
    """Return the words that mean missing in a column: those that were found, and those that somebody named."""
    results = [word for word, _ in column.missing_words]
    answers = [
        marker.value.strip()
        for marker in profile.report.dialect.markers
        if marker.column == column.name and marker.value
    ]
    return tuple(dict.fromkeys(word for word in (*results, *answers) if word)) or None


def _kept_flags(profile: DatasetProfile, name: str) -> tuple[KeptFlags, ...] | None:
    """Return with which flags the values of a column were read."""
    chosen = profile.report.dialect.kept_flags
    return (
        tuple(
            KeptFlags(flag=choice.flag, keep=choice.keep) for choice in chosen if choice.column == name and choice.keep
        )
        or None
    )


def _censored_values(profile: DatasetProfile, name: str) -> CensoredValues | None:
    """Return how values of a column beyond a limit were replaced, None where they were not."""
    chosen = next((choice for choice in profile.report.dialect.censored if choice.column == name), None)
    if chosen is None or chosen.take is None:
        return None
    return CensoredValues(take=chosen.take, flag=chosen.flag or None)


def _marked_by(profile: DatasetProfile, name: str) -> str | None:
    """Return the column whose values beyond a limit this one marks, where reading made it."""
    marked = dict(profile.report.dialect.flags).get(name, "")
    censored = _censored_values(profile, marked)
    return marked if censored is not None and censored.flag is None and _is_made(name, marked) else None


def _is_made(name: str, marked: str) -> bool:
    """Return whether a column of marks was made by reading."""
    return name.startswith(f"{marked[:190]}{CENSORED}")


def _selection_rule(rule: SelectionPart, spec: Spec) -> JsonObject:
    """Return a rule with every value, its defaults written out."""
    kind = get_rule(rule.kind)
    values: JsonObject = {"kind": rule.kind}
    values |= {parameter.name: parameter_json(kind.value(rule, parameter.name)) for parameter in kind.parameters}
    if rule.columns:
        values["columns"] = list(rule.columns)
    return {**values, "measure": rule.measure, "seed": spec.reproducibility.seed if rule.seed is None else rule.seed}


def _split(spec: Spec, table: TrainingTable, split: Split, describer: RowDescriber) -> ResolvedSplit:
    entry, validation = splitting.get(spec.validation.strategy), spec.validation
    parameters = {**entry.defaults(), **validation.parameters}
    folds, holdout = draws_of(spec, table, split.development)
    return ResolvedSplit(
        strategy=entry.id.value,
        parameters={name: parameter_json(value) for name, value in parameters.items()},
        development=describer.describe(split.development),
        holdout=None if validation.holdout is None else validation.holdout.model_dump(mode="json"),
        warm_up=validation.warm_up or None,
        draw=folds,
        holdout_draw=holdout,
    )
