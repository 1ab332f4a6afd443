"""The table of all rules, and the functions that run them on a config."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.domain.analysis.profiling.profile import Associations, DatasetProfile
from app.domain.checks import (
    about_contest,
    about_data,
    about_features,
    about_gaps,
    about_goal,
    about_holdout,
    about_leaks,
    about_model,
    about_purpose,
    about_settings,
    about_transforms,
    about_tuning,
    about_validation,
)
from app.domain.checks.check_context import CheckContext
from app.domain.experiment import Spec, is_contest
from app.domain.problems import Problem

Rule = Callable[[CheckContext], Iterator[Problem]]

OF_TRANSFORMS: tuple[Rule, ...] = (
    about_transforms.can_be_followed,
    about_purpose.target_is_known,
    about_purpose.steps_are_known,
    about_transforms.look_back_far_enough,
    about_transforms.look_back_within_one_series,
    about_transforms.go_together,
    about_transforms.fit_their_columns,
    about_transforms.temperatures_differ,
    about_transforms.names_are_made_once,
    about_transforms.fit_the_rows,
    about_transforms.have_an_effect,
)
RULES: tuple[Rule, ...] = (
    about_data.columns_exist,
    about_data.target_has_values,
    about_data.target_fits_task,
    about_data.target_is_not_the_group,
    about_data.time_is_not_the_group,
    about_data.classes_are_usable,
    about_data.enough_rows,
    about_data.time_column_is_dates,
    about_data.marks_are_answered,
    about_data.times_are_understood,
    about_goal.purpose_has_its_time,
    about_goal.purpose_has_its_sites,
    about_goal.horizon_fits_the_record,
    about_gaps.target_can_have_gaps,
    about_gaps.gaps_lie_in_one_series,
    about_gaps.gaps_are_judged_by_blocks,
    about_gaps.held_out_rows_are_gaps,
    about_gaps.blocks_fit_the_record,
    about_gaps.estimator_serves_the_purpose,
    about_features.some_features,
    about_features.some_feature_varies,
    about_features.each_named_once,
    about_features.selection_rules_fit,
    about_leaks.no_target_among_features,
    about_leaks.answers_are_kept,
    about_leaks.questions_are_answered,
    about_features.useless_columns,
    *OF_TRANSFORMS,
    about_model.estimator_exists_and_fits,
    about_model.parameters_are_valid,
    about_model.enough_for_the_rows,
    about_settings.settings_go_together,
    about_tuning.searches_something,
    about_tuning.searched_settings_go_together,
    about_tuning.metric_decides,
    about_tuning.metric_tells_trials_apart,
    about_tuning.inner_folds_can_be_cut,
    about_validation.needs_are_met,
    about_validation.parameters_are_valid,
    about_validation.folds_fit_rows,
    about_validation.classes_reach_training,
    about_validation.no_group_is_nearly_all,
    about_validation.enough_rows_are_held_out,
    about_holdout.dates_hold_out_rows,
    about_holdout.warm_up_leaves_rows,
    about_holdout.years_fill_folds,
    about_goal.sites_are_held_out_whole,
    about_validation.random_split_in_time,
    about_leaks.groups_stay_together,
    about_leaks.copies_stay_together,
    about_validation.gap_covers_memory,
    about_holdout.windows_fit_training,
    about_validation.metrics_fit,
    about_validation.metrics_can_be_computed,
)


def check_spec(spec: Spec, profile: DatasetProfile, associations: Associations | None) -> tuple[Problem, ...]:
    """Return every problem of a config for a dataset, in the order of the rules; of a contest, those of each candidate.

    Parameters
    ----------
    spec
        A config that is valid by type.
    profile, associations
        What is known of the dataset, and of its columns and the target (None while it is not measured).
    """
    subject = CheckContext(spec, profile, associations)
    own = [problem for rule in about_contest.OF_CONTEST for problem in rule(subject)] if _exists(subject) else []
    if not is_contest(spec):
        return (*_check_one(spec, profile, associations), *own)
    of_candidates = about_contest.check_candidates(spec, lambda item: _check_one(item, profile, associations))
    return (*of_candidates, *own)


def _exists(subject: CheckContext) -> bool:
    return not any(about_data.columns_exist(subject))


def _check_one(spec: Spec, profile: DatasetProfile, associations: Associations | None) -> tuple[Problem, ...]:
    """Return the problems of a config of one estimator."""
    subject = CheckContext(spec, profile, associations)
    problems: list[Problem] = list(about_data.columns_exist(subject))
    if problems:
        # Every other rule asks about columns by name, so they would only repeat that one is missing.
        return tuple(problems)
    for rule in RULES[1:]:
        problems.extend(rule(subject))
    return tuple(problems)


def check_transforms(spec: Spec, profile: DatasetProfile) -> tuple[Problem, ...]:
    """Return the problems of a config's recipes for features alone."""
    subject = CheckContext(spec, profile, None)
    if any(about_data.columns_exist(subject)):
        return tuple(about_data.columns_exist(subject))
    return tuple(problem for rule in OF_TRANSFORMS for problem in rule(subject))
