"""What a headline comes to: its words and its colour, the same on the report and in the list."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.training.report.document import Headline


@dataclass(frozen=True)
class Verdict:
    """`tone` is the class of a notice or a chip, `words` say how the model stands to its baseline."""

    tone: str
    words: str


VERDICTS = {
    "beats": Verdict("success", "beats it"),
    "undecided": Verdict("info", "undecided"),
    "does_not_beat": Verdict("warning", "does not beat it"),
}


def of(headline: Headline) -> Verdict:
    """Return the verdict of a headline; one from before verdicts were kept knows only whether it beats."""
    return VERDICTS[headline.verdict or ("beats" if headline.beats else "does_not_beat")]
