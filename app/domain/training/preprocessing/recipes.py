"""The registry of recipes for features: title, parameters, and where each is computed.

A recipe with the place "before" is carried out on the rows in time order before they are split. It learns nothing and
looks at the past only; what is not known yet when a prediction is made (see `knowledge`) does not enter. A recipe with
the place "fold" is a step of the pipeline that is fitted anew on the training rows of each fold, and takes the place of
the default handling of its columns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from app.domain.estimators.parameters import Parameter
from app.domain.training.preprocessing.memory_recipes import MEMORY_RECIPES
from app.domain.training.preprocessing.recipe_parameters import MAX_LENGTH, ListParameter, RecipeValues
from app.domain.training.preprocessing.recipe_units import latitude_parameter
from app.domain.training.preprocessing.transform_entry import TransformEntry
from app.domain.training.preprocessing.water_recipes import WATER_RECIPES

__all__ = ["TRANSFORMS", "TransformEntry"]


# What is left of a value in the antecedent precipitation index after its memory: one part in a hundred.
FORGOTTEN = 0.01

_WINDOW = Parameter(
    "window",
    "Window",
    "integer",
    7,
    "Ends at the row, or at the last step that is known.",
    low=2,
    high=MAX_LENGTH,
    unit="steps",
)
_BACK, _DATE, _SHAPE, _SCALE = "Earlier steps", "Date and season", "Shape", "Scale"
_FILL, _WORDS = "Missing values", "Words as numbers"


def _same_units(units: Sequence[str], _values: RecipeValues) -> list[str]:
    return [units[0]]


def _part_names(time_column: str, part: str) -> list[str]:
    if part.endswith("_cyclic"):
        word = part.removesuffix("_cyclic")
        return [f"{time_column}_{word}_sin", f"{time_column}_{word}_cos"]
    return [f"{time_column}_{part}"]


TRANSFORMS: tuple[TransformEntry, ...] = (
    TransformEntry(
        "lag",
        "Earlier values",
        _BACK,
        "The value some steps ago. Use it where yesterday tells about today, as with flow and groundwater.",
        "before",
        (ListParameter("steps", "Steps back", "steps", (1,), "Such as 1, 2, 3."),),
        looks_back=True,
        names=lambda column, values: [f"{column}_lag_{step}" for step in values["steps"]],
        units=lambda units, values: [units[0]] * len(values["steps"]),
        memory=lambda values: max(values["steps"]),
        single_steps=lambda values: tuple(values["steps"]),
    ),
    TransformEntry(
        "rolling_sum",
        "Sum over a window",
        _BACK,
        "The sum over the last steps. Use it for amounts that add up, as rain does in a basin.",
        "before",
        (_WINDOW,),
        looks_back=True,
        names=lambda column, values: [f"{column}_sum_{values['window']}"],
        units=_same_units,
        memory=lambda values: int(values["window"]),
    ),
    TransformEntry(
        "rolling_mean",
        "Mean over a window",
        _BACK,
        "The mean over the last steps. Use it for states that change slowly, as temperature does.",
        "before",
        (_WINDOW,),
        looks_back=True,
        names=lambda column, values: [f"{column}_mean_{values['window']}"],
        units=_same_units,
        memory=lambda values: int(values["window"]),
    ),
    TransformEntry(
        "difference",
        "Change since an earlier step",
        _BACK,
        "The value minus the one some steps ago. Use it where rising or falling matters more than the level.",
        "before",
        (
            Parameter(
                "step", "Step back", "integer", 1, "Compared with so long ago.", low=1, high=MAX_LENGTH, unit="steps"
            ),
        ),
        looks_back=True,
        names=lambda column, values: [f"{column}_diff_{values['step']}"],
        units=_same_units,
        memory=lambda values: int(values["step"]),
    ),
    TransformEntry(
        "antecedent_precipitation",
        "Antecedent precipitation index",
        _BACK,
        "What is left of all earlier rain: each step keeps a share of the index and adds the new rain. Use it for the "
        "wetness of a basin. It starts over in each group and after each gap.",
        "before",
        (
            Parameter(
                "decay", "Share kept", "number", 0.9, "Share carried over to the next step.", low=0.01, high=0.999
            ),
        ),
        looks_back=True,
        names=lambda column, values: [f"{column}_api_{values['decay']:g}"],
        units=_same_units,
        memory=lambda values: math.ceil(math.log(FORGOTTEN) / math.log(values["decay"])),
    ),
    TransformEntry(
        "last_known",
        "Last known value and its age",
        _BACK,
        "The last value that was measured, and how old it is. Use it where a column is measured now and then, as heads "
        "read once a week. The age counts steps, or days where steps are irregular.",
        "before",
        (
            Parameter(
                "window",
                "Window",
                "integer",
                60,
                "Older values count as missing.",
                low=1,
                high=MAX_LENGTH,
                unit="steps",
            ),
        ),
        looks_back=True,
        names=lambda column, _: [f"{column}_last", f"{column}_last_age"],
        units=lambda units, _values: [units[0], ""],
        memory=lambda values: int(values["window"]),
    ),
    *MEMORY_RECIPES,
    TransformEntry(
        "date_parts",
        "Parts of the date",
        _DATE,
        "Season or hour, from the time column. As sine and cosine, December is next to January.",
        "before",
        (ListParameter("parts", "Parts", "parts", ("doy_cyclic",), "One or more."),),
        takes="none",
        names=lambda column, values: [name for part in values["parts"] for name in _part_names(column, part)],
    ),
    TransformEntry(
        "day_length",
        "Length of the day",
        _DATE,
        "Hours from sunrise to sunset, from the date and the latitude: 24 / pi times the hour angle of sunset. Use it "
        "for the season of one site.",
        "before",
        (latitude_parameter(optional=False),),
        takes="none",
        names=lambda column, _: [f"{column}_day_length"],
        units=lambda _units, _values: ["h"],
        source="FAO-56 (Allen et al. 1998), equation 34.",
    ),
    TransformEntry(
        "cyclic",
        "Cyclic (sine and cosine)",
        _DATE,
        "A number that starts over, as sine and cosine: 359 degrees of wind direction is then next to 0.",
        "before",
        (
            Parameter(
                "period", "Period", "number", 360.0, "After which it starts over.", low=0, low_open=True, high=1e9
            ),
        ),
        names=lambda column, values: [f"{column}_circle_{values['period']:g}_{word}" for word in ("sin", "cos")],
    ),
    *WATER_RECIPES,
    TransformEntry(
        "log",
        "Logarithm",
        _SHAPE,
        "The natural logarithm of the value plus the offset. Use it for amounts with a long tail, as rain and flow; "
        "values at or below minus the offset count as missing.",
        "fold",
        (Parameter("offset", "Offset", "number", 1.0, "In the units of the column.", low=0, high=1e9),),
        role="shape",
        as_measured=True,
    ),
    TransformEntry(
        "box_cox",
        "Box-Cox",
        _SHAPE,
        "The power that makes the values of the training rows most nearly normal, then mean 0 and deviation 1. "
        "For values above 0 only.",
        "fold",
        role="shape",
        learns=True,
        as_measured=True,
    ),
    TransformEntry(
        "yeo_johnson",
        "Yeo-Johnson",
        _SHAPE,
        "As Box-Cox, for values of either sign. Use it for skewed numbers before linear models and neighbours.",
        "fold",
        role="shape",
        learns=True,
    ),
    TransformEntry(
        "scale_standard",
        "Standard scaling",
        _SCALE,
        "Mean 0 and standard deviation 1 on the training rows. Use it for linear models, neighbours and kernels.",
        "fold",
        role="scale",
        learns=True,
    ),
    TransformEntry(
        "scale_robust",
        "Robust scaling",
        _SCALE,
        "Median 0 and interquartile range 1 on the training rows. Use it where a few values are extreme.",
        "fold",
        role="scale",
        learns=True,
    ),
    TransformEntry(
        "scale_min_max",
        "Scaling to 0 and 1",
        _SCALE,
        "Smallest value 0 and largest 1 on the training rows; later rows may lie outside. One extreme value squeezes "
        "all others.",
        "fold",
        role="scale",
        learns=True,
    ),
    TransformEntry(
        "impute_median",
        "Fill with the median",
        _FILL,
        "Missing numbers become the median of the training rows, without a mark of where they were.",
        "fold",
        role="fill",
        learns=True,
    ),
    TransformEntry(
        "impute_most_frequent",
        "Fill with the most frequent",
        _FILL,
        "Missing values become the commonest one of the training rows. Use it for words and codes.",
        "fold",
        takes="any",
        role="fill",
        learns=True,
    ),
    TransformEntry(
        "impute_nearest",
        "Fill from the nearest rows",
        _FILL,
        "Missing numbers become the mean over the training rows that are most alike in the other numbers. Better than "
        "the median where columns go together, and slower.",
        "fold",
        (Parameter("neighbours", "Neighbours", "integer", 5, "Rows that are averaged.", low=1, high=100, unit="rows"),),
        role="fill",
        learns=True,
        as_measured=True,
    ),
    TransformEntry(
        "missing_indicator",
        "Missing-value indicator",
        _FILL,
        "One more column: 1 where the value is missing, else 0. Use it where being missing tells something.",
        "fold",
        takes="any",
        role="mark",
    ),
    TransformEntry(
        "one_hot",
        "One-hot",
        _WORDS,
        "A column of zeros and ones for each word. Rare and unseen words share one. Use it for few words.",
        "fold",
        (
            Parameter(
                "most",
                "Most columns",
                "integer",
                50,
                "The commonest words have one each.",
                low=2,
                high=500,
                unit="columns",
            ),
        ),
        takes="words",
        role="encode",
        learns=True,
    ),
    TransformEntry(
        "ordinal",
        "Ordinal encoding",
        _WORDS,
        "Each word becomes its place in the alphabet of the training rows; an unseen word becomes minus 1. Use it with "
        "trees, or where the words have that order.",
        "fold",
        takes="words",
        role="encode",
        learns=True,
    ),
    TransformEntry(
        "target_encoding",
        "Mean target per word",
        _WORDS,
        "Each word becomes the mean target of its training rows, drawn towards the mean of all where they are few. "
        "Each training row gets a mean that it did not enter. Use it for many words.",
        "fold",
        (Parameter("folds", "Cross-fitting folds", "integer", 5, "Of the training rows.", low=2, high=20),),
        takes="words",
        role="encode",
        learns=True,
    ),
)
