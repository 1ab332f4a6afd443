"""The words and colour of a headline's verdict."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.training.report.document import Headline


@dataclass(frozen=True)
class VerdictWords:
    """`tone` is the class of a notice or a chip, `words` say how the model stands to its baseline."""

    tone: str
    words: str


ABOUT_AS_GOOD = VerdictWords("info", "about as good")
VERDICTS = {
    "beats": VerdictWords("success", "beats it"),
    "undecided": VerdictWords("info", "undecided"),
    "loses": VerdictWords("warning", "loses to it"),
    "no_baseline": VerdictWords("info", "no baseline"),
    "does_not_beat": VerdictWords("warning", "does not beat it"),
}


def verdict_of(headline: Headline) -> VerdictWords:
    """Return the verdict of a headline; one from before verdicts were kept knows only whether it beats.

    One split alone leaves undecided what several would decide; an interval over several that holds zero says that both
    are about as good.
    """
    known = headline.verdict or ("beats" if headline.beats else "does_not_beat")
    interval = headline.interval
    if known == "undecided" and interval is not None and interval.low is not None and interval.high is not None:
        return ABOUT_AS_GOOD if interval.low <= 0 <= interval.high else VERDICTS["undecided"]
    return VERDICTS[known]
