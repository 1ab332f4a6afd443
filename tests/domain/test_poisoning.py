"""Poison whatever is not known yet, and nothing moves: every transform, for every purpose, under every strategy.

One config holds every recipe of the registry, each on a column of its own and on the target where the rules let it. So
a recipe, a strategy or a purpose that is added is poisoned too.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.domain.analysis.profiling.profile import DatasetProfile
from app.domain.checks.rules import check_transforms
from app.domain.errors import TrainingError
from app.domain.experiment import MetricsPart, SelectionPart, Spec, TransformPart, TuningPart
from app.domain.training.fold_fit import fit_fold
from app.domain.training.preprocessing.knowledge import driver_cutoff, target_cutoff
from app.domain.training.preprocessing.preparation import TrainingTable, prepare
from app.domain.training.preprocessing.recipes import TRANSFORMS, TransformEntry
from app.domain.training.run import train
from app.domain.training.tuning.inner_folds import facts_of
from app.domain.training.validation.splitting import STRATEGIES, Fold, make_split
from app.domain.vocabulary import Purpose, Severity, TaskKind
from tests.domain.tables import make_spec, profile_of

pytestmark = pytest.mark.fits

DAYS, TARGET = 40, "flow"
# The other columns of recipes that work on several together.
TOGETHER = ("plain", "warm")
SITES = ("n1", "n2", "n3", "n4", "n5", "n6")
PURPOSES: dict[str, dict[str, Any]] = {
    "none": {},
    "simulate": {"purpose": "simulate"},
    "forecast 1": {"purpose": "forecast", "drivers_known_ahead": True},
    "forecast 3": {"purpose": "forecast", "horizon": 3, "drivers_known_ahead": True},
    "forecast 3, drivers unknown": {"purpose": "forecast", "horizon": 3, "drivers_known_ahead": False},
    "fill_gaps": {"purpose": "fill_gaps"},
    "ungauged": {"purpose": "ungauged"},
    "new_rows": {"purpose": "new_rows"},
}
TABLES = [pytest.param("one site", marks=pytest.mark.slow), "sites", "irregular"]
QUICK = ("time_series", "group_k_fold")
STRATEGY_IDS = [
    entry.id.value if entry.id.value in QUICK else pytest.param(entry.id.value, marks=pytest.mark.slow)
    for entry in STRATEGIES
    if TaskKind.REGRESSION in entry.tasks
]


def own_column(entry: TransformEntry) -> str:
    return f"for_{entry.kind}"


@cache
def table_of(name: str) -> pd.DataFrame:
    """Return days of sites with holes, an attribute that never changes, and a column for every recipe."""
    random = np.random.default_rng(7)
    parts = []
    for number, site in enumerate(SITES[:1] if name == "one site" else SITES):
        days = DAYS * (4 if name == "one site" else 1)
        columns: dict[str, Any] = {"day": pd.date_range("2001-10-01", periods=days, freq="D"), "site": site}
        columns["area"] = 10.0 * (number + 1)
        for entry in TRANSFORMS:
            numbers = random.gamma(1.0, 3.0, days)
            words = random.choice(["clay", "sand", "silt"], days).astype(object)
            columns[own_column(entry)] = words if entry.takes == "words" else numbers
        columns |= {"plain": random.normal(size=days), "word": random.choice(["x", "z"], days).astype(object)}
        columns["warm"] = columns["plain"] + random.gamma(1.0, 2.0, days)
        columns[TARGET] = np.where(random.random(days) < 0.1, np.nan, columns["plain"] + random.gamma(2.0, 2.0, days))
        parts.append(pd.DataFrame(columns))
    frame = pd.concat(parts)
    frame = frame[random.random(len(frame)) < 0.85].reset_index(drop=True)
    if name == "irregular":
        frame["day"] += pd.to_timedelta(np.arange(len(frame)) % 17, unit="h")
    return frame


def profile_for(name: str, frame: pd.DataFrame) -> DatasetProfile:
    profile = profile_of(frame, "day")
    assert profile.time_axis is not None
    return replace(profile, time_axis=replace(profile.time_axis, regular=name != "irregular"))


def spec_for(name: str, purpose: str, **parts: Any) -> Spec:
    """Return the config that holds every recipe which the rules let a purpose have."""
    task = {"target": TARGET, "time_column": "day", **PURPOSES[purpose]}
    task |= {} if name == "one site" else {"group_column": "site"}
    own = [own_column(entry) for entry in TRANSFORMS if entry.place == "fold"]
    selected = ["area", "plain", "word", *own]
    return make_spec(task=task, selected=selected, transforms=_recipes_for(name, purpose), **parts)


@cache
def _recipes_for(name: str, purpose: str) -> list[dict[str, Any]]:
    task = {"target": TARGET, "time_column": "day", **PURPOSES[purpose]}
    task |= {} if name == "one site" else {"group_column": "site"}
    profile = profile_for(name, table_of(name))
    recipes = [recipe for entry in TRANSFORMS if (recipe := _recipe_for(entry, profile, task)) is not None]
    return [*recipes, *_chained(recipes, profile, task)]


def _chained(recipes: list[dict[str, Any]], profile: DatasetProfile, task: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every recipe that looks back, once more on what the others make, as far as the rules let it."""
    kept: list[dict[str, Any]] = []
    made = ("for_degree_day_snow_liquid", f"{TARGET}_mean_7", "for_effective_rain_minus_plain")
    for entry in (entry for entry in TRANSFORMS if (entry.looks_back and not entry.roles) or entry.kind == "cyclic"):
        for name in made:
            recipe = {"kind": entry.kind, "columns": [name], "parameters": _parameters_for(entry)}
            spec = make_spec(task=task, selected=["plain"], transforms=[*recipes, *kept, recipe])
            if all(problem.severity is not Severity.ERROR for problem in check_transforms(spec, profile)):
                kept.append(recipe)
    return kept


