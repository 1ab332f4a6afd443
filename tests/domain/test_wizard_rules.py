"""The order of the steps, and what a change of an answer makes meaningless."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain import wizard
from app.domain.wizard import SLUGS, STEPS, cleared_by, covers_field, step_after, step_before, step_of

QUIET = settings(max_examples=60, deadline=None, derandomize=True)
SLUG = st.sampled_from(SLUGS)
FIELD = st.text(min_size=1, max_size=30)


def _covered(step: str, name: str, *, by: tuple[str, str]) -> bool:
    return any(covers_field(pattern, step=step, name=name) for pattern in cleared_by(*by))


def test_the_steps_come_in_the_order_of_the_contract() -> None:
    assert SLUGS == ("data", "features", "model", "validation", "review")
    assert [step.title for step in STEPS] == ["Data", "Features", "Model", "Validation", "Review"]


def test_every_step_asks_in_a_sentence_and_is_found_by_its_slug() -> None:
    for step in STEPS:
        assert step_of(step.slug) is step
        assert step.question.endswith(".")


def test_walking_forwards_and_backwards_meets_every_step_once() -> None:
    walked = [STEPS[0]]
    while (following := step_after(walked[-1].slug)) is not None:
        walked.append(following)
    assert tuple(walked) == STEPS
    back = [STEPS[-1]]
    while (earlier := step_before(back[-1].slug)) is not None:
        back.append(earlier)
    assert tuple(reversed(back)) == STEPS


def test_nothing_comes_before_the_first_or_after_the_last() -> None:
    assert step_before(SLUGS[0]) is None
    assert step_after(SLUGS[-1]) is None


@pytest.mark.parametrize("slug", ["", "Data", "launch", "data.target"])
def test_an_unknown_step_is_refused(slug: str) -> None:
    with pytest.raises(KeyError):
        step_of(slug)
    with pytest.raises(ValueError):
        step_before(slug)
    with pytest.raises(ValueError):
        step_after(slug)


@pytest.mark.parametrize("step", ["data", "features", "model", "validation"])
@pytest.mark.parametrize("name", ["target", "kind.c3", "column.c0", "transforms", "ridge.alpha", "time_series.gap"])
def test_another_dataset_clears_all_that_names_columns(step: str, name: str) -> None:
    assert _covered(step, name, by=("data", "dataset_id"))


@pytest.mark.parametrize("name", ["name", "description", "tags", "notes"])
def test_another_dataset_keeps_what_was_written_on_the_review(name: str) -> None:
    assert not _covered("review", name, by=("data", "dataset_id"))


def test_another_target_clears_the_kind_of_task_and_nothing_else() -> None:
    assert _covered("data", "task_kind", by=("data", "target"))
    kept = [("data", "time_column"), ("data", "kind.c1"), ("features", "column.c1"), ("features", "transforms")]
    kept += [("model", "estimator"), ("validation", "strategy"), ("review", "name")]
    assert [item for item in kept if _covered(*item, by=("data", "target"))] == []


@pytest.mark.parametrize(
    ("step", "name"),
    [("data", "time_column"), ("features", "column.c0"), ("model", "estimator"), ("validation", "strategy")],
)
def test_other_answers_clear_nothing(step: str, name: str) -> None:
    assert cleared_by(step, name) == ()


def test_asking_what_an_unknown_step_clears_is_refused() -> None:
    with pytest.raises(KeyError):
        cleared_by("launch", "target")


@QUIET
@given(step=SLUG, name=FIELD)
def test_a_pattern_with_a_star_covers_every_field_of_its_step_and_of_no_other(step: str, name: str) -> None:
    covered = [slug for slug in SLUGS if covers_field(f"{step}.*", step=slug, name=name)]
    assert covered == [step]


@QUIET
@given(step=SLUG, name=FIELD, other=FIELD)
def test_a_pattern_with_a_field_covers_that_field_alone(step: str, name: str, other: str) -> None:
    assert covers_field(f"{step}.{name}", step=step, name=name)
    assert covers_field(f"{step}.{name}", step=step, name=other) == (name in (other, "*"))
    assert not any(covers_field(f"{step}.{name}", step=slug, name=name) for slug in SLUGS if slug != step)


@pytest.mark.parametrize(
    ("pattern", "step", "name"),
    [("data.kind", "data", "kind.c1"), ("dat.*", "data", "target"), ("data.*", "dat", "a"), ("data", "data", "x")],
)
def test_half_a_name_matches_nothing(pattern: str, step: str, name: str) -> None:
    assert not covers_field(pattern, step=step, name=name)


def test_every_pattern_of_the_table_names_a_step_that_is_there() -> None:
    patterns = [pattern for step in wizard.STEPS for _, results in step.clears for pattern in results]
    assert patterns
    assert {pattern.partition(".")[0] for pattern in patterns} <= set(SLUGS)
