"""Sentences about a contest: the winner, the members of the blend, and the simplest candidate as good."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.contest.summary import BLEND, BlendMember, ContestSummary, PairedDifference
from app.domain.text.messages import join_sentences
from app.domain.text.numbers import format_score
from app.domain.text.words import join_words
from app.domain.training.headline import decimals_for
from app.domain.training.validation.metrics import Metric


def percent(share: float | None) -> str:
    """Write a probability, which never shows that something is certain."""
    if share is None:
        return "unknown"
    if share > 0.99:
        return "above 99 %"
    return "below 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def winner_sentence(summary: ContestSummary, *, metric: Metric) -> str:
    """Return who won by the folds, its score, and how sure it is that it is better than the next."""
    winner = summary.winning
    score = winner.scores[metric.id].decisive(holdout=False)
    opening = f"{winner.title} won by the folds: {metric.title} {format_score(score)}."
    following = winner.against_next
    if winner.rank != 1:
        first = next(entry for entry in summary.entries if entry.rank == 1)
        return f"{opening} {first.title} scored higher, but not by more than its interval."
    if following is None or following.probability is None:
        return opening
    return f"{opening} Probability that it is better than {following.against_title}: {percent(following.probability)}."


def blend_sentence(
    members: Sequence[BlendMember], difference: PairedDifference | None, *, wins: bool, metric: Metric
) -> str:
    """Return the members of the blend in a sentence, and whether it beats the best single candidate."""
    shares = join_words([f"{100 * member.weight:.0f} % {member.title}" for member in members])
    opening = f"The blend is {shares}."
    if difference is None or difference.low is None or difference.high is None:
        return f"{opening} It cannot be compared with the best single candidate."
    ends = [
        (difference.low, difference.difference),
        (difference.difference, difference.high),
        (difference.low, 0.0),
        (difference.high, 0.0),
    ]
    digits = decimals_for(ends, decimals=2, most=6)
    low, high, gain = (
        format_score(value, digits) for value in (difference.low, difference.high, difference.difference)
    )
    gain = f"{gain} {metric.title}, 90 % interval {low} to {high}"
    if wins:
        return f"{opening} It is better than {difference.against_title} by {gain}."
    if difference.difference <= 0:
        return f"{opening} It is no better than {difference.against_title}: {gain}."
    return f"{opening} Its gain over {difference.against_title} is not certain: {gain}."


def simplest_sentence(summary: ContestSummary, *, best: str) -> str:
    """Return a sentence on a simpler candidate that is as good as the best single one, "" where none is."""
    if summary.simplest == best:
        return ""
    simplest, single = summary.entry(summary.simplest), summary.entry(best)
    words = f"{simplest.title} is simpler, and the folds do not tell it from {single.title}."
    result = simplest.against_best
    if result is not None and result.probability is not None:
        chance = percent(1 - result.probability)
        words = join_sentences((words, f"Probability that {single.title} is better: {chance}."))
    return words if summary.winner != BLEND else f"{words} The blend is better than both by the folds."