def _recipe_for(entry: TransformEntry, profile: DatasetProfile, task: dict[str, Any]) -> dict[str, Any] | None:
    """Return a recipe with the target where it may have it, else without; None where the purpose cannot have it."""
    column = own_column(entry)
    steps = _parameters_for(entry)
    choices = _columns_for(entry) if entry.needs_columns else ([],)
    for columns in choices:
        recipe = {"kind": entry.kind, "columns": columns, "parameters": steps}
        spec = make_spec(task=task, selected=["plain", column], transforms=[recipe])
        if all(problem.severity is not Severity.ERROR for problem in check_transforms(spec, profile)):
            return recipe
    return None


def _parameters_for(entry: TransformEntry) -> dict[str, Any]:
    """Return steps that no horizon here forbids, windows that fit into the record, and what has no default."""
    told = {"steps": [3, 4, 7], "windows": [3, 7], "latitude": 45.0}
    return {field.name: told[field.name] for field in entry.parameters if field.name in told}


def _columns_for(entry: TransformEntry) -> tuple[list[str], ...]:
    """Return the columns that a recipe may work on: with the target first, or as many drivers as it takes."""
    column = own_column(entry)
    if entry.roles:
        return ([column, *TOGETHER[: len(entry.roles) - 1]], [column, TOGETHER[0]])
    return ([column, TARGET], [TARGET], [column])


