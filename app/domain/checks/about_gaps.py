"""Rules about filling gaps: a target with gaps, one series, and masked blocks that fit the record."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.analysis.profiling.series import mixes_series
from app.domain.checks.about_holdout import share_answers
from app.domain.checks.check_context import CheckContext, error, notice, warning
from app.domain.checks.fold_sizes import decimal_parameter, groups_of, whole_parameter
from app.domain.estimators import registry
from app.domain.problems import Problem, Remedy
from app.domain.purpose_words import get_entry
from app.domain.text.messages import join_sentences
from app.domain.training.validation.masked_blocks import MAX_TOGETHER
from app.domain.vocabulary import Purpose, SplitStrategy

BLOCKS = SplitStrategy.MASKED_BLOCKS.value
# A gap is longer than anything that could judge it where it takes more than this share of the record.
MAX_SHARE_OF_RECORD = 0.5
# Where so much is missing, most gaps lie far from any known value.
MOSTLY_MISSING = 0.5
# A known value stands on either side of a block.
BESIDES = 2


def _fills_gaps(subject: CheckContext) -> bool:
    return subject.spec.task.purpose is Purpose.FILL_GAPS


def _remedy_label() -> str:
    return get_entry(Purpose.FILL_GAPS).label


def target_can_have_gaps(subject: CheckContext) -> Iterator[Problem]:
    """Gaps are filled with numbers; a target without a missing value has none to fill."""
    if not _fills_gaps(subject):
        return
    target = subject.target
    if subject.spec.task.kind.is_classification:
        message = f'"{_remedy_label()}" needs a number as the target, and {target.name[:60]} holds classes.'
        other = get_entry(Purpose.NEW_ROWS).label
        remedy = Remedy(f'Use "{other}"', {"data": {"purpose": Purpose.NEW_ROWS.value}})
        yield error("data", "purpose", "gaps_need_numbers", message, remedy)
    elif not target.missing:
        message = (
            f"{target.name[:60]} has no missing value, so there is no gap to fill. "
            "The result says how well gaps would be filled."
        )
        other = get_entry(Purpose.SIMULATE).label
        remedy = Remedy(f'Use "{other}"', {"data": {"purpose": Purpose.SIMULATE.value}})
        yield notice("data", "purpose", "no_gaps", message, remedy)
    elif target.missing > MOSTLY_MISSING * subject.profile.rows:
        share = f"{100 * target.missing / subject.profile.rows:.0f} %"
        message = (
            f"{target.name[:60]} is missing on {share} of the rows. "
            "Blocks mask known values, so they are shorter than the longest gaps."
        )
        remedy = Remedy("Take the result for the shorter gaps alone.")
        yield notice("data", "purpose", "mostly_gaps", message, remedy)


def gaps_lie_in_one_series(subject: CheckContext) -> Iterator[Problem]:
    """Where many rows share a time, a group column says whose values stand around a gap."""
    task, axis = subject.spec.task, subject.profile.time_axis
    if not _fills_gaps(subject) or task.group_column is not None or axis is None or axis.column != task.time_column:
        return
    if not mixes_series(subject.profile.rows, axis.duplicates):
        return
    shared = f"{axis.duplicates:,} of {subject.profile.rows:,} rows share their time with another row."
    message = join_sentences((shared, "A gap would be filled from another series."))
    remedy = Remedy("Choose the group column that tells these rows apart.")
    if axis.group:
        remedy = Remedy(f"Use {axis.group[:40]} as group column", {"data": {"group_column": axis.group}})
    yield error("data", "group_column", "gaps_mix_series", message, remedy)


def gaps_are_judged_by_blocks(subject: CheckContext) -> Iterator[Problem]:
    """Masked blocks judge the filling of gaps, and nothing else does."""
    chosen, title = subject.strategy.id, subject.strategy.title
    blocks = chosen is SplitStrategy.MASKED_BLOCKS
    # Of a target that has no gaps, or of a record without time, another rule says what is wrong.
    possible = subject.spec.task.time_column is not None and not subject.spec.task.kind.is_classification
    if _fills_gaps(subject) and not blocks and possible:
        message = f"Gaps have known values on both sides, which only masked blocks test. You chose {title.lower()}."
        remedy = Remedy("Use masked blocks", {"validation": {"strategy": BLOCKS}})
        yield warning("validation", "strategy", "gaps_without_blocks", message, remedy)
    elif blocks and not _fills_gaps(subject):
        message = f'Masked blocks have known values on both sides, which only "{_remedy_label()}" may use.'
        remedy = Remedy(f'Use "{_remedy_label()}"', {"data": {"purpose": Purpose.FILL_GAPS.value}})
        if not possible:
            remedy = Remedy("Use k-fold", {"validation": {"strategy": "k_fold"}})
        yield warning("validation", "strategy", "blocks_without_gaps", message, remedy)


def held_out_rows_are_gaps(subject: CheckContext) -> Iterator[Problem]:
    """Rows held out at the end have known values on one side alone, so they are no gap."""
    if not _fills_gaps(subject) or subject.spec.validation.holdout is None:
        return
    message = "Rows held out at the end have known values on one side only, so they do not test gap filling."
    field = "holdout_percent" if subject.spec.validation.holdout.from_date is None else "holdout_from"
    remedy = Remedy("Hold nothing out", {"validation": share_answers(0)})
    yield warning("validation", field, "holdout_is_no_gap", message, remedy)


def blocks_fit_the_record(subject: CheckContext) -> Iterator[Problem]:
    """Blocks are no longer than half the record of a site, and folds mask no row twice."""
    if subject.strategy.id is not SplitStrategy.MASKED_BLOCKS:
        return
    longest = max(_block_lengths(subject), default=0)
    record = subject.rows // max(groups_of(subject) or 1, 1)
    field = f"{BLOCKS}.lengths"
    if longest > MAX_SHARE_OF_RECORD * record or longest + BESIDES > record:
        several = " of a group" if groups_of(subject) else ""
        message = f"A block of {longest:,} steps is longer than half the record{several}, which has {record:,} steps."
        remedy = Remedy("Use lengths like the record's gaps", {"validation": {field: None}})
        yield error("validation", field, "blocks_too_long", message, remedy)
    folds, share = whole_parameter(subject, "n_splits"), decimal_parameter(subject, "share")
    if folds * share > MAX_TOGETHER + 1e-9:
        fitting = int(100 * MAX_TOGETHER / folds) / 100
        message = f"{folds} folds that mask {100 * share:g} % each mask some rows more than once."
        remedy = Remedy(f"Mask {100 * fitting:g} % in each", {"validation": {f"{BLOCKS}.share": fitting}})
        yield notice("validation", f"{BLOCKS}.share", "blocks_overlap", message, remedy)


def _block_lengths(subject: CheckContext) -> list[int]:
    parameter = subject.strategy.parameter("lengths")
    try:
        read = parameter.parse(subject.spec.validation.parameters.get("lengths")) if parameter is not None else None
    except ValueError:
        # Another rule says what is wrong with it.
        return []
    return list(read or [])


def estimator_serves_the_purpose(subject: CheckContext) -> Iterator[Problem]:
    """An estimator that is made for one purpose is used for no other."""
    try:
        entry = registry.get(subject.spec.model.estimator)
    except KeyError:
        return
    if entry.purpose is None or entry.serves(subject.spec.task.purpose):
        return
    message = f'{entry.title} only serves "{get_entry(entry.purpose).label}".'
    remedy = Remedy("Use a random forest", {"model": {"estimator": "random_forest"}})
    yield error("model", "estimator", "estimator_of_another_purpose", message, remedy)
