"""The tables that HydroML, FLAML and AutoGluon are compared on, and which of them are put aside until the end.

Both are drawn with a seed: so many tables of each kind, and a third of them put aside. Tables that two folders hold
are in the pool once. Numbers are judged by R2, classes by the logarithmic loss. A series keeps its order: hold-out k is
the last part of a stretch of rows that ends k hold-outs before the end of the record.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pandas as pd

from app.domain.estimators import registry
from app.domain.estimators.parameters import ParameterValues
from app.domain.experiment import ReproducibilityPart, Spec
from app.domain.recommendation.estimators import EstimatorSuggestion
from tests.domain.reading import Known, known, read_path
from tests.domain.tables import REAL

SEED, HELD_OUT_PERCENT, RAREST = 20, 30, 5
TAKEN = {"pmlb": 5, "openml": 1, "general": 3, "hydro": 3}
ASIDE = 4
# Also held by PMLB under other names.
TWICE = frozenset({"179", "24", "31", "44"})
GENERAL = {
    "general/BankChurners.csv": "Attrition_Flag",
    "general/california_housing.csv": "median_house_value",
    "general/marketing_campaign.csv": "Response",
    "general/pycaret_airquality.csv": "C6H6(GT)",
    "general/pycaret_house.csv": "SalePrice",
    "general/rd_palmerpenguins_penguins_raw.csv": "Body Mass (g)",
    "general/telco_churn.csv": "Churn",
    "general/titanic_kaggle_train.csv": "Survived",
    "general/uci_bank-full.csv": "y",
    "hydro/camels_us_attributes_671.csv": "q_mean",
}
HYDRO = {
    "hydro/camels_us_4basins_2000_2002.csv": "discharge_mm",
    "hydro/gw_heby_daily.csv": "head_m",
    "hydro/gw_kingstown_usgs_daily.csv": "head_m",
    "hydro/piscataquis_01031500_daily.csv": "discharge_mm",
    "hydro/reservoir_08049800_inflow.csv": "",
    "hydro/usgs_GlacialRidge.csv": "",
}


@dataclass(frozen=True)
class ComparedTable:
    """One table with one hold-out: the plan of an untouched draft but for the metric and the share held out.

    `starts` are the estimators in the order of the rules, with the settings that each starts from.
    """

    name: str
    data: Known
    spec: Spec
    starts: tuple[tuple[str, dict[str, Any]], ...]
    is_ordered: bool

    @property
    def ranking(self) -> tuple[EstimatorSuggestion, ...]:
        """Return the estimators in the order of the rules."""
        return tuple(
            EstimatorSuggestion(registry.get(name), (), (), ParameterValues(values)) for name, values in self.starts
        )


def drawn() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tables to develop on, and those that are put aside until the end."""
    draw = random.Random(SEED)  # A draw that can be repeated, and no secret.
    folder = REAL / "benchmark"
    pools = {
        kind: sorted(
            f"benchmark/{kind}/{path.name}" for path in folder.glob(f"{kind}/*") if path.name.split(".")[0] not in TWICE
        )
        for kind in ("pmlb", "openml")
    }
    pools |= {"general": sorted(GENERAL), "hydro": sorted(HYDRO)}
    names = [name for kind, count in TAKEN.items() for name in draw.sample(pools[kind], count)]
    aside = set(draw.sample(names, ASIDE))
    return tuple(name for name in names if name not in aside), tuple(name for name in names if name in aside)


def compared(name: str, held: int, rows: int) -> ComparedTable:
    """Return a table with one of its hold-outs.

    Parameters
    ----------
    name
        Its path in `../shared/data`.
    held
        The number of the hold-out, from 0 on: the seed, or how far before the end of a series the rows end.
    rows
        At most so many, those held out among them.
    """
    data, answers = _from_benchmark(name, held, rows) if name.startswith("benchmark/") else _from_file(name, held, rows)
    first = data.plan({"data": answers}).spec
    assert first is not None, name
    metric = "log_loss" if first.task.kind.is_classification else "r2"
    chosen = {"primary_metric": metric, "holdout_percent": HELD_OUT_PERCENT}
    plan = data.plan_as_measured({"data": answers, "validation": chosen})
    assert plan.spec is not None, plan.problems
    assert plan.spec.metrics.primary == metric, name
    starts = tuple((item.entry.id, dict(item.parameters)) for item in plan.ranking)
    spec = plan.spec.model_copy(update={"reproducibility": ReproducibilityPart(seed=42 + held)})
    return ComparedTable(name, data, spec, starts, bool(spec.task.time_column))


def _from_benchmark(name: str, held: int, rows: int) -> tuple[Known, dict[str, Any]]:
    """Return a table of PMLB or OpenML; numbers are predicted where the name of one of PMLB begins with one."""
    frame = pd.read_csv(REAL / name, sep="\t" if "/pmlb/" in name else ",")
    numbers = name.rsplit("/", 1)[1][0].isdigit() and "/pmlb/" in name
    frame = frame.sample(min(rows, len(frame)), random_state=held).reset_index(drop=True)
    if numbers:
        return known(frame), {"target": "target", "task_kind": "regression"}
    frame["target"] = "class " + frame["target"].astype(str)
    frame = frame[frame["target"].map(frame["target"].value_counts()) >= RAREST].reset_index(drop=True)
    return known(frame), {"target": "target"}


def _from_file(name: str, held: int, rows: int) -> tuple[Known, dict[str, Any]]:
    """Return a file of a user: of a series a stretch of rows, else rows drawn with a seed."""
    target = (GENERAL | HYDRO)[name]
    data = read_path(REAL / name)
    answers = {"target": target} if target else {}
    spec = data.plan({"data": answers}).spec
    assert spec is not None, name
    frame = data.frame
    if not spec.task.time_column:
        frame = frame.sample(min(rows, len(frame)), random_state=held).sort_index()
    else:
        frame = _stretch(frame, spec, held, rows)
    answers = {"target": spec.task.target, "task_kind": spec.task.kind.value}
    return known(frame.reset_index(drop=True)), answers


def _stretch(frame: pd.DataFrame, spec: Spec, held: int, rows: int) -> pd.DataFrame:
    """Return rows of neighbouring moments, so many of which have a target, that end some hold-outs before the end."""
    times = frame[spec.task.time_column]
    moments = times[frame[spec.task.target].notna()].sort_values(kind="stable")
    back = held * min(rows, len(moments)) * HELD_OUT_PERCENT // 100
    moments = moments.iloc[: len(moments) - back].iloc[-rows:]
    return frame.loc[times.between(moments.iloc[0], moments.iloc[-1])]
