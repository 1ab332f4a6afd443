"""The registry of split strategies: purpose, caveats, parameters and the function that cuts."""

from __future__ import annotations

import calendar
from dataclasses import dataclass

from app.domain.estimators.parameters import Parameter, ParameterValues
from app.domain.experiment import HoldoutPart
from app.domain.json_values import Settings
from app.domain.training.validation import cuts
from app.domain.training.validation.cuts import CutRows
from app.domain.training.validation.holdouts import (
    HoldOut,
    hold_out_groups,
    hold_out_groups_in_time,
    hold_out_rows,
)
from app.domain.training.validation.masked_blocks import cut_masked_blocks
from app.domain.vocabulary import Level, SplitStrategy, TaskKind

ALL = tuple(TaskKind)
CLASSES = (TaskKind.BINARY, TaskKind.MULTICLASS)


@dataclass(frozen=True)
class StrategyEntry:
    """One strategy: what it protects against, when it misleads, what it needs, and how it cuts and holds out rows."""

    id: SplitStrategy
    title: str
    summary: str
    protects: str
    misleads: str
    parameters: tuple[Parameter, ...]
    cut: CutRows
    tasks: tuple[TaskKind, ...] = ALL
    needs_time: bool = False
    needs_group: bool = False
    shuffles: bool = True
    hold_out: HoldOut = hold_out_rows

    def defaults(self) -> ParameterValues:
        """Return every parameter's default."""
        return ParameterValues({parameter.name: parameter.default for parameter in self.parameters})

    def used(self, values: Settings) -> tuple[Parameter, ...]:
        """Return the parameters that mean something beside these values: months only where folds follow the year."""
        aligned = values.get("align") == "water_year"
        return tuple(parameter for parameter in self.parameters if parameter.name != "start_month" or aligned)

    def holds_out_groups(self, holdout: HoldoutPart | None) -> bool:
        """Return whether whole groups are held out: from a date on, it is the later rows of all of them."""
        return self.needs_group and holdout is not None and (self.needs_time or holdout.fraction is not None)

    def parameter(self, name: str) -> Parameter | None:
        """Return the parameter of this name, or None."""
        return next((item for item in self.parameters if item.name == name), None)


FOLDS = Parameter("n_splits", "Folds", "integer", 5, "More folds train on more rows and take longer.", low=2, high=20)
GAP = Parameter(
    "gap", "Gap", "integer", 0, "Steps left out between training and validation.", low=0, high=100_000, unit="steps"
)
MONTHS = tuple((str(number), calendar.month_name[number]) for number in range(1, 13))

STRATEGIES: tuple[StrategyEntry, ...] = (
    StrategyEntry(
        SplitStrategy.TIME_SERIES,
        "Forward in time",
        "Each fold trains on the past and is validated on what follows.",
        "Protects against validating a day with its neighbours.",
        "Misleads when the site itself changed, as after a dam.",
        (
            FOLDS,
            GAP,
            Parameter(
                "window",
                "Training window",
                "choice",
                "expanding",
                "A rolling window drops the oldest rows.",
                level=Level.ADVANCED,
                choices=(("expanding", "Expanding"), ("rolling", "Rolling")),
            ),
            Parameter(
                "align",
                "Folds begin",
                "choice",
                "rows",
                "If folds begin with a water year, each validates whole water years.",
                choices=(("rows", "Anywhere"), ("water_year", "With a water year")),
            ),
            Parameter(
                "start_month",
                "Water years begin in",
                "integer",
                10,
                "October in the north, July in the south. Used where folds begin with a water year.",
                level=Level.ADVANCED,
                low=1,
                high=12,
                choices=MONTHS,
            ),
        ),
        cuts.cut_forward,
        needs_time=True,
        shuffles=False,
    ),
    StrategyEntry(
        SplitStrategy.HOLDOUT,
        "Hold-out",
        "One split: fast, but depends on chance.",
        "Protects only against seeing the same row twice.",
        "Misleads on few rows: another split may score very differently.",
        (Parameter("percent", "Rows that validate", "number", 20, "The rest trains.", low=1, high=80, unit="%"),),
        cuts.cut_once,
    ),
    StrategyEntry(
        SplitStrategy.K_FOLD,
        "k-fold",
        "Every row validates once; the others train.",
        "Protects against the chance of one split.",
        "Misleads when neighbouring rows are alike, as days or sites are.",
        (FOLDS,),
        cuts.cut_k_fold,
    ),
    StrategyEntry(
        SplitStrategy.STRATIFIED_K_FOLD,
        "Stratified k-fold",
        "As k-fold, with the share of each class kept in every fold.",
        "Protects rare classes from missing in a fold.",
        "Misleads when neighbouring rows are alike.",
        (FOLDS,),
        cuts.cut_stratified,
        tasks=CLASSES,
    ),
    StrategyEntry(
        SplitStrategy.REPEATED_K_FOLD,
        "Repeated k-fold",
        "k-fold repeated with new random folds.",
        "Protects against chance on few rows.",
        "Misleads when neighbouring rows are alike.",
        (FOLDS, Parameter("n_repeats", "Repeats", "integer", 3, "More repeats steady the mean.", low=2, high=20)),
        cuts.cut_repeatedly,
    ),
    StrategyEntry(
        SplitStrategy.GROUP_K_FOLD,
        "Group k-fold",
        "Whole sites or basins stay together.",
        "Protects against validating a site with its own other rows.",
        "Misleads when the future of known sites is what you need.",
        (FOLDS,),
        cuts.cut_groups,
        needs_group=True,
        hold_out=hold_out_groups,
    ),
    StrategyEntry(
        SplitStrategy.LEAVE_ONE_GROUP_OUT,
        "Leave one group out",
        "Each site validates once, unseen.",
        "Shows how well the model transfers to a new site.",
        "Needs one fit for every group.",
        (),
        cuts.cut_each_group,
        needs_group=True,
        hold_out=hold_out_groups,
    ),
    StrategyEntry(
        SplitStrategy.GROUP_TIME_SERIES,
        "New sites in new years",
        "Each fold trains on some groups and is validated on others, in a later period.",
        "Protects against validating a site with its own rows, and a year with its neighbours.",
        "Misleads when only the site or only the period will be new.",
        (FOLDS, GAP),
        cuts.cut_groups_forward,
        needs_time=True,
        needs_group=True,
        shuffles=False,
        hold_out=hold_out_groups_in_time,
    ),
    StrategyEntry(
        SplitStrategy.MASKED_BLOCKS,
        "Masked blocks",
        "Blocks shaped like gaps are masked; known values stand on both sides.",
        "Compares filled values with those measured there.",
        "Misleads when the model must predict beyond the record.",
        (
            FOLDS,
            Parameter(
                "lengths",
                "Lengths of gaps",
                "steps",
                None,
                "How long each masked block is, such as 3, 10, 30.",
                low=1,
                high=10_000,
                unit="steps",
                optional=True,
                none_means="as long as the gaps of the record",
            ),
            Parameter("share", "Share masked in each fold", "number", 0.1, "The rest trains.", low=0.01, high=0.5),
        ),
        cut_masked_blocks,
        tasks=(TaskKind.REGRESSION,),
        needs_time=True,
        shuffles=False,
    ),
)
_BY_ID = {entry.id: entry for entry in STRATEGIES}


def get(strategy: SplitStrategy | str) -> StrategyEntry:
    """Return the entry of a strategy; KeyError or ValueError if there is none."""
    return _BY_ID[SplitStrategy(strategy)]
