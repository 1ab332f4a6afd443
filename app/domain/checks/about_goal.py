"""Rules about the purpose of a model: the time column, sites and horizon that it needs."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.checks.about_holdout import share_answers
from app.domain.checks.check_context import CheckContext, error, warning
from app.domain.checks.fold_sizes import fewest_groups, groups_of
from app.domain.json_values import JsonObject
from app.domain.problems import Problem, Remedy
from app.domain.purpose_words import get_entry
from app.domain.recommendation.task import suggest_group, suggest_time
from app.domain.recommendation.validation import MAX_SITES_APART
from app.domain.text.words import pluralise
from app.domain.training.preprocessing.knowledge import horizon_of
from app.domain.training.validation.strategies import get
from app.domain.vocabulary import Purpose, SplitStrategy

IN_TIME = (Purpose.SIMULATE, Purpose.FORECAST, Purpose.FILL_GAPS)
MIN_SITES = 2
# What a config loses that is for no forecast any more.
NO_FORECAST: JsonObject = {"horizon": None, "drivers_known_ahead": None}


def _use(purpose: Purpose) -> Remedy:
    return Remedy(f'Use "{get_entry(purpose).label}"', {"data": {"purpose": purpose.value}})


def purpose_has_its_time(subject: CheckContext) -> Iterator[Problem]:
    """Simulation, forecast and filling of gaps have a time column."""
    task = subject.spec.task
    if task.purpose not in IN_TIME or task.time_column is not None:
        return
    label, (time, _) = get_entry(task.purpose).label, suggest_time(subject.profile)
    message = f'"{label}" needs a time column, and none is chosen.'
    remedy = _use(Purpose.NEW_ROWS)
    if time and time not in (task.target, task.group_column):
        remedy = Remedy(f"Use {time[:60]} as the time column", {"data": {"time_column": time}})
    yield error("data", "purpose", "purpose_needs_time", message, remedy)


def purpose_has_its_sites(subject: CheckContext) -> Iterator[Problem]:
    """A model for sites never gauged is tested on whole sites, so there are several."""
    task = subject.spec.task
    if task.purpose is not Purpose.UNGAUGED:
        return
    label = get_entry(Purpose.UNGAUGED).label
    other = _use(Purpose.NEW_ROWS if task.time_column is None else Purpose.SIMULATE)
    if task.group_column is None:
        group, _ = suggest_group(subject.profile)
        message = f'"{label}" needs a group column that names the sites, and none is chosen.'
        remedy = other
        if group and group not in (task.target, task.time_column):
            remedy = Remedy(f"Use {group[:60]} as the group column", {"data": {"group_column": group}})
        yield error("data", "purpose", "purpose_needs_sites", message, remedy)
    elif (fewest_groups(subject) or 0) < MIN_SITES:
        message = f"{task.group_column[:60]} has one site with a target, so no other site could be held out."
        yield error("data", "purpose", "purpose_needs_sites", message, other)


def sites_are_held_out_whole(subject: CheckContext) -> Iterator[Problem]:
    """A model for sites never gauged is judged at sites that did not train."""
    task, entry, holdout = subject.spec.task, subject.strategy, subject.spec.validation.holdout
    if task.purpose is not Purpose.UNGAUGED or task.group_column is None:
        return
    if not entry.needs_group:
        few = (groups_of(subject) or 0) <= MAX_SITES_APART
        other = get(SplitStrategy.LEAVE_ONE_GROUP_OUT if few else SplitStrategy.GROUP_K_FOLD)
        message = f"{entry.title} trains on the sites that it validates, so it says nothing about a site never gauged."
        remedy = Remedy(f"Use {other.title[0].lower()}{other.title[1:]}", {"validation": {"strategy": other.id.value}})
        yield warning("validation", "strategy", "sites_not_held_out", message, remedy)
    elif holdout is not None and not entry.holds_out_groups(holdout):
        message = "From a date on, rows of all sites are held out, so the final score is for sites that trained."
        remedy = Remedy("Hold nothing out", {"validation": share_answers(0)})
        yield warning("validation", "holdout_from", "sites_not_held_out", message, remedy)


def horizon_fits_the_record(subject: CheckContext) -> Iterator[Problem]:
    """A forecast looks less far ahead than the record is long; nothing but a forecast has a horizon."""
    task = subject.spec.task
    if task.purpose is not Purpose.FORECAST:
        if task.horizon is not None or task.drivers_known_ahead is not None:
            message = "Steps ahead and known drivers belong to a forecast, so they are not used."
            remedy = Remedy("Take them out", patch={"task": NO_FORECAST})
            yield warning("data", "horizon", "horizon_unused", message, remedy)
        return
    if task.time_column is None:
        return
    # Earlier values are found by row, so that steps which a record leaves out make it no longer.
    length, horizon = subject.profile.column(task.time_column).distinct, horizon_of(task)
    if horizon >= length:
        message = f"{horizon:,} steps ahead is longer than the record, which has {pluralise(length, 'step')}."
        yield error("data", "horizon", "horizon_too_long", message, Remedy("Set it to 1", {"data": {"horizon": 1}}))
