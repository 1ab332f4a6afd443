"""Splits: no row trains and judges at once, time never runs backwards, groups stay whole, and seeds reproduce."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import TrainingError
from app.domain.experiment import Spec
from app.domain.training.validation import splitting
from app.domain.training.validation.holdouts import TOO_FEW_GROUPS
from app.domain.training.validation.splitting import RowFacts, Split, make_split
from app.domain.vocabulary import SplitStrategy
from tests.domain.tables import make_spec

QUICK = settings(derandomize=True, deadline=None, max_examples=25)
GROUPED = (SplitStrategy.GROUP_K_FOLD, SplitStrategy.LEAVE_ONE_GROUP_OUT)
DRAWN = (SplitStrategy.HOLDOUT, SplitStrategy.K_FOLD, SplitStrategy.STRATIFIED_K_FOLD, SplitStrategy.REPEATED_K_FOLD)


def spec_of(
    strategy: SplitStrategy, *, holdout: float | None = None, seed: int = 42, classes: bool = False, **parameters: Any
) -> Spec:
    """Return a config that asks for this split."""
    current_values = {"holdout": {"fraction": holdout}} if holdout else {}
    task = {"target": "two", "kind": "binary"} if classes else {"target": "y"}
    return make_spec(
        task=task,
        validation={"strategy": strategy.value, "parameters": parameters, **current_values},
        seed=seed,
        others=[],
    )


def facts_of(rows: int, *, ordered: bool = False, sites: int = 1) -> RowFacts:
    """Return rows with three classes and eight groups, and in time order if asked, so many sites at each moment."""
    random = np.random.default_rng(rows)
    classes = random.permutation(np.arange(rows) % 10 // 4)
    steps = np.arange(rows) // sites if ordered else None
    return RowFacts(rows, classes, np.array([f"g{position % 8}" for position in range(rows)]), steps)


def split_of(strategy: SplitStrategy, facts: RowFacts, **request: Any) -> Split:
    parameters = {"n_splits": 3, **request} if splitting.get(strategy).parameter("n_splits") else request
    return make_split(spec_of(strategy, **parameters), facts)


@pytest.mark.parametrize("strategy", SplitStrategy)
@QUICK
@given(
    rows=st.integers(60, 200), holdout=st.sampled_from([None, 0.1, 0.3]), ordered=st.booleans(), seed=st.integers(0, 9)
)
def test_no_row_both_trains_and_judges_and_the_holdout_is_seen_by_no_fold(
    strategy: SplitStrategy, rows: int, holdout: float | None, ordered: bool, seed: int
) -> None:
    facts = facts_of(rows, ordered=ordered or splitting.get(strategy).needs_time, sites=2)
    split = split_of(strategy, facts, holdout=holdout, seed=seed)
    current_values = set() if split.holdout is None else set(split.holdout.tolist())
    development = set(split.development.tolist())
    assert not current_values & development
    assert current_values | development <= set(range(rows))
    assert (split.holdout is None) == (holdout is None or strategy is SplitStrategy.HOLDOUT)
    for fold in split.folds:
        train, judge = fold.train.tolist(), fold.validation.tolist()
        assert len(set(train)) == len(train)
        assert len(set(judge)) == len(judge)
        assert not set(train) & set(judge)
        assert set(train) | set(judge) <= development


@pytest.mark.parametrize(
    ("strategy", "times"),
    [(SplitStrategy.K_FOLD, 1), (SplitStrategy.STRATIFIED_K_FOLD, 1), (SplitStrategy.REPEATED_K_FOLD, 3)],
)
@QUICK
@given(rows=st.integers(40, 150), folds=st.integers(2, 4))
def test_every_row_judges_as_often_as_promised_and_trains_in_the_other_folds(
    strategy: SplitStrategy, times: int, rows: int, folds: int
) -> None:
    split = split_of(strategy, facts_of(rows), n_splits=folds)
    judged = Counter(row for fold in split.folds for row in fold.validation.tolist())
    assert judged == dict.fromkeys(range(rows), times)
    assert len(split.folds) == folds * times
    assert all(len(fold.train) + len(fold.validation) == rows for fold in split.folds)


@QUICK
@given(rows=st.integers(40, 150), folds=st.integers(2, 5))
def test_folds_differ_by_no_more_than_one_row(rows: int, folds: int) -> None:
    sizes = [len(fold.validation) for fold in split_of(SplitStrategy.K_FOLD, facts_of(rows), n_splits=folds).folds]
    assert max(sizes) - min(sizes) <= 1


@QUICK
@given(
    moments=st.integers(40, 150),
    sites=st.integers(1, 3),
    folds=st.integers(2, 4),
    gap=st.integers(0, 5),
    window=st.sampled_from(["expanding", "rolling"]),
    holdout=st.sampled_from([None, 0.2]),
)
def test_forward_in_time_trains_on_the_past_and_honours_the_gap(
    moments: int, sites: int, folds: int, gap: int, window: str, holdout: float | None
) -> None:
    facts = facts_of(moments * sites, ordered=True, sites=sites)
    assert facts.steps is not None
    split = split_of(SplitStrategy.TIME_SERIES, facts, n_splits=folds, gap=gap, window=window, holdout=holdout)
    parts = [(fold.train, fold.validation) for fold in split.folds]
    if split.holdout is not None:
        parts.append((split.development, split.holdout))
        assert facts.steps[split.holdout[-1]] == moments - 1
    for train, judge in parts:
        # Exactly `gap` moments are left out: no fewer, or the future leaks, and no more, or data is wasted.
        assert facts.steps[judge].min() - facts.steps[train].max() == gap + 1
    for earlier, later in zip(split.folds, split.folds[1:], strict=False):
        assert facts.steps[later.validation].min() == facts.steps[earlier.validation].max() + 1
    assert split.folds[-1].validation[-1] == split.development[-1]


@pytest.mark.parametrize("window", ["expanding", "rolling"])
def test_twelve_moments_in_three_folds_by_hand(window: str) -> None:
    split = split_of(SplitStrategy.TIME_SERIES, facts_of(12, ordered=True), gap=1, window=window)
    assert [fold.validation.tolist() for fold in split.folds] == [[3, 4, 5], [6, 7, 8], [9, 10, 11]]
    expanding = [[0, 1], [0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5, 6, 7]]
    rolling = [[0, 1], [3, 4], [6, 7]]
    assert [fold.train.tolist() for fold in split.folds] == (expanding if window == "expanding" else rolling)


def test_rows_of_one_moment_are_never_divided() -> None:
    facts = facts_of(90, ordered=True, sites=3)
    assert facts.steps is not None
    split = split_of(SplitStrategy.TIME_SERIES, facts, holdout=0.17)
    for fold in [*split.folds, splitting.Fold(split.development, split.holdout)]:
        assert not set(facts.steps[fold.train]) & set(facts.steps[fold.validation])


@pytest.mark.parametrize("strategy", [SplitStrategy.K_FOLD, SplitStrategy.STRATIFIED_K_FOLD, SplitStrategy.TIME_SERIES])
def test_the_holdout_stands_at_the_end_where_time_orders_the_rows(strategy: SplitStrategy) -> None:
    split = split_of(strategy, facts_of(100, ordered=True), holdout=0.2)
    assert split.holdout is not None
    assert split.holdout.tolist() == list(range(80, 100))
    assert split.development.tolist() == list(range(80))


@pytest.mark.parametrize("ordered", [False, True])
def test_one_cut_judges_the_share_asked_for(ordered: bool) -> None:
    split = split_of(SplitStrategy.HOLDOUT, facts_of(100, ordered=ordered), percent=25, holdout=0.2)
    (fold,) = split.folds
    assert (len(fold.train), len(fold.validation), split.holdout) == (75, 25, None)
    assert (fold.validation.tolist() == list(range(75, 100))) is ordered


@QUICK
@given(
    rows=st.integers(40, 160),
    folds=st.integers(2, 4),
    holdout=st.sampled_from([None, 0.25]),
    strategy=st.sampled_from(GROUPED),
)
def test_groups_are_never_shared(rows: int, folds: int, holdout: float | None, strategy: SplitStrategy) -> None:
    facts = facts_of(rows)
    assert facts.groups is not None
    split = split_of(strategy, facts, n_splits=folds, holdout=holdout)
    parts = [(fold.train, fold.validation) for fold in split.folds]
    parts += [] if split.holdout is None else [(split.development, split.holdout)]
    for train, judge in parts:
        assert not set(facts.groups[train]) & set(facts.groups[judge])
    judged = Counter(group for fold in split.folds for group in set(facts.groups[fold.validation]))
    assert judged == dict.fromkeys(set(facts.groups[split.development]), 1)


def test_leaving_one_group_out_takes_one_fold_per_group() -> None:
    facts = facts_of(80)
    assert facts.groups is not None
    split = split_of(SplitStrategy.LEAVE_ONE_GROUP_OUT, facts)
    assert sorted({str(facts.groups[fold.validation][0]) for fold in split.folds}) == [
        f"g{position}" for position in range(8)
    ]
    assert len(split.folds) == 8


@QUICK
@given(rows=st.integers(50, 200), folds=st.integers(2, 5), seed=st.integers(0, 9))
def test_stratified_folds_keep_the_share_of_each_class(rows: int, folds: int, seed: int) -> None:
    facts = facts_of(rows)
    assert facts.classes is not None
    split = split_of(SplitStrategy.STRATIFIED_K_FOLD, facts, n_splits=folds, classes=True, seed=seed)
    for name in np.unique(facts.classes):
        expected = int((facts.classes == name).sum()) / folds
        counts = [int((facts.classes[fold.validation] == name).sum()) for fold in split.folds]
        assert all(abs(count - expected) < 1 for count in counts)


@QUICK
@given(rows=st.integers(50, 200), share=st.sampled_from([0.1, 0.2, 0.35]), seed=st.integers(0, 9))
def test_a_drawn_holdout_keeps_the_share_of_each_class(rows: int, share: float, seed: int) -> None:
    facts = facts_of(rows)
    assert facts.classes is not None
    split = split_of(SplitStrategy.K_FOLD, facts, holdout=share, classes=True, seed=seed)
    assert split.holdout is not None
    assert len(split.holdout) == max(1, round(rows * share))
    for name in np.unique(facts.classes):
        every, count = int((facts.classes == name).sum()), int((facts.classes[split.holdout] == name).sum())
        assert abs(count - every * len(split.holdout) / rows) <= 1
        assert every - count >= splitting.fewest_left(every, rows, share)


@pytest.mark.parametrize("strategy", [*DRAWN, SplitStrategy.GROUP_K_FOLD])
def test_a_seed_reproduces_the_split_and_another_draws_anew(strategy: SplitStrategy) -> None:
    def drawn(seed: int) -> list[list[int]]:
        split = split_of(strategy, facts_of(90), seed=seed, holdout=0.25)
        current_values = [] if split.holdout is None else [split.holdout.tolist()]
        return [fold.validation.tolist() for fold in split.folds] + current_values

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)


def test_time_leaves_nothing_to_chance() -> None:
    folds = [split_of(SplitStrategy.TIME_SERIES, facts_of(60, ordered=True), seed=seed).folds for seed in (1, 2)]
    assert [fold.train.tolist() for fold in folds[0]] == [fold.train.tolist() for fold in folds[1]]


REFUSED: dict[str, tuple[Spec, RowFacts]] = {
    "time_column_missing": (spec_of(SplitStrategy.TIME_SERIES), RowFacts(50)),
    "group_column_missing": (spec_of(SplitStrategy.GROUP_K_FOLD), RowFacts(50)),
    "strategy_needs_classes": (spec_of(SplitStrategy.STRATIFIED_K_FOLD), RowFacts(50)),
    "too_few_rows": (spec_of(SplitStrategy.K_FOLD, n_splits=5), RowFacts(4)),
    "rare_class": (spec_of(SplitStrategy.STRATIFIED_K_FOLD), RowFacts(50, np.array([0] * 48 + [1] * 2))),
    "too_few_groups": (spec_of(SplitStrategy.LEAVE_ONE_GROUP_OUT), RowFacts(9, groups=np.array(["one"] * 9))),
    "too_many_groups": (spec_of(SplitStrategy.LEAVE_ONE_GROUP_OUT), RowFacts(402, groups=np.arange(402) // 2)),
    "gap_too_long": (spec_of(SplitStrategy.TIME_SERIES, gap=15), facts_of(50, ordered=True)),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_cannot_be_divided_is_refused_with_a_sentence(code: str) -> None:
    with pytest.raises(TrainingError) as refusal:
        make_split(*REFUSED[code])
    assert refusal.value.code == code
    assert refusal.value.message[0].isupper() or refusal.value.message[0].isdigit()
    assert refusal.value.message.endswith(".")


def divided(strategy: SplitStrategy, facts: RowFacts, **request: Any) -> Split | str:
    """Return the split, or the sentence that refuses it."""
    try:
        return split_of(strategy, facts, **request)
    except TrainingError as refusal:
        return refusal.message


@pytest.mark.parametrize("strategy", SplitStrategy)
@pytest.mark.parametrize("holdout", [None, 0.5])
@pytest.mark.parametrize("rows", range(8))
def test_few_rows_are_divided_rightly_or_refused_never_otherwise(
    strategy: SplitStrategy, holdout: float | None, rows: int
) -> None:
    for ordered in (False, True):
        outcome = divided(strategy, facts_of(rows, ordered=ordered), n_splits=2, holdout=holdout)
        if isinstance(outcome, str):
            assert outcome.endswith(".")
        else:
            assert all(len(fold.train) >= 2 and len(fold.validation) >= 1 for fold in outcome.folds)


def test_a_gap_longer_than_the_series_before_the_holdout_is_refused() -> None:
    with pytest.raises(TrainingError) as refusal:
        split_of(SplitStrategy.TIME_SERIES, facts_of(50, ordered=True), gap=45, holdout=0.2)
    assert refusal.value.code == "gap_too_long"


def test_only_whole_groups_are_held_out_and_one_group_cannot_be_divided() -> None:
    with pytest.raises(TrainingError) as refusal:
        split_of(SplitStrategy.GROUP_K_FOLD, RowFacts(20, groups=np.array(["one"] * 20)), holdout=0.2)
    assert refusal.value.code == TOO_FEW_GROUPS


@pytest.mark.parametrize("entry", splitting.STRATEGIES, ids=lambda entry: entry.id.value)
def test_every_strategy_says_what_it_does_and_when_it_misleads(entry: splitting.StrategyEntry) -> None:
    assert splitting.get(entry.id.value) is entry
    for sentence in (entry.summary, entry.protects, entry.misleads):
        assert sentence[0].isupper() or sentence.startswith("k-fold")
        assert sentence.endswith(".")
    for parameter in entry.parameters:
        assert parameter.parse(parameter.default) == parameter.default


def test_every_strategy_of_the_vocabulary_has_an_entry() -> None:
    assert {entry.id for entry in splitting.STRATEGIES} == set(SplitStrategy)
