"""Gallery examples of the associations panel: ranked list, pairs, matrix, clusters, and progress."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from app.dev.example import Example, macro_example, partial_example
from app.domain.analysis.associations.correlation import Matrix
from app.domain.analysis.associations.ranking import RankedColumn
from app.domain.analysis.profiling.profile import Association, Associations
from app.domain.vocabulary import ColumnKind
from app.services.measurements.correlations import MatrixState, PairPage
from app.services.measurements.pairs import ClassSpread, PairPicture
from app.services.measurements.rankings import RankingState
from app.web.charts import heatmap, pair, strengths

HERE = "/dev/gallery"
NAMES = ("discharge_mm", "rain_mm", "temperature", "sunlight", "wind")
KEYS = {name: f"c{index}" for index, name in enumerate(NAMES)}
TARGET_VALUES = {"rain_mm": 0.71, "temperature": -0.42, "sunlight": -0.18, "wind": 0.03}
PANEL: Mapping[str, Any] = MappingProxyType(
    {"here": HERE, "query": "view=target", "keys": KEYS, "target": "discharge_mm", "method": "auto", "word": ""}
    | {"threshold": "", "busy": False, "can_begin": False, "refusal": "", "columns": 4, "measured": 4}
    | {"measuring": False, "view": "target"}
)


def matrix() -> Matrix:
    """Return a small matrix; its values are those of columns that share what a seeded draw gave them."""
    drawn = np.random.default_rng(7).normal(size=(60, len(NAMES)))
    drawn[:, 1] += drawn[:, 0]
    drawn[:, 3] = 2 * drawn[:, 2] + 0.3 * drawn[:, 3]
    size = (len(NAMES), len(NAMES))
    values = np.asarray(np.corrcoef(drawn, rowvar=False))
    spearman = np.full(size, 2, dtype=np.uint8)
    return Matrix(NAMES, values, spearman, np.ones(size, dtype=bool))


def state(word: str, *, done: int = 4, reason: str = "", seconds_left: float | None = None) -> MatrixState:
    """Return how the work on a matrix stands."""
    return MatrixState(
        state=word,
        reason=reason,
        seconds_left=seconds_left,
        fraction=done / 4,
        method="auto",
        matrix=matrix(),
        done=done,
        total=4,
        rows=12_784,
        rows_used=12_784,
    )


def examples() -> list[Example]:
    """Return the examples of `association`, and of the fragments that show it."""
    return [*_lists(), *_with_target(), *_progress(), *_pairs(), *_fragments()]


def _importance(word: str, items: tuple[RankedColumn, ...]) -> strengths.ImportancePreview:
    ranked = RankingState(
        state=word, target="discharge_mm", items=items, rows=12_784, rows_used=2_000, settled=bool(items)
    )
    return strengths.ranking_preview(ranked, word="")


def _target_panel(**changes: Any) -> dict[str, Any]:
    items = tuple(Association(name, "Spearman", value, 12_784) for name, value in TARGET_VALUES.items())
    known = Associations("discharge_mm", 12_784, items)
    ranked = tuple(
        RankedColumn(name, round(abs(value) / 2, 3), error=0.02, rank=index, noise=name == "wind", shuffled=0.03)
        for index, (name, value) in enumerate(TARGET_VALUES.items(), start=1)
    )
    target = strengths.target_page(list(TARGET_VALUES), known, word="", threshold=0.0, page=1)
    return {**PANEL, "with_target": target, "ranking": _importance("finished", ranked), **changes}


def _lists() -> list[Example]:
    panel = _target_panel()
    return [
        macro_example("association", "bars", "signed", lines=panel["with_target"].bars),
        macro_example("association", "bars", "with a unit and noise", lines=panel["ranking"].bars, unit="nats"),
        macro_example(
            "association", "pages", "between", pairs=panel, listed={"page": 2, "pages": 3}, total=120, noun="pair"
        ),
        macro_example("association", "legend", "the scale"),
        macro_example("association", "begin", "a button", pairs=panel, words="Measure all columns"),
    ]


def _with_target() -> list[Example]:
    nothing = strengths.target_page([], None, word="", threshold=0.0, page=1)
    empty = {"with_target": nothing, "ranking": _importance("none", ())}
    states: tuple[tuple[str, dict[str, Any]], ...] = (
        ("measured", {}),
        ("being measured", {"measuring": True, "busy": True, "measured": 2}),
        ("nothing yet", {**empty, "measuring": True, "busy": True, "measured": 0}),
        ("not measured", {**empty, "can_begin": True}),
        ("nothing found", {**empty, "word": "xyz"}),
    )
    return [
        macro_example("association", "target", name, pairs=_target_panel(**changes), target_name="discharge_mm")
        for name, changes in states
    ]


def _panel(view: str, work: MatrixState, **changes: Any) -> dict[str, Any]:
    kinds = dict.fromkeys(NAMES, ColumnKind.NUMERIC)
    drawn = heatmap.build(work.matrix, keys=KEYS, kinds=kinds, clustered=view == "clusters")
    lines = tuple(work.matrix.ranked(threshold=0.1))
    ranked = PairPage(lines, 1, 1, len(lines))
    return {**PANEL, "view": view, "state": work, "heat": drawn, "ranked": ranked, "busy": work.busy, **changes}


def _progress() -> list[Example]:
    states: tuple[tuple[str, MatrixState, dict[str, Any]], ...] = (
        ("in the queue", state("queued", done=0), {}),
        ("measuring", state("running", done=2, seconds_left=14.0), {}),
        ("not measured", state("none", done=0), {"can_begin": True}),
        ("stopped", state("cancelled", done=2), {}),
        ("failed", state("failed", done=0, reason="The worker ran out of memory."), {}),
    )
    return [
        macro_example("association", "progress", name, pairs=_panel("pairs", work, **changes))
        for name, work, changes in states
    ]


def _pairs() -> list[Example]:
    done = state("finished")
    none = _panel("pairs", done, ranked=PairPage((), 1, 1, 0))
    return [
        macro_example("association", "ranked", "pairs", pairs=_panel("pairs", done), keys=KEYS, base=HERE),
        macro_example("association", "ranked", "no pair", pairs=none, keys=KEYS, base=HERE),
        macro_example("association", "table", "five columns", heat=_panel("matrix", done)["heat"], base=HERE),
        macro_example("association", "matrix", "all pairs", pairs=_panel("matrix", done), base=HERE),
        macro_example("association", "matrix", "clusters", pairs=_panel("clusters", done), base=HERE),
    ]


def _fragments() -> list[Example]:
    points = tuple((float(position), round(position * 0.4 + (position % 7), 2)) for position in range(40))
    spread = (ClassSpread("low", (0.1, 0.4, 0.8, 1.2, 2.0), 600), ClassSpread("flood", (4.0, 5.5, 7.0, 9.1, 14.0), 56))
    pictures = (
        ("points", PairPicture("scatter", "rain_mm", "discharge_mm", 40, 40, 0.71, "Spearman", points=points)),
        ("boxes", PairPicture("boxes", "regime", "discharge_mm", 656, 656, 0.8, "Correlation ratio", boxes=spread)),
        (
            "counts",
            PairPicture("table", "regime", "ice", 659, 659, labels=(("low",), ("yes", "no")), counts=((20, 580),)),
        ),
        ("nothing to draw", PairPicture("none", "rain_mm", "gauge", 0, 0)),
    )
    refusal = {**_panel("matrix", state("none")), "refusal": "More than 5,000 columns are too many for a matrix."}
    panels = (
        ("with the target", _target_panel()),
        ("pairs being measured", _panel("pairs", state("running", done=2))),
        ("matrix", _panel("matrix", state("finished"))),
        ("too many columns", refusal),
    )
    return [
        *(partial_example("features/association", name, pairs=panel, base=HERE) for name, panel in panels),
        *(partial_example("features/pair", name, pair=pair.build(picture), fault="") for name, picture in pictures),
        partial_example("features/pair", "with a fault", pair=None, fault="There is no column of this name."),
    ]
