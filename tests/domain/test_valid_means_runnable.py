"""What the checks call valid can be trained: forty random configs by a seed; the benchmark tries a thousand."""

from __future__ import annotations

import warnings
from functools import cache
from itertools import count

import pytest

from app.domain.experiment import Draft
from app.domain.recommendation.propose import make_plan
from app.domain.training.run import train
from tests.domain.any_config import AnyConfig
from tests.domain.reading import MACHINE, Known, known, sample
from tests.domain.tables import made

pytestmark = pytest.mark.slow
ROWS, EACH = 120, 10


@cache
def _table(name: str) -> Known:
    if name == "made":
        return known(made(ROWS))
    frame = sample(name).frame
    return known(frame.iloc[:: max(1, len(frame) // ROWS)].head(ROWS))


@pytest.mark.parametrize(
    "name",
    [
        "made",
        "piscataquis_01031500_daily.csv",
        "gw_kingstown_usgs_daily.csv",
        "rd_palmerpenguins_penguins_raw.csv",
    ],
)
def test_ten_valid_configs_of_any_kind_finish(name: str) -> None:
    table = _table(name)
    finished = 0
    for seed in count(1000):
        plan = make_plan(Draft(AnyConfig(table.profile, seed).answers()), table.profile, None, machine=MACHINE)
        if not plan.launchable or plan.spec is None:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made_ = train(plan.spec, table.frame, table.profile, on_progress=lambda _: None, should_stop=lambda: False)
        assert made_.report, seed
        finished += 1
        if finished == EACH:
            break
    assert finished == EACH
