"""Descriptions of templates as statements, and the differences between two versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields

from app.domain.contest.candidates import describe_candidate
from app.domain.estimators import registry
from app.domain.estimators.parameters import Parameter
from app.domain.experiment import Spec, TransformPart
from app.domain.experiment_templates.requirements import Requirements, needs_in_words
from app.domain.experiment_templates.template_config import TemplateConfig, read_template_config
from app.domain.purpose_words import duration_words, get_entry
from app.domain.recommendation.task import TASK_WORDS
from app.domain.recommendation.tuning import PRUNING, SAMPLER
from app.domain.setting_words import describe_holdout, format_answer, format_setting_value
from app.domain.text.words import join_words, pluralise
from app.domain.training.preprocessing import transforms
from app.domain.training.selection_rules import describe
from app.domain.training.validation import metrics, splitting

SUGGESTED = "as suggested"
MAX_NAMED = 12


@dataclass(frozen=True)
class Statement:
    """One thing that a template says.

    `items` are the members of a list, of which a difference names what came and went. `key` is the same for the same
    thing in two versions.
    """

    key: str
    term: str
    value: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class TemplateChange:
    """One difference between two versions. `before` is "" for what came, `after` for what went."""

    key: str
    term: str
    before: str
    after: str

    @property
    def sentence(self) -> str:
        """Return it in words: "Gap: 7 → 14 days"."""
        if self.before and self.after:
            return f"{self.term}: {_drop_unit(self.before, self.after)} \u2192 {self.after}"
        return f"{self.term}: {self.after}" if self.after else f"{self.term}: {self.before} left out"


def _drop_unit(before: str, after: str) -> str:
    """Return a value without its unit, where the value beside it has the same."""
    row, two = before.rpartition(" "), after.rpartition(" ")
    return row[0] if row[0] and row[2].rstrip("s") == two[2].rstrip("s") and len(row[2]) > 2 else before


@dataclass(frozen=True)
class TemplateContent:
    """All that a version of a template holds."""

    name: str
    description: str
    category: str
    tags: tuple[str, ...]
    visibility: str
    config: TemplateConfig
    requirements: Requirements


def describe_config(config: TemplateConfig, *, step_seconds: float | None = None) -> tuple[Statement, ...]:
    """Describe the config of a template in statements.

    Parameters
    ----------
    config
        The config.
    step_seconds
        The length of one step, so that numbers of steps are said as time; None where it is not known.
    """
    return (
        *_about_task(config, step_seconds),
        *_about_features(config, step_seconds),
        *_about_model(config),
        *_about_validation(config, step_seconds),
    )


def _about_task(config: TemplateConfig, step_seconds: float | None) -> Iterator[Statement]:
    task = config.task
    if task.purpose is not None:
        yield Statement("task.purpose", "Purpose", get_entry(task.purpose).label)
    if task.horizon is not None:
        yield Statement("task.horizon", "Horizon", duration_words(task.horizon, step_seconds))
    if task.drivers_known_ahead is not None:
        known = "known ahead" if task.drivers_known_ahead else "known until now"
        yield Statement("task.drivers_known_ahead", "Drivers", known)
    if task.kind is not None:
        yield Statement("task.kind", "Task", TASK_WORDS[task.kind])
    terms = (("target", "Target", task.target), ("time_column", "Time column", task.time_column))
    for field, term, name in (*terms, ("group_column", "Group column", task.group_column)):
        if name:
            yield Statement(f"task.{field}", term, name)


def _about_features(config: TemplateConfig, step_seconds: float | None) -> Iterator[Statement]:
    features = config.features
    if features.selected is None:
        yield Statement("features.selected", "Features", "all that are suggested for the data")
    else:
        count = pluralise(len(features.selected), "column")
        yield Statement("features.selected", "Features", count, tuple(features.selected))
    seen: dict[str, int] = {}
    for recipe in features.transforms or ():
        key = f"recipe.{recipe.kind}.{','.join(recipe.columns)}"
        seen[key] = seen.get(key, 0) + 1
        yield _about_recipe(recipe, f"{key}.{seen[key]}")
    if features.transforms is not None and not features.transforms:
        yield Statement("recipes", "Derived features", "none")
    rules = describe(features.selection, len(features.selected or ()))
    for number, sentence in enumerate(rules):
        yield Statement(f"selection.{number}", "Chosen in each fold", sentence)
    for name, answer in config.leakage.answers.items():
        words = "known at prediction time" if answer == "known" else "not known at prediction time"
        yield Statement(f"leakage.{name}", name, words)


def _about_recipe(recipe: TransformPart, key: str) -> Statement:
    title, known = recipe.kind, {}
    if any(entry.kind == recipe.kind for entry in transforms.TRANSFORMS):
        entry = transforms.get(recipe.kind)
        title, known = entry.title, {parameter.name: parameter for parameter in entry.parameters}
    told = [
        f"{known[name].title.lower()} {format_setting_value(known[name], value)}"
        if name in known
        else f"{name} {format_answer(value)}"
        for name, value in recipe.parameters.items()
    ]
    columns = join_words(recipe.columns, most=4)
    term = f"{title} of {columns}" if columns else title
    return Statement(key, term, "; ".join(told) or "with the usual settings")


def _about_model(config: TemplateConfig) -> Iterator[Statement]:
    model = config.model
    if model.candidates:
        for number, part in enumerate(model.candidates, start=1):
            yield Statement(f"model.candidates.{number}", f"Candidate {number}", describe_candidate(part))
        yield Statement("model.blend", "Blend", "competes too" if model.blend else "none")
        return
    if model.estimator is None:
        yield Statement("model.estimator", "Model", SUGGESTED)
        return
    has = registry.has(model.estimator)
    title = registry.get(model.estimator).title if has else f"{model.estimator} (not in this version)"
    yield Statement("model.estimator", "Model", title)
    for name, value in model.parameters.items():
        parameter = registry.get(model.estimator).parameter(name) if has else None
        yield _setting_statement(f"model.{model.estimator}.{name}", name, parameter, value)
    if model.tuning is not None and model.tuning.enabled:
        drawn, pruned = dict(SAMPLER.choices)[model.tuning.sampler], dict(PRUNING.choices)[model.tuning.pruning]
        yield Statement("model.tuning.trials", "Search", pluralise(model.tuning.trials, "trial"))
        yield Statement("model.tuning.how", "Search by", f"{drawn.lower()}; pruning: {pruned.lower()}")


def _setting_statement(key: str, name: str, parameter: Parameter | None, value: object) -> Statement:
    if parameter is None:
        return Statement(key, name.replace("_", " "), format_answer(value))
    return Statement(key, parameter.title, format_setting_value(parameter, value))


def _about_validation(config: TemplateConfig, step_seconds: float | None) -> Iterator[Statement]:
    validation = config.validation
    if validation.strategy is None:
        yield Statement("validation.strategy", "Validation", SUGGESTED)
    else:
        entry = splitting.get(validation.strategy)
        yield Statement("validation.strategy", "Validation", entry.title)
        for name, value in validation.parameters.items():
            parameter = entry.parameter(name)
            if parameter is not None and parameter.unit == "steps" and isinstance(value, int):
                yield Statement(f"validation.{name}", parameter.title, duration_words(value, step_seconds))
            else:
                yield _setting_statement(f"validation.{name}", name, parameter, value)
    if "holdout" in validation.model_fields_set:
        yield Statement("validation.holdout", "Held out", describe_holdout(validation.holdout))
    if validation.warm_up is not None:
        yield Statement("validation.warm_up", "Warm-up", duration_words(validation.warm_up, step_seconds))
    wanted = [config.metrics.primary, *(config.metrics.others or ())]
    titles = [_metric_title(name) for name in wanted if name]
    if titles:
        yield Statement("metrics", "Metrics", f"{', '.join(titles)}; the first decides")
    if config.reproducibility.seed is not None:
        yield Statement("seed", "Seed", str(config.reproducibility.seed))


def _metric_title(name: str) -> str:
    try:
        return metrics.get(name).title
    except KeyError:
        return name


def diff_statements(before: Sequence[Statement], after: Sequence[Statement]) -> tuple[TemplateChange, ...]:
    """Return the differences between two descriptions, in the order of the later one.

    Parameters
    ----------
    before, after
        Statements of two versions.
    """
    old: Mapping[str, Statement] = {statement.key: statement for statement in before}
    new: Mapping[str, Statement] = {statement.key: statement for statement in after}
    changes = [change for key, statement in new.items() for change in _change(old.get(key), statement)]
    gone = [statement for key, statement in old.items() if key not in new]
    return (*changes, *(TemplateChange(item.key, item.term, item.value, "") for item in gone))


def _change(old: Statement | None, new: Statement) -> Iterator[TemplateChange]:
    if old is None:
        yield TemplateChange(new.key, new.term, "", new.value)
    elif old.items != new.items:
        earlier, later = frozenset(old.items), frozenset(new.items)
        came = [name for name in new.items if name not in earlier]
        went = [name for name in old.items if name not in later]
        told = [
            f"{verb} {join_words(names, most=MAX_NAMED)}"
            for verb, names in (("added", came), ("removed", went))
            if names
        ]
        yield TemplateChange(new.key, new.term, "", ", ".join(told) or f"{old.value} \u2192 {new.value}")
    elif old.value != new.value:
        yield TemplateChange(new.key, new.term, old.value, new.value)


def describe_content(content: TemplateContent) -> tuple[Statement, ...]:
    """Return all that a version of a template says, its name and what it needs included."""
    return (
        Statement("name", "Name", content.name),
        Statement("description", "Description", content.description or "none"),
        Statement("category", "Category", content.category or "none"),
        Statement("tags", "Tags", pluralise(len(content.tags), "tag"), content.tags),
        Statement("visibility", "Shared with", VISIBILITY_WORDS.get(content.visibility, content.visibility)),
        *describe_config(content.config, step_seconds=content.requirements.step_seconds),
        *(
            Statement(f"needs.{field.name}", term, format_answer(getattr(content.requirements, field.name)) or "any")
            for field in fields(content.requirements)
            for term in (NEED_TERMS.get(field.name),)
            if term
        ),
        Statement("needs", "Needs", "", needs_in_words(content.requirements)),
    )


VISIBILITY_WORDS = {"private": "only me", "people": "people I choose", "everyone": "everyone here"}
NEED_TERMS = {"min_rows": "Rows needed", "min_groups": "Groups needed"}


def diff_contents(before: TemplateContent, after: TemplateContent) -> tuple[TemplateChange, ...]:
    """Return the differences between two versions of a template.

    Parameters
    ----------
    before, after
        The versions.

    Returns
    -------
    tuple of TemplateChange
        In words; empty where both say the same.
    """
    changes = diff_statements(describe_content(before), describe_content(after))
    # What a template needs follows from its config, and is told where nothing else tells it.
    alone = all(change.key.startswith("needs") for change in changes)
    return tuple(change for change in changes if alone or change.key != "needs")


def changes_since(applied: Spec, now: Spec, *, step_seconds: float | None = None) -> tuple[TemplateChange, ...]:
    """Return the changes to a draft since a template was applied to it.

    Parameters
    ----------
    applied, now
        The config as it was then and as it is.
    step_seconds
        The length of one step of the dataset.
    """
    before, after = (
        describe_config(read_template_config(spec.to_json()), step_seconds=step_seconds) for spec in (applied, now)
    )
    return diff_statements(before, after)