def poisoned(frame: pd.DataFrame, columns: list[str], rows: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the table with values of some rows replaced: numbers far off, words unheard of; what is missing stays."""
    bad = frame.copy()
    for name in columns:
        if pd.api.types.is_numeric_dtype(bad[name]):
            bad.loc[rows, name] = -1e6 * bad.loc[rows, name] - 1e6
        else:
            bad.loc[rows, name] = [f"poison {row}" for row in range(int(rows.sum()))]
    return bad


@dataclass(frozen=True)
class Moment:
    """A last row time, and which rows of the file hold values that are not known yet then."""

    frame: pd.DataFrame
    last: pd.Timestamp
    regular: bool

    def unknown(self, cutoff: int | None) -> NDArray[np.bool_]:
        """Return the rows whose values are after the cutoff of every row up to the last."""
        if cutoff is None:
            return np.ones(len(self.frame), dtype=np.bool_)
        times = self.frame["day"]
        if self.regular:
            return (times > self.last - cutoff * pd.Timedelta(days=1)).to_numpy()
        place = times.groupby(self.frame["site"]).rank(method="dense")
        newest = place.where(times <= self.last).groupby(self.frame["site"]).transform("max").fillna(0)
        return (place > newest - cutoff).to_numpy()


def drivers_of(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame.columns if name not in ("day", "site", "area", TARGET)]


def features_by_row(table: TrainingTable, rows: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the features of those rows of the file, by row number."""
    features = table.features.set_axis(table.rows - 1)
    return features[rows[features.index]]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("purpose", PURPOSES)
def test_values_after_the_cutoff_move_no_feature(purpose: str, name: str) -> None:
    frame, spec = table_of(name), spec_for(name, purpose)
    profile = profile_for(name, frame)
    table = prepare(spec, frame, profile)
    assert {"area", "plain"} < set(table.features.columns)
    for share in (0.0, 0.35, 0.8):
        last = frame["day"].sort_values().iloc[int(share * (len(frame) - 1))]
        moment = Moment(frame, last, name != "irregular")
        bad = poisoned(frame, [TARGET], moment.unknown(target_cutoff(spec.task)))
        bad = poisoned(bad, drivers_of(frame), moment.unknown(driver_cutoff(spec.task)))
        rows = (frame["day"] <= last).to_numpy()
        before, after = (features_by_row(prepare(spec, each, profile), rows) for each in (frame, bad))
        pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_the_poison_is_felt_one_step_before_the_cutoff() -> None:
    name, purpose = "sites", "forecast 3, drivers unknown"
    frame, spec = table_of(name), spec_for(name, purpose)
    profile = profile_for(name, frame)
    last = frame["day"].sort_values().iloc[len(frame) // 2]
    moment, rows = Moment(frame, last, regular=True), (frame["day"] <= last).to_numpy()
    for columns, cutoff in (([TARGET], 4), (drivers_of(frame), 4)):
        bad = poisoned(frame, columns, moment.unknown(cutoff))
        before, after = (features_by_row(prepare(spec, each, profile), rows) for each in (frame, bad))
        moved = [column for column in before if not before[column].equals(after[column])]
        made = [column for column in spec.features.selected if column not in ("area",)]
        wanted = {f"{TARGET}_mean_7", f"{TARGET}_last"} if columns == [TARGET] else {*made, "for_rolling_sum_sum_7"}
        assert wanted <= set(moved)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(
    horizon=st.integers(1, 9),
    known_ahead=st.booleans(),
    regular=st.booleans(),
    share=st.floats(0.05, 0.95),
    poison=st.sampled_from([-1e9, 1e-9, np.inf]),
)
def test_no_horizon_lets_a_later_value_in(
    horizon: int, known_ahead: bool, regular: bool, share: float, poison: float
) -> None:
    """Poison exactly what lies beyond the cutoff, at any horizon, with values of any size."""
    name = "sites" if regular else "irregular"
    frame = table_of(name)
    frame = frame[frame["site"].isin(SITES[:2])].groupby("site").head(24).reset_index(drop=True)
    profile = profile_for(name, frame)
    spec = spec_for(name, "forecast 3, drivers unknown")
    task = spec.task.model_copy(update={"horizon": horizon, "drivers_known_ahead": known_ahead})
    features = spec.features.model_copy(update={"transforms": [*_with_steps(spec, horizon)]})
    spec = spec.model_copy(update={"task": task, "features": features})
    last = frame["day"].sort_values().iloc[int(share * (len(frame) - 1))]
    moment, rows = Moment(frame, last, regular), (frame["day"] <= last).to_numpy()
    bad = frame.copy()
    for column in [*drivers_of(frame), TARGET]:
        if pd.api.types.is_numeric_dtype(bad[column]):
            cutoff = target_cutoff(task) if column == TARGET else driver_cutoff(task)
            bad.loc[moment.unknown(cutoff) & bad[column].notna().to_numpy(), column] = poison * frame["plain"]
    # An infinite value of the target is none, so that its row goes; features of all other rows stay.
    before, after = (features_by_row(prepare(spec, each, profile), rows) for each in (frame, bad))
    pd.testing.assert_frame_equal(before.loc[after.index], after, check_exact=True)


def _with_steps(spec: Spec, nearest: int) -> list[TransformPart]:
    """Return the recipes with steps of lags from the nearest that may be used on."""
    steps = {"steps": [nearest, nearest + 2]}
    parts = spec.features.transforms
    return [part.model_copy(update={"parameters": steps}) if part.kind == "lag" else part for part in parts]


@pytest.mark.parametrize("strategy", ["time_series", "group_time_series"])
def test_a_gap_of_the_horizon_keeps_later_targets_from_the_fit(strategy: str) -> None:
    """With the gap that is suggested, no row that trains has a target which the first forecast could not know."""
    frame = table_of("sites")
    parts = _validation(strategy)
    spec = spec_for("sites", "forecast 3", validation={**parts, "parameters": {**parts["parameters"], "gap": 3}})
    table = prepare(spec, frame, profile_for("sites", frame))
    split = make_split(spec, facts_of(table))
    held_out = [] if split.holdout is None else [Fold(split.development, split.holdout)]
    for fold in (*split.folds, *held_out):
        first = frame["day"].iloc[table.rows[fold.validation] - 1].min()
        unknown = Moment(frame, first, regular=True).unknown(target_cutoff(spec.task))
        assert not unknown[table.rows[fold.train] - 1].any()


@pytest.mark.parametrize("strategy", STRATEGY_IDS)
@pytest.mark.parametrize("purpose", PURPOSES)
def test_values_held_back_move_no_model(purpose: str, strategy: str) -> None:
    frame, poisonings = table_of("sites"), 0
    spec = spec_for("sites", purpose, validation=_validation(strategy))
    profile = profile_for("sites", frame)
    table = prepare(spec, frame, profile)
    split = make_split(spec, facts_of(table))
    folds = [split.folds[0], split.folds[-1]]
    folds += [Fold(split.development, split.holdout)] if split.holdout is not None else []
    for fold in folds:
        results = _held_back(spec, frame, table, fold)
        if results is None:
            continue
        bad, same = results
        again = prepare(spec, bad, profile)
        np.testing.assert_array_equal(table.rows, again.rows)
        fit, two = (fit_fold(spec, each, fold, name="fold 1", number=0) for each in (table, again))
        assert pickle.dumps(fit.pipeline) == pickle.dumps(two.pipeline)
        assert fit.predicted.values is not None
        assert two.predicted.values is not None
        np.testing.assert_array_equal(fit.predicted.values[same], two.predicted.values[same])
        assert same.any()
        poisonings += 1
    # A forecast that trains on rows drawn from the years that it is judged in knows their past by right.
    drawn = {"holdout", "k_fold", "repeated_k_fold"}
    assert poisonings or (strategy in drawn and purpose.startswith(("none", "forecast")))


@pytest.mark.parametrize(
    "purpose", [name if name == "simulate" else pytest.param(name, marks=pytest.mark.slow) for name in PURPOSES]
)
def test_held_out_values_move_no_search_and_no_choice(purpose: str) -> None:
    """Train as a whole: searched settings, columns chosen by rules, importance aside, up to what is predicted."""
    frame = table_of("one site")
    forward = {"strategy": "time_series", "parameters": {"n_splits": 2}, "holdout": {"fraction": 0.3}}
    spec = spec_for("one site", purpose, validation=forward)
    kept = SelectionPart(kind="keep_strongest", amount=6)
    tuned = spec.model.model_copy(update={"tuning": TuningPart(enabled=True, trials=2, inner=2)})
    features = spec.features.model_copy(update={"selection": [kept]})
    spec = spec.model_copy(update={"features": features, "model": tuned})
    profile = profile_for("one site", frame)
    rows = int(0.9 * len(frame))
    moment = Moment(frame, frame["day"].iloc[rows], regular=True)
    held_out = np.arange(len(frame)) >= int(0.75 * len(frame))
    cutoff = target_cutoff(spec.task)
    bad = poisoned(frame, [TARGET], held_out if cutoff is None else moment.unknown(cutoff))
    bad = poisoned(bad, drivers_of(frame), moment.unknown(driver_cutoff(spec.task)))
    values, two = (_predictions(spec, each, profile) for each in (frame, bad))
    # The gaps of the record itself are filled in the end from all that is known, which judges nothing.
    early = (values["row"] <= rows + 1) & (values["part"] != "gaps")
    assert set(values["part"]) >= {"fold 2", "hold-out"}
    pd.testing.assert_frame_equal(values[early], two[early], check_exact=True)


def _predictions(spec: Spec, frame: pd.DataFrame, profile: DatasetProfile) -> pd.DataFrame:
    result = train(spec, frame, profile, on_progress=lambda _: None, should_stop=lambda: False)
    return result.predictions[["part", "row", "predicted"]]


@pytest.mark.parametrize("strategy", [entry.id.value for entry in STRATEGIES if not entry.needs_time])
@pytest.mark.parametrize("purpose", ["simulate", pytest.param("new_rows", marks=pytest.mark.slow)])
def test_classes_held_back_move_no_model(purpose: str, strategy: str) -> None:
    frame = table_of("sites").assign(wet=lambda rows: np.where(rows[TARGET] > 3, "wet", "dry"))
    spec = spec_for("sites", purpose, validation=_validation(strategy), estimator="logistic_regression")
    task = spec.task.model_copy(update={"target": "wet", "kind": TaskKind.BINARY})
    metrics = MetricsPart(primary="balanced_accuracy")
    spec = spec.model_copy(update={"task": task, "metrics": metrics})
    profile = profile_for("sites", frame)
    table = prepare(spec, frame, profile)
    facts = facts_of(table)
    fold = make_split(spec, facts).folds[-1]
    judged = table.rows[fold.validation] - 1
    bad = frame.assign(
        wet=frame["wet"].where(~frame.index.isin(judged), frame["wet"].map({"wet": "dry", "dry": "wet"}))
    )
    fit, two = (fit_fold(spec, each, fold, name="fold", number=0) for each in (table, prepare(spec, bad, profile)))
    assert pickle.dumps(fit.pipeline) == pickle.dumps(two.pipeline)
    assert fit.predicted.scores is not None
    assert two.predicted.scores is not None
    np.testing.assert_array_equal(fit.predicted.scores, two.predicted.scores)


def _validation(strategy: str) -> dict[str, Any]:
    entry = next(entry for entry in STRATEGIES if entry.id.value == strategy)
    parameters = {"n_splits": 3} if entry.parameter("n_splits") is not None else {}
    holdout = None if strategy == "holdout" else {"fraction": 0.3}
    return {"strategy": strategy, "parameters": parameters, "holdout": holdout}


def _held_back(
    spec: Spec, frame: pd.DataFrame, table: TrainingTable, fold: Fold
) -> tuple[pd.DataFrame, NDArray[np.bool_]] | None:
    """Return the table poisoned where a fold must not feel it, and which validation rows must not either.

    Where the target is never known, that is the target of all validation rows, and every row. Else it is all that comes
    after the middle of the validation rows, where these are later than all rows that train or of other sites.
    """
    file_rows = table.rows - 1
    judged = np.zeros(len(frame), dtype=np.bool_)
    judged[file_rows[fold.validation]] = True
    if target_cutoff(spec.task) is None:
        return poisoned(frame, [TARGET], judged), np.ones(len(fold.validation), dtype=np.bool_)
    times, sites = frame["day"], frame["site"]
    trained = file_rows[fold.train]
    valid = np.flatnonzero(judged)
    apart = not set(sites.iloc[trained]) & set(sites.iloc[valid])
    if not apart and times.iloc[trained].max() >= times.iloc[valid].min():
        return None
    last = times.iloc[valid].sort_values().iloc[len(valid) // 2]
    moment = Moment(frame, last, regular=True)
    # Nothing that comes after the rows that train may move them, whatever the purpose.
    later = sites.isin(sites.iloc[valid]).to_numpy() if apart else (times > times.iloc[trained].max()).to_numpy()
    bad = poisoned(frame, [TARGET], moment.unknown(target_cutoff(spec.task)) & later)
    bad = poisoned(bad, drivers_of(frame), moment.unknown(driver_cutoff(spec.task)) & later)
    return bad, (times.iloc[file_rows[fold.validation]] <= last).to_numpy()


def test_every_recipe_of_the_registry_is_poisoned() -> None:
    kept = {purpose: {part.kind for part in spec_for("sites", purpose).features.transforms} for purpose in PURPOSES}
    assert set().union(*kept.values()) == {entry.kind for entry in TRANSFORMS}
    every = {Purpose(parts["purpose"]) for parts in PURPOSES.values() if parts}
    assert every == set(Purpose)


def test_a_purpose_without_time_is_refused_in_words() -> None:
    frame = table_of("one site")
    spec = make_spec(task={"target": TARGET, "purpose": "forecast"}, selected=["plain"])
    with pytest.raises(TrainingError, match="A forecast needs a time column"):
        prepare(spec, frame, profile_of(frame))
