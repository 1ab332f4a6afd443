"""Rules about the memory and time of a launch against the limits of the machine."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.checks.about_contest import field_of, removal
from app.domain.checks.check_context import notice, warning
from app.domain.contest.candidates import titles_of
from app.domain.estimation import Machine
from app.domain.estimation.forecast import estimate as estimate_one
from app.domain.estimation.forecast import most_memory_mb
from app.domain.estimation.memory_remedies import memory_remedies
from app.domain.estimation.time_remedies import time_remedies
from app.domain.estimation.wording import format_duration
from app.domain.experiment import Spec, candidates_of, is_contest
from app.domain.problems import Problem, Remedy
from app.domain.recommendation.plan import Estimate
from app.domain.text.messages import join_sentences

FEWER = "Take fewer features or another estimator, or start it on a larger machine."
SHORTER = "Take fewer features, fewer folds or another estimator."


def memory_fits(forecast: Estimate, machine: Machine, spec: Spec, profile: DatasetProfile) -> Iterator[Problem]:
    """The upper end of the estimated memory fits into what a job may use; each change that makes it fit is a button."""
    needed, most = forecast.memory_mb_high, most_memory_mb(machine)
    if needed <= most:
        return
    if is_contest(spec):
        yield _largest_candidate(spec, profile, machine, needed=needed, most=most)
        return
    ways = list(memory_remedies(spec, profile, machine))
    message = f"This may need {needed / 1000:,.1f} GB of memory; a job may use {most / 1000:,.1f} GB of this machine's."
    remedy = Remedy(FEWER)
    if ways:
        first = ways[0]
        message = join_sentences((message, f"{first.label}, and it needs up to {first.memory_mb / 1000:,.1f} GB."))
        remedy = Remedy(first.label, {"model": {first.field: first.value}})
    yield warning("model", "estimator", "memory_short", message, remedy)
    for way in ways[1:]:
        message = f"{way.label}, and it needs up to {way.memory_mb / 1000:,.1f} GB of memory."
        yield notice("model", way.field, "memory_saved", message, Remedy(way.label, {"model": {way.field: way.value}}))


def launch_ends_in_time(
    forecast: Estimate, machine: Machine, spec: Spec, profile: DatasetProfile, *, limit_seconds: float
) -> Iterator[Problem]:
    """A launch without a search is likely to end before it is stopped; each change that makes it so is a button."""
    if forecast.seconds_likely <= limit_seconds or (spec.model.tuning.enabled and not is_contest(spec)):
        return
    if is_contest(spec):
        yield _slowest_candidate(forecast, machine, spec, profile, limit_seconds=limit_seconds)
        return
    ways = list(time_remedies(spec, profile, machine, limit_seconds))
    message = (
        f"{forecast.fits:,} fits may take {format_duration(forecast.seconds_high)}; "
        f"what runs for longer than {format_duration(limit_seconds)} is stopped."
    )
    remedy = Remedy(SHORTER)
    if ways:
        message = join_sentences((message, f"{ways[0].label}, and it takes about {format_duration(ways[0].seconds)}."))
        remedy = Remedy(ways[0].label, {ways[0].step: {ways[0].field: ways[0].value}})
    yield warning("model", "estimator", "launch_too_long", message, remedy)
    for way in ways[1:]:
        message = f"{way.label}, and it takes about {format_duration(way.seconds)}."
        yield notice(way.step, way.field, "time_saved", message, Remedy(way.label, {way.step: {way.field: way.value}}))


def _largest_candidate(spec: Spec, profile: DatasetProfile, machine: Machine, *, needed: float, most: float) -> Problem:
    """Return that a contest needs too much memory, with a button that takes out the candidate that needs most."""
    needs = [estimate_one(candidate, profile, machine).memory_mb_high for candidate in candidates_of(spec)]
    number = max(range(len(needs)), key=needs.__getitem__) + 1
    message = (
        f"This may need {needed / 1000:,.1f} GB of memory; a job may use {most / 1000:,.1f} GB of this machine's. "
        f"{titles_of(candidates_of(spec))[number - 1]} needs most."
    )
    return warning("model", field_of(number), "memory_short", message, removal(spec, number))


def _slowest_candidate(
    forecast: Estimate, machine: Machine, spec: Spec, profile: DatasetProfile, *, limit_seconds: float
) -> Problem:
    """Return that a contest may be stopped, with a button that takes out the candidate that takes longest."""
    times = [estimate_one(candidate, profile, machine).seconds_likely for candidate in candidates_of(spec)]
    number = max(range(len(times)), key=times.__getitem__) + 1
    message = (
        f"{forecast.fits:,} fits may take {format_duration(forecast.seconds_high)}; "
        f"what runs for longer than {format_duration(limit_seconds)} is stopped. "
        f"{titles_of(candidates_of(spec))[number - 1]} takes longest."
    )
    return warning("model", field_of(number), "launch_too_long", message, removal(spec, number))
