"""The conflict table: answers that do not go together, one row each, with how scikit-learn fails where they meet.

The Help page is made from it, and every row has a test that shows the failure without the check.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.domain.checks import (
    about_data,
    about_gaps,
    about_leaks,
    about_model,
    about_transforms,
    about_tuning,
    about_validation,
)
from app.domain.checks.about_settings import PAIRS
from app.domain.checks.pairs import IncompatibleSettings
from app.domain.checks.subject import CheckContext
from app.domain.problems import Problem
from app.domain.vocabulary import Severity

ERROR, WARNING, NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE


@dataclass(frozen=True)
class Conflict:
    """Answers that do not go together.

    `id` names the row, `code` is that of the problem, `between` are the form fields involved ("step.field", the first
    where the message stands; FOLDS stands for the folds of whichever strategy). `when`, `fails` and `remedy` are
    sentences for the page. `rule` finds it in a config, at worst with `severity`.
    """

    id: str
    code: str
    between: tuple[str, ...]
    when: str
    fails: str
    severity: Severity
    remedy: str
    rule: Callable[[CheckContext], Iterator[Problem]]


def _of(pair: IncompatibleSettings) -> Conflict:
    return Conflict(
        pair.code, pair.code, pair.fields(), pair.when, pair.fails, pair.severity, pair.cure, rule=pair.find
    )


TARGET, TASK, TIME, GROUP = "data.target", "data.task_kind", "data.time_column", "data.group_column"
DERIVED, ESTIMATOR = "features.transforms", "model.estimator"
STRATEGY, FOLDS, GAP, HELD = (
    "validation.strategy",
    "validation.*.n_splits",
    "validation.time_series.gap",
    "validation.holdout_percent",
)
METRIC = "validation.primary_metric"

DATA = (
    Conflict(
        "target_not_numeric",
        "target_not_numeric",
        (TASK, TARGET),
        "The task is regression, and the target holds words or dates.",
        "Raises: a text cannot be made a number.",
        ERROR,
        "Use the inferred task, the kind that was found, or another target.",
        about_data.target_fits_task,
    ),
    Conflict(
        "not_binary",
        "not_binary",
        (TASK, TARGET),
        "The task has two classes, and the target has more values.",
        "Raises when it is judged: a metric of two classes is asked about more.",
        ERROR,
        "Use the inferred task.",
        about_data.target_fits_task,
    ),
    Conflict(
        "group_is_target",
        "group_is_target",
        (GROUP, TARGET),
        "The group column is the target itself.",
        "Judges by classes that no fold was trained on, so every row is wrong.",
        ERROR,
        "Use no group column.",
        about_data.target_is_not_the_group,
    ),
    Conflict(
        "time_column_unreadable",
        "time_column_unreadable",
        (TIME,),
        "The time column holds something else than dates.",
        "Orders rows as words are ordered: the tenth comes before the second.",
        ERROR,
        "Use no time column.",
        about_data.time_column_is_dates,
    ),
    Conflict(
        "target_leakage",
        "target_leakage",
        ("features.column", TARGET),
        "A feature is the target under another name.",
        "Scores a perfect estimate that nobody could make.",
        WARNING,
        "Leave it out.",
        about_leaks.questions_are_answered,
    ),
    Conflict(
        "derived_without_time",
        "time_column_missing",
        (DERIVED, TIME),
        "There are derived features, and no time column orders the rows.",
        "Takes the row above for the moment before, whatever it is.",
        ERROR,
        "Remove the derived features, or choose a time column.",
        about_transforms.can_be_followed,
    ),
    Conflict(
        "recipe_unfit",
        "transform_invalid",
        (DERIVED, "features.column"),
        "A recipe for numbers is to work on words, or one for words on numbers, or one that learns on the target.",
        "Raises: a text cannot be made a number.",
        ERROR,
        "Remove that recipe.",
        about_transforms.can_be_followed,
    ),
    Conflict(
        "group_is_time",
        "group_is_time",
        (GROUP, TIME, DERIVED),
        "The time column is the group column too, and derived features look back.",
        "Finds nothing before a moment in its own group: every such feature is missing on every row.",
        WARNING,
        "Use no group column.",
        about_data.time_is_not_the_group,
    ),
    Conflict(
        "times_repeat",
        "times_repeat",
        (DERIVED, TIME, GROUP),
        "Over 1 % of the rows share a time, no group column tells them apart, and derived features look back.",
        "Takes the value of another group's row for the earlier one.",
        ERROR,
        "Use the column that tells such rows apart as group column; where there is none, remove those features.",
        about_transforms.look_back_within_one_series,
    ),
    Conflict(
        "scaling_pointless",
        "scaling_pointless",
        (DERIVED, ESTIMATOR),
        "Numbers are scaled, and the estimator is made of trees.",
        "Cuts at the same rows: every estimate is the same with and without scaling.",
        NOTICE,
        "Remove the scaling.",
        about_transforms.have_an_effect,
    ),
    Conflict(
        "not_positive",
        "not_positive",
        (DERIVED, "features.column"),
        "Box-Cox is asked for, and the column goes down to zero or below.",
        "Raises: the transformation needs values above zero.",
        ERROR,
        "Use Yeo-Johnson.",
        about_transforms.fit_their_columns,
    ),
)
MODELS = (
    Conflict(
        "estimator_of_another_purpose",
        "estimator_of_another_purpose",
        (ESTIMATOR, "data.purpose"),
        "The estimator is linear interpolation, and the purpose is not to fill gaps.",
        "Predicts zero everywhere: there is no gap to draw a line across.",
        ERROR,
        "Use a random forest.",
        about_gaps.estimator_serves_the_purpose,
    ),
    Conflict(
        "estimator_unfit",
        "estimator_unfit",
        (ESTIMATOR, TASK),
        "The estimator is for classes and the target a number, or the other way round.",
        "Raises: unknown label type, or a text cannot be made a number.",
        ERROR,
        "Use a random forest.",
        about_model.estimator_exists_and_fits,
    ),
    Conflict(
        "class_weight_unsupported",
        "class_weight_unsupported",
        ("model.*.class_weight", ESTIMATOR),
        "Classes are to be weighed by an estimator that cannot.",
        "Raises: there is no such argument.",
        ERROR,
        "Leave it out.",
        about_model.parameters_are_valid,
    ),
    Conflict(
        "setting_of_another_task",
        "setting_of_another_task",
        ("model.*.class_weight", TASK),
        "A setting for classes stands in a regression, or the other way round.",
        "Raises: there is no such argument.",
        WARNING,
        "Leave it out.",
        about_model.parameters_are_valid,
    ),
    Conflict(
        "too_many_rows",
        "too_many_rows",
        (ESTIMATOR, TARGET),
        "There are more rows than the method is made for.",
        "Keeps a number for every pair of rows: memory and time grow with the square or the cube of the rows.",
        ERROR,
        "Use histogram gradient boosting.",
        about_model.enough_for_the_rows,
    ),
)
SPLITS = (
    Conflict(
        "order_without_time",
        "time_column_missing",
        (STRATEGY, TIME),
        "The split goes forward in time, and there is no time column.",
        "Takes the order of the file for time, and trains on the future.",
        ERROR,
        "Use k-fold, or choose a time column.",
        about_validation.needs_are_met,
    ),
    Conflict(
        "groups_without_column",
        "group_column_missing",
        (STRATEGY, GROUP),
        "The split keeps groups together, and there is no group column.",
        "Raises: groups are required.",
        ERROR,
        "Use k-fold, or choose a group column.",
        about_validation.needs_are_met,
    ),
    Conflict(
        "strategy_needs_classes",
        "strategy_needs_classes",
        (STRATEGY, TASK),
        "The split is stratified, and the target is a number.",
        "Raises: only classes can be stratified.",
        ERROR,
        "Use k-fold.",
        about_validation.needs_are_met,
    ),
    Conflict(
        "too_few_rows",
        "too_few_rows",
        (FOLDS, TARGET),
        "There are fewer than two rows for each fold.",
        "Raises where folds outnumber rows; where they do not, a fold is judged by a single row.",
        ERROR,
        "Use 2 folds.",
        about_validation.folds_fit_rows,
    ),
    Conflict(
        "rare_class",
        "rare_class",
        (FOLDS, TARGET, HELD),
        "The split is stratified, and the rarest class has fewer rows than there are folds.",
        "Warns, and leaves folds without the class; raises when no class has as many rows.",
        ERROR,
        "Use as many folds as the rarest class has rows, or k-fold.",
        about_validation.folds_fit_rows,
    ),
    Conflict(
        "one_class_fold",
        "one_class_fold",
        (STRATEGY, TARGET),
        "Fewer than five rows are not of the commonest class, and the folds are drawn without regard to classes.",
        "Raises: a fold trains on one class alone.",
        ERROR,
        "Use two stratified folds.",
        about_validation.classes_reach_training,
    ),
    Conflict(
        "group_too_large",
        "group_too_large",
        (STRATEGY, GROUP, TARGET),
        "Whole groups judge, and outside the largest one are fewer than five rows, or few to expect of a rare class.",
        "Raises where the other groups hold a row or a class only: while the large one judges, nothing else trains.",
        ERROR,
        "Use k-fold.",
        about_validation.no_group_is_nearly_all,
    ),
    Conflict(
        "too_few_groups",
        "too_few_groups",
        (FOLDS, GROUP, HELD),
        "There are fewer groups than folds.",
        "Raises: more folds than groups.",
        ERROR,
        "Use as many folds as there are groups, or k-fold.",
        about_validation.folds_fit_rows,
    ),
    Conflict(
        "too_many_groups",
        "too_many_groups",
        (STRATEGY, GROUP, HELD),
        "Each group judges once, and there is one group, or there are more than 200.",
        "Raises with one group; with very many it fits once for each, for hours.",
        ERROR,
        "Use group k-fold.",
        about_validation.folds_fit_rows,
    ),
    Conflict(
        "holdout_too_small",
        "holdout_too_small",
        (HELD, STRATEGY, TARGET),
        "Fewer than ten rows are held out.",
        "Warns of a single row that the score is not well defined, and gives no number.",
        WARNING,
        "Hold out a fifth, or nothing.",
        about_validation.enough_rows_are_held_out,
    ),
    Conflict(
        "random_split_in_time",
        "random_split_in_time",
        (STRATEGY, TIME),
        "The rows are a series in time, and the split draws them at random.",
        "Judges a moment by its neighbours on both sides: the score is too good.",
        WARNING,
        "Split forward in time.",
        about_validation.random_split_in_time,
    ),
    Conflict(
        "gap_too_long",
        "gap_too_long",
        (GAP, FOLDS, HELD, TIME),
        "The gap is longer than what the first fold could train on.",
        "Raises: too many splits for the samples and the gap.",
        ERROR,
        "Use the longest gap that leaves rows, or two folds without one.",
        about_validation.gap_covers_memory,
    ),
    Conflict(
        "gap_short",
        "gap_short",
        (GAP, DERIVED),
        "The derived features look back farther than the gap is long.",
        "Lets features of the judged rows hold values that were trained on.",
        WARNING,
        "Set the gap to what the features look back.",
        about_validation.gap_covers_memory,
    ),
)
METRICS = (
    Conflict(
        "metric_unfit",
        "metric_unfit",
        (METRIC, TASK),
        "The metric is for classes and the target a number, or the other way round.",
        "Raises: the metric is not defined for this kind of target.",
        ERROR,
        "Use a metric of the task.",
        about_validation.metrics_fit,
    ),
    Conflict(
        "metric_needs_positive",
        "metric_needs_positive",
        (METRIC, TARGET),
        "The metric takes logarithms, and the target goes below zero.",
        "Gives no number.",
        ERROR,
        "Use another metric.",
        about_validation.metrics_fit,
    ),
    Conflict(
        "metric_needs_probabilities",
        "metric_needs_probabilities",
        (METRIC, ESTIMATOR),
        "The metric reads probabilities, and the estimator gives none.",
        "Raises: the estimator has no predict_proba.",
        ERROR,
        "Use another metric.",
        about_validation.metrics_can_be_computed,
    ),
    Conflict(
        "metric_divides_by_zero",
        "metric_divides_by_zero",
        (METRIC, TARGET),
        "The metric divides by the observed value, and that is sometimes zero.",
        "Gives an error of more than a million million per cent.",
        NOTICE,
        "Use another metric; rows observed as zero are left out of this one.",
        about_validation.metrics_can_be_computed,
    ),
    Conflict(
        "metric_needs_spread",
        "metric_needs_spread",
        ("model.tuning.metric", TARGET, STRATEGY),
        "A search goes by an efficiency, and half of the target's values are one and the same, in time or by groups.",
        "Scores every model alike where a fold within a fold holds that value only.",
        NOTICE,
        "Let RMSE decide among trials.",
        about_tuning.metric_tells_trials_apart,
    ),
)
CONFLICTS: tuple[Conflict, ...] = (*DATA, *MODELS, *(_of(pair) for pair in PAIRS), *SPLITS, *METRICS)
