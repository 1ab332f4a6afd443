"""Which template comes first for a file: judged on real files, half of which the rules were made without."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache

import pandas as pd
import pytest

from app.domain.experiment_templates.applying import apply_template
from app.domain.experiment_templates.library import LIBRARY
from app.domain.experiment_templates.matching import propose_mapping
from app.domain.experiment_templates.suitability import Suitability, facts_of, rate_suitability
from app.services.experiment_templates.fitting import MAX_FIRST
from tests.domain.reading import known, read_path
from tests.domain.tables import REAL

SAMPLES_SHIPPED = ("hydro/piscataquis_01031500_daily.csv", "hydro/gw_kingstown_usgs_daily.csv")


@dataclass(frozen=True)
class Judged:
    """A file, the templates that a good hydrologist would begin with, and whether the rules were made on it.

    The files of "later" and "last" were ranked once by rules that were made without them: 13 of 16 and 16 of 20 came
    first, 16 and 19 among the first five. Then their misses were looked at as well.
    """

    file: str
    wanted: str
    part: str


JUDGED = (
    Judged("general/marketing_campaign.csv", "imbalanced-binary", "made on"),
    Judged("general/pycaret_house.csv", "high-dimensional-regression", "made on"),
    Judged("general/rd_openintro_nycflights.csv", "quick-baseline", "made on"),
    Judged("general/telco_churn.csv", "quick-baseline", "made on"),
    Judged("general/uci_airquality.xlsx", "quick-baseline time-series-forecasting", "made on"),
    Judged("general/uci_bank-full.csv", "imbalanced-binary", "made on"),
    Judged("general/BankChurners.csv", "imbalanced-binary", "made on"),
    Judged("general/uci_concrete_data.xls", "quick-baseline", "made on"),
    Judged("general/winequality-red.csv", "quick-baseline", "made on"),
    Judged("hydro/camels_us_4basins_2000_2002.csv", "daily-streamflow ungauged-basins", "made on"),
    Judged("hydro/challenge/well_germany.csv", "groundwater-head", "made on"),
    Judged("hydro/data_stowa__B28H1804001_1.csv", "time-series-forecasting gap-filling", "made on"),
    Judged("hydro/gw_kingstown_usgs_daily.csv", "groundwater-head", "made on"),
    Judged("hydro/piscataquis_01031500_daily_sentinel.csv", "daily-streamflow", "made on"),
    Judged("hydro/usgs_GlacialRidge.csv", "time-series-forecasting gap-filling", "made on"),
    Judged("hydro/water_potability.csv", "quick-baseline", "made on"),
    Judged("general/california_housing.csv", "quick-baseline", "later"),
    Judged("general/pycaret_airquality.csv", "time-series-forecasting gap-filling", "later"),
    Judged("general/pycaret_income.csv", "quick-baseline", "later"),
    Judged("general/rd_palmerpenguins_penguins_raw.csv", "quick-baseline", "later"),
    Judged("general/titanic_kaggle_train.csv", "quick-baseline", "later"),
    Judged("general/uci_airquality_decimalcomma_noheader.csv", "quick-baseline", "later"),
    Judged("general/uci_bike_sharing_hour.csv", "time-series-forecasting", "later"),
    Judged("general/uci_electrical_grid_leaky.csv", "quick-baseline", "later"),
    Judged("hydro/camels_us_10basins_1990_2013.csv.gz", "ungauged-basins", "later"),
    Judged("hydro/camels_us_attributes_671.csv", "high-dimensional-regression", "later"),
    Judged("hydro/challenge/well_netherlands.csv", "groundwater-head", "later"),
    Judged("hydro/gw_heby_daily.csv", "groundwater-head", "later"),
    Judged("hydro/piscataquis_01031500_daily.csv", "daily-streamflow", "later"),
    Judged("hydro/reservoir_08049800_inflow.csv", "time-series-forecasting streamflow-forecast", "later"),
    Judged("hydro/usgs_ChoptankFlow.csv", "time-series-forecasting streamflow-forecast", "later"),
    Judged("hydro/usgs_KlamathTP.csv", "water-quality-censored small-data", "later"),
    Judged("hydro/agencies/hobo_ellis_1m.csv", "time-series-forecasting", "last"),
    Judged("hydro/agencies/minidot_20191213.txt", "time-series-forecasting", "last"),
    Judged("hydro/agencies/toa5_example.dat", "time-series-forecasting quick-baseline", "last"),
    Judged("hydro/agencies/grdc_Q_Day.Cmd.txt", "time-series-forecasting streamflow-forecast", "last"),
    Judged("hydro/agencies/nwis_RI_daily_waterml.xml", "time-series-forecasting streamflow-forecast", "last"),
    Judged("benchmark/pmlb/1028_SWD.tsv.gz", "quick-baseline", "last"),
    Judged("benchmark/pmlb/195_auto_price.tsv.gz", "small-data", "last"),
    Judged("benchmark/pmlb/529_pollen.tsv.gz", "quick-baseline", "last"),
    Judged("benchmark/pmlb/537_houses.tsv.gz", "quick-baseline", "last"),
    Judged("benchmark/pmlb/547_no2.tsv.gz", "small-data quick-baseline", "last"),
    Judged("benchmark/pmlb/car_evaluation.tsv.gz", "quick-baseline", "last"),
    Judged("benchmark/pmlb/churn.tsv.gz", "imbalanced-binary", "last"),
    Judged("benchmark/pmlb/credit_g.tsv.gz", "quick-baseline", "last"),
    Judged("benchmark/pmlb/diabetes.tsv.gz", "quick-baseline", "last"),
    Judged("benchmark/pmlb/hypothyroid.tsv.gz", "imbalanced-binary", "last"),
    Judged("benchmark/pmlb/mushroom.tsv.gz", "quick-baseline", "last"),
    Judged("benchmark/pmlb/spambase.tsv.gz", "quick-baseline", "last"),
    Judged("benchmark/pmlb/vehicle.tsv.gz", "quick-baseline", "last"),
    Judged("benchmark/pmlb/yeast.tsv.gz", "quick-baseline", "last"),
    Judged("benchmark/openml/38.csv", "imbalanced-binary", "last"),
)


@cache
def ranked(file: str) -> tuple[tuple[str, Suitability], ...]:
    """Return the templates of the library that fit a file, as they are shown."""
    if not (REAL / file).exists():
        pytest.skip(f"{file} is not here")
    profile = read_path(REAL / file).profile
    facts, result = facts_of(profile), []
    for entry in LIBRARY:
        content = entry.content
        matches = propose_mapping(content.requirements, profile)
        use = apply_template(content.config, content.requirements, matches, profile)
        suits = rate_suitability(content.config, content.requirements, matches, use, facts)
        if suits is not None:
            result.append((entry.key, suits))
    return tuple(sorted(result, key=lambda pair: (-pair[1].score, pair[0])))


def place_of(judged: Judged) -> int:
    """Return the place of the first template that is wanted, counted from 1; 99 where none is shown."""
    keys = [key for key, _ in ranked(judged.file)]
    return min((keys.index(key) + 1 for key in judged.wanted.split() if key in keys), default=99)


@pytest.mark.slow
@pytest.mark.parametrize(("part", "first"), [("made on", 0.9), ("later", 0.95), ("last", 0.9)])
def test_the_template_that_a_hydrologist_wants_comes_first(part: str, first: float) -> None:
    places = {judged.file: place_of(judged) for judged in JUDGED if judged.part == part}
    print(part, Counter(places.values()), {file: place for file, place in places.items() if place > 1})
    assert sum(place == 1 for place in places.values()) >= first * len(places)
    assert sum(place <= MAX_FIRST for place in places.values()) >= 0.95 * len(places)


@pytest.mark.parametrize("file", SAMPLES_SHIPPED)
def test_general_templates_stand_behind_those_made_for_the_file(file: str) -> None:
    result = dict(ranked(file))
    keys = list(result)
    assert keys.index("quick-baseline") < MAX_FIRST
    assert result[keys[0]].reason.startswith("It finds ")
    assert result[keys[0]].is_sure
    assert all(suits.reason.endswith(".") for suits in result.values())
    assert result["small-data"].score < 0


def _frame(rows: int, **more: object) -> pd.DataFrame:
    return pd.DataFrame({"a": range(rows), "b": [number % 7 for number in range(rows)], **more})


def _first(frame: pd.DataFrame) -> tuple[str, str]:
    profile = known(frame).profile
    facts, best = facts_of(profile), ("", "", -99.0)
    for entry in LIBRARY:
        content = entry.content
        matches = propose_mapping(content.requirements, profile)
        use = apply_template(content.config, content.requirements, matches, profile)
        suits = rate_suitability(content.config, content.requirements, matches, use, facts)
        if suits is not None and suits.score > best[2]:
            best = (entry.key, suits.reason, suits.score)
    return best[:2]


def test_a_rare_class_calls_for_its_template() -> None:
    key, reason = _first(_frame(1000, flood=["yes" if number % 20 == 0 else "no" for number in range(1000)]))
    assert (key, reason) == ("imbalanced-binary", "Only 5.0% of the rows have the rarer class of flood.")


def test_few_rows_call_for_repeated_folds() -> None:
    key, reason = _first(_frame(90, target=[number * 0.37 % 11 for number in range(90)]))
    assert (key, reason) == ("small-data", "90 rows are few, so it draws the folds several times.")


def test_a_plain_file_begins_with_the_quick_baseline() -> None:
    key, reason = _first(_frame(3000, target=[number * 0.37 % 11 for number in range(3000)]))
    assert (key, reason) == ("quick-baseline", "It works with any target and is quick.")
