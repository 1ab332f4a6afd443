"""Thirty kills of the real product, with locks, a full disk and planned restarts between: nothing may be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.campaign import Campaign, table

KILLS, SEED = 30, 20261130


@pytest.mark.slow
def test_thirty_kills_lose_nothing(tmp_path: Path) -> None:
    campaign = Campaign(tmp_path, SEED)
    tally = campaign.run(KILLS, per_round=KILLS)
    assert tally.sentences == [], table(tally, seed=SEED)
    assert tally.all_kills == KILLS
    assert min(tally.acknowledged[what] for what in ("draft", "save", "upload", "launch")) > 0
