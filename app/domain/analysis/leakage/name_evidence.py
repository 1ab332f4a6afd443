"""Hints in a column's name about when its value is known, and about which rows belong together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from app.domain.hydrology.naming import QUALITY, is_signature, names_sites

# Words for what has an end, a result or a judgement, which stand only once it is over.
OVER = frozenset([
    "duration", "elapsed", "lasted", "runtime", "outcome", "result", "results", "resolved", "resolution",
    "closed", "completed", "finished", "ended", "settled", "settlement", "payout", "refunded", "chargeback",
    "verdict", "followup", "postop", "actual", "arrival", "arrived",
])  # fmt: skip
OVER_PAIRS = frozenset(
    [
        ("air", "time"),
        ("talk", "time"),
        ("time", "taken"),
        ("time", "spent"),
        ("end", "time"),
        ("end", "date"),
        ("length", "stay"),
    ]
)
# What a model has said about the same rows.
OUTPUT = frozenset([
    "classifier", "predicted", "prediction", "predictions", "pred", "preds", "yhat", "proba", "probability",
    "residuals", "logit", "forecast", "forecasted", "simulated", "simulation", "sim", "modelled", "modeled",
    "estimate", "estimated", "fitted", "xgb", "xgboost", "lgbm", "lightgbm", "catboost", "gbm", "lstm",
])  # fmt: skip
OUTPUT_PAIRS = frozenset(
    [("model", "output"), ("model", "score"), ("risk", "score"), ("propensity", "score"), ("y", "hat")]
)
# Earlier values of the target are no hindsight.
EARLIER = frozenset(["lag", "lagged", "prev", "previous", "prior", "last", "yesterday", "ago", "past", "before"])
# What is measured elsewhere carries the target's name and is another thing.
ELSEWHERE = frozenset(["upstream", "downstream", "neighbour", "neighbor", "nearby"])
# How much of the target a column must explain for its name to be worth a question, and for that of another model.
ASSOCIATED = 0.015
OUTPUT_ASSOCIATED = 0.1
# First words that tell of a statistic, an amount or a direction and not of an event.
SHARED_WORDS = frozenset([
    "the", "a", "an", "is", "has", "in", "out", "no", "num", "number", "n", "count", "total", "sum", "mean",
    "median", "avg", "average", "min", "max", "std", "first", "last", "new", "old", "low", "high", "pct",
    "percent", "rate", "ratio", "net", "gross", "annual", "monthly", "daily", "weekly", "hourly", "log", "class",
    "target", "column", "col", "field", "var", "variable", "feature", "feat", "attr", "attribute", "value", "val",
    "unnamed", "dim", "item",
])  # fmt: skip
THING = re.compile(
    r"(^|[_\W])(patient|subject|customer|client|household|device|sensor)([_\W]?(id|no|nr|number|code|name))?$"
    r"|(^|[_\W])(id|uuid|guid)$",
    re.IGNORECASE,
)
THING_IN_ONE_WORD = re.compile(r"[a-z](Id|ID)$")


@dataclass(frozen=True)
class NameSuspicion:
    """Why a name sounds like hindsight, and the share of the target to explain from which that is worth a question.

    `published` says that name and target are known together from a published data set, which is more than a word.
    """

    reason: str
    least: float = ASSOCIATED
    published: bool = False


def words_of(name: str) -> list[str]:
    """Return the words of a name in small letters: arr_time, arrTime and "arr time" have the same two."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [word for word in re.split(r"[^a-z0-9]+", apart.lower()) if word]


def find_name_suspicion(name: str, target: str) -> NameSuspicion | None:
    """Return why a column's name sounds as if it were known only after the target; None where it does not."""
    words, goal = words_of(name), words_of(target)
    if is_earlier(name):
        return None
    if is_signature(name) and is_signature(target):
        return NameSuspicion(
            "It is calculated from the record of streamflow that the target is calculated from.", published=True
        )
    if OUTPUT & set(words) or OUTPUT_PAIRS & set(pairwise(words)):
        return NameSuspicion("Its name is that of another model's estimate.", OUTPUT_ASSOCIATED)
    if _names_target(words, goal) and not ELSEWHERE & set(words):
        quality = QUALITY.search(name) is not None
        reason = "It rates the measured target, so it comes after it." if quality else "It carries the target's name."
        return NameSuspicion(reason)
    if OVER & set(words) or OVER_PAIRS & set(pairwise(words)):
        return NameSuspicion("Its name speaks of something that is over.")
    if len(words) > 1 and len(goal) > 1 and words[0] == goal[0] and words[0] not in SHARED_WORDS and len(words[0]) > 1:
        return NameSuspicion(f"Its name speaks of the same event as the target ({words[0]}).")
    return None


def is_earlier(name: str) -> bool:
    """Return whether a name is that of a value from before, such as a lag."""
    return bool(EARLIER & set(words_of(name)))


def _names_target(words: list[str], goal: list[str]) -> bool:
    """Return whether all the words of the target stand in the name, in a row and with something beside them."""
    wide = len(goal)
    if not goal or len(words) <= wide or sum(map(len, goal)) < 2 or set(goal) <= SHARED_WORDS:
        return False
    return any(words[position : position + wide] == goal for position in range(len(words) - wide + 1))


def names_a_thing(name: str) -> bool:
    """Return whether a name is that of an id or of something measured many times: a site, a patient, a customer."""
    return names_sites(name) or bool(THING.search(name) or THING_IN_ONE_WORD.search(name))
