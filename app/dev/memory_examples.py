"""Gallery examples of lag correlation, the suggested feature set, and derived-feature recipes."""

from __future__ import annotations

from typing import Any

from app.dev.example import Example, macro_example, partial_example
from app.domain.analysis.associations.lag_correlation import LagCurve, LagMeasures, LagRange, ranges_of
from app.domain.experiment import TransformPart
from app.domain.recommendation.suggested_set import SuggestedSet
from app.services.drafts.undo_stacks import UndoStacks
from app.steps.features.memory import MemoryView, SetFeature, SetView, StripValues
from app.steps.features.recipes import RecipeLine
from app.web.charts import lags

HERE = "/dev/gallery"
DAY = 86_400.0
ROLES = {"rain_mm": "rain", "temperature": "temperature"}
RAIN_VALUES = (0.02, 0.06, 0.09, 0.12, 0.16, 0.2, 0.26, 0.33, 0.38, 0.41, 0.36, 0.3, 0.24, 0.11, 0.04, 0.01)
LINES = [
    RecipeLine("Means over windows", ("rain_mm",), ("rain_mm_mean_7", "rain_mm_mean_180")),
    RecipeLine("Lag", ("rain_mm",), ("rain_mm_lag_1",)),
    RecipeLine("Principal components", ("a", "b"), details={"Components": 2}, movable=True),
    RecipeLine("Rolling sum", ("snow",), fault="There is no column of this name."),
]


def examples() -> list[Example]:
    """Return the examples of the memory and of the suggested set."""
    return [*_lines(), *_memory(), *_sets()]


def _lines() -> list[Example]:
    states = ("derived columns", "one column", "within each fold", "with a fault")
    return [
        *(
            macro_example("recipes", "recipe", state, line=line, place=index)
            for index, (state, line) in enumerate(zip(states, LINES, strict=True))
        ),
        partial_example("features/recipes", "three beside a set", recipes=LINES, suggestion=_set()),
        partial_example("features/recipes", "three", recipes=LINES[1:], suggestion=None),
        partial_example("features/recipes", "none", recipes=[], suggestion=None),
    ]


def _curve(driver: str, values: tuple[float, ...], remembered: int) -> LagCurve:
    pairs = zip(ranges_of(DAY), values, strict=True)
    return LagCurve(driver, tuple(LagRange(*span, value, 0.1) for span, value in pairs), remembered)


def _view(**changes: Any) -> MemoryView:
    curves = (
        _curve("rain_mm", RAIN_VALUES, 180),
        _curve("temperature", tuple(-value / 3 for value in RAIN_VALUES), 60),
    )
    chart = lags.build(LagMeasures(curves, DAY, 4_000), target="groundwater_head", roles=ROLES)
    values = {"here": HERE, "chart": chart, "words": "", "busy": False, "can_begin": False, "measured": 2, "drivers": 2}
    return MemoryView(**{**values, **changes})


def _memory() -> list[Example]:
    waiting = {"chart": None, "measured": 0}
    states: tuple[tuple[str, dict[str, Any]], ...] = (
        ("measured", {}),
        ("being measured", {**waiting, "busy": True, "words": "Being measured."}),
        ("not measured", {**waiting, "can_begin": True, "words": "Not measured yet."}),
        ("no step", {**waiting, "words": "The time steps are irregular, so no lag is measured."}),
    )
    return [partial_example("features/memory", name, lags=_view(**changes), base=HERE) for name, changes in states]


def _set(*, missing: int = 0, places: tuple[int, ...] = (0,), **changes: Any) -> SetView:
    recipe = TransformPart(columns=["rain_mm"], kind="window_means", parameters={"windows": [7, 180]})
    names = ("rain_mm_mean_7", "rain_mm_mean_180")
    strip = StripValues((2, 5, 9, 14, 8, 3), (0.0, 12.0), (1.0, 3.0, 5.0, 7.0, 11.0))
    measured = (SetFeature(names[0], strip, 0.2, 0.31, 0.12), SetFeature(names[1], strip, 5.1, 0.44, 0.21))
    words = "Memory of the drivers: 2 features of rain over 7 to 180 days."
    values = {"words": words, "address": HERE, "features": measured, "busy": False, "reason": "", "changed": False}
    return SetView(suggested_set=SuggestedSet((recipe,), names, frozenset(places), missing), **{**values, **changes})


def _sets() -> list[Example]:
    frame: dict[str, Any] = {
        "recipes": LINES,
        "steps_axis": None,
        "base": HERE,
        "history": UndoStacks(undo=(3,)),
    }
    waiting = tuple(SetFeature(name) for name in ("rain_mm_mean_7", "rain_mm_mean_180"))
    states = (
        ("on", _set()),
        ("off", _set(missing=1, places=(), changed=True)),
        ("part of it", _set(missing=1, changed=True)),
    )
    fault = "The column rain_mm of a derived feature is not in the dataset."
    tables = (
        ("measured", _set()),
        ("being measured", _set(features=waiting, busy=True)),
        ("a fault", _set(features=waiting, reason=fault)),
    )
    return [
        *(partial_example("features/set", name, suggestion=view, **frame) for name, view in states),
        *(partial_example("features/set_features", name, suggestion=view, base=HERE) for name, view in tables),
    ]
