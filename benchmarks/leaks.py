"""Leaks named in the real files of `../shared/data` and in built cases, and false alarms in honest columns.

Figures: every trap of that folder's README that is a leak is named, and every leak of 30 built cases, half of them put
aside while the rules were made; no warning and at most 1 notice in 100 clean columns.
Yardstick: the correlation with the target alone, from 0.95 on, which is what other tools warn about. A column counts as
clean unless the README or what a column is (see ALSO) says that it gives the target away.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

from app.domain.analysis.associations.association import associate
from app.domain.analysis.profiling.profile import Associations, Leak
from benchmarks import leak_cases
from benchmarks.leak_cases import LeakCase
from tests.domain.reading import Known, all_leaks, real_file
from tests.domain.tables import REAL, kind_of

SIGNATURES = frozenset([
    "runoff_ratio", "slope_fdc", "baseflow_index", "stream_elas", "q5", "q95", "high_q_freq", "high_q_dur",
    "low_q_freq", "low_q_dur", "zero_q_freq", "hfd_mean",
])  # fmt: skip
OUTPUT = "Naive_Bayes_Classifier_Attrition_Flag_Card_Category_Contacts_Count_12_mon_Dependent_count_Education_Level_"
# File -> target and the columns that leak it, as the README of the data says.
TRAPS: dict[str, tuple[str, frozenset[str]]] = {
    "general/BankChurners.csv": (
        "Attrition_Flag",
        frozenset({f"{OUTPUT}Months_Inactive_12_mon_1", f"{OUTPUT}Months_Inactive_12_mon_2"}),
    ),
    "general/rd_openintro_nycflights.csv": ("arr_delay", frozenset({"arr_time", "air_time"})),
    "general/uci_bank-full.csv": ("y", frozenset({"duration"})),
    "general/uci_bike_sharing_hour.csv": ("cnt", frozenset({"casual", "registered"})),
    "general/uci_electrical_grid_leaky.csv": ("stabf", frozenset({"stab"})),
    "hydro/camels_us_attributes_671.csv": ("q_mean", SIGNATURES),
    "hydro/camels_us_4basins_2000_2002.csv": ("discharge_mm", frozenset({"gauge_id"})),
}
# Columns that give the target away although the README does not list them: a copy under another name, a code of quality
# or a remark about the measured value itself, a number of the row in a file that is sorted by the target, and the
# reading of a sensor of which the target is a function (all ranks of C6H6(GT) follow from PT08.S2(NMHC)).
ALSO: dict[str, frozenset[str]] = {
    "general/rd_palmerpenguins_penguins_raw.csv": frozenset({"rownames"}),
    "general/pycaret_airquality.csv": frozenset({"PT08.S2(NMHC)"}),
    "hydro/piscataquis_01031500_daily_sentinel.csv": frozenset({"flag"}),
    "hydro/usgs_ChoptankFlow.csv": frozenset({"Flow_cd"}),
    "hydro/usgs_KlamathTP.csv": frozenset({"TP_ss", "TP_rmk"}),
}
OTHERS: dict[str, str] = {
    "general/california_housing.csv": "median_house_value",
    "general/marketing_campaign.csv": "Response",
    "general/pycaret_airquality.csv": "C6H6(GT)",
    "general/pycaret_house.csv": "SalePrice",
    "general/pycaret_income.csv": "income >50K",
    "general/rd_palmerpenguins_penguins_raw.csv": "Species",
    "general/telco_churn.csv": "Churn",
    "general/titanic_kaggle_train.csv": "Survived",
    "general/winequality-red.csv": "quality",
    "hydro/gw_heby_daily.csv": "head_m",
    "hydro/gw_kingstown_usgs_daily.csv": "head_m",
    "hydro/piscataquis_01031500_daily.csv": "discharge_mm",
    "hydro/piscataquis_01031500_daily_sentinel.csv": "q_cfs",
    "hydro/reservoir_08049800_inflow.csv": "in_flow",
    "hydro/usgs_ChoptankFlow.csv": "Flow",
    "hydro/usgs_GlacialRidge.csv": "G01",
    "hydro/usgs_KlamathTP.csv": "TP",
    "hydro/water_potability.csv": "Potability",
}


@dataclass(frozen=True)
class Verdict:
    """What was said about one file."""

    file: str
    named: frozenset[str]
    missed: frozenset[str]
    alarms: dict[str, str]
    warnings: int
    clean: int
    by_correlation: int


def verdict_of(file: str, known: Known, target: str, leaks: frozenset[str]) -> Verdict:
    """Measure a file and compare what is suspected with what leaks."""
    associations = known.associations(target)
    suspects = {name: associations.leaks_of(name)[0].evidence for name in associations.suspects()}
    guilty = leaks | ALSO.get(file, frozenset())
    return Verdict(
        file,
        named=frozenset(suspects) & leaks,
        missed=leaks - frozenset(suspects),
        warnings=sum(associations.leaks_of(name)[0].strong for name in suspects if name not in guilty),
        alarms={name: suspect for name, suspect in suspects.items() if name not in guilty},
        clean=len(associations.items) - len(guilty),
        by_correlation=sum(_correlated(associations, name) for name in leaks),
    )


def leaks_of_case(case: LeakCase) -> dict[str, Leak]:
    """Return the surest suspicion of each column of a built case."""
    kinds = {str(name): kind_of(case.frame[name]) for name in case.frame.columns}
    associations = associate(case.frame, case.target, kinds)
    leaks = all_leaks(case.frame, case.target, kinds, items=associations.items, flags=case.flags)
    whole = replace(associations, leaks=leaks)
    return {name: whole.leaks_of(name)[0] for name in whole.suspects()}


def print_cases(title: str, built: list[LeakCase]) -> None:
    """Print how many built cases are named whole, and what is said of their clean columns."""
    named = warnings = notices = clean = 0
    for case in built:
        leaks = leaks_of_case(case)
        missed = case.leaks - set(leaks)
        named += not missed
        clean += case.frame.shape[1] - 1 - len(case.leaks)
        for name in sorted(missed):
            print(f"    missed {case.name}: {name}")
        for name, leak in leaks.items():
            if name not in case.leaks:
                warnings, notices = warnings + leak.strong, notices + (not leak.strong)
                print(f"    alarm  {case.name}, {name}: {leak.evidence[:110]}")
    print(f"{title}: {named} of {len(built)} whole; {clean} clean columns, {warnings} warnings, {notices} notices")


def _correlated(associations: Associations, name: str) -> bool:
    item = associations.of(name)
    return item is not None and item.value is not None and abs(item.value) >= 0.95


def verdicts(*, benchmark: bool) -> list[Verdict]:
    """Judge every file that is there, with the tables of pmlb and openml where asked for."""
    results = [verdict_of(file, real_file(file), target, leaks) for file, (target, leaks) in TRAPS.items()]
    results += [verdict_of(file, real_file(file), target, frozenset()) for file, target in OTHERS.items()]
    if benchmark:
        for path in sorted([*(REAL / "benchmark").rglob("*.tsv.gz"), *(REAL / "benchmark").rglob("*.csv")]):
            file = str(path.relative_to(REAL))
            target = "target"
            results.append(verdict_of(file, real_file(file), target, frozenset()))
    return results


def main() -> None:
    """Print one line per file."""
    if not Path(REAL).exists():
        sys.exit("The real files are not here.")
    results = verdicts(benchmark=True)
    print(f"{'file':52}{'named':>8}{'by r':>6}{'clean':>7}{'alarms':>8}")
    for case in results:
        leaks = len(case.named) + len(case.missed)
        ratio = f"{len(case.named)}/{leaks}" if leaks else ""
        print(f"{case.file:52}{ratio:>8}{case.by_correlation if leaks else '':>6}{case.clean:>7}{len(case.alarms):>8}")
        for name in sorted(case.missed):
            print(f"    missed {name}")
        for name, evidence in case.alarms.items():
            print(f"    alarm  {name[:40]}: {evidence[:110]}")
    clean, alarms = sum(verdict.clean for verdict in results), sum(len(verdict.alarms) for verdict in results)
    leaks, named = (
        sum(len(verdict.named) + len(verdict.missed) for verdict in results),
        sum(len(verdict.named) for verdict in results),
    )
    by_correlation = sum(verdict.by_correlation for verdict in results)
    print(f"named {named} of {leaks} (goal: all); a correlation of 0.95 finds {by_correlation}")
    warnings = sum(verdict.warnings for verdict in results)
    print(f"{clean} clean columns: {warnings} warnings (goal: 0), {alarms - warnings} notices (goal: 1 in 100)")
    print_cases("built cases that the rules were made on", leak_cases.cases(leak_cases.OPEN, 1))
    print_cases("built cases put aside", leak_cases.cases(leak_cases.ASIDE, 2))
    print_cases("clean tables", leak_cases.clean_tables(100))


if __name__ == "__main__":
    main()
