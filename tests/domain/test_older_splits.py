"""A config from before splits at dates gives the same rows, bit for bit: fingerprints taken from that version."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from app.domain.training.validation.splitting import RowFacts, Split, make_split
from tests.domain.tables import make_spec

# Strategy, whether time orders the rows, share held out: the first digits of the hash of all folds.
FINGERPRINTS: dict[tuple[str, bool, float | None], str] = {
    ("time_series", True, None): "4ff8b948383f7244",
    ("time_series", True, 0.2): "eeb1ee75b74e7f8a",
    ("holdout", True, None): "2ee7b0c9ce41fee6",
    ("holdout", True, 0.2): "2ee7b0c9ce41fee6",
    ("holdout", False, None): "e0d98d057a6cc7fa",
    ("holdout", False, 0.2): "e0d98d057a6cc7fa",
    ("k_fold", True, None): "b576b4701d78ea39",
    ("k_fold", True, 0.2): "acd2e96e19bb1ab1",
    ("k_fold", False, None): "b576b4701d78ea39",
    ("k_fold", False, 0.2): "ee193a55c3f7469e",
    ("stratified_k_fold", True, None): "675a3f14ef527769",
    ("stratified_k_fold", True, 0.2): "0757417d7d347a65",
    ("stratified_k_fold", False, None): "675a3f14ef527769",
    ("stratified_k_fold", False, 0.2): "58b9ffe64cdf9353",
    ("repeated_k_fold", True, None): "e796b505c110e99e",
    ("repeated_k_fold", True, 0.2): "8317fd408ab4deb9",
    ("repeated_k_fold", False, None): "e796b505c110e99e",
    ("repeated_k_fold", False, 0.2): "a549c0886a6446e2",
    ("group_k_fold", True, None): "537f96bc8a29a271",
    ("group_k_fold", True, 0.2): "6088925371f84ba4",
    ("group_k_fold", False, None): "537f96bc8a29a271",
    ("group_k_fold", False, 0.2): "6088925371f84ba4",
    ("leave_one_group_out", True, None): "58fc23ff9eba9c02",
    ("leave_one_group_out", True, 0.2): "82236c04f43cfcf3",
    ("leave_one_group_out", False, None): "58fc23ff9eba9c02",
    ("leave_one_group_out", False, 0.2): "82236c04f43cfcf3",
}
WINDOW = {"gap": 2, "window": "rolling", "n_splits": 3}


def fingerprint(split: Split) -> str:
    """Return the start of a hash of every row of every fold, and of the rows held out."""
    digest = hashlib.sha256()
    for fold in split.folds:
        digest.update(fold.train.astype("<i8").tobytes() + b"|" + fold.validation.astype("<i8").tobytes())
    if split.holdout is not None:
        digest.update(split.holdout.astype("<i8").tobytes())
    return digest.hexdigest()[:16]


@pytest.mark.parametrize(("strategy", "ordered", "held"), FINGERPRINTS)
def test_an_older_config_gives_the_rows_it_gave(strategy: str, ordered: bool, held: float | None) -> None:
    random, rows = np.random.default_rng(5), 240
    classes = random.integers(0, 3, rows)
    groups = np.array([f"g{number}" for number in random.integers(0, 8, rows)], dtype=object)
    facts = RowFacts(rows, classes=classes, groups=groups, steps=np.arange(rows) // 3 if ordered else None)
    parameters = WINDOW if strategy == "time_series" else {}
    holdout = {"fraction": held} if held else None
    spec = make_spec(validation={"strategy": strategy, "parameters": parameters, "holdout": holdout})
    assert fingerprint(make_split(spec, facts)) == FINGERPRINTS[strategy, ordered, held]
